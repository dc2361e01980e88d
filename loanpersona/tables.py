"""The tables: their columns, types, units, levels and keys, described once.

Everything else asks here: dtypes at generation, checks at loading, the data dictionary, the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import catalog, labels
from loanpersona.errors import InputError, did_you_mean

__all__ = ["Column", "Table", "check", "dictionary", "names", "table"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True)
class Column:
    """A column of a table: what it holds and what is allowed in it."""

    name: str
    type: str
    """`category`, `bool`, `datetime64[s]`, a numpy type such as `int16`, or `Int16` or `Int64` (may be missing)."""
    meaning: dict[str, str]
    """One sentence per language."""
    unit: str = ""
    levels: tuple[str, ...] = ()
    """Allowed words of a category, in order."""
    ordered: bool = False
    open: bool = False
    """Whether a persona may add levels."""
    range: tuple[float, float] | None = None
    made: bool = False
    """Whether the simulation makes it, so that no persona states it."""
    missing: bool = False
    """Whether it may hold no value."""
    each: str = "borrower"
    """What it is decided once for: `borrower`, `application`, `loan` or `month`."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Named groups of levels that analyses read, such as the blue-collar occupations."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Words of the column and of its levels, per language, where labels.yaml has none."""

    @property
    def dtype(self) -> Any:
        """The pandas dtype."""
        if self.type == "category":
            return pd.CategoricalDtype(list(self.levels), ordered=self.ordered)
        return pd.api.types.pandas_dtype(self.type)


@dataclass(frozen=True)
class Table:
    """A table: what a row is, its key, its columns in order."""

    name: str
    row: dict[str, str]
    key: str
    """The columns that tell its rows apart, with spaces between."""
    hidden: bool
    columns: dict[str, Column]
    internal: bool = False
    """Whether it is never shown: its columns are decided along the way."""

    def column(self, name: str) -> Column:
        """The column of that name; raises InputError naming the nearest."""
        if name not in self.columns:
            hint = did_you_mean(name, self.columns)
            raise InputError(f"{self.name}.{name}: unknown column. {hint}")
        return self.columns[name]


def names() -> list[str]:
    """The tables of a population.

    >>> names()
    ['borrowers', 'applications', 'loans', 'instalments', 'signals', 'truth']
    """
    return [name for name in catalog.load("tables") if not table(name).internal]


@cache
def stated() -> dict[str, tuple[str, Column]]:
    """The standard columns that a persona may state, each with its table."""
    every = [(name, column) for name in catalog.load("tables") for column in table(name).columns.values()]
    found: dict[str, tuple[str, Column]] = {}
    for name, column in every:
        if not column.made and column.name not in table(name).key.split():
            found.setdefault(column.name, (name, column))
    return found


@cache
def table(name: str) -> Table:
    """The table of that name; raises InputError naming the nearest.

    >>> table("borrowers").column("income_cny_month").unit
    'CNY per month'
    """
    if name not in catalog.load("tables"):
        raise InputError(f"tables: {name}: unknown table. {did_you_mean(name, names())}")
    body = catalog.load("tables")[name]
    columns = {key: _column(key, {"each": body["each"], **stated}) for key, stated in body["columns"].items()}
    hidden, internal = (body.get(word) == "true" for word in ("hidden", "internal"))
    return Table(name, body["row"], body["key"], hidden, columns, internal)


def _column(name: str, stated: dict[str, Any]) -> Column:
    low, _, high = stated.get("range", "").partition("..")
    return Column(
        name=name,
        type=stated["type"],
        meaning=stated["meaning"],
        unit=stated.get("unit", ""),
        levels=tuple(stated.get("levels", ())),
        ordered=stated.get("ordered") == "true",
        open=stated.get("open") == "true",
        range=(float(low), float(high)) if low else None,
        made=stated.get("made") == "true",
        missing=stated.get("missing") == "true",
        each=stated["each"],
        groups={key: tuple(levels) for key, levels in stated.get("groups", {}).items()},
    )


def check(frame: pd.DataFrame, name: str = "borrowers", columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Check that a frame has these columns of a table in their form; return it with exact dtypes.

    Words become categories with the levels of the table; numbers must lie in their range. A lender's own
    frame passes too if it has the columns asked for (all of them by default). Raises InputError with one
    line per missing column, wrong type, unknown level or value out of range.

    >>> check(pd.DataFrame({"sex": ["male", "female"]}), columns=["sex"])["sex"].dtype.name
    'category'
    """
    schema = table(name)
    wanted = list(schema.columns if columns is None else columns)
    faults: list[str] = []
    checked = {}
    for key in wanted:
        column = schema.column(key)
        if key not in frame:
            faults.append(f"{name}.{key}: missing column. Wanted: {column.type}, {column.meaning['en']}.")
        else:
            checked[key] = _checked(frame[key], column, name, faults)
    if faults:
        raise InputError(*faults)
    return frame.assign(**checked)


