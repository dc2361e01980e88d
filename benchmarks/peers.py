"""The columns of the persona `article` drawn with Faker and with Mimesis, per row against loanpersona, in one run.

Both draw margins only: they have no way to say that one column depends on another. Levels keep their shares,
numbers are even over their range. Run `python benchmarks/peers.py [rows]`; `make bench` installs both.
"""

from __future__ import annotations

import sys
import textwrap
from collections import OrderedDict
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd
from faker import Faker
from mimesis import Generic
from mimesis.schema import Schema
from timing import medians, one_core, seconds

import loanpersona as lp
from loanpersona.persona.model import Shape

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 4_000
MANY = 1_000_000
ROUNDS = 5
DIGITS = 2  # grids of fractions go in hundredths


@dataclass(frozen=True)
class Margins:
    """What the peers are told of each column."""

    shares: dict[str, OrderedDict[object, float]]
    """Per level, as 20,000 users have it."""
    whole: dict[str, tuple[int, int]]
    fractions: dict[str, tuple[float, float]]
    """Least and most."""


def margins(persona: lp.Persona) -> Margins:
    """The margins of all variables of a persona."""
    population = lp.generate(persona, seed=7)
    people = population.users.merge(population.truth, on="user_id")
    shapes = {name: v for name, v in persona.variables.items() if isinstance(v.law, Shape)}
    shares = {name: people[name].value_counts(normalize=True) for name in persona.variables if name not in shapes}
    ranges = {name: (variable.values[0], variable.values[-1]) for name, variable in shapes.items()}
    whole = {name: ends for name, ends in ranges.items() if shapes[name].type.startswith("int")}
    fractions = {name: ends for name, ends in ranges.items() if name not in whole}
    return Margins({name: OrderedDict(result.items()) for name, result in shares.items()}, whole, fractions)


def faker_rows(to: Margins, rows: int) -> pd.DataFrame:
    """Record by record, as the documentation of Faker does it."""
    fake = Faker()
    fake.seed_instance(7)
    return pd.DataFrame(
        {name: fake.random_element(levels) for name, levels in to.shares.items()}
        | {name: fake.random_int(*ends) for name, ends in to.whole.items()}
        | {name: _float(fake, ends) for name, ends in to.fractions.items()}
        for _ in range(rows)
    )


def faker_columns(to: Margins, rows: int) -> pd.DataFrame:
    """Column by column: Faker picks many levels at once, and numbers one by one."""
    fake = Faker()
    fake.seed_instance(7)
    return pd.DataFrame(
        {name: fake.random_elements(levels, length=rows, use_weighting=True) for name, levels in to.shares.items()}
        | {name: [fake.random_int(*ends) for _ in range(rows)] for name, ends in to.whole.items()}
        | {name: [_float(fake, ends) for _ in range(rows)] for name, ends in to.fractions.items()}
    )


def _float(fake: Faker, ends: tuple[float, float]) -> float:
    return fake.pyfloat(min_value=ends[0], max_value=ends[1], right_digits=DIGITS)


def mimesis_rows(to: Margins, rows: int) -> pd.DataFrame:
    """Record by record, with the schema that the documentation of Mimesis shows."""
    generic = Generic(seed=7)

    def record() -> dict[str, object]:
        return (
            {name: generic.random.weighted_choice(levels) for name, levels in to.shares.items()}
            | {name: generic.numeric.integer_number(*ends) for name, ends in to.whole.items()}
            | {name: generic.numeric.float_number(*ends, DIGITS) for name, ends in to.fractions.items()}
        )

    return pd.DataFrame(Schema(schema=record, iterations=rows).create())


def mimesis_columns(to: Margins, rows: int) -> pd.DataFrame:
    """Column by column, with what Mimesis has for many values at once."""
    generic = Generic(seed=7)
    return pd.DataFrame(
        {name: generic.random.choices([*levels], [*levels.values()], k=rows) for name, levels in to.shares.items()}
        | {name: generic.numeric.integers(*ends, n=rows) for name, ends in to.whole.items()}
        | {name: generic.numeric.floats(*ends, n=rows, precision=DIGITS) for name, ends in to.fractions.items()}
    )


PEERS = {
    "Faker, by row": faker_rows,
    "Faker, by column": faker_columns,
    "Mimesis, by row": mimesis_rows,
    "Mimesis, by column": mimesis_columns,
}


def main() -> None:
    """Print the columns and versions, then the time per row and the ratios of interleaved rounds."""
    one_core()
    persona = lp.load_persona("article")
    to = margins(persona)
    for name, draw in PEERS.items():
        assert set(draw(to, 10)) == set(persona.variables), name
    works = {
        f"loanpersona, {rows:,} rows": lambda rows=rows: seconds(lambda: lp.generate(persona, n=rows)) / rows
        for rows in (MANY, ROWS)
    } | {
        f"{name}, {ROWS:,} rows": lambda draw=draw: seconds(lambda: draw(to, ROWS)) / ROWS
        for name, draw in PEERS.items()
    }
    median = medians(works, ROUNDS)
    versions = ", ".join(f"{name} {version(name)}" for name in ("loanpersona", "faker", "mimesis", "numpy", "pandas"))
    print(f"{len(persona.variables)} columns, one core, median of {ROUNDS} interleaved rounds; {versions}")
    print(textwrap.fill(", ".join(persona.variables), 100, initial_indent="  ", subsequent_indent="  "))
    print("  Faker and Mimesis draw margins only, numbers evenly over their range; loanpersona draws what depends too.")
    many, few, *_ = median.values()
    for name, result in median.items():
        print(f"  {name:28} {result * 1e6:8.2f} µs a row {result / many:7.1f} × and {result / few:5.1f} × loanpersona")


if __name__ == "__main__":
    main()
