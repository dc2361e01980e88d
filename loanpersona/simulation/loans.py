"""Loans: who wishes to borrow when, what the limit allows, and how it is repaid, wish after wish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loanpersona.simulation import chance
from loanpersona.simulation.accounts import Accounts
from loanpersona.simulation.applications import Applications
from loanpersona.simulation.calendar import EVEN_DAY, Clock
from loanpersona.simulation.life import Array, Event, Floats, Integers, Life
from loanpersona.simulation.payments import NEVER, Payments, payments
from loanpersona.simulation.schedules import Schedule, schedule

NEEDED = (
    "borrower_type",
    "borrowing_rate",
    "habit_years",
    "days_to_first_loan",
    "requested_cny",
    "price_reaction",
    "term_months",
    "reason",
    "minutes_to_disburse",
    "complains_of_wait",
)
"""The variables that a persona must state for its people to borrow."""
LEAST_CNY, STEP_CNY = 500, 100
"""A loan is of at least so many CNY, and in steps of so many."""
MOST_LOANS = 9_999
"""Loans of one user, so that each has a key."""
DAYS_OF_YEAR = 365.25
DAY_SECONDS = 86_400
NO_PRICE = -1
"""In place of the reaction to a price that was not shown, because something is overdue."""


@dataclass(frozen=True)
class Drawdowns:
    """The wishes, loans and instalments of a block, user by user."""

    wishes: dict[str, Array]
    """A row per time that somebody came to borrow. `who`, `number` (from 0), `ordinal` of the loan it became (0 if
    none), `at` and `disbursed` in seconds of the window, `even` time, `requested`, `amount`, `short` of limit, …"""
    schedule: Schedule
    """Its `loan` counts the wishes that became loans, in their order."""
    payments: Payments
    stops: Integers
    """Day of the window on which the user of each loan stops paying."""

    def loans(self) -> dict[str, Array]:
        """The wishes that became loans."""
        lent = np.flatnonzero(self.wishes["ordinal"] > 0)
        return {name: values[lent] for name, values in self.wishes.items()}


def loans(life: Life, clock: Clock, applied: Applications) -> Drawdowns:
    """The wishes, loans and instalments of a block."""
    drawers = _Drawers(life, clock, applied)
    while len(drawers.alive) or not drawers.parts:
        drawers.wish()
    return drawers.drawdowns()


class _Drawers:
    """Those who hold a limit and would draw it, on their way from wish to wish."""

    def __init__(self, life: Life, clock: Clock, applied: Applications) -> None:
        granted = applied.approved()
        kind = applied.event.some(granted)
        draws = np.flatnonzero(~kind.among("borrower_type", "never"))
        self.life, self.clock, self.event = life, clock, kind.some(draws)
        self.limit, self.apr, decided = (
            applied.columns[name][granted[draws]] for name in ("limit_cny", "apr", "decided_at")
        )
        self.once = self.event.among("borrower_type", "one_off")
        self.rate: Floats = self.event.numbers("borrowing_rate")
        self.habit: Floats = self.event.numbers("habit_years") * (DAYS_OF_YEAR * DAY_SECONDS)
        self.size = len(draws)
        self.accounts = Accounts(self.size)
        self.day_one = int(clock.start.astype("datetime64[D]").astype(np.int64))
        self.loans, self.first = np.zeros(self.size, np.int64), np.zeros(self.size, np.int64)
        self.number, self.parts = 0, list[tuple[dict[str, Array], Schedule, Payments]]()
        first = Event(life, self.event.who, {"loan": 0}).chance("loans.first")
        self.even = clock.worked(decided) + ((self.event.numbers("days_to_first_loan") + first) * EVEN_DAY).astype(
            np.int64
        )
        self.at = clock.time(self.even)
        self.alive = self._still(np.arange(self.size))

    def _still(self, some: Integers) -> Integers:
        """Those of some drawers who are still about when their next wish comes."""
        at, begun = self.at[some], self.loans[some] > 0
        gone = begun & (self.once[some] | (at >= self.first[some] + self.habit[some]))
        gone |= self.loans[some] >= MOST_LOANS
        stopped = at // DAY_SECONDS >= self.accounts.stops[some]
        return some[~gone & ~stopped & (at < self.clock.seconds) & (self.rate[some] > 0)]

    def wish(self) -> None:
        """One wish of each drawer who is alive."""
        at = self.alive
        event = Event(self.life, self.event.who[at], {"loan": self.number}, (self.event, at))
        made = self._decided(at, event)
        lent = np.flatnonzero(made["amount"])
        plan, paid = self._lent(at[lent], event.some(lent), {name: values[lent] for name, values in made.items()})
        self.parts.append((made, plan, paid))
        self.number += 1
        gap = chance.exponentials(self.life.words("loans.gap", event.who, self.number))
        self.even[at] += (gap * (DAYS_OF_YEAR * EVEN_DAY / self.rate[at])).astype(np.int64)
        self.at[at] = self.clock.time(self.even[at])
        self.alive = self._still(at)

    def _decided(self, at: Integers, event: Event) -> dict[str, Array]:
        """What comes of a wish: nothing while something is overdue, or at the price, or with the limit used up."""
        seconds = self.at[at]
        day = np.full(self.size, NEVER)
        day[at] = seconds // DAY_SECONDS
        owed, overdue = self.accounts.bring_to(day)
        requested = np.maximum(event.numbers("requested_cny").astype(np.int64) // STEP_CNY * STEP_CNY, LEAST_CNY)
        free = (self.limit[at] - -(-owed[at] // 100)) // STEP_CNY * STEP_CNY
        served = overdue[at] == 0
        disbursed = seconds + 60 * event.numbers("minutes_to_disburse").astype(np.int64)
        stays = served & ~event.among("price_reaction", "leaves") & (disbursed < self.clock.seconds)
        amount = np.where(stays & (free >= LEAST_CNY), np.minimum(requested, free), 0)
        lent = amount > 0
        self.loans[at] += lent
        return {
            "who": event.who,
            "number": np.full(len(at), self.number),
            "ordinal": np.where(lent, self.loans[at], 0),
            "at": seconds,
            "even": self.even[at],
            "requested": requested,
            "amount": amount,
            "short": stays & (requested > free),
            "price": np.where(served, event.codes("price_reaction"), NO_PRICE),
            "term": event.numbers("term_months").astype(np.int64),
            "apr": self.apr[at],
            "reason": event.codes("reason"),
            "disbursed": disbursed,
            "complains": lent & event.among("complains_of_wait", "yes"),
        }

    def _lent(self, at: Integers, event: Event, made: dict[str, Array]) -> tuple[Schedule, Payments]:
        """Lay out the instalments of new loans, and how they will be paid."""
        self.first[at] = np.where(made["ordinal"] == 1, made["at"], self.first[at])
        cents, day = made["amount"] * 100, made["disbursed"] // DAY_SECONDS + self.day_one
        plan = schedule(cents, made["apr"], made["term"], day)
        paid = payments(event, plan, self.day_one)
        self.accounts.lend(at, plan, paid)
        return plan, paid

    def drawdowns(self) -> Drawdowns:
        """All that was wished, lent and paid, loan after loan of user after user."""
        wishes = _joined([made for made, _, _ in self.parts])
        order = np.lexsort((wishes["number"], wishes["who"]))
        lent = np.flatnonzero(wishes["amount"])
        place = np.empty(len(wishes["who"]), np.int64)
        place[order] = np.cumsum(wishes["amount"][order] > 0) - 1
        offsets = np.cumsum([0, *(np.count_nonzero(made["amount"]) for made, _, _ in self.parts)])
        loan = place[lent].take(np.concatenate([p.loan + o for (_, p, _), o in zip(self.parts, offsets, strict=False)]))
        rows = np.argsort(loan, kind="stable")
        plan = {name: np.concatenate([getattr(p, name) for _, p, _ in self.parts])[rows] for name in _PLAN}
        paid = {name: np.concatenate([getattr(p, name) for _, _, p in self.parts])[rows] for name in _PAID}
        wishes = {name: values[order] for name, values in wishes.items()}
        who = wishes["who"][np.flatnonzero(wishes["amount"])]
        stops = self.accounts.stops.take(np.searchsorted(self.event.who, who))
        return Drawdowns(wishes, Schedule(loan[rows], **plan), Payments(**paid), stops)


_PLAN = ("number", "due", "principal", "interest")
_PAID = ("due", "on", "asks")


def _joined(parts: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
