"""A lender's own tables, read into a book: mended where nothing is guessed, refused with the first row otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError
from loanpersona.tables.checks import checked
from loanpersona.tables.schema import Column, Table, check_keys, table

ZONE = "Asia/Shanghai"
EARLIEST, LATEST = pd.Timestamp("1990-01-01"), pd.Timestamp("2100-01-01")
"""Dates beyond stand for none: 1900-01-01, 1970-01-01 and 9999-12-31 fill empty cells."""
APART = pd.Timedelta(days=730)
FEW = 0.05
"""So few dates, so far from all others, are slips of the keyboard; they would set the clock of the whole book."""
ORDER = {
    "applications": ("started_at", "submitted_at", "decided_at"),
    "loans": ("borrowed_at", "disbursed_at"),
}
"""Times of one row that follow one another."""
PLAUSIBLE = {"apr": (0, 10), "age_years": (16, 120), "term_months": (0, 600)}
"""What a lender's own numbers may be, where a persona is held to less."""


def read_tables(given: Mapping[str, Any]) -> tuple[dict[str, pd.DataFrame], dict[str, pd.Index]]:
    """The tables in exact types and in the order of their keys, and the texts that numbered keys stand for.

    Raises InputError with a line per fault.
    """
    frames = {name: _frame(name, value) for name, value in given.items()}
    frames, numbered = _numbered(frames)
    faults: list[str] = []
    result = {name: _typed(frame, table(name), faults) for name, frame in frames.items()}
    if faults:
        raise InputError(*faults)
    result = {name: _mended(frame, name) for name, frame in result.items()}
    _check_keys(result, numbered)
    faults = [*_sentinels(result)] or [*_far(result)]
    faults = faults or [*_backwards(result), *_early_payments(result), *_misnumbered(result, numbered)]
    if faults:
        raise InputError(*faults)
    return result, numbered


def _frame(name: str, value: Any) -> pd.DataFrame:
    """A frame with numbered rows; what Arrow can hand over is taken as it is."""
    if not isinstance(value, pd.DataFrame) and hasattr(value, "__arrow_c_stream__"):
        import pyarrow as pa

        with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError):  # one column is no table
            value = pa.table(value).to_pandas()
    if not isinstance(value, pd.DataFrame):
        kind = type(value).__name__
        raise InputError(f"{name}: {kind} in place of a table. Allowed: a DataFrame, such as pd.read_csv(…) gives.")
    value = value.set_axis([str(column) for column in value.columns], axis=1)
    if not value.columns.is_unique:
        twice = value.columns[value.columns.duplicated()][0]
        raise InputError(f"{name}.{twice}: stands twice. Allowed: each column once.")
    return value.reset_index(drop=True)


def _numbered(frames: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], dict[str, pd.Index]]:
    """Keys that are texts, such as account numbers, become whole numbers, the same in every table."""
    result, texts = dict(frames), dict[str, pd.Index]()
    for key, places in _places_of_keys(frames).items():
        for name, column in places:
            result[name] = result[name].assign(**{column: _unboxed(result[name][column])})
        values = [result[name][column] for name, column in places]
        numbers = {one.dtype.kind in "iuf" for one in values if one.notna().any()}
        if len(numbers) > 1:
            where = ", ".join(f"{name}.{column}" for name, column in places)
            raise InputError(f"{where}: numbers in one, texts in another. Allowed: all of one kind. Hint: astype(str).")
        if numbers <= {True}:
            continue
        texts[key] = pd.Index(pd.concat([one.astype(object) for one in values]).dropna().unique())
        for name, column in places:
            codes = pd.Series(texts[key].get_indexer(frames[name][column]), frames[name].index)
            result[name] = result[name].assign(**{column: codes.astype("Int64").mask(codes < 0)})
    return result, texts


def _unboxed(values: pd.Series) -> pd.Series:
    """Whole numbers that are held one by one, as beside None, as numbers."""
    whole = values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "integer"
    return values.astype("Int64") if whole else values


def _check_keys(frames: Mapping[str, pd.DataFrame], texts: Mapping[str, pd.Index]) -> None:
    """Check keys by their numbers, and say what is wrong by the texts that they stand for."""
    try:
        check_keys(frames)
    except InputError:
        said = dict(frames)
        for key, places in _places_of_keys(frames).items():
            for name, column in places if key in texts else ():
                named = frames[name][column].map(dict(enumerate(texts[key].astype(str))))
                said[name] = said[name].assign(**{column: named.astype(object)})
        check_keys(said)
        raise


