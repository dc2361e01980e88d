"""Estimates: intervals against an outside implementation, against values worked by hand, and by how often they hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

from loanpersona.estimates.shares import (
    Days,
    clustered_ratio,
    clustered_share,
    clustered_shares,
    contrast,
    mean,
    quantiles,
    share,
    shares,
    wilson,
    with_lift,
)

# Of 1,000 intervals that hold their value with 95 % chance, fewer than 926 or more than 971 hold it once in a thousand.
HOLDS_AT_95_PERCENT = range(926, 972)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("k", "n"), [(k, n) for n in (1, 2, 10, 97, 400, 20_000) for k in sorted({0, 1, n // 3, n - 1, n})]
)
def test_wilson_agrees_with_scipy(k: int, n: int, level: float) -> None:
    theirs = binomtest(k, n).proportion_ci(level, method="wilson")
    assert wilson(k, n, level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_of_half_a_hundred_is_as_worked_by_hand() -> None:
    # z² = 3.841459: middle 0.5, half width 1.959964 · √(0.25 / 100 + 3.841459 / 40,000) / 1.03841459 = 0.096168
    assert wilson(50, 100) == pytest.approx((0.403832, 0.596168), abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 6, 9, 17, 20_000])  # rounding misses the end at most of these
def test_wilson_ends_exactly_at_none_and_at_all(n: int) -> None:
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


def test_where_nobody_was_asked_the_interval_says_nothing_and_there_is_no_share() -> None:
    nobody = share(pd.Series([], dtype=bool))
    assert (nobody["n"], nobody["k"], nobody["low"], nobody["high"]) == (0, 0, 0.0, 1.0)
    assert np.isnan(nobody["share"])


def test_a_share_counts_the_rows_that_hold() -> None:
    result = share(pd.Series([True, False, True, True]))
    assert (result["n"], result["k"], result["share"]) == (4, 3, 0.75)
    assert (result["low"], result["high"]) == wilson(3, 4)


def test_shares_follow_the_order_of_the_levels_and_count_those_nobody_has() -> None:
    kinds = pd.Series(pd.Categorical(["b", "a", "b", "b"], categories=["a", "b", "c"]), name="kind")
    result = shares(kinds)
    assert list(result.columns) == ["kind", "n", "k", "share", "low", "high"]
    assert result["kind"].dtype == kinds.dtype
    assert result[["kind", "n", "k", "share"]].to_numpy().tolist() == [
        ["a", 4, 1, 0.25],
        ["b", 4, 3, 0.75],
        ["c", 4, 0, 0.0],
    ]


def times_covered(holds: Callable[[np.random.Generator], bool], seed: int) -> int:
    random = np.random.default_rng(seed)
    return sum(holds(random) for _ in range(1000))


def test_intervals_of_shares_hold_the_truth_95_times_in_a_hundred() -> None:
    def holds(random: np.random.Generator) -> bool:
        kinds = pd.Series(pd.Categorical.from_codes((random.random(400) < 0.3).astype(int), ["no", "yes"]), name="kind")
        yes = shares(kinds).iloc[1]
        return bool(yes["low"] <= 0.3 <= yes["high"])

    assert times_covered(holds, seed=11) in HOLDS_AT_95_PERCENT


def test_intervals_of_the_median_hold_the_truth_95_times_in_a_hundred() -> None:
    def holds(random: np.random.Generator) -> bool:
        median = quantiles(pd.Series(random.lognormal(8.5, 0.5, 400)), [0.5]).iloc[0]
        return bool(median["low"] <= np.exp(8.5) <= median["high"])

    assert times_covered(holds, seed=12) in HOLDS_AT_95_PERCENT


def test_quantiles_of_a_hundred_numbers_are_as_worked_by_hand() -> None:
    # The k-th smallest of 1..100 is k. Ends of the median: ranks ⌈50 ± 1.96 · 5⌉ = 41 and 60; of P10: ⌈10 ± 1.96 · 3⌉.
    result = quantiles(pd.Series(np.random.default_rng(3).permutation(100) + 1), [0.1, 0.5])
    assert result.to_dict("records") == [
        {"quantile": 0.1, "n": 100, "value": 10, "low": 5, "high": 16},
        {"quantile": 0.5, "n": 100, "value": 50, "low": 41, "high": 60},
    ]


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 400, 1000])
def test_quantiles_are_the_inverted_distribution_function_of_numpy(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    at = [0.1, 0.25, 0.5, 0.75, 0.9]
    result = quantiles(pd.Series(values), at)
    assert result["value"].tolist() == np.quantile(values, at, method="inverted_cdf").tolist()
    assert (result["low"] <= result["value"]).all()
    assert (result["value"] <= result["high"]).all()


def test_lift_is_the_share_over_the_baseline_and_so_are_its_ends() -> None:
    frame = pd.DataFrame({"share": [0.6, 0.1], "low": [0.5, 0.05], "high": [0.7, 0.2]})
    result = with_lift(frame, [0.5, 0.4])
    assert result["baseline"].tolist() == [0.5, 0.4]
    assert result["lift"].tolist() == pytest.approx([1.2, 0.25])
    assert result["lift_low"].tolist() == pytest.approx([1.0, 0.125])
    assert result["lift_high"].tolist() == pytest.approx([1.4, 0.5])
    assert list(frame.columns) == ["share", "low", "high"]


# Clustered by borrower


def clustered(random: np.random.Generator, borrowers: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Loans of borrowers who each have a morning habit of their own: the truth is one half."""
    habit = random.beta(1.5, 1.5, borrowers)
    many = 1 + random.poisson(4, borrowers)
    who = np.repeat(np.arange(borrowers), many)
    return random.random(len(who)) < habit[who], who


