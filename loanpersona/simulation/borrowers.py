"""Borrowers, drawn block by block: every variable in turn, each borrower's own word against thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from loanpersona.persona.calibration import Conditional, calibrate
from loanpersona.persona.model import Persona
from loanpersona.simulation import chance

Codes = npt.NDArray[np.int16]
Cells = npt.NDArray[np.intp]

BLOCK = 65_536
"""Borrowers drawn at a time; the size bounds memory and changes no value."""
_SLOT_BITS = 12
_GUIDE_BITS = 22
"""A guide holds about two to this power of entries at most: many cells share fewer slots each."""


@dataclass(frozen=True)
class Sampler:
    """Draws one variable. Thresholds decide; the guide only finds most answers in one step.

    The first `bits` bits of a word name a slot. Where no threshold falls inside a slot the answer is known;
    elsewhere the guide holds the negative of the lowest answer less one, and the thresholds are searched.
    """

    conditional: Conditional
    strides: Mapping[str, Cells]
    """Per parent: what each of its values adds to the number of the cell."""
    bits: int
    guide: Codes
    highest: Codes

    def cells(self, codes: Mapping[str, Codes]) -> Cells | None:
        """Cell of each borrower; None where the variable has no parents."""
        found: Cells | None = None
        for name, strides in self.strides.items():
            part = strides.take(codes[name])
            found = part if found is None else found + part
        return found

    def draw(self, words: chance.Words, cells: Cells | None) -> Codes:
        """Position of the drawn value for each word, shape (words,)."""
        slots = (words >> np.uint64(64 - self.bits)).view(np.int64)
        if cells is not None:
            slots += cells << self.bits
        codes = self.guide.take(slots)
        open_ = np.flatnonzero(codes < 0)
        if open_.size:
            rows = cells[open_] if cells is not None else np.zeros(open_.size, np.intp)
            low, high = -1 - codes[open_], self.highest.take(slots[open_])
            codes[open_] = self._search((words[open_] >> np.uint64(11)).view(np.int64), rows, low, high)
        return codes

    def _search(self, draws: npt.NDArray[np.int64], rows: Cells, low: Codes, high: Codes) -> Codes:
        """Number of thresholds at or below each draw, known to lie between `low` and `high`."""
        thresholds = self.conditional.thresholds
        open_ = np.flatnonzero(low < high)
        while open_.size:
            middle = (low[open_] + high[open_]) >> 1
            above = thresholds[rows[open_], middle] <= draws[open_]
            low[open_] = np.where(above, middle + 1, low[open_])
            high[open_] = np.where(above, high[open_], middle)
            open_ = open_[low[open_] < high[open_]]
        return low


@lru_cache(maxsize=8)
def samplers(persona: Persona) -> dict[str, Sampler]:
    """A sampler per variable, in order of drawing."""
    return {name: _sampler(conditional) for name, conditional in calibrate(persona).items()}


def _sampler(conditional: Conditional) -> Sampler:
    strides, size = dict[str, Cells](), 1
    for name, bands in reversed(list(conditional.bands.items())):
        strides[name] = (bands.of_value * size).astype(np.intp)
        size *= len(bands)
    bits = min(_SLOT_BITS, max(1, _GUIDE_BITS - size.bit_length()))
    return Sampler(conditional, strides, bits, *_guide(conditional.thresholds, bits))


def _guide(thresholds: npt.NDArray[np.int64], bits: int) -> tuple[Codes, Codes]:
    """Lowest answer of each slot (negative less one where it is not the only one), and the highest."""
    slots, width = 1 << bits, 53 - bits
    slot, inside = thresholds >> width, (thresholds & ((1 << width) - 1)) > 0
    cell = np.broadcast_to(np.arange(len(thresholds))[:, None], thresholds.shape)
    passed = np.zeros((len(thresholds), slots + 1), np.int16)
    np.add.at(passed, (cell, slot), 1)
    split = np.zeros_like(passed)
    np.add.at(split, (cell[inside], slot[inside]), 1)
    highest = np.add.accumulate(passed, axis=1, dtype=np.int16)[:, :slots]
    split = split[:, :slots]
    lowest = np.where(split > 0, -1 - (highest - split), highest)
    return lowest.astype(np.int16).ravel(), highest.ravel()


def draw(samplers: Mapping[str, Sampler], seed: int, start: int, stop: int) -> dict[str, Codes]:
    """Positions of the values of borrowers `start` to `stop` (excluded), for every variable."""
    codes: dict[str, Codes] = {}
    for name, sampler in samplers.items():
        table = sampler.conditional.variable.table
        words = chance.words(seed, f"{table}.{name}", start, stop)
        codes[name] = sampler.draw(words, sampler.cells(codes))
    return codes


def needed(samplers: Mapping[str, Sampler], wanted: Iterable[str]) -> dict[str, Sampler]:
    """Only the samplers that the wanted variables rest on, in order of drawing."""
    found, stack = set[str](), list(wanted)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += samplers[name].conditional.variable.parents
    return {name: sampler for name, sampler in samplers.items() if name in found}
