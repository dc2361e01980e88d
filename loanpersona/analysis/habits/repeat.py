"""Borrowing again and again (1.4e): who holds the loans and the volume."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import banded, columns, moment, whole
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, clustered_share, clustered_shares, share, z

LOANS = ("1", "2", "3", "4..5", "6..10", "11..20", "21..")
POINTS = 100
WARM_UP = pd.DateOffset(years=2)


def repeat_share(loans: pd.DataFrame, since: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Share of loans and of volume that goes to borrowers with an earlier disbursed loan (1.4e).

    Rows: each calendar year, and `after_warm_up`: the window from `since` on (by default the last two years),
    for in the first years of a product nearly everybody is new. Loans are not borrowers, so measure says of what.
    Columns: period (words), measure (of_loans, of_volume), n, k (loans, or CNY), share, low, high, clusters,
    design_effect, effective_n. Raises InputError where no loan was taken in the window.
    """
    taken = columns(loans, "loans", ["user_id", "amount_cny", "borrowed_at", "disbursed_at"])
    first = taken.groupby("user_id")["disbursed_at"].transform("min")
    taken = taken.assign(again=first < taken["borrowed_at"])
    start = moment(since, taken["borrowed_at"].max() - WARM_UP)
    years = taken["borrowed_at"].dt.year
    periods = [(str(year), taken[years == year]) for year in sorted(years.unique())]
    periods.append(("after_warm_up", taken[taken["borrowed_at"] >= start]))
    if periods[-1][1].empty:
        raise InputError(f"loans: none was taken since {start:%Y-%m-%d}. Allowed: a time before the last loan.")
    rows = []
    for period, part in periods:
        for measure, weights in (("of_loans", None), ("of_volume", part["amount_cny"])):
            found = clustered_share(part["again"], part["user_id"], weights)
            rows.append({"period": period, "measure": measure, **found})
    return pd.DataFrame(rows)


def revolvers(loans: pd.DataFrame, least: int = 2) -> pd.DataFrame:
    """Borrowers with at least so many loans (1.4e): their share of borrowers, of loans and of volume.

    Columns: measure (of_borrowers, of_loans, of_volume), at_least, n, k, share, low, high, clusters, design_effect,
    effective_n. Who registered lately has had little time: these are revolvers seen so far.
    """
    least = whole("least", least, 1)
    taken = columns(loans, "loans", ["user_id", "amount_cny"])
    many = taken.groupby("user_id")["amount_cny"].transform("size") >= least
    once = ~taken["user_id"].duplicated()
    borrowers = taken["user_id"]
    # measure, of which rows, with which weights
    found = {
        "of_borrowers": clustered_share(many[once], borrowers[once]),
        "of_loans": clustered_share(many, borrowers),
        "of_volume": clustered_share(many, borrowers, taken["amount_cny"]),
    }
    return pd.DataFrame([{"measure": measure, "at_least": least, **row} for measure, row in found.items()])


def loans_per_borrower(loans: pd.DataFrame) -> pd.DataFrame:
    """How many loans the borrowers have taken (1.4e); columns: loans (band), n (borrowers), k, share, low, high."""
    counts = columns(loans, "loans", ["user_id"])["user_id"].value_counts()
    bands = banded(counts, LOANS)
    return pd.DataFrame([{"loans": band, **share(bands == band)} for band in LOANS])


def loans_per_active_year(loans: pd.DataFrame) -> pd.DataFrame:
    """How many loans a borrower takes in a calendar year with at least one (1.4e), clustered by borrower.

    Columns: loans (band), active_years (a borrower and a year), k, share, low, high, clusters, design_effect,
    effective_n.
    """
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    counts = taken.groupby(["user_id", taken["borrowed_at"].dt.year]).size().rename("count").reset_index()
    found = clustered_shares(counts.assign(loans=banded(counts["count"], LOANS)), "loans", LOANS)
    return found.rename(columns={"n": "active_years"})


def lorenz(loans: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """The Lorenz curve of volume over borrowers (1.4e), those who borrowed least first.

    Columns: share_of_borrowers (0 to 1 in steps of a hundredth), share_of_volume, low, high (pointwise).
    The interval is linearised over borrowers: Kovačević and Binder (1997).
    """
    volume = _volume(loans)
    n, steps = len(volume), np.arange(POINTS + 1) / POINTS
    curve = np.interp(steps * n, np.arange(n + 1), np.concatenate([[0.0], volume.cumsum() / volume.sum()]))
    errors = [_lorenz_error(volume, step, ordinate) for step, ordinate in zip(steps, curve, strict=True)]
    half = z(level) * np.array(errors)
    ends = {"low": (curve - half).clip(0, steps), "high": np.minimum(curve + half, steps)}
    return pd.DataFrame({"share_of_borrowers": steps, "share_of_volume": curve, **ends})


def concentration(loans: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """How volume is concentrated (1.4e): Gini coefficient, and the share of the top tenth of borrowers.

    Columns: measure (top_tenth, gini), n (borrowers), share, low, high. Both are 0 to 1; a Gini of 0 means that
    all have borrowed the same. The intervals are linearised over borrowers, as in `lorenz`.
    """
    volume = _volume(loans)
    n, mean = len(volume), volume.mean()
    nine = lorenz(loans).iloc[POINTS * 9 // 10]["share_of_volume"]
    sums = np.concatenate([[0.0], volume.cumsum()])
    rank = np.arange(n)
    # mean distance of each borrower's volume from everybody's
    away = (volume * (2 * rank + 1 - n) + sums[-1] - sums[1:] - sums[:-1]) / n
    gini = away.mean() / (2 * mean)
    influence = away / mean - gini * (1 + volume / mean)
    found = [
        ("top_tenth", 1 - nine, _lorenz_error(volume, 0.9, nine)),
        ("gini", gini, influence.std() / np.sqrt(n) if n > 1 else np.nan),
    ]
    half = z(level)
    return pd.DataFrame(
        [
            {
                "measure": measure,
                "n": n,
                "share": value,
                "low": max(value - half * error, 0.0),
                "high": min(value + half * error, 1.0),
            }
            for measure, value, error in found
        ]
    )


def _volume(loans: pd.DataFrame) -> np.ndarray:
    taken = columns(loans, "loans", ["user_id", "amount_cny"])
    return np.sort(taken.groupby("user_id")["amount_cny"].sum().to_numpy(float))


def _lorenz_error(volume: np.ndarray, step: float, ordinate: float) -> float:
    """Standard error of one point of the curve, from the influence of each borrower on it."""
    n = len(volume)
    if n < 2:
        return np.nan if 0 < step < 1 else 0.0
    edge = volume[min(int(np.ceil(step * n)), n) - 1] if step else volume[0]
    influence = np.minimum(volume - edge, 0) + step * edge - ordinate * volume
    return float(influence.std() / volume.mean() / np.sqrt(n)) if 0 < step < 1 else 0.0
