"""Groups that nobody stated: k-means on how people borrow and repay, the number of groups, and what they look like.

Everybody with a loan by the day that is looked at is taken: who has a limit and never drew has no last loan to count
from. The groups are numbered by the mean days since the last loan, so that number 1 is the one that borrowed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from loanpersona.analysis.estimates import clustered_share, mean, share
from loanpersona.analysis.frames import DAY, columns, moment
from loanpersona.errors import InputError

Array = np.ndarray[Any, np.dtype[Any]]

FEATURES = ("days_since_last_loan", "n_loans", "amount_cny", "balance_cny", "share_early", "share_late")
"""Recency, frequency and money; what is still owed; how instalments are paid."""
SKEWED = FEATURES[:4]
"""Features with a long tail: their logarithm (of one more) is taken."""
NUMBERS_OF_CLUSTERS = tuple(range(2, 9))
STARTS = 10
SEED = 20230301
SILHOUETTE_SAMPLE = 2_000


def borrowing_features(
    loans: pd.DataFrame, instalments: pd.DataFrame, at: pd.Timestamp | str | None = None
) -> pd.DataFrame:
    """What the groups are made from: a row for everybody with a loan by `at` (by default the last loan), by borrower.

    Columns: borrower_id, days_since_last_loan, n_loans, amount_cny (all loans), balance_cny (principal not paid by
    then), share_early and share_late (of the instalments due by then: paid before the day, or not paid by the end of
    it). The shares are missing where nothing was due. Nothing that happened later counts.
    Raises InputError where no loan was taken by `at`.
    """
    lent = columns(loans, "loans", ["loan_id", "borrower_id", "amount_cny", "borrowed_at"])
    end = moment(at, lent["borrowed_at"].max())
    lent = lent[lent["borrowed_at"] <= end]
    if lent.empty:
        raise InputError(f"loans: none was taken by {end:%Y-%m-%d}. Allowed: a time after the first loan.")
    people = lent.groupby("borrower_id").agg(last=("borrowed_at", "max"), n_loans=("loan_id", "size"),
                                             amount_cny=("amount_cny", "sum"))  # fmt: skip
    people.insert(0, "days_since_last_loan", (end - people.pop("last")) // DAY)
    return people.join(_repaying(lent, instalments, end)).reset_index()


def _repaying(lent: pd.DataFrame, instalments: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """What each borrower owes at the end, and how the instalments due by then were paid."""
    plan = columns(instalments, "instalments", ["loan_id", "due_on", "principal_cny", "paid_on"])
    borrower = plan["loan_id"].map(lent.set_index("loan_id")["borrower_id"])
    paid = plan["paid_on"].where(plan["paid_on"] <= end)
    due = (plan["due_on"] < end.normalize()) & borrower.notna()
    early, late = (paid < plan["due_on"])[due], ~(paid <= plan["due_on"])[due]
    owed = plan["principal_cny"].where(paid.isna(), 0.0).groupby(borrower).sum()
    shares = {"share_early": early.groupby(borrower[due]).mean(), "share_late": late.groupby(borrower[due]).mean()}
    return pd.DataFrame({"balance_cny": owed, **shares}).reindex(lent["borrower_id"].unique()).fillna({"balance_cny": 0})


def standardised(features: pd.DataFrame) -> Array:
    """The features as k-means takes them: logarithms of the skewed ones, mean 0 and standard deviation 1.

    A missing share counts as the mean; a feature that is the same for everybody is 0.
    """
    logs = features[list(FEATURES)].astype(float)
    logs[list(SKEWED)] = np.log1p(logs[list(SKEWED)])
    spread = logs.std(ddof=0).replace(0.0, 1.0)
    found: Array = ((logs - logs.mean()) / spread).fillna(0.0).to_numpy()
    return found


def k_means(points: Array, k: int, weights: Array | None = None) -> KMeans:
    """The best of ten starts of k-means, always the same ones, on one thread: the same groups to the last digit.

    Raises InputError where there are fewer different points than groups.
    """
    if len(np.unique(points, axis=0)) < k:
        raise InputError(f"k = {k}: more groups than different people. Allowed: at most {len(points)}.")
    # Threads add up in any order, and the last digit of a centre would depend on it.
    with threadpool_limits(limits=1):
        return KMeans(k, n_init=STARTS, random_state=SEED).fit(points, sample_weight=weights)


def clusters(
    loans: pd.DataFrame, instalments: pd.DataFrame, at: pd.Timestamp | str | None = None, k: int | None = None
) -> pd.DataFrame:
    """The group of everybody who has a loan by `at`, with what it was made from.

    `k` is the number of groups, by default that of `choice_of_k`. Columns: borrower_id, cluster (1 for those whose
    last loan is the latest on average), and those of `borrowing_features`.
    """
    people = borrowing_features(loans, instalments, at)
    points = standardised(people)
    found = ordered(k_means(points, k or _best(points)[0]).labels_, people["days_since_last_loan"].to_numpy())
    people.insert(1, "cluster", found)
    return people


def ordered(labels: Array, by: Array) -> Array:
    """The labels numbered from 1 on in rising order of the mean of `by`.

    >>> ordered(np.array([5, 5, 2]), np.array([9.0, 7.0, 1.0])).tolist()
    [2, 2, 1]
    """
    means = pd.Series(by).groupby(labels).mean()
    place = means.rank(method="first").astype(int)
    found: Array = place.reindex(labels).to_numpy()
    return found


def choice_of_k(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    numbers: Sequence[int] = NUMBERS_OF_CLUSTERS,
) -> pd.DataFrame:
    """How well so many groups part the people: silhouette and what is left inside the groups.

    Columns: n_clusters, n (people whose silhouette was taken, at most 2,000, always the same ones), silhouette (mean;
    1 is far apart, 0 is touching), low, high (given the groups), share_within (sum of squares inside the groups over
    that of all), chosen (the number with the largest silhouette).
    Source: Rousseeuw (1987).
    """
    points = standardised(borrowing_features(loans, instalments, at))
    best, found = _best(points, numbers)
    return pd.DataFrame(found).assign(chosen=[row["n_clusters"] == best for row in found])


def _best(points: Array, numbers: Sequence[int] = NUMBERS_OF_CLUSTERS) -> tuple[int, list[dict[str, Any]]]:
    """The number of groups with the largest silhouette, and what was found for each."""
    possible = [k for k in numbers if k < len(np.unique(points, axis=0))]
    if not possible:
        raise InputError(f"loans: too few different borrowers for {min(numbers)} groups. Allowed: more than that.")
    rows = [_silhouette(points, k) for k in possible]
    return max(rows, key=lambda row: row["silhouette"])["n_clusters"], rows


def _silhouette(points: Array, k: int) -> dict[str, Any]:
    fitted = k_means(points, k)
    some = np.random.default_rng(SEED).permutation(len(points))[:SILHOUETTE_SAMPLE]
    kept = some if len(np.unique(fitted.labels_[some])) > 1 else np.arange(len(points))
    found = mean(pd.Series(silhouette_samples(points[kept], fitted.labels_[kept])))
    whole = float(np.square(points - points.mean(axis=0)).sum())
    value = found.pop("value")
    return {"n_clusters": k, "n": found.pop("n"), "silhouette": value, **found, "share_within": fitted.inertia_ / whole}


def cluster_profiles(
    loans: pd.DataFrame, instalments: pd.DataFrame, at: pd.Timestamp | str | None = None, k: int | None = None
) -> pd.DataFrame:
    """What the groups look like: their share of people and of volume, and the mean of every feature.

    Columns: measure (share_of_users, share_of_volume, then the features), cluster (words), n (people), value, low,
    high, relative_to_all (standard deviations of everybody's values above everybody's mean; missing for the shares).
    """
    people = clusters(loans, instalments, at, k)
    groups = [(str(one), people["cluster"] == one) for one in sorted(people["cluster"].unique())]
    rows: list[dict[str, Any]] = []
    for measure, weights in (("share_of_users", None), ("share_of_volume", people["amount_cny"])):
        for name, inside in groups:
            found = share(inside) if weights is None else clustered_share(inside, people["borrower_id"], weights)
            ends = {"value": found["share"], "low": found["low"], "high": found["high"]}
            rows.append({"measure": measure, "cluster": name, "n": int(inside.sum()), **ends})
    for feature in FEATURES:
        every = people[feature].astype(float)
        for name, inside in groups:
            found = mean(every[inside].dropna())
            above = (found["value"] - every.mean()) / (every.std(ddof=0) or 1.0)
            rows.append({"measure": feature, "cluster": name, **found, "relative_to_all": above})
    return pd.DataFrame(rows)
