"""Loans day by day and around Spring Festival (1.4d). Each day has a luck of its own, each user habits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import exp

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from loanpersona.analysis.arguments import DAY, By, Day, one_of
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups
from loanpersona.analysis.habits.moments import CALENDAR, WEEKDAYS, known_loans
from loanpersona.core import chinese_days
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import Days, summed_error, tails
from loanpersona.tables.book import Book

SPANS = {"day": "D", "week": "W-SUN", "month": "M"}
MONTH_AFTER = (1, 30)
"""Days after the first day of the festival that make the month after it."""
AROUND = ((-90, -31), (31, 90))
"""Days before and after it that the month is compared with."""
WEEKS = range(-12, 13)
"""Weeks from the festival on that a picture shows."""
Row = dict[str, object]


def new_years(days: pd.DatetimeIndex) -> dict[int, pd.Timestamp]:
    """The first day of the Spring Festival of each year that some days lie in, as far as the calendar reaches.

    >>> {year: f"{day:%m-%d}" for year, day in new_years(pd.DatetimeIndex(["2024-05-01"])).items()}
    {2024: '02-10'}
    """
    years = range(max(days.min().year, chinese_days.FIRST), min(days.max().year, chinese_days.LAST) + 1)
    return {year: pd.Timestamp(chinese_days.year(year).new_year) for year in years}


@frame(
    statements="1.4d",
    counts="loans",
    keys="begins",
    estimate="loans",
    written={"begins": "day", "loans": "count", "lent_cny": "money", "spring_festival": "flag"},
    reads={"loans": "loan_id user_id borrowed_at amount_cny"},
)
def originations(book: Book, *, by: By = None, every: str = "month") -> pd.DataFrame:
    """Loans and the money lent in every day, week or month from the first loan to the last, none left out (1.4d).

    `every` is day, week (from Monday on) or month. A count of all loans has no interval.
    Columns: begins (first day), loans, lent_cny (CNY); for days also weekday, and spring_festival: whether it is the
    first day of the festival, missing where the calendar (2008 to 2099) does not know.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.originations(population, every="day")["loans"].tolist()[:4]
    [1, 0, 0, 0]
    """
    one_of("every", every, SPANS)
    loans = with_groups(book, known_loans(book, "borrowed_at"), by, "loan", book.last_day)
    loans = loans.assign(amount=book.loans["amount_cny"].reindex(loans.index))
    loans = loans.assign(period=loans["borrowed_at"].dt.to_period(SPANS[every]))
    whole = pd.period_range(loans["period"].min(), loans["period"].max(), freq=SPANS[every])
    return by_group(loans, by, partial(_of_periods, whole=whole))


def _of_periods(loans: pd.DataFrame, whole: pd.PeriodIndex) -> pd.DataFrame:
    amounts = loans.groupby("period")["amount"].agg(["size", "sum"]).reindex(whole, fill_value=0)
    begins = pd.DatetimeIndex(whole.start_time).as_unit("s")
    result = pd.DataFrame(
        {"begins": begins, "loans": amounts["size"].to_numpy(), "lent_cny": amounts["sum"].to_numpy()}
    )
    return result.assign(**_days(begins)) if whole.freqstr == "D" else result


def _days(days: pd.DatetimeIndex) -> dict[str, object]:
    known = (days.year >= chinese_days.FIRST) & (days.year <= chinese_days.LAST)
    first = pd.array(days.isin(list(new_years(days).values())), dtype="boolean")
    first[~known] = pd.NA
    return {"weekday": [WEEKDAYS[one] for one in days.day_of_week], "spring_festival": first}


@frame(
    statements="1.4d",
    counts="days",
    keys="of",
    estimate="rate_ratio",
    written={"rate_ratio": "ratio", "month_rate": "number", "around_rate": "number"},
    reads={"loans": "loan_id user_id borrowed_at"},
    smallest=7,
)
def festival(book: Book, *, of: str = "week", by: By = None, until: Day = None) -> pd.DataFrame:
    """Loans a day around Spring Festival over those of the time around it (1.4d), by week or by year.

    The time around is days −90 to −31 and 31 to 90 from D, its first day; years whose days are not all between the
    first loan and the last are left out. `of` is week (−12 to 12 from D on, all years together) or year: there the
    30 days after D, and `pooled`, the mean of the logs, each year counting alike.
    Columns: of, n (days), rate_ratio, low, high (clustered by user and by day: a Poisson interval would be too short),
    for years also month_rate, around_rate (loans a day). A year without a loan in those days has no interval.
    Raises InputError where no year is whole, and beyond the years of the calendar.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.festival(population, of="year")["year"].tolist()
    ['2022', '2023', '2024', 'pooled']
    """
    which = one_of("of", of[0] if len(of) == 1 else of, READ)
    loans = with_groups(book, known_loans(book, "borrowed_at"), by, "loan", until)
    loans = loans.assign(day=loans["borrowed_at"].dt.normalize())[loans["borrowed_at"] <= until]
    if loans.empty:
        raise InputError(f"loans: none was taken by {until:%Y-%m-%d}. Allowed: a day from the first loan on.")
    days = pd.date_range(loans["day"].min(), loans["day"].max(), unit="s")
    read = partial(_of_festivals, days=days, whole=_whole_years(days), read=READ[which])
    return by_group(loans, by, read)


def _whole_years(days: pd.DatetimeIndex) -> dict[int, pd.Timestamp]:
    """The festivals whose windows are wholly inside these days."""
    span = f"loans.borrowed_at: from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
    if days[0].year < chinese_days.FIRST or days[-1].year > chinese_days.LAST:
        raise InputError(f"{span}, but {CALENDAR}. Hint: leave out the loans of other years.")
    result = {year: day for year, day in new_years(days).items() if {day - 90 * DAY, day + 90 * DAY} <= set(days)}
    if not result:
        raise InputError(
            f"{span} no Spring Festival has 90 days on both sides. Allowed: loans of half a year around one."
        )
    return result


def _of_festivals(
    loans: pd.DataFrame, days: pd.DatetimeIndex, whole: Mapping[int, pd.Timestamp], read: Callable[..., pd.DataFrame]
) -> pd.DataFrame:
    at = days.get_indexer(loans["day"])
    result = pd.DataFrame(read(Loans(days, at, loans["user_id"]), whole))
    return result.assign(why=result["low"].isna().map({True: "no_loans_there"}))


@dataclass(frozen=True)
class Loans:
    """Loans by the days of a calendar: the place of each one's day, and its user."""

    days: pd.DatetimeIndex
    at: np.ndarray
    users: pd.Series

    @property
    def counts(self) -> np.ndarray:
        """The loans of each day."""
        return np.bincount(self.at, minlength=len(self.days))

    def half(self, pulls: np.ndarray, kinds: np.ndarray, here: np.ndarray) -> float:
        """Half an interval of what every loan of a day pulls; days of one kind differ by their luck only.

        Student's t with as many degrees of freedom as the days `here`, which are the fewest, leave beyond their kinds.
        """
        freedom = here.sum() - len(np.unique(kinds[here]))
        return float(stdtrit(freedom, tails()[1])) * summed_error(pulls[self.at], self.users, Days(self.at, kinds))


