"""Chance: one stream per decision, one word per borrower.

The word for borrower 123 456 is the same whatever is drawn before, beside or after it, so any slice of any
column can be had alone. Only raw Philox words are used: numpy promises that these never change.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from loanpersona.errors import InputError

Words = npt.NDArray[np.uint64]

SEED_BITS = 128
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
    """Random words of borrowers `start` to `stop` (excluded) for one decision, shape (stop - start,), uint64.

    >>> whole = words(7, "borrowers.sex", 0, 10)
    >>> bool((words(7, "borrowers.sex", 3, 6) == whole[3:6]).all())
    True
    """
    key = hashlib.sha256(f"{seed}\n{decision}".encode()).digest()[:16]
    counts, offset = divmod(start, _PER_COUNTER)
    stream = np.random.Philox(key=int.from_bytes(key, "little"), counter=counts)
    return stream.random_raw(offset + stop - start)[offset:]
