"""What became of loans: days past due on a day, late, cured, bad. Nothing after the last day is looked at.

A day is read at its end: an instalment due on it and unpaid is not late before the next day, and is then one day past
due. An instalment paid after the last day counts as unpaid on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from loanpersona.analysis.arguments import whole
from loanpersona.analysis.rows import of_loans
from loanpersona.core.errors import InputError
from loanpersona.tables.book import Book, kept

BUCKETS = ("current", "1-29", "30-59", "60-89", "90+")
"""Buckets of days past due (DPD)."""
STATES = (*BUCKETS, "paid_off")
UNREACHED = 1 << 24
"""A day that does not come."""
BAD_DAYS, BAD_MONTHS = 90, 12
"""A loan is bad if it was ever so many days past due by so many months on book; on that day it is charged off."""
SILENT_DAYS = 90
"""How far after its last payment or loan a book may be read: later, silence would pass for loans gone bad."""
HEARD = {"loans": "disbursed_at", "instalments": "paid_on"}
ALONE_DAYS = 330
"""After so long a silence a hundredth of the loans is a slip of the year, and less is a lull of the business."""
Whole = NDArray[np.int64]
_STARTS = np.array([1, 30, 60, 90])


@dataclass(frozen=True)
class Tape:
    """Loans disbursed by a day and all their instalments, as known on that day; days counted from 1970-01-01."""

    end: int
    """The last day."""
    loans: pd.DataFrame
    """By `loan_id`: the columns of the book and lent (day of the money)."""
    plan: pd.DataFrame
    """By loan and number: the columns of the book, loan (its position), due, paid (UNREACHED if unpaid that day)."""
    first: Whole
    """Position of the first instalment of each loan."""

    @property
    def day(self) -> str:
        """The last day in words."""
        return f"{pd.Timestamp(self.end, unit='D'):%Y-%m-%d}"

    @property
    def many(self) -> Whole:
        """How many instalments each loan has."""
        return np.diff(np.append(self.first, len(self.plan)))

    @property
    def users(self) -> Whole:
        """The borrower of each loan."""
        result: Whole = self.loans["user_id"].to_numpy()
        return result

    @property
    def lent(self) -> Whole:
        """The day of the money of each loan."""
        result: Whole = self.loans["lent"].to_numpy()
        return result

    def each(self, values: Any) -> Whole:
        """The sum over the instalments of each loan."""
        return np.add.reduceat(np.asarray(values), self.first)

    def least(self, values: Any) -> Whole:
        """The least over the instalments of each loan."""
        return np.minimum.reduceat(np.asarray(values), self.first)

    def reached(self, days: int) -> Whole:
        """The day on which each loan first was so many days past due, UNREACHED if it was not by the last day."""
        due, paid = self.plan["due"].to_numpy(), self.plan["paid"].to_numpy()
        then = self.least(np.where(paid >= due + days, due + days, UNREACHED))
        return np.where(then <= self.end, then, UNREACHED)

    def past_due(self, day: int) -> Whole:
        """Days past due of each loan on a day, by its oldest unpaid instalment; −1 if nothing is left to pay.

        Loans of a later day count as not past due.
        """
        due, paid = self.plan["due"].to_numpy(), self.plan["paid"].to_numpy()
        oldest = self.least(np.where(paid > day, due, UNREACHED))
        return np.where(oldest == UNREACHED, -1, np.maximum(day - oldest, 0))


@kept
def tape(book: Book, until: pd.Timestamp) -> Tape:
    """The loans of a book and their instalments as known at the end of a day.

    Raises InputError where no loan was disbursed by then, one has no instalments, or the day is more than 90 days
    after the last payment or loan (those of a hundredth of loans that stand alone after such a silence do not count).
    """
    loans, plan, records = book.loans, book.instalments.dropna(subset=["due_on"]), book.whole or book
    _not_silent(until, *(records.table(name).set_index("loan_id")[at] for name, at in HEARD.items()))
    end = int(day_numbers(pd.Series([until]))[0])
    lent = loans[loans["disbursed_at"] <= until].sort_values("loan_id", ignore_index=True)
    if lent.empty:
        raise InputError(f"loans: none was disbursed by {until:%Y-%m-%d}. Allowed: a time after the first loan.")
    paid = np.where(plan["paid_on"] <= until, day_numbers(plan["paid_on"]), UNREACHED)
    plan = of_loans(plan.assign(due=day_numbers(plan["due_on"]), paid=paid), lent["loan_id"])
    plan = plan.sort_values(["loan", "number"], ignore_index=True)
    first = np.searchsorted(plan["loan"], np.arange(len(lent)))
    return Tape(end, lent.assign(lent=day_numbers(lent["disbursed_at"])), plan, first)


def _not_silent(until: pd.Timestamp, lent: pd.Series, paid: pd.Series) -> None:
    """Refuse a day long after what was heard of all loans but a hundredth: one wrong year makes no other loan bad."""
    heard = pd.concat([lent, paid]).dropna().sort_values()
    breaks = np.flatnonzero(heard.diff() > pd.Timedelta(days=ALONE_DAYS))
    alone = next((place for place in breaks if heard.index[place:].nunique() <= len(lent) // 100), len(heard))
    last, apart = heard.iloc[:alone].max().normalize(), heard.index[alone:].nunique()
    if (silent := (until.normalize() - last).days) > SILENT_DAYS:
        but = f" (of all but {apart:,} loans)" if apart else ""
        raise InputError(
            f"until = {until:%Y-%m-%d}: {silent:,} days after the last payment or loan{but}, {last:%Y-%m-%d}. "
            f"Allowed: at most {SILENT_DAYS} days after it."
        )


@kept
def outcomes(book: Book, until: pd.Timestamp, months: int = BAD_MONTHS, days: int = BAD_DAYS) -> pd.DataFrame:
    """What became of every loan by the end of a day, by `loan_id`; the columns are those of `credit.loan_outcomes`."""
    lent, days = tape(book, until), whole("days", days, 1)
    due, paid = lent.plan["due"].to_numpy(), lent.plan["paid"].to_numpy()
    cured_by = due + int(book.assumptions.cure_days.value)
    # Who is behind already cannot fall behind anew: such an instalment tells nothing of the first day.
    fell = (due < lent.end) & (_paid_before(lent) <= due)
    late = fell & (paid > due)
    long_ago = late & (cured_by <= lent.end)
    dpd = lent.past_due(lent.end)
    counted = {"due": fell, "late": late, "late_long_ago": long_ago, "cured": long_ago & (paid <= cured_by)}
    return lent.loans[["loan_id", "user_id"]].assign(
        dpd=np.maximum(dpd, 0),
        dpd_bucket=pd.Categorical.from_codes(buckets(dpd), list(STATES), ordered=True),
        **{name: lent.each(holds.astype(np.int64)) for name, holds in counted.items()},
        bad=_known(lent.reached(days), months_later(lent.lent, months), lent.end),
    )


@kept
def outcomes_of_borrowers(
    book: Book, until: pd.Timestamp, months: int = BAD_MONTHS, days: int = BAD_DAYS
) -> pd.DataFrame:
    """What became of every borrower by the end of a day, by `user_id`; `bad` counts from the first loan on."""
    lent = tape(book, until)
    sums = dict.fromkeys(("loans", "due", "late", "late_long_ago", "cured"), "sum")
    result = outcomes(book, until, months, days).assign(lent=lent.lent, reached=lent.reached(days), loans=1)
    people = result.groupby("user_id").agg({"lent": "min", "reached": "min", "dpd": "max", **sums}).reset_index()
    first = people["lent"].to_numpy()
    people["first_loan_on"] = first.astype("datetime64[D]").astype("datetime64[s]")
    people["bad"] = _known(people["reached"].to_numpy(), months_later(first, months), lent.end)
    return people[["user_id", "first_loan_on", "loans", "dpd", "due", "late", "late_long_ago", "cured", "bad"]]


@kept
def first_approved(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """The first approved application of each user, by `user_id`: what was known before the first loan.

    A later one would know how earlier loans were repaid.
    """
    applications = book.applications
    applications = applications[(applications["outcome"] == "approved") & (applications["decided_at"] <= until)]
    first = applications.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id")
    return first.set_index("user_id").sort_index()


def day_numbers(times: pd.Series) -> Whole:
    """Whole days since 1970-01-01; a missing time gives a day long before."""
    result: Whole = times.to_numpy().astype("datetime64[D]").astype(np.int64)
    return result


def months_later(day: Whole, months: Any) -> Whole:
    """The same day of a later month, or its last day: month on book `months` of loans of a day.

    >>> months_later(np.array([18_658]), 1) - 18_658  # 2021-01-31 to 2021-02-28
    array([28])
    """
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    within = day - month.astype("datetime64[D]").astype(np.int64)
    start, after = ((month + months + more).astype("datetime64[D]").astype(np.int64) for more in (0, 1))
    result: Whole = np.minimum(start + within, after - 1)
    return result


def buckets(dpd: Whole) -> Whole:
    """The place in STATES of each number of days past due; −1 is paid off.

    >>> [STATES[code] for code in buckets(np.array([-1, 0, 1, 29, 30, 90]))]
    ['paid_off', 'current', '1-29', '1-29', '30-59', '90+']
    """
    return np.where(dpd < 0, len(BUCKETS), np.searchsorted(_STARTS, dpd, side="right"))


def _paid_before(lent: Tape) -> Whole:
    """The day on which all instalments before each one of a loan were paid; long ago for the first."""
    # Loans are set apart by more than any day, so one running maximum serves them all.
    apart = lent.plan["loan"].to_numpy() * (2 * UNREACHED)
    running = np.maximum.accumulate(lent.plan["paid"].to_numpy() + apart)
    result: Whole = np.concatenate([[0], running[:-1]]) - apart
    result[lent.first] = -UNREACHED
    return result


def _known(reached: Whole, by: Whole, end: int) -> pd.Series:
    """Whether it was reached by a day, missing where that day has not come."""
    return pd.Series(reached <= by, dtype="boolean").mask(by > end)
