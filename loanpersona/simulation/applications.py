"""Applications: from registering, along the steps, to a limit with a price, or to none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loanpersona import tables
from loanpersona.simulation.calendar import EVEN_DAY, Clock
from loanpersona.simulation.life import Array, Event, Integers, Life, Mask

ATTEMPTS = 3
"""How often somebody applies at most."""
LIMIT_STEP = 500
"""Limits are granted in steps of so many CNY, and are at least one step."""
NEEDED = (
    "window_percent",
    "last_step",
    "minutes_to_submit",
    "proofs",
    "risk_score",
    "quality_tier",
    "approved",
    "reject_reason",
    "minutes_to_decide",
    "income_cny_month",
    "limit_factor",
    "apr",
    "diverted_to_partner",
    "applies_again",
    "days_to_apply_again",
)
"""The variables that a persona must state for its people to apply."""
_MINUTE = 60
OUTCOMES = tables.table("applications").columns["outcome"].levels
NONE = -1
"""A time that never came, a code of nothing."""


@dataclass(frozen=True)
class Applications:
    """The applications of a block, in order of user and attempt; times in seconds of the window."""

    event: Event
    columns: dict[str, Array]
    """By name of the column of `applications`, as codes, numbers or seconds, NONE where there is nothing; `left_at`
    is when it was left or handed in."""

    def approved(self) -> Integers:
        """Positions of those approved; at most one per user."""
        return np.flatnonzero(self.columns["limit_cny"] > 0)


def registered(life: Life, clock: Clock) -> Integers:
    """When each user of the block registers, in seconds of the window; in the hours at which people borrow."""
    part = Event(life, np.arange(life.size), {"user": 0}).chance("users.registered_at")
    return clock.time(((life.own("window_percent") + part) / 100 * clock.total).astype(np.int64))


def applications(life: Life, clock: Clock, started: Integers) -> Applications:
    """All applications of a block that were decided, or left, before the window ends; the first as one registers."""
    event, parts = Event(life, np.arange(life.size), {"application": 0}), []
    for attempt in range(ATTEMPTS):
        over, columns = _attempt(event, started)
        seen = np.flatnonzero(over < clock.seconds)
        event, over = event.some(seen), over[seen]
        parts.append((event, {name: values[seen] for name, values in columns.items()}))
        again = np.flatnonzero(_again(event, parts[-1][1]["outcome"]))
        wait = event.some(again).numbers("days_to_apply_again")
        started = clock.time(clock.worked(over[again]) + wait * EVEN_DAY)
        event = Event(life, event.who[again], {"application": attempt + 1})
    return _in_order(parts)


def _attempt(event: Event, started: Integers) -> tuple[Integers, dict[str, Array]]:
    """One application of each: when it was over, and what is known of it."""
    done = event.among("last_step", "submission")
    left = started + _MINUTE * event.numbers("minutes_to_submit")
    decided = left + _MINUTE * event.numbers("minutes_to_decide")
    granted = done & event.among("approved", "yes")
    refused = done & ~granted
    apr_most = float(event.life.persona.product.apr_most)
    columns = {
        "started_at": started,
        "last_step": event.codes("last_step"),
        "left_at": left,
        "submitted_at": np.where(done, left, NONE),
        "decided_at": np.where(done, decided, NONE),
        "outcome": done * (2 - granted),
        "reject_reason": np.where(refused, event.codes("reject_reason"), NONE),
        "risk_score": np.where(done, event.numbers("risk_score"), NONE),
        "quality_tier": np.where(done, event.codes("quality_tier"), NONE),
        "limit_cny": np.where(granted, _limit(event), 0),
        "apr": np.where(granted, np.minimum(event.numbers("apr"), apr_most), np.nan),
        "proofs": np.where(done, event.numbers("proofs"), 0),
        "diverted_to_partner": refused & event.among("diverted_to_partner", "yes"),
    }
    return np.where(done, decided, left), columns


def _limit(event: Event) -> Integers:
    """The limit: by quality and income, in steps, at least one step."""
    income = event.numbers("income_cny_month") * event.numbers("limit_factor")
    steps = np.maximum((income / LIMIT_STEP + 0.5).astype(np.int64), 1)
    limits: Integers = np.minimum(steps * LIMIT_STEP, event.life.persona.product.limit_cny_most)
    return limits


def _again(event: Event, outcome: Array) -> Mask:
    """Who applies once more."""
    after_leaving = event.among("applies_again", "after_leaving", "always_again")
    after_rejection = event.among("applies_again", "after_rejection", "always_again")
    left, rejected = (outcome == OUTCOMES.index(word) for word in ("incomplete", "rejected"))
    result: Mask = (left & after_leaving) | (rejected & after_rejection)
    return result


def _in_order(parts: list[tuple[Event, dict[str, Array]]]) -> Applications:
    """The attempts of all, user by user."""
    who = np.concatenate([event.who for event, _ in parts])
    attempt = np.repeat(np.arange(len(parts)), [len(event.who) for event, _ in parts])
    order = np.lexsort((attempt, who))
    columns = {name: np.concatenate([part[name] for _, part in parts])[order] for name in parts[0][1]}
    event = Event(parts[0][0].life, who[order], {"application": attempt[order]})
    return Applications(event, columns)
