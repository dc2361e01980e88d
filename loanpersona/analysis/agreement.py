"""Do groups that were learned agree with those that were stated, or with those that are hidden?

Agreement is the adjusted Rand index: 1 for the same groups, 0 for what chance gives. By itself it says nothing, for
overlapping groups cannot be told apart by anybody. So it stands beside the agreement that a classifier reaches which
was taught the answer, and beside what shuffled labels reach.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import random_table
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from threadpoolctl import threadpool_limits

from loanpersona.analysis.clusters import (
    NUMBERS_OF_CLUSTERS,
    SEED,
    Array,
    borrowing_features,
    clusters,
    k_means,
    standardised,
)
from loanpersona.analysis.estimates import LEVEL
from loanpersona.analysis.frames import columns

FOLDS = 5
RESAMPLES = 20
DRAWS = 1_000
SHUFFLES = 5_000
NEAR = 0.05
"""How far below the best an agreement may stay and still count as near it."""


def adjusted_rand(tables: Any) -> Any:
    """The adjusted Rand index of a table of counts (one grouping down, the other across), or of a stack of tables.

    Source: Hubert and Arabie (1985).

    >>> float(adjusted_rand([[3, 0], [0, 2]]))
    1.0
    """
    table = np.asarray(tables, float)
    pairs = (table * (table - 1)).sum(axis=(-2, -1))
    down, across = (_pairs(table.sum(axis=axis)) for axis in (-1, -2))
    whole = _pairs(table.sum(axis=(-2, -1))[..., None])
    expected = down * across / whole
    most = (down + across) / 2
    # Where each grouping is one group, or nobody shares one, both say the same.
    return np.divide(pairs - expected, most - expected, out=np.ones_like(pairs), where=most != expected)


def _pairs(counts: Array) -> Array:
    found: Array = (counts * (counts - 1)).sum(axis=-1)
    return found


def counted(one: Any, other: Any) -> Array:
    """How often each group of one grouping meets each group of the other."""
    down, across = (np.unique(labels, return_inverse=True)[1] for labels in (np.asarray(one), np.asarray(other)))
    found: Array = np.bincount(down * (across.max() + 1) + across, minlength=(down.max() + 1) * (across.max() + 1))
    return found.reshape(down.max() + 1, across.max() + 1)


def by_chance(table: Array, quantile: float = 0.999) -> float:
    """The quantile of the agreement that shuffled labels reach; 99.9 % of shuffles agree less.

    The tables of shuffled labels are drawn directly, with the margins as they are: Patefield (1981).
    """
    random = random_table(table.sum(axis=1), table.sum(axis=0))
    return float(np.quantile(adjusted_rand(random.rvs(SHUFFLES, random_state=SEED)), quantile))


def best_possible(points: Array, target: Array, folds: Array) -> Array:
    """What a random forest says of each person that was taught the target on all other folds.

    No grouping made from the same points, without the answer, can be expected to agree better with the target.
    """
    forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=SEED)
    with threadpool_limits(limits=1):
        found: Array = cross_val_predict(forest, points, target, cv=PredefinedSplit(folds))
    return found


def folds(ids: pd.Series) -> Array:
    """The fold of each borrower: by a hash of the id, so that it is the same in whatever rows stand around it."""
    found: Array = (pd.util.hash_array(ids.to_numpy("int64")) % FOLDS).astype(int)
    return found


def agreement(
    people: pd.DataFrame, targets: dict[str, pd.Series], level: float = LEVEL
) -> pd.DataFrame:
    """Agreement of the clusters of `people` with groupings of the same people, given by borrower.

    `people` are those of `clusters`. Columns: target, measure (found; found_same_number: with as many clusters as
    the target has groups; best: the forest that was taught; chance: 99.9 % of shuffles agree less), n_clusters, n,
    ari, low, high (people drawn anew, the grouping as it is; none for chance), near_best (whether it is at most 0.05
    below the best, and above chance; for the found ones).
    """
    points = standardised(people)
    rows = []
    for name, groups in targets.items():
        known = people["borrower_id"].isin(groups.index).to_numpy()
        target = groups.reindex(people["borrower_id"][known]).astype(str).to_numpy()
        rows += _compared(name, points[known], people[known], target, level)
    return pd.DataFrame(rows)


def _compared(name: str, points: Array, people: pd.DataFrame, target: Array, level: float) -> list[dict[str, Any]]:
    found = people["cluster"].to_numpy()
    many = len(np.unique(target))
    made = {"found": found, "found_same_number": k_means(points, many).labels_,
            "best": best_possible(points, target, folds(people["borrower_id"]))}  # fmt: skip
    tables = {measure: counted(target, labels) for measure, labels in made.items()}
    values = {measure: float(adjusted_rand(table)) for measure, table in tables.items()}
    chance = by_chance(tables["found"])
    rows = []
    for measure, table in tables.items():
        near = values[measure] >= values["best"] - NEAR and values[measure] > chance if measure != "best" else None
        ends = dict(zip(("low", "high"), _drawn_anew(table, level), strict=True))
        rows.append({"target": name, "measure": measure, "n_clusters": table.shape[1], "n": len(target),
                     "ari": values[measure], **ends, "near_best": near})  # fmt: skip
    rows.append({"target": name, "measure": "chance", "n_clusters": tables["found"].shape[1], "n": len(target),
                 "ari": chance, "low": np.nan, "high": np.nan, "near_best": None})  # fmt: skip
    return rows


def _drawn_anew(table: Array, level: float) -> Array:
    """The interval of an agreement: its quantiles where as many people are drawn again from the cells."""
    random, n = np.random.default_rng(SEED), int(table.sum())
    draws = random.multinomial(n, table.ravel() / n, size=DRAWS).reshape(DRAWS, *table.shape)
    found: Array = np.quantile(adjusted_rand(draws), [(1 - level) / 2, (1 + level) / 2])
    return found


def cluster_stability(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    numbers: tuple[int, ...] = NUMBERS_OF_CLUSTERS,
) -> pd.DataFrame:
    """Whether other people would have given the same groups: 20 resamples of the people, clustered anew.

    Everybody is put into the groups of each resample and of all people, and the two are compared.
    Columns: n_clusters, resamples, n (people), median_ari, low, high (the least and the greatest of the 20).
    """
    points = standardised(borrowing_features(loans, instalments, at))
    random, n = np.random.default_rng(SEED), len(points)
    times = random.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(float)
    rows = []
    for k in numbers:
        whole = k_means(points, k).labels_
        again = [k_means(points, k, weights).predict(points) for weights in times]
        found = [float(adjusted_rand(counted(whole, labels))) for labels in again]
        rows.append({"n_clusters": k, "resamples": RESAMPLES, "n": n, "median_ari": float(np.median(found)),
                     "low": min(found), "high": max(found)})  # fmt: skip
    return pd.DataFrame(rows)
