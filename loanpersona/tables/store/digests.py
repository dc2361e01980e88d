"""The digest of a population: over what its columns hold, and not over files, dtypes or how it came in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

NOTHING = np.iinfo(np.int64).min
"""Stands for a missing number or time, as numpy has it for times."""


class ColumnDigest:
    """SHA-256 of a column that comes in parts: its kind, the words of its levels, its values as little-endian numbers.

    >>> found = ColumnDigest(np.dtype("int8"))
    >>> found.add(pd.Series([1, 2], dtype="int8")), found.add(pd.Series([3], dtype="int8"))
    (None, None)
    >>> found.hexdigest() == column_digest(pd.Series([1, 2, 3]))
    True
    """

    def __init__(self, dtype: Any) -> None:
        self._kind = _kind(dtype)
        self._found = hashlib.sha256(self._kind.encode())
        if self._kind == "category":
            for level in dtype.categories:
                word = str(level).encode()
                self._found.update(len(word).to_bytes(8, "little") + word)

    def add(self, values: pd.Series) -> None:
        """Take the next values, of the same type."""
        self._found.update(np.ascontiguousarray(_numbers(values, self._kind)).data)

    def hexdigest(self) -> str:
        """The digest of all values so far."""
        return self._found.hexdigest()


def _kind(dtype: Any) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if dtype.kind == "i" and not isinstance(dtype, np.dtype):
        return "Int"
    return {"b": "bool", "i": "<i8", "u": "<i8", "f": "<f8", "M": "time"}[dtype.kind]


def _numbers(values: pd.Series, kind: str) -> npt.NDArray[Any]:
    if kind == "category":
        return np.asarray(values.cat.codes).astype("<i4")
    if kind == "Int":
        return np.asarray(values.to_numpy("int64", na_value=NOTHING).astype("<i8"))
    if kind == "time":
        return np.asarray(values.to_numpy().astype("<M8[s]").view("<i8"))
    numbers: npt.NDArray[Any] = values.to_numpy().astype("u1" if kind == "bool" else kind)
    if kind == "<f8" and (gone := np.isnan(numbers)).any():
        numbers[gone] = np.nan  # a machine may know many; astype made a copy
    return numbers


def column_digest(values: pd.Series) -> str:
    """SHA-256 of one column that is there whole."""
    result = ColumnDigest(values.dtype)
    result.add(values)
    return result.hexdigest()


def digest(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over the canonical columns of all tables, in hexadecimal; file formats and dtypes do not count.

    >>> frame = pd.DataFrame({"a": [1, 2]})
    >>> digest({"t": frame}) == digest({"t": frame.astype("int8")})
    True
    """
    return combined({name: {str(c): column_digest(frame[c]) for c in frame} for name, frame in frames.items()})


def combined(columns: Mapping[str, Mapping[str, str]]) -> str:
    """The digest of a population from the digests of the columns of each table."""
    lines = [
        f"{table}.{column} {columns[table][column]}\n" for table in sorted(columns) for column in sorted(columns[table])
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
