"""Credit risk: six loans followed by hand, scikit-learn and scipy beside, no look-ahead, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from credit_tables import (
    APPLICATIONS,
    EIGHT,
    EVERY,
    HAND,
    LAST,
    LOANS,
    READS,
    cohorts,
    made,
    simple,
)
from learned_tables import SCORED
from reads import CREDIT_TAKES
from scipy.stats import chi2, entropy, ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

import loanpersona as lp
from loanpersona.analysis import credit
from loanpersona.analysis.credit.population_stability import psi
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.core.words import label
from loanpersona.estimates.ranking import auc, ks, logistic
from loanpersona.estimates.shares import wilson


@pytest.fixture(scope="module")
def tables(article: lp.Persona) -> dict[str, pd.DataFrame]:
    return dict(lp.generate(article, n=12_000, seed=7).tables)


def test_every_frame_of_credit_risk_is_looked_at_here() -> None:
    # what is learned is looked at in test_learned.py
    offered = [one for one in dir(lp.credit) if one not in SCORED and not hasattr(getattr(credit, one), "declaration")]
    assert sorted(READS) == offered
    assert credit.__all__ == dir(lp.credit)


# The score


def test_auc_gini_and_ks_of_eight_are_as_worked_by_hand() -> None:
    # Of 15 pairs 700 wins five, 600 four and ties one, 400 two and ties one: 12. Up to 500 there are four of the five
    # good and one of the three bad.
    found = made("discrimination", EIGHT).set_index("measure")
    assert found["value"].tolist() == pytest.approx([0.8, 0.6, 4 / 5 - 1 / 3])
    assert found[["n", "k"]].drop_duplicates().to_numpy().tolist() == [[8, 3]]
    # DeLong: the bad have 1, 0.9 and 0.5 of the good below, the good 1, 5/6, 2/3, 1/2 and 1 of the bad above.
    error = np.sqrt(np.var([1, 0.9, 0.5], ddof=1) / 3 + np.var([1, 5 / 6, 2 / 3, 1 / 2, 1], ddof=1) / 5)
    assert found.loc["auc", "low"] == pytest.approx(0.8 - 1.9599640 * error)
    assert found.loc["gini", "low"] == pytest.approx(0.6 - 2 * 1.9599640 * error)
    assert found.loc["auc", "high"] == 1
    # Newcombe: the square root of what both Wilson intervals reach to the side
    (low, high), (bad_low, bad_high) = wilson(4, 5), wilson(1, 3)
    assert found.loc["ks", "low"] == pytest.approx(7 / 15 - np.hypot(0.8 - low, bad_high - 1 / 3))
    assert found.loc["ks", "high"] == pytest.approx(7 / 15 + np.hypot(high - 0.8, 1 / 3 - bad_low))


def test_a_higher_score_is_riskier_and_a_turned_one_has_no_ks() -> None:
    assert ks([1, 2, 3, 4], [False, False, True, True])[0] == 1
    assert auc([4, 3, 2, 1], [False, False, True, True])[0] == 0
    assert ks([4, 3, 2, 1], [False, False, True, True])[0] == 0


def test_the_curves_of_eight_are_as_worked_by_hand() -> None:
    found = made("ks_curve", EIGHT)
    assert found["risk_score"].tolist() == [200, 300, 400, 500, 600, 700]
    assert found["share_of_good"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert found["share_of_bad"].tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    roc = made("roc", EIGHT)
    assert roc["cut_score"].tolist() == [700, 600, 500, 400, 300, 200]
    assert roc["share_of_bad"].tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert roc["share_of_good"].tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert roc[["low", "high"]].iloc[0].tolist() == pytest.approx(wilson(1, 3))


def test_the_distribution_of_eight_is_as_counted_by_hand() -> None:
    found = made("score_distribution", EIGHT)
    assert found["score_band"].tolist() == [f"{low}..{low + 99}" for low in range(200, 800, 100)] * 3
    assert found.groupby("measure")["k"].agg(list).to_dict() == {
        "of_good": [1, 1, 1, 1, 1, 0],
        "of_bad": [0, 0, 1, 0, 1, 1],
        "bad_rate": [0, 0, 1, 0, 1, 1],
    }
    assert found.groupby("measure")["n"].agg(list).to_dict() == {
        "of_good": [5] * 6,
        "of_bad": [3] * 6,
        "bad_rate": [1, 1, 2, 1, 2, 1],
    }


def test_the_score_is_that_of_the_first_approval_and_the_young_are_left_out() -> None:
    found = made("scored_borrowers", HAND, until=LAST)
    assert found.to_numpy().tolist() == [[1, 300, False], [2, 650, True]]
    later = made("scored_borrowers", HAND, until="2024-08-15")
    assert later["risk_score"].tolist() == [300, 650, 480]


def test_auc_curves_and_ks_agree_with_scikit_learn_and_scipy(tables: dict[str, pd.DataFrame]) -> None:
    people = made("scored_borrowers", tables)
    score, bad = people["risk_score"].to_numpy(float), people["bad"].to_numpy()
    value = made("discrimination", tables).set_index("measure")["value"]
    assert value["auc"] == pytest.approx(roc_auc_score(bad, score), rel=1e-12)
    assert value["ks"] == pytest.approx(ks_2samp(score[bad], score[~bad], alternative="less").statistic, rel=1e-12)
    good_share, bad_share, cut = roc_curve(bad, score, drop_intermediate=False)
    roc = made("roc", tables)
    np.testing.assert_allclose(
        roc[["share_of_good", "share_of_bad", "cut_score"]], np.column_stack([good_share, bad_share, cut])[1:]
    )
    assert made("ks_curve", tables)["separation"].max() == pytest.approx(value["ks"])


def test_the_interval_of_the_auc_is_that_of_a_bootstrap_over_borrowers(tables: dict[str, pd.DataFrame]) -> None:
    people = made("scored_borrowers", tables)
    score, bad = people["risk_score"].to_numpy(), people["bad"].to_numpy()
    value, low, high = auc(score, bad)
    random = np.random.default_rng(5)
    drawn = []
    for _ in range(300):
        at = np.concatenate([random.choice(np.flatnonzero(kind), kind.sum()) for kind in (bad, ~bad)])
        drawn.append(auc(score[at], bad[at])[0])
    assert (high - low) / 2 / 1.96 == pytest.approx(np.std(drawn), rel=0.12)
    assert low < value < high


def test_a_thousand_intervals_hold_the_auc_of_two_normals_as_often_as_they_should() -> None:
    random = np.random.default_rng(11)
    held = 0
    for _ in range(1000):
        score = np.concatenate([random.normal(0, 1, 300), random.normal(0.9, 1, 60)])
        _, low, high = auc(score, np.arange(360) >= 300)
        held += low <= 0.7377 <= high  # Φ(0.9 / √2)
    assert held in range(926, 972)


def test_the_logistic_curve_is_that_of_scikit_learn(tables: dict[str, pd.DataFrame]) -> None:
    people = made("scored_borrowers", tables)
    score, bad = people["risk_score"].to_numpy(float), people["bad"].to_numpy()
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit((score / 100)[:, None], bad)
    np.testing.assert_allclose(logistic(score, bad), model.predict_proba((score / 100)[:, None])[:, 1], rtol=1e-4)
    found = made("calibration", tables)
    assert len(found) == 10
    assert (found["n"].sum(), found["k"].sum()) == (len(people), bad.sum())
    assert (found["share_expected"] * found["n"]).sum() == pytest.approx(bad.sum())
    assert found["share_expected"].is_monotonic_increasing


def test_the_curve_of_two_scores_expects_what_was_seen() -> None:
    score, bad = np.repeat([300, 600], [10, 5]), np.array([True] * 2 + [False] * 8 + [True] * 3 + [False] * 2)
    np.testing.assert_allclose(logistic(score, bad), np.repeat([0.2, 0.6], [10, 5]))


def test_scores_that_do_not_overlap_have_no_curve() -> None:
    with pytest.raises(InputError, match=r"^risk_score: the scores of good and bad borrowers do not overlap"):
        made("calibration", simple([300, 400, 500, 600], [False, False, True, True]))


def test_equal_scores_have_no_curve() -> None:
    with pytest.raises(InputError, match=r"^risk_score: all 4 are 500\. Allowed: at least two different ones\.$"):
        made("calibration", simple([500] * 4, [False, False, True, True]))


@pytest.mark.parametrize("bad", [True, False])
def test_a_score_needs_a_good_and_a_bad_borrower(bad: bool) -> None:
    with pytest.raises(InputError, match=rf"^loans: of 2 borrowers .* for 12 months, {2 * bad} are bad"):
        made("discrimination", simple([300, 400], [bad, bad]))


# Stability


def test_the_stability_index_is_the_divergence_both_ways_as_scipy_has_it() -> None:
    base, other = np.array([30, 40, 30]), np.array([20, 40, 60])
    p, q = base / 100, other / 120
    assert psi(base, other) == pytest.approx(entropy(p, q) + entropy(q, p))
    # by hand: −(1/6 − 0.3) ln 1.8 and so on
    terms = [(1 / 6 - 0.3) * np.log(1 / 6 / 0.3), (1 / 3 - 0.4) * np.log(1 / 3 / 0.4), 0.2 * np.log(0.5 / 0.3)]
    assert psi(base, other) == pytest.approx(sum(terms))
    assert psi([10, 10], [10, 0]) == pytest.approx(0.5 * np.log(2) + (0.05 - 0.5) * np.log(0.05 / 0.5))


def test_cohorts_are_held_against_the_tenths_of_the_first() -> None:
    even = list(range(1, 1001))
    found = made("score_stability", cohorts(even, even, even[500:] * 2, [250, 750]))
    assert found["quarter"].tolist() == ["2023Q2", "2023Q3", "2023Q4", "2024Q1"] * 2
    for _, part in found.groupby("counted"):
        assert part["psi"].tolist()[:2] == [0, 0]
        # half of the bins empty (half a person each), the others twice as full
        expected = 0.5 * np.log(2) + 5 * (0.0005 - 0.1) * np.log(0.0005 / 0.1)
        assert part["psi"].iloc[2] == pytest.approx(expected)
        assert part["reading"].tolist() == ["reference", "stable", "shifted", "too_few"]
        # a twentieth shared by six: what 1 in 120 chi-squared numbers of 9 degrees exceed
        assert part["by_chance"].iloc[1] == pytest.approx(chi2.isf(1 / 120, 9) * 2 / 1000)


def test_scores_that_stay_as_they_are_exceed_the_line_of_chance_as_seldom_as_is_said() -> None:
    # one in forty for either kind; a line for each quarter alone would be exceeded in every fourth population
    drawn = np.random.default_rng(3).normal(500, 120, (80, 8, 300)).clip(0, 1000).round().astype(int)
    found = [made("score_stability", cohorts(*scores)).query("counted == 'new_applicants'") for scores in drawn]
    assert sum((one["psi"] > one["by_chance"]).any() for one in found) in range(1, 9)


# What goes in


UNTIL = [name for name in EVERY if name != "score_stability"]


@pytest.mark.parametrize("name", UNTIL)
def test_nothing_after_the_last_day_is_looked_at(name: str, tables: dict[str, pd.DataFrame]) -> None:
    day = pd.Timestamp("2023-06-30")
    known = {
        **tables,
        "applications": tables["applications"][~(tables["applications"]["decided_at"] >= day + pd.Timedelta(1, "D"))],
        "loans": tables["loans"][tables["loans"]["disbursed_at"] < day + pd.Timedelta(1, "D")],
        "instalments": tables["instalments"].assign(
            paid_on=tables["instalments"]["paid_on"].where(tables["instalments"]["paid_on"] <= day), dpd=0
        ),
    }
    pd.testing.assert_frame_equal(made(name, tables, until=day), made(name, known, until=day))
    pd.testing.assert_frame_equal(made(name, tables, until="2023-06-30 18:00"), made(name, known))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("score_stability", {"applications": APPLICATIONS.assign(risk_score=None)}, "applications: none was handed in"),
        ("score_stability", {"loans": LOANS.assign(user_id=99)}, "loans: no borrower has a score"),
    ],
)
def test_tables_that_tell_nothing_are_refused_in_words(name: str, change: dict[str, pd.DataFrame], said: str) -> None:
    more = {"until": LAST} if name in UNTIL else {}
    with pytest.raises(InputError) as caught:
        made(name, {**HAND, **change}, **more)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("name", CREDIT_TAKES)
def test_every_value_lies_in_its_interval_and_every_word_has_a_label(
    name: str, tables: dict[str, pd.DataFrame]
) -> None:
    found = made(name, tables)
    if "low" in found:
        value = found.columns[list(found.columns).index("low") - 1]
        known = found.dropna(subset=[value, "low", "high"])
        assert len(known) > 0
        assert ((known["low"] <= known[value] + 1e-12) & (known[value] <= known["high"] + 1e-12)).all()
    else:
        assert name == "score_stability"
    words = {
        *found.columns,
        *(word for column in found if isinstance(found[column].iloc[0], str) for word in found[column]),
    }
    known_words = catalog.load("labels")
    assert [word for word in words if word not in known_words and label(word) == word and not word[:4].isdigit()] == []


def test_the_rule_of_thumb_says_that_it_is_assumed() -> None:
    for name, stated in catalog.load("credit").items():
        assert (stated["basis"], set(stated["because"])) == ("assumed", {"en", "zh"}), name
