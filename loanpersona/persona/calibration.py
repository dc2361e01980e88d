"""From laws to conditional tables: how likely each value is in each cell of the parents, exactly.

A probability is an integer out of 2**53. Where the file states shares they are counted exactly; where odds
lean a margin, base odds are solved over the joint distribution of the parents so that the margin stays.
All sums run in a fixed order, because the same file must give the same integers on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import prod

import numpy as np
import numpy.typing as npt

from loanpersona.errors import InputError
from loanpersona.persona.distributions import cumulative
from loanpersona.persona.model import Effect, Given, Persona, Shape, Shares, Variable, When

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ONE = 1 << 53
"""Probability one, as an integer."""
MAX_CELLS = 4_000_000
_TOLERANCE = 1e-13
_ROUNDS = 2_000


@dataclass(frozen=True)
class Bands:
    """Values of a variable that a set of conditions cannot tell apart, as one band each."""

    of_value: Integers
    """Band of each value, shape (values,)."""
    first: Integers
    """A value of each band, shape (bands,)."""

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Conditional:
    """A calibrated variable: a row of thresholds for every cell of its parents' bands."""

    variable: Variable
    bands: Mapping[str, Bands]
    """Bands of each parent, in the order that numbers the cells (the last parent runs fastest)."""
    thresholds: Integers
    """Shape (cells, values - 1): a draw takes the value whose number is that of the thresholds at or below it."""

    @property
    def probabilities(self) -> Floats:
        """Shape (cells, values); exact, as every probability is a multiple of 2**-53."""
        ends = np.zeros((len(self.thresholds), 1), np.int64)
        return np.diff(self.thresholds, axis=1, prepend=ends, append=ends + ONE) / ONE


@lru_cache(maxsize=32)
def calibrate(persona: Persona) -> dict[str, Conditional]:
    """All variables of a persona, calibrated in order.

    Raises InputError where the margins and the odds of a variable cannot hold together.

    >>> from loanpersona.persona.resolver import load_persona
    >>> calibrate(load_persona("article"))["sex"].probabilities.shape
    (10, 2)
    """
    found: dict[str, Conditional] = {}
    for variable in persona.variables.values():
        found[variable.name] = _calibrated(variable, found)
    return found


def _calibrated(variable: Variable, above: Mapping[str, Conditional]) -> Conditional:
    bands = {name: band(above[name].variable, variable.conditions) for name in variable.parents}
    cells = prod(len(b) for b in bands.values())
    if cells * len(variable.values) > MAX_CELLS:
        raise InputError(
            f"{variable.name}: its parents make {cells} cells of {len(variable.values)} values. "
            f"Allowed: {MAX_CELLS} in all. Use fewer or wider conditions."
        )
    law = variable.law
    if isinstance(law, Shape):
        thresholds = _shape_thresholds(variable, law, bands)
    elif isinstance(law, Given):
        thresholds = _table_thresholds(law, bands)
    elif law.odds:
        thresholds = _odds_thresholds(variable, law, bands, above)
    else:
        thresholds = np.array([_exact(law.shares)], np.int64).reshape(1, -1)
    return Conditional(variable, bands, thresholds)


def band(variable: Variable, conditions: Iterable[When]) -> Bands:
    """The coarsest bands of a variable's values that the conditions naming it keep apart."""
    picks = [picked for when in conditions for name, picked in when if name == variable.name]
    seen: dict[tuple[bool, ...], int] = {}
    of_value, first = [], []
    for position in range(len(variable.values)):
        key = tuple(position in picked for picked in picks)
        if key not in seen:
            seen[key] = len(seen)
            first.append(position)
        of_value.append(seen[key])
    return Bands(np.array(of_value, np.int64), np.array(first, np.int64))


def _holds(when: When, bands: Mapping[str, Bands]) -> npt.NDArray[np.bool_]:
    """Whether a condition holds in each cell, shape (cells,)."""
    held = np.ones(tuple(len(b) for b in bands.values()), bool)
    for name, picked in when:
        axis = list(bands).index(name)
        inside = np.isin(bands[name].first, sorted(picked))
        held &= inside.reshape([-1 if i == axis else 1 for i in range(held.ndim)])
    return held.ravel()


def _exact(shares: Iterable[Fraction]) -> list[int]:
    """Thresholds of exact shares: the sums so far, out of 2**53, rounded down."""
    return [int(total * ONE) for total in accumulate(shares)][:-1]


def _table_thresholds(law: Given, bands: Mapping[str, Bands]) -> Integers:
    cells = prod(len(b) for b in bands.values())
    thresholds = np.empty((cells, len(law.rows[0][1]) - 1), np.int64)
    for when, shares in law.rows:
        thresholds[_holds(when, bands)] = _exact(shares)
    return thresholds


def _shape_thresholds(variable: Variable, law: Shape, bands: Mapping[str, Bands]) -> Integers:
    cells = prod(len(b) for b in bands.values())
    parameters = {name: np.full(cells, float(value)) for name, value in law.parameters}
    _fill(variable, law.where, parameters, bands)
    move = np.full(cells, 1.0 if law.family in {"lognormal", "gamma"} else 0.0)
    for effect in law.moves:
        held = _holds(effect.when, bands)
        move[held] = (
            move[held] * float(effect.value) if effect.parameter == "times" else move[held] + float(effect.value)
        )
    grid = np.array(variable.values, np.float64)
    edges = (grid[:-1] + grid[1:]) / 2
    below = cumulative(law.family, edges, parameters, move)
    return (np.maximum.accumulate(below, axis=1) * ONE).astype(np.int64)


