"""What becomes of a limit (1.4g): never drawn, drawn once, drawn again, and how cautious these users are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import ONE_DAY, banded, columns, end_of_day, last_applications, whole
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_shares, mean, share

USES = ("never_drew", "drew_once", "drew_again")
UTILISATION = ("0..24", "25..49", "50..74", "75..99", "100..")
"""Bands of the amount of a loan in percent of the limit."""


def limit_use(
    applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None = None, days: int = 180
) -> pd.DataFrame:
    """What users did with a limit they have had for at least `days` days (1.4g).

    A user holds a limit if the last application was approved. `until` is the last day of the window, by default that
    of the last loan. Columns: limit_use (never_drew, drew_once, drew_again), n (users), k, share, low, high.
    Raises InputError where nobody has held a limit for so long.
    """
    uses = _uses(applications, loans, until, days)
    return pd.DataFrame([{"limit_use": use, **share(uses == use)} for use in USES])


def utilisation(applications: pd.DataFrame, loans: pd.DataFrame) -> pd.DataFrame:
    """How much of the limit one loan takes (1.4g), clustered by borrower; loans without a limit are left out.

    Columns: utilisation_band (percent of the limit), n (loans), k, share, low, high, clusters, design_effect,
    effective_n.
    """
    limits = _holders(applications)["limit_cny"]
    taken = columns(loans, "loans", ["user_id", "amount_cny"])
    taken = taken.assign(limit=taken["user_id"].map(limits[limits > 0])).dropna()
    if taken.empty:
        raise InputError("loans: none was drawn from an approved limit. Allowed: at least one.")
    percent = (100 * taken["amount_cny"] / taken["limit"]).astype(int)
    return clustered_shares(taken.assign(band=banded(percent, UTILISATION)), "band", UTILISATION).rename(
        columns={"band": "utilisation_band"}
    )


def caution_by_use(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    truth: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    days: int = 180,
) -> pd.DataFrame:
    """Mean caution of those who never drew, drew once, drew again (1.4g); needs the hidden table `truth`.

    Columns: limit_use, n (users), mean_caution (0 to 1), low, high. Raises as `limit_use` does.
    """
    uses = _uses(applications, loans, until, days)
    hidden = columns(truth, "truth", ["user_id", "caution"]).set_index("user_id")["caution"]
    caution = hidden.reindex(uses.index).dropna()
    rows = [{"limit_use": use, **mean(caution[uses[caution.index] == use])} for use in USES]
    return pd.DataFrame(rows).rename(columns={"value": "mean_caution"})


def _holders(applications: pd.DataFrame, end: pd.Timestamp | None = None) -> pd.DataFrame:
    """The users whose last application (begun by a time) was approved: limit and time of the decision, by borrower."""
    wanted = ["application_id", "user_id", "started_at", "decided_at", "outcome", "limit_cny"]
    asked = columns(applications, "applications", wanted)
    last = last_applications(asked if end is None else asked[asked["started_at"] <= end]).set_index("user_id")
    return last[last["outcome"] == "approved"]


def _uses(applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None, days: int) -> pd.Series:
    """What each user did who has held a limit for so long, by borrower."""
    days = whole("days", days, 0)
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    end = end_of_day(until, taken["borrowed_at"].max())
    held = _holders(applications, end)
    held = held[held["decided_at"] <= end - days * ONE_DAY]
    if held.empty:
        raise InputError(
            f"applications: nobody has held a limit for {days} days by {end:%Y-%m-%d}. Allowed: at least one user."
        )
    counts = taken.loc[taken["borrowed_at"] <= end, "user_id"].value_counts().reindex(held.index, fill_value=0)
    return pd.Series(np.asarray(USES)[counts.clip(upper=2)], index=held.index)
