"""The values of a column, put into its exact type where that changes none of them, or a line on what is wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from loanpersona.core.errors import did_you_mean

if TYPE_CHECKING:
    from loanpersona.tables import Column

_EXACT = 2**53
"""Beyond it a float no longer holds every whole number, so it may stand for its neighbour."""


def checked(values: pd.Series, column: Column, where: str, faults: list[str], *, key: bool = False) -> pd.Series:
    """The values in the type of their column; whatever keeps them from it adds a line to `faults` instead.

    A `key` has no unit and no range, but never lies below 0.

    >>> from loanpersona.tables import table
    >>> checked(pd.Series([25.0]), table("users").column("age_years"), "age", []).dtype.name
    'int8'
    """
    gone = int(values.isna().sum())
    if gone and not column.missing:
        faults.append(f"{where}: {gone} missing values. Allowed: none.")
        return values
    if column.type == "category":
        return _levels(values, column, where, faults)
    if column.type == "bool":
        return _truths(values, where, faults)
    if gone == len(values):  # nothing in it says of which type it is
        return pd.Series(index=values.index, name=values.name, dtype=column.dtype)
    if column.type.startswith("datetime64"):
        return _times(values, column, where, faults)
    return _numbers(values, column, where, faults, key)


def _truths(values: pd.Series, where: str, faults: list[str]) -> pd.Series:
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in {"boolean", "empty"}:
        values = values.astype("boolean")
    if values.dtype.kind != "b" and values.notna().any():
        return _of_other_type(values, "bool", where, faults)
    return values.astype("boolean" if values.isna().any() else bool)


def _of_other_type(values: pd.Series, wanted: str, where: str, faults: list[str]) -> pd.Series:
    faults.append(f"{where}: dtype is {values.dtype}. Wanted: {wanted}.")
    return values


def _numbers(values: pd.Series, column: Column, where: str, faults: list[str], key: bool) -> pd.Series:
    if values.dtype.kind not in "iuf":
        return _of_other_type(values, column.type, where, faults)
    there, whole = values.dropna(), not column.type.startswith("float")
    low, high = _bounds(column, key)
    outside = there[(there < low) | (there > high)]
    loose = (there if values.dtype.kind == "f" and whole else there[:0]).astype("float64")
    broken, vague = loose[loose % 1 != 0], loose[loose.abs() > _EXACT]
    if len(outside):
        allowed = "0 or more" if key and column.range is None else f"{low:g} to {high:g}"
        faults.append(f"{where} = {outside.iloc[0]}: out of range. Allowed: {allowed}.")
    elif len(broken):
        faults.append(f"{where} = {broken.iloc[0]}: not whole. Wanted: {column.type}.")
    elif len(vague):
        faults.append(f"{where} = {vague.iloc[0]}: too large to be exact as {values.dtype}. Wanted: {column.type}.")
    return values if len(outside) or len(broken) or len(vague) else values.astype(column.dtype)


def _bounds(column: Column, key: bool) -> tuple[float, float]:
    """The least and the greatest number allowed: by the table, else by what the type can hold."""
    if column.range is not None:
        return column.range
    if column.type.startswith("float"):
        return -np.inf, np.inf
    bounds = np.iinfo(column.type.lower())
    return 0 if key else int(bounds.min), int(bounds.max)


def _times(values: pd.Series, column: Column, where: str, faults: list[str]) -> pd.Series:
    result = _plain_times(values)
    if result is None:
        zoned = isinstance(values.dtype, pd.DatetimeTZDtype)
        how = '.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)' if zoned else "pd.to_datetime"
        wanted = f"{column.type}, local time without a zone; {how} makes it"
        return _of_other_type(values, wanted, where, faults)
    fine = result.astype(column.dtype)
    whole = fine.dt.normalize() if column.day else fine
    broken = result[result.notna() & (whole != result)]
    if len(broken):
        faults.append(
            f"{where} = {broken.iloc[0]}: not a whole {'day' if column.day else 'second'}. Wanted: {column.type}."
        )
        return values
    return fine


def _plain_times(values: pd.Series) -> pd.Series | None:
    """Times without a zone, of any unit; dates as Python or Arrow hold them become such. Texts are left alone."""
    if isinstance(values.dtype, pd.ArrowDtype):
        values = pd.Series(values.to_numpy(object, na_value=None), values.index, name=values.name)
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in {"date", "datetime", "datetime64"}:
        with suppress(ValueError, TypeError, OverflowError):
            values = pd.to_datetime(values)
    return values if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M" else None


def _levels(values: pd.Series, column: Column, where: str, faults: list[str]) -> pd.Series:
    words = isinstance(values.dtype, pd.CategoricalDtype)
    result = list(values.cat.categories) if words else list(values.dropna().unique())
    unknown = [str(level) for level in result if level not in column.levels]
    if unknown and not column.open:
        faults.extend(f"{where}: unknown level '{level}'. {did_you_mean(level, column.levels)}" for level in unknown)
        return values
    levels = [*(level for level in column.levels if level in result or not column.open), *unknown]
    plain = all(isinstance(level, str) for level in result)
    said = values if plain else values.map(str, na_action="ignore")
    return said.astype(pd.CategoricalDtype(levels, ordered=column.ordered))
