"""How likely people are to be in each cell of some variables, exactly, from what stands above them.

All sums run in a fixed order, because the same file must give the same numbers on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from loanpersona.persona.model import Variable, When

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ONE = 1 << 53
"""Probability one, as an integer."""
MAX_AXES = 24
"""Variables that may hang together at a time: numpy counts no more than 32 dimensions."""
MAX_CELLS = 2_000_000
"""Cells times values of a persona: what keeps its memory bounded."""


class RefusedError(Exception):
    """What a block states cannot be: at which of its keys, what it is, what is allowed, a hint."""

    def __init__(self, key: str, what: str, *, allowed: str = "", hint: str = "") -> None:
        self.key, self.what, self.allowed, self.hint = key, what, allowed, hint
        super().__init__(what)


@dataclass(frozen=True)
class Bands:
    """Values of a variable that a set of conditions cannot tell apart, as one band each."""

    of_value: Integers
    """Band of each value, shape (values,)."""
    first: Integers
    """A value of each band, shape (bands,)."""

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True, eq=False)
class Conditional:
    """A calibrated variable: a row of thresholds for every cell of its parents' bands."""

    variable: Variable
    bands: Mapping[str, Bands]
    """Bands of each parent, in the order that numbers the cells (the last parent runs fastest)."""
    thresholds: Integers
    """Shape (cells, values - 1): a draw takes the value whose number is that of the thresholds at or below it."""
    weights: Floats
    """Share of people in each cell, shape (cells,)."""

    @cached_property
    def probabilities(self) -> Floats:
        """Shape (cells, values); exact, as every probability is a multiple of 2**-53."""
        ends = np.zeros((len(self.thresholds), 1), np.int64)
        result: Floats = np.diff(self.thresholds, axis=1, prepend=ends, append=ends + ONE) / ONE
        result.setflags(write=False)
        return result

    @property
    def margin(self) -> Floats:
        """Share of each value among all people, shape (values,)."""
        return total(self.probabilities * self.weights[:, None])


def band(variable: Variable, conditions: Iterable[When], within: Bands | None = None) -> Bands:
    """The coarsest bands of a variable's values that the conditions naming it (and `within`) keep apart."""
    picks = dict.fromkeys(picked for when in conditions for name, picked in when if name == variable.name)
    keys = np.zeros((len(picks) + 1, len(variable.values)), np.int16)
    keys[0] = within.of_value if within is not None else 0
    for inside, picked in zip(keys[1:], picks, strict=True):
        inside[list(picked)] = 1
    # Values side by side are mostly alike, so that few of them need a look.
    starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
    of_start = [key.tobytes() for key in keys[:, starts].T]
    first = dict(zip(reversed(of_start), reversed(starts.tolist()), strict=True))
    number = {key: at for at, key in enumerate(dict.fromkeys(of_start))}
    of_value = np.repeat([number[key] for key in of_start], np.diff([*starts, len(variable.values)]))
    return Bands(of_value.astype(np.int64), np.array([first[key] for key in number], np.int64))


def holds(when: When, bands: Mapping[str, Bands]) -> npt.NDArray[np.bool_]:
    """Whether a condition holds in each cell, shape (cells,)."""
    covered = np.ones(tuple(len(b) for b in bands.values()), bool)
    for name, picked in when:
        axis = list(bands).index(name)
        inside = np.array([position in picked for position in bands[name].first.tolist()])
        covered &= inside.reshape([-1 if i == axis else 1 for i in range(covered.ndim)])
    return covered.ravel()


def joint(bands: Mapping[str, Bands], above: Mapping[str, Conditional]) -> Floats:
    """Share of people in each cell of some variables' bands, shape (bands of each variable …).

    Only these variables and their ancestors matter, so a variable that is no ancestor changes nothing here.
    Raises RefusedError where they hang together in too many cells.
    """
    names = _with_ancestors(bands, above)
    conditions = [when for name in names for when in above[name].variable.conditions]
    fine = {name: band(above[name].variable, conditions, bands.get(name)) for name in names}
    table, axes = np.ones(()), list[str]()
    for position, name in enumerate(names):
        if len(axes) >= MAX_AXES:
            raise RefusedError("", f"more than {MAX_AXES} variables hang together", allowed=f"at most {MAX_AXES}")
        table = table[..., None] * _aligned(above[name], fine, axes)
        axes.append(name)
        needed = {*bands, *(parent for later in names[position + 1 :] for parent in above[later].variable.parents)}
        for done in [axis for axis in axes if axis not in needed]:
            table = total(np.moveaxis(table, axes.index(done), 0))
            axes.remove(done)
        if table.size > MAX_CELLS:
            raise RefusedError("", f"its parents hang together in {table.size} cells", allowed=f"{MAX_CELLS}")
    table = np.transpose(table, [axes.index(name) for name in bands])
    return _merged(table, [(fine[name], bands[name]) for name in bands])


def total(terms: Floats) -> Floats:
    """Sum over the first axis, one term after the other: np.sum may pair terms differently elsewhere."""
    summed: Floats = np.add.accumulate(terms, axis=0)[-1]
    return summed


def _with_ancestors(names: Iterable[str], above: Mapping[str, Conditional]) -> list[str]:
    wanted, stack = set[str](), list(names)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack += above[name].variable.parents
    return [name for name in above if name in wanted]


def _aligned(conditional: Conditional, fine: Mapping[str, Bands], axes: list[str]) -> Floats:
    """Probability of each fine band of a variable, laid along `axes` and one more axis for itself."""
    own = fine[conditional.variable.name]
    # Sums of multiples of 2**-53 up to one are exact, in whatever order they are taken.
    rows: Floats = conditional.probabilities @ (own.of_value[:, None] == np.arange(len(own)))
    shape = [len(bands) for bands in conditional.bands.values()]
    by_parent = rows.reshape([*shape, len(own)])
    for axis, (name, bands) in enumerate(conditional.bands.items()):
        by_parent = by_parent.take(bands.of_value[fine[name].first], axis=axis)
    order = sorted(range(len(shape)), key=lambda i: axes.index(list(conditional.bands)[i]))
    by_parent = by_parent.transpose([*order, len(shape)])
    parents = set(conditional.bands)
    return by_parent.reshape([len(fine[name]) if name in parents else 1 for name in axes] + [len(own)])


def _merged(table: Floats, pairs: list[tuple[Bands, Bands]]) -> Floats:
    for axis, (fine, coarse) in enumerate(pairs):
        merged = np.zeros((len(coarse), *np.delete(table.shape, axis)))
        np.add.at(merged, coarse.of_value[fine.first], np.moveaxis(table, axis, 0))
        table = np.moveaxis(merged, 0, axis)
    return table
