"""Cumulative probabilities of the named distributions.

Their functions are those of Python's `math`, value by value: numpy's own exp and log differ between builds
and processors in the last bit, and a population must not. numpy's + - * / are the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 64
"""Terms of the gamma distribution, for everyone as many, so that no cell hangs on another."""
_MOST_SHAPE = 40
"""Shapes for which so many terms leave no more than rounding; importing scipy takes longer than reading a persona."""


def cumulative(family: str, edges: Floats, parameters: dict[str, Floats], move: Floats) -> Floats:
    """Probability below each edge, a row per cell: shape (cells, edges).

    `parameters` and `move` have one value per cell. `move` multiplies the location of `lognormal` (median)
    and `gamma` (mean) and is added to that of `normal` (mean) and `logistic` (median).

    >>> one = np.ones(1)
    >>> cumulative("normal", np.array([0.0, 1.0]), {"mean": 0 * one, "sd": one}, 0 * one).round(4).tolist()
    [[0.5, 0.8413]]
    """
    return _FAMILIES[family](edges, parameters, move)


def _normal(edges: Floats, parameters: dict[str, Floats], move: Floats) -> Floats:
    centre = parameters["mean"] + move
    return _phi((edges[None, :] - centre[:, None]) / parameters["sd"][:, None])


def _logistic(edges: Floats, parameters: dict[str, Floats], move: Floats) -> Floats:
    centre = parameters["median"] + move
    return _sigmoid((edges[None, :] - centre[:, None]) / parameters["scale"][:, None])


def _lognormal(edges: Floats, parameters: dict[str, Floats], move: Floats) -> Floats:
    # A median of zero lies above every edge that is not above zero, and below the others.
    logs = np.array([_log(edge, -2e200) for edge in edges.tolist()])
    centre = np.array([_log(median, -1e200) for median in (parameters["median"] * move).tolist()])
    return _phi((logs[None, :] - centre[:, None]) / parameters["sigma"][:, None])


def _gamma(edges: Floats, parameters: dict[str, Floats], move: Floats) -> Floats:
    mean = parameters["mean"] * move
    below = np.repeat(edges[None, :] > 0, len(mean), axis=0).astype(np.float64)  # as a mean of zero has it
    moving = mean > 0
    rate = parameters["shape"][moving] / mean[moving]
    points = np.maximum(edges, 0.0)[None, :] * rate[:, None]
    shapes = np.repeat(parameters["shape"][moving][:, None], len(edges), axis=1)
    below[moving] = _below(shapes.ravel(), points.ravel()).reshape(points.shape)
    return below


def _below(shapes: Floats, points: Floats) -> Floats:
    """Regularised lower incomplete gamma function: a series below the bulk, a continued fraction beyond it."""
    if (shapes > _MOST_SHAPE).any():
        from scipy.special import gammainc

        large: Floats = gammainc(shapes, points)
        return large
    near, result = points < shapes + 1, np.empty(len(points))
    result[near] = _series(shapes[near], points[near])
    result[~near] = 1 - _fraction(shapes[~near], points[~near])
    return result


def _series(shapes: Floats, points: Floats) -> Floats:
    term = 1 / shapes
    whole = term
    for step in range(1, _STEPS):
        term = term * (points / (shapes + step))
        whole = whole + term
    return whole * _weight(shapes, points)


def _fraction(shapes: Floats, points: Floats) -> Floats:
    result = points - shapes + (2 * _STEPS + 1)
    for step in range(_STEPS, 0, -1):
        result = points - shapes + (2 * step - 1) - step * (step - shapes) / result
    return _weight(shapes, points) / result


def _weight(shapes: Floats, points: Floats) -> Floats:
    pairs = zip(shapes.tolist(), points.tolist(), strict=True)
    powers = (math.exp(a * math.log(x) - x - math.lgamma(a)) if x > 0 else 0.0 for a, x in pairs)
    return np.fromiter(powers, np.float64, len(points))


def _each(function: Callable[[float], float], values: Floats) -> Floats:
    return np.fromiter(map(function, values.ravel().tolist()), np.float64, values.size).reshape(values.shape)


def _phi(z: Floats) -> Floats:
    return 0.5 * _each(math.erfc, -z / math.sqrt(2.0))


def _sigmoid(z: Floats) -> Floats:
    powers = _each(math.exp, np.minimum(-z, 700.0))  # beyond that exp soon overflows
    return np.where(z > -700, 1.0 / (1.0 + powers), 0.0)


def _log(value: float, of_nothing: float) -> float:
    return math.log(value) if value > 0 else of_nothing


_FAMILIES: dict[str, Callable[[Floats, dict[str, Floats], Floats], Floats]] = {
    "normal": _normal,
    "logistic": _logistic,
    "lognormal": _lognormal,
    "gamma": _gamma,
}
