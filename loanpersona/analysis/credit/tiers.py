"""The tier table (3.1c, 3.2g): what each quality tier is granted, how it repays and what it earns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.credit.columns import quality_tier
from loanpersona.analysis.credit.earnings import COSTS, FEW_LOSSES, OVER, earnings
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import EVERYBODY, with_why
from loanpersona.analysis.outcomes import first_approved, outcomes, tape
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_part, clustered_ratio, clustered_share, clustered_total, mean, share
from loanpersona.tables.book import Book

TIER = "quality_tier"
MEASURES = {
    "applicants": "count",
    "approval_rate": "share",
    "mean_limit_cny": "money",
    "mean_apr": "share",
    "late_first_day": "share",
    "cure_rate": "share",
    "bad_12_months": "share",
    "income_rate": "share",
    "income_cny": "money",
    "volume_share": "share",
}
"""How each measure is written."""


@frame(
    statements="3.1c 3.2g",
    counts="things_measured",
    keys="quality_tier measure",
    estimate="value",
    reads={
        **OVER,
        "loans": f"{OVER['loans']} amount_cny",
        "applications": "application_id user_id decided_at outcome quality_tier limit_cny apr",
    },
    written={**MEASURES, "value": "number"},
    assumes=f"cure_days {COSTS}",
)
def tier_table(book: Book, *, until: Day = None) -> pd.DataFrame:
    """The table of the quality tiers (3.1c, 3.2g); `everybody` are all with a tier.

    The tier is that of a user's first approved application, or else of the last one decided. Measures:
    applicants (users about whom was decided); approval_rate (share of them ever approved); mean_limit_cny and mean_apr
    (over the approved); late_first_day (share of instalments not paid by the day they fell due, on loans not behind
    before: D1); cure_rate (share of those late that were paid within the cure days assumed, 30);
    bad_12_months (share of loans ever 90 days past due by month on book 12); income_rate (income after losses per year
    of average balance) and income_cny (the same in CNY), both of loans that have run their term, see `unit_economics`;
    volume_share (of what was lent).

    Columns: quality_tier, measure, n (users, instalments or loans), value, low, high (missing where there is no
    interval), why (none counted; too few losses: fewer than 30). Rows of one borrower go together. Raises InputError
    where no borrower has a tier.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.tier_table(population)["quality_tier"].unique().tolist()[:3]
    ['everybody', 'prime', 'near_prime']
    """
    tiers = quality_tier(book, until)
    first = first_approved(book, until).reset_index()
    users = pd.DataFrame({"user_id": tiers.index, "approved": tiers.index.isin(first["user_id"])})
    lent = outcomes(book, until).assign(amount=tape(book, until).loans["amount_cny"])
    frames = [_with_tier(rows, tiers) for rows in (users, first, lent, earnings(book, until))]
    if frames[2].empty:
        raise InputError("loans: no borrower has a quality tier. Allowed: at least one.")
    there = [one for one in tiers.cat.categories if (tiers == one).any()]
    rows = [
        {TIER: tier, "measure": measure, **result}
        for tier in (EVERYBODY, *there)
        for measure, result in _measured(*(_of(rows, tier) for rows in frames), lent=frames[2], tier=tier)
    ]
    result = pd.DataFrame(rows, columns=[TIER, "measure", "n", "value", "low", "high", "why"])
    few = result["why"] == "few_losses"
    result = with_why(result)
    return result.assign(why=result["why"].astype(object).mask(few, "few_losses"))


def _with_tier(rows: pd.DataFrame, tiers: pd.Series) -> pd.DataFrame:
    return rows.assign(**{TIER: rows["user_id"].map(tiers)}).dropna(subset=[TIER])


def _of(rows: pd.DataFrame, tier: str) -> pd.DataFrame:
    return rows if tier == EVERYBODY else rows[rows[TIER] == tier]


def _measured(
    users: pd.DataFrame,
    approved: pd.DataFrame,
    loans: pd.DataFrame,
    earned: pd.DataFrame,
    *,
    lent: pd.DataFrame,
    tier: str,
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "applicants", _counted(len(users), float(len(users)))
    yield "approval_rate", _valued(share(users["approved"]))
    yield "mean_limit_cny", mean(approved["limit_cny"].dropna())
    yield "mean_apr", mean(approved["apr"].dropna())
    seen = loans.dropna(subset=["bad"])
    yield "late_first_day", _valued(clustered_part(loans["late"], loans["due"], loans["user_id"]))
    yield "cure_rate", _valued(clustered_part(loans["cured"], loans["late_long_ago"], loans["user_id"]))
    yield "bad_12_months", _valued(clustered_share(seen["bad"].astype(bool), seen["user_id"]))
    rate = clustered_ratio(earned["income_after_losses"], earned["balance_years"], earned["user_id"])
    few = int(earned["lost"].sum()) < FEW_LOSSES
    yield "income_rate", _unless(few, {name: rate[name] for name in ("n", "value", "low", "high")})
    yield "income_cny", _unless(few, clustered_total(earned["income_after_losses"], earned["user_id"]))
    if tier == EVERYBODY:
        yield "volume_share", _counted(len(lent), 1.0)
    else:
        amounts = lent["amount"].fillna(0)
        yield "volume_share", _valued(clustered_share(lent[TIER] == tier, lent["user_id"], amounts))


def _unless(few: bool, result: dict[str, Any]) -> dict[str, Any]:
    """What rests on losses, without an interval where they are too few to tell one."""
    return result | {"low": np.nan, "high": np.nan, "why": "few_losses"} if few else result


def _counted(n: int, value: float) -> dict[str, Any]:
    return {"n": n, "value": value, "low": np.nan, "high": np.nan}


def _valued(result: dict[str, Any]) -> dict[str, Any]:
    return {"n": result["n"], "value": result["share"], "low": result["low"], "high": result["high"]}
