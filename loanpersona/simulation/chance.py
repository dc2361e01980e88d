"""Chance: one stream per decision, one word per user, and further words for what happens to one often.

The word for user 123 456 is the same whatever is drawn before, beside or after it, so any slice of any
column can be had alone. Only raw Philox words are used: numpy promises that these never change.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

from loanpersona.core.errors import InputError

Words = npt.NDArray[np.uint64]

SEED_BITS = 128
_FIRST_NAMES = {"users": "borrowers"}  # a table with a new name keeps its streams, so that nobody becomes another
_PER_COUNTER = 4  # Philox gives four words for each count


def check_count(value: object, name: str, *, least: int = 1, most: int = 1 << 40) -> int:
    """Return `value` if it is a whole number in range; raise InputError otherwise.

    >>> check_count(20_000, "n")
    20000
    """
    whole = value.item() if isinstance(value, np.integer) else value
    if type(whole) is not int or not least <= whole <= most:
        shown = _shown(value)
        raise InputError(f"{name} = {shown}: not a count. Allowed: a whole number from {least:,} to {most:,}.")
    return whole


def check_seed(value: object) -> int:
    """Return `value` if it is a seed; raise InputError otherwise."""
    whole = value.item() if isinstance(value, np.integer) else value
    if type(whole) is not int or not 0 <= whole < 1 << SEED_BITS:
        raise InputError(f"seed = {_shown(value)}: not a seed. Allowed: a whole number from 0 to 2**128 - 1.")
    return whole


def _shown(value: object) -> str:
    try:
        return repr(value)[:60]
    except ValueError:  # Python does not write out whole numbers of many thousand digits
        return "a huge number"


def words(seed: int, decision: str, start: int, stop: int) -> Words:
    """Random words of users `start` to `stop` (excluded) for one decision, shape (stop - start,), uint64.

    >>> whole = words(7, "users.sex", 0, 10)
    >>> bool((words(7, "users.sex", 3, 6) == whole[3:6]).all())
    True
    """
    table, *name = decision.split(".", 1)
    stream = f"{seed}\n{'.'.join([_FIRST_NAMES.get(table, table), *name])}"
    key = hashlib.sha256(stream.encode()).digest()[:16]
    counts, offset = divmod(start, _PER_COUNTER)
    philox = np.random.Philox(key=int.from_bytes(key, "little"), counter=counts)
    return philox.random_raw(offset + stop - start)[offset:]


_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))


def events(keys: Words, ordinals: npt.NDArray[np.int64] | int) -> Words:
    """Random words of single events: the word number `ordinals` of the stream that each key begins.

    A key is the word of a user for one decision; an event is one of that user's loans, months or
    instalments, each with a number of its own. The words of a key are those of SplitMix64 (Steele, Lea and
    Flood 2014), which gives any of them without the ones before.

    >>> keys = words(7, "loans.reason", 0, 3)
    >>> bool((events(keys, np.array([5, 5, 5]))[1:] == events(keys[1:], 5)).all())
    True
    """
    result = np.atleast_1d(ordinals).astype(np.uint64) + np.uint64(1)
    result = result * _GAMMA + keys
    for shift, factor in _MIX:
        result ^= result >> np.uint64(shift)
        result *= factor
    result ^= result >> np.uint64(31)
    return result


_CELLS = 4_096
# Rounded far above the last bit of a double, because the logarithm of another machine may differ there.
_LOGS = np.array([round(math.log(0.5 + i / (2 * _CELLS)) * 2**40) for i in range(_CELLS + 1)]) / 2**40
_LOG_2 = round(math.log(2) * 2**40) / 2**40


def exponentials(words: Words) -> npt.NDArray[np.float64]:
    """Unit exponentials, one per word: minus the logarithm of the word as a number from 0 to 1.

    Read from a table with straight lines between (error below 1e-8), because numpy's own logarithm differs
    between builds and processors in the last bit.

    >>> exponentials(np.array([0, 1 << 63], np.uint64)).round(6).tolist()
    [36.736801, 0.693147]
    """
    part, power = np.frexp((words >> np.uint64(11)).astype(np.float64) + 1.0)
    place = (part - 0.5) * (2 * _CELLS)
    cell = np.minimum(place.astype(np.int64), _CELLS - 1)
    low = _LOGS.take(cell)
    return (53 - power) * _LOG_2 - (low + (place - cell) * (_LOGS.take(cell + 1) - low))


def fractions(words: Words) -> npt.NDArray[np.float64]:
    """Numbers from 0 to below 1, one per word, exact to 53 bits."""
    return (words >> np.uint64(11)).astype(np.float64) / 2.0**53
