"""Where each approved borrower stands at the end of a day, from what had happened by then and nothing later.

Time is counted in calendar days: whoever was approved on the first and is looked at on the thirty-first has been
approved for 30 days. A loan counts from the day its money arrives; its instalments are owed until the day they are
paid. Whoever has a loan counts as approved by then, even if the application is not among the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import asked_for, columns, end_of_day, of_loans
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.tables import keys

DAY_SECONDS = 86_400
BASES = ("operable", "ever_borrowers")
"""Those approved and seen within a year, and all who have borrowed so far (evidence of 18.8); never mixed."""
OPERABLE_DAYS = 365
_ASKED = ("application_id", "user_id", "started_at", "submitted_at", "decided_at", "outcome")
_NEVER = np.iinfo(np.int64).max
_NOT_YET = np.iinfo(np.int64).min  # which numpy reads as no time


@dataclass(frozen=True)
class Acts:
    """What some borrowers did: who (position) and when (seconds since 1970)."""

    who: np.ndarray
    when: np.ndarray


@dataclass(frozen=True)
class History:
    """The rows that a standing is made of, as arrays: borrowers by position in `people`."""

    people: np.ndarray
    approved: np.ndarray
    loans: Acts
    seen: Acts
    owing: Acts
    """Instalments: owed by whom, and from when, which is the day the money of the loan arrived."""
    principal: np.ndarray
    paid: np.ndarray
    last: int

    def standing(self, day: pd.Timestamp) -> pd.DataFrame:
        """The rows of one day, as `standing` says."""
        end = _end(day)
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
        """The day on which the first borrower was approved."""
        return pd.Timestamp(int(self.approved.min()), unit="s").normalize()

    def _latest(self, acts: Acts, end: int) -> np.ndarray:
        found = np.full(len(self.people), _NOT_YET)
        past = acts.when <= end
        np.maximum.at(found, acts.who[past], acts.when[past])
        return found


def standing(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Where each borrower approved by the day `at` stands at its end (by default the last day seen in the book).

    Columns: user_id, approved_at (first approval), n_loans, last_loan_at (missing if none), days_since_approval,
    days_idle (since the last loan, or since the approval), balance_cny (principal owed), last_seen_at (last began or
    handed in an application, borrowed or paid). Raises InputError where nobody was approved by then, an instalment and
    a loan lack one another, or an application is approved without a time.
    """
    known = history(applications, loans, instalments)
    day = as_of(known, at)
    found = known.standing(day)
    if found.empty:
        raise InputError(
            f"applications: nobody was approved by {day:%Y-%m-%d}. Allowed: a day after the first approval."
        )
    return found


def standings(known: History, days: Sequence[pd.Timestamp]) -> pd.DataFrame:
    """The standings of several days one below the other, with a column `as_of` before."""
    parts = [known.standing(day) for day in days]
    found = pd.concat(parts, ignore_index=True)
    found.insert(0, "as_of", np.repeat(pd.DatetimeIndex(days).as_unit("s"), [len(part) for part in parts]))
    return found


def as_of(known: History, at: pd.Timestamp | str | None = None) -> pd.Timestamp:
    """The day that is meant: `at`, or the last day seen in the book."""
    return end_of_day(at, pd.Timestamp(known.last, unit="s")).normalize()


def in_base(found: pd.DataFrame, base: str, days: pd.Series | pd.Timestamp) -> pd.Series:
    """Which rows of standings at the end of `days` are in the base; raises InputError where there is no such base."""
    if base not in BASES:
        raise InputError(f"base = {base}: unknown base. {did_you_mean(str(base), BASES)}")
    if base == "ever_borrowers":
        return found["n_loans"] > 0
    return (days - found["last_seen_at"].dt.normalize()).dt.days <= OPERABLE_DAYS


def history(applications: pd.DataFrame, loans: pd.DataFrame, instalments: pd.DataFrame) -> History:
    """The three tables as arrays that standings of many days can be read from; raises InputError as `standing` does."""
    # the keys are read to refuse rows that stand twice: a balance would be owed twice
    asked = asked_for(applications, _ASKED)
    lent = columns(loans, "loans", ["loan_id", "user_id", "borrowed_at", "disbursed_at"])
    plan = columns(instalments, "instalments", ["loan_id", "number", "principal_cny", "paid_on"])
    if lost := keys.dangling(plan["loan_id"], lent["loan_id"]):
        raise InputError(f"instalments.loan_id = {lost[1]}: no such loan_id in loans. Allowed: one of them.")
    of_loan = of_loans(plan, lent["loan_id"])["loan"].to_numpy()
    people = np.unique(np.concatenate([asked["user_id"], lent["user_id"]]))
    asker, borrower = (np.searchsorted(people, part["user_id"]) for part in (asked, lent))
    payer, paid = borrower[of_loan], _seconds(plan["paid_on"])
    acts = [(asker, asked["started_at"]), (asker, asked["submitted_at"]), (borrower, lent["borrowed_at"])]
    who = np.concatenate([*(one for one, _ in acts), payer])
    when = np.concatenate([*(_seconds(times) for _, times in acts), paid])
    arrived = _seconds(lent["disbursed_at"])
    decided = np.where(asked["outcome"] == "approved", _seconds(asked["decided_at"]), _NEVER)
    approved = np.full(len(people), _NEVER)
    np.minimum.at(approved, np.concatenate([asker, borrower]), np.concatenate([decided, arrived]))
    every = np.concatenate([when, decided, arrived])
    return History(
        people,
        approved,
        Acts(borrower, arrived),
        Acts(who, when),
        Acts(payer, arrived[of_loan]),
        plan["principal_cny"].to_numpy(float),
        paid,
        int(every[every < _NEVER].max()),
    )


def _seconds(times: pd.Series) -> np.ndarray:
    """Seconds since 1970; what is missing never happens."""
    return np.where(times.isna(), _NEVER, times.to_numpy("datetime64[s]").astype(np.int64))


def _end(day: pd.Timestamp) -> int:
    """The last second of a day."""
    return int(end_of_day(day, day).timestamp())


def _days(end: int, since: np.ndarray) -> np.ndarray:
    return end // DAY_SECONDS - since // DAY_SECONDS


def _times(seconds: np.ndarray) -> np.ndarray:
    return seconds.astype("datetime64[s]")
