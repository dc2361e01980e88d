"""The profile: ten people counted by hand, twenty thousand against plain pandas, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import loanpersona as lp
from loanpersona import tables
from loanpersona.analysis import baselines, profile
from loanpersona.analysis.profile import traits
from loanpersona.core import catalog
from loanpersona.core.errors import InputError

TEN = pd.read_csv(
    StringIO("""\
borrower_class,sex,age_years,province,region,city_tier,education,occupation,income_cny_month,income_variation,marital_status,has_bank_credit
consumer,male,22,guangdong,southeast_coast,tier1,senior_secondary,courier,5000,0.10,never_married,False
consumer,male,27,zhejiang,southeast_coast,new_tier1,junior_college,driver,6000,0.20,married,True
consumer,female,28,guangdong,southeast_coast,tier1,bachelor,office_worker,12000,0.10,never_married,True
owner,male,33,jiangsu,southeast_coast,tier2,senior_secondary,owner,9000,0.40,married,False
consumer,female,31,henan,inland,tier3,junior_secondary,waiter,2999,0.20,married,False
owner,female,38,shandong,other_coast,tier2,junior_college,owner,10000,0.50,divorced_widowed,True
consumer,male,26,guangdong,southeast_coast,tier1,junior_secondary,courier,7000,0.30,never_married,False
consumer,male,45,hunan,inland,tier4,senior_secondary,courier,3000,0.10,married,False
owner,male,59,zhejiang,southeast_coast,new_tier1,master,owner,20000,0.60,married,False
consumer,female,19,guangxi,other_coast,tier5,junior_secondary,waiter,9999,0.15,never_married,False
""")
)
"""Ten people as a lender might hold them: plain words, whole numbers, yes and no. One is too young for the bands."""

EDUCATION = ("junior_secondary", "senior_secondary", "junior_college", "bachelor", "master")
MARRIAGE = ("never_married", "married", "divorced_widowed")


def each(*group: str, levels: tuple[str, ...], counts: tuple[int, ...]) -> list[tuple[Any, int, int]]:
    """The rows of one group: how many of its people are of each level."""
    return [((*group, level), k, sum(counts)) for level, k in zip(levels, counts, strict=True)]


# Of each frame of shares: the rows in order, as (levels, people counted, people asked).
COUNTED: dict[str, list[tuple[Any, int, int]]] = {
    "borrower_class": [("consumer", 7, 10), ("owner", 3, 10)],
    "sex": [("male", 6, 10), ("female", 4, 10)],
    "age": [
        ("20..24", 1, 9),
        ("25..29", 3, 9),
        ("30..34", 2, 9),
        ("35..39", 1, 9),
        ("40..44", 0, 9),
        ("45..49", 1, 9),
        ("50..54", 0, 9),
        ("55..59", 1, 9),
    ],
    "age_by_sex": [
        (("male", "20..24"), 1, 9),
        (("male", "25..29"), 2, 9),
        (("male", "30..34"), 1, 9),
        (("male", "35..39"), 0, 9),
        (("male", "40..44"), 0, 9),
        (("male", "45..49"), 1, 9),
        (("male", "50..54"), 0, 9),
        (("male", "55..59"), 1, 9),
        (("female", "20..24"), 0, 9),
        (("female", "25..29"), 1, 9),
        (("female", "30..34"), 1, 9),
        (("female", "35..39"), 1, 9),
        (("female", "40..44"), 0, 9),
        (("female", "45..49"), 0, 9),
        (("female", "50..54"), 0, 9),
        (("female", "55..59"), 0, 9),
    ],
    "region": [("southeast_coast", 6, 10), ("other_coast", 2, 10), ("inland", 2, 10)],
    # by lift: 4.38, 3.36, 2.82, 2.12, 1.67, 1.42 and 1.39
    "province": [
        ("zhejiang", 2, 10),
        ("guangdong", 3, 10),
        ("guangxi", 1, 10),
        ("hunan", 1, 10),
        ("jiangsu", 1, 10),
        ("henan", 1, 10),
        ("shandong", 1, 10),
    ],
    "city_tier": [
        ("tier1", 3, 10),
        ("new_tier1", 2, 10),
        ("tier2", 2, 10),
        ("tier3", 1, 10),
        ("tier4", 1, 10),
        ("tier5", 1, 10),
    ],
    "education": [
        ("junior_secondary", 3, 10),
        ("senior_secondary", 3, 10),
        ("junior_college", 2, 10),
        ("bachelor", 1, 10),
        ("master", 1, 10),
    ],
    "education_by_occupation": [
        *each("waiter", levels=EDUCATION, counts=(2, 0, 0, 0, 0)),
        *each("courier", levels=EDUCATION, counts=(1, 2, 0, 0, 0)),
        *each("driver", levels=EDUCATION, counts=(0, 0, 1, 0, 0)),
        *each("owner", levels=EDUCATION, counts=(0, 1, 1, 0, 1)),
        *each("office_worker", levels=EDUCATION, counts=(0, 0, 0, 1, 0)),
    ],
    "occupation": [
        ("courier", 3, 10),
        ("owner", 3, 10),
        ("waiter", 2, 10),
        ("driver", 1, 10),
        ("office_worker", 1, 10),
    ],
    "work": [("blue_collar", 6, 10), ("small_owner", 3, 10), ("other_work", 1, 10)],
    "income": [
        ("..2999", 1, 10),
        ("3000..4999", 1, 10),
        ("5000..7999", 3, 10),
        ("8000..9999", 2, 10),
        ("10000..", 3, 10),
    ],
    "income_below": [("everybody", 7, 10), ("consumer", 6, 7), ("owner", 1, 3)],
    "bank_credit": [("everybody", 3, 10), ("consumer", 2, 7), ("owner", 1, 3)],
    "marital_status": [("never_married", 4, 10), ("married", 5, 10), ("divorced_widowed", 1, 10)],
    "marital_by_age_and_sex": [
        *each("male", "20..24", levels=MARRIAGE, counts=(1, 0, 0)),
        *each("male", "25..29", levels=MARRIAGE, counts=(1, 1, 0)),
        *each("male", "30..34", levels=MARRIAGE, counts=(0, 1, 0)),
        *each("male", "45..49", levels=MARRIAGE, counts=(0, 1, 0)),
        *each("male", "55..59", levels=MARRIAGE, counts=(0, 1, 0)),
        *each("female", "25..29", levels=MARRIAGE, counts=(1, 0, 0)),
        *each("female", "30..34", levels=MARRIAGE, counts=(0, 1, 0)),
        *each("female", "35..39", levels=MARRIAGE, counts=(0, 0, 1)),
    ],
    "lift": [
        ("men", 6, 10),
        ("aged_25_to_34", 5, 9),
        ("southeast_coast", 6, 10),
        ("junior_college_or_above", 4, 10),
        ("never_married_25_to_29", 2, 3),
    ],
}

# The columns that each function reads, and no other.
READS = {
    "borrower_class": ["borrower_class"],
    "sex": ["sex"],
    "age": ["age_years"],
    "age_by_sex": ["sex", "age_years"],
    "region": ["region"],
    "province": ["province"],
    "city_tier": ["city_tier"],
    "education": ["education"],
    "education_by_occupation": ["occupation", "education"],
    "occupation": ["occupation"],
    "work": ["occupation"],
    "income": ["income_cny_month"],
    "income_below": ["income_cny_month", "borrower_class"],
    "income_by_occupation": ["occupation", "income_cny_month"],
    "income_stability": ["borrower_class", "income_variation"],
    "bank_credit": ["borrower_class", "has_bank_credit"],
    "marital_status": ["marital_status"],
    "marital_by_age_and_sex": ["sex", "age_years", "marital_status"],
    "lift": ["sex", "age_years", "region", "education", "marital_status"],
}
EVERY_READ = [(name, column) for name, columns in READS.items() for column in columns]


def of(name: str) -> Callable[..., pd.DataFrame]:
    function: Callable[..., pd.DataFrame] = getattr(profile, name)
    return function


def keys(frame: pd.DataFrame) -> list[str]:
    """The columns before the counts."""
    return list(frame.columns[: list(frame.columns).index("n")])


def rows(frame: pd.DataFrame) -> list[tuple[Any, int, int]]:
    found = frame.to_dict("records")
    levels = [tuple(row[key] for key in keys(frame)) for row in found]
    return [(one if len(one) > 1 else one[0], row["k"], row["n"]) for one, row in zip(levels, found, strict=True)]


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """Twenty thousand of the article's users."""
    return lp.generate(lp.load_persona("article"), n=20_000, seed=7).users


