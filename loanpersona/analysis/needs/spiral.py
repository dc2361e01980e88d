"""How debt grows from loan to loan (2.1c): what is owed when somebody borrows again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import banded, columns, of_loans, with_users
from loanpersona.analysis.needs.debt import DEBT, KINDS, debt_kinds
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_share

ORDINALS = ("1", "2", "3", "4..5", "6..10", "11..20", "21..")
"""Bands of the number of the loan."""


def owed_before(loans: pd.DataFrame, instalments: pd.DataFrame) -> pd.Series:
    """What each borrower still owed on earlier loans (CNY of principal) when a loan was taken, by loan_id.

    A loan is owed from the moment at which it is asked for, an instalment is off from the day on which it is paid:
    what is paid on a day counts before the loans of that day.

    >>> loans = pd.DataFrame({"loan_id": [1, 2], "user_id": 7, "amount_cny": [900, 100],
    ...                       "borrowed_at": pd.to_datetime(["2024-01-01 09:00", "2024-02-01 09:00"])})
    >>> plan = pd.DataFrame({"loan_id": [1, 1, 2], "number": [1, 2, 1], "principal_cny": [450.0, 450.0, 100.0],
    ...                      "paid_on": pd.to_datetime(["2024-02-01", None, None])})
    >>> owed_before(loans, plan).to_dict()
    {1: 0.0, 2: 450.0}
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "amount_cny", "borrowed_at"])
    plan = columns(instalments, "instalments", ["loan_id", "number", "principal_cny", "paid_on"])
    plan = of_loans(plan, taken["loan_id"]).dropna()
    who = taken["user_id"].to_numpy()[plan["loan"]]
    moves = pd.concat(
        [
            pd.DataFrame({"who": who, "at": plan["paid_on"], "cny": -plan["principal_cny"], "loan_id": -1}),
            pd.DataFrame(
                {
                    "who": taken["user_id"],
                    "at": taken["borrowed_at"],
                    "cny": taken["amount_cny"],
                    "loan_id": taken["loan_id"],
                }
            ),
        ]
    ).sort_values(["who", "at", "loan_id"])
    balance = moves.groupby("who")["cny"].cumsum() - moves["cny"]
    lent = moves["loan_id"] >= 0
    owed = pd.Series(balance[lent].to_numpy(float), index=moves.loc[lent, "loan_id"].astype("int64"))
    return owed.round(2).clip(lower=0).reindex(taken["loan_id"])


def owed_when_borrowing(loans: pd.DataFrame, instalments: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """What is owed here when a loan is taken, in months of income (2.1c), by kind of borrower and number of the loan.

    Kinds are told by any loan. Who reaches a high number is another person than who stops at one, so a rise is not
    only one of each borrower. Borrowers without income are left out. Columns: kind (debt_borrowers, other_borrowers),
    loan_number (band), n (loans), clusters, owed_months (mean; this platform only), low, high.
    """
    taken = _numbered(loans, instalments)
    people = with_users(taken, users, [], ["income_cny_month"])
    income = people["income_cny_month"].where(people["income_cny_month"] > 0)
    if income.isna().all():
        raise InputError("users.income_cny_month: no borrower with a loan has any. Allowed: at least one.")
    taken = taken.assign(months=taken["owed"] / income).dropna(subset=["months"])
    rows = []
    for kind, band, part in _cells(taken):
        found = clustered_ratio(part["months"], np.ones(len(part)), part["user_id"])
        ends = {"owed_months": found["value"], "low": found["low"], "high": found["high"]}
        rows.append({"kind": kind, "loan_number": band, "n": found["n"], "clusters": found["clusters"], **ends})
    return pd.DataFrame(rows)


def still_owing(loans: pd.DataFrame, instalments: pd.DataFrame) -> pd.DataFrame:
    """Share of loans taken while something is still owed here (2.1c), by kind of borrower and number of the loan.

    Columns: kind, loan_number (band), n (loans), k, share, low, high, clusters, design_effect, effective_n.
    """
    taken = _numbered(loans, instalments)
    return pd.DataFrame(
        [
            {"kind": kind, "loan_number": band, **clustered_share(part["owed"] > 0, part["user_id"])}
            for kind, band, part in _cells(taken)
        ]
    )


def debt_by_loan_number(loans: pd.DataFrame) -> pd.DataFrame:
    """Share of loans that are for debt, by the number of the loan (2.1c), clustered by borrower.

    Columns: loan_number (band), n (loans), k, share, low, high, clusters, design_effect, effective_n.
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "ordinal", "reason"])
    bands = banded(taken["ordinal"], ORDINALS)
    parts = ((band, taken[bands == band]) for band in ORDINALS)
    return pd.DataFrame(
        [
            {"loan_number": band, **clustered_share(part["reason"] == DEBT, part["user_id"])}
            for band, part in parts
            if len(part)
        ]
    )


def _numbered(loans: pd.DataFrame, instalments: pd.DataFrame) -> pd.DataFrame:
    """Loans with the band of their number, the kind of their borrower and what was owed before."""
    taken = columns(loans, "loans", ["loan_id", "user_id", "ordinal"])
    return taken.assign(
        loan_number=banded(taken["ordinal"], ORDINALS),
        kind=taken["user_id"].map(debt_kinds(loans)),
        owed=taken["loan_id"].map(owed_before(loans, instalments)),
    )


def _cells(taken: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """The loans of each kind and band, where there are any."""
    cells = [
        (kind, band, taken[(taken["kind"] == kind) & (taken["loan_number"] == band)])
        for kind in KINDS
        for band in ORDINALS
    ]
    return [(kind, band, part) for kind, band, part in cells if len(part)]
