"""When they borrow (1.4a to 1.4c): hours, weekdays and days of the month of loans against an even spread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import By, one_of
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import EVERYBODY, column_of, each_group, levels, stacked, with_groups
from loanpersona.analysis.habits.moments import CALENDAR, CELLS, TIMES, Cell, known_loans, windows
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, Days, clustered_ratio, clustered_share
from loanpersona.tables.book import Book


@frame(
    statements="1.4a 1.4b 1.4c",
    counts="loans",
    keys="of",
    estimate="relative",
    written={
        "relative": "ratio",
        "share_low": "share",
        "share_high": "share",
        "baseline": "share",
        "days": "count",
        "difference": "share",
        "difference_low": "share",
        "difference_high": "share",
    },
    reads={"loans": "loan_id user_id borrowed_at"},
)
def timing(
    book: Book,
    *,
    of: str | tuple[str, str] = "hour",
    by: By = None,
    against: str | None = None,
    width: int = 4,
    shift: int = 0,
) -> pd.DataFrame:
    """Loans in each cell of the clock or the calendar, over those of an even spread (1.4a to 1.4c).

    `of` is one or two of hour, window (of `width` hours, the first beginning at `shift`), daytime (9:00 to before
    18:00), weekday, working_day (Monday to Friday), day_type (workdays of China), day_of_month, part_of_month, month.
    Columns: of, n (loans), k, relative (1 is as many as evenly from the first loan to the last; users and days,
    each of which has a luck of its own, are clusters),
    low, high, share (of all loans), share_low, share_high, baseline, days (that have the cell), clusters,
    design_effect, effective_n. With `against`, a cell such as "8..11" or "monday 9": difference (its share minus that
    of the row), difference_low, difference_high, which hold together (Bonferroni).
    Raises InputError for day_type beyond the years of the calendar.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.timing(population, of="working_day")["working_day"].tolist()
    ['monday_to_friday', 'weekend']
    """
    cells = {one_of("of", one, CELLS): CELLS[one] for one in of}
    if "window" in cells:
        cells["window"] = partial(windows, width=width, shift=shift)
    loans = with_groups(book, known_loans(book, "borrowed_at"), by, "loan", book.last_day)
    at = pd.DatetimeIndex(loans["borrowed_at"])
    loans = loans.assign(cell=_codes(at, cells))
    names = pd.DataFrame(product(*(cell(at[:1]).categories for cell in cells.values())), columns=list(cells))
    words = [" ".join(map(str, one)) for one in names.itertuples(index=False)]
    rival = None if against is None else words.index(one_of("against", against, words))
    made = ((group, _of_cells(part, *_even(at, cells, names, group), rival)) for group, part in each_group(loans, by))
    return stacked(made, loans, by)


def _codes(at: pd.DatetimeIndex, cells: Mapping[str, Cell]) -> np.ndarray:
    """The number of the cell that each time lies in."""
    result = np.zeros(len(at), int)
    for cell in cells.values():
        values = cell(at)
        if (values.codes < 0).any():
            raise InputError(f"loans.borrowed_at: from {at.min():%Y-%m-%d} to {at.max():%Y-%m-%d}, but {CALENDAR}.")
        result = result * len(values.categories) + values.codes
    return result


def _even(
    at: pd.DatetimeIndex, cells: Mapping[str, Cell], names: pd.DataFrame, group: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each cell with its share of the hours from the first day to the last, and the days that have it.

    Then day by day the hours of each cell. A group of the clock or the calendar, such as the weekends, has its own
    hours only.
    """
    hours = pd.date_range(at.min().normalize(), at.max().normalize() + pd.Timedelta(hours=23), freq="h", unit="s")
    for name, level in zip(map(column_of, group), group.values(), strict=True):
        if name in TIMES and level != EVERYBODY:
            hours = hours[levels(pd.Series(TIMES[name](hours)), name) == level]
    days, place = np.unique(hours.normalize(), return_inverse=True)
    many = np.bincount(place * len(names) + _codes(hours, cells), minlength=len(days) * len(names))
    daily = pd.DataFrame(many.reshape(len(days), len(names)), pd.DatetimeIndex(days))
    even = names.assign(baseline=daily.sum().to_numpy() / len(hours), days=(daily > 0).sum().to_numpy())
    return even, daily


def _alike(loans: pd.DataFrame, daily: pd.DataFrame, *cells: int) -> Days:
    """The days of some loans; those of one quarter with as many hours of these cells differ by their luck only."""
    quarters = pd.DatetimeIndex(daily.index)
    kinds = quarters.year * 4 + quarters.quarter
    for cell in cells:
        kinds = kinds * 25 + daily[cell].to_numpy()
    return Days(quarters.get_indexer(loans["borrowed_at"].dt.normalize()), kinds)


def _of_cells(loans: pd.DataFrame, even: pd.DataFrame, daily: pd.DataFrame, rival: int | None) -> pd.DataFrame:
    shares = (
        clustered_share(loans["cell"] == cell, loans["user_id"], days=_alike(loans, daily, cell)) for cell in even.index
    )
    result = pd.DataFrame(shares)
    base = even["baseline"].where(even["baseline"] > 0)
    ends = {"share": "relative", "low": "low", "high": "high"}
    relative = pd.DataFrame({name: result[share] / base for share, name in ends.items()})
    of_all = result[list(ends)].rename(columns={"low": "share_low", "high": "share_high"})
    rest = result[["clusters", "design_effect", "effective_n"]]
    counts = even[["baseline", "days"]]
    made = pd.concat([even.drop(columns=counts.columns), result[["n", "k"]], relative, of_all, counts, rest], axis=1)
    made["why"] = base.isna().map({True: "no_such_day"})
    return made if rival is None else pd.concat([made, _gaps(loans, rival, daily)], axis=1)


def _gaps(loans: pd.DataFrame, rival: int, daily: pd.DataFrame) -> pd.DataFrame:
    """How far one cell leads each other, as the mean of +1, −1 and 0 over loans."""
    cells = daily.shape[1]
    together, rows = 1 - (1 - LEVEL) / max(cells - 1, 1), []
    for cell in range(cells):
        score = (loans["cell"] == rival).astype(float) - (loans["cell"] == cell)
        gap = clustered_ratio(score, np.ones(len(score)), loans["user_id"], together, _alike(loans, daily, rival, cell))
        rows.append([np.nan] * 3 if cell == rival else [gap["value"], gap["low"], gap["high"]])
    return pd.DataFrame(rows, columns=["difference", "difference_low", "difference_high"])
