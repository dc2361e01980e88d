"""What the benchmarks share: one core, rounds in turn, medians, lines of ratios."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping


def one_core() -> None:
    """Stay on one core, where the system lets a process choose."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each work measures; all take turns, because a machine is slower at times."""
    result: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            result[name].append(work())
    return {name: statistics.median(times) for name, times in result.items()}
