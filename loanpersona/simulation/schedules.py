"""Equal instalments (等额本息): what falls due when, to the cent, and how much of it is principal."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from loanpersona.simulation.life import Floats, Integers

_APR_ONE = 1_000_000
"""Yearly rates are read in millionths, so that interest is exact."""
MOST_MONTHS = 60


@dataclass(frozen=True)
class Schedule:
    """The instalments of some loans, loan after loan; money in cents, days counted from 1970-01-01."""

    loan: Integers
    """Position of the loan of each instalment."""
    number: Integers
    due: Integers
    principal: Integers
    interest: Integers


def schedule(cents: Integers, apr: Floats, months: Integers, lent_on: Integers) -> Schedule:
    """The instalments of loans of `cents` at a yearly rate `apr` over `months`, lent on a day.

    Every instalment is the same but for the last, which takes what rounding left; interest is that of the balance,
    rounded to the cent, half a cent up. An instalment falls due on the day of the month on which the money came,
    or on the last day of a month without it.
    """
    ends = np.cumsum(months)
    first = ends - months
    loan = np.repeat(np.arange(len(months)), months)
    number = np.arange(int(ends[-1]) if len(ends) else 0) - first.take(loan) + 1
    principal, interest = _split(cents, apr, months, first, len(loan))
    return Schedule(loan, number, _due(lent_on.take(loan), number), principal, interest)


def _split(cents: Integers, apr: Floats, months: Integers, first: Integers, rows: int) -> tuple[Integers, Integers]:
    """Principal and interest of every instalment."""
    rate = np.rint(apr * _APR_ONE).astype(np.int64)
    level = np.floor(cents * _annuity(rate, months) + 0.5).astype(np.int64)
    principal, interest = np.empty(rows, np.int64), np.empty(rows, np.int64)
    left, year = cents.copy(), 12 * _APR_ONE
    for number in range(int(months.max(initial=0))):
        open_ = np.flatnonzero(months > number)
        owed = left[open_]
        part = (2 * owed * rate[open_] + year) // (2 * year)
        last = months[open_] == number + 1
        back = np.where(last, owed, np.minimum(level[open_] - part, owed))
        at = first[open_] + number
        principal[at], interest[at] = back, part
        left[open_] = owed - back
    return principal, interest


def _annuity(rate: Integers, months: Integers) -> Floats:
    """The instalment of one unit of money, for each loan."""
    pairs, which = np.unique(rate * (MOST_MONTHS + 1) + months, return_inverse=True)
    factors = np.array([_factor(*divmod(pair, MOST_MONTHS + 1)) for pair in pairs.tolist()], np.float64)
    result: Floats = factors[which.ravel()]
    return result


@lru_cache(maxsize=65_536)
def _factor(rate: int, months: int) -> float:
    """The instalment of one unit at a yearly rate in millionths, as the double next to the exact number."""
    if rate == 0:
        return float(Fraction(1, months))
    monthly = Fraction(rate, 12 * _APR_ONE)
    return float(monthly / (1 - (1 + monthly) ** -months))


_FIRST_MONTH = np.datetime64("1990-01", "M").astype(np.int64)
_MONTHS = 12 * 150
_STARTS = (
    np.arange(_FIRST_MONTH, _FIRST_MONTH + _MONTHS).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
)


def month_of(day: Integers) -> Integers:
    """The month of each day, counted from January 1970; days counted from 1970-01-01."""
    return np.searchsorted(_STARTS, day, side="right") - 1 + _FIRST_MONTH


def _due(lent_on: Integers, number: Integers) -> Integers:
    month = month_of(lent_on) - _FIRST_MONTH
    day = lent_on - _STARTS.take(month)
    later = month + number
    return np.minimum(_STARTS.take(later) + day, _STARTS.take(later + 1) - 1)
