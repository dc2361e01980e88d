"""Do groups that were learned hold, and agree with those that were stated, or with those that are hidden?

Agreement is the adjusted Rand index: 1 for the same groups, 0 for what chance gives. By itself it says nothing, for
overlapping groups cannot be told apart by anybody. So it stands beside the agreement that a classifier reaches which
learned from the answer, and beside what shuffled labels reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import random_table
from threadpoolctl import threadpool_limits

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.rows import SEED, fold_of
from loanpersona.analysis.segments.clustering import (
    NUMBERS_OF_CLUSTERS,
    READS,
    Array,
    borrowing,
    chosen,
    fitted,
    grouped,
    k_means,
    silhouettes,
    standardised,
)
from loanpersona.analysis.segments.membership import segments_of
from loanpersona.analysis.segments.segmentation import Rules
from loanpersona.core.errors import InputError
from loanpersona.core.extras import need
from loanpersona.estimates.grouping import adjusted_rand, counted
from loanpersona.estimates.shares import LEVEL, tails
from loanpersona.tables.book import Book

DRAWS = 1_000
SHUFFLES = 5_000
NEAR = 0.05
"""How far below the best an agreement may stay and still count as near it."""


@frame(
    statements="3.1b",
    counts="borrowers",
    keys="n_clusters",
    estimate="silhouette",
    written={
        **dict.fromkeys(("silhouette", "ari_median"), "ratio"),
        "n_clusters": "count",
        "share_within": "share",
        "chosen": "flag",
    },
    reads=READS,
)
def cluster_validation(
    book: Book, *, at: Day = None, numbers: Sequence[int] = NUMBERS_OF_CLUSTERS, resamples: int = 20
) -> pd.DataFrame:
    """How well so many groups part the borrowers, and whether other people would have given the same (3.1b).

    Columns: n_clusters, n (people whose silhouette was taken, at most 2,000), silhouette (mean; 1 is far apart, 0 is
    touching), low, high (given the groups), share_within (sum of squares inside the groups over that of all), chosen
    (the number with the largest silhouette); ari_median, least, greatest: agreement of the groups with those of
    `resamples` in which people are drawn anew. Numbers of groups as large as that of different people are left out.
    Raises InputError where no number is possible. Source: Rousseeuw (1987).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.cluster_validation(population, numbers=[2, 3], resamples=2)["n_clusters"].tolist()
    [2, 3]
    """
    rows = silhouettes(book, at, numbers)
    points = standardised(borrowing(book, at))
    drawn = np.random.default_rng(SEED).multinomial(len(points), np.full(len(points), 1 / len(points)), size=resamples)
    again = [_again(points, fitted(book, at, row["n_clusters"]), drawn.astype(float)) for row in rows]
    best = chosen(rows)
    return pd.DataFrame(
        [{**row, "chosen": row["n_clusters"] == best, **other} for row, other in zip(rows, again, strict=True)]
    )


@frame(
    statements="3.1b",
    counts="borrowers",
    keys="target method",
    estimate="ari",
    written={"ari": "ratio", "n_clusters": "count", "near_best": "flag"},
    reads=READS,
)
def cluster_agreement(book: Book, *, at: Day = None, rules: Rules | None = None, k: int | None = None) -> pd.DataFrame:
    """Agreement of the groups with the stated lifecycle and, where the book has it, the hidden borrower type (3.1b).

    Columns: target (lifecycle, borrower_type), method (found; found_same_number: as many groups as the target has;
    supervised: a forest that learned from the target; chance: 99.9 % of shuffles agree less), n_clusters, n (people),
    ari, low, high (people drawn anew, the groups as they are; none for chance), near_best (of the found: above chance,
    and at most 0.05 below supervised). Raises as `clusters` does, and where somebody's type is missing.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.cluster_agreement(population, k=3)["target"].unique().tolist()
    ['lifecycle', 'borrower_type']
    """
    people = grouped(book, at, k)
    targets = {"lifecycle": segments_of(book, "lifecycle", pd.Index(people["user_id"]), at, rules)}
    if "truth" in book.tables and "borrower_type" in book.truth:
        targets["borrower_type"] = _types(book, people["user_id"])
    return pd.concat([compared(people, target, name) for name, target in targets.items()], ignore_index=True)


def _types(book: Book, users: pd.Series) -> pd.Series:
    types: pd.Series = book.truth.set_index("user_id")["borrower_type"].reindex(users)
    if types.isna().any():
        raise InputError(
            f"truth.borrower_type: none for borrower {types.index[types.isna()][0]}. Wanted: one for each."
        )
    return types


def _again(points: Array, groups: Any, drawn: Array) -> dict[str, float]:
    """How far groups of people drawn anew agree: everybody is put into those of each resample and of all people."""
    labels = [k_means(points, groups.n_clusters, weights).predict(points) for weights in drawn]
    result = [float(adjusted_rand(counted(groups.labels_, one))) for one in labels]
    return {"ari_median": float(np.median(result)), "least": min(result), "greatest": max(result)}


def by_chance(table: Array, quantile: float = 0.999) -> float:
    """The quantile of the agreement that shuffled labels reach; 99.9 % of shuffles agree less.

    The tables of shuffled labels are drawn directly, with the margins as they are: Patefield (1981).
    """
    # sorted, for the names of the groups must not matter
    random = random_table(np.sort(table.sum(axis=1)), np.sort(table.sum(axis=0)))
    return float(np.quantile(adjusted_rand(random.rvs(SHUFFLES, random_state=SEED)), quantile))


def supervised(points: Array, target: Array, folds: Array) -> Array:
    """What a random forest says of each person that learned from the target on all other folds.

    It shows what a classifier reaches from the same points, and is no bound: it aims at people put right, not at the
    agreement of groups.
    """
    need("learn")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=SEED)
    with threadpool_limits(limits=1):
        result: Array = cross_val_predict(forest, points, target, cv=PredefinedSplit(folds))
    return result


def compared(people: pd.DataFrame, target: Any, name: str, level: float = LEVEL) -> pd.DataFrame:
    """Agreement of the clusters of people with one grouping of them, in the same order, as `cluster_agreement` says."""
    points, groups = standardised(people), np.asarray(target).astype(str)
    made = {
        "found": people["cluster"].to_numpy(),
        "found_same_number": k_means(points, len(np.unique(groups))).labels_,
        "supervised": supervised(points, groups, fold_of(people["user_id"])),
    }
    tables = {method: counted(groups, labels) for method, labels in made.items()}
    values = {method: float(adjusted_rand(table)) for method, table in tables.items()}
    chance = by_chance(tables["found"])
    rows = []
    for method, table in tables.items():
        near = None if method == "supervised" else bool(chance < values[method] >= values["supervised"] - NEAR)
        low, high = _drawn_anew(table, level)
        rows.append(
            {
                "target": name,
                "method": method,
                "n_clusters": table.shape[1],
                "n": len(groups),
                "ari": values[method],
                "low": low,
                "high": high,
                "near_best": near,
            }
        )
    rows.append({**rows[0], "method": "chance", "ari": chance, "low": np.nan, "high": np.nan, "near_best": None})
    return pd.DataFrame(rows)


def _drawn_anew(table: Array, level: float) -> Array:
    """The interval of an agreement: its quantiles where as many people are drawn again from the cells."""
    random, n = np.random.default_rng(SEED), int(table.sum())
    draws = random.multinomial(n, table.ravel() / n, size=DRAWS).reshape(DRAWS, *table.shape)
    result: Array = np.quantile(adjusted_rand(draws), tails(level))
    return result