def _places_of_keys(frames: Mapping[str, pd.DataFrame]) -> dict[str, list[tuple[str, str]]]:
    """Per key of one column, such as loan_id: the tables and columns that hold it."""
    places: dict[str, list[tuple[str, str]]] = {}
    for name, frame in frames.items():
        schema = table(name)
        for column in schema.columns.values():
            if column.name in frame and (column.refers or column.name == schema.key):
                key = table(column.refers).key if column.refers else schema.key
                places.setdefault(key, []).append((name, column.name))
    return places


def _typed(frame: pd.DataFrame, schema: Table, faults: list[str]) -> pd.DataFrame:
    """The columns that the table knows in its types; others stay as they are."""
    key = schema.key.split()
    result = {
        column.name: _column(frame[column.name], schema.name, column, faults, key=column.name in key)
        for column in schema.columns.values()
        if column.name in frame
    }
    faults += [f"{schema.name}.{name}: missing column. Wanted: the key of a row." for name in key if name not in frame]
    return frame.assign(**result)


def _column(values: pd.Series, name: str, column: Column, faults: list[str], *, key: bool) -> pd.Series:
    where, points = f"{name}.{column.name}", key or bool(column.refers)
    if column.type.startswith("datetime64"):
        values = _local(values, day=column.day)
    elif points:
        whole = column if column.range is None else replace(column, type="int64", range=None)
        return checked(values, whole, where, faults, key=True)
    elif column.type not in {"category", "bool"}:
        return _number(values, column.name, where, faults)
    return checked(values, column.for_lender(open=name == "users" and not column.ordered), where, faults)


def _local(values: pd.Series, *, day: bool) -> pd.Series:
    """Times of a zone are instants, so their local time is certain; parts of seconds say nothing."""
    if _zoned(values):
        values = pd.to_datetime(values.astype(object), utc=True)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(ZONE).dt.tz_localize(None)
    if values.dtype.kind != "M":
        return values
    return values.dt.normalize() if day else values.dt.floor("s")


def _zoned(values: pd.Series) -> bool:
    """Whether all are times of a zone, held one by one or by Arrow."""
    one_by_one = values.dtype == object or isinstance(values.dtype, pd.ArrowDtype)
    there = values.dropna() if one_by_one else values.head(0)
    return bool(len(there)) and all(getattr(one, "tzinfo", None) is not None for one in there)


def _number(values: pd.Series, name: str, where: str, faults: list[str]) -> pd.Series:
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "decimal":
        values = values.astype("float64")
    if values.dtype.kind not in "iuf" or isinstance(values.dtype, pd.CategoricalDtype):
        faults.append(f"{where}: dtype is {values.dtype}. Wanted: numbers.")
        return values
    plain = values if isinstance(values.dtype, np.dtype) else values.astype("float64")
    low, high = PLAUSIBLE.get(name, (0, np.inf) if name.endswith("_cny") else (-np.inf, np.inf))
    outside = plain[(plain < low) | (plain > high) | np.isinf(plain)]
    if len(outside):
        faults.append(f"{where} = {outside.iloc[0]}: out of range. Allowed: {low:g} to {high:g}.")
    return plain


