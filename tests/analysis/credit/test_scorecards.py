"""The scorecard and what it is worth: by hand, by outside tools, on a lender's own columns, and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from learned_tables import lent, twice
from scipy.optimize import minimize
from scipy.stats import chi2_contingency, spearmanr
from sklearn.metrics import roc_auc_score

import loanpersona as lp
from loanpersona.analysis.credit import binning, challengers, information, left_out, scorecards
from loanpersona.analysis.rows import fold_of
from loanpersona.core.errors import InputError
from loanpersona.estimates import ranking
from loanpersona.estimates.grouping import counted
from loanpersona.estimates.shares import ratio

PLATFORMS = {"platforms": ["1", "2.."]}


def own(name: str, tables: dict[str, pd.DataFrame] | None = None, **more: Any) -> pd.DataFrame:
    tables = tables or (twice(lent()) if name == "fairness_cost" else lent())
    result: pd.DataFrame = getattr(lp.credit, name)(**tables, until="2024-01-01", **{"bands": PLATFORMS, **more})
    return result


YES_NO = {"no": ["no"], "yes": ["yes"]}


# A lender's own book: 110 borrowers with a loan of one instalment each, and 40 refused. A second loan of one of the
# good ones shows that the book goes on.


def test_the_scorecard_of_one_attribute_is_the_one_worked_by_hand() -> None:
    result = own("scorecard")
    assert result["band"].tolist() == ["1", "2.."]
    assert result[["n", "k"]].to_numpy().tolist() == [[85, 5], [25, 5]]
    # 80 of 100 good and 5 of 10 bad ones have one platform
    assert result["woe"].tolist() == pytest.approx([np.log(0.8 / 0.5), np.log(0.2 / 0.5)])
    error = np.sqrt([1 / 80 - 1 / 100 + 1 / 5 - 1 / 10, 1 / 20 - 1 / 100 + 1 / 5 - 1 / 10])
    assert (result["high"] - result["woe"]).tolist() == pytest.approx((1.959964 * error).tolist(), rel=1e-6)
    # odds of 16 and of 4; 600 points at 30, and 50 fewer where they halve
    assert result["score_points"].tolist() == [round(600 + 50 * np.log2(odds / 30)) for odds in (16, 4)] == [555, 455]


def test_the_information_value_is_the_one_worked_by_hand_and_chance_is_that_of_shuffles() -> None:
    [row] = own("information_value").to_dict("records")
    assert row["information_value"] == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
    assert row["low"] < row["information_value"] < row["high"]
    random = np.random.default_rng(1)
    bad, inside = np.arange(110) < 10, np.arange(110) % 22 < 17
    shuffled = [information.information(counted(random.permutation(bad), inside)[:, ::-1]) for _ in range(2_000)]
    assert row["chance"] == pytest.approx(np.quantile(shuffled, 0.95), abs=0.03)


def test_a_band_without_bad_ones_counts_half_a_one_and_an_empty_band_says_nothing() -> None:
    woe = scorecards.weight_of_evidence(np.array([[30, 10, 0], [8, 0, 0]]))
    # half a bad one more, and two and a half good ones: as many as go with it among 40 and 8
    assert woe.tolist() == pytest.approx([np.log((30 / 40) / (8 / 8)), np.log((12.5 / 40) / (0.5 / 8)), 0.0])


def test_a_few_good_ones_alone_look_no_riskier_than_all_and_information_is_never_below_zero() -> None:
    counts = np.array([[996, 4], [5, 0]])
    assert 0 < scorecards.weight_of_evidence(counts)[1] < 0.1
    assert information.information(counts) >= 0
    random = np.random.default_rng(5)
    assert (information.information(random.poisson(1.5, (2_000, 2, 5))) >= 0).all()


def test_an_attribute_of_which_all_are_in_one_band_says_nothing_without_a_complaint() -> None:
    result = own("information_value", bands={"platforms": ["..10", "11.."]})
    assert result[["information_value", "low", "high", "chance"]].to_numpy().tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("name", ["rank_correlation", "fairness"])
def test_applications_decided_later_are_not_looked_at(name: str) -> None:
    tables = lent()
    later = tables["applications"].assign(
        application_id=lambda rows: rows["application_id"] + 10_000,
        outcome="rejected",
        risk_score=lambda rows: 1_000 - rows["risk_score"],
        **{time: pd.Timestamp("2024-03-01") for time in ("started_at", "submitted_at", "decided_at")},
    )
    longer = {**tables, "applications": pd.concat([tables["applications"], later], ignore_index=True)}
    pd.testing.assert_frame_equal(own(name, longer), own(name, tables))


def test_the_weights_are_the_likeliest_under_their_prior() -> None:
    random = np.random.default_rng(3)
    wanted = tuple(binning.attribute(name, ["0", "1", "2"]) for name in "ab")
    bands = pd.DataFrame({"a": random.integers(0, 3, 900), "b": random.integers(0, 3, 900)})
    bad = random.random(900) < 1 / (1 + np.exp(2 - 0.5 * bands["a"] - 0.3 * bands["b"] * bands["a"]))
    given = scorecards.Sample(bands, bad.to_numpy(), wanted)
    card = scorecards.fit(given, np.ones(900, bool))
    values = np.column_stack([np.ones(900), *(card.woe[name][bands[name]] for name in "ab")])

    def unlikely(weights: Any) -> float:
        held = np.square(weights[1:] + 1).sum() / 2  # a normal prior around minus one
        return float(np.logaddexp(0, np.where(bad, -1, 1) * (values @ weights)).sum() + held)

    best = minimize(unlikely, np.zeros(3), method="BFGS", options={"gtol": 1e-8}).x
    assert [card.intercept, card.weights["a"], card.weights["b"]] == pytest.approx(best.tolist(), abs=1e-4)
    points = card.points(lp.assumptions())
    total = sum(points[name][bands[name]] for name in "ab")
    assert np.abs(total - (600 + 50 / np.log(2) * (-card.risk(bands) - np.log(30)))).max() <= 1.0


def test_an_attribute_by_itself_has_the_weight_minus_one() -> None:
    book = lp.Book(**lent())
    given = scorecards.sample(book, binning.attributes(book, PLATFORMS), pd.Timestamp("2024-01-01 23:59:59"))
    card = scorecards.fit(given, np.ones(110, bool))
    assert card.weights["platforms"] == pytest.approx(-1, abs=1e-4)
    assert card.intercept == pytest.approx(np.log(10 / 100), abs=1e-4)


@pytest.mark.parametrize("name", ["sex", "region", "province", "city_tier", "marital_status"])
def test_a_score_must_not_know_sex_place_or_marriage(name: str) -> None:
    with pytest.raises(
        InputError, match=rf"^scorecard\.{name}: never used: a score must not know it\. Allowed: zhima_"
    ):
        own("scorecard", bands={name: {"one": ["a"], "other": ["b"]}})


@pytest.mark.parametrize("name", ["risk_score", "quality_tier", "limit_cny", "dpd", "user_id", "referred_by"])
def test_a_score_knows_nothing_that_was_not_known_on_applying(name: str) -> None:
    with pytest.raises(InputError, match=rf"^scorecard\.{name}: not known when a user applies\."):
        own("scorecard", bands={name: ["0", "1.."]})


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        ({"platforms": ["1..", "3..", "2.."]}, "do not rise"),
        ({"platforms": ["1", "many"]}, "band many has no start"),
        ({"platforms": ["1.."]}, "has 1 bands"),
        ({"platforms": {"some": ["1"]}}, "has 1 bands"),
        ({"platforms": 3}, "no bands"),
        ({"platforms": [1, None]}, "no bands"),
        ({"sex_": ["1", "2"]}, "not known when a user applies"),
        ([3, 6], "no attributes"),
        (7, "no bands"),
        ({}, "names no attribute"),
        ({"occupation": {"some": ["waiter"], "others": ["driver"]}}, "missing column"),
    ],
)
def test_bands_that_are_none_are_refused(bands: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        own("scorecard", bands=bands)


def test_a_level_that_no_band_holds_is_named() -> None:
    tables = lent()
    tables["users"]["occupation"] = ["nurse", *["waiter"] * 149]
    with pytest.raises(InputError, match=r"^scorecard\.occupation: no band for 'nurse'\."):
        own("scorecard", tables, bands={"occupation": {"some": ["waiter"], "others": ["driver"]}})


def test_a_number_belongs_to_the_band_it_reached_last() -> None:
    one = binning.attribute("income_variation", ["..0.10", "0.11..0.20", "0.21..0.35", "0.36.."])
    assert one.codes(pd.Series([0.0, 0.105, 0.11, 0.2, 0.36, 4.0])).tolist() == [0, 0, 1, 1, 3, 3]


def few(bad: int) -> dict[str, pd.DataFrame]:
    """The lender's own book with so many bad borrowers, and three attributes."""
    tables = lent()
    tables["users"] = tables["users"].assign(has_car=np.arange(150) % 2 == 0, has_bank_credit=np.arange(150) % 3 == 0)
    unpaid = tables["instalments"].index[tables["instalments"]["paid_on"].isna()]
    tables["instalments"].loc[unpaid[bad:], "paid_on"] = pd.Timestamp("2022-03-01")
    return tables


