"""Why they borrow (2.1a, 2.1b, 2.1d): reasons of loans by class, platforms, income and season, and their amounts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import CLASSES, ONE_DAY, banded, columns, with_users
from loanpersona.analysis.habits.festival import new_years
from loanpersona.analysis.profile.traits import INCOME_BANDS
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_shares

PLATFORMS = ("1", "2", "3", "4", "5..")
"""Bands of loan platforms used; the tables know five or more as 5."""
SEASONS = {"weeks_before": (-28, -1), "festival_week": (0, 6), "weeks_after": (7, 34)}
"""Days from the first day of Spring Festival; every other day is the rest of the year."""


def reasons(loans: pd.DataFrame) -> pd.DataFrame:
    """What loans are for (2.1a to 2.1d), clustered by borrower.

    Columns: reason, n (loans), k, share, low, high, clusters, design_effect, effective_n.
    """
    return _shares(columns(loans, "loans", ["loan_id", "user_id", "reason"]))


def reasons_by_class(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """What the loans of consumers and of owners are for (2.1a, 2.1d); columns: borrower_class, and as `reasons`."""
    taken = with_users(loans, users, ["loan_id", "reason"], ["borrower_class"])
    return _within(taken, "borrower_class", CLASSES)


def reasons_by_platforms(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """What loans are for, by the number of platforms used (2.1c); columns: platforms (band), and as `reasons`."""
    taken = with_users(loans, users, ["loan_id", "reason"], ["platforms"])
    return _within(taken.assign(platforms=banded(taken["platforms"], PLATFORMS)), "platforms", PLATFORMS)


def reasons_by_income(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """What loans are for, by income (2.1a); columns: income_band (CNY a month), and as `reasons`."""
    taken = with_users(loans, users, ["loan_id", "reason"], ["income_cny_month"])
    return _within(
        taken.assign(income_band=banded(taken["income_cny_month"], INCOME_BANDS)), "income_band", INCOME_BANDS
    )


def reasons_by_month(loans: pd.DataFrame) -> pd.DataFrame:
    """What loans are for, by month of the year, all years together; columns: month (1 to 12), and as `reasons`."""
    taken = columns(loans, "loans", ["loan_id", "user_id", "reason", "borrowed_at"])
    return _within(taken.assign(month=taken["borrowed_at"].dt.month), "month", range(1, 13))


def reasons_around_festival(loans: pd.DataFrame) -> pd.DataFrame:
    """What loans are for in the four weeks before Spring Festival, in its week, in the four after, and else.

    Columns: season (weeks_before, festival_week, weeks_after, rest_of_year), and as `reasons`. The festival week
    begins on the first day of the festival. Raises InputError where no loan was taken within these weeks.
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "reason", "borrowed_at"])
    days = pd.DatetimeIndex(taken["borrowed_at"].dt.normalize())
    season = np.full(len(days), "rest_of_year", dtype=object)
    for first in new_years(days).values():
        away = (days - first) // ONE_DAY
        for name, (start, end) in SEASONS.items():
            season[(away >= start) & (away <= end)] = name
    if set(season) == {"rest_of_year"}:
        raise InputError("loans.borrowed_at: none is within weeks of a Spring Festival. Allowed: at least one.")
    return _within(taken.assign(season=season), "season", (*SEASONS, "rest_of_year"))


def amount_by_reason(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """What is asked for and what is lent, by class and reason (2.1b): does an emergency need a large sum at once?

    Columns: borrower_class, reason, n (loans), clusters, median_cny (asked for), lent_cny (mean), mean_cny (mean
    asked for), low, high (of that mean, clustered by borrower).
    """
    taken = with_users(loans, users, ["loan_id", "reason", "requested_cny", "amount_cny"], ["borrower_class"])
    rows = []
    for (one, reason), part in taken.groupby(["borrower_class", "reason"], observed=True, sort=True):
        asked = part["requested_cny"]
        found = clustered_ratio(asked, np.ones(len(part)), part["user_id"])
        about = {"median_cny": asked.median(), "lent_cny": part["amount_cny"].mean(), "mean_cny": found["value"]}
        rows.append(
            {
                "borrower_class": one,
                "reason": reason,
                "n": found["n"],
                "clusters": found["clusters"],
                **about,
                "low": found["low"],
                "high": found["high"],
            }
        )
    return pd.DataFrame(rows)


def _shares(taken: pd.DataFrame) -> pd.DataFrame:
    return clustered_shares(taken, "reason", tables.table("loans").columns["reason"].levels)


def _within(taken: pd.DataFrame, by: str, levels: Sequence[object]) -> pd.DataFrame:
    """The reasons within each level of `by` that occurs."""
    parts = []
    for one in levels:
        part = taken[taken[by] == one]
        if len(part):
            found = _shares(part)
            found.insert(0, by, one)
            parts.append(found)
    return pd.concat(parts, ignore_index=True)
