"""Time to the next loan (1.4e): Kaplan–Meier curves, medians, and who has borrowed again by when.

A spell runs from one loan of a borrower to the next; who has not borrowed again by the end of the window is
censored there, not dropped. A borrower gives each curve one spell at most, so that spells are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.estimates import LEVEL, z
from loanpersona.analysis.frames import DAY, columns, end_of_day, wholes
from loanpersona.errors import InputError

ORDINALS = (1, 2, 3)
WITHIN = (30, 90, 180, 365)


def kaplan_meier(days: Any, happened: Any, level: float = LEVEL) -> pd.DataFrame:
    """The Kaplan–Meier curve of durations, `happened` being false for those censored.

    Rows: day 0 and every duration that occurs. Columns: days, at_risk, events, survival (share still waiting
    after that day), low, high (log-log interval with Greenwood's variance; before the first event both are 1,
    and where nobody is left waiting both are 0).
    Source: Kaplan and Meier (1958); Kalbfleisch and Prentice (1980) for the interval.

    >>> kaplan_meier([1, 2, 2, 3], [True, True, False, True])["survival"].tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    days, happened = np.asarray(days), np.asarray(happened, float)
    times, position = np.unique(np.concatenate([[0], days]), return_inverse=True)
    leaving, events = (np.bincount(position[1:], weights, len(times)) for weights in (None, happened))
    at_risk = len(days) - np.concatenate([[0], leaving.cumsum()[:-1]])
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    greenwood = np.cumsum(np.divide(events, at_risk * left, out=np.zeros(len(times)), where=left > 0))
    between = (survival > 0) & (survival < 1)
    logs = np.log(survival, out=np.full(len(times), -1.0), where=between)
    half = z(level) * np.sqrt(greenwood) / logs
    low, high = (np.where(between, np.exp(logs * np.exp(side * half)), survival) for side in (-1, 1))
    counts = {"days": times, "at_risk": at_risk.astype(int), "events": events.astype(int)}
    return pd.DataFrame({**counts, "survival": survival, "low": low, "high": high})


def come_within(days: Any, happened: Any, within: Sequence[int]) -> pd.DataFrame:
    """Share to whom it has happened within so many days, read off the Kaplan–Meier curve of the durations.

    Columns: within_days, n (durations), share, low, high; a share beyond the longest duration is missing.

    >>> come_within([1, 2, 4], [True, False, True], [1, 3])["share"].round(2).tolist()
    [0.33, 0.33]
    """
    curve = kaplan_meier(days, happened)
    reached = [curve[curve["days"] <= day].iloc[-1] for day in within]
    known = [day <= np.max(days) or row["survival"] == 0 for day, row in zip(within, reached, strict=True)]
    ends = {"share": "survival", "low": "high", "high": "low"}
    found = {name: [1 - row[of] if ok else np.nan for row, ok in zip(reached, known, strict=True)]
             for name, of in ends.items()}  # fmt: skip
    return pd.DataFrame({"within_days": list(within), "n": len(days), **found})


def spells(loans: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """From each loan to the borrower's next one, or to the end of the day `until` (by default the last with a loan).

    Columns: borrower_id, ordinal, days (whole), happened (whether the next loan came by then).
    Raises InputError where no loan was taken by `until`.
    """
    taken = columns(loans, "loans", ["borrower_id", "ordinal", "borrowed_at"]).sort_values(["borrower_id", "ordinal"])
    end = end_of_day(until, taken["borrowed_at"].max())
    taken = taken[taken["borrowed_at"] <= end]
    if taken.empty:
        raise InputError(f"loans: none was taken by {end:%Y-%m-%d}. Allowed: a day from the first loan on.")
    following = taken.groupby("borrower_id")["borrowed_at"].shift(-1)
    waited = (following.fillna(end) - taken["borrowed_at"]) // DAY
    return taken[["borrower_id", "ordinal"]].assign(days=waited, happened=following.notna()).reset_index(drop=True)


def time_to_next_loan(
    loans: pd.DataFrame, until: pd.Timestamp | str | None = None, ordinals: Sequence[int] = ORDINALS
) -> pd.DataFrame:
    """Share of borrowers still waiting, by days since the first, second and third loan (1.4e).

    Columns: ordinal (of the loan the wait begins with), days, at_risk, events, survival, low, high.
    An ordinal that no loan has gives no rows.
    """
    return _each(loans, until, ordinals, _curve)


def borrowed_again(
    loans: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    ordinals: Sequence[int] = ORDINALS,
    within: Sequence[int] = WITHIN,
) -> pd.DataFrame:
    """Share that has borrowed again within so many days of a loan (1.4e), read off the Kaplan–Meier curve.

    Columns: ordinal, within_days, n (borrowers with such a loan), share, low, high; a share beyond the longest wait
    that was watched is missing.
    """

    stops = wholes("within", within, 0)
    return _each(loans, until, ordinals, lambda part: come_within(part["days"], part["happened"], stops))


def median_wait(
    loans: pd.DataFrame, until: pd.Timestamp | str | None = None, ordinals: Sequence[int] = ORDINALS
) -> pd.DataFrame:
    """Days after which half have borrowed again (1.4e), read off the Kaplan–Meier curve and its interval.

    Columns: ordinal, n (borrowers with such a loan), events, median_days, low, high; what the curve does not
    reach is missing. Source: Brookmeyer and Crowley (1982).
    """

    def read(part: pd.DataFrame) -> pd.DataFrame:
        curve = kaplan_meier(part["days"], part["happened"])
        days = {name: _first_below_half(curve, of) for name, of in
                {"median_days": "survival", "low": "low", "high": "high"}.items()}  # fmt: skip
        return pd.DataFrame([{"n": len(part), "events": int(part["happened"].sum()), **days}])

    return _each(loans, until, ordinals, read)


def _first_below_half(curve: pd.DataFrame, column: str) -> float:
    below = curve.loc[curve[column] <= 0.5, "days"]
    return float(below.iloc[0]) if len(below) else np.nan


def _curve(part: pd.DataFrame) -> pd.DataFrame:
    return kaplan_meier(part["days"], part["happened"])


def _each(loans: pd.DataFrame, until: Any, ordinals: Sequence[int], read: Any) -> pd.DataFrame:
    """What `read` makes of the spells after each ordinal, one below the other."""
    wanted = wholes("ordinals", ordinals, 1)
    every = spells(loans, until)
    parts = [(one, every[every["ordinal"] == one]) for one in wanted]
    made = [read(part).assign(ordinal=one) for one, part in parts if len(part)]
    if not made:
        raise InputError(f"loans.ordinal: no loan has one of {', '.join(map(str, wanted))}.")
    found = pd.concat(made, ignore_index=True)
    return found[["ordinal", *(name for name in found.columns if name != "ordinal")]]
