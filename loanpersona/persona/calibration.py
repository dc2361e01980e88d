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

from loanpersona.core.conditions import written
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
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Effect, Given, Shape, Shares, Variable


def calibrate(
    variables: Mapping[str, Variable],
    blocks: Mapping[str, Node],
    faults: Faults,
    before: Mapping[str, Conditional] | None = None,
) -> dict[str, Conditional]:
    """The variables, calibrated in order; those that cannot be are noted at their block and left out.

    Of those calibrated `before`, what rests on the same as it did is taken over.

    >>> from loanpersona.persona.resolver import load_persona
    >>> load_persona("article").conditionals["sex"].probabilities.shape
    (10, 2)
    """
    result: dict[str, Conditional] = {}
    known = before if before is not None and _in_one_order(before, variables) else {}
    room = MAX_CELLS
    for name, variable in variables.items():
        if not set(variable.parents) <= set(result):
            continue  # a parent was refused, and said so
        try:
            result[name] = _as_before(variable, result, room, known) or _calibrated(variable, result, room)
            room -= result[name].thresholds.size
        except RefusedError as refused:
            at = blocks[name].child(refused.key) or blocks[name]
            faults.add(at, refused.what, allowed=refused.allowed, hint=refused.hint)
    return result


def _in_one_order(before: Iterable[str], now: Iterable[str]) -> bool:
    """Whether what stands in both stands in one order, which is that of the sums."""
    old, new = list(before), list(now)
    return [name for name in old if name in new] == [name for name in new if name in old]


def _as_before(
    variable: Variable, above: Mapping[str, Conditional], room: int, before: Mapping[str, Conditional]
) -> Conditional | None:
    """The conditional there was before, where its law is the same and its parents are: their ancestors then are too."""
    known = before.get(variable.name)
    if known is None or known.variable != variable or known.thresholds.size + len(known.thresholds) > room:
        return None
    return known if all(above[name] is before[name] for name in variable.parents) else None


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
        thresholds = _shape_thresholds(variable, law, bands, above)
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


def _shape_thresholds(
    variable: Variable, law: Shape, bands: Mapping[str, Bands], above: Mapping[str, Conditional]
) -> Integers:
    cells = prod(len(b) for b in bands.values())
    parameters = {name: np.full(cells, np.nan) for name in PARAMETERS[law.family]}
    for name, value in law.parameters:
        parameters[name][:] = float(value)
    _fill(law.where, parameters, bands)
    for name, values in parameters.items():
        if np.isnan(values).any():
            who = _cell(int(np.isnan(values).argmax()), law.where, bands, above)
            allowed = f"a general {name}, or rows under `where` for everybody"
            raise RefusedError(law.family, f"no {name} for {who}", allowed=allowed)
    move = np.full(cells, 1.0 if law.family in {"lognormal", "gamma"} else 0.0)
    for effect in law.moves:
        applies = holds(effect.when, bands)
        move[applies] = (
            move[applies] * float(effect.value) if effect.parameter == "times" else move[applies] + float(effect.value)
        )
    grid = np.array(variable.values, np.float64)
    edges = (grid[:-1] + grid[1:]) / 2
    below = cumulative(law.family, edges, parameters, move)
    return (np.maximum.accumulate(below, axis=1) * ONE).astype(np.int64)


def _cell(cell: int, where: Iterable[Effect], bands: Mapping[str, Bands], above: Mapping[str, Conditional]) -> str:
    """Who is in a cell, by the variables that the rows of `where` name."""
    named = {name for effect in where for name, _ in effect.when}
    at = dict(zip(bands, np.unravel_index(cell, [len(b) for b in bands.values()]), strict=True))
    picked = {name: np.flatnonzero(bands[name].of_value == at[name]).tolist() for name in bands if name in named}
    return ", ".join(f"{name} {written(above[name].variable.values, values)}" for name, values in picked.items())


def _fill(where: Iterable[Effect], parameters: dict[str, Floats], bands: Mapping[str, Bands]) -> None:
    stated = {name: np.zeros(len(values), bool) for name, values in parameters.items()}
    for effect in where:
        applies = holds(effect.when, bands)
        if (applies & stated[effect.parameter]).any():
            raise RefusedError("where", f"two rows give {effect.parameter} for the same people", allowed="one")
        stated[effect.parameter] |= applies
        parameters[effect.parameter][applies] = float(effect.value)


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
