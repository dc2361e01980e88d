"""What lending earns (2.1e, 3.2g): interest, less costs of funds and operation, and losses; at other prices too."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.arguments import Bands, By, Day
from loanpersona.analysis.credit.sheets import LENT
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import NOT_KNOWN, as_group, by_group, with_groups
from loanpersona.analysis.outcomes import BAD_DAYS, UNREACHED, tape
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio
from loanpersona.tables.book import Book, kept

COMPONENTS = ("interest_received", "funding_cost", "operating_cost", "charged_off", "recovered", "income_after_losses")
UNCERTAIN = {"charged_off", "recovered", "income_after_losses"}
"""What rests on losses."""
FEW_LOSSES = 30
CLASSES = tables.table("users").column("borrower_class").levels
YEAR = 365
TERM = 12
"""Instalments of the loan whose interest is told."""
COSTS = "funding_cost_consumer funding_cost_owner operating_cost recovery"
OVER = {
    "users": "user_id borrower_class",
    "loans": LENT["loans"],
    "instalments": f"{LENT['instalments']} principal_cny interest_cny",
}


@frame(
    statements="2.1e 2.2d 3.2g",
    counts="ended_loans",
    keys="component",
    estimate="share_of_balance",
    reads=OVER,
    written={"share_of_balance": "share", "cny": "money"},
    assumes=COSTS,
)
def unit_economics(book: Book, *, by: By = "quality_tier", bands: Bands = None, until: Day = None) -> pd.DataFrame:
    """What loans earned over their whole life, part by part (2.1e, 2.2d, 3.2g), those of one borrower together.

    Counted are loans whose last instalment fell due 90 days before `until` or earlier, so that all of each is known:
    what came in and what was lost. A loan that is 90 days past due is charged off that day: the principal unpaid then
    is lost but for the recovery that the book assumes, and what is paid later counts as part of that. Funding (by
    class of borrower) and operation cost what the book assumes, per year of the balance. The balance is
    day-weighted: the principal of an instalment is owed from the day of the money to the day it is paid, or the loan
    is charged off. Average balance is the sum of principal times days over 365. By tier, only users with one count.

    Columns: those of `by`, component (interest_received, funding_cost, operating_cost, charged_off, recovered,
    income_after_losses: costs and losses are negative), n (loans), k (of these charged off), share_of_balance (per year
    of average balance), low, high, clusters, cny, why (too few losses: what rests on fewer than 30 has no
    interval, for one would hold the truth too seldom). Raises InputError where no such loan is there.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.unit_economics(population, by="borrower_class")["component"].nunique()
    6
    """
    earned = with_groups(book, earnings(book, until), by, "loan", until, bands)
    if (tier := as_group("quality_tier")) in by:
        earned = earned[earned[tier] != NOT_KNOWN]
    if earned.empty:
        raise InputError(
            f"loans: none that has run its term by {until:%Y-%m-%d} can be counted. Allowed: at least one."
        )
    return by_group(earned, by, _components)


@frame(
    statements="2.1e",
    counts="ended_loans",
    keys="scenario",
    estimate="net_margin",
    reads={**OVER, "loans": f"{LENT['loans']} apr"},
    written={
        **dict.fromkeys(("apr", "net_margin", "funding_cost", "operating_cost", "losses_net"), "share"),
        "interest_12": "money",
    },
    assumes=f"{COSTS} policy_margin",
)
def pricing(book: Book, *, until: Day = None) -> pd.DataFrame:
    """What cheaper funds do to the price of owners (2.1e), and what the lender keeps of a year's balance.

    Loans and money are those of `unit_economics`. At another price the interest received changes in proportion; that
    people borrow more, or pay better, at a lower price is left out. Costs are assumed and count as
    known. Scenarios: consumers and owners as they are, owners less what their funds are cheaper, and owners at the
    subsidised price that the book assumes.

    Columns: scenario, n (loans), net_margin (interest less costs and losses, over the balance of a year), low, high,
    clusters, apr (of the balance), interest_12 (CNY on 1,000 lent over twelve equal instalments), funding_cost,
    operating_cost, losses_net (charged off less recovered; shares of the balance in a year). Raises InputError where no
    loan of a class has run its term.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=2_000, seed=7)
    >>> lp.credit.pricing(population)["scenario"].tolist()[:2]
    ['consumers_as_they_are', 'owners_as_they_are']
    """
    earned = earnings(book, until).dropna(subset=["apr"])
    parts = {one: earned[earned["borrower_class"] == one] for one in CLASSES}
    for one, part in parts.items():
        if part.empty:
            raise InputError(f"loans: none of class {one} has run its term by {until:%Y-%m-%d}. Allowed: at least one.")
    now = {one: float(np.average(part["apr"], weights=part["balance_years"])) for one, part in parts.items()}
    funds = _funding(book)
    dear, cheap = (funds[one] for one in CLASSES)
    scenarios = {
        "consumers_as_they_are": ("consumer", now["consumer"]),
        "owners_as_they_are": ("owner", now["owner"]),
        "owners_cheaper_funds": ("owner", now["owner"] - (dear - cheap)),
        "owners_policy": ("owner", cheap + book.assumptions.policy_margin.value),
    }
    return pd.DataFrame(
        [{"scenario": name, **_at_price(parts[one], apr, apr / now[one])} for name, (one, apr) in scenarios.items()]
    )


def _funding(book: Book) -> dict[str, float]:
    """What the funds of loans to each class of borrowers cost a year."""
    return {
        "consumer": book.assumptions.funding_cost_consumer.value,
        "owner": book.assumptions.funding_cost_owner.value,
    }


@kept
def earnings(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """Each loan that has run its term by the end of a day, with borrower_class, balance_years and the components.

    The balance is in CNY years, all else in CNY. Loans whose money is not known are left out.
    """
    lent = tape(book, until)
    kind = lent.loans["user_id"].map(book.users.set_index("user_id")["borrower_class"].astype(object))
    off = lent.reached(BAD_DAYS)
    paid, principal = lent.plan["paid"].to_numpy(), lent.plan["principal_cny"].to_numpy()
    ends = np.minimum(np.repeat(off, lent.many), lent.end)
    years = lent.each(principal * (np.minimum(paid, ends) - np.repeat(lent.lent, lent.many))) / YEAR
    lost = lent.each(np.where(paid <= ends, 0.0, principal))
    parts = {
        "interest_received": lent.each(np.where(paid <= ends, lent.plan["interest_cny"], 0.0)),
        "funding_cost": -years * kind.map(_funding(book)).to_numpy(),
        "operating_cost": -years * book.assumptions.operating_cost.value,
        "charged_off": -lost,
        "recovered": lost * book.assumptions.recovery.value,
    }
    whole = np.sum(list(parts.values()), axis=0)
    result = lent.loans.assign(borrower_class=kind, balance_years=years, **parts, income_after_losses=whole)
    over = -lent.least(-lent.plan["due"].to_numpy()) + BAD_DAYS <= lent.end
    known = result.assign(lost=off < UNREACHED)[over].dropna(subset=["balance_years", *COMPONENTS])
    return known.reset_index(drop=True)


def equal_instalments(apr: float, lent: float = 1000.0, months: int = TERM) -> float:
    """Interest (CNY) of a loan repaid in equal monthly instalments: the annuity formula.

    >>> round(equal_instalments(0.24), 2)
    134.72
    """
    monthly = apr / 12
    payment = lent * monthly / (1 - (1 + monthly) ** -months) if monthly else lent / months
    return payment * months - lent


def _components(loans: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame([{"component": one, **_over_balance(loans, one)} for one in COMPONENTS])


def _over_balance(loans: pd.DataFrame, component: str) -> dict[str, Any]:
    result = clustered_ratio(loans[component], loans["balance_years"], loans["user_id"])
    losses = int(loans["lost"].sum())
    few = component in UNCERTAIN and losses < FEW_LOSSES
    return {
        "n": result["n"],
        "k": losses,
        "share_of_balance": result["value"],
        **{name: np.nan if few else result[name] for name in ("low", "high")},
        "clusters": result["clusters"],
        "cny": loans[component].sum(),
        "why": "few_losses" if few else None,
    }


def _at_price(loans: pd.DataFrame, apr: float, factor: float) -> dict[str, Any]:
    """What is kept of the balance of some loans at a price: their interest times `factor`."""
    over = partial(clustered_ratio, bottom=loans["balance_years"], clusters=loans["user_id"])
    margin = over(loans["income_after_losses"] + (factor - 1) * loans["interest_received"])
    return {
        "n": margin["n"],
        "net_margin": margin["value"],
        **{name: margin[name] for name in ("low", "high", "clusters")},
        "apr": apr,
        "interest_12": equal_instalments(apr),
        "funding_cost": -over(loans["funding_cost"])["value"],
        "operating_cost": -over(loans["operating_cost"])["value"],
        "losses_net": -over(loans["charged_off"] + loans["recovered"])["value"],
    }
