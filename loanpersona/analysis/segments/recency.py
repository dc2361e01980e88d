"""Recency, frequency, money: how long ago borrowers took the last loan, how many and how much."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.frames import banded, columns, end_of_day
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share

RECENCY = ("0..30", "31..90", "91..180", "181..365", "366..")
FREQUENCY = ("1", "2..3", "4..6", "7..")


def rfm(loans: pd.DataFrame, at: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Recency, frequency and money of each borrower with a loan by the end of the day `at` (by default the last).

    A loan counts from the day its money arrives. Columns: user_id, days_since_last_loan, n_loans, amount_cny (all
    loans together). Raises InputError where there was no loan by then.

    >>> days = pd.to_datetime(["2024-01-01", "2024-03-01"])
    >>> lent = {"loan_id": [1, 2], "user_id": [5, 5], "amount_cny": [300, 200], "disbursed_at": days}
    >>> rfm(pd.DataFrame(lent), at="2024-03-31").to_dict("list")
    {'user_id': [5], 'days_since_last_loan': [30], 'n_loans': [2], 'amount_cny': [500]}
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "amount_cny", "disbursed_at"])
    day = taken["disbursed_at"].dt.normalize()
    last = end_of_day(at, day.max())
    by = taken[day <= last].assign(day=day).groupby("user_id")
    if not by.ngroups:
        raise InputError(f"loans: none was paid out by {last:%Y-%m-%d}. Allowed: a day after the first loan.")
    found = {
        "days_since_last_loan": (last - by["day"].max()).dt.days,
        "n_loans": by.size(),
        "amount_cny": by["amount_cny"].sum(),
    }
    return pd.DataFrame(found).reset_index()


def rfm_cells(loans: pd.DataFrame, at: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Borrowers by recency and frequency, with the money in each cell, at the end of the day `at`.

    Columns: recency_band (days since the last loan), loans_band, measure (of_borrowers, of_volume), n (borrowers), k
    (borrowers, or CNY), share, low, high, clusters, design_effect, effective_n.
    """
    people = rfm(loans, at)
    recency = banded(people["days_since_last_loan"], RECENCY)
    frequency = banded(people["n_loans"], FREQUENCY)
    weights = {"of_borrowers": None, "of_volume": people["amount_cny"]}
    return pd.DataFrame(
        [
            {
                "recency_band": late,
                "loans_band": many,
                "measure": measure,
                **clustered_share((recency == late) & (frequency == many), people["user_id"], weight),
            }
            for late in RECENCY
            for many in FREQUENCY
            for measure, weight in weights.items()
        ]
    )
