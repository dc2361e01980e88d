"""Users, drawn block by block: every variable in turn, each user's own word against thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from loanpersona.persona.joint import ONE, Conditional
from loanpersona.persona.model import Persona
from loanpersona.simulation import chance

Codes = npt.NDArray[np.int16]
"""Positions of values: of two bytes, because what is small stays near the processor."""
Slots = npt.NDArray[np.int64]

CIRCLE = 1_024
"""Users are acquainted within circles of so many numbers."""
BLOCK = 131_072
"""Users drawn at a time; the size bounds memory and changes nobody."""
_GUIDE_BITS = 22
"""A guide holds about two to this power of entries at most: many cells share fewer slots each."""
_LEAST_BITS, _MOST_BITS = 12, 16
_BITS_PER_VALUE = 3
"""About eight slots a value, so that most slots hold one value alone."""


@dataclass(frozen=True)
class Sampler:
    """Draws one variable. Thresholds decide; the guide only finds most answers in one step.

    The first `bits` bits of a word name a slot. Where no threshold falls inside a slot the answer is known;
    elsewhere the guide holds the negative of the lowest answer less one, and the thresholds are searched.
    """

    conditional: Conditional
    strides: Mapping[str, Slots]
    """Per parent: what each of its values adds to the first slot of the cell."""
    bits: int
    guide: Codes
    highest: Codes
    certain: Codes | None
    """The value of each cell where nothing is left to chance; None elsewhere."""

    def cells(self, codes: Mapping[str, Codes], n: int) -> Slots:
        """First slot of the cell that each of `n` users is in."""
        parts = [strides.take(codes[name]) for name, strides in self.strides.items()]
        first = parts[0] if parts else np.zeros(n, np.int64)
        for part in parts[1:]:
            first += part
        return first

    def draw(self, words: chance.Words, cells: Slots) -> Codes:
        """Position of the drawn value for each word, shape (words,); `cells` as `self.cells` gives them."""
        slots = (words >> np.uint64(64 - self.bits)).view(np.int64)
        slots += cells
        codes = self.guide.take(slots)
        open_ = np.flatnonzero(codes < 0)
        if open_.size:
            thresholds = self.conditional.thresholds
            first = (cells[open_] >> self.bits) * thresholds.shape[1]
            low, high = first - 1 - codes[open_], first + self.highest.take(slots[open_])
            draws = (words[open_] >> np.uint64(11)).view(np.int64)
            codes[open_] = _search(thresholds.ravel(), draws, low, high) - first
        return codes


def _search(thresholds: npt.NDArray[np.int64], draws: Slots, low: Slots, high: Slots) -> Slots:
    """Position of the first threshold above each draw, known to stand from `low` to `high`."""
    middle = (low + high) >> 1
    below = thresholds.take(middle) <= draws
    low, high = np.where(below, middle + 1, low), np.where(below, high, middle)
    open_ = np.flatnonzero(low < high)
    if open_.size:
        low[open_] = _search(thresholds, draws[open_], low[open_], high[open_])
    return low


@lru_cache(maxsize=8)
def samplers(persona: Persona) -> dict[str, Sampler]:
    """A sampler per variable, in order of drawing."""
    return {name: sampler(conditional) for name, conditional in persona.conditionals.items()}


@lru_cache(maxsize=256)  # of some personas: one that was changed shares most conditionals with what it was
def sampler(conditional: Conditional) -> Sampler:
    """What draws the variable of a conditional."""
    thresholds = conditional.thresholds
    cells, values = len(thresholds), len(conditional.variable.values)
    wanted = min(max(_LEAST_BITS, values.bit_length() + _BITS_PER_VALUE), _MOST_BITS)
    bits = min(wanted, max(1, _GUIDE_BITS - cells.bit_length()))
    strides, size = dict[str, Slots](), 1 << bits
    for name, bands in reversed(list(conditional.bands.items())):
        strides[name] = bands.of_value * size
        size *= len(bands)
    settled = ((thresholds == 0) | (thresholds == ONE)).all()
    certain = (thresholds == 0).sum(axis=1, dtype=np.int16) if settled else None
    return Sampler(conditional, strides, bits, *_guide(thresholds, bits), certain)


def _guide(thresholds: npt.NDArray[np.int64], bits: int) -> tuple[Codes, Codes]:
    """Lowest answer of each slot (negative less one where it is not the only one), and the highest."""
    slots, width = 1 << bits, 53 - bits
    cells = np.arange(len(thresholds))[:, None] * (slots + 1)
    inside = (thresholds & ((1 << width) - 1)) > 0
    places = (thresholds >> width) + cells
    passed, split = (_counted(at, len(thresholds), slots + 1) for at in (places.ravel(), places[inside]))
    highest = np.add.accumulate(passed, axis=1, dtype=np.int16)[:, :slots]
    split = split[:, :slots]
    return np.where(split > 0, split - highest - 1, highest).ravel(), highest.ravel()


def _counted(places: Slots, rows: int, columns: int) -> Codes:
    return np.bincount(places, minlength=rows * columns).astype(np.int16).reshape(rows, columns)


def draw(
    samplers: Mapping[str, Sampler], seed: int, start: int, stop: int, given: Mapping[str, int] | None = None
) -> dict[str, Codes]:
    """Positions of the values of users `start` to `stop` (excluded), for every variable.

    Variables in `given` are not drawn: everybody has the value at the position named there.
    """
    codes: dict[str, Codes] = {}
    for name, sampler in samplers.items():
        if given and name in given:
            codes[name] = np.full(stop - start, given[name], np.int16)
            continue
        cells = sampler.cells(codes, stop - start)
        if sampler.certain is not None:
            codes[name] = sampler.certain.take(cells >> sampler.bits)
        else:
            decision = f"{sampler.conditional.variable.table}.{name}"
            codes[name] = sampler.draw(chance.words(seed, decision, start, stop), cells)
    return codes


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """First and one past the last user of each block of whole circles; blocks may be made in any order."""
    size = -(-BLOCK // CIRCLE) * CIRCLE
    return ((start, min(start + size, n)) for start in range(0, n, size))


def needed(samplers: Mapping[str, Sampler], wanted: Iterable[str], given: Iterable[str] = ()) -> dict[str, Sampler]:
    """Only the samplers that the wanted variables rest on, in order of drawing; what is given rests on nothing."""
    result, stack, fixed = set[str](), list(wanted), set(given)
    while stack:
        name = stack.pop()
        if name not in result:
            result.add(name)
            stack += () if name in fixed else samplers[name].conditional.variable.parents
    return {name: sampler for name, sampler in samplers.items() if name in result}
