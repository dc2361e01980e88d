"""Groups that nobody stated: k-means on how people borrow and repay, the number of groups, and what they look like.

Everybody with a loan by the day that is looked at is taken: who has a limit and never drew has no last loan to count
from. The groups are numbered by the mean days since the last loan, so that number 1 is the one that borrowed last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from loanpersona.analysis.estimates import clustered_share, mean, share
from loanpersona.analysis.frames import SEED, columns, whole
from loanpersona.analysis.membership import states
from loanpersona.analysis.segment_rules import Rules
from loanpersona.analysis.standing import as_of, history
from loanpersona.errors import InputError
from loanpersona.extras import need

Array = np.ndarray[Any, np.dtype[Any]]

FEATURES = ("days_since_last_loan", "n_loans", "amount_cny", "balance_cny", "share_early", "share_late")
"""Recency, frequency and money; what is still owed; how instalments are paid."""
SKEWED = FEATURES[:4]
"""Features with a long tail: their logarithm (of one more) is taken."""
NUMBERS_OF_CLUSTERS = tuple(range(2, 9))
STARTS = 5
SILHOUETTE_SAMPLE = 2_000


def borrowing_features(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """What the groups are made from: a row for everybody with a loan by the end of the day `at`.

    Columns: borrower_id, lifecycle (the stated segment, from which no group is made), days_since_last_loan, n_loans,
    amount_cny (all loans), balance_cny (principal owed), share_early and share_late (of the instalments due before
    that day: paid before theirs, or not by its end; missing where none was). Nothing that happened later counts.
    Raises InputError where nobody has a loan by then, and as `standing` does.
    """
    known = history(applications, loans, instalments)
    day = as_of(known, at)
    people = states(known, [day], "ever_borrowers", rules).set_index("borrower_id")
    lent = columns(loans, "loans", ["loan_id", "borrower_id", "amount_cny", "disbursed_at"])
    lent = lent[lent["disbursed_at"].dt.normalize() <= day]
    found = {
        "lifecycle": people["segment"],
        "days_since_last_loan": people["days_idle"],
        "n_loans": people["n_loans"],
        "amount_cny": lent.groupby("borrower_id")["amount_cny"].sum(),
        "balance_cny": people["balance_cny"],
    }
    return pd.DataFrame(found, index=people.index).join(_repaid(lent, instalments, day)).reset_index()


def _repaid(lent: pd.DataFrame, instalments: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """How the instalments of each borrower that were due before a day were paid, as known at its end."""
    plan = columns(instalments, "instalments", ["loan_id", "due_on", "paid_on"])
    plan = plan[plan["loan_id"].isin(lent["loan_id"]) & (plan["due_on"] < day)]
    borrower = plan["loan_id"].map(lent.set_index("loan_id")["borrower_id"])
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
    found: Array = ((logs - logs.mean()) / spread).fillna(0.0).to_numpy()
    return found


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


def clusters(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    k: int | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """The group of everybody who has a loan by the end of the day `at`, with what it was made from.

    `k` is the number of groups, by default that of `choice_of_k`. Columns: borrower_id, cluster (1 for those whose
    last loan is the latest on average), and those of `borrowing_features`. Raises as that does.
    """
    people = borrowing_features(applications, loans, instalments, at, rules)
    points = standardised(people)
    fitted = k_means(points, _best(points)[0] if k is None else k)
    found = ordered(fitted.labels_, people["days_since_last_loan"].to_numpy())
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
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    numbers: Sequence[int] = NUMBERS_OF_CLUSTERS,
) -> pd.DataFrame:
    """How well so many groups part the people: silhouette and what is left inside the groups.

    Columns: n_clusters, n (people whose silhouette was taken, at most 2,000, always the same ones), silhouette (mean;
    1 is far apart, 0 is touching), low, high (given the groups), share_within (sum of squares inside the groups over
    that of all), chosen (the number with the largest silhouette).
    Raises InputError where `numbers` names no number of groups, each a whole number from 2 on.
    Source: Rousseeuw (1987).
    """
    numbers = several(numbers)
    points = standardised(borrowing_features(applications, loans, instalments, at))
    best, found = _best(points, numbers)
    return pd.DataFrame(found).assign(chosen=[row["n_clusters"] == best for row in found])


def several(numbers: Any) -> tuple[int, ...]:
    """The numbers of groups to try; raises InputError where there is none, or one below two.

    >>> several([2, 3])
    (2, 3)
    """
    if isinstance(numbers, str) or not isinstance(numbers, Iterable) or not len(tried := tuple(numbers)):
        raise InputError(f"numbers = {numbers!r}: names no number of groups. Allowed: such as (2, 3, 4).")
    return tuple(whole("numbers", k, 2) for k in tried)


def _best(points: Array, numbers: Sequence[int] = NUMBERS_OF_CLUSTERS) -> tuple[int, list[dict[str, Any]]]:
    """The number of groups with the largest silhouette, and what was found for each."""
    possible = [k for k in numbers if k < len(np.unique(points, axis=0))]
    if not possible:
        raise InputError(f"loans: too few different borrowers for {min(numbers)} groups. Allowed: more than that.")
    rows = [_silhouette(points, k) for k in possible]
    return max(rows, key=lambda row: row["silhouette"])["n_clusters"], rows


def _silhouette(points: Array, k: int) -> dict[str, Any]:
    fitted = k_means(points, k)
    from sklearn.metrics import silhouette_samples

    some = np.random.default_rng(SEED).permutation(len(points))[:SILHOUETTE_SAMPLE]
    labels = fitted.labels_[some]
    # Where all of the sample lie in one group, nobody in it is parted from anybody.
    each = silhouette_samples(points[some], labels) if len(np.unique(labels)) > 1 else np.zeros(len(some))
    found = mean(pd.Series(each))
    total = float(np.square(points - points.mean(axis=0)).sum())
    value = found.pop("value")
    return {"n_clusters": k, "n": found.pop("n"), "silhouette": value, **found, "share_within": fitted.inertia_ / total}


def cluster_profiles(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    k: int | None = None,
) -> pd.DataFrame:
    """What the groups look like: their share of people and of all that was lent, and the mean of every feature.

    Columns: measure (share_of_users, share_of_amount, then the features), cluster (words), n (people), value, low,
    high, relative_to_all (standard deviations of everybody's values above everybody's mean; missing for the shares).
    """
    people = clusters(applications, loans, instalments, at, k)
    groups = [(str(one), people["cluster"] == one) for one in sorted(people["cluster"].unique())]
    rows: list[dict[str, Any]] = []
    for measure, weights in (("share_of_users", None), ("share_of_amount", people["amount_cny"])):
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