THREE = {**PLATFORMS, **dict.fromkeys(["has_car", "has_bank_credit"], YES_NO)}


@pytest.mark.parametrize("name", ["fairness_cost", "scorecard_resampling"])
def test_a_card_of_too_few_bad_borrowers_is_refused_with_their_number(name: str) -> None:
    more: dict[str, Any] = {"of": "sex"} if name == "fairness_cost" else {}
    needed = 4 if name == "fairness_cost" else 3
    with pytest.raises(InputError, match=rf"^scorecard: 2 bad borrowers, {needed} needed\. Hint: a larger book"):
        own(name, few(2), bands=THREE, **more)


def test_what_stands_beside_a_card_of_too_few_bad_borrowers_is_told_all_the_same() -> None:
    card = own("scorecard", few(2), bands=THREE)
    assert card["score_points"].isna().all()
    assert card["why"].unique().tolist() == ["too_few_bad_for_a_card"]
    assert card["woe"].notna().all()
    approved = own("fairness", few(2), bands=THREE)
    assert approved["share"].notna().tolist() == (approved["decided_by"] == "lender").tolist()
    assert own("rank_correlation", few(2), bands=THREE)["spearman"].isna().all()
    assert own("information_value", few(2), bands=THREE)["k"].tolist() == [2, 2, 2]
    said = lp.credit.discrimination(**few(2), until="2024-01-01")
    assert said["value"].notna().all()


