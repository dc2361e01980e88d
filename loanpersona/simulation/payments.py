"""Payments: early, on the day, late and cured, or never again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loanpersona.simulation.life import Event, Integers
from loanpersona.simulation.schedules import Schedule, month_of
from loanpersona.simulation.users import Codes

NEEDED = ("month_income", "payment", "days_early", "days_late", "asks_for")
"""The variables that a persona must state for its people to repay."""
NEVER = 1 << 40
"""A day that never comes."""
STOPS = 90
"""Who is so many days late does not pay at all any more."""


@dataclass(frozen=True)
class Payments:
    """How each instalment of a schedule is paid; days of the window."""

    due: Integers
    on: Integers
    """NEVER if it is not paid, nor what comes after it."""
    asks: Codes
    """What the user asks for, as codes of `asks_for`."""


def payments(lent: Event, plan: Schedule, day_one: int) -> Payments:
    """How the instalments of some loans are paid, one row of `lent` for each loan of the schedule.

    A month has one luck: whoever is short of money in it is late with all that falls due. Payments of a loan follow
    the order of its instalments: whoever is late with one is not early with the next.
    """
    event = Event(lent.life, lent.who.take(plan.loan), {"month": month_of(plan.due)})
    on = plan.due - day_one
    early = np.flatnonzero(event.among("payment", "early"))
    late = np.flatnonzero(event.among("payment", "late"))
    on[early] -= event.some(early).numbers("days_early")
    days = event.some(late).numbers("days_late")
    on[late] = np.where(days >= STOPS, NEVER, on[late] + days)
    return Payments(plan.due - day_one, _in_order(on, plan.loan), event.codes("asks_for"))


def _in_order(on: Integers, loan: Integers) -> Integers:
    """The days with none before that of the instalment before it."""
    raised = loan * (2 * NEVER)
    return np.maximum.accumulate(on + raised) - raised
