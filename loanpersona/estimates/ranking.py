"""Ranking: how well a score tells two groups apart (AUC with DeLong's interval, KS), and a logistic curve of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, difference, z

ROUNDS = 50
Numbers = NDArray[np.float64]


def auc(score: Any, bad: Any, level: float = LEVEL) -> tuple[float, float, float]:
    """Area under the ROC curve with its interval (DeLong), both kept between zero and one.

    >>> auc([1, 2, 2, 4], [False, False, True, True])[0]
    0.875
    """
    parts = placements(score, bad)
    value, half = float(parts[0].mean()), z(level) * standard_error(parts)
    return value, float(np.maximum(value - half, 0)), float(np.minimum(value + half, 1))


def placements(score: Any, bad: Any) -> tuple[Numbers, Numbers]:
    """Of each bad one the share of the good with a lower score, of each good one that of the bad with a higher one.

    Equal scores count half. The mean of either is the area under the ROC curve.

    >>> [part.tolist() for part in placements([1, 2, 2, 4], [False, False, True, True])]
    [[0.75, 1.0], [1.0, 0.75]]
    """
    score, bad = np.asarray(score, float), np.asarray(bad, bool)
    ranks = rankdata(score)
    below: Numbers = (ranks[bad] - rankdata(score[bad])) / (~bad).sum()
    above: Numbers = 1 - (ranks[~bad] - rankdata(score[~bad])) / bad.sum()
    return below, above


def standard_error(parts: Sequence[Numbers]) -> float:
    """The standard error of an area, or of a difference of two, from its placements; missing with one good or bad."""
    known = min(map(len, parts)) > 1
    return sqrt(sum(part.var(ddof=1) / len(part) for part in parts)) if known else np.nan


def ks(score: Any, bad: Any) -> tuple[float, float, float]:
    """The greatest lead of the share of the bad over that of the good from some score on, and its interval there.

    >>> ks([1, 2, 2, 4], [False, False, True, True])[0]
    0.5
    """
    score, bad = np.asarray(score, float), np.asarray(bad, bool)
    _, good_up_to, bad_up_to = up_to(score, bad)
    n = int((~bad).sum()), int(bad.sum())
    lead = good_up_to / n[0] - bad_up_to / n[1]
    at = int(lead.argmax())
    return float(lead[at]), *difference((good_up_to[at], n[0]), (bad_up_to[at], n[1]))


def logistic(score: Any, bad: Any, name: str = "score") -> Numbers:
    """The chance of being bad of each score by a logistic curve of maximum likelihood (Newton's method).

    Raises InputError where the scores of good and bad do not overlap, or all are equal, so that no curve is the most
    likely.
    """
    score, bad = np.asarray(score, float), np.asarray(bad, bool)
    if score.min() == score.max():
        raise InputError(f"{name}: all {len(score):,} are {score[0]:g}. Allowed: at least two different ones.")
    if score[bad].min() >= score[~bad].max() or score[bad].max() <= score[~bad].min():
        raise InputError(f"{name}: the scores of good and bad borrowers do not overlap. Allowed: some that do.")
    x = np.column_stack([np.ones(len(score)), (score - score.mean()) / score.std()])
    weights = np.array([np.log(bad.mean() / (1 - bad.mean())), 0.0])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-x @ weights))
        step = np.linalg.solve((x * (chance * (1 - chance))[:, None]).T @ x, x.T @ (bad - chance))
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    result: Numbers = 1 / (1 + np.exp(-x @ weights))
    return result


def up_to(score: Numbers, bad: NDArray[np.bool_]) -> tuple[Numbers, Numbers, Numbers]:
    """Every score that occurs, rising, and how many good and bad have it or a lower one."""
    scores, at = np.unique(score, return_inverse=True)
    good, worse = (np.bincount(at, which, len(scores)).cumsum() for which in (~bad, bad))
    return scores, good, worse
