"""What a loan costs its borrower (1.4h): interest, the credit record, data given away, debt service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import banded, columns, end_of_day, of_loans
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_share, clustered_shares, share

INQUIRIES = ("0", "1", "2", "3..5", "6..10", "11..20", "21..")
SERVICE = ("0..9", "10..19", "20..29", "30..39", "40..49", "50..54", "55..")
"""Bands of a month's debt service, in percent of the month's income."""


def interest_by_term(loans: pd.DataFrame, instalments: pd.DataFrame) -> pd.DataFrame:
    """Interest of a loan paid to its plan, per 1,000 CNY lent, by term (1.4h), clustered by borrower.

    Columns: term_months, n (loans), clusters, per_1000 (CNY), low, high, mean_apr.
    """
    lent = _interest(loans, instalments, ["term_months"])
    return _per_thousand(lent, "term_months", sorted(lent["term_months"].unique()))


def interest_by_tier(loans: pd.DataFrame, instalments: pd.DataFrame, applications: pd.DataFrame) -> pd.DataFrame:
    """Interest of a loan paid to its plan, per 1,000 CNY lent, by quality tier (1.4h, 3.2g), clustered by borrower.

    The tier is that of the borrower's last application that was handed in. Terms differ between loans, so the
    yearly rate stands beside. Columns: quality_tier, n (loans), clusters, per_1000 (CNY), low, high, mean_apr.
    """
    asked = columns(applications, "applications", ["user_id", "started_at", "quality_tier"]).dropna()
    tier = asked.sort_values("started_at").drop_duplicates("user_id", keep="last").set_index("user_id")
    lent = _interest(loans, instalments, [])
    lent = lent.assign(quality_tier=lent["user_id"].map(tier["quality_tier"].astype(object)))
    levels = tables.table("applications").columns["quality_tier"].levels
    present = [level for level in levels if (lent["quality_tier"] == level).any()]
    if not present:
        raise InputError("loans: no borrower has a quality tier. Allowed: at least one.")
    return _per_thousand(lent, "quality_tier", present)


def inquiries(applications: pd.DataFrame, loans: pd.DataFrame) -> pd.DataFrame:
    """How often the credit bureau was asked about each user who applied (1.4h).

    Assumed in `costs.yaml`: once per application that is handed in and once per loan.
    Columns: inquiries (band), n (users), k, share, low, high.
    """
    assumed = catalog.load("costs")["inquiries"]
    asked = columns(applications, "applications", ["user_id", "submitted_at"])
    taken = columns(loans, "loans", ["user_id"])["user_id"].value_counts()
    handed = asked["submitted_at"].notna().groupby(asked["user_id"]).sum()
    counts = int(assumed["per_application"]) * handed
    counts = counts.add(int(assumed["per_loan"]) * taken.reindex(handed.index, fill_value=0))
    bands = banded(counts, INQUIRIES)
    return pd.DataFrame([{"inquiries": band, **share(bands == band)} for band in INQUIRIES])


def data_given(applications: pd.DataFrame) -> pd.DataFrame:
    """What users who began an application have given away (1.4h): the steps they ever completed.

    Columns: data (identity, profile, bank_card, face_check), n (users), k, share, low, high. A step at which
    an application was left was not completed.
    """
    asked = columns(applications, "applications", ["user_id", "last_step"])
    steps = list(tables.table("applications").columns["last_step"].levels)
    reached = asked["last_step"].cat.codes.groupby(asked["user_id"]).max()
    return pd.DataFrame([{"data": step, **share(reached > position)} for position, step in enumerate(steps[:-1])])


def debt_service(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What falls due in a month over the month's income (1.4h), in months with an instalment due.

    `all_platforms` adds what `costs.yaml` assumes for each further platform: 8 % of income. Months after that of
    `until` (by default the last loan) are left out, and so are borrowers without income. Clustered by borrower.
    Columns: counted (this_platform, all_platforms), service_band (percent of income), borrower_months, k, share,
    low, high, clusters, design_effect, effective_n.
    """
    months = _months(loans, instalments, users, until)
    parts = []
    for counted in ("this_platform", "all_platforms"):
        percent = np.floor(100 * months[counted] + 1e-9)
        found = clustered_shares(months.assign(service_band=banded(percent, SERVICE)), "service_band", SERVICE)
        found.insert(0, "counted", counted)
        parts.append(found)
    return pd.concat(parts, ignore_index=True).rename(columns={"n": "borrower_months"})


def debt_service_above(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    users: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Share of such months in which debt service is above 50 % and above 55 % of income (1.4h).

    The lines are those of a guideline, see `costs.yaml`. Columns: counted, line (above_50, above_55),
    borrower_months, k, share, low, high, clusters, design_effect, effective_n.
    """
    months = _months(loans, instalments, users, until)
    lines = catalog.load("costs")["debt_service"]
    rows = []
    for counted in ("this_platform", "all_platforms"):
        for line, key in (("above_50", "warn_above"), ("above_55", "refuse_above")):
            found = clustered_share(months[counted] > float(lines[key]), months["user_id"])
            rows.append({"counted": counted, "line": line, **found})
    return pd.DataFrame(rows).rename(columns={"n": "borrower_months"})


def _interest(loans: pd.DataFrame, instalments: pd.DataFrame, more: Sequence[str]) -> pd.DataFrame:
    """Loans with the interest of all their instalments, paid or not yet due."""
    lent = columns(loans, "loans", ["loan_id", "user_id", "amount_cny", "apr", *more])
    plan = columns(instalments, "instalments", ["loan_id", "interest_cny"])
    return lent.assign(interest=of_loans(plan, lent["loan_id"]).groupby("loan")["interest_cny"].sum())


def _per_thousand(lent: pd.DataFrame, by: str, levels: Sequence[object]) -> pd.DataFrame:
    rows = []
    for one in levels:
        part = lent[lent[by] == one]
        found = clustered_ratio(1000 * part["interest"], part["amount_cny"], part["user_id"])
        ends = {"per_1000": found["value"], "low": found["low"], "high": found["high"]}
        rows.append({by: one, "n": found["n"], "clusters": found["clusters"], **ends, "mean_apr": part["apr"].mean()})
    return pd.DataFrame(rows)


def _months(
    loans: pd.DataFrame, instalments: pd.DataFrame, users: pd.DataFrame, until: pd.Timestamp | str | None
) -> pd.DataFrame:
    """Each borrower and month with something due: debt service over income, here and with further platforms."""
    lent = columns(loans, "loans", ["loan_id", "user_id", "borrowed_at"]).set_index("loan_id")
    plan = columns(instalments, "instalments", ["loan_id", "due_on", "principal_cny", "interest_cny"])
    end = end_of_day(until, lent["borrowed_at"].max())
    due = plan.assign(
        user_id=plan["loan_id"].map(lent["user_id"]),
        month=plan["due_on"].dt.to_period("M"),
        due=plan["principal_cny"] + plan["interest_cny"],
    )
    due = due[due["month"] <= end.to_period("M")]
    sums = due.groupby(["user_id", "month"])["due"].sum().reset_index()
    people = columns(users, "users", ["user_id", "income_cny_month", "platforms"])
    found = sums.merge(people[people["income_cny_month"] > 0], on="user_id")
    if found.empty:
        raise InputError(f"instalments: none of a borrower with income is due by {end:%Y-%m}. Allowed: at least one.")
    here = found["due"] / found["income_cny_month"]
    elsewhere = float(catalog.load("costs")["further_platforms"]["share_of_income"]) * (found["platforms"] - 1)
    return found.assign(this_platform=here, all_platforms=here + elsewhere)
