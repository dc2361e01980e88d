"""What lending earns, tier by tier (3.2g): interest, less the costs of funds and operation, and losses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import CLASSES, with_users
from loanpersona.analysis.old_outcomes import BAD_DAYS, LoanTape, granted, read
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio

TIERS = tables.table("applications").column("quality_tier").levels
EVERYBODY = "everybody"
COMPONENTS = ("interest_received", "funding_cost", "operating_cost", "charged_off", "recovered", "income_after_losses")
YEAR = 365


def tier_income(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What loans of each quality tier earned over their whole life, part by part (3.2g), clustered by borrower.

    Counted are loans whose last instalment fell due 90 days before `until` (by default the last payment or loan) or
    earlier, so that all of each is known: what came in and what was lost. A loan that is 90 days past due is charged
    off that day: the principal unpaid then is lost but for the recovery that `costs.yaml` assumes, and what is paid
    later counts as part of that. Funding (by class of borrower) and operation cost what `costs.yaml` assumes, per
    year of the balance. The balance is day-weighted: the principal of an instalment is owed from the day of the money
    to the day it is paid, or the loan is charged off. Average balance is the sum of principal times days over 365.

    Columns: quality_tier (of the first approved application; `everybody` last), component (interest_received,
    funding_cost, operating_cost, charged_off, recovered, income_after_losses: costs and losses are negative),
    n (loans), clusters, cny, share_of_balance (per year of average balance), low, high.
    Raises InputError where no such loan has a tier, or a borrower is not in `users`.
    """
    earned = earnings(read(loans, instalments, until, owed=["principal_cny", "interest_cny"]), users)
    earned = earned.assign(quality_tier=tier_of(earned, applications, until)).dropna(subset=["quality_tier"])
    if earned.empty:
        raise InputError("loans: none that has run its term has a quality tier. Allowed: at least one.")
    rows = []
    for tier in (*TIERS, EVERYBODY):
        part = earned if tier == EVERYBODY else earned[earned["quality_tier"] == tier]
        for component in COMPONENTS:
            found = clustered_ratio(part[component], part["balance_years"], part["user_id"])
            rows.append(
                {
                    "quality_tier": tier,
                    "component": component,
                    "n": found["n"],
                    "clusters": found["clusters"],
                    "cny": part[component].sum(),
                    "share_of_balance": found["value"],
                    "low": found["low"],
                    "high": found["high"],
                }
            )
    return pd.DataFrame(rows)


def earnings(book: LoanTape, users: pd.DataFrame) -> pd.DataFrame:
    """Each loan of a book that has run its term: as it stands there, borrower_class, balance_years and the components.

    The balance is in CNY years, all else in CNY. Raises InputError where a borrower is not in `users`.
    """
    costs = catalog.load("costs")
    kind = with_users(book.loans, users, [], ["borrower_class"])["borrower_class"].astype(object)
    plan = book.plan
    off = np.repeat(book.reached(BAD_DAYS), book.many)
    paid, principal = plan["paid"].to_numpy(), plan["principal_cny"].to_numpy()
    received = paid <= np.minimum(off, book.end)
    held = np.minimum(np.minimum(paid, off), book.end) - np.repeat(book.lent, book.many)
    years = book.each(principal * held) / YEAR
    lost = book.each(np.where(received, 0.0, principal))
    funding = {one: float(costs["funding_cost"][one]) for one in CLASSES}
    parts = {
        "interest_received": book.each(np.where(received, plan["interest_cny"], 0.0)),
        "funding_cost": -years * kind.map(funding).to_numpy(),
        "operating_cost": -years * float(costs["operating_cost"]["share_of_balance"]),
        "charged_off": -lost,
        "recovered": lost * float(costs["recovery"]["after_90_days"]),
    }
    whole = np.sum(list(parts.values()), axis=0)
    found = book.loans.assign(borrower_class=kind, balance_years=years, **parts, income_after_losses=whole)
    over = -book.least(-plan["due"].to_numpy()) + BAD_DAYS <= book.end
    return found[over].reset_index(drop=True)


def tier_of(rows: pd.DataFrame, applications: pd.DataFrame, until: pd.Timestamp | str | None) -> pd.Series:
    """The quality tier of the borrower of each row: that of the first approved application."""
    tiers = granted(applications, ["quality_tier"], until)["quality_tier"].astype(object)
    return rows["user_id"].map(tiers)
