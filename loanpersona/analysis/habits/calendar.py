"""Loans day by day and around Spring Festival (1.4d). Days are the units: each has a luck of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from loanpersona.estimates.shares import LEVEL
from loanpersona.tables.book import Book

SPANS = {"day": "D", "week": "W-SUN", "month": "M"}
MONTH_AFTER = (1, 30)
"""Days after the first day of the festival that make the month after it."""
AROUND = ((-90, -31), (31, 90))
"""Days before and after it that the month is compared with."""
WEEKS = range(-12, 13)
"""Weeks from the festival on that a picture shows."""
Ratio = tuple[float, float, float, float]


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
    Columns: of, n (days), rate_ratio, low, high (from the spread between days: a Poisson interval would be too
    short), for years also month_rate, around_rate (loans a day). A year without a loan in those days has no interval.
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
    loans: pd.DataFrame,
    days: pd.DatetimeIndex,
    whole: Mapping[int, pd.Timestamp],
    read: Callable[[pd.Series, Mapping[int, pd.Timestamp]], pd.DataFrame],
) -> pd.DataFrame:
    result = read(loans["day"].value_counts().reindex(days, fill_value=0), whole)
    return result.assign(why=result["low"].isna().map({True: "no_loans_there"}))


def by_year(counts: pd.Series, whole: Mapping[int, pd.Timestamp]) -> pd.DataFrame:
    """The month after each festival, and all years together, from the loans of each day."""
    years = {str(year): [_log_ratio(counts, day)] for year, day in whole.items()}
    if len(years) > 1:
        years["pooled"] = [one for result in years.values() for one in result]
    return pd.DataFrame([{"year": year, "n": 150 * len(result), **_ratio(result)} for year, result in years.items()])


def by_week(counts: pd.Series, whole: Mapping[int, pd.Timestamp]) -> pd.DataFrame:
    """Each week from the festivals on, all years together, from the loans of each day."""
    scaled = []
    for day in whole.values():
        around = np.mean([_window(counts, day, *span).mean() for span in AROUND])
        part = _window(counts, day, WEEKS[0] * 7, WEEKS[-1] * 7 + 6)
        values = part / around if around else part * np.nan
        scaled.append(pd.Series(values.to_numpy(), (part.index - day).days // 7))
    weeks = pd.concat(scaled).groupby(level=0)
    n, ratio = weeks.count(), weeks.mean()
    half = stdtrit((n - 1).clip(lower=1), (1 + LEVEL) / 2) * weeks.std() / np.sqrt(n)
    result = {"n": n, "rate_ratio": ratio, "low": (ratio - half).clip(lower=0), "high": ratio + half}
    return pd.DataFrame(result).rename_axis("week").reset_index()


READ = {"week": by_week, "year": by_year}


def _window(counts: pd.Series, day: pd.Timestamp, start: int, end: int) -> pd.Series:
    return counts[day + start * DAY : day + end * DAY]


def _log_ratio(counts: pd.Series, day: pd.Timestamp) -> Ratio:
    """Daily rates of the month and around it, variance of the log ratio, and its degrees of freedom."""
    month = _window(counts, day, *MONTH_AFTER)
    sides = [_window(counts, day, *span) for span in AROUND]
    rate, around = month.mean(), np.mean([side.mean() for side in sides])
    # The two sides apart, so that growth from one to the other is not taken for luck.
    parts = [(month.var() / len(month), rate, len(month) - 1)]
    parts += [(side.var() / len(side) / 4, around, len(side) - 1) for side in sides]
    scaled = [(variance / mean**2 if mean else np.inf, freedom) for variance, mean, freedom in parts]
    total = sum(variance for variance, _ in scaled)
    spread = sum(variance**2 / freedom for variance, freedom in scaled)
    freedom = total**2 / spread if 0 < spread < np.inf else float(len(month) - 1)
    return float(rate), float(around), float(total), freedom


def _ratio(years: list[Ratio]) -> dict[str, float]:
    rates, around, variances, freedoms = (np.array(part) for part in zip(*years, strict=True))
    means = {"month_rate": float(rates.mean()), "around_rate": float(around.mean())}
    if not (rates.all() and around.all()):  # a month without any loan has no log ratio
        plain = rates.sum() / around.sum() if around.all() else np.nan
        return {"rate_ratio": plain, "low": np.nan, "high": np.nan, **means}
    middle, variance = float(np.log(rates / around).mean()), variances.sum() / len(years) ** 2
    freedom = variances.sum() ** 2 / (variances**2 / freedoms).sum() if variance else freedoms.min()
    half = float(stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(variance))
    return {"rate_ratio": exp(middle), "low": exp(middle - half), "high": exp(middle + half), **means}