def test_clustered_intervals_hold_the_truth_95_times_in_a_hundred_and_naive_ones_do_not() -> None:
    def holds(random: np.random.Generator) -> bool:
        result = clustered_share(*clustered(random))
        return bool(result["low"] <= 0.5 <= result["high"])

    def naive(random: np.random.Generator) -> bool:
        result = share(pd.Series(clustered(random)[0]))
        return bool(result["low"] <= 0.5 <= result["high"])

    assert times_covered(holds, seed=21) in HOLDS_AT_95_PERCENT
    assert times_covered(naive, seed=21) < 850


def test_clustered_intervals_of_small_and_weighted_shares_hold_the_truth() -> None:
    def holds(random: np.random.Generator) -> bool:
        borrowers = 400
        habit = random.beta(0.3, 5.7, borrowers)
        who = np.repeat(np.arange(borrowers), 1 + random.poisson(4, borrowers))
        amount = random.lognormal(8, 0.7, len(who))
        result = clustered_share(random.random(len(who)) < habit[who], who, amount)
        return bool(result["low"] <= 0.05 <= result["high"])

    assert times_covered(holds, seed=22) in HOLDS_AT_95_PERCENT


def test_clustered_ratios_hold_the_truth_95_times_in_a_hundred() -> None:
    def holds(random: np.random.Generator) -> bool:
        who = np.repeat(np.arange(300), 1 + random.poisson(3, 300))
        dear = random.gamma(4, 0.25, 300)[who]
        amount = random.lognormal(8, 0.5, len(who))
        result = clustered_ratio(100 * dear * amount, amount, who)
        return bool(result["low"] <= 100 <= result["high"])

    assert times_covered(holds, seed=23) in HOLDS_AT_95_PERCENT


def test_a_clustered_ratio_is_as_worked_by_hand() -> None:
    # Borrowers hold 5 of 10 and 1 of 5: ratio 0.4, residuals 1 and −1, variance 2/1 · 2 / 15².
    result = clustered_ratio([2, 3, 1], [4, 6, 5], ["a", "a", "b"])
    assert (result["n"], result["clusters"], result["value"]) == (3, 2, pytest.approx(0.4))
    assert result["error"] == pytest.approx(2 / 15)
    assert (result["low"], result["high"]) == pytest.approx((0.4 - 1.9599640 * 2 / 15, 0.4 + 1.9599640 * 2 / 15))


def test_rows_that_are_their_own_clusters_have_nearly_the_interval_of_wilson() -> None:
    result = clustered_share([True] * 60 + [False] * 40, range(100))
    assert result["design_effect"] == pytest.approx(100 / 99)
    assert (result["low"], result["high"]) == pytest.approx(wilson(59.4, 99))


@pytest.mark.parametrize("holds", [True, False])
def test_where_all_or_none_hold_each_cluster_counts_once(holds: bool) -> None:
    result = clustered_share([holds] * 6, [1, 1, 1, 2, 2, 3])
    assert (result["effective_n"], result["design_effect"]) == (3, 2)
    assert (result["low"], result["high"]) == wilson(3 * holds, 3)


def test_one_cluster_tells_as_much_as_one_row_and_none_nothing() -> None:
    one = clustered_share([True, False], [1, 1])
    assert (one["share"], one["clusters"], one["effective_n"]) == (0.5, 1, 1)
    assert (one["low"], one["high"]) == wilson(0.5, 1)
    none = clustered_share([], [])
    assert np.isnan(none["share"])
    assert (none["n"], none["low"], none["high"]) == (0, 0.0, 1.0)
    assert np.isnan(clustered_ratio([], [], [])["value"])


