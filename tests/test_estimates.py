"""Estimates: intervals against an outside implementation, against values worked by hand, and by how often they hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from loanpersona.analysis.estimates import quantiles, share, shares, shares_by, wilson, with_lift

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
    found = share(pd.Series([True, False, True, True]))
    assert (found["n"], found["k"], found["share"]) == (4, 3, 0.75)
    assert (found["low"], found["high"]) == wilson(3, 4)


def test_shares_follow_the_order_of_the_levels_and_count_those_nobody_has() -> None:
    kinds = pd.Series(pd.Categorical(["b", "a", "b", "b"], categories=["a", "b", "c"]), name="kind")
    found = shares(kinds)
    assert list(found.columns) == ["kind", "n", "k", "share", "low", "high"]
    assert found["kind"].dtype == kinds.dtype
    assert found[["kind", "n", "k", "share"]].to_numpy().tolist() == [
        ["a", 4, 1, 0.25],
        ["b", 4, 3, 0.75],
        ["c", 4, 0, 0.0],
    ]


def test_shares_by_are_shares_within_each_group() -> None:
    frame = pd.DataFrame({"sex": list("mmfmf"), "kind": list("abbaa")}, dtype="category")
    found = shares_by(frame, ["sex"], "kind")
    assert list(found.columns) == ["sex", "kind", "n", "k", "share", "low", "high"]
    assert found[["sex", "kind", "n", "k"]].to_numpy().tolist() == [
        ["f", "a", 2, 1],
        ["f", "b", 2, 1],
        ["m", "a", 3, 2],
        ["m", "b", 3, 1],
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
    found = quantiles(pd.Series(np.random.default_rng(3).permutation(100) + 1), [0.1, 0.5])
    assert found.to_dict("records") == [
        {"quantile": 0.1, "n": 100, "value": 10, "low": 5, "high": 16},
        {"quantile": 0.5, "n": 100, "value": 50, "low": 41, "high": 60},
    ]


@pytest.mark.parametrize("n", [1, 2, 9, 10, 11, 400, 1000])
def test_quantiles_are_the_inverted_distribution_function_of_numpy(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    at = [0.1, 0.25, 0.5, 0.75, 0.9]
    found = quantiles(pd.Series(values), at)
    assert found["value"].tolist() == np.quantile(values, at, method="inverted_cdf").tolist()
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_lift_is_the_share_over_the_baseline_and_so_are_its_ends() -> None:
    frame = pd.DataFrame({"share": [0.6, 0.1], "low": [0.5, 0.05], "high": [0.7, 0.2]})
    found = with_lift(frame, [0.5, 0.4])
    assert found["baseline"].tolist() == [0.5, 0.4]
    assert found["lift"].tolist() == pytest.approx([1.2, 0.25])
    assert found["lift_low"].tolist() == pytest.approx([1.0, 0.125])
    assert found["lift_high"].tolist() == pytest.approx([1.4, 0.5])
    assert list(frame.columns) == ["share", "low", "high"]
