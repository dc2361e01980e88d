"""The calendar of a persona: what kind of day each day is, and time in which borrowing runs evenly.

Borrowing is dense in some hours and thin in others. The clock of a persona stretches them until it is even, so that
whoever draws waiting times needs no calendar: draw in even time, and `Clock.time` says when that was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loanpersona.core import chinese_days
from loanpersona.core.errors import InputError
from loanpersona.persona.model import Persona
from loanpersona.persona.seasons import HOURS, WEEKDAYS, Seasons, Window, factor
from loanpersona.simulation import chance

Int64Array = npt.NDArray[np.int64]

KINDS = ("workday", "rest_day", "public_holiday", "make_up_workday", "spring_festival")
"""Kinds of days: what people do on them, in place of what the weekday says."""
HOUR_SECONDS = 3600
EVEN_SECOND = 1 << 22
"""Even time of an average second; whole, fine enough for the rarest hour, and twenty years stay below 2**53."""
EVEN_DAY = HOURS * HOUR_SECONDS * EVEN_SECOND
"""Even time of an average day."""
_LUCK_BITS = 12
_LUCK_ONE = 1 << 24
_EPOCH = date(1970, 1, 1)
_ONE_DAY = timedelta(days=1)
_WORKDAYS = 5


class _Day(NamedTuple):
    date: date
    kind: str
    festival: int


# Days


def day_types(first: date, last: date) -> pd.DataFrame:
    """The days from `first` to `last`, both included, one row each.

    Columns: `date`; `weekday` (monday to sunday); `day_type` (one of `KINDS`; a weekend beside a public holiday is part
    of it, and the days off around New Year's Day are `spring_festival`); `festival_day`, days from the nearest New
    Year's Day; `projected`, true beyond the last year whose days off have been announced.

    >>> day_types(date(2024, 2, 9), date(2024, 2, 11))["day_type"].tolist()
    ['workday', 'spring_festival', 'spring_festival']
    """
    days = [day for day in _days(first.year, last.year) if first <= day.date <= last]
    return pd.DataFrame(
        {
            "date": np.array([day.date for day in days], dtype="datetime64[s]"),
            "weekday": [WEEKDAYS[day.date.weekday()] for day in days],
            "day_type": [day.kind for day in days],
            "festival_day": np.array([day.festival for day in days], dtype=np.int64),
            "projected": [chinese_days.projected(day.date.year) for day in days],
        }
    )


@lru_cache(maxsize=16)
def _days(first_year: int, last_year: int) -> tuple[_Day, ...]:
    """All days of some years."""
    years = {number: chinese_days.year(number) for number in range(first_year - 1, last_year + 2)}
    new_years = [result.new_year for result in years.values()]
    inside = (day for day in _with_kinds(years) if first_year <= day[0].year <= last_year)
    return tuple(_Day(day, kind, _from_nearest(day, new_years)) for day, kind in inside)


def _with_kinds(years: dict[int, chinese_days.Year]) -> Iterator[tuple[date, str]]:
    """Every day of the years with its kind; an unbroken run of days off is of one kind."""
    off = frozenset[date]().union(*(result.off for result in years.values()))
    make_up = frozenset[date]().union(*(result.make_up for result in years.values()))
    new_years = {result.new_year for result in years.values()}
    start, stop = date(min(years), 1, 1), date(max(years), 12, 31)
    every = (start + _ONE_DAY * i for i in range((stop - start).days + 1))
    for free, run in groupby(every, lambda day: day in off or (day.weekday() >= _WORKDAYS and day not in make_up)):
        days = list(run)
        kind = "spring_festival" if new_years & set(days) else "public_holiday" if off & set(days) else "rest_day"
        for day in days:
            yield day, kind if free else "make_up_workday" if day in make_up else "workday"


def _from_nearest(day: date, new_years: list[date]) -> int:
    return min(((day - new_year).days for new_year in new_years), key=abs)


# How much borrowing each day holds


def day_intensity(persona: Persona) -> pd.DataFrame:
    """The days of the persona's window as `day_types` has them, and `intensity`: the borrowing it holds, luck aside.

    The mean over the days of each full year is one, also where the window holds a part of the year only. Raises
    InputError where the persona has no calendar.

    >>> import loanpersona as lp
    >>> round(float(day_intensity(lp.load_persona("article"))["intensity"].sum()), 6)
    1461.0
    """
    window, seasons = _stated(persona)
    days = day_types(window.first, window.last)
    return days.assign(intensity=[float(level) for level in _levels(window, seasons)])


def _stated(persona: Persona) -> tuple[Window, Seasons]:
    if persona.window is None or persona.calendar is None:
        raise InputError(f"persona {persona.name}: states no time. Allowed: `window` and `calendar`, as in article.")
    return persona.window, persona.calendar


def _levels(window: Window, seasons: Seasons) -> Iterator[Fraction]:
    """The intensity of each day of the window, exactly."""
    days = _days(window.first.year, window.last.year)
    for _, group in groupby(days, lambda day: day.date.year):
        year = list(group)
        weights = [_weight(day, seasons) for day in year]
        mean = sum(weights, Fraction(0)) / len(year) or Fraction(1)  # a year without any borrowing stays so
        inside = (window.first <= day.date <= window.last for day in year)
        yield from (weight / mean for weight, clipped in zip(weights, inside, strict=True) if clipped)


def _weight(day: _Day, seasons: Seasons) -> Fraction:
    of_month = factor(seasons.day_of_month, day.date.day)
    if day.kind == "spring_festival":
        return seasons.festival_holiday * of_month
    if day.kind == "public_holiday":
        of_week = seasons.public_holiday
    elif day.kind == "make_up_workday":
        of_week = sum(seasons.weekday[:_WORKDAYS], Fraction(0)) / _WORKDAYS
    else:
        of_week = seasons.weekday[day.date.weekday()]
    return of_week * of_month * factor(seasons.spring_festival, day.festival)


# Even time


@dataclass(frozen=True, eq=False)
class Clock:
    """Time in which borrowing runs evenly: `worked` maps seconds since the window began to even time, `time` back."""

    start: np.datetime64
    """First second of the window, datetime64[s]."""
    total: int
    """Even time of the whole window."""
    seconds: int
    """Length of the window."""
    before: Int64Array = field(repr=False)
    """Even time before each hour of the window, and at its end."""
    rate: Int64Array = field(repr=False)
    """Even time of a second, hour by hour."""

    def worked(self, seconds: Int64Array) -> Int64Array:
        """Even time at some seconds since the window began; before it 0, after it `total`."""
        clipped = np.clip(seconds, 0, self.seconds)
        hour = np.minimum(clipped // HOUR_SECONDS, len(self.rate) - 1)
        result: Int64Array = self.before[hour] + (clipped - hour * HOUR_SECONDS) * self.rate[hour]
        return result

    def time(self, even: Int64Array) -> Int64Array:
        """Seconds since the window began at some even times; at or beyond `total` the end of the window, `seconds`.

        It is the inverse of `worked`, to the second. No time falls into an hour of weight zero.
        """
        clipped = np.clip(even, 0, self.total)
        hour = (
            np.searchsorted(self.before, clipped, side="right") - 1
        )  # the last of those that begin there has a weight
        within = np.minimum(hour, len(self.rate) - 1)
        past = (clipped - self.before[within]) // np.maximum(self.rate[within], 1)
        result: Int64Array = np.where(clipped < self.total, within * HOUR_SECONDS + past, self.seconds)
        return result


def clock(persona: Persona, seed: int) -> Clock:
    """The clock of a persona, with the luck that `seed` gives each day.

    Raises InputError for a wrong seed and where the persona has no calendar.

    >>> import loanpersona as lp
    >>> found = clock(lp.load_persona("article"), 7)
    >>> found.time(found.worked(np.array([0, 86_400, 10**8]))).tolist()
    [0, 86400, 100000000]
    """
    return _clock(*_stated(persona), chance.check_seed(seed))


@lru_cache(maxsize=16)
def _clock(window: Window, seasons: Seasons, seed: int) -> Clock:
    start = (window.first - _EPOCH).days
    luck = _luck(seed, start, start + window.days, seasons.sigma)
    levels = np.array([float(level) for level in _levels(window, seasons)])
    # numpy's products are the same everywhere, and sums of the whole numbers made of them are exact.
    rate = np.rint((levels * luck)[:, None] * _of_day(seasons)[None, :]).astype(np.int64).ravel()
    before = np.concatenate(([0], np.cumsum(rate * HOUR_SECONDS)))
    for shared in (rate, before):
        shared.setflags(write=False)
    first = np.datetime64(window.first, "s")
    return Clock(first, int(before[-1]), window.days * HOURS * HOUR_SECONDS, before, rate)


def _of_day(seasons: Seasons) -> npt.NDArray[np.float64]:
    """Even time of a second in each hour of an average day."""
    mean = sum(seasons.hour, Fraction(0)) / HOURS
    return np.array([float(weight / mean * EVEN_SECOND) for weight in seasons.hour])


def _luck(seed: int, start: int, stop: int, sigma: Fraction) -> npt.NDArray[np.float64]:
    """A factor per day, counted from 1970-01-01, so that another window changes no day's luck."""
    words = chance.words(seed, "calendar.noise", start, stop) >> np.uint64(64 - _LUCK_BITS)
    return _luck_table(sigma)[words.astype(np.int64)]


@lru_cache(maxsize=16)
def _luck_table(sigma: Fraction) -> npt.NDArray[np.float64]:
    """Equally likely factors, log-normal with mean one, rounded so that no last bit of a machine's `exp` shows."""
    slots = 1 << _LUCK_BITS
    scores = (NormalDist().inv_cdf((2 * i + 1) / (2 * slots)) for i in range(slots))
    raw = [math.exp(float(sigma) * score) for score in scores]
    mean = math.fsum(raw) / slots
    return np.array([round(value / mean * _LUCK_ONE) / _LUCK_ONE for value in raw])