def _fill(
    variable: Variable, where: Iterable[Effect], parameters: dict[str, Floats], bands: Mapping[str, Bands]
) -> None:
    stated = {name: np.zeros(len(values), bool) for name, values in parameters.items()}
    for effect in where:
        held = _holds(effect.when, bands)
        if (held & stated[effect.parameter]).any():
            raise InputError(
                f"{variable.name}.where: two rows give {effect.parameter} for the same people. Allowed: one."
            )
        stated[effect.parameter] |= held
        parameters[effect.parameter][held] = float(effect.value)


# Margins with odds


def _odds_thresholds(
    variable: Variable, law: Shares, bands: Mapping[str, Bands], above: Mapping[str, Conditional]
) -> Integers:
    weights = joint(variable, bands, above).ravel()
    factors = np.ones((len(weights), len(law.shares)))
    for odds in law.odds:
        factors[_holds(odds.when, bands)] *= np.array([float(factor) for factor in odds.factors])
    possible = weights > 0
    probabilities = np.zeros_like(factors)
    probabilities[possible] = _fitted(variable, law, factors[possible], weights[possible])
    probabilities[~possible, 0] = 1.0  # a cell that nobody is in
    return _thresholds(probabilities)


def _fitted(variable: Variable, law: Shares, factors: Floats, weights: Floats) -> Floats:
    """Shares per cell whose weighted mean is the margin, by iterative proportional fitting of the base odds."""
    target = np.array([float(share) for share in law.shares])
    base = target.copy()
    for _ in range(_ROUNDS):
        odds = factors * base
        whole = _total(odds.T)
        if (whole <= 0).any():
            raise InputError(
                f"{variable.name}.odds: some people are left with no value at all. Allow one by a factor above 0."
            )
        probabilities: Floats = odds / whole[:, None]
        margin = _total(probabilities * weights[:, None])
        if np.abs(margin - target).max() <= _TOLERANCE:
            return probabilities
        base = base * np.divide(target, margin, out=np.ones_like(target), where=margin > 0)
    worst = int(np.abs(margin - target).argmax())
    raise InputError(
        f"{variable.name}.shares: {variable.values[worst]} = {target[worst]:g} cannot hold together with the odds; "
        f"the nearest is {margin[worst]:.4f}. Change the share or the odds that rule it out."
    )


def _thresholds(probabilities: Floats) -> Integers:
    below = np.minimum(np.add.accumulate(probabilities, axis=1)[:, :-1], 1.0)
    # Rounding must not leave a crumb for values that cannot happen: nothing above means one.
    above = np.add.accumulate(probabilities[:, ::-1], axis=1)[:, -2::-1]
    below[above == 0] = 1.0
    return (below * ONE).astype(np.int64)


def _total(terms: Floats) -> Floats:
    """Sum over the first axis, one term after the other: np.sum may pair terms differently elsewhere."""
    total: Floats = np.add.accumulate(terms, axis=0)[-1]
    return total


# The joint distribution of the parents


def joint(variable: Variable, bands: Mapping[str, Bands], above: Mapping[str, Conditional]) -> Floats:
    """How likely each cell of the parents is, shape (bands of each parent …).

    Only the ancestors of the variable matter, so a variable that is no ancestor changes nothing here.
    """
    ancestors = _ancestors(variable, above)
    conditions = [
        *variable.conditions,
        *(when for name in ancestors for when in above[name].variable.conditions),
    ]
    fine = {name: band(above[name].variable, conditions) for name in ancestors}
    table, axes = np.ones(()), list[str]()
    for position, name in enumerate(ancestors):
        table = table[..., None] * _aligned(above[name], fine, axes)
        axes.append(name)
        needed = {
            *variable.parents,
            *(p for later in ancestors[position + 1 :] for p in above[later].variable.parents),
        }
        for done in [axis for axis in axes if axis not in needed]:
            table = _total(np.moveaxis(table, axes.index(done), 0))
            axes.remove(done)
        if table.size > MAX_CELLS:
            raise InputError(f"{variable.name}: its parents hang together in {table.size} cells. Allowed: {MAX_CELLS}.")
    table = np.transpose(table, [axes.index(name) for name in bands])
    return _merged(table, [(fine[name], bands[name]) for name in bands])


def _ancestors(variable: Variable, above: Mapping[str, Conditional]) -> list[str]:
    wanted, stack = set[str](), list(variable.parents)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack += above[name].variable.parents
    return [name for name in above if name in wanted]


def _aligned(conditional: Conditional, fine: Mapping[str, Bands], axes: list[str]) -> Floats:
    """Probability of each fine band of a variable, laid along `axes` and one more axis for itself."""
    own = fine[conditional.variable.name]
    rows = np.zeros((len(own), len(conditional.thresholds)))
    np.add.at(rows, own.of_value, conditional.probabilities.T)
    shape = [len(bands) for bands in conditional.bands.values()]
    by_parent = rows.T.reshape([*shape, len(own)])
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
