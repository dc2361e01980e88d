"""The tables: their columns, types, units, levels and keys, described once.

Everything else asks here: dtypes at generation, checks at loading, the data dictionary, the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pandas as pd

from loanpersona.core import catalog, words
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.tables import keys
from loanpersona.tables.checks import checked

__all__ = ["Column", "Table", "check", "check_keys", "check_names", "dictionary", "names", "table"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True)
class Column:
    """A column of a table: what it holds and what is allowed in it."""

    name: str
    type: str
    """`category`, `bool`, `datetime64[s]`, a numpy type such as `int16`; `Int16` and `Int64` can miss values."""
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
    planned: bool = False
    """Whether its times lie ahead when they are written, as due days do."""
    each: str = "user"
    """What it is decided once for: `user`, `application`, `loan` or `month`."""
    refers: str = ""
    """The table whose key it holds, if it points to one."""
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

    @property
    def happened(self) -> bool:
        """Whether it holds times of what happened; what is planned, such as a due day, sets no clock."""
        return self.type.startswith("datetime64") and not self.planned

    def for_lender(self, *, open: bool) -> Column:
        """The column as a lender may have it: it may miss values, and have levels of its own where it is `open`."""
        return replace(self, missing=True, open=self.open or open)

    @property
    def day(self) -> bool:
        """Whether it holds days, without a time: such columns end in `_on`, those with a time in `_at`."""
        return self.type.startswith("datetime64") and self.name.endswith("_on")


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
    ['users', 'applications', 'loans', 'instalments', 'signals', 'truth']
    """
    return [name for name in catalog.load("tables") if not _table(name).internal]


def check_names(given: Iterable[str]) -> list[str]:
    """The tables named, each once; raises InputError with a line per name that no table has.

    >>> check_names(["loans", "truth", "loans"])
    ['loans', 'truth']
    """
    expect(given, Iterable, "tables", f"names such as {', '.join(names()[:2])}")
    result = list(dict.fromkeys(map(str, given)))
    faults = [
        f"tables: {name}: unknown table. {did_you_mean(str(name), names())}" for name in result if name not in names()
    ]
    if faults or not result:
        raise InputError(*(faults or [f"tables: names no table. Allowed: {', '.join(names())}."]))
    return result


@cache
def stated() -> dict[str, tuple[str, Column]]:
    """The standard columns that a persona may state, each with its table."""
    every = [(name, column) for name in catalog.load("tables") for column in table(name).columns.values()]
    result: dict[str, tuple[str, Column]] = {}
    for name, column in every:
        if not column.made and column.name not in table(name).key.split():
            result.setdefault(column.name, (name, column))
    return result


def table(name: str) -> Table:
    """The table of that name; raises InputError naming the nearest.

    >>> table("users").column("income_cny_month").unit
    'CNY per month'
    """
    expect(name, str, "tables", ", ".join(names()))
    return _table(name)


@cache
def _table(name: str) -> Table:
    if name not in catalog.load("tables"):
        raise InputError(f"tables: {name}: unknown table. {did_you_mean(str(name), names())}")
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
        planned=stated.get("planned") == "true",
        each=stated["each"],
        refers=stated.get("refers", ""),
        groups={key: tuple(levels) for key, levels in stated.get("groups", {}).items()},
    )


