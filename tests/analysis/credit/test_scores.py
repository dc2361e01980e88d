"""Scores: eight borrowers by hand, scikit-learn and scipy beside, no look-ahead, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from credit_tables import APPLICATIONS, EIGHT, HAND, LAST, cohorts, simple
from scipy.stats import chi2, entropy, ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

import loanpersona as lp
from loanpersona.analysis.credit.scored import scored
from loanpersona.analysis.credit.stability import psi
from loanpersona.core.errors import InputError
from loanpersona.estimates.ranking import auc, ks, logistic
from loanpersona.estimates.shares import wilson

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables(article: lp.Persona) -> Tables:
    return dict(lp.generate(article, n=12_000, seed=7).tables)


def made(name: str, tables: Tables, **more: Any) -> pd.DataFrame:
    result: pd.DataFrame = getattr(lp.credit, name)(**tables, **more)
    return result


def people_of(tables: Tables, until: str = "2024-12-31") -> pd.DataFrame:
    return scored(lp.Book(**tables), "risk_score", pd.Timestamp(f"{until} 23:59:59"), None)


# The score


def test_auc_gini_and_ks_of_eight_are_as_worked_by_hand() -> None:
    # Of 15 pairs 700 wins five, 600 four and ties one, 400 two and ties one: 12. Up to 500 there are four of the five
    # good and one of the three bad.
    result = made("discrimination", EIGHT).set_index("measure")
    assert result["value"].tolist() == pytest.approx([0.8, 0.6, 4 / 5 - 1 / 3])
    assert result[["n", "k"]].drop_duplicates().to_numpy().tolist() == [[8, 3]]
    # DeLong: the bad have 1, 0.9 and 0.5 of the good below, the good 1, 5/6, 2/3, 1/2 and 1 of the bad above.
    error = np.sqrt(np.var([1, 0.9, 0.5], ddof=1) / 3 + np.var([1, 5 / 6, 2 / 3, 1 / 2, 1], ddof=1) / 5)
    assert result.loc["auc", "low"] == pytest.approx(0.8 - 1.9599640 * error)
    assert result.loc["gini", "low"] == pytest.approx(0.6 - 2 * 1.9599640 * error)
    assert result.loc["auc", "high"] == 1
    # Newcombe: the square root of what both Wilson intervals reach to the side
    (low, high), (bad_low, bad_high) = wilson(4, 5), wilson(1, 3)
    assert result.loc["ks", "low"] == pytest.approx(7 / 15 - np.hypot(0.8 - low, bad_high - 1 / 3))
    assert result.loc["ks", "high"] == pytest.approx(7 / 15 + np.hypot(high - 0.8, 1 / 3 - bad_low))


def test_a_higher_score_is_riskier_and_a_turned_one_has_no_ks() -> None:
    assert ks([1, 2, 3, 4], [False, False, True, True])[0] == 1
    assert auc([4, 3, 2, 1], [False, False, True, True])[0] == 0
    assert ks([4, 3, 2, 1], [False, False, True, True])[0] == 0


def test_the_curves_of_eight_are_as_worked_by_hand() -> None:
    result = made("ks", EIGHT)
    assert result["risk_score"].tolist() == [200, 300, 400, 500, 600, 700]
    assert result["share_of_good"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert result["share_of_bad"].tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    roc = made("roc", EIGHT)
    assert roc["cut_score"].tolist() == [700, 600, 500, 400, 300, 200]
    assert roc["share_of_bad"].tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert roc["share_of_good"].tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert roc[["low", "high"]].iloc[0].tolist() == pytest.approx(wilson(1, 3))


def test_the_distribution_of_eight_is_as_counted_by_hand() -> None:
    result = made("score_bands", EIGHT)
    assert result["score_band"].tolist() == [f"{low}..{low + 99}" for low in range(200, 800, 100)] * 3
    assert result.groupby("measure")["k"].agg(list).to_dict() == {
        "of_good": [1, 1, 1, 1, 1, 0],
        "of_bad": [0, 0, 1, 0, 1, 1],
        "bad_rate": [0, 0, 1, 0, 1, 1],
    }
    assert result.groupby("measure")["n"].agg(list).to_dict() == {
        "of_good": [5] * 6,
        "of_bad": [3] * 6,
        "bad_rate": [1, 1, 2, 1, 2, 1],
    }


def test_the_score_is_that_of_the_first_approval_and_the_young_are_left_out() -> None:
    result = people_of(HAND, LAST)
    assert result[["user_id", "score", "bad"]].to_numpy().tolist() == [[1, 300, False], [2, 650, True]]
    assert people_of(HAND, "2024-08-15")["score"].tolist() == [300, 650, 480]


def test_auc_curves_and_ks_agree_with_scikit_learn_and_scipy(tables: dict[str, pd.DataFrame]) -> None:
    people = people_of(tables)
    score, bad = people["score"].to_numpy(float), people["bad"].to_numpy()
    value = made("discrimination", tables).set_index("measure")["value"]
    assert value["auc"] == pytest.approx(roc_auc_score(bad, score), rel=1e-12)
    assert value["ks"] == pytest.approx(ks_2samp(score[bad], score[~bad], alternative="less").statistic, rel=1e-12)
    good_share, bad_share, cut = roc_curve(bad, score, drop_intermediate=False)
    roc = made("roc", tables)
    np.testing.assert_allclose(
        roc[["share_of_good", "share_of_bad", "cut_score"]], np.column_stack([good_share, bad_share, cut])[1:]
    )
    assert made("ks", tables)["separation"].max() == pytest.approx(value["ks"])


def test_the_interval_of_the_auc_is_that_of_a_bootstrap_over_borrowers(tables: dict[str, pd.DataFrame]) -> None:
    people = people_of(tables)
    score, bad = people["score"].to_numpy(), people["bad"].to_numpy()
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
    people = people_of(tables)
    score, bad = people["score"].to_numpy(float), people["bad"].to_numpy()
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit((score / 100)[:, None], bad)
    np.testing.assert_allclose(logistic(score, bad), model.predict_proba((score / 100)[:, None])[:, 1], rtol=1e-4)
    result = made("calibration", tables)
    assert len(result) == 10
    assert (result["n"].sum(), result["k"].sum()) == (len(people), bad.sum())
    assert (result["share_expected"] * result["n"]).sum() == pytest.approx(bad.sum())
    assert result["share_expected"].is_monotonic_increasing


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
    result = made("population_stability", cohorts(even, even, even[500:] * 2, [250, 750]))
    assert result["quarter"].tolist() == ["2023Q2", "2023Q3", "2023Q4", "2024Q1"] * 2
    for _, part in result.groupby("counted"):
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
    result = [made("population_stability", cohorts(*scores)).query("counted == 'new_applicants'") for scores in drawn]
    assert sum((one["psi"] > one["by_chance"]).any() for one in result) in range(1, 9)


# What goes in


OF_SCORE = ("discrimination", "roc", "ks", "score_bands", "calibration", "population_stability")


@pytest.mark.parametrize("name", OF_SCORE)
def test_nothing_after_the_last_day_is_looked_at(name: str, tables: Tables) -> None:
    day, asked, plan = pd.Timestamp("2023-06-30"), tables["applications"], tables["instalments"]
    known = {
        **tables,
        "applications": asked[~(asked["decided_at"] >= day + pd.Timedelta(1, "D"))],
        "loans": (loans := tables["loans"])[loans["disbursed_at"] < day + pd.Timedelta(1, "D")],
    }
    known["instalments"] = plan[plan["loan_id"].isin(known["loans"]["loan_id"])].copy()
    known["instalments"] = known["instalments"].assign(
        paid_on=lambda rows: rows["paid_on"].where(rows["paid_on"] <= day)
    )
    pd.testing.assert_frame_equal(made(name, tables, until=day), made(name, known, until="2023-06-30 18:00"))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"risk_score": np.nan}, "not known of any of new_applicants"), ({"outcome": "rejected"}, "of new_borrowers")],
)
def test_tables_that_tell_nothing_are_refused_in_words(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=rf"^applications\.risk_score: .*{said}"):
        made("population_stability", {**HAND, "applications": APPLICATIONS.assign(**change)}, until=LAST)


# A score of one's own, and one that points the other way


def reversed_scores(n: int = 200) -> Tables:
    bad = [number % 5 == 0 for number in range(n)]
    return simple([(400 if one else 700) + number % 7 * 40 for number, one in enumerate(bad)], bad)


@pytest.mark.parametrize("name", ["discrimination", "roc", "ks", "score_bands", "calibration"])
def test_a_score_that_points_the_other_way_is_refused_and_taken_when_it_is_said(name: str) -> None:
    tables = reversed_scores()
    with pytest.raises(InputError, match=r"^of = 'risk_score': its AUC is 0\.0.* Hint: higher_is_riskier=False\.$"):
        made(name, tables)
    if name == "calibration":  # no curve: good and bad hardly overlap
        return
    turned = {**tables, "applications": tables["applications"].assign(risk_score=lambda a: 1_000 - a["risk_score"])}
    here, there = made(name, tables, higher_is_riskier=False), made(name, turned)
    known = [one for one in ("value", "separation", "share_of_bad", "low", "high") if one in here]
    if name == "score_bands":
        assert (
            here.query("measure == 'bad_rate'")["share"].iloc[0] > there.query("measure == 'bad_rate'")["share"].iloc[0]
        )
    else:
        pd.testing.assert_frame_equal(here[known], there[known])
        scores = {"roc": "cut_score", "ks": "risk_score"}
        assert name not in scores or (here[scores[name]] == 1_000 - there[scores[name]]).all()


def test_a_score_of_a_few_borrowers_is_not_taken_for_a_turned_one() -> None:
    assert made("discrimination", simple([400, 500, 600, 700], [True, True, False, False]))["value"].tolist() == [
        0,
        -1,
        0,
    ]


def test_a_score_of_ones_own_is_that_of_applications_users_or_the_hidden_table(tables: Tables) -> None:
    risk = tables["applications"]["risk_score"].astype(float)
    mine = {**tables, "applications": tables["applications"].assign(mine=risk / 1_000)}
    own, lender = made("discrimination", mine, of="mine"), made("discrimination", tables)
    assert own["value"].tolist() == lender["value"].tolist()
    assert own["score"].unique().tolist() == ["mine"]
    for of in ("zhima_score", "repayment_capacity"):  # known to be safer when higher
        assert made("discrimination", tables, of=of)["value"].iloc[0] > 0.6
    assert 3 <= made("score_bands", mine, of="mine")["score_band"].nunique() <= 11
    for of, said in (("sex", "of = 'sex': category in place of numbers"), ("risk_scor", "risk_scor: no column")):
        with pytest.raises(InputError, match=said):
            made("discrimination", tables, of=of)
    with pytest.raises(InputError, match="neither true nor false"):
        made("roc", tables, higher_is_riskier="no")
    with pytest.raises(InputError, match=r"of = .*: no column"):
        made("roc", tables, of=("risk_score", "zhima_score"))


def test_groups_are_everybody_first_and_a_group_without_bad_ones_says_so() -> None:
    users = pd.DataFrame({"user_id": EIGHT["applications"]["user_id"], "kind": ["a"] * 3 + ["b"] * 5})
    users = pd.concat([users, pd.DataFrame({"user_id": [8], "kind": ["b"]})])
    result = made("discrimination", {**EIGHT, "users": users}, by="kind")
    assert result["kind"].tolist() == ["everybody"] * 3 + ["a"] * 3 + ["b"] * 3
    assert result["value"].tolist()[:3] == made("discrimination", EIGHT)["value"].tolist()
    assert result["why"].tolist()[3:] == ["no_good_or_no_bad"] * 6