def test_every_function_of_the_profile_is_looked_at_here() -> None:
    assert sorted(READS) == sorted(profile.__all__)
    assert {*COUNTED, "income_by_occupation", "income_stability"} == set(profile.__all__)


@pytest.mark.parametrize("name", COUNTED)
def test_ten_people_are_counted_as_by_hand(name: str) -> None:
    assert rows(of(name)(TEN)) == COUNTED[name]


@pytest.mark.parametrize("name", COUNTED)
def test_every_share_is_its_count_over_those_asked_with_the_interval_of_scipy(name: str) -> None:
    for row in of(name)(TEN).itertuples():
        theirs = binomtest(row.k, row.n).proportion_ci(method="wilson")
        assert row.share == row.k / row.n
        assert (row.low, row.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


# All people aged 20 to 59 were 819.69 million, 420.39 of them men.
@pytest.mark.parametrize(
    ("name", "level", "baseline"),
    [
        ("sex", "male", 0.5124),
        ("sex", "female", 0.4876),
        ("age", "25..29", (48.16 + 43.69) / 819.69),
        ("age", "55..59", (50.82 + 50.58) / 819.69),
        ("age_by_sex", ("male", "25..29"), 48.16 / 819.69),
        ("age_by_sex", ("female", "35..39"), 48.08 / 819.69),
        ("region", "southeast_coast", 0.2420),
        ("region", "other_coast", 0.2073),
        ("region", "inland", 0.5491),
        ("province", "guangdong", 0.0893),
        ("lift", "men", 0.5124),
        ("lift", "aged_25_to_34", (48.16 + 43.69 + 63.87 + 60.28) / 819.69),
        ("lift", "southeast_coast", 0.2420),
        ("lift", "junior_college_or_above", 0.137),
        ("lift", "never_married_25_to_29", 0.513),
    ],
)
def test_a_lift_is_over_the_published_share(name: str, level: Any, baseline: float) -> None:
    found = of(name)(TEN)
    [row] = [
        row for row in found.to_dict("records") if level in (row[keys(found)[0]], tuple(row[k] for k in keys(found)))
    ]
    assert row["baseline"] == pytest.approx(baseline)
    for lift, share in (("lift", "share"), ("lift_low", "low"), ("lift_high", "high")):
        assert row[lift] == pytest.approx(row[share] / baseline)


def test_education_adds_up_from_the_lowest_level() -> None:
    assert profile.education(TEN)["share_at_most"].tolist() == pytest.approx([0.3, 0.6, 0.8, 0.9, 1.0])


def test_income_by_occupation_is_as_worked_by_hand() -> None:
    found = profile.income_by_occupation(TEN)
    assert list(found.columns) == [
        "occupation",
        "n",
        "p10",
        "p25",
        "p50",
        "p75",
        "p90",
        "median_low",
        "median_high",
        "share_below_10000",
    ]
    assert found.to_numpy().tolist() == [
        ["office_worker", 1, 12000, 12000, 12000, 12000, 12000, 12000, 12000, 0.0],
        ["owner", 3, 9000, 9000, 10000, 20000, 20000, 9000, 20000, 1 / 3],
        ["driver", 1, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 1.0],
        ["courier", 3, 3000, 3000, 5000, 7000, 7000, 3000, 7000, 1.0],
        ["waiter", 2, 2999, 2999, 2999, 9999, 9999, 2999, 9999, 1.0],
    ]


def test_income_stability_is_as_worked_by_hand() -> None:
    # Of seven, the ends of the median are the values of rank ⌈3.5 ± 1.96 · √1.75⌉, the first and the last.
    found = profile.income_stability(TEN)
    assert list(found.columns) == [
        "borrower_class",
        "n",
        "p10",
        "p25",
        "p50",
        "p75",
        "p90",
        "median_low",
        "median_high",
    ]
    assert found.to_numpy().tolist() == [
        ["consumer", 7, 0.10, 0.10, 0.15, 0.20, 0.30, 0.10, 0.30],
        ["owner", 3, 0.40, 0.40, 0.50, 0.60, 0.60, 0.40, 0.60],
    ]


def test_the_line_of_income_can_be_moved() -> None:
    assert profile.income_below(TEN, limit=3000)["k"].tolist() == [1, 1, 0]


@pytest.mark.parametrize("name", READS)
def test_nothing_but_the_named_columns_is_needed(name: str) -> None:
    pd.testing.assert_frame_equal(of(name)(TEN[READS[name]]), of(name)(TEN))


@pytest.mark.parametrize(("name", "column"), EVERY_READ)
def test_a_missing_column_is_named(name: str, column: str) -> None:
    with pytest.raises(InputError, match=rf"^users\.{column}: missing column"):
        of(name)(TEN.drop(columns=column))


SPOILT = {
    "borrower_class": "consumers",
    "sex": "femal",
    "age_years": "young",
    "province": None,
    "region": "south",
    "city_tier": "tier6",
    "education": "doctor",
    "occupation": None,
    "income_cny_month": -1,
    "income_variation": np.nan,
    "marital_status": "single",
    "has_bank_credit": "perhaps",
}


@pytest.mark.parametrize(("name", "column"), EVERY_READ)
def test_a_column_of_another_form_is_named(name: str, column: str) -> None:
    with pytest.raises(InputError, match=rf"^users\.{column}(:| =) "):
        of(name)(TEN.assign(**{column: [SPOILT[column]] * len(TEN)}))


def test_an_unknown_level_brings_the_nearest_to_mind() -> None:
    with pytest.raises(InputError, match=r"unknown level 'femal'\. Did you mean 'female'"):
        profile.sex(TEN.replace({"sex": {"female": "femal"}}))


@pytest.mark.parametrize("name", READS)
def test_nobody_makes_no_profile(name: str) -> None:
    with pytest.raises(InputError, match=r"^users: no rows"):
        of(name)(TEN.head(0))


@pytest.mark.parametrize("name", ["age", "age_by_sex", "marital_by_age_and_sex"])
def test_age_bands_need_somebody_inside_them(name: str) -> None:
    with pytest.raises(InputError, match=r"^users\.age_years: nobody is aged 20 to 59"):
        of(name)(TEN.assign(age_years=[18, 19, 60, 61, 70] * 2))


@pytest.mark.parametrize("name", READS)
def test_how_the_rows_are_numbered_does_not_count(name: str) -> None:
    pd.testing.assert_frame_equal(of(name)(TEN.set_axis([5] * 10)), of(name)(TEN))


@pytest.mark.parametrize("name", READS)
def test_the_input_is_not_changed(name: str) -> None:
    given = TEN.copy(deep=True)
    of(name)(given)
    pd.testing.assert_frame_equal(given, TEN)


def test_occupations_of_a_lenders_own_are_a_group_of_their_own() -> None:
    nurses = TEN.assign(occupation=TEN["occupation"].replace("driver", "nurse"))
    assert rows(profile.work(nurses)) == [
        ("blue_collar", 5, 10),
        ("small_owner", 3, 10),
        ("other_work", 1, 10),
        ("not_grouped", 1, 10),
    ]
    assert rows(profile.occupation(nurses))[-1] == ("nurse", 1, 10)


def test_a_province_outside_the_census_has_no_baseline_and_comes_last() -> None:
    found = profile.province(TEN.assign(province=TEN["province"].replace("henan", "elsewhere")))
    assert found.iloc[-1]["province"] == "elsewhere"
    assert found["lift"].isna().tolist() == [False] * 6 + [True]


# What the shares of one frame add up to one within: all rows, or the rows of each group.
WHOLES: dict[str, list[str]] = {
    "borrower_class": [],
    "sex": [],
    "age": [],
    "age_by_sex": [],
    "region": [],
    "province": [],
    "city_tier": [],
    "education": [],
    "education_by_occupation": ["occupation"],
    "occupation": [],
    "work": [],
    "income": [],
    "marital_status": [],
    "marital_by_age_and_sex": ["sex", "age_band"],
}


@pytest.mark.parametrize("name", WHOLES)
def test_shares_of_a_whole_add_up_to_one(name: str, many: pd.DataFrame) -> None:
    for people in (TEN, many):
        found = of(name)(people)
        groups = found.groupby(WHOLES[name], observed=True) if WHOLES[name] else found.groupby(lambda _: 0)
        assert groups["share"].sum().tolist() == pytest.approx([1.0] * len(groups))
        assert (groups["k"].sum() == groups["n"].first()).all()


@pytest.mark.parametrize("name", READS)
def test_every_value_lies_in_its_interval(name: str, many: pd.DataFrame) -> None:
    found = of(name)(many)
    value, low, high = ("p50", "median_low", "median_high") if "p50" in found else ("share", "low", "high")
    assert len(found) > 1
    assert ((found[low] <= found[value]) & (found[value] <= found[high])).all()
    if "lift" in found:
        assert ((found["lift_low"] <= found["lift"]) & (found["lift"] <= found["lift_high"])).all()


def cut(people: pd.DataFrame, column: str, edges: list[float], words: tuple[str, ...]) -> pd.Series:
    return pd.cut(people[column], edges, right=False, labels=list(words))


def aged(people: pd.DataFrame) -> pd.Series:
    return cut(people, "age_years", list(range(20, 61, 5)), traits.AGE_BANDS)


def earning(people: pd.DataFrame) -> pd.Series:
    return cut(people, "income_cny_month", [0, 3000, 5000, 8000, 10_000, np.inf], traits.INCOME_BANDS)


def within(people: pd.DataFrame, by: Any) -> Any:
    return people.groupby(by, observed=True)


# The same numbers by one pandas expression each: a share or a median by level, or by group and level.
DIRECT: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "borrower_class": lambda b: b["borrower_class"].value_counts(normalize=True),
    "sex": lambda b: b["sex"].value_counts(normalize=True),
    "age": lambda b: aged(b).value_counts(normalize=True),
    "age_by_sex": lambda b: b.groupby(["sex", aged(b)], observed=False).size() / len(b),
    "region": lambda b: b["region"].value_counts(normalize=True),
    "province": lambda b: b["province"].value_counts(normalize=True),
    "city_tier": lambda b: b["city_tier"].value_counts(normalize=True),
    "education": lambda b: b["education"].value_counts(normalize=True),
    "education_by_occupation": lambda b: within(b, "occupation")["education"].value_counts(normalize=True),
    "occupation": lambda b: b["occupation"].value_counts(normalize=True),
    "income": lambda b: earning(b).value_counts(normalize=True),
    "income_below": lambda b: within(b.assign(below=b["income_cny_month"] < 10_000), "borrower_class")["below"].mean(),
    "income_by_occupation": lambda b: within(b, "occupation")["income_cny_month"].quantile(0.5, interpolation="lower"),
    "income_stability": lambda b: within(b, "borrower_class")["income_variation"].quantile(0.5, interpolation="lower"),
    "bank_credit": lambda b: within(b, "borrower_class")["has_bank_credit"].mean(),
    "marital_status": lambda b: b["marital_status"].value_counts(normalize=True),
    "marital_by_age_and_sex": lambda b: within(b, ["sex", aged(b)])["marital_status"].value_counts(normalize=True),
}