def test_no_bad_borrower_is_refused_by_every_frame_of_the_card() -> None:
    for name in ("scorecard", "information_value", "rank_correlation", "fairness"):
        with pytest.raises(InputError, match=r"^loans: of 110 borrowers watched for a year, 0 are bad\."):
            own(name, few(0))


# A lender's own columns


@pytest.mark.parametrize("table", ["users", "applications"])
def test_any_column_of_ones_own_is_an_attribute_and_who_misses_it_has_a_band(table: str) -> None:
    tables = lent()
    asked = np.where(np.arange(150) < 30, np.nan, np.arange(150) % 7.0)
    tables[table] = tables[table].assign(enquiries=asked)
    for bands in ([3, 5], ["..2", "3..4", "5.."]):
        result = own("scorecard", tables, bands={"enquiries": bands})
        assert result["band"].tolist() == ["..2", "3..4", "5..", "not_known"]
        assert result["n"].tolist() == [34, 24, 22, 30]
    assert own("information_value", tables, bands={"enquiries": [3, 5]})["information_value"][0] > 0
    words = tables[table].assign(enquiries=pd.Series(asked).map({0.0: "none", 1.0: "one"}).fillna("many"))
    result = own("scorecard", {**tables, table: words}, bands={"enquiries": {"few": ["none", "one"], "many": ["many"]}})
    assert result["band"].tolist() == ["few", "many"]
    with pytest.raises(InputError, match=r"^scorecard\.enquiries: .* cut as numbers\."):
        own("scorecard", {**tables, table: words}, bands={"enquiries": [1, 2]})


