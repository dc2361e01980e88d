"""Debt for debt (2.1c): who pays one debt with another, how risky they are, and how seldom they are granted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.delinquency import risk_by
from loanpersona.analysis.frames import banded, columns, with_users
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, clustered_shares

DEBT = "debt_for_debt"
KINDS = ("debt_borrowers", "other_borrowers")
"""Borrowers with at least one loan for debt, and those with none."""
PLATFORMS = ("1", "2", "3", "4", "5..")
MANY = ("3..", "2", "1")
FEW_OR_MANY = ("one_platform", "several_platforms")


def debt_risk(loans: pd.DataFrame, instalments: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """How much riskier those who pay debt with debt are (2.1c): their loans against those of others.

    Told by any loan, those who stopped paying early are among the others, for they had no time to come to a loan for
    debt; told by the first loan alone that is not so. Columns: told_by (any_loan, first_loan), kind (debt_borrowers,
    other_borrowers), and those of `lateness.risk_by`.
    Raises InputError where no loan is twelve months old at `until` (by default the last payment or loan).
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "disbursed_at"])
    parts = []
    for told_by, kind in _tellings(loans):
        found = risk_by(taken.assign(kind=taken["user_id"].map(kind)), "kind", KINDS, instalments, until)
        found.insert(0, "told_by", told_by)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def risk_by_platforms(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """How much riskier borrowers with records on several platforms are (2.1c), against those with one.

    Columns: platforms (3.., 2, 1), and those of `lateness.risk_by`. Raises as `debt_risk` does.
    """
    taken = with_users(loans, users, ["loan_id", "disbursed_at"], ["platforms"])
    bands = banded(taken["platforms"], MANY[::-1])
    return risk_by(taken.assign(platforms=bands), "platforms", MANY, instalments, until)


def refusals_by_platforms(applications: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Share of applications handed in that are refused, by the number of platforms used (2.1c), clustered by user.

    Columns: platforms (band), n (applications), k, share, low, high, clusters, design_effect, effective_n.
    """
    asked = _decided(applications, users).assign(refused=lambda rows: rows["outcome"] == "rejected")
    asked["platforms"] = banded(asked["platforms"], PLATFORMS)
    parts = ((band, asked[asked["platforms"] == band]) for band in PLATFORMS)
    return pd.DataFrame(
        [{"platforms": band, **clustered_share(part["refused"], part["user_id"])} for band, part in parts if len(part)]
    )


def reject_reasons_by_platforms(applications: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Why applications are refused, of users with one platform and with several (2.1c), clustered by user.

    Columns: held (one_platform, several_platforms), reject_reason, n (refused applications), k, share, low, high,
    clusters, design_effect, effective_n. Raises InputError where none was refused.
    """
    refused = _decided(applications, users)
    refused = refused[refused["outcome"] == "rejected"]
    if refused.empty:
        raise InputError("applications: none was rejected. Allowed: at least one.")
    levels = tables.table("applications").columns["reject_reason"].levels
    held = np.where(refused["platforms"] > 1, *reversed(FEW_OR_MANY))
    parts = []
    for one in FEW_OR_MANY:
        if (held == one).any():
            found = clustered_shares(refused[held == one], "reject_reason", levels)
            found.insert(0, "held", one)
            parts.append(found)
    return pd.concat(parts, ignore_index=True)


def _tellings(loans: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Both ways to tell who pays debt with debt: its name, and the kind of each borrower."""
    yield "any_loan", debt_kinds(loans)
    taken = columns(loans, "loans", ["loan_id", "user_id", "ordinal", "reason"]).sort_values("ordinal")
    first = taken.drop_duplicates("user_id").set_index("user_id")["reason"]
    yield "first_loan", pd.Series(np.where(first == DEBT, *KINDS), index=first.index)


def debt_kinds(loans: pd.DataFrame) -> pd.Series:
    """Of each borrower, whether any loan was for debt, as a word."""
    taken = columns(loans, "loans", ["loan_id", "user_id", "reason"])
    ever = (taken["reason"] == DEBT).groupby(taken["user_id"]).any()
    return pd.Series(np.where(ever, *KINDS), index=ever.index)


def _decided(applications: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Applications that were handed in, with the platforms of their users."""
    wanted = ["application_id", "outcome", "reject_reason"]
    rows = with_users(applications, users, wanted, ["platforms"], "applications")
    handed = rows[rows["outcome"].isin(["approved", "rejected"])]
    if handed.empty:
        raise InputError("applications: none was handed in. Allowed: at least one.")
    return handed
