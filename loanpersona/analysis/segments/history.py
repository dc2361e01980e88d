"""Where each approved user stands at the end of a day, from what had happened by then and nothing later.

Time is counted in calendar days: whoever was approved on the first and is looked at on the thirty-first has been
approved for 30 days. A loan counts from the day its money arrives; its instalments are owed until the day they are
paid. Whoever has a loan counts as approved by then, even if the application is not among the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import end_of_day
from loanpersona.analysis.rows import of_loans
from loanpersona.tables.book import Book, kept

DAY_SECONDS = 86_400
_NEVER = np.iinfo(np.int64).max
_NOT_YET = np.iinfo(np.int64).min  # which numpy reads as no time


@dataclass(frozen=True)
class Acts:
    """What some users did: who (position) and when (seconds since 1970)."""

    who: np.ndarray
    when: np.ndarray


@dataclass(frozen=True)
class History:
    """The rows that a standing is made of, as arrays: users by position in `people`."""

    people: np.ndarray
    approved: np.ndarray
    loans: Acts
    seen: Acts
    owing: Acts
    """Instalments: owed by whom, and from when, which is the day the money of the loan arrived."""
    principal: np.ndarray
    paid: np.ndarray

    def standing(self, day: pd.Timestamp) -> pd.DataFrame:
        """The rows of one day, as `standing` says."""
        end = int(end_of_day(day).timestamp())
        there = self.approved <= end
        approved, last_loan, last_seen = (
            times[there] for times in (self.approved, self._latest(self.loans, end), self._latest(self.seen, end))
        )
        n_loans = np.bincount(self.loans.who[self.loans.when <= end], minlength=len(self.people))[there]
        owed = (self.owing.when <= end) & (self.paid > end)
        balance = np.bincount(self.owing.who[owed], self.principal[owed], len(self.people))[there]
        return pd.DataFrame(
            {
                "user_id": self.people[there],
                "approved_at": _times(approved),
                "n_loans": n_loans,
                "last_loan_at": _times(last_loan),
                "days_since_approval": _days(end, approved),
                "days_idle": _days(end, np.where(n_loans > 0, last_loan, approved)),
                "balance_cny": balance.round(2),
                "last_seen_at": _times(last_seen),
            }
        )

    @property
    def first_approval(self) -> pd.Timestamp:
        """The day on which the first user was approved."""
        return pd.Timestamp(int(self.approved.min()), unit="s").normalize()

    def _latest(self, acts: Acts, end: int) -> np.ndarray:
        latest = np.full(len(self.people), _NOT_YET)
        past = acts.when <= end
        np.maximum.at(latest, acts.who[past], acts.when[past])
        return latest


@kept
def standing(book: Book, day: pd.Timestamp) -> pd.DataFrame:
    """Where each user approved by a day stands at its end, by `user_id`.

    Columns: approved_at (first approval), n_loans, last_loan_at (missing if none), days_since_approval, days_idle
    (since the last loan, or since the approval), balance_cny (principal owed), last_seen_at (last began or handed in
    an application, borrowed or paid).
    """
    return history(book).standing(day).set_index("user_id")


@kept
def history(book: Book) -> History:
    """Applications, loans and instalments as arrays that the standings of many days are read from.

    Raises InputError where a loan has no instalments.
    """
    applications, lent = book.applications, book.loans
    plan = of_loans(book.instalments, lent["loan_id"])
    people = np.unique(np.concatenate([applications["user_id"], lent["user_id"]]))
    asker, borrower = (np.searchsorted(people, part["user_id"]) for part in (applications, lent))
    payer, paid, arrived = borrower[plan["loan"]], _seconds(plan["paid_on"]), _seconds(lent["disbursed_at"])
    acts = [(asker, applications["started_at"]), (asker, applications["submitted_at"]), (borrower, lent["borrowed_at"])]
    who = np.concatenate([*(one for one, _ in acts), payer])
    when = np.concatenate([*(_seconds(times) for _, times in acts), paid])
    decided = np.where(applications["outcome"] == "approved", _seconds(applications["decided_at"]), _NEVER)
    approved = np.full(len(people), _NEVER)
    np.minimum.at(approved, np.concatenate([asker, borrower]), np.concatenate([decided, arrived]))
    return History(
        people,
        approved,
        Acts(borrower, arrived),
        Acts(who, when),
        Acts(payer, arrived[plan["loan"]]),
        plan["principal_cny"].fillna(0).to_numpy(float),
        paid,
    )


def _seconds(times: pd.Series) -> np.ndarray:
    """Seconds since 1970; what is missing never happens."""
    return np.where(times.isna(), _NEVER, times.to_numpy("datetime64[s]").astype(np.int64))


def _days(end: int, since: np.ndarray) -> np.ndarray:
    return end // DAY_SECONDS - since // DAY_SECONDS


def _times(seconds: np.ndarray) -> np.ndarray:
    return seconds.astype("datetime64[s]")
