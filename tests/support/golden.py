"""Draws the populations of golden.yaml here and now, cut into any blocks.

A script too: it prints a line per population, with the digest found and the digest published. Its argument is the
number of blocks. It imports only what a draw needs: `make test-matrix` runs it where nothing else is installed.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

import loanpersona as lp
from loanpersona.simulation import users
from loanpersona.simulation.users import CIRCLE

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Golden:
    """A population whose digest is published."""

    persona: str
    n: int
    seed: int
    digest: str

    def drawn(self) -> str:
        """The digest of the population as it comes out now."""
        beside = HERE.parent / self.persona
        persona = lp.load_persona(beside if beside.suffix else self.persona)
        return lp.generate(persona, n=self.n, seed=self.seed).digest


def published() -> list[Golden]:
    """The populations of golden.yaml."""
    stated: list[dict[str, Any]] = yaml.safe_load((HERE / "golden.yaml").read_text(encoding="utf-8"))
    return [Golden(**entry) for entry in stated]


def cut(n: int, count: int) -> list[tuple[int, int]]:
    """`count` blocks of whole circles that hold users 0 to `n`, in any order, always the same."""
    luck = random.Random(count)
    ends = [0, *sorted(luck.sample(range(CIRCLE, n, CIRCLE), count - 1)), n]
    blocks = list(pairwise(ends))
    luck.shuffle(blocks)
    return blocks


@contextmanager
def in_blocks(count: int) -> Iterator[None]:
    """Within it, populations are drawn in `count` blocks."""
    kept = users.blocks
    users.blocks = lambda n: iter(cut(n, count))
    try:
        yield
    finally:
        users.blocks = kept


def main(count: int) -> None:
    """Print what comes out and what should, a line per population."""
    with in_blocks(count):
        for golden in published():
            print(golden.persona, golden.drawn(), golden.digest)


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["1"])[0]))
