"""Loans day by day and around Spring Festival (1.4d). Days are the units: each has a luck of its own."""

from __future__ import annotations

from math import exp

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from loanpersona.analysis.frames import ONE_DAY, columns
from loanpersona.analysis.habits.rhythm import WEEKDAYS
from loanpersona.core import chinese_days
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL

MONTH_AFTER = (1, 30)
"""Days after the first day of the festival that make the month after it."""
AROUND = ((-90, -31), (31, 90))
"""Days before and after it that the month is compared with."""
WEEKS = range(-12, 13)
"""Weeks from the festival on that a picture shows."""


def new_years(days: pd.DatetimeIndex) -> dict[int, pd.Timestamp]:
    """The first day of the Spring Festival of each year that some days lie in, as far as the calendar reaches.

    >>> {year: f"{day:%m-%d}" for year, day in new_years(pd.DatetimeIndex(["2024-05-01"])).items()}
    {2024: '02-10'}
    """
    years = range(max(days.min().year, chinese_days.FIRST), min(days.max().year, chinese_days.LAST) + 1)
    return {year: pd.Timestamp(chinese_days.year(year).new_year) for year in years}


def daily(loans: pd.DataFrame) -> pd.DataFrame:
    """Loans of every day from the first loan to the last, none left out.

    Columns: day, weekday, loans, spring_festival (whether it is the first day of the festival).
    A count of all loans has no interval.
    """
    days = columns(loans, "loans", ["borrowed_at"])["borrowed_at"].dt.normalize()
    counts = days.value_counts().reindex(pd.date_range(days.min(), days.max(), unit="s"), fill_value=0)
    first = counts.index.isin(list(new_years(counts.index).values()))
    names = [WEEKDAYS[one] for one in counts.index.day_of_week]
    return pd.DataFrame({"day": counts.index, "weekday": names, "loans": counts.to_numpy(), "spring_festival": first})


def spring_festival(loans: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """The month after Spring Festival against the time around it (1.4d), year by year and pooled.

    The ratio is the daily rate in [D+1, D+30] over the mean of the daily rates in [D−90, D−31] and [D+31, D+90],
    D being the first day. Years whose windows are not wholly inside the data are left out. The interval is that
    of the log ratio, from the spread between the days of each window: a Poisson interval would be too short.
    The pooled ratio is the mean of the logs, each year counting alike; it needs two years.
    Columns: year (words; `pooled` last), month_rate, around_rate (loans a day), rate_ratio, low, high.
    Raises InputError where no year has all its windows.
    """
    counts = _counts(loans)
    years = {year: _log_ratio(counts, day) for year, day in _inside(counts, -90, 90).items()}
    if not years:
        first, last = counts.index.min(), counts.index.max()
        raise InputError(
            f"loans.borrowed_at: from {first:%Y-%m-%d} to {last:%Y-%m-%d} no Spring Festival has 90 days "
            "on both sides. Allowed: loans of half a year around one."
        )
    rows = [_ratio(str(year), [found], level) for year, found in years.items()]
    if len(years) > 1:
        rows.append(_ratio("pooled", list(years.values()), level))
    return pd.DataFrame(rows)


def around_festival(loans: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Daily loans week by week from Spring Festival on, relative to the time around it, all years together.

    Week 0 begins on the first day of the festival. What they are relative to is that of `spring_festival`.
    Columns: week (−12 to 12), days, rate_ratio, low, high (from the spread between the days). Raises as it does.
    """
    counts = _counts(loans)
    spring_festival(loans)  # refuses what has no year
    scaled = []
    for day in _inside(counts, -90, 90).values():
        around = np.mean([_window(counts, day, *span).mean() for span in AROUND])
        part = _window(counts, day, WEEKS[0] * 7, WEEKS[-1] * 7 + 6)
        scaled.append(pd.Series(part.to_numpy() / around, (part.index - day).days // 7))
    weeks = pd.concat(scaled).groupby(level=0)
    n, ratio = weeks.size(), weeks.mean()
    half = stdtrit(n - 1, (1 + level) / 2) * weeks.std() / np.sqrt(n)
    found = {"days": n, "rate_ratio": ratio, "low": (ratio - half).clip(lower=0), "high": ratio + half}
    return pd.DataFrame(found).rename_axis("week").reset_index()


def _counts(loans: pd.DataFrame) -> pd.Series:
    found = daily(loans)
    return found.set_index("day")["loans"]


def _inside(counts: pd.Series, before: int, after: int) -> dict[int, pd.Timestamp]:
    """The festivals whose windows are wholly inside the data."""
    first, last = counts.index.min(), counts.index.max()
    return {
        year: day
        for year, day in new_years(counts.index).items()
        if first <= day + before * ONE_DAY and day + after * ONE_DAY <= last
    }


def _window(counts: pd.Series, day: pd.Timestamp, start: int, end: int) -> pd.Series:
    return counts[day + start * ONE_DAY : day + end * ONE_DAY]


def _log_ratio(counts: pd.Series, day: pd.Timestamp) -> tuple[float, float, float, float]:
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


def _ratio(year: str, found: list[tuple[float, float, float, float]], level: float) -> dict[str, object]:
    rates, around, variances, freedoms = (np.array(part) for part in zip(*found, strict=True))
    row = {"year": year, "month_rate": rates.mean(), "around_rate": around.mean()}
    if not (rates.all() and around.all()):  # a month without any loan has no log ratio
        return {
            **row,
            "rate_ratio": rates.sum() / around.sum() if around.all() else np.nan,
            "low": np.nan,
            "high": np.nan,
        }
    middle, variance = float(np.log(rates / around).mean()), variances.sum() / len(found) ** 2
    freedom = variances.sum() ** 2 / (variances**2 / freedoms).sum() if variance else freedoms.min()
    half = float(stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance))
    return {**row, "rate_ratio": exp(middle), "low": exp(middle - half), "high": exp(middle + half)}
