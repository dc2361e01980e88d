"""Signals: what a lender sees of the needs of its users, without asking them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from loanpersona import tables
from loanpersona.simulation.applications import OUTCOMES, Applications
from loanpersona.simulation.calendar import Clock
from loanpersona.simulation.life import Array, Event, Integers, Life
from loanpersona.simulation.loans import DAY_SECONDS, Drawdowns
from loanpersona.simulation.schedules import month_of

Seen = tuple[str, Integers, Integers]
"""What was seen, of whom, and when in seconds of the window."""

SIGNS = {
    "left_at_long_step": ("before", "convenience"),
    "left_at_privacy_step": ("before", "data_safety"),
    "applied_again": ("before", "get_loan"),
    "limit_used_up": ("during", "get_loan"),
    "asked_beyond_limit": ("during", "larger_amount"),
    "left_at_price": ("during", "cheaper"),
    "used_coupon": ("during", "cheaper"),
    "complained_of_wait": ("during", "faster"),
    "asked_for_lower_rate": ("after", "lower_rate"),
    "asked_for_extension": ("after", "extension"),
}
"""The stage and the need that each thing seen is a sign of (statements 2.2a to 2.2c)."""
_STEPS = tables.table("applications").columns["last_step"].groups


def of_applications(life: Life, applied: Applications) -> Iterator[Seen]:
    """Steps at which somebody left, and rejected users who came again."""
    who, columns = applied.event.who, applied.columns
    left = columns["outcome"] == OUTCOMES.index("incomplete")
    for source, steps in (("left_at_long_step", "long"), ("left_at_privacy_step", "privacy")):
        at = np.flatnonzero(left & life.among("last_step", columns["last_step"], *_STEPS[steps]))
        yield source, who[at], columns["left_at"][at]
    after = np.flatnonzero((who[1:] == who[:-1]) & (columns["outcome"][:-1] == OUTCOMES.index("rejected"))) + 1
    yield "applied_again", who[after], columns["started_at"][after]


def of_loans(life: Life, drawdowns: Drawdowns) -> Iterator[Seen]:
    """What users did at a price, a limit and a wait."""
    wishes = drawdowns.wishes
    lent = wishes["amount"] > 0
    seen = {
        "limit_used_up": wishes["short"] & ~lent,
        "asked_beyond_limit": wishes["short"] & lent,
        "left_at_price": life.among("price_reaction", wishes["price"], "leaves"),
        "used_coupon": lent & life.among("price_reaction", wishes["price"], "uses_coupon"),
        "complained_of_wait": wishes["complains"],
    }
    for source, among in seen.items():
        at = np.flatnonzero(among)
        yield source, wishes["who"][at], wishes["disbursed" if source == "complained_of_wait" else "at"][at]


def of_instalments(life: Life, clock: Clock, drawdowns: Drawdowns) -> Iterator[Seen]:
    """What users ask for while they repay, once a month: on the day on which its first instalment falls due."""
    day_one = int(clock.start.astype("datetime64[D]").astype(np.int64))
    due, asks, wishes = drawdowns.payments.due, drawdowns.payments.asks, drawdowns.loans()
    alive = (due < clock.seconds // DAY_SECONDS) & (due <= drawdowns.stops.take(drawdowns.schedule.loan))
    for source, value in (("asked_for_lower_rate", "reduction_of_rate"), ("asked_for_extension", "extension_of_term")):
        at = np.flatnonzero(alive & life.among("asks_for", asks, value))
        who, month = wishes["who"][drawdowns.schedule.loan[at]], month_of(due[at] + day_one)
        order = np.lexsort((due[at], month, who))
        once = order[np.r_[True, (np.diff(who[order]) != 0) | (np.diff(month[order]) != 0)][: len(order)]]
        part = Event(life, who[once], {"month": month[once]}).chance("signals.at")
        first, after = due[at[once]] * DAY_SECONDS, (due[at[once]] + 1) * DAY_SECONDS
        start, stop = clock.worked(first), clock.worked(after)
        seen = clock.time(start + (part * (stop - start)).astype(np.int64))
        yield source, who[once], np.minimum(seen, after - 1)  # a day in which nobody borrows has no even time


def columns(seen: list[Seen]) -> dict[str, Array]:
    """The signals of a block, user by user in the order in which they were seen."""
    levels = tables.table("signals").columns
    codes = [np.full(len(who), levels["source"].levels.index(source)) for source, who, _ in seen]
    who, at, source = (np.concatenate(parts) for parts in (*zip(*((w, t) for _, w, t in seen), strict=True), codes))
    order = np.lexsort((source, at, who))
    signs = [SIGNS[source] for source in levels["source"].levels]
    stage = np.array([levels["stage"].levels.index(stage) for stage, _ in signs])
    need = np.array([levels["need"].levels.index(need) for _, need in signs])
    source, who = source[order], who[order]
    place = np.arange(len(who)) - np.searchsorted(who, who)  # how many of the same user came before
    result = {"who": who, "place": place, "at": at[order]}
    return {**result, "stage": stage[source], "need": need[source], "source": source}
