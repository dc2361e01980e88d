"""Groups that are learned: by hand, by outside tools, and refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from book import book
from segment_tables import tiny_book
from sklearn.metrics import adjusted_rand_score

import loanpersona as lp
from loanpersona.analysis import segments
from loanpersona.analysis.segments import clustering
from loanpersona.analysis.segments.validation import by_chance, compared
from loanpersona.core.errors import InputError
from loanpersona.estimates.grouping import adjusted_rand, counted

MADE = book(7, 500)


def blobs(apart: float, n: int = 2_000, seed: int = 11) -> tuple[pd.DataFrame, Any]:
    """People in four round clouds, each so many standard deviations out on an axis of its own, and their cloud."""
    random = np.random.default_rng(seed)
    cloud = random.integers(0, 4, n)
    points = apart * np.eye(4)[cloud] + random.normal(size=(n, 4))
    # what is skewed enters as its logarithm, and nothing here is negative
    people = pd.DataFrame(np.expm1(points + 12), columns=list(clustering.SKEWED)).assign(
        share_early=0.5, share_late=0.5
    )
    people.insert(0, "user_id", np.arange(n))
    people.insert(1, "cluster", clustering.k_means(clustering.standardised(people), 4).labels_)
    return people, cloud


@pytest.mark.parametrize(
    ("apart", "best", "k_means"), [(1, 0.17, 0.15), (2, 0.57, 0.58), (3, 0.89, 0.89), (4, 0.98, 0.98)]
)
def test_the_best_agreement_of_known_clouds_is_the_known_one(apart: int, best: float, k_means: float) -> None:
    people, cloud = blobs(apart)
    result = compared(people, cloud, "cloud").set_index("method")
    # the forest has to learn what the figures know, and k-means at a distance of one finds what it finds
    assert result["ari"]["supervised"] == pytest.approx(best, abs=0.05)
    assert result["ari"]["found"] == pytest.approx(k_means, abs=0.06)
    assert result["ari"]["chance"] == pytest.approx(0.0027, abs=0.001)
    assert result["low"]["supervised"] < result["ari"]["supervised"] < result["high"]["supervised"]
    assert result["near_best"]["found"]
    assert result["near_best"].drop(["found", "found_same_number"]).isna().all()


def test_groups_that_miss_the_target_are_not_near_the_best() -> None:
    people, cloud = blobs(4)
    result = compared(people.assign(cluster=np.arange(len(people)) % 4), cloud, "cloud").set_index("method")
    assert result["ari"]["found"] < result["ari"]["chance"]
    assert not result["near_best"]["found"]
    assert result["near_best"]["found_same_number"]


def test_names_of_groups_do_not_matter() -> None:
    people, cloud = blobs(2, 500)
    other = people.assign(cluster=np.array([7, 3, 9, 1])[people["cluster"]])
    renamed = np.array(["d", "a", "c", "b"])[cloud]
    one = compared(people, cloud, "cloud")
    assert compared(other, cloud, "cloud")["ari"].tolist() == one["ari"].tolist()
    assert compared(people, renamed, "cloud")["ari"].drop(2).tolist() == pytest.approx(one["ari"].drop(2).tolist())
    ordered = clustering.ordered(people["cluster"].to_numpy(), people["n_loans"].to_numpy())
    assert clustering.ordered(other["cluster"].to_numpy(), people["n_loans"].to_numpy()).tolist() == ordered.tolist()


def test_the_adjusted_rand_index_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(8)
    pairs = [(random.integers(0, 4, 60), random.integers(0, k, 60)) for k in (1, 2, 5)]
    for one, other in pairs:
        assert adjusted_rand(counted(one, other)) == pytest.approx(adjusted_rand_score(one, other), abs=1e-12)
    stack = np.stack([counted(*pairs[1]), counted(*pairs[1])[:, ::-1]])
    assert adjusted_rand(stack).tolist() == [adjusted_rand(table) for table in stack]
    assert float(adjusted_rand(counted([1, 1], [2, 2]))) == 1.0
    assert float(adjusted_rand(counted([1], [2]))) == 1.0


def test_shuffled_labels_agree_more_than_chance_says_once_in_a_thousand() -> None:
    random = np.random.default_rng(9)
    one, other = np.arange(300) % 3, np.sort(np.arange(300) % 4)
    line = by_chance(counted(one, other), 0.95)
    above = sum(adjusted_rand(counted(random.permutation(one), other)) > line for _ in range(2_000))
    assert above / 2_000 == pytest.approx(0.05, abs=0.02)


def test_the_number_of_clouds_is_chosen_and_drawing_people_anew_leaves_them() -> None:
    people, _ = blobs(8, 600)
    points = clustering.standardised(people)
    rows = [{"n_clusters": k, **clustering.silhouette(points, clustering.k_means(points, k))} for k in range(2, 9)]
    assert clustering.chosen(rows) == 4
    assert all(one["share_within"] > other["share_within"] for one, other in pairwise(rows))


def test_the_same_book_gives_the_same_groups_to_the_digit_in_any_order_of_rows() -> None:
    shuffled = lp.Book(**{table: frame.sample(frac=1, random_state=1) for table, frame in MADE.items()})
    first = lp.Book(**MADE)
    for more in ({"numbers": (2, 4), "resamples": 3}, {}):
        frame = segments.cluster_validation if more else segments.cluster_agreement
        pd.testing.assert_frame_equal(frame(shuffled, **more), frame(first, **more), check_exact=True)


def test_the_features_are_those_counted_by_hand() -> None:
    # of 1 by 1 May: an instalment due on 15 February and paid then, one paid on its day in March, the others later
    _, plan = tiny_book().loans, tiny_book().instalments
    due = pd.to_datetime(["2024-02-20", "2024-03-20", "2024-04-25", "2024-05-25", "2024-07-10"])
    result = segments.clusters(tiny_book(instalments=plan.assign(due_on=due)), at="2024-06-30", k=2)
    assert result.drop(columns="cluster").to_dict("records") == [
        {
            "user_id": 1,
            "days_since_last_loan": 70,
            "n_loans": 2,
            "amount_cny": 1_600,
            "balance_cny": 299.75,
            "share_early": 1 / 4,
            "share_late": 1 / 2,
        },
        {
            "user_id": 5,
            "days_since_last_loan": 20,
            "n_loans": 1,
            "amount_cny": 500,
            "balance_cny": 500.0,
            "share_early": pytest.approx(np.nan, nan_ok=True),
            "share_late": pytest.approx(np.nan, nan_ok=True),
        },
    ]
    assert result["cluster"].tolist() == [2, 1]


def test_profiles_hold_everybody_and_all_that_was_lent() -> None:
    profiles, people = segments.cluster_profiles(lp.Book(**MADE), k=3), segments.clusters(lp.Book(**MADE), k=3)
    value = profiles.set_index(["measure", "cluster"])["value"]
    assert value["share_of_users"].sum() == pytest.approx(1)
    assert value["share_of_amount"].sum() == pytest.approx(1)
    assert value["n_loans"]["1"] == pytest.approx(people.loc[people["cluster"] == 1, "n_loans"].mean())
    assert value["days_since_last_loan"].is_monotonic_increasing


def test_stability_lies_between_nothing_and_the_same() -> None:
    result = segments.cluster_validation(lp.Book(**MADE), numbers=(2, 3), resamples=5)
    assert (result["least"] <= result["ari_median"]).all()
    assert (result["ari_median"] <= result["greatest"]).all()
    assert result["greatest"].max() <= 1


def test_more_groups_than_people_and_a_hidden_type_that_is_missing_are_refused() -> None:
    with pytest.raises(InputError, match=r"^k = 5000: more groups than different people\. Allowed: at most \d+\.$"):
        segments.clusters(lp.Book(**MADE), k=5_000)
    with pytest.raises(InputError, match=r"^loans: 2 different borrowers, 6 needed for 5 groups\."):
        segments.cluster_validation(tiny_book(), numbers=(5, 6))
    with pytest.raises(InputError, match=r"^truth\.borrower_type: none for borrower \d+\. Wanted: one for each\.$"):
        segments.cluster_agreement(lp.Book(**{**MADE, "truth": MADE["truth"].head(10)}), k=3)


@pytest.mark.parametrize("k", [0, 1, -1, 2.5, True])
def test_what_is_no_number_of_groups_is_refused(k: Any) -> None:
    with pytest.raises(InputError, match=rf"^k = {k}: not a whole number from 2 on"):
        segments.clusters(lp.Book(**MADE), k=k)
    with pytest.raises(InputError, match=r"^numbers = "):
        segments.cluster_validation(lp.Book(**MADE), numbers=(k,))
