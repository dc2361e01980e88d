"""Owners (2.1e): how much riskier they are, and what cheaper funds do to their price and to the lender."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.credit.unit_economics import COMPONENTS, earnings
from loanpersona.analysis.delinquency import risk_by
from loanpersona.analysis.frames import CLASSES, with_users
from loanpersona.analysis.old_outcomes import read
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio

TERM = 12
"""Instalments of the loan whose interest is told."""
SCENARIOS = ("consumers_as_they_are", "owners_as_they_are", "owners_cheaper_funds", "owners_policy")
"""Prices: those of the book; that of owners less what their funds are cheaper; the subsidised price of `costs.yaml`."""


def owner_risk(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """How much riskier owners are than consumers (2.1e), clustered by borrower.

    Columns: measure, borrower_class (owner, consumer), and those of `lateness.risk_by`. Raises as that does.
    """
    taken = with_users(loans, users, ["loan_id", "disbursed_at"], ["borrower_class"])
    return risk_by(taken, "borrower_class", CLASSES[::-1], instalments, until)


def owner_price(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What cheaper funds do to the price of owners (2.1e), and what the lender keeps of a year's balance.

    Loans and money are those of `credit.tier_income`: loans that have run their term, and income after losses over the
    average balance. At another price the interest received changes in proportion; that people borrow more, or pay
    better, at a lower price is left out. Costs are assumed in `costs.yaml` and count as known.

    Columns: scenario (of `SCENARIOS`), n (loans), clusters, apr (of the balance), interest_12 (CNY on 1,000 lent over
    twelve equal instalments), funding_cost, operating_cost, losses_net (charged off less recovered), kept (all four
    shares of the balance in a year), low, high (of `kept`, clustered by borrower). Raises InputError where no loan of
    a class has run its term.
    """
    book = read(loans, instalments, until, lent=["apr"], owed=["principal_cny", "interest_cny"])
    earned = earnings(book, users)
    parts = {one: earned[earned["borrower_class"] == one] for one in CLASSES}
    for one, part in parts.items():
        if part.empty:
            raise InputError(f"loans: none of class {one} has run its term by {book.day}. Allowed: at least one.")
    price = {
        one: float((part["apr"] * part["balance_years"]).sum() / part["balance_years"].sum())
        for one, part in parts.items()
    }
    costs = catalog.load("costs")
    dear, cheap = (float(costs["funding_cost"][one]) for one in CLASSES)
    policy = cheap + float(costs["owner_policy"]["above_funding"])
    aprs = (price["consumer"], price["owner"], price["owner"] - (dear - cheap), policy)
    rows = []
    for scenario, apr in zip(SCENARIOS, aprs, strict=True):
        one = "consumer" if scenario == SCENARIOS[0] else "owner"
        rows.append({"scenario": scenario, **_kept(parts[one], apr, apr / price[one])})
    return pd.DataFrame(rows)


def equal_instalments(apr: float, lent: float = 1000.0, months: int = TERM) -> float:
    """Interest (CNY) of a loan repaid in equal monthly instalments: the annuity formula.

    >>> round(equal_instalments(0.24), 2)
    134.72
    """
    monthly = apr / 12
    payment = lent * monthly / (1 - (1 + monthly) ** -months) if monthly else lent / months
    return payment * months - lent


def _kept(earned: pd.DataFrame, apr: float, factor: float) -> dict[str, float]:
    """What is kept of the balance of some loans at a price: their interest times `factor`."""
    who, balance = earned["user_id"], earned["balance_years"]
    over = {name: float(earned[name].sum() / balance.sum()) for name in COMPONENTS}
    dearer = (factor - 1) * earned["interest_received"]
    kept = clustered_ratio(earned["income_after_losses"] + dearer, balance, who)
    costs = {
        "funding_cost": -over["funding_cost"],
        "operating_cost": -over["operating_cost"],
        "losses_net": -over["charged_off"] - over["recovered"],
    }
    counts = {"n": kept["n"], "clusters": kept["clusters"], "apr": apr, "interest_12": equal_instalments(apr)}
    return {**counts, **costs, "kept": kept["value"], "low": kept["low"], "high": kept["high"]}
