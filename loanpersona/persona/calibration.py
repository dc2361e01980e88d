"""From laws to conditional tables: how likely each value is in each cell of the parents, exactly.

A probability is an integer out of 2**53. Where the file states shares they are counted exactly; where odds
lean a margin, base odds are solved over the joint distribution of the parents so that the margin stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import accumulate
from math import prod

import numpy as np

from loanpersona.core.strict_yaml import Faults, Node
from loanpersona.persona.distributions import cumulative
from loanpersona.persona.fitting import fitted
from loanpersona.persona.joint import (
    MAX_CELLS,
    ONE,
    Bands,
    Conditional,
    Floats,
    Integers,
    RefusedError,
    band,
    holds,
    joint,
    total,
)
from loanpersona.persona.model import Effect, Given, Shape, Shares, Variable


def calibrate(variables: Mapping[str, Variable], blocks: Mapping[str, Node], faults: Faults) -> dict[str, Conditional]:
    """The variables, calibrated in order; those that cannot be are noted at their block and left out.

    >>> from loanpersona.persona.resolver import load_persona
    >>> load_persona("article").conditionals["sex"].probabilities.shape
    (10, 2)
    """
    found: dict[str, Conditional] = {}
    room = MAX_CELLS
    for name, variable in variables.items():
        if not set(variable.parents) <= set(found):
            continue  # a parent was refused, and said so
        try:
            found[name] = _calibrated(variable, found, room)
            room -= found[name].thresholds.size
        except RefusedError as refused:
            at = blocks[name].child(refused.key) or blocks[name]
            faults.add(at, refused.what, allowed=refused.allowed, hint=refused.hint)
    return found


def _calibrated(variable: Variable, above: Mapping[str, Conditional], room: int) -> Conditional:
    bands = {name: band(above[name].variable, variable.conditions) for name in variable.parents}
    cells = prod(len(b) for b in bands.values())
    if cells * len(variable.values) > room:
        what = f"its parents make {cells} cells of {len(variable.values)} values"
        allowed = f"{MAX_CELLS} cells times values in a persona"
        raise RefusedError("", what, allowed=allowed, hint="Use fewer or wider conditions.")
    weights = joint(bands, above).ravel()
    law = variable.law
    if isinstance(law, Shape):
        thresholds = _shape_thresholds(variable, law, bands)
    elif isinstance(law, Given):
        thresholds = _table_thresholds(law, bands)
    elif law.odds:
        thresholds = _odds_thresholds(variable, law, bands, weights)
    else:
        thresholds = np.array([_exact(law.shares)], np.int64).reshape(1, -1)
    return Conditional(variable, bands, thresholds, weights)


def _exact(shares: Iterable[Fraction]) -> list[int]:
    """Thresholds of exact shares: the sums so far, out of 2**53, rounded down."""
    return [int(total * ONE) for total in accumulate(shares)][:-1]


def _table_thresholds(law: Given, bands: Mapping[str, Bands]) -> Integers:
    cells = prod(len(b) for b in bands.values())
    thresholds = np.empty((cells, len(law.rows[0][1]) - 1), np.int64)
    for when, shares in law.rows:
        thresholds[holds(when, bands)] = _exact(shares)
    return thresholds


def _shape_thresholds(variable: Variable, law: Shape, bands: Mapping[str, Bands]) -> Integers:
    cells = prod(len(b) for b in bands.values())
    parameters = {name: np.full(cells, float(value)) for name, value in law.parameters}
    _fill(law.where, parameters, bands)
    move = np.full(cells, 1.0 if law.family in {"lognormal", "gamma"} else 0.0)
    for effect in law.moves:
        held = holds(effect.when, bands)
        move[held] = (
            move[held] * float(effect.value) if effect.parameter == "times" else move[held] + float(effect.value)
        )
    grid = np.array(variable.values, np.float64)
    edges = (grid[:-1] + grid[1:]) / 2
    below = cumulative(law.family, edges, parameters, move)
    return (np.maximum.accumulate(below, axis=1) * ONE).astype(np.int64)


def _fill(where: Iterable[Effect], parameters: dict[str, Floats], bands: Mapping[str, Bands]) -> None:
    stated = {name: np.zeros(len(values), bool) for name, values in parameters.items()}
    for effect in where:
        held = holds(effect.when, bands)
        if (held & stated[effect.parameter]).any():
            raise RefusedError("where", f"two rows give {effect.parameter} for the same people", allowed="one")
        stated[effect.parameter] |= held
        parameters[effect.parameter][held] = float(effect.value)


def _odds_thresholds(variable: Variable, law: Shares, bands: Mapping[str, Bands], weights: Floats) -> Integers:
    factors = np.ones((len(weights), len(law.shares)))
    for odds in law.odds:
        factors[holds(odds.when, bands)] *= np.array([float(factor) for factor in odds.factors])
    target, possible = np.array([float(share) for share in law.shares]), weights > 0
    odds_of_all = factors * fitted(target, factors[possible], weights[possible], variable.values)
    # A cell that nobody is in follows the same base odds: `sample` may set its parents.
    whole = total(odds_of_all.T)
    odds_of_all[whole <= 0, 0] = 1.0
    return _thresholds(odds_of_all / total(odds_of_all.T)[:, None])


def _thresholds(probabilities: Floats) -> Integers:
    below = np.minimum(np.add.accumulate(probabilities, axis=1)[:, :-1], 1.0)
    # Rounding must not leave a crumb for values that cannot happen: nothing above means one.
    above = np.add.accumulate(probabilities[:, ::-1], axis=1)[:, -2::-1]
    below[above == 0] = 1.0
    return (below * ONE).astype(np.int64)
