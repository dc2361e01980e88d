"""Referral: who was brought by whom, among neighbours of a circle."""

from __future__ import annotations

import numpy as np

from loanpersona.simulation.life import Event, Integers, Life
from loanpersona.simulation.users import CIRCLE

NOBODY = -1
NEEDED = ("window_percent", "would_refer")


def referrers(life: Life, registered: Integers) -> Integers:
    """The user who brought each of the block, NOBODY for most.

    Everybody has one acquaintance of a lower number in the circle, who brings them if willing and registered before:
    so nobody is brought in a circle.
    """
    here = np.arange(life.size)
    place = (here + life.start) % CIRCLE
    part = Event(life, here, {"user": 0}).chance("users.referred_by")
    friend = np.maximum(here - place + (part * place).astype(np.int64), 0)
    brings = life.among("would_refer", life.codes["would_refer"], "yes").take(friend)
    brings &= (place > 0) & (registered.take(friend) < registered)
    return np.where(brings, friend + life.start, NOBODY)
