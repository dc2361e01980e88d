"""Time to the next loan (1.4e): Kaplan–Meier curves, medians, and who has borrowed again by when.

A spell runs from one loan of a borrower to the next; who has not borrowed again by the end of the window is
censored there, not dropped. A borrower gives each curve one spell at most, so that spells are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import ONE_DAY, columns, end_of_day, wholes
from loanpersona.core.errors import InputError
from loanpersona.estimates.survival import come_within, kaplan_meier

ORDINALS = (1, 2, 3)
WITHIN = (30, 90, 180, 365)


def spells(loans: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """From each loan to the borrower's next one, or to the end of the day `until` (by default the last with a loan).

    Columns: user_id, ordinal, days (whole), happened (whether the next loan came by then).
    Raises InputError where no loan was taken by `until`.
    """
    taken = columns(loans, "loans", ["user_id", "ordinal", "borrowed_at"]).sort_values(["user_id", "ordinal"])
    end = end_of_day(until, taken["borrowed_at"].max())
    taken = taken[taken["borrowed_at"] <= end]
    if taken.empty:
        raise InputError(f"loans: none was taken by {end:%Y-%m-%d}. Allowed: a day from the first loan on.")
    following = taken.groupby("user_id")["borrowed_at"].shift(-1)
    waited = (following.fillna(end) - taken["borrowed_at"]) // ONE_DAY
    return taken[["user_id", "ordinal"]].assign(days=waited, happened=following.notna()).reset_index(drop=True)


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
        days = {
            name: _first_below_half(curve, of)
            for name, of in {"median_days": "survival", "low": "low", "high": "high"}.items()
        }
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
