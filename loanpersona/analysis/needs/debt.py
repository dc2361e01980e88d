"""Debt for debt (2.1c): who pays one debt with another, how risky they are, and how seldom they are granted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.delinquency import risk_by
from loanpersona.analysis.frames import CLASSES, banded, columns, with_users
from loanpersona.analysis.needs.purposes import PLATFORMS
from loanpersona.analysis.profile.traits import INCOME_BANDS
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_share, clustered_shares, share

DEBT = "debt_for_debt"
KINDS = ("debt_borrowers", "other_borrowers")
"""Borrowers with at least one loan for debt, and those with none."""
MANY = ("3..", "2", "1")
FEW_OR_MANY = ("one_platform", "several_platforms")


def debt_borrowers(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Share of borrowers with at least one loan for debt (2.1c), by class, platforms and income.

    Who borrows often has had more occasions; `reasons_by_platforms` looks at loans instead. Columns: trait
    (everybody, borrower_class, platforms, income_band), level, n (borrowers with a loan), k, share, low, high.
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "reason"])
    ever = (taken["reason"] == DEBT).groupby(taken["user_id"]).any().rename("ever").reset_index()
    people = with_users(ever, users, [], ["borrower_class", "platforms", "income_cny_month"])
    people = people.assign(
        ever=ever["ever"],
        platforms=banded(people["platforms"], PLATFORMS),
        income_band=banded(people["income_cny_month"], INCOME_BANDS),
    )
    rows = [{"trait": "everybody", "level": "everybody", **share(people["ever"])}]
    for trait, levels in (("borrower_class", CLASSES), ("platforms", PLATFORMS), ("income_band", INCOME_BANDS)):
        parts = ((one, people.loc[people[trait] == one, "ever"]) for one in levels)
        rows += [{"trait": trait, "level": one, **share(part)} for one, part in parts if len(part)]
    return pd.DataFrame(rows)


def platforms_of_debt_borrowers(loans: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """How many platforms borrowers with a loan for debt use, and others (2.1c).

    Columns: kind (debt_borrowers, other_borrowers), platforms (band), n (borrowers), k, share, low, high.
    """
    kinds = debt_kinds(loans).rename("kind").reset_index()
    people = with_users(kinds, users, [], ["platforms"]).assign(kind=kinds["kind"])
    bands = banded(people["platforms"], PLATFORMS)
    return pd.DataFrame(
        [
            {"kind": kind, "platforms": band, **share(bands[people["kind"] == kind] == band)}
            for kind in KINDS
            if (people["kind"] == kind).any()
            for band in PLATFORMS
        ]
    )


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


def loans_a_year(loans: pd.DataFrame) -> pd.DataFrame:
    """How many loans a borrower is granted in a calendar year with at least one (2.1c), clustered by borrower.

    Told by any loan, those who borrow often are more likely to have had one for debt; told by the first loan alone
    that is not so. Columns: told_by (any_loan, first_loan), kind (debt_borrowers, other_borrowers), n (active years),
    clusters, loans_per_year, low, high.
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "borrowed_at"])
    counts = taken.groupby(["user_id", taken["borrowed_at"].dt.year]).size().rename("count").reset_index()
    rows = []
    for told_by, kind in _tellings(loans):
        of = counts["user_id"].map(kind)
        rows += [{"told_by": told_by, "kind": one, **_mean(counts[of == one])} for one in KINDS if (of == one).any()]
    return pd.DataFrame(rows)


def _tellings(loans: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Both ways to tell who pays debt with debt: its name, and the kind of each borrower."""
    yield "any_loan", debt_kinds(loans)
    taken = columns(loans, "loans", ["loan_id", "user_id", "ordinal", "reason"]).sort_values("ordinal")
    first = taken.drop_duplicates("user_id").set_index("user_id")["reason"]
    yield "first_loan", pd.Series(np.where(first == DEBT, *KINDS), index=first.index)


def _mean(counts: pd.DataFrame) -> dict[str, float]:
    found = clustered_ratio(counts["count"], np.ones(len(counts)), counts["user_id"])
    ends = {"loans_per_year": found["value"], "low": found["low"], "high": found["high"]}
    return {"n": found["n"], "clusters": found["clusters"], **ends}


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
