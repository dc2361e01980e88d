"""Late instalments and loans gone bad, of groups of loans and in relation to one of the groups."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.estimates import LEVEL, clustered_share
from loanpersona.analysis.frames import DAY, columns, moment
from loanpersona.errors import InputError

BAD_DAYS = 90
"""Days past due from which a loan counts as bad."""
OUTCOME = pd.DateOffset(months=12)
MEASURES = ("late_on_first_day", "ninety_within_12_months")


def plans(loans: pd.DataFrame, instalments: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Columns of the instalments of these loans; those of other loans are left out.

    Raises InputError where a loan has no instalment.
    """
    plan = columns(instalments, "instalments", ["loan_id", *wanted])
    lent = columns(loans, "loans", ["loan_id"])["loan_id"]
    bare = lent[~lent.isin(plan["loan_id"])]
    if len(bare):
        raise InputError(f"instalments: loan {bare.iloc[0]} has none. Wanted: all instalments of every loan.")
    return plan[plan["loan_id"].isin(lent)].reset_index(drop=True)


def due_instalments(loans: pd.DataFrame, instalments: pd.DataFrame, until: pd.Timestamp | str | None) -> pd.DataFrame:
    """Instalments that fell due before the day of `until` (by default the last loan), and whether each was late.

    An instalment counts only where nothing of its loan was unpaid from before: a loan is late for the first time
    once. Columns: loan_id, late (not paid by the end of its day). Raises InputError where none fell due by then.
    """
    end = moment(until, columns(loans, "loans", ["borrowed_at"])["borrowed_at"].max()).normalize()
    plan = plans(loans, instalments, ["due_on", "paid_on"])
    due = plan[plan["due_on"] < end].sort_values(["loan_id", "due_on"])
    if due.empty:
        raise InputError(f"instalments: none fell due before {end:%Y-%m-%d}. Allowed: at least one.")
    late = ~(due["paid_on"] <= due["due_on"])
    # the latest day on which an earlier instalment of the loan was paid; never is the end of time
    paid = due["paid_on"].fillna(pd.Timestamp.max.floor("s")).groupby(due["loan_id"])
    before = paid.cummax().groupby(due["loan_id"]).shift()
    clean = ~(before > due["due_on"])
    return pd.DataFrame({"loan_id": due["loan_id"], "late": late})[clean].reset_index(drop=True)


def bad_loans(loans: pd.DataFrame, instalments: pd.DataFrame, until: pd.Timestamp | str | None) -> pd.Series:
    """Whether each loan was ever 90 days past due in its first twelve months, by loan_id.

    Only loans that were twelve months old at `until` (by default the last loan) are told of: younger ones have no
    outcome yet. Raises InputError where no loan is that old.
    """
    lent = columns(loans, "loans", ["loan_id", "borrowed_at", "disbursed_at"]).set_index("loan_id")
    end = moment(until, lent["borrowed_at"].max())
    year = lent["disbursed_at"].dt.normalize() + OUTCOME
    year = year[year <= end]
    if year.empty:
        raise InputError(f"loans: none is twelve months old at {end:%Y-%m-%d}. Allowed: at least one.")
    plan = plans(loans, instalments, ["due_on", "paid_on"])
    reached = plan["due_on"] + BAD_DAYS * DAY
    bad = (reached <= plan["loan_id"].map(year)) & ~(plan["paid_on"] < reached)
    return pd.Series(year.index.isin(plan.loc[bad, "loan_id"]), index=year.index)


def risk_by(
    lent: pd.DataFrame, by: str, levels: tuple[str, ...], instalments: pd.DataFrame, until: Any
) -> pd.DataFrame:
    """Both measures of risk of groups of loans, and the ratio of each group to the last of `levels`.

    `lent` holds loans with the group of each in the column `by`. Columns: measure (late_on_first_day, of instalments
    due; ninety_within_12_months, of loans old enough), by, n, k, share, low, high, clusters, risk_ratio,
    risk_ratio_low, risk_ratio_high (missing for the group compared with).
    """
    loans = lent.set_index("loan_id")
    due, bad = due_instalments(lent, instalments, until), bad_loans(lent, instalments, until)
    rows = [(due["loan_id"].to_numpy(), due["late"].to_numpy()), (bad.index.to_numpy(), bad.to_numpy())]
    parts = []
    for measure, (ids, holds) in zip(MEASURES, rows, strict=True):
        kind, who = (loans[name].reindex(ids).to_numpy() for name in (by, "borrower_id"))
        found = pd.DataFrame([{by: one, **clustered_share(holds[kind == one], who[kind == one])} for one in levels])
        ratios = [ratio_of_shares(holds, kind == one, kind == levels[-1], who) for one in levels[:-1]]
        found = found.drop(columns=["design_effect", "effective_n"]).join(pd.DataFrame(ratios))
        found.insert(0, "measure", measure)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def ratio_of_shares(holds: Any, one: Any, other: Any, clusters: Any, level: float = LEVEL) -> dict[str, float]:
    """The share of rows of `one` where `holds` is true over that of the rows of `other`, clustered.

    Keys: risk_ratio, risk_ratio_low, risk_ratio_high: the interval of the log ratio, linearised over clusters, so
    that borrowers with rows in both groups count rightly. Missing where a share is 0.
    Source: Cochran, Sampling Techniques (1977), 6.3.

    >>> found = ratio_of_shares([1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 2, 3, 4])
    >>> found["risk_ratio"], round(found["risk_ratio_high"], 2)
    (1.0, 9.61)
    """
    codes, names = pd.factorize(np.asarray(clusters))
    influence, shares = np.zeros(len(names)), []
    for sign, part in ((1, one), (-1, other)):
        member = np.asarray(part, bool)
        held = member * np.asarray(holds, float)
        n, k = (np.bincount(codes, values, len(names)) for values in (member, held))
        share = float(k.sum() / n.sum()) if n.sum() else np.nan
        if not share > 0:
            return dict.fromkeys(("risk_ratio", "risk_ratio_low", "risk_ratio_high"), np.nan)
        influence += sign * (k - share * n) / k.sum()
        shares.append(share)
    ratio, groups = shares[0] / shares[1], len(names)
    error = sqrt(groups / (groups - 1) * float(np.square(influence).sum())) if groups > 1 else np.nan
    half = exp(NormalDist().inv_cdf((1 + level) / 2) * error)
    return {"risk_ratio": ratio, "risk_ratio_low": ratio / half, "risk_ratio_high": ratio * half}