def test_clustered_shares_are_one_row_a_level() -> None:
    frame = pd.DataFrame({"hour": [1, 1, 2], "user_id": [7, 7, 8]})
    result = clustered_shares(frame, "hour", [1, 2, 3])
    assert result[["hour", "n", "k"]].to_numpy().tolist() == [[1, 3, 2], [2, 3, 1], [3, 3, 0]]
    assert list(result.columns) == [
        "hour",
        "n",
        "k",
        "share",
        "low",
        "high",
        "clusters",
        "design_effect",
        "effective_n",
    ]


def test_a_mean_has_the_interval_of_its_standard_error() -> None:
    result = mean(pd.Series([1.0, 3.0]))
    assert (result["n"], result["value"]) == (2, 2)
    assert result["high"] == pytest.approx(2 + 1.9599640)
    assert np.isnan(mean(pd.Series([], dtype=float))["value"])


def test_a_ratio_of_shares_agrees_with_scipy_where_every_row_is_a_cluster() -> None:
    random = np.random.default_rng(3)
    one = random.random(900) < 0.3
    holds = random.random(900) < np.where(one, 0.3, 0.2)
    result = contrast(holds, np.ones(900), one, ~one, np.arange(900))
    theirs = relative_risk(int((holds & one).sum()), int(one.sum()), int((holds & ~one).sum()), int((~one).sum()))
    assert result["risk_ratio"] == pytest.approx(theirs.relative_risk)
    widening = np.sqrt(900 / 899)  # the sample variance between clusters
    for side, end in zip(("risk_ratio_low", "risk_ratio_high"), theirs.confidence_interval(), strict=True):
        assert np.log(result[side] / theirs.relative_risk) == pytest.approx(
            widening * np.log(end / theirs.relative_risk)
        )


def test_a_ratio_counts_clusters_with_rows_in_both_groups() -> None:
    # cluster 7 has (1 of 2) and (1 of 1), cluster 8 (1 of 1) and (0 of 2): shares 2/3 and 1/3, ratio 2
    holds, one = [1, 0, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]
    result = contrast(holds, [1] * 6, one, [1 - each for each in one], [7, 7, 8, 7, 8, 8])
    # influence of 7: (1 − 2/3 · 2)/2 − (1 − 1/3 · 1)/1 = −5/6, of 8: +5/6
    half = 1.9599640 * np.sqrt(2 * 2 * (5 / 6) ** 2)
    assert result["risk_ratio"] == pytest.approx(2)
    assert result["risk_ratio_high"] == pytest.approx(2 * np.exp(half))
    nothing = contrast([0, 0, 1], [1] * 3, [1, 1, 0], [0, 0, 1], [1, 2, 3])
    assert np.isnan(nothing["risk_ratio"])


def test_a_difference_of_shares_is_that_of_two_samples_and_wider_where_several_hold_together() -> None:
    random = np.random.default_rng(4)
    one = np.arange(800) < 300
    holds = random.random(800) < np.where(one, 0.3, 0.2)
    result, ten = (contrast(holds, np.ones(800), one, ~one, np.arange(800), many) for many in (1, 10))
    shares = np.array([holds[one].mean(), holds[~one].mean()])
    error = np.sqrt((shares * (1 - shares) / [300, 500]).sum() * 800 / 799)
    assert result["difference"] == pytest.approx(shares[0] - shares[1])
    assert result["difference_high"] - result["difference"] == pytest.approx(1.9599640 * error)
    assert ten["difference"] - ten["difference_low"] == pytest.approx(2.8070338 * error)  # of 0.25 % to each side


def test_rows_of_one_day_go_together_where_days_have_a_luck_of_their_own() -> None:
    # 100 users borrow once each: on one of two days that are alike all 50 in the morning, on the other none.
    morning, of_row = np.repeat([True, False], 50), np.repeat([0, 1], 50)
    by_user = clustered_share(morning, np.arange(100))
    assert by_user["effective_n"] == pytest.approx(99)
    # the days pull 25 and −25: 2/1 · 1,250, less the 100 · 1/4 of single rows, and by user 100/99 · 25
    shared = clustered_share(morning, np.arange(100), days=Days(of_row, [0, 0]))
    assert shared["effective_n"] == pytest.approx(0.25 * 100**2 / (2_500 - 25 + 2_500 / 99))
    # two days that are of different kinds say nothing of luck, and neither do days that agree
    assert clustered_share(morning, np.arange(100), days=Days(of_row, [0, 1])) == by_user
    assert clustered_share(morning, np.arange(100), days=Days(np.arange(100) % 2, [0, 0])) == by_user