@pytest.mark.parametrize("name", DIRECT)
def test_twenty_thousand_borrowers_agree_with_plain_pandas(name: str, many: pd.DataFrame) -> None:
    expected = {key: float(value) for key, value in DIRECT[name](many).items()}
    found = of(name)(many)
    value = "p50" if "p50" in found else "share"
    shown = found.set_index(keys(found))[value].drop("everybody", errors="ignore")
    assert {key: float(one) for key, one in shown.items()} == pytest.approx(expected)
    assert len(expected) > 1


def test_everybody_is_the_whole_frame(many: pd.DataFrame) -> None:
    assert profile.income_below(many)["share"].iloc[0] == (many["income_cny_month"] < 10_000).mean()
    assert profile.bank_credit(many)["share"].iloc[0] == many["has_bank_credit"].mean()


def test_the_groups_of_work_are_those_of_the_tables(many: pd.DataFrame) -> None:
    groups = tables.table("users").columns["occupation"].groups
    found = profile.work(many).set_index("work")["share"].to_dict()
    assert found == {name: many["occupation"].isin(levels).mean() for name, levels in groups.items()}


@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_regions_are_made_of_the_same_provinces_everywhere(persona: str) -> None:
    groups = tables.table("users").columns["province"].groups
    region = lp.load_persona(persona).document.child("variables").child("region").child("groups")
    stated = {name: tuple(one.value for one in node.value) for name, node in region.value.items()}
    assert stated == groups
    assert sorted(sum(groups.values(), ())) == sorted(baselines.shares("province"))


