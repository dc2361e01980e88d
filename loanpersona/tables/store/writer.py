"""Writing one table part by part, as Parquet or CSV, so that it never has to be there whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from loanpersona.tables import Column, Table
from loanpersona.tables.store import texts

if TYPE_CHECKING:
    import pyarrow as pa

SYNTHETIC = "SYNTHETIC: drawn from a persona file; no row is a real person"
ROW_GROUP = 1_048_576
"""Rows that stand together in a Parquet file at most; readers hold one such group at a time."""

Add = Callable[[pd.DataFrame], None]
"""Writes the next rows of a table."""


def writing(path: Path, schema: Table) -> AbstractContextManager[Add]:
    """A function that appends rows to the file at `path`, which is whole once the block has ended well."""
    return _csv(path, schema) if path.suffix == ".csv" else _parquet(path, schema)


def size(frame: pd.DataFrame, schema: Table, format: str) -> int:
    """About how many bytes these rows take in a file."""
    if format == "csv":
        cells = _cells(frame, schema)
        return sum(len(str(cell).encode()) + 1 for name in cells for cell in cells[name])
    file = BytesIO()
    with _rows(file, schema) as add:
        add(frame)
    return len(file.getvalue())


def _empty(schema: Table) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=column.dtype) for name, column in schema.columns.items()})


# CSV


@contextmanager
def _csv(path: Path, schema: Table) -> Iterator[Add]:
    # Python leaves these without quotes; elsewhere they begin a new row or, by locale, a new cell.
    breaks = any(set(word) & set("\r;\t|") for column in schema.columns.values() for word in column.levels)
    form = {"index": False, "lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC if breaks else csv.QUOTE_MINIMAL}
    with path.open("w", encoding="utf-8", newline="") as file:
        _cells(_empty(schema), schema).to_csv(file, **form)
        yield lambda frame: _cells(frame, schema).to_csv(file, header=False, **form)


def _cells(frame: pd.DataFrame, schema: Table) -> pd.DataFrame:
    """Rows as they stand in CSV: words with their marks, times as texts. Numbers are left to pandas."""
    cells = {name: _cell(frame[name], column) for name, column in schema.columns.items()}
    return pd.DataFrame(cells, index=frame.index, copy=False)


def _cell(values: pd.Series, column: Column) -> Any:
    if column.type == "category":
        return values.cat.rename_categories(lambda word: texts.marked(word, missing=column.missing))
    return texts.of_times(values, day=column.day) if column.type.startswith("datetime64") else values


# Parquet


@contextmanager
def _parquet(path: Path, schema: Table) -> Iterator[Add]:
    with path.open("wb") as file, _rows(file, schema) as add:  # pyarrow cannot name every folder where the locale is C
        yield add


@contextmanager
def _rows(file: IO[bytes], schema: Table) -> Iterator[Add]:
    import pyarrow.parquet as pq

    form = _form(schema)
    writer = pq.ParquetWriter(file, form, compression="snappy", **_encodings(schema))
    try:
        yield lambda frame: writer.write_table(_arrow(frame, form), ROW_GROUP)
        writer.close()
    finally:
        writer.is_open = False  # where it failed, it must not try again when it is forgotten


def _encodings(schema: Table) -> dict[str, Any]:
    """How columns are packed, and for which of them readers are told the least and greatest value of each group."""
    coded = [name for name, column in schema.columns.items() if _is_coded(column)]
    others = {name: _encoding(column) for name, column in schema.columns.items() if name not in coded}
    sought = [name for name, column in schema.columns.items() if name in schema.key.split() or column.dtype.kind == "M"]
    return {"use_dictionary": coded or False, "column_encoding": others or None, "write_statistics": sought or False}


def _is_coded(column: Column) -> bool:
    """Whether codes stand for the values: for words, and for fractions that a persona states, which are few."""
    return column.type == "category" or (column.dtype.kind == "f" and not column.made)


def _encoding(column: Column) -> str:
    """Whole numbers and times are told by their differences, amounts of money byte by byte."""
    kind = column.dtype.kind
    if kind == "f":  # before pyarrow 17, fractions told byte by byte could not be read back where some are missing
        return "PLAIN" if column.missing else "BYTE_STREAM_SPLIT"
    return "PLAIN" if kind == "b" else "DELTA_BINARY_PACKED"


def _form(schema: Table) -> pa.Schema:
    """The columns as Arrow has them, with what pandas needs to give them back and with the mark that all is made up."""
    import pyarrow as pa

    fields = [pa.field(name, _type(column)) for name, column in schema.columns.items()]
    kept = pa.Schema.from_pandas(_empty(schema), preserve_index=False).metadata or {}
    marks = {"synthetic": SYNTHETIC, "PANDAS_ATTRS": json.dumps({"synthetic": SYNTHETIC})}
    return pa.schema(fields, {**kept, **marks})


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    if column.type == "category":
        codes = pd.Categorical([], dtype=column.dtype).codes.dtype
        return pa.dictionary(pa.from_numpy_dtype(codes), pa.string(), column.ordered)
    if column.type.startswith("datetime64"):
        return pa.timestamp("ms")  # Parquet knows no seconds
    dtype = column.dtype
    return pa.from_numpy_dtype(getattr(dtype, "numpy_dtype", dtype))


def _arrow(frame: pd.DataFrame, form: pa.Schema) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_arrays([_array(frame[field.name], field.type) for field in form], schema=form)


def _array(values: pd.Series, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        codes = values.cat.codes.to_numpy()
        words = pa.array([str(word) for word in values.cat.categories], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), words, ordered=kind.ordered)
    if pa.types.is_timestamp(kind):
        return pa.array(values.to_numpy().astype("<M8[ms]"), kind)
    return pa.array(values.array if hasattr(values.dtype, "numpy_dtype") else values.to_numpy(), kind, from_pandas=True)
