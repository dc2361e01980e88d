"""Any group: columns of a book, and columns made of it, by which every frame can be divided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.estimates.shares import contrast
from loanpersona.tables.book import Book, kept
from loanpersona.tables.schema import table

CONTRAST = {
    **dict.fromkeys(("difference", "difference_low", "difference_high"), "share"),
    **dict.fromkeys(("risk_ratio", "risk_ratio_low", "risk_ratio_high"), "ratio"),
}
"""How the columns of `with_contrast` are written."""
KEY = {"user": "user_id", "application": "application_id", "loan": "loan_id"}
TABLE = {"user": "users", "application": "applications", "loan": "loans"}
EVERYBODY, NOT_KNOWN, REST = "everybody", "not_known", "rest"
_GROUP = "group: "
"""Before the name of a column of `by` while a frame is computed: it never takes the place of another column."""
MOST_LEVELS = 60
Make = Callable[[Book, pd.Timestamp], pd.Series]


@dataclass(frozen=True)
class Made:
    """A column made of a book: one value per user, application or loan, by its key."""

    unit: str
    ahead: bool
    """Whether it is known only later than the row it groups, so that a difference may be a consequence."""
    make: Make


_MADE: dict[str, Made] = {}


def made(unit: str, *, ahead: bool = False) -> Callable[[Make], Make]:
    """Declare a function of a book and a last day as a column, by its name; it is made once a book."""

    def declare(make: Make) -> Make:
        assert make.__name__ not in _MADE, f"{make.__name__} is declared twice"
        once = kept(make)
        _MADE[make.__name__] = Made(unit, ahead, once)
        return once

    return declare


def made_columns() -> dict[str, Made]:
    """Every made column, by name."""
    from loanpersona.analysis.frame import declarations

    declarations()  # which reads all rooms, and they declare columns too
    return dict(_MADE)


def looking_ahead(names: Iterable[str]) -> list[str]:
    """Those of these columns that are known only later than the rows they group."""
    known = made_columns()
    return [name for name in dict.fromkeys(names) if name in known and known[name].ahead]


def as_group(name: str) -> str:
    """How a column of `by` is called while a frame is computed."""
    return f"{_GROUP}{name}"


def column_of(group: str) -> str:
    """The column of a book that a group stands for."""
    return group.removeprefix(_GROUP)


def values_of(book: Book, name: str, unit: str, until: pd.Timestamp, bands: Sequence[float] | None = None) -> pd.Series:
    """A column of the rows of a unit, by their key: of its own table, of their users, hidden, or made.

    Numbers are cut at `bands`. Raises InputError naming the nearest where there is no such column.
    """
    column = made_columns().get(name)
    if column and (own := [one for one in TABLE.values() if _own(book, one, name)]):
        raise InputError(f"{own[0]}.{name}: a column made of the book is called so too. Allowed: another name for it.")
    for one in (unit, "user") if unit != "user" else (unit,):
        result = (
            _stored(book, name, one) if column is None else column.make(book, until) if column.unit == one else None
        )
        if result is not None:
            cut = cut_at(result, bands) if bands is not None and result.dtype.kind in "iuf" else result
            return cut if one == unit else _of_users(book, cut, unit)
    allowed = [*(key for key, one in made_columns().items() if one.unit in {unit, "user"}), *_columns(book, unit)]
    raise InputError(f"{name}: no column that groups {unit}s. {did_you_mean(name, allowed)}")


def with_groups(
    book: Book, rows: pd.DataFrame, by: Sequence[str], unit: str, until: pd.Timestamp, bands: Any = None
) -> pd.DataFrame:
    """Rows with a column of levels (words) for each name of `by`; rows hold the key of their unit."""
    values = {name: rows[KEY[unit]].map(values_of(book, column_of(name), unit, until, bands)) for name in by}
    return rows.assign(**{name: levels(one, column_of(name)) for name, one in values.items()})


def each_group(rows: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Everybody first, then the rows of each level (or pair of levels) that somebody has, in the order of the levels.

    Without `by` there is one group without a name.
    """
    yield dict.fromkeys(by, EVERYBODY), rows
    for keys in product(*(rows[name].cat.categories for name in by)) if by else ():
        inside = np.logical_and.reduce([(rows[name] == key).to_numpy() for name, key in zip(by, keys, strict=True)])
        if inside.any():
            yield dict(zip(by, keys, strict=True)), rows[inside]


def by_group(
    rows: pd.DataFrame, by: Sequence[str], estimate: Callable[[pd.DataFrame], pd.DataFrame | dict[str, Any]]
) -> pd.DataFrame:
    """What `estimate` makes of every group, one below the other, the groups in the first columns.

    Groups that have an order keep it; everybody comes before them.
    """
    return stacked(((names, estimate(part)) for names, part in each_group(rows, by)), rows, by)