def _mended(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A time that only tells the day, and the day of the step before it, is taken to be that step's."""
    for one, then in _steps(name, frame):
        whole = frame[then].dt.normalize()
        same = (frame[then] == whole) & (whole == frame[one].dt.normalize()) & (frame[then] < frame[one])
        if same.any():
            frame = frame.assign(**{then: frame[then].mask(same, frame[one])})
    return frame


def _steps(name: str, frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    there = [column for column in ORDER.get(name, ()) if column in frame]
    yield from itertools.combinations(there, 2)


def _sentinels(frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for name, column, times in _times(frames):
        outside = times[(times < EARLIEST) | (times >= LATEST)]
        if len(outside):
            yield (
                f"{name}.{column} = {outside.iloc[0]:%Y-%m-%d}: {len(outside):,} rows hold a date that stands for "
                "none. Allowed: 1990 to 2099. Hint: leave what did not happen missing (NaT)."
            )


def _far(frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """A few dates that lie years from all others: they would set the first or the last day of the whole book."""
    happened = [one for one in _times(frames) if table(one[0]).columns[one[1]].happened]
    # Many register long before they do anything, but nobody long after all that happened.
    yield from _beyond(happened, "after")
    yield from _beyond([one for one in happened if one[1] != "registered_at"], "before")


def _beyond(happened: list[tuple[str, str, pd.Series]], side: str) -> Iterator[str]:
    """Dates on one side of a wide gap: a few, or many of one and the same day, which stands for none."""
    days = np.sort(np.concatenate([times.to_numpy() for _, _, times in happened] or [np.empty(0, "M8[s]")]))
    days = days if side == "after" else days[::-1]
    room = int(len(days) * FEW)
    for gap in np.flatnonzero(np.abs(np.diff(days)) > APART.to_numpy()) if room else ():
        beyond = days[gap + 1 :]
        if len(beyond) <= room or (side == "after" and len(np.unique(beyond.astype("M8[D]"))) == 1):
            yield from _named(happened, beyond[0], days[gap], side)
            return


def _named(happened: list[tuple[str, str, pd.Series]], edge: Any, other: Any, side: str) -> Iterator[str]:
    years = abs(edge - other) / np.timedelta64(365, "D")
    for name, column, times in happened:
        beyond = times[times >= edge] if side == "after" else times[times <= edge]
        if len(beyond):
            yield (
                f"{name}.{column} = {beyond.iloc[0]:%Y-%m-%d}: {len(beyond):,} rows lie {years:.0f} years {side} all "
                "others. Hint: mend these dates, or leave the rows out."
            )


def _backwards(frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for name, frame in frames.items():
        for one, then in _steps(name, frame):
            yield from _before(frame[one], frame[then], f"{name}.{then}", one)


def _early_payments(frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Nothing falls due, and nothing is repaid, before the money is there."""
    if not {"loans", "instalments"} <= frames.keys() or "disbursed_at" not in frames["loans"]:
        return
    lent = frames["loans"].drop_duplicates("loan_id").set_index("loan_id")["disbursed_at"].dt.normalize()
    plan = frames["instalments"]
    for column in ("due_on", "paid_on"):
        if column in plan:
            yield from _before(plan["loan_id"].map(lent), plan[column], f"instalments.{column}", "loans.disbursed_at")


def _before(one: pd.Series, then: pd.Series, where: str, other: str) -> Iterator[str]:
    early = then[then < one]
    if len(early):
        yield (
            f"{where} = {early.iloc[0]}: {len(early):,} rows lie before their {other}, {one[early.index[0]]}. "
            f"Allowed: {other} or later."
        )


def _misnumbered(frames: Mapping[str, pd.DataFrame], texts: Mapping[str, pd.Index]) -> Iterator[str]:
    """Loan 2 of a user comes after loan 1: waits between loans would be negative otherwise."""
    loans = frames.get("loans", pd.DataFrame())
    if not {"user_id", "ordinal", "borrowed_at"} <= set(loans):
        return
    loans = loans.dropna(subset=["ordinal"]).sort_values(["user_id", "ordinal"])
    same = loans["user_id"].diff() == 0
    faults = {
        "the first loan of a user is 1": (loans["ordinal"] < 1) | (loans["ordinal"] % 1 > 0),
        "more than one loan of user {user} has it": same & (loans["ordinal"].diff() == 0),
        "this loan of user {user} was taken before the one numbered below it": same
        & (loans["borrowed_at"].diff() < pd.Timedelta(0)),
    }
    for fault, rows in faults.items():
        if rows.any():
            row = loans[rows].iloc[0]
            user = texts["user_id"][row["user_id"]] if "user_id" in texts else row["user_id"]
            yield (
                f"loans.ordinal = {row['ordinal']:g}: {fault.format(user=user)}. Allowed: 1, 2, … in the order of time."
                " Hint: leave ordinal out, and the book numbers loans."
            )
            return


def _times(frames: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str, pd.Series]]:
    for name, frame in frames.items():
        for column in table(name).columns.values():
            if column.name in frame and column.type.startswith("datetime64"):
                yield name, column.name, frame[column.name].dropna()
