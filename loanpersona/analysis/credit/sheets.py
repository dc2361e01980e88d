"""Sheets of credit: what became of every loan and of every borrower, one row each, to build on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.outcomes import BAD_DAYS, BAD_MONTHS, first_approved, outcomes, outcomes_of_borrowers
from loanpersona.tables.book import Book

LENT = {"loans": "loan_id user_id disbursed_at", "instalments": "loan_id number due_on paid_on"}
WRITTEN = {
    **dict.fromkeys(("loans", "due", "late", "late_long_ago", "cured"), "count"),
    "dpd": "days",
    "bad": "flag",
    "first_loan_on": "day",
    "risk_score": "count",
}


@frame(
    statements="3.1c",
    counts="loans",
    keys="loan_id user_id",
    estimate="",
    reads=LENT,
    written=WRITTEN,
    assumes="cure_days",
)
def loan_outcomes(book: Book, *, until: Day = None, months: int = BAD_MONTHS, days: int = BAD_DAYS) -> pd.DataFrame:
    """What became of every loan by the day `until` (3.1c).

    Nothing is taken to happen after the last row, so a day more than 90 days after it is refused.
    Columns: loan_id, user_id; dpd (days past due that day), dpd_bucket (current, 1-29, 30-59, 60-89, 90+,
    paid_off); due (instalments that fell due before it on a loan that was not behind) and late (of these, not
    paid by the due day: D1); late_long_ago (of the late, fallen due the cure days assumed, 30, before it or
    earlier) and cured (of these, paid within them); bad (ever `days` past due by month on book `months`, counted from
    the day of the money; missing for loans younger than that). Raises InputError where no loan was disbursed by then.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.loan_outcomes(population)["bad"].value_counts().tolist()
    [238, 10]
    """
    return outcomes(book, until, months, days).copy()


@frame(
    statements="3.1c", counts="borrowers", keys="user_id", estimate="", reads=LENT, written=WRITTEN, assumes="cure_days"
)
def borrower_outcomes(book: Book, *, until: Day = None, months: int = BAD_MONTHS, days: int = BAD_DAYS) -> pd.DataFrame:
    """What became of every borrower by the day `until` (3.1c).

    Columns: user_id, first_loan_on; loans; dpd (of the loan most past due), due, late, late_long_ago, cured
    (sums of `loan_outcomes`); bad (any loan ever `days` past due by month on book `months`, counted from the
    borrower's first loan; missing for borrowers younger than that); risk_score (of the first approved application,
    missing in a book without one). Raises as `loan_outcomes` does.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.borrower_outcomes(population)["bad"].value_counts().tolist()
    [62, 2]
    """
    people = outcomes_of_borrowers(book, until, months, days)
    known = "applications" in book.tables and {"decided_at", "outcome", "risk_score"} <= set(book.applications)
    scores = people["user_id"].map(first_approved(book, until)["risk_score"]).astype("float64") if known else np.nan
    return people.assign(risk_score=scores)
