"""How values stand in the cells of a CSV file, and back: words, times, and numbers that may be missing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

TEXT_MARK = "'"
"""Stands before a word in CSV that a spreadsheet would run as a formula; before itself too, so it can be undone.
Alone it is the empty word, where an empty cell means that there is none."""
_MARKED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", TEXT_MARK)
_DAY = 86_400

Cells = npt.NDArray[np.object_]


def marked(word: str, *, missing: bool = False) -> str:
    """A word as it stands in a cell of a column that may be `missing`.

    >>> marked("=1+1"), marked("a"), marked("", missing=True)
    ("'=1+1", 'a', "'")
    """
    return TEXT_MARK + word if word.startswith(_MARKED) or (missing and not word) else word


def unmarked(cells: pd.Series, *, mark: bool, missing: bool) -> pd.Series:
    """The words of cells; `mark` says whether marks are to be taken off."""
    words = cells.mask(cells == "") if missing else cells
    return words.str.removeprefix(TEXT_MARK) if mark else words


def of_times(values: pd.Series, *, day: bool) -> Cells:
    """Times as `2021-02-03 04:05:06`, and as `2021-02-03` where a `day` is meant; nothing where one is missing.

    >>> list(of_times(pd.Series(["2021-02-03", None], dtype="datetime64[s]"), day=True))
    ['2021-02-03', '']
    """
    gone = values.isna().to_numpy()
    seconds = np.where(gone, 0, values.to_numpy().astype("<M8[s]").view("<i8"))
    days, clock = np.divmod(seconds, _DAY)
    known, place = np.unique(days, return_inverse=True)
    words = np.datetime_as_string(known.astype("<M8[D]")).astype(object)
    cells: Cells = words[place] + _clock(day)[clock]
    cells[gone] = ""
    return cells


@cache
def _clock(day: bool) -> Cells:
    """What follows the date at each second of a day; at midnight nothing where a day is meant."""
    times = [f" {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(_DAY)]
    return np.array(["", *times[1:]] if day else times, object)


def to_times(cells: pd.Series) -> pd.Series:
    """Times from cells; raises ValueError where one does not stand as we write it.

    >>> to_times(pd.Series(["2021-02-03 04:05:06", ""])).isna().tolist()
    [False, True]
    """
    words = cells.to_numpy(object)
    gone = words == ""
    result = pd.Series(np.where(gone, "NaT", words).astype("U").astype("<M8[s]"), cells.index, name=cells.name)
    long, short = (of_times(result, day=day) for day in (False, True))
    if not ((words == long) | (words == short)).all():
        raise ValueError("not times as they are written here")
    return result


def to_numbers(cells: pd.Series, dtype: Any) -> pd.Series:
    """Whole numbers that may be missing, from cells; raises ValueError where one is no number or does not fit.

    >>> to_numbers(pd.Series(["12", ""]), pd.Int16Dtype()).tolist()
    [12, <NA>]
    """
    words = cells.to_numpy(object)
    gone = words == ""
    numbers = np.where(gone, "0", words).astype("int64")
    small = numbers.astype(dtype.numpy_dtype)
    if not (gone | (small.astype(str).astype(object) == words)).all():
        raise ValueError("not whole numbers of this type")
    return pd.Series(pd.arrays.IntegerArray(small, gone), cells.index, name=cells.name)


def to_fractions(cells: pd.Series, *, missing: bool) -> pd.Series:
    """Fractions from cells, exact to the last bit; raises ValueError where one is none."""
    return (cells.mask(cells == "", "nan") if missing else cells).astype("float64")