def test_the_baseline_of_a_region_is_that_of_its_provinces(many: pd.DataFrame) -> None:
    by_region = profile.region(many).set_index("region")["baseline"]
    by_province = profile.province(many).set_index("province")["baseline"]
    for region, provinces in tables.table("users").columns["province"].groups.items():
        assert by_region[region] == pytest.approx(by_province[list(provinces)].sum())


def test_the_baseline_of_ages_is_a_whole(many: pd.DataFrame) -> None:
    assert profile.age_by_sex(many)["baseline"].sum() == pytest.approx(1)
    assert profile.age(many)["baseline"].sum() == pytest.approx(1)
    assert sum(baselines.shares("sex").values()) == pytest.approx(1)
    # servicemen, 0.14 % of the people, belong to no province
    assert sum(baselines.shares("province").values()) == pytest.approx(0.9986, abs=0.0005)


def test_every_baseline_says_whom_it_describes_and_where_it_comes_from() -> None:
    sources = catalog.load("sources")
    for name, stated in catalog.load("baselines").items():
        assert baselines.population(name, "zh") != baselines.population(name)
        assert stated["basis"] in {"published", "assumed"}, name
        assert stated["source"] in sources, name
        # a figure that was only recalled may not be called published
        assert stated["basis"] == "assumed" or sources[stated["source"]]["status"] == "read", name
