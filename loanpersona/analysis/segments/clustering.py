"""Groups that nobody stated: k-means on how people borrow and repay, and what the groups look like.

Everybody with a loan by the day that is looked at is taken: who has a limit and never drew has no last loan to count
from. The groups are numbered by the mean days since the last loan, so that number 1 is the one that borrowed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from loanpersona.analysis.arguments import Day, whole
from loanpersona.analysis.frame import frame
from loanpersona.analysis.rows import SEED
from loanpersona.analysis.segments.history import standing
from loanpersona.analysis.segments.membership import MONEY
from loanpersona.core.errors import InputError
from loanpersona.core.extras import need
from loanpersona.estimates.shares import clustered_share, mean, share
from loanpersona.tables.book import Book, kept

Array = np.ndarray[Any, np.dtype[Any]]

FEATURES = ("days_since_last_loan", "n_loans", "amount_cny", "balance_cny", "share_early", "share_late")
"""Recency, frequency and money; what is still owed; how instalments are paid."""
SKEWED = FEATURES[:4]
"""Features with a long tail: their logarithm (of one more) is taken."""
SHARES = ("share_of_users", "share_of_amount")
NUMBERS_OF_CLUSTERS = tuple(range(2, 9))
STARTS = 5
SILHOUETTE_SAMPLE = 2_000
READS = {**MONEY, "instalments": f"{MONEY['instalments']} due_on"}
WRITTEN = {
    **dict.fromkeys(("amount_cny", "balance_cny"), "money"),
    **dict.fromkeys(("share_early", "share_late", *SHARES), "share"),
    "days_since_last_loan": "days",
}


@frame(
    statements="3.1b",
    counts="borrowers",
    keys="user_id",
    estimate="",
    written={**WRITTEN, "n_loans": "count", "cluster": "count"},
    reads=READS,
)
def clusters(book: Book, *, at: Day = None, k: int | None = None) -> pd.DataFrame:
    """The group of everybody who has a loan by the end of the day `at`, with what it was made from (3.1b).

    `k` is the number of groups, by default the one with the largest silhouette. Columns: user_id; cluster (1 for those
    whose last loan is the latest on average); days_since_last_loan, n_loans, amount_cny (all loans), balance_cny
    (principal owed), share_early and share_late (of the instalments due before that day: paid before theirs, or not by
    its end; missing where none was). Raises InputError where nobody has a loan by then, or too few differ.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> sorted(lp.segments.clusters(population, k=3)["cluster"].unique().tolist())
    [1, 2, 3]
    """
    return grouped(book, at, k).copy()


@frame(
    statements="3.1b",
    counts="borrowers",
    keys="measure cluster",
    estimate="value",
    written={**WRITTEN, "n_loans": "number", "value": "number", "relative_to_all": "ratio"},
    reads=READS,
)
def cluster_profiles(book: Book, *, at: Day = None, k: int | None = None) -> pd.DataFrame:
    """What the groups look like: their share of people and of all that was lent, and the mean of every feature (3.1b).

    Columns: measure (share_of_users, share_of_amount, then the features of `clusters`), cluster, n (people), value,
    low, high, relative_to_all (standard deviations of everybody's values above everybody's mean; missing for the
    shares). Raises as `clusters` does.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.cluster_profiles(population, k=3)["measure"].nunique()
    8
    """
    people = grouped(book, at, k)
    groups = [(str(one), people["cluster"] == one) for one in sorted(people["cluster"].unique())]
    rows = [
        {"measure": measure, "cluster": name, **_profile(people, measure, inside)}
        for measure in (*SHARES, *FEATURES)
        for name, inside in groups
    ]
    return pd.DataFrame(rows)


def _profile(people: pd.DataFrame, measure: str, inside: pd.Series) -> dict[str, float]:
    if measure in SHARES:
        of_amount = measure == "share_of_amount"
        result = clustered_share(inside, people["user_id"], people["amount_cny"]) if of_amount else share(inside)
        return {"n": int(inside.sum()), "value": result["share"], "low": result["low"], "high": result["high"]}
    every = people[measure].astype(float)
    result = mean(every[inside].dropna())
    return {**result, "relative_to_all": (result["value"] - every.mean()) / (every.std(ddof=0) or 1.0)}


@kept
def borrowing(book: Book, at: pd.Timestamp) -> pd.DataFrame:
    """What the groups are made from, by `user_id`: the features of everybody with a loan by the end of a day.

    Nothing that happened later counts. Raises InputError where nobody has a loan by then.
    """
    stands = standing(book, at.normalize())
    people = stands[stands["n_loans"] > 0].rename(columns={"days_idle": "days_since_last_loan"})
    if people.empty:
        raise InputError(f"loans: none was paid out by {at:%Y-%m-%d}. Allowed: a day after the first loan.")
    loans = book.loans[book.loans["disbursed_at"] <= at]
    people = people.assign(amount_cny=loans.groupby("user_id")["amount_cny"].sum())
    return people.join(_repaid(loans, book.instalments, at.normalize()))[list(FEATURES)]


def _repaid(loans: pd.DataFrame, plan: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """How the instalments of each borrower that were due before a day were paid, as known at its end."""
    plan = plan[plan["loan_id"].isin(loans["loan_id"]) & (plan["due_on"] < day)]
    borrower = plan["loan_id"].map(loans.set_index("loan_id")["user_id"])
    paid = plan["paid_on"].where(plan["paid_on"] <= day)
    how = {"share_early": paid < plan["due_on"], "share_late": ~(paid <= plan["due_on"])}
    return pd.DataFrame({name: holds.groupby(borrower).mean() for name, holds in how.items()})


def standardised(features: pd.DataFrame) -> Array:
    """The features as k-means takes them: logarithms of the skewed ones, mean 0 and standard deviation 1.

    A missing share counts as the mean; a feature that is the same for everybody is 0.
    """
    logs = features[list(FEATURES)].astype(float)
    logs[list(SKEWED)] = np.log1p(logs[list(SKEWED)])
    spread = logs.std(ddof=0).replace(0.0, 1.0)
    points: Array = ((logs - logs.mean()) / spread).fillna(0.0).to_numpy()
    return points


def k_means(points: Array, k: int, weights: Array | None = None) -> Any:
    """The best of five starts of k-means, always the same ones, on one thread: the same groups to the last digit.

    Raises InputError where the number of groups is none, or there are fewer different points than groups.
    """
    k = whole("k", k, 1)
    if len(np.unique(points, axis=0)) < k:
        raise InputError(f"k = {k}: more groups than different people. Allowed: at most {len(points)}.")
    need("learn")
    from sklearn.cluster import KMeans

    # Threads add up in any order, and the last digit of a centre would depend on it.
    with threadpool_limits(limits=1):
        return KMeans(k, n_init=STARTS, random_state=SEED).fit(points, sample_weight=weights)


def ordered(labels: Array, by: Array) -> Array:
    """The labels numbered from 1 on in rising order of the mean of `by`.

    >>> ordered(np.array([5, 5, 2]), np.array([9.0, 7.0, 1.0])).tolist()
    [2, 2, 1]
    """
    means = pd.Series(by).groupby(labels).mean()
    place = means.rank(method="first").astype(int)
    result: Array = place.reindex(labels).to_numpy()
    return result


@kept
def grouped(book: Book, at: pd.Timestamp, k: int | None) -> pd.DataFrame:
    """The rows of `clusters`."""
    people = borrowing(book, at).reset_index()
    labels = fitted(book, at, k or chosen(silhouettes(book, at))).labels_
    people.insert(1, "cluster", ordered(labels, people["days_since_last_loan"].to_numpy()))
    return people


@kept
def fitted(book: Book, at: pd.Timestamp, k: int) -> Any:
    """So many groups of the borrowers of a day."""
    return k_means(standardised(borrowing(book, at)), k)


@kept
def silhouettes(book: Book, at: pd.Timestamp, numbers: Sequence[int] = NUMBERS_OF_CLUSTERS) -> list[dict[str, Any]]:
    """How well so many groups part the borrowers of a day, for the numbers that are possible.

    Raises InputError where none is.
    """
    points = standardised(borrowing(book, at))
    different = len(np.unique(points, axis=0))
    possible = [k for k in numbers if k < different]
    if not possible:
        raise InputError(
            f"loans: {different} different borrowers, {min(numbers) + 1} needed for {min(numbers)} groups."
        )
    return [{"n_clusters": k, **silhouette(points, fitted(book, at, k))} for k in possible]


def chosen(rows: Sequence[dict[str, Any]]) -> int:
    """The number of groups with the largest silhouette."""
    return int(max(rows, key=lambda row: row["silhouette"])["n_clusters"])


def silhouette(points: Array, groups: Any) -> dict[str, Any]:
    """The mean silhouette of at most 2,000 people, always the same ones, and what is left inside the groups."""
    need("learn")
    from sklearn.metrics import silhouette_samples

    some = np.random.default_rng(SEED).permutation(len(points))[:SILHOUETTE_SAMPLE]
    labels = groups.labels_[some]
    # Where all of the sample lie in one group, nobody in it is parted from anybody.
    parted = 1 < len(np.unique(labels)) < len(some)
    result = mean(pd.Series(silhouette_samples(points[some], labels) if parted else np.zeros(len(some))))
    total = float(np.square(points - points.mean(axis=0)).sum())
    ends = {name: result[name] for name in ("low", "high")}
    return {"n": result["n"], "silhouette": result["value"], **ends, "share_within": groups.inertia_ / total}
