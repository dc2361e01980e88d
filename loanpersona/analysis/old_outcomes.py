"""What became of loans: days past due on a day, late, cured, bad. Nothing after the last day is looked at.

A day is read at its end: an instalment due on it and unpaid is not late before the next day, and is then one day past
due. An instalment paid after the last day counts as unpaid on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from loanpersona.analysis.frames import SECOND, columns, end_of_day, of_loans, whole
from loanpersona.core.errors import InputError

BUCKETS = ("current", "1-29", "30-59", "60-89", "90+")
"""Buckets of days past due (DPD)."""
STATES = (*BUCKETS, "paid_off")
UNREACHED = 1 << 24
"""A day that does not come."""
CURE_DAYS = 30
BAD_DAYS, BAD_MONTHS = 90, 12
"""A loan is bad if it was ever so many days past due by so many months on book; on that day it is charged off."""
SILENT_DAYS = 90
"""How far after its last payment or loan a book may be read: later, silence would pass for loans gone bad."""
Whole = NDArray[np.int64]
_STARTS = np.array([1, 30, 60, 90])


@dataclass(frozen=True)
class LoanTape:
    """Loans disbursed by a day and all their instalments, as known on that day; days counted from 1970-01-01."""

    end: int
    """The last day."""
    loans: pd.DataFrame
    """By `loan_id`: user_id, lent (day of the money) and what else was asked for."""
    plan: pd.DataFrame
    """By loan and number: loan (its position), number, due, paid (UNREACHED if unpaid on the last day) and the rest."""
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
        found: Whole = self.loans["user_id"].to_numpy()
        return found

    @property
    def lent(self) -> Whole:
        """The day of the money of each loan."""
        found: Whole = self.loans["lent"].to_numpy()
        return found

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


def read(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    lent: Sequence[str] = (),
    owed: Sequence[str] = (),
) -> LoanTape:
    """The book on the day `until`, by default that of the last payment or loan, with more columns of either table.

    Instalments of other loans are left out. Raises InputError where no loan was disbursed by then, one has no
    instalments, or the day is more than 90 days after the last payment or loan.
    """
    taken = columns(loans, "loans", ["loan_id", "user_id", "disbursed_at", *lent])
    plan = columns(instalments, "instalments", ["loan_id", "number", "due_on", "paid_on", *owed])
    last = _last_day(until, pd.concat([taken["disbursed_at"], plan["paid_on"]]).max())
    end = int(day_numbers(pd.Series([last]))[0])
    taken = taken.assign(lent=day_numbers(taken["disbursed_at"]))
    taken = taken[taken["lent"] <= end].sort_values("loan_id", ignore_index=True)
    if taken.empty:
        raise InputError(f"loans: none was disbursed by {last:%Y-%m-%d}. Allowed: a time after the first loan.")
    paid = day_numbers(plan["paid_on"])
    known = plan["paid_on"].notna() & (paid <= end)
    plan = plan.assign(due=day_numbers(plan["due_on"]), paid=np.where(known, paid, UNREACHED))
    plan = of_loans(plan, taken["loan_id"]).sort_values(["loan", "number"], ignore_index=True)
    return LoanTape(end, taken.drop(columns="disbursed_at"), plan, np.searchsorted(plan["loan"], np.arange(len(taken))))


def _last_day(until: pd.Timestamp | str | None, told: pd.Timestamp) -> pd.Timestamp:
    """The day that is meant; raises InputError where it lies far after the last thing the book tells of."""
    last = end_of_day(until, told)
    if (silent := (last.normalize() - told.normalize()).days) > SILENT_DAYS:
        raise InputError(
            f"until = {last:%Y-%m-%d}: {silent:,} days after the last payment or loan, {told:%Y-%m-%d}. "
            f"Allowed: at most {SILENT_DAYS} days after it."
        )
    return last


def loan_outcomes(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    months: int = BAD_MONTHS,
    days: int = BAD_DAYS,
) -> pd.DataFrame:
    """What became of every loan by the day `until` (by default the last payment or loan).

    Nothing is taken to happen after the last row, so a day more than 90 days after it is refused.
    Columns: loan_id, user_id; dpd (days past due that day), dpd_bucket (current, 1-29, 30-59, 60-89, 90+,
    paid_off); due (instalments that fell due before it on a loan that was not behind) and late (of these, not
    paid by the due day: D1); late_long_ago (of the late, fallen due 30 days before it or earlier) and cured (of
    these, paid within 30 days); bad (ever `days` past due by month on book `months`, counted from the day of the
    money; missing for loans younger than that). Raises InputError where no loan was disbursed by then, or `months` or
    `days` is no whole number from 1 on.

    >>> loans = pd.DataFrame({"loan_id": [1], "user_id": [1], "disbursed_at": pd.to_datetime(["2023-01-05"])})
    >>> due = pd.to_datetime(["2023-02-05", "2023-03-05"])
    >>> plan = pd.DataFrame({"loan_id": 1, "number": [1, 2], "due_on": due, "paid_on": ["2023-02-05", "2023-12-20"]})
    >>> plan = plan.astype({"paid_on": "datetime64[s]"})
    >>> loan_outcomes(loans, plan, "2024-01-05")[["dpd", "due", "late", "cured", "bad"]].to_numpy().tolist()
    [[0, 2, 1, 0, True]]
    """
    return outcomes(read(loans, instalments, until), months, days)


def outcomes(book: LoanTape, months: int = BAD_MONTHS, days: int = BAD_DAYS) -> pd.DataFrame:
    """The outcomes of the loans of a book, as `loan_outcomes` says."""
    months, days = whole("months", months, 1), whole("days", days, 1)
    due, paid = book.plan["due"].to_numpy(), book.plan["paid"].to_numpy()
    # Who is behind already cannot fall behind anew: such an instalment tells nothing of the first day.
    fell = (due < book.end) & (_paid_before(book) <= due)
    late = fell & (paid > due)
    long_ago = late & (due + CURE_DAYS <= book.end)
    dpd = book.past_due(book.end)
    counted = {"due": fell, "late": late, "late_long_ago": long_ago, "cured": long_ago & (paid <= due + CURE_DAYS)}
    return book.loans[["loan_id", "user_id"]].assign(
        dpd=np.maximum(dpd, 0),
        dpd_bucket=pd.Categorical.from_codes(buckets(dpd), list(STATES), ordered=True),
        **{name: book.each(holds.astype(np.int64)) for name, holds in counted.items()},
        bad=_known(book.reached(days), months_later(book.lent, months), book.end),
    )


def borrower_outcomes(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    months: int = BAD_MONTHS,
    days: int = BAD_DAYS,
) -> pd.DataFrame:
    """What became of every borrower by the day `until`, one row each.

    Columns: user_id, first_loan_on; loans; dpd (of the loan most past due), due, late, late_long_ago, cured
    (sums of `loan_outcomes`); bad (any loan ever `days` past due by month on book `months`, counted from the
    borrower's first loan; missing for borrowers younger than that). Raises as `loan_outcomes` does.
    """
    book = read(loans, instalments, until)
    found = outcomes(book, months, days).assign(lent=book.lent, reached=book.reached(days), loans=1)
    how = {
        "lent": "min",
        "loans": "sum",
        "dpd": "max",
        "due": "sum",
        "late": "sum",
        "late_long_ago": "sum",
        "cured": "sum",
        "reached": "min",
    }
    people = found.groupby("user_id").agg(how).reset_index()
    first = people.pop("lent").to_numpy()
    people.insert(1, "first_loan_on", first.astype("datetime64[D]").astype("datetime64[s]"))
    return people.assign(bad=_known(people.pop("reached").to_numpy(), months_later(first, months), book.end))


def granted(applications: pd.DataFrame, wanted: Sequence[str], until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """The first approved application of each borrower: what was known before the first loan, by `user_id`.

    A later one would know how earlier loans were repaid. Raises InputError where none was approved by `until`.
    """
    asked = columns(applications, "applications", ["application_id", "user_id", "decided_at", "outcome", *wanted])
    asked = asked[(asked["outcome"] == "approved") & (asked["decided_at"] < day_after(until))]
    if asked.empty:
        raise InputError("applications: none was approved. Allowed: at least one.")
    first = asked.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id")
    return first.set_index("user_id").sort_index()


def day_after(until: pd.Timestamp | str | None) -> pd.Timestamp:
    """The beginning of the day after the last one; where none is given, a day that does not come."""
    return end_of_day(until, pd.Timestamp("2261-12-31")) + SECOND


def day_numbers(times: pd.Series) -> Whole:
    """Whole days since 1970-01-01; a missing time gives a day long before."""
    found: Whole = times.to_numpy().astype("datetime64[D]").astype(np.int64)
    return found


def months_later(day: Whole, months: Any) -> Whole:
    """The same day of a later month, or its last day: month on book `months` of loans of a day.

    >>> months_later(np.array([18_658]), 1) - 18_658  # 2021-01-31 to 2021-02-28
    array([28])
    """
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    within = day - month.astype("datetime64[D]").astype(np.int64)
    start, after = ((month + months + more).astype("datetime64[D]").astype(np.int64) for more in (0, 1))
    found: Whole = np.minimum(start + within, after - 1)
    return found


def buckets(dpd: Whole) -> Whole:
    """The place in STATES of each number of days past due; −1 is paid off.

    >>> [STATES[code] for code in buckets(np.array([-1, 0, 1, 29, 30, 90]))]
    ['paid_off', 'current', '1-29', '1-29', '30-59', '90+']
    """
    return np.where(dpd < 0, len(BUCKETS), np.searchsorted(_STARTS, dpd, side="right"))


def _paid_before(book: LoanTape) -> Whole:
    """The day on which all instalments before each one of a loan were paid; long ago for the first."""
    # Loans are set apart by more than any day, so one running maximum serves them all.
    apart = book.plan["loan"].to_numpy() * (2 * UNREACHED)
    running = np.maximum.accumulate(book.plan["paid"].to_numpy() + apart)
    found: Whole = np.concatenate([[0], running[:-1]]) - apart
    found[book.first] = -UNREACHED
    return found


def _known(reached: Whole, by: Whole, end: int) -> pd.Series:
    """Whether it was reached by a day, missing where that day has not come."""
    return pd.Series(reached <= by, dtype="boolean").mask(by > end)
