"""Generating borrowers, against a plain numpy script and against writing the bytes, in one run.

Ratios of one run count; single times do not, because a machine may be twice as slow a minute later.
Run `python benchmarks/borrowers.py [rows]`.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pandas as pd

import loanpersona as lp
from loanpersona.persona.calibration import Conditional, calibrate

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 1_000_000
ROUNDS = 5


def ours(rows: int) -> lp.Population:
    """All columns of borrowers and truth."""
    return lp.generate(lp.load_persona("article"), n=rows, seed=7)


def plain(rows: int) -> pd.DataFrame:
    """As many columns, each drawn as a numpy user would: a uniform per row, searched in cumulative shares."""
    stream = np.random.default_rng(7)
    columns: dict[str, np.ndarray] = {}
    for name, conditional in calibrate(lp.load_persona("article")).items():
        columns[name] = _drawn(conditional, columns, stream.random(rows))
    frame = {"borrower_id": np.arange(rows)}
    for name, conditional in calibrate(lp.load_persona("article")).items():
        frame[name] = np.array(conditional.variable.values)[columns[name]] if _numeric(conditional) else columns[name]
    return pd.DataFrame(frame)


def _numeric(conditional: Conditional) -> bool:
    return not isinstance(conditional.variable.values[0], str)


def _drawn(conditional: Conditional, columns: dict[str, np.ndarray], draws: np.ndarray) -> np.ndarray:
    """One search for all rows: the cumulative shares of cell c stand between c and c + 1."""
    below = conditional.thresholds / 2**53
    cells = np.zeros(len(draws), np.int64)
    for name, bands in conditional.bands.items():
        cells = cells * len(bands) + bands.of_value[columns[name]]
    flat = (below + np.arange(len(below))[:, None]).ravel()
    return np.searchsorted(flat, draws + cells, side="right") - cells * below.shape[1]


def written(frames: list[pd.DataFrame]) -> Callable[[], None]:
    """Writing the bytes of the finished columns to fresh memory: the floor of any generator."""
    columns = [_bytes(frame[name]) for frame in frames for name in frame]

    def write() -> None:
        for column in columns:
            np.empty_like(column)[:] = column

    return write


def _bytes(column: pd.Series) -> np.ndarray:
    return column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else column.to_numpy()


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak(rows: int) -> tuple[float, float]:
    """Peak memory allocated while generating, and the size of the finished frames, in MiB."""
    tracemalloc.start()
    population = ours(rows)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(_bytes(frame[name]).nbytes for frame in population.tables.values() for name in frame)
    return highest / 2**20, size / 2**20


def main() -> None:
    """Print medians and ratios of interleaved rounds."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    population = ours(ROWS)
    write = written(list(population.tables.values()))
    works = {"loanpersona": lambda: ours(ROWS), "plain numpy": lambda: plain(ROWS), "write bytes": write}
    plain(1_000)
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            times[name].append(seconds(work))
    median = {name: statistics.median(found) for name, found in times.items()}
    columns = sum(frame.shape[1] for frame in population.tables.values())
    print(f"{ROWS:,} borrowers, {columns} columns, one core, median of {ROUNDS} interleaved rounds")
    for name, found in median.items():
        print(f"  {name:12} {found * 1e3:9.1f} ms   {found / median['loanpersona']:6.2f} × loanpersona")
    used, size = peak(ROWS)
    print(f"  peak memory  {used:9.1f} MiB  {used / size:6.2f} × the frame ({size:.1f} MiB)")
    print(f"bounds: plain numpy at least 2 ×: {median['plain numpy'] / median['loanpersona']:.2f}; "
          f"peak at most 1.5 ×: {used / size:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
