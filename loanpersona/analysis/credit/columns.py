"""Columns that credit makes of a book, to group by: the quality tier of a user, and who borrowed to repay a debt."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.groups import made
from loanpersona.analysis.outcomes import first_approved
from loanpersona.tables.book import Book

DEBT = "debt_for_debt"


@made("user")
def quality_tier(book: Book, until: pd.Timestamp) -> pd.Series:
    """The tier of the first approved application, or else of the last one decided."""
    book.need({"applications": ("decided_at", "outcome", "quality_tier")})
    decided = book.applications[book.applications["decided_at"] <= until].dropna(subset=["quality_tier"])
    last = decided.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id", keep="last")
    tiers = last.set_index("user_id")["quality_tier"]
    approved: pd.Series = first_approved(book, until)["quality_tier"].reindex(tiers.index).fillna(tiers)
    return approved


@made("user")
def debt_first(book: Book, until: pd.Timestamp) -> pd.Series:
    """Whether a borrower's first loan repays another debt."""
    loans = _for_debt(book, until).sort_values(["borrowed_at", "loan_id"])
    return loans.drop_duplicates("user_id").set_index("user_id")["for_debt"]


@made("user", ahead=True)
def debt_ever(book: Book, until: pd.Timestamp) -> pd.Series:
    """Whether any loan of a borrower repays another debt; who stays longer has more occasions."""
    ever: pd.Series = _for_debt(book, until).groupby("user_id")["for_debt"].any()
    return ever


def _for_debt(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    book.need({"loans": ("borrowed_at", "reason")})
    loans = book.loans[book.loans["borrowed_at"] <= until]
    return loans.assign(for_debt=(loans["reason"] == DEBT).astype("boolean").mask(loans["reason"].isna()))
