"""Keys: that each row has one of its own, and that what points to another table finds a row there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


def repeated(frame: pd.DataFrame, key: Sequence[str]) -> tuple[int, str] | None:
    """How many rows bear a key that an earlier row bears, and the first such key; None where there is none.

    >>> repeated(pd.DataFrame({"loan_id": [4, 7, 7]}), ["loan_id"])
    (1, '7')
    """
    if _rises([_numbers(frame[name]) for name in key]):
        return None
    again = frame.duplicated(list(key))
    first = frame.loc[again, list(key)].head(1).to_numpy(object)
    return (int(again.sum()), " ".join(map(str, first[0]))) if len(first) else None


def _rises(columns: Sequence[Array]) -> bool:
    """Whether rows stand in the strict order of their keys, as ours do: then no key can stand twice."""
    same = np.ones(max(len(columns[0]) - 1, 0), bool)
    for column in columns:
        if (same & (column[1:] < column[:-1])).any():
            return False
        same &= column[1:] == column[:-1]
    return not same.any()


def dangling(values: pd.Series, keys: pd.Series) -> tuple[int, str] | None:
    """How many values are not among the keys, and the first of them; None where all are. Missing ones point nowhere.

    >>> dangling(pd.Series([3, 9, 9]), pd.Series([1, 2, 3]))
    (2, '9')
    """
    pointing, known = _numbers(values.dropna()), _numbers(keys.dropna())
    if not _rises([known]):
        known = np.unique(known)
    # Rows of one loan stand together: one of each run is looked up, so that the lookup costs next to nothing.
    starts = np.flatnonzero(np.r_[True, pointing[1:] != pointing[:-1]]) if len(pointing) else np.empty(0, np.intp)
    runs = pointing[starts]
    place = np.searchsorted(known, runs)
    lost = known.take(place, mode="clip") != runs if len(known) else np.ones(len(runs), bool)
    if not lost.any():
        return None
    lengths = np.diff(np.r_[starts, len(pointing)])
    return int(lengths[lost].sum()), str(runs[lost][0])


def _numbers(values: pd.Series) -> Array:
    """The values as an array that compares fast."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes)
    return np.asarray(values.to_numpy("int64") if values.dtype.kind in "iu" else values.to_numpy())
