"""A sampler as slow and plain as can be: one user, one variable, one word at a time.

It shares no code with the package's sampler but the thresholds of laws that have to be solved for.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate

import numpy as np

from loanpersona.persona.joint import Conditional
from loanpersona.persona.model import Given, Persona, Shares, Value, When

ONE = 2**53


def word(seed: int, decision: str, user: int) -> int:
    """The 64 random bits of one user for one decision."""
    stream = decision.replace("users.", "borrowers.")  # the first name of the table
    digest = hashlib.sha256(f"{seed}\n{stream}".encode()).digest()
    key = int.from_bytes(digest[:16], "little")
    counted = np.random.Philox(key=key, counter=user // 4).random_raw(4)
    return int(counted[user % 4])


def holds(when: When, positions: Mapping[str, int]) -> bool:
    return all(positions[name] in picked for name, picked in when)


def summed(shares: tuple[Fraction, ...]) -> list[int]:
    """Thresholds of exact shares."""
    return [int(total * ONE) for total in accumulate(shares[:-1])]


def row(conditional: Conditional, positions: Mapping[str, int]) -> list[int]:
    """The thresholds that decide for somebody whose earlier values stand at these positions."""
    law = conditional.variable.law
    if isinstance(law, Shares) and not law.odds:
        return summed(law.shares)
    if isinstance(law, Given):
        (shares,) = [shares for when, shares in law.rows if holds(when, positions)]
        return summed(shares)
    cell = 0
    for name, bands in conditional.bands.items():
        cell = cell * len(bands.first) + int(bands.of_value[positions[name]])
    return [int(threshold) for threshold in conditional.thresholds[cell]]


def user(persona: Persona, seed: int, number: int) -> dict[str, Value]:
    """Every value of one user; of what is decided often, what `sample` gives."""
    positions: dict[str, int] = {}
    values: dict[str, Value] = {}
    for name, conditional in persona.conditionals.items():
        variable = conditional.variable
        draw = word(seed, f"{variable.table}.{name}", number) >> 11
        positions[name] = bisect_right(row(conditional, positions), draw)
        values[name] = variable.values[positions[name]]
    return values
