"""Accounts: what the users of a block owe on the day on which each next comes to borrow."""

from __future__ import annotations

import numpy as np

from loanpersona.simulation.life import Integers
from loanpersona.simulation.payments import NEVER, Payments
from loanpersona.simulation.schedules import Schedule


class Accounts:
    """The instalments of some users that are still to be paid."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.stops = np.full(size, NEVER)
        """Day of the window on which a user stops paying."""
        self._who, self._due, self._on, self._cents = (np.empty(0, np.int64) for _ in range(4))

    def bring_to(self, day: Integers) -> tuple[Integers, Integers]:
        """Cents owed and number of instalments overdue, for each user on a day, shape (size,) both.

        What is paid on a day counts before its loans. Users whose day is NEVER are not asked for any more.
        """
        left = self._on > day.take(self._who)
        self._who, self._due, self._on, self._cents = (
            values[left] for values in (self._who, self._due, self._on, self._cents)
        )
        owed = np.bincount(self._who, self._cents, self.size).astype(np.int64)  # exact: no sum nears 2**53
        overdue = self._due < day.take(self._who)
        return owed, np.bincount(self._who[overdue], minlength=self.size)

    def lend(self, at: Integers, plan: Schedule, paid: Payments) -> None:
        """Take on the instalments of new loans; a row of `at` for each loan of the schedule."""
        who = at.take(plan.loan)
        self._who, self._due = np.concatenate([self._who, who]), np.concatenate([self._due, paid.due])
        self._on, self._cents = np.concatenate([self._on, paid.on]), np.concatenate([self._cents, plan.principal])
        never = np.flatnonzero(paid.on == NEVER)
        np.minimum.at(self.stops, who[never], paid.due[never])
