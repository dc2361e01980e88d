"""Owners (2.1e): how much riskier they are, and what cheaper funds do to their price and to the lender."""

from __future__ import annotations

from typing import Any

import pandas as pd

from loanpersona import catalog
from loanpersona.analysis.estimates import clustered_ratio
from loanpersona.analysis.frames import DAY, moment
from loanpersona.analysis.lateness import BAD_DAYS, plans, risk_by
from loanpersona.analysis.reasons import with_borrowers
from loanpersona.errors import InputError

YEAR = 365.25
TERM = 12
"""Instalments of the loan whose interest is told."""
OLD = pd.DateOffset(months=15)
"""How old a loan must be for its losses: a loan over twelve months, and 90 days of its last instalment."""
SCENARIOS = ("consumers_as_they_are", "owners_as_they_are", "owners_cheaper_funds", "owners_policy")
"""Prices: those of the book; that of owners less what their funds are cheaper; the subsidised price of `costs.yaml`."""


def owner_risk(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    borrowers: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """How much riskier owners are than consumers (2.1e), clustered by borrower.

    Columns: measure, borrower_class (owner, consumer), and those of `lateness.risk_by`.
    Raises InputError where no loan is twelve months old at `until` (by default the last loan).
    """
    taken = with_borrowers(loans, borrowers, ["loan_id", "borrowed_at", "disbursed_at"], ["borrower_class"])
    return risk_by(taken, "borrower_class", ("owner", "consumer"), instalments, until)


def owner_price(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    borrowers: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What cheaper funds do to the price of owners (2.1e), and what the lender keeps of a year's balance.

    Loans that were 15 months old at `until` (by default the last loan) are followed until then. `kept` is interest
    received − funds − operating cost − losses, each over the balance: principal owed, in years, until it is paid or
    the loan is 90 days past due. Losses are the principal owed on that day, less what is recovered. At another price
    the interest received changes in proportion; that people borrow more, or pay better, at a lower price is left out.
    Costs are assumed in `costs.yaml` and count as known. Columns: scenario (of `SCENARIOS`), n (loans), clusters, apr
    (of the balance), interest_12 (CNY on 1,000 lent over twelve equal instalments), funds, operating, losses, kept
    (shares of the balance in a year), low, high (of `kept`, clustered by borrower).
    Raises InputError where a class has no loan that old.
    """
    book = _book(loans, instalments, borrowers, until)
    costs = catalog.load("costs")
    dear, cheap = (float(costs["funding_cost"][one]) for one in ("consumer", "owner"))
    price = {one: float((part["apr"] * part["balance"]).sum() / part["balance"].sum())
             for one, part in book.groupby("borrower_class", observed=True)}  # fmt: skip
    as_is = price["owner"]
    aprs = (price["consumer"], as_is, as_is - (dear - cheap), cheap + float(costs["owner_policy"]["above_funding"]))
    rows = []
    for scenario, apr in zip(SCENARIOS, aprs, strict=True):
        one, funds = ("consumer", dear) if scenario == SCENARIOS[0] else ("owner", cheap)
        about = {"scenario": scenario, "apr": apr, "interest_12": equal_instalments(apr), "funds": funds}
        rows.append(_kept(book[book["borrower_class"] == one], about, apr / price[one]))
    return pd.DataFrame(rows)


def equal_instalments(apr: float, lent: float = 1000.0, months: int = TERM) -> float:
    """Interest (CNY) of a loan repaid in equal monthly instalments: the annuity formula.

    >>> round(equal_instalments(0.24), 2)
    134.72
    """
    monthly = apr / 12
    payment = lent * monthly / (1 - (1 + monthly) ** -months) if monthly else lent / months
    return payment * months - lent


def _kept(book: pd.DataFrame, about: dict[str, Any], factor: float) -> dict[str, Any]:
    """A row of `owner_price`: the balance of some loans with their interest times `factor`."""
    operating = float(catalog.load("costs")["operating_cost"]["share_of_balance"])
    who, balance = book["borrower_id"], book["balance"]
    losses = clustered_ratio(book["loss"], balance, who)["value"]
    left = clustered_ratio(factor * book["received"] - book["loss"], balance, who)
    costs = about["funds"] + operating
    ends = {"kept": left["value"] - costs, "low": left["low"] - costs, "high": left["high"] - costs}
    counts = {"scenario": about["scenario"], "n": left["n"], "clusters": left["clusters"]}
    return {**counts, **about, "operating": operating, "losses": losses, **ends}


def _book(
    loans: pd.DataFrame, instalments: pd.DataFrame, borrowers: pd.DataFrame, until: pd.Timestamp | str | None
) -> pd.DataFrame:
    """Each loan that is old enough: its class, apr, balance (CNY years), interest received and loss (CNY)."""
    wanted = ["loan_id", "apr", "borrowed_at", "disbursed_at"]
    lent = with_borrowers(loans, borrowers, wanted, ["borrower_class"]).set_index("loan_id")
    end = moment(until, lent["borrowed_at"].max())
    lent = lent[lent["disbursed_at"] + OLD <= end]
    for one in ("consumer", "owner"):
        if not (lent["borrower_class"] == one).any():
            raise InputError(f"loans: none of class {one} is 15 months old at {end:%Y-%m-%d}. Allowed: at least one.")
    plan = plans(lent.reset_index(), instalments, ["due_on", "principal_cny", "interest_cny", "paid_on"])
    reached = (plan["due_on"] + BAD_DAYS * DAY).where(~(plan["paid_on"] < plan["due_on"] + BAD_DAYS * DAY))
    lost_on = plan["loan_id"].map(reached.groupby(plan["loan_id"]).min())
    stop = lost_on.where(lost_on <= end, end)  # the loan is lost, or the window ends
    paid = plan["paid_on"] < stop
    years = (plan["paid_on"].where(paid, stop) - plan["loan_id"].map(lent["disbursed_at"])) / DAY / YEAR
    recovered = float(catalog.load("costs")["recovery"]["after_90_days"])
    lost = plan["principal_cny"].where(~paid & (lost_on <= end), 0) * (1 - recovered)
    received = plan["interest_cny"].where(paid, 0)
    found = pd.DataFrame({"balance": plan["principal_cny"] * years, "received": received, "loss": lost})
    return lent.join(found.groupby(plan["loan_id"]).sum(), how="inner").reset_index()
