"""The profile: ten people counted by hand, twenty thousand against plain pandas, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk

import loanpersona as lp
from loanpersona import tables
from loanpersona.analysis import baselines
from loanpersona.analysis.profile.people import LARGEST
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, difference

TEN = pd.read_csv(
    StringIO("""\
user_id,borrower_class,sex,age_years,province,region,city_tier,education,occupation,income_cny_month,income_variation,marital_status,has_bank_credit
1,consumer,male,22,guangdong,southeast_coast,tier1,senior_secondary,courier,5000,0.10,never_married,False
2,consumer,male,27,zhejiang,southeast_coast,new_tier1,junior_college,driver,6000,0.20,married,True
3,consumer,female,28,guangdong,southeast_coast,tier1,bachelor,office_worker,12000,0.10,never_married,True
4,owner,male,33,jiangsu,southeast_coast,tier2,senior_secondary,owner,9000,0.40,married,False
5,consumer,female,31,henan,inland,tier3,junior_secondary,waiter,2999,0.20,married,False
6,owner,female,38,shandong,other_coast,tier2,junior_college,owner,10000,0.50,divorced_widowed,True
7,consumer,male,26,guangdong,southeast_coast,tier1,junior_secondary,courier,7000,0.30,never_married,False
8,consumer,male,45,hunan,inland,tier4,senior_secondary,courier,3000,0.10,married,False
9,owner,male,59,zhejiang,southeast_coast,new_tier1,master,owner,20000,0.60,married,False
10,consumer,female,19,guangxi,other_coast,tier5,junior_secondary,waiter,9999,0.15,never_married,False
""")
)
"""Ten people as a lender might hold them: plain words, whole numbers, yes and no. One is too young for the bands."""
BANDS = ("20..24", "25..29", "30..34", "35..39", "40..44", "45..49", "50..54", "55..59")
EDUCATION = ("junior_secondary", "senior_secondary", "junior_college", "bachelor", "master")
MARRIAGE = ("never_married", "married", "divorced_widowed")
Counted = list[tuple[tuple[str, ...], int, int]]


def each(*group: str, levels: tuple[str, ...], counts: tuple[int, ...], n: int | None = None) -> Counted:
    """The rows of one group: how many of its people are of each level."""
    return [((*group, level), k, n or sum(counts)) for level, k in zip(levels, counts, strict=True)]


# What is asked, and the rows in order: levels, people counted, people looked at.
COUNTED: dict[str, tuple[dict[str, Any], Counted]] = {
    "class": ({"of": "borrower_class"}, each(levels=("consumer", "owner"), counts=(7, 3))),
    "sex": ({"of": "sex"}, each(levels=("male", "female"), counts=(6, 4))),
    "age": ({"of": "age_band"}, each(levels=BANDS, counts=(1, 3, 2, 1, 0, 1, 0, 1))),
    "pyramid": (
        {"of": ("sex", "age_band")},
        [
            *each("male", levels=BANDS, counts=(1, 2, 1, 0, 0, 1, 0, 1), n=9),
            *each("female", levels=BANDS, counts=(0, 1, 1, 1, 0, 0, 0, 0), n=9),
        ],
    ),
    "age within sex": (
        {"of": "age_band", "by": "sex"},
        [
            *each("everybody", levels=("..19", *BANDS), counts=(1, 1, 3, 2, 1, 0, 1, 0, 1)),
            *each("male", levels=("..19", *BANDS), counts=(0, 1, 2, 1, 0, 0, 1, 0, 1)),
            *each("female", levels=("..19", *BANDS), counts=(1, 0, 1, 1, 1, 0, 0, 0, 0)),
        ],
    ),
    "region": ({"of": "region"}, each(levels=("southeast_coast", "other_coast", "inland"), counts=(6, 2, 2))),
    "tier": (
        {"of": "city_tier"},
        each(levels=("tier1", "new_tier1", "tier2", "tier3", "tier4", "tier5"), counts=(3, 2, 2, 1, 1, 1)),
    ),
    "education": ({"of": "education"}, each(levels=EDUCATION, counts=(3, 3, 2, 1, 1))),
    "education within occupation": (
        {"of": "education", "by": "occupation"},
        [
            *each("everybody", levels=EDUCATION, counts=(3, 3, 2, 1, 1)),
            *each("waiter", levels=EDUCATION, counts=(2, 0, 0, 0, 0)),
            *each("courier", levels=EDUCATION, counts=(1, 2, 0, 0, 0)),
            *each("driver", levels=EDUCATION, counts=(0, 0, 1, 0, 0)),
            *each("owner", levels=EDUCATION, counts=(0, 1, 1, 0, 1)),
            *each("office_worker", levels=EDUCATION, counts=(0, 0, 0, 1, 0)),
        ],
    ),
    "work": ({"of": "work"}, each(levels=("blue_collar", "small_owner", "other_work"), counts=(6, 3, 1))),
    "income": (
        {"of": "income_band"},
        each(levels=("..2999", "3000..4999", "5000..7999", "8000..9999", "10000.."), counts=(1, 1, 3, 2, 3)),
    ),
    "income below": (
        {"of": "income_cny_month", "by": "borrower_class", "bands": (10_000,)},
        [
            *each("everybody", levels=("..9999", "10000.."), counts=(7, 3)),
            *each("consumer", levels=("..9999", "10000.."), counts=(6, 1)),
            *each("owner", levels=("..9999", "10000.."), counts=(1, 2)),
        ],
    ),
    "bank credit": (
        {"of": "has_bank_credit", "by": "borrower_class"},
        [
            *each("everybody", levels=("yes", "no"), counts=(3, 7)),
            *each("consumer", levels=("yes", "no"), counts=(2, 5)),
            *each("owner", levels=("yes", "no"), counts=(1, 2)),
        ],
    ),
    "marriage by sex and region": (
        {"of": "marital_status", "by": ("sex", "region")},
        [
            *each("everybody", "everybody", levels=MARRIAGE, counts=(4, 5, 1)),
            *each("male", "southeast_coast", levels=MARRIAGE, counts=(2, 3, 0)),
            *each("male", "inland", levels=MARRIAGE, counts=(0, 1, 0)),
            *each("female", "southeast_coast", levels=MARRIAGE, counts=(1, 0, 0)),
            *each("female", "other_coast", levels=MARRIAGE, counts=(1, 0, 1)),
            *each("female", "inland", levels=MARRIAGE, counts=(0, 1, 0)),
        ],
    ),
}


def asked(people: Any, **arguments: Any) -> pd.DataFrame:
    result: pd.DataFrame = lp.profile.shares(users=people, **arguments)
    return result


def rows(frame: pd.DataFrame) -> Counted:
    keys = frame.attrs["keys"]
    return [(tuple(row[key] for key in keys), row["k"], row["n"]) for row in frame.to_dict("records")]


def test_ten_people_are_counted_as_by_hand() -> None:
    for name, (arguments, counted) in COUNTED.items():
        assert rows(asked(TEN, **arguments)) == counted, name


def test_every_share_is_its_count_over_those_looked_at_with_the_interval_of_scipy() -> None:
    for arguments, _ in COUNTED.values():
        for row in asked(TEN, **arguments).itertuples():
            theirs = binomtest(row.k, row.n).proportion_ci(method="wilson")
            assert row.share == row.k / row.n
            assert (row.low, row.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


# All people aged 20 to 59 were 819,692,413, of whom 420,388,048 men.
@pytest.mark.parametrize(
    ("of", "level", "baseline", "ages"),
    [
        ("sex", ("male",), 420_388_048 / 819_692_413, "20..59"),
        ("age_band", ("25..29",), (48_162_270 + 43_685_062) / 819_692_413, "20..59"),
        (("sex", "age_band"), ("female", "35..39"), 48_080_895 / 819_692_413, "20..59"),
        (("age_band", "sex"), ("35..39", "female"), 48_080_895 / 819_692_413, "20..59"),
        ("region", ("southeast_coast",), 0.2420, "all_ages"),
        ("region", ("inland",), 0.5491, "all_ages"),
        ("province", ("guangdong",), 0.0893, "all_ages"),
    ],
)
def test_a_share_is_put_over_that_of_the_population_whose_ages_are_named(
    of: Any, level: tuple[str, ...], baseline: float, ages: str
) -> None:
    result = asked(TEN, of=of)
    [row] = [row for row in result.to_dict("records") if tuple(row[key] for key in result.attrs["keys"]) == level]
    assert (row["baseline"], row["ages"]) == (pytest.approx(baseline), ages)
    for lift, share in (("lift", "share"), ("lift_low", "low"), ("lift_high", "high")):
        assert row[lift] == pytest.approx(row[share] / baseline)


def test_what_no_census_counts_and_what_is_grouped_has_no_baseline() -> None:
    for arguments in ({"of": "education"}, {"of": "sex", "by": "region"}, {"of": ("sex", "region")}):
        assert "baseline" not in asked(TEN, **arguments)


def test_levels_with_an_order_add_up_from_the_lowest() -> None:
    assert asked(TEN, of="education")["share_at_most"].tolist() == pytest.approx([0.3, 0.6, 0.8, 0.9, 1.0])
    in_groups = asked(TEN, of="education", by="borrower_class").set_index("borrower_class")["share_at_most"]
    assert in_groups["owner"].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1])
    assert "share_at_most" not in asked(TEN, of="region")


def test_a_group_is_put_against_another_with_differences_that_hold_together() -> None:
    result = asked(TEN, of="has_bank_credit", by="borrower_class", against="consumer").set_index(
        ["borrower_class", "has_bank_credit"]
    )
    row = result.loc[("owner", "yes")]
    assert row["difference"] == pytest.approx(1 / 3 - 2 / 7)
    two_rows = 1 - (1 - LEVEL) / 2
    assert (row["difference_low"], row["difference_high"]) == difference((1, 3), (2, 7), two_rows)
    theirs = relative_risk(1, 3, 2, 7)
    assert row["risk_ratio"] == theirs.relative_risk
    assert (row["risk_ratio_low"], row["risk_ratio_high"]) == pytest.approx(theirs.confidence_interval(0.95))
    assert result.loc[["everybody", "consumer"], "difference"].isna().all()


def test_the_rest_is_everybody_else() -> None:
    result = asked(TEN, of="sex", by="region", against="rest").set_index(["region", "sex"])
    # four of six on the south-eastern coast are men, and two of the other four
    assert result.loc[("southeast_coast", "male"), "difference"] == pytest.approx(5 / 6 - 1 / 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": "sex", "by": "region", "against": "inlnd"}, r"^against = inlnd: no group\. Did you mean 'inland'"),
        ({"of": "sex", "against": "inland"}, r"^against = inland: no group\. Allowed: with one column in by="),
        ({"of": "sexx"}, r"^sexx: no column that groups users\. Did you mean 'sex'"),
        ({"of": "sex", "bands": (1, 2)}, r"^bands = \(1, 2\): neither sex is a number"),
        ({"of": "sex", "by": "sex"}, r"^by = sex: the column that profile\.shares looks at"),
        ({"of": ("sex", "sex")}, r"^of = .*names a column twice"),
        ({"of": "sex", "who": "everyone"}, r"^who = 'everyone': not known"),
        ({"of": "sex", "who": "borrowed"}, r"^tables: loans is not in this book"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        asked(TEN, **arguments)


def test_spread_is_as_worked_by_hand() -> None:
    result = lp.profile.spread(users=TEN, of="income_cny_month", by="occupation", below=10_000)
    columns = ["occupation", "n", "p10", "p25", "p50", "p75", "p90", "low", "high", "share_below"]
    assert result[columns].iloc[1:].to_numpy().tolist() == [
        ["waiter", 2, 2999, 2999, 2999, 9999, 9999, 2999, 9999, 1.0],
        ["courier", 3, 3000, 3000, 5000, 7000, 7000, 3000, 7000, 1.0],
        ["driver", 1, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 1.0],
        ["owner", 3, 9000, 9000, 10000, 20000, 20000, 9000, 20000, 1 / 3],
        ["office_worker", 1, 12000, 12000, 12000, 12000, 12000, 12000, 12000, 0.0],
    ]
    # Of seven, the ends of the median are the values of rank ⌈3.5 ± 1.96 · √1.75⌉, the first and the last.
    result = lp.profile.spread(users=TEN, of="income_variation", by="borrower_class")
    columns = ["borrower_class", "n", "p10", "p25", "p50", "p75", "p90", "low", "high"]
    assert result[columns].iloc[1:].to_numpy().tolist() == [
        ["consumer", 7, 0.10, 0.10, 0.15, 0.20, 0.30, 0.10, 0.30],
        ["owner", 3, 0.40, 0.40, 0.50, 0.60, 0.60, 0.40, 0.60],
    ]
    assert result["mean"].tolist() == pytest.approx([0.265, 1.15 / 7, 0.5])
    half = 1.959964 * 0.1 / 3**0.5
    assert result.loc[2, ["mean_low", "mean_high"]].tolist() == pytest.approx([0.5 - half, 0.5 + half])


@pytest.mark.parametrize("of", ["sex", ("age_years", "platforms"), "has_bank_credit"])
def test_only_one_number_spreads(of: Any) -> None:
    with pytest.raises(InputError, match=r"^of = .*: not a number|no column"):
        lp.profile.spread(users=TEN, of=of)
    with pytest.raises(InputError, match=r"^below = 'much': not a number"):
        lp.profile.spread(users=TEN, of="age_years", below="much")


def test_lifts_are_as_worked_by_hand_and_the_group_of_the_article_leads() -> None:
    result = lp.profile.lift(users=TEN).set_index("trait")
    assert result[["k", "n"]].apply(tuple, axis=1).to_dict() == {
        "junior_college_or_below": (8, 10),
        "junior_college_or_above": (4, 10),
        "men": (6, 9),
        "aged_25_to_34": (5, 9),
        "southeast_coast": (6, 10),
        "never_married_25_to_29": (2, 3),
    }
    around_thirty = (48_162_270 + 43_685_062 + 63_871_808 + 60_273_382) / 819_692_413
    assert result["baseline"].tolist() == pytest.approx(
        [0.9048, 0.137, 420_388_048 / 819_692_413, around_thirty, 0.2420, 0.513]
    )
    for row in result.itertuples():
        theirs = binomtest(row.k, row.n).proportion_ci(method="wilson")
        assert row.lift == pytest.approx(row.k / row.n / row.baseline)
        assert (row.low, row.high) == pytest.approx((theirs.low / row.baseline, theirs.high / row.baseline))
        assert (row.share_low, row.share_high) == pytest.approx((theirs.low, theirs.high))
    assert result["ages"].tolist() == ["6..", "all_ages", "20..59", "20..59", "all_ages", "25..29"]


def test_a_trait_that_cannot_be_looked_at_says_why() -> None:
    result = lp.profile.lift(users=TEN[TEN["age_years"] > 40].drop(columns="education")).set_index("trait")
    assert result["why"].dropna().to_dict() == {
        "junior_college_or_below": "no_column",
        "junior_college_or_above": "no_column",
        "never_married_25_to_29": "nobody",
    }
    assert result.loc[result["why"].notna(), ["lift", "low", "high", "share"]].isna().all(axis=None)
    with pytest.raises(InputError, match=r"^users: no column of age_band, education"):
        lp.profile.lift(users=TEN[["user_id", "city_tier"]])


# A lender's own people


@pytest.mark.parametrize(
    ("column", "gone"), [("sex", None), ("age_years", np.nan), ("education", None), ("income_cny_month", np.nan)]
)
def test_users_without_a_value_are_left_out_and_n_says_so(column: str, gone: Any) -> None:
    looked_at = {"age_years": "age_band", "income_cny_month": "income_band"}.get(column, column)
    some = TEN.astype({column: object if gone is None else float})
    some.loc[0, column] = gone
    assert asked(some, of=looked_at)["n"].unique().tolist() == [8 if column == "age_years" else 9]
    groups = asked(some, of="borrower_class", by=looked_at)
    assert groups.loc[groups[looked_at] == "not_known", "n"].tolist() == [1, 1]


def test_of_many_texts_the_most_frequent_stand_for_themselves() -> None:
    titles = [f"title {number}" for number in range(100) for _ in range(number + 1)]
    people = pd.DataFrame({"user_id": range(len(titles)), "occupation": titles})
    result = asked(people, of="occupation")
    assert result["occupation"].tolist() == [f"title {99 - place}" for place in range(LARGEST)] + ["other_levels"]
    assert result["k"].tolist() == [*range(100, 80, -1), sum(range(81))]
    with pytest.raises(InputError, match=r"^occupation: 100 levels\. Allowed: at most 60"):
        asked(people.assign(sex="male"), of="sex", by="occupation")
    with pytest.raises(InputError, match=r"^user_id: no column|levels\. Allowed: at most 60"):
        asked(people.assign(score=range(len(people))), of="score")


def test_age_bands_need_somebody_inside_them() -> None:
    old = TEN.assign(age_years=[18, 19, 60, 61, 70] * 2)
    for of in ("age_band", ("sex", "age_band")):
        with pytest.raises(InputError, match=r"^users\.age_years: nobody is aged 20 to 59"):
            asked(old, of=of)
    assert asked(old, of="sex", by="age_band")["age_band"].unique().tolist() == ["everybody", "..19", "60.."]


def test_occupations_of_a_lenders_own_are_a_group_of_their_own() -> None:
    nurses = TEN.assign(occupation=TEN["occupation"].replace("driver", "nurse"))
    groups = ("blue_collar", "small_owner", "other_work", "not_grouped")
    assert rows(asked(nurses, of="work")) == each(levels=groups, counts=(5, 3, 1, 1))


def test_the_region_follows_from_the_province_where_it_does_not_stand_in_the_table() -> None:
    assert rows(asked(TEN.drop(columns="region"), of="region")) == COUNTED["region"][1]


def test_a_province_outside_the_census_has_no_baseline() -> None:
    result = asked(TEN.assign(province=TEN["province"].replace("henan", "elsewhere")), of="province")
    assert result.set_index("province")["lift"].isna().to_dict() == {
        name: name == "elsewhere" for name in result["province"]
    }


def test_neither_the_numbering_of_rows_nor_other_columns_count_and_nothing_is_changed() -> None:
    given = TEN.copy(deep=True)
    for arguments, _ in COUNTED.values():
        pd.testing.assert_frame_equal(asked(TEN.set_axis([5] * 10), **arguments), asked(TEN, **arguments))
    pd.testing.assert_frame_equal(given, TEN)
    pd.testing.assert_frame_equal(asked(TEN[["user_id", "sex"]], of="sex"), asked(TEN, of="sex"))


# Twenty thousand of the article's users


@pytest.fixture(scope="module")
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=20_000, seed=7)


def test_who_is_a_part_of_the_registered(population: lp.Population) -> None:
    result = lp.profile.shares(population, of="sex", who=("registered", "approved", "borrowed"))
    users, applications = population.users, population.applications
    ids = {
        "registered": users["user_id"],
        "approved": applications.loc[applications["outcome"] == "approved", "user_id"],
        "borrowed": population.loans["user_id"],
    }
    for who, members in ids.items():
        alone = lp.profile.shares(population, of="sex", who=who)
        expected = users.loc[users["user_id"].isin(members), "sex"].value_counts()
        assert alone.set_index("sex")["k"].to_dict() == expected.to_dict()
        assert result.loc[result["who"] == who, "k"].tolist() == alone["k"].tolist()
    assert result.attrs["keys"] == ["who", "sex"]
    spread = lp.profile.spread(population, of="age_years", who=("borrowed", "registered"))
    assert spread["n"].tolist() == [population.loans["user_id"].nunique(), 20_000]
    assert lp.profile.lift(population, who=("registered", "borrowed"))["who"].value_counts().tolist() == [6, 6]


def cut(people: pd.DataFrame, column: str, edges: Any, words: tuple[str, ...]) -> pd.Series:
    return pd.cut(people[column], edges, right=False, labels=list(words))


def aged(people: pd.DataFrame) -> pd.Series:
    return cut(people, "age_years", range(20, 61, 5), BANDS)


# The same numbers by one pandas expression each: a share by level, or by group and level.
DIRECT: list[tuple[dict[str, Any], Callable[[pd.DataFrame], pd.Series]]] = [
    *(
        ({"of": one}, lambda b, one=one: b[one].value_counts(normalize=True))
        for one in ("borrower_class", "sex", "region", "province", "city_tier", "education", "occupation")
    ),
    ({"of": "age_band"}, lambda b: aged(b).value_counts(normalize=True)),
    ({"of": ("sex", "age_band")}, lambda b: b.groupby(["sex", aged(b)], observed=False).size() / len(b)),
    (
        {"of": "education", "by": "occupation"},
        lambda b: b.groupby("occupation", observed=True)["education"].value_counts(normalize=True),
    ),
    (
        {"of": "marital_status", "by": ("sex", "age_band")},
        lambda b: b.groupby(["sex", aged(b)], observed=True)["marital_status"].value_counts(normalize=True),
    ),
    (
        {"of": "platforms_band", "by": "cohort"},
        lambda b: (
            b.assign(platforms=b["platforms"].map({1: "1", 2: "2", 3: "3", 4: "4", 5: "5.."}))
            .groupby(b["registered_at"].dt.year.astype(str))["platforms"]
            .value_counts(normalize=True)
        ),
    ),
]


@pytest.mark.parametrize(("arguments", "direct"), DIRECT)
def test_twenty_thousand_users_agree_with_plain_pandas(
    arguments: dict[str, Any], direct: Callable[[pd.DataFrame], pd.Series], population: lp.Population
) -> None:
    result = lp.profile.shares(population, **arguments)
    shown = result.set_index(result.attrs["keys"])["share"].drop("everybody", errors="ignore")
    expected = {key: float(value) for key, value in direct(population.users).items() if value}
    assert {key: float(one) for key, one in shown.items() if one} == pytest.approx(expected)
    assert len(expected) > 1
    assert ((result["low"] <= result["share"]) & (result["share"] <= result["high"])).all()
    groups = [key for key in result.attrs["keys"] if key not in result.attrs["of"]]
    whole = result.groupby(groups, observed=True)["share"].sum() if groups else result["share"].sum()
    assert np.allclose(whole, 1)


def test_medians_of_twenty_thousand_agree_with_plain_pandas(population: lp.Population) -> None:
    for of, by in (("income_cny_month", "occupation"), ("income_variation", "borrower_class")):
        result = lp.profile.spread(population, of=of, by=by).iloc[1:]
        theirs = population.users.groupby(by, observed=True)[of].quantile(0.5, interpolation="lower")
        assert result.set_index(by)["p50"].to_dict() == pytest.approx(theirs.to_dict())
        assert ((result["low"] <= result["p50"]) & (result["p50"] <= result["high"])).all()


def test_hidden_traits_group_too(population: lp.Population) -> None:
    result = lp.profile.shares(population, of="would_refer", by="embarrassment_band")
    truth = population.truth
    inside = truth[truth["embarrassment"].between(0.4, 0.6, inclusive="left")]
    row = result[(result["embarrassment_band"] == "40..59") & (result["would_refer"] == "yes")].iloc[0]
    assert (row["k"], row["n"]) == (inside["would_refer"].sum(), len(inside))


# What the users are compared with


@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_regions_are_made_of_the_same_provinces_everywhere(persona: str) -> None:
    groups = tables.table("users").columns["province"].groups
    region = lp.load_persona(persona).document.child("variables").child("region").child("groups")
    stated = {name: tuple(one.value for one in node.value) for name, node in region.value.items()}
    assert stated == groups
    provinces = baselines.of(["province"])
    assert provinces is not None
    assert sorted(sum(groups.values(), ())) == sorted(level for (level,) in provinces.shares)


@pytest.mark.parametrize(
    ("of", "whole"),
    [(["sex"], 1), (["age_band"], 1), (["sex", "age_band"], 1), (["province"], 0.9986), (["region"], 0.9986)],
)
def test_a_population_is_a_whole_but_for_servicemen_who_belong_to_no_province(of: list[str], whole: float) -> None:
    baseline = baselines.of(of)
    assert baseline is not None
    assert sum(baseline.shares.values()) == pytest.approx(whole, abs=0.0005 if whole < 1 else 1e-12)


def test_every_baseline_says_whom_it_describes_and_where_it_comes_from() -> None:
    sources = catalog.load("sources")
    for name, stated in catalog.load("baselines").items():
        assert baselines.population(name, "zh") != baselines.population(name)
        assert stated["ages"], name
        assert stated["basis"] in {"published", "assumed"}, name
        assert stated["source"] in sources, name
        # a figure that was only recalled may not be called published
        assert stated["basis"] == "assumed" or sources[stated["source"]]["status"] == "read", name
