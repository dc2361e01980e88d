"""The tier table (3.1c, 3.2g): what each quality tier is granted, how it repays and what it earns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.credit.unit_economics import EVERYBODY, TIERS, earnings, tier_of
from loanpersona.analysis.frames import columns
from loanpersona.analysis.old_outcomes import day_after, granted, outcomes, read
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_part, clustered_ratio, clustered_share, clustered_total, mean, share


def tier_table(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """The table of the quality tiers (3.1c, 3.2g), `everybody` last.

    The tier is that of a user's first approved application, or else of the last one decided. Measures:
    applicants (users about whom was decided); approval_rate (share of them ever approved); mean_limit_cny and mean_apr
    (over the approved); late_first_day (share of instalments not paid by the day they fell due, on loans not behind
    before: D1); cured_30_days (share of those late that were paid within 30 days); bad_12_months (share of loans
    ever 90 days past due by month on book 12); income_rate (income after losses per year of average balance) and
    income_cny (the same in CNY), both of loans that have run their term, see `tier_income`; volume_share (of what
    was lent).
    `until` is the end of what is looked at: by default the last payment or loan.

    Columns: quality_tier, measure, n (users, instalments or loans asked), value, low, high; what has no interval has
    none. Rows of one borrower go together. Raises InputError where a table has no rows with a tier.
    """
    decided = _users(applications, until)
    approved = granted(applications, ["quality_tier", "limit_cny", "apr"], until)
    approved = approved.dropna(subset=["apr"])
    book = read(loans, instalments, until, lent=["amount_cny"], owed=["principal_cny", "interest_cny"])
    lent = outcomes(book).assign(amount=book.loans["amount_cny"])
    lent = lent.assign(quality_tier=tier_of(lent, applications, until)).dropna(subset=["quality_tier"])
    earned = earnings(book, users)
    earned = earned.assign(quality_tier=tier_of(earned, applications, until)).dropna(subset=["quality_tier"])
    if lent.empty:
        raise InputError("loans: no borrower has a quality tier. Allowed: at least one.")
    rows = []
    for tier in (*TIERS, EVERYBODY):
        held = [
            frame if tier == EVERYBODY else frame[frame["quality_tier"] == tier]
            for frame in (decided, approved, lent, earned)
        ]
        measured = (*_granting(held[0], held[1]), *_repaying(held[2]), *_earning(held[3]), _volume(lent, tier))
        rows += [{"quality_tier": tier, "measure": measure, **found} for measure, found in measured]
    return pd.DataFrame(rows)[["quality_tier", "measure", "n", "value", "low", "high"]]


def _users(applications: pd.DataFrame, until: pd.Timestamp | str | None) -> pd.DataFrame:
    """Every user with a decided application: tier, and whether one was approved."""
    asked = columns(applications, "applications", ["application_id", "user_id", "decided_at", "quality_tier"])
    asked = asked[asked["decided_at"] < day_after(until)].dropna(subset=["quality_tier"])
    last = asked.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id", keep="last")
    last = last.set_index("user_id")
    approved = granted(applications, ["quality_tier"], until)["quality_tier"].reindex(last.index)
    return last.assign(approved=approved.notna(), quality_tier=approved.fillna(last["quality_tier"]))


def _granting(users: pd.DataFrame, approved: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "applicants", {"n": len(users), "value": float(len(users)), "low": np.nan, "high": np.nan}
    yield "approval_rate", _valued(share(users["approved"]))
    yield "mean_limit_cny", mean(approved["limit_cny"])
    yield "mean_apr", mean(approved["apr"])


def _repaying(lent: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    seen = lent.dropna(subset=["bad"])
    yield "late_first_day", _valued(clustered_part(lent["late"], lent["due"], lent["user_id"]))
    yield "cured_30_days", _valued(clustered_part(lent["cured"], lent["late_long_ago"], lent["user_id"]))
    yield "bad_12_months", _valued(clustered_share(seen["bad"].astype(bool), seen["user_id"]))


def _earning(earned: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    rate = clustered_ratio(earned["income_after_losses"], earned["balance_years"], earned["user_id"])
    yield "income_rate", {name: rate[name] for name in ("n", "value", "low", "high")}
    yield "income_cny", clustered_total(earned["income_after_losses"], earned["user_id"])


def _volume(lent: pd.DataFrame, tier: str) -> tuple[str, dict[str, Any]]:
    if tier == EVERYBODY:
        return "volume_share", {"n": len(lent), "value": 1.0, "low": np.nan, "high": np.nan}
    return "volume_share", _valued(clustered_share(lent["quality_tier"] == tier, lent["user_id"], lent["amount"]))


def _valued(found: dict[str, Any]) -> dict[str, Any]:
    return {"n": found["n"], "value": found["share"], "low": found["low"], "high": found["high"]}