def _checked(values: pd.Series, column: Column, name: str, faults: list[str]) -> pd.Series:
    where = f"{name}.{column.name}"
    if values.isna().any():
        faults.append(f"{where}: {int(values.isna().sum())} missing values. Allowed: none.")
        return values
    if column.type == "category":
        return _checked_levels(values, column, where, faults)
    if column.type == "bool":
        if values.dtype != bool:
            faults.append(f"{where}: dtype is {values.dtype}. Wanted: bool.")
        return values
    if not pd.api.types.is_numeric_dtype(values.dtype) or values.dtype == bool:
        faults.append(f"{where}: dtype is {values.dtype}. Wanted: {column.type}.")
        return values
    low, high = column.range or (-np.inf, np.inf)
    outside = values[(values < low) | (values > high)]
    broken = values[values % 1 != 0] if column.type.startswith("int") else values[:0]
    if len(outside):
        faults.append(f"{where} = {outside.iloc[0]}: out of range. Allowed: {low:g} to {high:g}.")
    elif len(broken):
        faults.append(f"{where} = {broken.iloc[0]}: not whole. Wanted: {column.type}.")
    return values if len(outside) or len(broken) else values.astype(column.dtype)


def _checked_levels(values: pd.Series, column: Column, where: str, faults: list[str]) -> pd.Series:
    found = list(values.cat.categories) if isinstance(values.dtype, pd.CategoricalDtype) else list(values.unique())
    unknown = [str(level) for level in found if level not in column.levels]
    if unknown and not column.open:
        faults.extend(f"{where}: unknown level '{level}'. {did_you_mean(level, column.levels)}" for level in unknown)
        return values
    levels = [*(level for level in column.levels if level in found or not column.open), *unknown]
    words = values if all(isinstance(level, str) for level in found) else values.map(str)
    return words.astype(pd.CategoricalDtype(levels, ordered=column.ordered))


def dictionary(schemas: Iterable[Table] | None = None, *, lang: str = "en") -> pd.DataFrame:
    """The data dictionary: one row per column.

    Columns: table, column, label, type, unit, allowed, meaning, hidden.

    >>> dictionary().query("column == 'sex'").iloc[0]["allowed"]
    'male, female'
    """
    rows = [
        {
            "table": schema.name,
            "column": column.name,
            "label": column.words.get(column.name, {}).get(lang) or labels.label(column.name, lang),
            "type": column.type,
            "unit": column.unit,
            "allowed": _allowed(column),
            "meaning": column.meaning[lang],
            "hidden": schema.hidden,
        }
        for schema in (schemas or [table(name) for name in names()])
        for column in schema.columns.values()
    ]
    return pd.DataFrame(rows)


def _allowed(column: Column) -> str:
    if column.levels:
        return ", ".join(column.levels)
    if column.range:
        return f"{column.range[0]:g} to {column.range[1]:g}"
    return "yes or no" if column.type == "bool" else ""
