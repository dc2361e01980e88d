"""Base odds that keep a margin while conditions lean it, or what stands in their way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loanpersona.persona.joint import Floats, RefusedError, total

_TOLERANCE = 1e-13
_ROUNDS = 2_000
_WORK = 100_000_000
"""Rounds times cells times values at most, a few seconds: what converges at all takes far less."""
_PATIENCE = 50
"""Rounds after which it is worth asking whether there is an answer."""
_NEAR = 1e-4
"""What is as near as this by then is on its way there."""
_SEEN = 1e-9
"""Shares that differ by less are shown as the same."""


def fitted(target: Floats, factors: Floats, weights: Floats, values: tuple[object, ...]) -> Floats:
    """Base odds of the values that keep the margin `target`, by iterative proportional fitting.

    `factors` has shape (cells, values), `weights` holds the share of people in each cell. Raises RefusedError where
    no base odds give the margin, with the nearest shares there are.
    """
    base = target.copy()
    for done in range(min(_ROUNDS, _WORK // factors.size + 1)):
        odds = factors * base
        whole = total(odds.T)
        if (whole <= 0).any():
            raise RefusedError("odds", "some people are left with no value at all", hint="Give one a factor above 0.")
        shares: Floats = odds / whole[:, None]
        margin = total(shares * weights[:, None])
        if np.abs(margin - target).max() <= _TOLERANCE:
            return base
        if done == _PATIENCE and np.abs(margin - target).max() > _NEAR:
            _refuse_the_impossible(target, factors > 0, weights, values)
        base = base * np.divide(target, margin, out=np.ones_like(target), where=margin > 0)
    _refuse_the_impossible(target, factors > 0, weights, values)
    worst = int(np.abs(margin - target).argmax())
    hint = "Lower the factors, or state 0 for what never happens."
    raise RefusedError("shares", f"no base odds give {values[worst]} = {target[worst]:g} with these odds", hint=hint)


def _refuse_the_impossible(
    target: Floats, allowed: npt.NDArray[np.bool_], weights: Floats, values: tuple[object, ...]
) -> None:
    nearest = nearest_margin(target, allowed, weights)
    off = [i for i in range(len(target)) if abs(nearest[i] - target[i]) > _SEEN]
    if off:
        result = ", ".join(f"{values[i]} = {target[i]:g} (nearest {nearest[i]:.4g})" for i in off)
        hint = "Change these shares, or the odds of 0 that rule them out."
        raise RefusedError("shares", f"cannot hold together with the odds: {result}", hint=hint)


def nearest_margin(target: Floats, allowed: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """The margin nearest to `target` (by the sum of differences) when cells can take their allowed values only.

    >>> nearest_margin(np.array([0.6, 0.4]), np.array([[True, True], [False, True]]), np.array([0.5, 0.5]))
    array([0.5, 0.5])
    """
    from scipy.optimize import linprog

    kinds, of_cell = np.unique(allowed, axis=0, return_inverse=True)
    people = np.bincount(of_cell.ravel(), weights, len(kinds))
    kind, value = np.nonzero(kinds)  # one unknown per kind of cell and value it may take, then too little, too much
    unknowns, size = len(kind) + 2 * len(target), len(target)
    rows = np.zeros((len(kinds) + size, unknowns))
    rows[kind, np.arange(len(kind))] = 1
    rows[len(kinds) + value, np.arange(len(kind))] = 1
    rows[len(kinds) :, len(kind) : len(kind) + size] = np.eye(size)
    rows[len(kinds) :, len(kind) + size :] = -np.eye(size)
    cost = np.repeat([0.0, 1.0], [len(kind), 2 * size])
    solved = linprog(cost, A_eq=rows, b_eq=np.concatenate([people, target]), method="highs")
    margin = np.zeros(size)
    np.add.at(margin, value, solved.x[: len(kind)])
    return margin
