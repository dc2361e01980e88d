"""One table, one file: read back exactly as it was written, with every difference from the manifest named."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from loanpersona.core.errors import InputError
from loanpersona.tables import Column, Table
from loanpersona.tables.store import texts


def sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(folder: Path, stated: Mapping[str, Any], schema: Table, *, marked: bool) -> pd.DataFrame:
    """A table as it was saved; `marked` says whether words of a CSV file may bear a mark to take off.

    Raises InputError with one line for each thing in which file and manifest differ.
    """
    path = folder / stated["file"]
    if _found(path) != stated["sha256"]:
        raise InputError(*_damage(path, stated["rows"], schema, marked))
    try:
        frame = _read_csv(path, schema, marked) if path.suffix == ".csv" else _read_parquet(path, schema)
    except (OSError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be read as a table ({_first_line(error)}).") from None
    faults = list(_differences(path, frame, len(frame), schema, stated["rows"]))
    if faults:
        raise InputError(*faults)
    return frame.astype({key: column.dtype for key, column in schema.columns.items()})[list(schema.columns)]


def check_text(path: Path, stated: str | None) -> None:
    """Raise InputError where a text beside the tables is missing, or not the one that was saved."""
    if _found(path) != stated:
        raise InputError(f"{path}: changed or cut since it was saved (its SHA-256 is not that of the manifest).")


def _found(path: Path) -> str:
    """The hash of a file that the manifest lists; raises InputError where there is none to read."""
    try:
        if path.is_file():
            return sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}).") from None
    raise InputError(f"{path}: missing, though the manifest lists it.")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _damage(path: Path, rows: int, schema: Table, marked: bool) -> list[str]:
    """That a file is not the one saved, and in which columns, as far as it can be seen."""
    faults = [f"{path}: changed or cut since it was saved (its SHA-256 is not that of the manifest)."]
    with suppress(Exception):  # a damaged file may fail in any way, and the line above holds all the same
        if path.suffix == ".csv":
            frame = _read_csv(path, schema, marked)
            result = len(frame)
        else:
            frame, result = _outline(path, schema)
        faults += _differences(path, frame, result, schema, rows)
    return faults


def _differences(path: Path, frame: pd.DataFrame, rows: int, schema: Table, stated_rows: int) -> Iterator[str]:
    if rows != stated_rows:
        yield f"{path}: expected {stated_rows:,} rows, got {rows:,}."
    got = dict(zip(frame.columns, frame.dtypes, strict=True))
    for name, column in schema.columns.items():
        if name not in got:
            yield f"{path}: {name}: expected {kind(column.dtype)}, got no such column."
        elif kind(got[name]) != kind(column.dtype):
            yield f"{path}: {name}: expected {kind(column.dtype)}, got {kind(got[name])}."
        elif not column.missing and (gone := int(frame[name].isna().sum())):
            yield f"{path}: {name}: expected a value in every row, got {gone:,} rows without."
        elif column.levels:
            yield from _other_levels(f"{path}: {name}", list(got[name].categories), column.levels)
    for name in Counter(frame.columns) - Counter(list(schema.columns)):
        yield f"{path}: {name}: expected no such column, got {kind(got[name])}."


def kind(dtype: Any) -> str:
    """What a column holds, in words for a message.

    >>> kind(pd.CategoricalDtype(["a"], ordered=True))
    'ordered category'
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return "ordered category" if dtype.ordered else "category"
    return "text" if dtype.name in {"object", "str", "string"} else str(dtype.name)


def _other_levels(where: str, got: list[str], wanted: tuple[str, ...]) -> Iterator[str]:
    """The first level that is not the one of the manifest; an outline of a file holds no levels at all."""
    pairs = zip_longest(map(repr, wanted), map(repr, got), fillvalue="none")
    for number, (expected, result) in enumerate(pairs, start=1):
        if got and result != expected:
            yield f"{where}: expected level {number} to be {expected}, got {result}."
            return


def _read_parquet(path: Path, schema: Table) -> pd.DataFrame:
    with path.open("rb") as file:
        return _in_seconds(pd.read_parquet(file), schema)


def _outline(path: Path, schema: Table) -> tuple[pd.DataFrame, int]:
    """Columns and number of rows of a Parquet file, without its values, which may be damaged."""
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        parquet = pq.ParquetFile(file)
        return _in_seconds(parquet.schema_arrow.empty_table().to_pandas(), schema), parquet.metadata.num_rows


def _in_seconds(frame: pd.DataFrame, schema: Table) -> pd.DataFrame:
    """Times in their own unit again, which Parquet has none for; those that are finer stay as read, to be named so."""
    times = [name for name, column in schema.columns.items() if column.type.startswith("datetime64") and name in frame]
    result = {name: frame[name].astype(schema.columns[name].dtype) for name in times if _is_time(frame[name].dtype)}
    whole = {
        name: values for name, values in result.items() if values.eq(frame[name]).where(values.notna(), True).all()
    }
    return frame.assign(**whole)


def _is_time(dtype: Any) -> bool:
    return dtype.kind == "M" and not isinstance(dtype, pd.DatetimeTZDtype)


def _read_csv(path: Path, schema: Table, marked: bool) -> pd.DataFrame:
    """The table as it was: words stay words ("1", "NA"), and fractions are left to `float`, exact to the last bit."""
    texts = {name: str for name, column in schema.columns.items() if _in_text(column)}
    frame = pd.read_csv(path, dtype=texts, keep_default_na=False)
    known = [name for name in frame if name in schema.columns]
    return frame.assign(**{name: _typed(frame[name], schema.columns[name], marked) for name in known})


def _in_text(column: Column) -> bool:
    """Whether the cells of a column are read as texts first, to make of them exactly what was written."""
    return column.type in {"category", "float64"} or column.type.startswith(("datetime64", "Int"))


def _typed(values: pd.Series, column: Column, marked: bool) -> pd.Series:
    """A column of a CSV file in its type; where it holds something else it stays as read, to be named so."""
    if column.type == "category":
        words = texts.unmarked(values, mark=marked, missing=column.missing)
        more = [word for word in words.dropna().unique() if word not in column.levels]
        return words.astype(pd.CategoricalDtype([*column.levels, *more], ordered=column.ordered))
    try:
        if column.type.startswith("datetime64"):
            return texts.to_times(values)
        if column.type.startswith("Int"):
            return texts.to_numbers(values, column.dtype)
        if column.type == "float64":
            return texts.to_fractions(values, missing=column.missing)
        typed = values.astype(column.dtype)
    except (TypeError, ValueError, OverflowError):
        return values
    # Numbers must not have changed by being made small, whole or yes and no.
    return typed if (typed == values).all() else values