def test_a_table_of_scores_and_flags_is_enough() -> None:
    random = np.random.default_rng(2)
    bad = random.random(500) < 0.2
    users = pd.DataFrame({"user_id": range(500), "bad": bad, "mine": bad + random.normal(size=500), "visits": bad * 2})
    result = lp.credit.discrimination(users=users, of="mine", until="2024-01-01").set_index("measure")["value"]
    assert result["auc"] == pytest.approx(roc_auc_score(bad, users["mine"]))
    assert lp.credit.roc(users=users, of="mine", until="2024-01-01")["n"].iloc[0] == 500
    bands = {"visits": [1, 2]}
    assert lp.credit.information_value(users=users, until="2024-01-01", bands=bands)["information_value"][0] > 1
    with pytest.raises(InputError, match=r"^users\.bad = 7: not known\."):
        lp.credit.ks(users=users.assign(bad=7), of="mine", until="2024-01-01")


@pytest.mark.parametrize(
    ("n_good", "n_bad", "many", "strength"), [(2_265, 87, 5, 0.5), (300, 30, 3, 0.2), (400, 15, 4, 1.0)]
)
def test_the_interval_of_an_information_value_holds_the_true_one(
    n_good: int, n_bad: int, many: int, strength: float
) -> None:
    random, good = np.random.default_rng(3), np.full(many, 1 / many)
    bad = np.exp(strength * np.linspace(-1, 1, many))
    bad = bad / bad.sum()
    true, held = float(((good - bad) * np.log(good / bad)).sum()), 0
    for _ in range(400):
        counts = np.stack([random.multinomial(n_good, good), random.multinomial(n_bad, bad)])
        value = float(information.information(counts))
        low, high = information.information_interval(value, counts)
        assert 0 <= low <= value <= high
        held += low <= true <= high
    # 95 %, less two standard errors of 400 trials and what the approximation costs
    assert held >= 360


def test_bands_that_part_good_from_bad_have_points_within_reason() -> None:
    tables = lent()
    known = tables["instalments"]["paid_on"].isna()[:110].to_numpy()
    tables["users"]["platforms"] = np.where(np.append(known, [False] * 40), 2, 1)
    points = own("scorecard", tables)["score_points"]
    assert points.iloc[0] > points.iloc[1] + 100  # odds that double once and again
    assert points.abs().max() < 1_500


def test_an_applicant_who_is_no_borrower_is_named() -> None:
    tables = lent()
    tables["users"] = tables["users"].iloc[1:]
    with pytest.raises(InputError, match=r"^applications\.user_id = 0: no such user_id in users "):
        own("scorecard", tables)


def test_the_stability_of_a_card_of_one_attribute_is_that_of_its_resamples() -> None:
    [row] = own("scorecard_resampling").to_dict("records")
    assert row["points_apart"] == 555 - 455
    assert (row["resamples"], row["n"], row["k"]) == (20, 110, 10)
    assert row["least"] <= row["median_apart"] <= row["greatest"]
    # odds of 16 and 4 in the card: a resample with b of 10 bad and g of 100 good ones with one platform has others
    apart = [50 * np.log2((g / b) / ((100 - g) / (10 - b))) for b, g in ((3, 80), (7, 80))]
    assert row["least"] < apart[1] < apart[0] < row["greatest"]
    # two bands rank alike wherever they are not turned round
    assert row["rank_median"] == pytest.approx(1)
    assert (row["rank_least"] < 0) == (row["least"] < 0)
    again = lent()
    again = {name: table.sample(frac=1, random_state=3) for name, table in again.items()}
    assert own("scorecard_resampling", again).equals(own("scorecard_resampling"))


# What a score is worth


