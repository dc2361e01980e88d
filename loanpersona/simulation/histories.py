"""The tables of a block of users, column by column."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np

from loanpersona.persona.model import Persona
from loanpersona.simulation import applications, loans, payments, referral, signals
from loanpersona.simulation.applications import NONE, Applications
from loanpersona.simulation.calendar import Clock
from loanpersona.simulation.life import Array, Integers, Life
from loanpersona.simulation.loans import DAY_SECONDS, Drawdowns

Columns = dict[str, Array]

APPLICATION_KEYS, LOAN_KEYS, SIGNAL_KEYS = 10, 10_000, 100_000
"""What the key of a user is multiplied with in the keys of applications, loans and signals."""
_APPLY = applications.NEEDED
_BORROW = (*_APPLY, *loans.NEEDED, *payments.NEEDED)
NEEDED = {
    "users": referral.NEEDED,
    "applications": _APPLY,
    "loans": _BORROW,
    "instalments": _BORROW,
    "signals": _BORROW,
    "truth": (),
}
"""The variables that the people of a table rest on, beside those that are its columns."""


class Block:
    """The users `start` to `stop` (excluded), and their tables as far as they are asked for."""

    def __init__(
        self, persona: Persona, seed: int, start: int, stop: int, wanted: Collection[str], clock: Clock | None
    ) -> None:
        self.life = Life(persona, seed, start, stop, wanted)
        self.start, self._clock = start, clock

    @property
    def clock(self) -> Clock:
        """The clock of the persona, which whoever asks for must have."""
        assert self._clock is not None
        return self._clock

    @cached_property
    def registered(self) -> Integers:
        """When each user registered, in seconds of the window."""
        return applications.registered(self.life, self.clock)

    @cached_property
    def applied(self) -> Applications:
        """The applications."""
        return applications.applications(self.life, self.clock, self.registered)

    @cached_property
    def drawdowns(self) -> Drawdowns:
        """The wishes, loans and instalments."""
        return loans.loans(self.life, self.clock, self.applied)

    def columns(self, table: str) -> Columns:
        """The columns of a table that the simulation makes; codes for categories, times of the calendar."""
        return {
            "users": self._users,
            "applications": self._applications,
            "loans": self._loans,
            "instalments": self._instalments,
            "signals": self._signals,
            "truth": self._truth,
        }[table]()

    def _key(self) -> Integers:
        return np.arange(self.start, self.start + self.life.size)

    def _truth(self) -> Columns:
        return {"user_id": self._key()}

    def _users(self) -> Columns:
        result = {"user_id": self._key()}
        if self._clock is not None and all(name in self.life.codes for name in NEEDED["users"]):
            brought = referral.referrers(self.life, self.registered)
            result |= {"registered_at": self._time(self.registered), "referred_by": brought}
        return result

    def _applications(self) -> Columns:
        event, columns = self.applied.event, dict(self.applied.columns)
        user = self.start + event.who
        times = {name: self._time(columns[name]) for name in ("started_at", "submitted_at", "decided_at")}
        attempt = event.ordinals["application"]
        return {**columns, **times, "application_id": APPLICATION_KEYS * user + attempt, "user_id": user}

    def _loans(self) -> Columns:
        lent = self.drawdowns.loans()
        user = self.start + lent["who"]
        return {
            "loan_id": LOAN_KEYS * user + lent["ordinal"],
            "user_id": user,
            "ordinal": lent["ordinal"],
            "requested_cny": lent["requested"],
            "amount_cny": lent["amount"],
            "term_months": lent["term"],
            "apr": lent["apr"],
            "reason": lent["reason"],
            "borrowed_at": self._time(lent["at"]),
            "disbursed_at": self._time(lent["disbursed"]),
        }

    def _instalments(self) -> Columns:
        lent, plan, paid = self.drawdowns.loans(), self.drawdowns.schedule, self.drawdowns.payments
        days = self.clock.seconds // DAY_SECONDS
        in_window = paid.on < np.minimum(self.drawdowns.stops.take(plan.loan), days)
        on = np.where(in_window, paid.on, days - 1)
        loan_id = LOAN_KEYS * (self.start + lent["who"]) + lent["ordinal"]
        return {
            "loan_id": loan_id.take(plan.loan),
            "number": plan.number,
            "due_on": self._time(paid.due * DAY_SECONDS),
            "principal_cny": plan.principal / 100,
            "interest_cny": plan.interest / 100,
            "paid_on": self._time(np.where(in_window, paid.on * DAY_SECONDS, NONE)),
            "dpd": np.maximum(on - paid.due, 0),
        }

    def _signals(self) -> Columns:
        seen = [
            *signals.of_applications(self.life, self.applied),
            *signals.of_loans(self.life, self.drawdowns),
            *signals.of_instalments(self.life, self.clock, self.drawdowns),
        ]
        result = signals.columns(seen)
        user = self.start + result.pop("who")
        signal_id = SIGNAL_KEYS * user + result.pop("place")
        return {**result, "signal_id": signal_id, "user_id": user, "at": self._time(result["at"])}

    def _time(self, seconds: Integers) -> Array:
        """Seconds of the window as local time; no time for NONE."""
        time = self.clock.start + seconds.astype("timedelta64[s]")
        time[seconds == NONE] = np.datetime64("NaT")
        return time