def check(frame: pd.DataFrame, name: str = "users", columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Check that a frame has these columns of a table in their form; return it with exact dtypes.

    Words become categories with the levels of the table, dates and times `datetime64[s]`; numbers must lie in their
    range. Only columns that the table says so of may miss values, and no key may stand twice. A lender's own frame
    passes too if it has the columns asked for (all of them by default) and no value is changed by the conversion.
    Raises InputError with one line per missing column, wrong type, unknown level, value out of range, repeated key.

    >>> check(pd.DataFrame({"sex": ["male", "female"]}), columns=["sex"])["sex"].dtype.name
    'category'
    """
    expect(frame, pd.DataFrame, name if isinstance(name, str) else "frame", "a DataFrame")
    schema = table(name)
    key, faults, result = schema.key.split(), list[str](), dict[str, pd.Series]()
    for wanted in schema.columns if columns is None else columns:
        column = schema.column(wanted)
        where = f"{name}.{wanted}"
        if wanted not in frame:
            faults.append(f"{where}: missing column. Wanted: {column.type}, {column.meaning['en']}.")
        else:
            points = wanted in key or bool(column.refers)
            result[wanted] = checked(frame[wanted], column, where, faults, key=points)
    if not faults and result.keys() >= set(key):
        faults += _repeated(result, schema)
    if faults:
        raise InputError(*faults)
    return frame.assign(**result)


def check_keys(frames: Mapping[str, pd.DataFrame]) -> None:
    """Check that no key stands twice in its table, and that what points to another of the tables finds its row there.

    Raises InputError with a line per table with repeated keys and per column that points to nothing, each with the
    number of rows and the first value. Tables that are not among `frames` are not asked.

    >>> check_keys({"loans": pd.DataFrame({"loan_id": [1]}), "instalments": pd.DataFrame({"loan_id": [1, 1]})})
    """
    expect(frames, Mapping, "frames", "tables by name")
    for name, frame in frames.items():
        expect(frame, pd.DataFrame, str(name), "a DataFrame")
    known = {name: table(name) for name in frames if name in catalog.load("tables")}
    faults: list[str] = []
    for name, schema in known.items():
        if set(schema.key.split()) <= set(frames[name].columns):
            faults += _repeated(frames[name], schema)
        for column in schema.columns.values():
            if column.refers in known and column.name in frames[name]:
                faults += _dangling(frames, name, column)
    if faults:
        raise InputError(*faults)


def _repeated(columns: Mapping[str, pd.Series] | pd.DataFrame, schema: Table) -> Iterator[str]:
    key = schema.key.split()
    if again := keys.repeated(pd.DataFrame({name: columns[name] for name in key}, copy=False), key):
        rows, first = again
        yield f"{schema.name}: {rows:,} rows repeat {' and '.join(key)}, first {first}. Allowed: each key once."


def _dangling(frames: Mapping[str, pd.DataFrame], name: str, column: Column) -> Iterator[str]:
    key = table(column.refers).key
    known = frames[column.refers]
    if key in known and (lost := keys.dangling(frames[name][column.name], known[key])):
        rows, first = lost
        yield (
            f"{name}.{column.name} = {first}: no such {key} in {column.refers} ({rows:,} rows point to nothing). "
            f"Allowed: a {key} of {column.refers}."
        )


def dictionary(schemas: Iterable[Table] | None = None, *, lang: str = "en") -> pd.DataFrame:
    """The data dictionary: one row per column.

    Columns: table, column, label, type, unit, allowed, meaning, hidden. Internal tables are left out.

    >>> dictionary().query("column == 'sex'").iloc[0]["allowed"]
    'male, female'
    """
    words.check_language(lang)
    expect(schemas, (Iterable, type(None)), "schemas", "tables as lp.tables.table gives them")
    shown = list(map(table, names()) if schemas is None else schemas)
    for one in shown:
        expect(one, Table, "schemas", "tables as lp.tables.table gives them")
    rows = [
        {
            "table": schema.name,
            "column": column.name,
            "label": column.words.get(column.name, {}).get(lang) or words.label(column.name, lang),
            "type": column.type,
            "unit": column.unit,
            "allowed": _allowed(column),
            "meaning": column.meaning[lang],
            "hidden": schema.hidden,
        }
        for schema in shown
        if not schema.internal
        for column in schema.columns.values()
    ]
    return pd.DataFrame(rows)


def _allowed(column: Column) -> str:
    said = ", ".join(column.levels)
    if column.range:
        said = f"{column.range[0]:g} to {column.range[1]:g}"
    if column.type == "bool":
        said = "yes or no"
    return "; ".join(filter(None, [said, "may be missing" if column.missing else ""]))
