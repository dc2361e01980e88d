"""Generating users, against a plain numpy script and against writing the bytes, in one run.

Ratios of one run count; single times do not, because a machine may be twice as slow a minute later.
Run `python benchmarks/users.py [rows]`.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from timing import medians, one_core, seconds

import loanpersona as lp
from loanpersona.persona.joint import Conditional
from loanpersona.persona.model import Shape

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 1_000_000
ROUNDS = 5
PEOPLE = ("users", "truth")


def ours(persona: lp.Persona, rows: int) -> lp.Population:
    """All columns of users and truth."""
    return lp.generate(persona, n=rows, seed=7, tables=PEOPLE)


def people(persona: lp.Persona) -> dict[str, Conditional]:
    """The variables that are columns of users and truth."""
    return {name: result for name, result in persona.conditionals.items() if result.variable.table in PEOPLE}


def plain(conditionals: Mapping[str, Conditional], rows: int) -> pd.DataFrame:
    """The same columns as a numpy user would draw them: a uniform searched in cumulative shares, or a normal draw."""
    stream = np.random.default_rng(7)
    columns: dict[str, np.ndarray] = {}
    frame: dict[str, np.ndarray] = {"user_id": np.arange(rows)}
    for name, conditional in conditionals.items():
        cells = np.zeros(rows, np.int64)
        for parent, bands in conditional.bands.items():
            cells = cells * len(bands) + bands.of_value[columns[parent]]
        if isinstance(conditional.variable.law, Shape):
            frame[name], columns[name] = _number(stream, conditional, cells)
        else:
            frame[name] = columns[name] = _level(stream, conditional, cells)
    return pd.DataFrame(frame)


def _level(stream: np.random.Generator, conditional: Conditional, cells: np.ndarray) -> np.ndarray:
    """One search for all rows: the cumulative shares of cell c stand between c and c + 1."""
    below = conditional.thresholds / 2**53
    flat = (below + np.arange(len(below))[:, None]).ravel()
    return np.searchsorted(flat, stream.random(len(cells)) + cells, side="right") - cells * below.shape[1]


def _number(stream: np.random.Generator, conditional: Conditional, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A draw with the mean and spread of each row's cell, rounded to the grid; and its place on the grid."""
    grid = np.array(conditional.variable.values, float)
    mean = conditional.probabilities @ grid
    spread = np.sqrt(conditional.probabilities @ grid**2 - mean**2)
    drawn = stream.standard_normal(len(cells)) * spread[cells] + mean[cells]
    place = np.clip(np.rint((drawn - grid[0]) / (grid[1] - grid[0])), 0, len(grid) - 1).astype(np.int64)
    return grid[place], place


def written(frames: list[pd.DataFrame]) -> Callable[[], None]:
    """Writing the bytes of the finished columns to fresh memory: the floor of any generator."""
    columns = [_bytes(frame[name]) for frame in frames for name in frame]

    def write() -> None:
        for column in columns:
            np.empty_like(column)[:] = column

    return write


def _bytes(column: pd.Series) -> np.ndarray:
    return column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else column.to_numpy()


def peak(persona: lp.Persona, rows: int) -> tuple[float, float]:
    """Peak memory allocated while generating, and the size of the finished frames, in MiB."""
    tracemalloc.start()
    population = ours(persona, rows)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    size = sum(_bytes(frame[name]).nbytes for frame in population.tables.values() for name in frame)
    return highest / 2**20, size / 2**20


def main() -> None:
    """Print medians and ratios of interleaved rounds."""
    one_core()
    persona = lp.load_persona("article")  # personas.py times this
    population = ours(persona, ROWS)
    write = written(list(population.tables.values()))
    plain(people(persona), 1_000)
    median = medians(
        {
            "loanpersona": lambda: seconds(lambda: ours(persona, ROWS)),
            "plain numpy": lambda: seconds(lambda: plain(people(persona), ROWS)),
            "write bytes": lambda: seconds(write),
        },
        ROUNDS,
    )
    columns = sum(frame.shape[1] for frame in population.tables.values())
    print(f"{ROWS:,} users, {columns} columns, one core, median of {ROUNDS} interleaved rounds")
    for name, result in median.items():
        print(f"  {name:12} {result * 1e3:9.1f} ms   {result / median['loanpersona']:6.2f} × loanpersona")
    used, size = peak(persona, ROWS)
    print(f"  peak memory  {used:9.1f} MiB  {used / size:6.2f} × the frame ({size:.1f} MiB)")
    share = median["loanpersona"] / median["plain numpy"]
    print(f"bounds: at most 0.5 × plain numpy, towards 0.3 ×: {share:.2f}; peak at most 1.5 ×: {used / size:.2f}")


if __name__ == "__main__":
    main()
