"""Do groups that were learned agree with those that were stated, or with those that are hidden?

Agreement is the adjusted Rand index: 1 for the same groups, 0 for what chance gives. By itself it says nothing, for
overlapping groups cannot be told apart by anybody. So it stands beside the agreement that a classifier reaches which
was taught the answer, and beside what shuffled labels reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import random_table
from threadpoolctl import threadpool_limits

from loanpersona.analysis.clusters import (
    NUMBERS_OF_CLUSTERS,
    Array,
    borrowing_features,
    clusters,
    k_means,
    several,
    standardised,
)
from loanpersona.analysis.estimates import LEVEL, tails
from loanpersona.analysis.frames import SEED, columns, fold_of
from loanpersona.analysis.segment_rules import Rules
from loanpersona.errors import InputError
from loanpersona.extras import need

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
    expected = down * across / np.maximum(whole, 1)
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
    # sorted, for the names of the groups must not matter
    random = random_table(np.sort(table.sum(axis=1)), np.sort(table.sum(axis=0)))
    return float(np.quantile(adjusted_rand(random.rvs(SHUFFLES, random_state=SEED)), quantile))


def taught(points: Array, target: Array, folds: Array) -> Array:
    """What a random forest says of each person that was taught the target on all other folds.

    It shows what a classifier reaches from the same points, and is no bound: it aims at people put right, not at the
    agreement of groups.
    """
    need("learn")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=SEED)
    with threadpool_limits(limits=1):
        found: Array = cross_val_predict(forest, points, target, cv=PredefinedSplit(folds))
    return found


def cluster_agreement(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    at: pd.Timestamp | str | None = None,
    k: int | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """Agreement of the clusters with the stated lifecycle and, with `truth`, with the hidden types of borrowers.

    Columns: target (lifecycle, borrower_type), measure (found; found_same_number: with as many clusters as the target
    has groups; best: a forest that was taught the target; chance: 99.9 % of shuffles agree less), n_clusters, n
    (people), ari, low, high (people drawn anew, the groups as they are; none for chance), near_best (for the found:
    above chance, and at most 0.05 below the best). Raises as `borrowing_features` does, and where somebody's type is
    not told.
    """
    people = clusters(applications, loans, instalments, at, k, rules)
    targets = {"lifecycle": people["lifecycle"]}
    if truth is not None:
        hidden = columns(truth, "truth", ["borrower_id", "borrower_type"]).set_index("borrower_id")["borrower_type"]
        targets["borrower_type"] = hidden.reindex(people["borrower_id"])
        if targets["borrower_type"].isna().any():
            lost = targets["borrower_type"].index[targets["borrower_type"].isna()][0]
            raise InputError(f"truth.borrower_id: no row for borrower {lost}. Wanted: one for each.")
    return pd.concat([compared(people, target, name) for name, target in targets.items()], ignore_index=True)


def compared(people: pd.DataFrame, target: Any, name: str, level: float = LEVEL) -> pd.DataFrame:
    """Agreement of the clusters of people with one grouping of them, in the same order, as `cluster_agreement` says."""
    points, groups = standardised(people), np.asarray(target).astype(str)
    made = {"found": people["cluster"].to_numpy(), "found_same_number": k_means(points, len(np.unique(groups))).labels_,
            "best": taught(points, groups, fold_of(people["borrower_id"]))}  # fmt: skip
    tables = {measure: counted(groups, labels) for measure, labels in made.items()}
    values = {measure: float(adjusted_rand(table)) for measure, table in tables.items()}
    chance = by_chance(tables["found"])
    rows = []
    for measure, table in tables.items():
        near = None if measure == "best" else bool(chance < values[measure] >= values["best"] - NEAR)
        low, high = _drawn_anew(table, level)
        rows.append({"target": name, "measure": measure, "n_clusters": table.shape[1], "n": len(groups),
                     "ari": values[measure], "low": low, "high": high, "near_best": near})  # fmt: skip
    rows.append({**rows[0], "measure": "chance", "ari": chance, "low": np.nan, "high": np.nan, "near_best": None})
    return pd.DataFrame(rows)


def _drawn_anew(table: Array, level: float) -> Array:
    """The interval of an agreement: its quantiles where as many people are drawn again from the cells."""
    random, n = np.random.default_rng(SEED), int(table.sum())
    draws = random.multinomial(n, table.ravel() / n, size=DRAWS).reshape(DRAWS, *table.shape)
    found: Array = np.quantile(adjusted_rand(draws), tails(level))
    return found


def cluster_stability(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    numbers: Sequence[int] = NUMBERS_OF_CLUSTERS,
) -> pd.DataFrame:
    """Whether other people would have given the same groups: 20 resamples of the people, clustered anew.

    Everybody is put into the groups of each resample and of all people, and the two are compared.
    Columns: n_clusters, resamples, n (people), median_ari, low, high (the least and the greatest of the 20).
    Raises InputError where `numbers` names no number of groups, each a whole number from 2 on.
    """
    numbers = several(numbers)
    points = standardised(borrowing_features(applications, loans, instalments, at))
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
