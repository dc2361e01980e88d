"""All tables of a persona, made in parts, against plain numpy and the bare bytes; and the memory of a stream to disk.

Ratios of one run count; single times do not, because a machine may be twice as slow a minute later.
Run `python benchmarks/histories.py [users]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from floor import floor
from timing import medians, one_core, seconds

import loanpersona as lp
from loanpersona.simulation.generation import kept_tables, parts
from loanpersona.tables import Table, store
from loanpersona.tables.population import made_from
from loanpersona.tables.store import writer

USERS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 1_000_000
ROUNDS = 5
MOST_TIMES_FLOOR, MOST_TIMES_RAW = 3.0, 5.0
GROWTH = 4
Part = dict[str, pd.DataFrame]


def draw(persona: lp.Persona, users: int) -> list[Part]:
    """All tables, block by block."""
    return list(parts(persona, n=users, seed=7))


def raw_bytes(frame: pd.DataFrame) -> list[np.ndarray]:
    """What the columns of a table take in memory, without what is missing."""
    return [_plain(frame[name]) for name in frame]


def _plain(column: pd.Series) -> np.ndarray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy()
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.to_numpy(column.dtype.numpy_dtype, na_value=0)


def write_raw(columns: list[np.ndarray], folder: Path) -> None:
    """The floor of any writing: the bytes of the columns, one after the other."""
    with (folder / "raw").open("wb") as file:
        for column in columns:
            column.tofile(file)


def write_parquet(schemas: list[Table], made: list[Part], folder: Path) -> None:
    """Our Parquet files, part by part, and nothing else."""
    for schema in schemas:
        with writer.writing(folder / f"{schema.name}.parquet", schema) as add:
            for part in made:
                add(part[schema.name])


def save(persona: lp.Persona, made: list[Part], users: int, folder: Path) -> None:
    """The same with digests, manifest and papers, and safe on the disk."""
    schemas = kept_tables(persona, n=users, seed=7)
    said = made_from(persona.name, persona.digest, users, 7)
    with store.saving(folder / "people", format="parquet", schemas=schemas, made=said) as saved:
        for part in made:
            saved.add(part)


def peak(users: int, folder: Path) -> float:
    """Most memory that a process uses that streams so many users to disk, in MiB."""
    program = (
        "import resource, sys; from pathlib import Path; import loanpersona as lp;"
        "from loanpersona.simulation.streaming import stream;"
        "stream(lp.load_persona('article'), Path(sys.argv[1]), n=int(sys.argv[2]), seed=7);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = [sys.executable, "-c", program, str(folder / f"streamed-{users}"), str(users)]
    return int(subprocess.run(run, check=True, capture_output=True, text=True).stdout) / 1024


def main() -> None:
    """Print the memory at two sizes, then medians and ratios of interleaved rounds."""
    one_core()
    persona = lp.load_persona("article")
    with tempfile.TemporaryDirectory() as place:  # now, while this process is small: a child counts its parent's memory
        small, large = (peak(size, Path(place)) for size in (USERS, GROWTH * USERS))
    made, schemas = draw(persona, USERS), kept_tables(persona, n=USERS, seed=7)
    columns = [column for part in made for frame in part.values() for column in raw_bytes(frame)]
    rows = {name: sum(len(part[name]) for part in made) for name in made[0]}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        median = medians(
            {
                "draw": lambda: seconds(lambda: draw(persona, USERS)),
                "plain numpy": lambda: seconds(lambda: floor(persona, rows)),
                "write raw": lambda: seconds(lambda: write_raw(columns, folder)),
                "write parquet": lambda: seconds(lambda: write_parquet(schemas, made, folder)),
                "save": lambda: seconds(lambda: save(persona, made, USERS, folder)),
            },
            ROUNDS,
        )
        taken = sum(path.stat().st_size for path in (folder / "people").iterdir()) / 2**20
    print(
        f"{USERS:,} users, one core, median of {ROUNDS} interleaved rounds: "
        + ", ".join(f"{count:,} {name}" for name, count in rows.items())
    )
    for name, result in median.items():
        per_row = result / sum(rows.values()) * 1e9
        print(
            f"  {name:14} {result * 1e3:9.1f} ms   {per_row:7.1f} ns a row   {result / median['write raw']:6.2f} × raw"
        )
    size = sum(column.nbytes for column in columns) / 2**20
    print(f"  files          {taken:9.1f} MiB, raw {size:.1f} MiB")
    print(f"  peak memory    {small:9.1f} MiB streamed, {large:.1f} MiB for {GROWTH} × as many")
    drawn = median["draw"] / median["plain numpy"]
    ratio = median["write parquet"] / median["write raw"]
    print(
        f"bounds: drawing at most {MOST_TIMES_FLOOR:g} × plain numpy: {drawn:.2f}; "
        f"Parquet at most {MOST_TIMES_RAW:g} × raw: {ratio:.2f}; "
        f"memory for {GROWTH} × as many at most 1.2 ×: {large / small:.2f}"
    )


if __name__ == "__main__":
    main()
