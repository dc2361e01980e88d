"""Columns of loans that tell what somebody owes when a loan is taken, and how much of the limit it takes."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.groups import made
from loanpersona.analysis.rows import of_loans
from loanpersona.core.errors import InputError
from loanpersona.tables.book import Book, kept


@made("loan")
def still_owing(book: Book, _: pd.Timestamp) -> pd.Series:
    """Whether something was still owed here when the loan was taken."""
    return owed_before(book) > 0


@made("loan")
def owed_months(book: Book, _: pd.Timestamp) -> pd.Series:
    """What was still owed here when the loan was taken, in months of income; missing for users without income."""
    book.need({"users": ("income_cny_month",)})
    income = book.users.set_index("user_id")["income_cny_month"]
    owed = owed_before(book)
    result: pd.Series = owed / book.loans.set_index("loan_id")["user_id"].map(income.where(income > 0)).reindex(
        owed.index
    )
    return result


@made("loan")
def share_of_limit(book: Book, _: pd.Timestamp) -> pd.Series:
    """The amount of a loan over the limit of its user at that time, as last approved; missing where there was none."""
    book.need({"applications": ("decided_at", "outcome", "limit_cny"), "loans": ("amount_cny", "borrowed_at")})
    approved = book.applications[(book.applications["outcome"] == "approved") & (book.applications["limit_cny"] > 0)]
    limits = approved[["user_id", "decided_at", "limit_cny"]].dropna().sort_values("decided_at")
    loans = book.loans[["loan_id", "user_id", "borrowed_at", "amount_cny"]].dropna().sort_values("borrowed_at")
    rows = pd.merge_asof(loans, limits, left_on="borrowed_at", right_on="decided_at", by="user_id").set_index("loan_id")
    return rows["amount_cny"] / rows["limit_cny"]


@kept
def owed_before(book: Book) -> pd.Series:
    """What each borrower still owed on earlier loans (CNY of principal) when a loan was taken, by loan_id.

    A loan is owed from the moment at which it is asked for, an instalment is off from the day on which it is paid:
    what is paid on a day counts before the loans of that day.

    >>> loans = pd.DataFrame({"loan_id": [1, 2], "user_id": 7, "amount_cny": [900, 100],
    ...                       "borrowed_at": pd.to_datetime(["2024-01-01 09:00", "2024-02-01 09:00"])})
    >>> plan = pd.DataFrame({"loan_id": [1, 1, 2], "number": [1, 2, 1], "principal_cny": [450.0, 450.0, 100.0],
    ...                      "paid_on": pd.to_datetime(["2024-02-01", None, None])})
    >>> owed_before(Book(loans=loans, instalments=plan)).to_dict()
    {1: 0.0, 2: 450.0}
    """
    book.need({"loans": ("amount_cny", "borrowed_at"), "instalments": ("principal_cny", "paid_on")})
    taken = book.loans[["loan_id", "user_id", "borrowed_at", "amount_cny"]].dropna()
    plan = of_loans(book.instalments[["loan_id", "paid_on", "principal_cny"]], taken["loan_id"]).dropna()
    paid = {"user_id": taken["user_id"].to_numpy()[plan["loan"]], "at": plan["paid_on"], "cny": -plan["principal_cny"]}
    lent = taken.set_axis(["loan_id", "user_id", "at", "cny"], axis=1)
    moves = pd.concat([pd.DataFrame(paid).assign(loan_id=-1), lent]).sort_values(["user_id", "at", "loan_id"])
    owed = moves.groupby("user_id")["cny"].cumsum() - moves["cny"]
    loans = moves["loan_id"] >= 0
    result = pd.Series(owed[loans].to_numpy(float), index=moves.loc[loans, "loan_id"].astype("int64"))
    return result.round(2).clip(lower=0).reindex(taken["loan_id"])


def borrowed(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """The loans asked for by the end of a day; raises InputError where there is none."""
    result = book.loans[book.loans["borrowed_at"] <= until]
    if result.empty:
        raise InputError(f"loans: none was asked for by {until:%Y-%m-%d}. Allowed: a day after the first loan.")
    return result
