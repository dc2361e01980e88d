"""When a loan was asked for, as columns that group loans, and which of its user's loans it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from loanpersona.analysis.groups import cut_at, made
from loanpersona.core import chinese_days
from loanpersona.core.errors import InputError
from loanpersona.tables.book import Book, kept

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKING_DAYS = ("monday_to_friday", "weekend")
DAYTIME = ("from_9_to_18", "before_9_or_from_18")
DAY_TYPES = ("workday", "day_off")
PARTS_OF_MONTH = (1, 6, 11, 21, 26)
"""The days on which the parts of a month begin."""
NUMBERS = (1, 2, 3, 4, 6, 11, 21)
"""Where the bands of the number of a loan begin."""
CALENDAR = f"the calendar knows {chinese_days.FIRST} to {chinese_days.LAST} only"
Cell = Callable[[pd.DatetimeIndex], pd.Categorical]


def known_loans(book: Book, *columns: str) -> pd.DataFrame:
    """These columns of the loans that have them all, with the keys; raises InputError where there are, and none has."""
    result = book.loans.dropna(subset=list(columns))[["loan_id", "user_id", *columns]]
    if result.empty and len(book.loans):
        raise InputError(f"loans.{columns[0]}: no known value. Allowed: at least one.")
    return result


@kept
def numbered(book: Book) -> pd.DataFrame:
    """Loans with their time, in its order user by user, and `number`: the ordinal, counted here where there is none."""
    loans = known_loans(book, "borrowed_at").sort_values(["user_id", "borrowed_at", "loan_id"])
    if "ordinal" in book.loans and book.loans["ordinal"].notna().all():
        return loans.assign(number=book.loans["ordinal"].reindex(loans.index)).sort_values(["user_id", "number"])
    return loans.assign(number=loans.groupby("user_id").cumcount() + 1)


@made("loan")
def loan_number(book: Book, _: pd.Timestamp) -> pd.Series:
    """Which of its user's loans a loan is, in bands."""
    return cut_at(numbered(book).set_index("loan_id")["number"], NUMBERS)


def windows(at: pd.DatetimeIndex, width: int = 4, shift: int = 0) -> pd.Categorical:
    """Spans of the day of so many hours, the first of which begins at `shift`."""
    if 24 % width:
        raise InputError(f"width = {width}: does not divide the day. Allowed: 1, 2, 3, 4, 6, 8, 12 or 24.")
    starts = [(start + shift) % 24 for start in range(0, 24, width)]
    names = [f"{start}..{(start + width - 1) % 24}" if width > 1 else f"{start}" for start in starts]
    return _words((at.hour - shift) % 24 // width, names)


def day_types(at: pd.DatetimeIndex) -> pd.Categorical:
    """Workdays of China, make-up days among them, and days off; missing beyond the calendar."""
    days, place = np.unique(at.normalize(), return_inverse=True)
    return _words(np.array([_day_off(pd.Timestamp(day)) for day in days])[place], DAY_TYPES)


def _day_off(day: pd.Timestamp) -> int:
    """1 on a day off, 0 on a workday, -1 (missing) where nobody knows."""
    if not chinese_days.FIRST <= day.year <= chinese_days.LAST:
        return -1
    year, date = chinese_days.year(day.year), day.date()
    return int(date in year.off or (day.day_of_week >= 5 and date not in year.make_up))


def _words(codes: np.ndarray | pd.Index, names: list[str] | tuple[str, ...]) -> pd.Categorical:
    return pd.Categorical.from_codes(np.asarray(codes, int), list(names), ordered=True)


def _parts(at: pd.DatetimeIndex) -> pd.Categorical:
    names = [f"{start}..{end}" for start, end in zip(PARTS_OF_MONTH, (5, 10, 20, 25, 31), strict=True)]
    return _words(np.searchsorted(PARTS_OF_MONTH, at.day, side="right") - 1, names)


def _quarters(at: pd.DatetimeIndex) -> pd.Categorical:
    return pd.Categorical(at.year.astype(str) + "-Q" + at.quarter.astype(str), ordered=True)


CELLS: dict[str, Cell] = {
    "hour": lambda at: pd.Categorical(at.hour, range(24), ordered=True),
    "window": windows,
    "daytime": lambda at: _words((at.hour < 9) | (at.hour >= 18), DAYTIME),
    "weekday": lambda at: _words(at.day_of_week, WEEKDAYS),
    "working_day": lambda at: _words(at.day_of_week >= 5, WORKING_DAYS),
    "day_type": day_types,
    "day_of_month": lambda at: pd.Categorical(at.day, range(1, 32), ordered=True),
    "part_of_month": _parts,
    "month": lambda at: pd.Categorical(at.month, range(1, 13), ordered=True),
}
"""The cells of clock and calendar that a time lies in."""
TIMES = {**CELLS, "quarter": _quarters}
"""The columns of loans that their time alone makes."""


def _declare(name: str, cell: Cell) -> None:
    def make(book: Book, _: pd.Timestamp) -> pd.Series:
        at = known_loans(book, "borrowed_at").set_index("loan_id")["borrowed_at"]
        return pd.Series(cell(pd.DatetimeIndex(at)), at.index)

    make.__name__ = name
    made("loan")(make)


for _name, _cell in TIMES.items():
    _declare(_name, _cell)