@dataclass(frozen=True)
class Span:
    """Some days beside a festival and the time around it."""

    rate: float
    around: float
    pulls: np.ndarray
    """What a loan of each day adds to the ratio of both."""
    part: np.ndarray
    """Of each day: 1 in the span, else 2 or 3 on either side, 0 elsewhere."""


def by_year(loans: Loans, whole: Mapping[int, pd.Timestamp]) -> list[Row]:
    """The month after each festival, and all years together."""
    years = {str(year): [_span(loans, day, MONTH_AFTER)] for year, day in whole.items()}
    if len(years) > 1:
        years["pooled"] = [one for result in years.values() for one in result]
    return [{"year": year, "n": 150 * len(spans), **_ratio(loans, spans)} for year, spans in years.items()]


def by_week(loans: Loans, whole: Mapping[int, pd.Timestamp]) -> list[Row]:
    """Each week from the festivals on, all years together."""
    rows: list[Row] = []
    for week in WEEKS:
        spans = [_span(loans, day, (7 * week, 7 * week + 6)) for day in whole.values()]
        value = float(np.mean([one.rate / one.around if one.around else np.nan for one in spans]))
        # Weekdays are told apart by more than one year only.
        kinds = sum(one.part for one in spans) * 7 + loans.days.day_of_week * (len(spans) > 1)
        pulls = np.mean([one.pulls for one in spans], axis=0)
        rows.append({"week": week, "n": 7 * len(spans), **_interval(loans, value, pulls, kinds, spans)})
    return rows


READ = {"week": by_week, "year": by_year}


def _span(loans: Loans, day: pd.Timestamp, span: tuple[int, int]) -> Span:
    after = (loans.days - day).days.to_numpy()
    here, *sides = ((after >= start) & (after <= end) for start, end in (span, *AROUND))
    # The two sides count alike, also where one has more days.
    aside = np.mean([side / side.sum() for side in sides], axis=0)
    rate, around = float(loans.counts[here].mean()), float(aside @ loans.counts)
    pulls = (here / here.sum() - rate / around * aside) / around if around else aside
    return Span(rate, around, pulls, np.where(here, 1, 2 * sides[0] + 3 * sides[1]))


def _ratio(loans: Loans, spans: list[Span]) -> dict[str, float]:
    rates, around = (np.array([getattr(one, name) for one in spans]) for name in ("rate", "around"))
    means = {"month_rate": float(rates.mean()), "around_rate": float(around.mean())}
    if not (rates.all() and around.all()):  # a month without any loan has no log ratio
        plain = rates.sum() / around.sum() if around.all() else np.nan
        return {"rate_ratio": plain, "low": np.nan, "high": np.nan, **means}
    value = exp(float(np.log(rates / around).mean()))
    pulls = value * np.mean([one.pulls * one.around / one.rate for one in spans], axis=0)
    # Years are told apart, by more than the three parts of each.
    kinds = sum((4 * year + 1) * one.part for year, one in enumerate(spans)) * 7 + loans.days.day_of_week
    return {**_interval(loans, value, pulls, kinds, spans), **means}


def _interval(loans: Loans, value: float, pulls: np.ndarray, kinds: np.ndarray, spans: list[Span]) -> dict[str, float]:
    """A ratio with its interval on the scale of logs, which one of nought has not."""
    here = np.any([one.part == 1 for one in spans], axis=0)
    half = loans.half(pulls / value, np.asarray(kinds), here) if value > 0 else np.nan
    return {"rate_ratio": value, "low": value * exp(-half), "high": value * exp(half)}