def stacked(
    made: Iterable[tuple[dict[str, str], pd.DataFrame | dict[str, Any]]], rows: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame:
    """What was made of each group, one below the other; `rows` have the groups."""
    parts = []
    for names, part in made:
        result = pd.DataFrame([part]) if isinstance(part, dict) else part
        parts.append(pd.concat([pd.DataFrame(names, index=result.index), result], axis=1))
    kinds = {name: _with_everybody(rows[name].dtype) for name in by}
    return pd.concat(parts, ignore_index=True).astype(kinds)


def _with_everybody(kind: pd.CategoricalDtype) -> pd.CategoricalDtype:
    return pd.CategoricalDtype([EVERYBODY, *kind.categories], kind.ordered)


def with_contrast(
    result: pd.DataFrame,
    rows: pd.DataFrame,
    by: Sequence[str],
    against: str | None,
    some: str,
    of: str,
    levels: int = 1,
) -> pd.DataFrame:
    """What `by_group` made of rows, with the contrast of each group to the level `against` of the last of `by`.

    `some` and `of` are columns of the rows, which go together by user; differences hold together with those of so many
    `levels` of what is looked at. Raises InputError for a level nobody has.
    """
    if against is None:
        return result
    last = by[-1] if by else ""
    there = [REST, *rows[last].unique()] if by else []
    if against not in there:
        hint = did_you_mean(against, there) if by else "Hint: by=… names the groups."
        raise InputError(f"against = {against!r}: no such group. {hint}")
    groups = list(each_group(rows, by))
    compared = [names for names, _ in groups if names[last] not in {EVERYBODY, against}]
    parts = []
    for names, part in groups:
        within = np.logical_and.reduce([np.full(len(rows), True), *((rows[one] == names[one]) for one in by[:-1])])
        other = within & (rows[last] != names[last] if against == REST else rows[last] == against)
        given = (rows[some], rows[of], rows.index.isin(part.index), other, rows["user_id"], levels * len(compared))
        parts.append(contrast(*given) if names in compared else {})
    return result.join(pd.DataFrame(parts, index=result.index))


def with_why(result: pd.DataFrame) -> pd.DataFrame:
    """The frame with the column `why`: rows that count nothing have no interval, and say so."""
    empty = result["n"] == 0
    ends = {name: result[name].mask(empty) for name in ("low", "high")}
    return result.assign(**ends, why=empty.map({True: "none_counted", False: None}))


def levels(values: pd.Series, name: str) -> pd.Series:
    """Values as a category of words, in order where they have one; those that miss one are `not_known`.

    Raises InputError where there are more levels than anybody reads.
    """
    if values.dtype.kind == "b" or values.dtype == "boolean":
        values = values.map({True: "yes", False: "no"}).astype(pd.CategoricalDtype(["yes", "no"]))
    if not isinstance(values.dtype, pd.CategoricalDtype):
        ordered = values.dtype.kind in "iuf"
        values = values.astype(pd.CategoricalDtype(sorted(values.dropna().unique()), ordered))
    there = [level for level in values.cat.categories if (values == level).any()]
    if len(there) > MOST_LEVELS:
        raise InputError(
            f"{name}: {len(there):,} levels. Allowed: at most {MOST_LEVELS}. Hint: bands=(…) cuts numbers; group words "
            "into fewer first."
        )
    said = [_word(one) for one in values.cat.categories]
    if EVERYBODY in said or len(set(said)) < len(said):
        raise InputError(f"{name}: a level called {EVERYBODY}, or two called alike. Allowed: other words.")
    words = values.cat.rename_categories(said)
    if values.isna().any():
        words = (words if NOT_KNOWN in said else words.cat.add_categories(NOT_KNOWN)).fillna(NOT_KNOWN)
    return words


def cut_at(values: pd.Series, starts: Sequence[float]) -> pd.Series:
    """Numbers as the band they lie in; a band begins at each start, and one lies below the first.

    >>> cut_at(pd.Series([1, 2, 9]), (2, 3)).tolist()
    ['..1', '2', '3..']
    """
    expect(starts, tuple, "bands", "where each begins, rising, such as (3000, 6000)")
    names = band_names(starts)
    cut = pd.cut(values, [-np.inf, *starts, np.inf], right=False, labels=names)
    return cut if (values < starts[0]).any() else cut.cat.remove_categories(names[:1])


def band_names(starts: Sequence[float]) -> list[str]:
    """The words of bands that begin at these numbers, with one below the first."""
    whole = all(float(one).is_integer() for one in starts)
    ends = [start - 1 if whole else start for start in starts]
    names = [f"..{ends[0]:.15g}"]
    for start, end in zip(starts, ends[1:], strict=False):
        names.append(f"{start:.15g}" if start == end else _band(start, end))
    return [*names, _band(starts[-1], None)]


def _band(start: float, end: float | None) -> str:
    return f"{start:.15g}.." + ("" if end is None else f"{end:.15g}")


def _word(level: Any) -> str:
    if isinstance(level, float) and level.is_integer():
        return str(int(level))
    return f"{level:%Y-%m-%d}" if hasattr(level, "strftime") else str(level)


def _stored(book: Book, name: str, unit: str) -> pd.Series | None:
    for where in (TABLE[unit], "truth") if unit == "user" else (TABLE[unit],):
        if where in book.tables and name in book.tables[where] and name != KEY[unit]:
            frame = book.tables[where]
            return _plain(frame.set_index(KEY[unit])[name])
    return None


def _own(book: Book, where: str, name: str) -> bool:
    """Whether a table has a column of one's own by this name, which the schema does not know."""
    return where in book.tables and name in book.tables[where] and name not in table(where).columns


def _plain(values: pd.Series) -> pd.Series:
    """Objects as truths or numbers where they are such, and as words otherwise: lists, or texts among numbers."""
    if values.dtype != object:
        return values
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in {"decimal", "integer", "floating", "mixed-integer-float"}:
        return values.astype("float64")
    return values.astype("boolean") if kind == "boolean" else values.map(_word, na_action="ignore")


def _of_users(book: Book, values: pd.Series, unit: str) -> pd.Series:
    """Values of users, for each of their applications or loans."""
    return book.table(TABLE[unit]).set_index(KEY[unit])["user_id"].map(values)


def _columns(book: Book, unit: str) -> list[str]:
    places = [TABLE[unit], *([] if unit == "user" else ["users"]), "truth"]
    keys = set(KEY.values())
    return [name for where in places if where in book.tables for name in book.tables[where] if name not in keys]