def compared(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The card of one attribute beside the lender's score, the columns that the shipped card wants being the same."""
    book = lp.Book(**tables)
    until = pd.Timestamp("2024-01-01 23:59:59")
    given = scorecards.sample(book, binning.attributes(book, PLATFORMS), until)
    card = scorecards.out_of_fold(given, given.bands).rename("card")
    users = book.users.assign(card=book.users["user_id"].map(card))
    return lp.credit.discrimination(**{**tables, "users": users}, of=("card", "risk_score"), until="2024-01-01")


def test_the_scores_are_compared_on_the_same_borrowers() -> None:
    result = compared(lent()).set_index(["score", "measure"])
    bad = lent()["instalments"]["paid_on"].isna()[:110]
    risk = lent()["applications"]["risk_score"][:110]
    assert result["n"].unique().tolist() == [110]
    assert result["k"].unique().tolist() == [10]
    # of the bad half have two platforms, of the good a fifth
    assert (
        result["value"]["risk_score", "gini"] == pytest.approx(2 * roc_auc_score(bad, risk) - 1) == pytest.approx(0.3)
    )
    assert result["value"]["risk_score", "ks"] == pytest.approx(0.3)
    # two platforms are riskier in every fold, so the card ranks as the score does, but for the size of the step
    assert result["value"]["card", "gini"] == pytest.approx(0.3, abs=0.1)


def test_a_gain_over_a_score_that_says_nothing_is_the_whole_gini_with_its_interval() -> None:
    random = np.random.default_rng(5)
    bad = random.random(400) < 0.2
    risk = bad + random.normal(size=400)
    gained = left_out.gini_gain(risk, np.zeros(400), bad)
    area, low, high = ranking.auc(risk, bad)
    assert gained == pytest.approx((2 * area - 1, 2 * low - 1, 2 * high - 1))
    other = bad + random.normal(size=400)
    value, low, high = left_out.gini_gain(risk, other, bad)
    assert value == pytest.approx(2 * roc_auc_score(bad, risk) - 2 * roc_auc_score(bad, other))
    drawn = random.integers(0, 400, (300, 400))
    spread = np.std([2 * roc_auc_score(bad[d], risk[d]) - 2 * roc_auc_score(bad[d], other[d]) for d in drawn])
    assert (high - low) / 2 / 1.96 == pytest.approx(spread, rel=0.15)


def test_the_rank_correlation_is_that_of_scipy() -> None:
    random = np.random.default_rng(6)
    one, other = random.normal(size=(2, 200)) + random.normal(size=200)
    result = challengers.spearman(one, other)
    assert result["spearman"] == pytest.approx(spearmanr(one, other).statistic)
    half = 1.959964 * np.sqrt((1 + result["spearman"] ** 2 / 2) / 197)
    assert np.arctanh(result["high"]) - np.arctanh(result["low"]) == pytest.approx(2 * half, rel=1e-6)
    assert challengers.spearman([1, 2, 3], [1, 2, 3])["low"] != challengers.spearman([1, 2, 3], [1, 2, 3])["low"]


def test_scores_of_everybody_decided_are_correlated_and_a_missing_one_is_named() -> None:
    [row] = own("rank_correlation").to_dict("records")
    assert (row["pair"], row["n"]) == ("scorecard_and_risk_score", 150)
    assert row["spearman"] > 0.8
    same = lent()
    same["applications"]["risk_score"] = 500
    [row] = own("rank_correlation", same).to_dict("records")
    assert (np.isnan(row["spearman"]), row["why"]) == (True, "all_alike")
    truth = pd.DataFrame({"user_id": range(100), "repayment_capacity": np.arange(100) / 50})
    assert own("rank_correlation", {**lent(), "truth": truth})["n"].tolist() == [150, 100, 100, 100]


def test_a_taught_forest_reaches_what_the_bands_can_tell() -> None:
    random = np.random.default_rng(4)
    bands = pd.DataFrame(random.integers(0, 4, (3_000, 2)), columns=["a", "b"])
    told = bands["a"] - bands["b"].eq(2) * 2.0
    hidden = told + random.normal(size=3_000)
    result = spearmanr(challengers.taught(bands, hidden), hidden).statistic
    assert result == pytest.approx(spearmanr(told, hidden).statistic, abs=0.03)
    # nobody is told of the luck that they are scored on
    noise = pd.Series(random.normal(size=3_000))
    assert spearmanr(challengers.taught(bands, noise), noise).statistic < 0.06
    truth = pd.DataFrame({"user_id": np.arange(150), "repayment_capacity": -lent()["users"]["platforms"]})
    rows = own("rank_correlation", {**lent(), "truth": truth.astype({"repayment_capacity": float})})
    assert rows["pair"].tolist() == [
        "scorecard_and_risk_score",
        "scorecard_and_capacity",
        "taught_and_capacity",
        "risk_score_and_capacity",
    ]
    assert rows["spearman"][2] > 0.95


def test_what_leaving_out_costs_is_the_difference_of_the_ginis() -> None:
    result = own("fairness_cost").set_index("added")
    assert result.index.tolist() == ["nothing", "sex", "region", "marital_status", "all_added"]
    gains = result["gini"] - result["gini"]["nothing"]
    assert result["gain"].drop("nothing").tolist() == pytest.approx(gains.drop("nothing").tolist())
    # everybody is married, which says nothing
    assert result["gain"]["marital_status"] == pytest.approx(0, abs=1e-6)
    assert compared(twice(lent())).query("measure == 'gini'")["value"].iloc[0] == pytest.approx(
        result["gini"]["nothing"]
    )


def test_an_attribute_that_does_say_something_is_missed_when_left_out() -> None:
    tables = lent()
    # four of five bad borrowers with one platform, all with two, and hardly another one, are women
    tables["users"]["sex"] = ["female" if 1 <= one < 8 or 85 <= one < 92 else "male" for one in range(150)]
    result = own("fairness_cost", twice(tables)).set_index("added")
    assert result["low"]["sex"] > 0.2


def test_approval_ratios_are_those_counted_by_hand() -> None:
    result = own("fairness").set_index(["trait", "group", "decided_by"])
    # of 150, every third from 0 on is a woman: 50, of whom 37 are among the first 110
    women, men = result.loc["sex", "female", "lender"], result.loc["sex", "male", "lender"]
    assert (women["n"], women["k"], men["n"], men["k"]) == (50, 37, 100, 73)
    assert women["approval_ratio"] == pytest.approx((37 / 50) / (73 / 100))
    half = 1.959964 * np.sqrt(1 / 37 - 1 / 50 + 1 / 73 - 1 / 100)
    assert np.log(women["approval_ratio_high"] / women["approval_ratio"]) == pytest.approx(half, rel=1e-6)
    assert np.isnan(men["approval_ratio"])
    assert (result["line"] == 0.8).all()
    assert result.loc["marital_status"].index.get_level_values("group").unique().tolist() == ["married"]
    # the card approves 110 too: the 95 with one platform first
    unscored = lent()
    unscored["applications"] = unscored["applications"].drop(columns=["risk_score", "proofs"])
    assert own("fairness", unscored).equals(own("fairness"))
    by_card = result["k"].loc["sex", :, "scorecard"]
    assert by_card.sum() == 110
    assert own("fairness", bands={"platforms": ["1", "2.."]}).equals(own("fairness"))


def test_the_least_risky_are_approved_and_equals_by_no_order_of_rows() -> None:
    risk = pd.Series([0.1, 0.1, 0.1, 0.9], index=[3, 5, 8, 9])
    first = left_out.least_risky(risk, 2)
    again = pd.Series(left_out.least_risky(risk[::-1], 2), index=risk.index[::-1])
    assert first.sum() == 2
    assert again[risk.index].tolist() == first.tolist()


def test_the_ratio_of_rates_covers_the_truth() -> None:
    random = np.random.default_rng(7)
    some, others = random.binomial(300, 0.4, 1_000), random.binomial(500, 0.5, 1_000)
    ends = [ratio((k, 300), (other, 500)) for k, other in zip(some, others, strict=True)]
    assert sum(low <= 0.8 <= high for low, high in ends) in range(926, 972)


def test_folds_are_even_and_the_same_in_any_company() -> None:
    folds = fold_of(np.arange(10_000))
    counts = np.bincount(folds, minlength=5)
    assert chi2_contingency([counts, [2_000] * 5]).pvalue > 0.001
    assert fold_of([77, 5]).tolist() == [folds[77], folds[5]]


def test_the_sample_and_the_cards_of_its_folds_are_made_once_a_book(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    fit = scorecards.fit
    monkeypatch.setattr(scorecards, "fit", lambda given, rows: made.append(1) or fit(given, rows))
    book = lp.Book(**lent())
    for name in ("rank_correlation", "fairness", "rank_correlation"):
        getattr(lp.credit, name)(book, bands=PLATFORMS, until="2024-01-01")
    assert len(made) == 5
