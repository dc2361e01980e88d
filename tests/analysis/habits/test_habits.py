"""The habits: six loans and seven users counted by hand, lifelines and scipy beside, coverage, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from book import FESTIVAL, HOUR, REFERRED, book, day_weights
from lifelines import KaplanMeierFitter
from reads import TAKES
from table_rules import TableRules, read

import loanpersona as lp
from loanpersona.analysis import habits
from loanpersona.analysis.frames import banded, columns
from loanpersona.analysis.habits.festival import new_years
from loanpersona.analysis.habits.waiting import spells
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import wilson
from loanpersona.estimates.survival import kaplan_meier

# Of 1,000 intervals that hold their value with 95 % chance, fewer than 926 or more than 971 hold it once in a thousand.
HOLDS_AT_95_PERCENT = range(926, 972)


FESTIVAL_2023 = pd.Timestamp("2023-01-22")


# Three borrowers with three, two and one loan; 2023-01-02 was a Monday. They lent 10,000 CNY in all.
LOANS = read(
    """\
loan_id,user_id,ordinal,amount_cny,term_months,apr,borrowed_at,disbursed_at
11,1,1,1000,1,0.24,2023-01-02 09:00,2023-01-02 09:10
12,1,2,3000,2,0.20,2023-01-12 10:30,2023-01-12 10:40
13,1,3,1000,1,0.20,2023-03-13 20:00,2023-03-13 20:10
21,2,1,2000,2,0.18,2023-01-07 10:00,2023-01-07 10:05
22,2,2,500,1,0.18,2023-01-07 23:00,2023-01-07 23:05
31,3,1,2500,2,0.24,2024-02-29 08:15,2024-02-29 08:20
""",
    "borrowed_at",
    "disbursed_at",
)
INSTALMENTS = read(
    """\
loan_id,number,due_on,principal_cny,interest_cny
11,1,2023-02-02,1000,20
12,1,2023-02-12,1500,50
12,2,2023-03-12,1500,30
13,1,2023-04-13,1000,15
21,1,2023-02-07,1000,30
21,2,2023-03-07,1000,15
22,1,2023-02-07,500,5
31,1,2024-03-29,1250,50
31,2,2024-04-29,1250,25
""",
    "due_on",
)
# Borrower 4 never drew; 5 was rejected and then approved; 6 was approved and then rejected; 7 left at the bank card.
APPLICATIONS = read(
    """\
application_id,user_id,started_at,last_step,submitted_at,decided_at,outcome,quality_tier,limit_cny
10,1,2022-12-01 09:00,submission,2022-12-01 09:10,2022-12-01 09:20,approved,prime,3000
20,2,2022-12-02 09:00,submission,2022-12-02 09:10,2022-12-02 09:20,approved,inferior,2000
30,3,2023-01-01 09:00,submission,2023-01-01 09:10,2023-01-01 09:20,approved,prime,10000
40,4,2023-02-01 09:00,submission,2023-02-01 09:10,2023-02-01 09:20,approved,medium,5000
50,5,2023-02-01 09:00,submission,2023-02-01 09:10,2023-02-01 09:20,rejected,volatile,0
51,5,2023-12-01 09:00,submission,2023-12-01 09:10,2023-12-01 09:20,approved,medium,4000
60,6,2022-12-01 09:00,submission,2022-12-01 09:10,2022-12-01 09:20,approved,medium,4000
61,6,2023-06-01 09:00,submission,2023-06-01 09:10,2023-06-01 09:20,rejected,inferior,0
70,7,2023-06-01 09:00,bank_card,,,incomplete,,0
""",
    "started_at",
    "submitted_at",
    "decided_at",
)
# 1 brought 2 and 3, 2 brought 4.
USERS = read(
    """\
user_id,registered_at,income_cny_month,platforms,referred_by
1,2022-11-01 08:00,5000,1,
2,2022-12-01 08:00,2000,3,1
3,2022-12-15 08:00,0,1,1
4,2023-01-20 08:00,4000,1,2
5,2023-01-20 08:00,4000,1,
6,2022-11-20 08:00,4000,1,
7,2024-01-20 08:00,4000,1,
""",
    "registered_at",
)
TRUTH = read(
    """\
user_id,caution,embarrassment,would_refer
1,0.2,0.10,True
2,0.4,0.19,False
3,0.5,0.20,True
4,0.9,0.85,False
5,0.8,1.00,False
6,0.7,0.50,False
7,0.6,0.50,True
"""
)
HAND = {"loans": LOANS, "instalments": INSTALMENTS, "applications": APPLICATIONS, "users": USERS, "truth": TRUTH}

# The columns that each function reads, and no other.
TIMES = {"loans": ["user_id", "borrowed_at"]}
DAYS = {"loans": ["borrowed_at"]}
SPELLS = {"loans": ["user_id", "ordinal", "borrowed_at"]}
VOLUME = {"loans": ["user_id", "amount_cny"]}
HELD = ["application_id", "user_id", "started_at", "decided_at", "outcome", "limit_cny"]
BROUGHT = {"users": ["user_id", "registered_at", "referred_by"]}
SERVICE = {
    "loans": ["loan_id", "user_id", "borrowed_at"],
    "instalments": ["loan_id", "due_on", "principal_cny", "interest_cny"],
    "users": ["user_id", "income_cny_month", "platforms"],
}
INTEREST = {"loans": ["loan_id", "user_id", "amount_cny", "apr"], "instalments": ["loan_id", "interest_cny"]}
READS: dict[str, dict[str, list[str]]] = {
    **dict.fromkeys(
        [
            "hour_by_weekday",
            "hours",
            "hour_windows",
            "workday_daytime",
            "weekdays",
            "day_of_month",
            "parts_of_month",
            "loans_per_active_year",
        ],
        TIMES,
    ),
    **dict.fromkeys(["daily", "spring_festival", "around_festival"], DAYS),
    **dict.fromkeys(["time_to_next_loan", "borrowed_again", "median_wait"], SPELLS),
    "repeat_share": {"loans": ["user_id", "amount_cny", "borrowed_at", "disbursed_at"]},
    **dict.fromkeys(["revolvers", "lorenz", "concentration"], VOLUME),
    "loans_per_borrower": {"loans": ["user_id"]},
    "limit_use": {"applications": HELD, **TIMES},
    "utilisation": {"applications": HELD, **VOLUME},
    "caution_by_use": {"applications": HELD, **TIMES, "truth": ["user_id", "caution"]},
    **dict.fromkeys(["referral", "reproduction", "referral_trees", "referral_depth"], BROUGHT),
    "referral_by_embarrassment": {"truth": ["embarrassment", "would_refer"]},
    "interest_by_term": {**INTEREST, "loans": [*INTEREST["loans"], "term_months"]},
    "interest_by_tier": {**INTEREST, "applications": ["user_id", "started_at", "quality_tier"]},
    "inquiries": {"applications": ["user_id", "submitted_at"], "loans": ["user_id"]},
    "data_given": {"applications": ["user_id", "last_step"]},
    **dict.fromkeys(["debt_service", "debt_service_above"], SERVICE),
}


def half_year() -> pd.DataFrame:
    """One loan a day in the month after the festival of 2023, two a day around it, and in the rest of the time."""
    day = FESTIVAL_2023
    days = pd.date_range(day - pd.Timedelta(days=90), day + pd.Timedelta(days=90))
    month = ((days - day).days >= 1) & ((days - day).days <= 30)
    at = days.repeat(np.where(month, 1, 2)) + pd.Timedelta(hours=9)
    return pd.DataFrame({"user_id": np.arange(len(at)), "borrowed_at": at})


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return book(7, 4_000)


def hand(name: str) -> dict[str, pd.DataFrame]:
    return {**HAND, "loans": half_year()} if name in {"spring_festival", "around_festival"} else HAND


class TestHabitsTables(TableRules):
    room, takes, reads = habits, TAKES, READS
    hand = staticmethod(hand)


made = TestHabitsTables.made


def test_every_frame_of_the_habits_is_looked_at_here() -> None:
    assert sorted(READS) == habits.__all__ == dir(lp.habits)


# Counted by hand. Of each frame of shares: its rows as (keys, counted, asked), those with nobody counted left out.
COUNTED: dict[str, list[tuple[Any, float, int]]] = {
    "hour_by_weekday": [
        (("monday", 9), 1, 6),
        (("monday", 20), 1, 6),
        (("thursday", 8), 1, 6),
        (("thursday", 10), 1, 6),
        (("saturday", 10), 1, 6),
        (("saturday", 23), 1, 6),
    ],
    "hours": [(8, 1, 6), (9, 1, 6), (10, 2, 6), (20, 1, 6), (23, 1, 6)],
    "hour_windows": [("8..11", 4, 6), ("20..23", 2, 6)],
    "workday_daytime": [("on_workdays", 4, 6), ("in_daytime", 3, 6), ("on_workdays_in_daytime", 2, 6)],
    "weekdays": [("monday", 2, 6), ("thursday", 2, 6), ("saturday", 2, 6)],
    "day_of_month": [(2, 1, 6), (7, 2, 6), (12, 1, 6), (13, 1, 6), (29, 1, 6)],
    "parts_of_month": [("1..5", 1, 6), ("6..10", 2, 6), ("11..20", 2, 6), ("26..31", 1, 6)],
    "repeat_share": [
        (("2023", "of_loans"), 3, 5),
        (("2023", "of_volume"), 4500, 5),
        (("after_warm_up", "of_loans"), 3, 6),
        (("after_warm_up", "of_volume"), 4500, 6),
    ],
    "revolvers": [(("of_borrowers", 2), 2, 3), (("of_loans", 2), 5, 6), (("of_volume", 2), 7500, 6)],
    "loans_per_borrower": [("1", 1, 3), ("2", 1, 3), ("3", 1, 3)],
    "loans_per_active_year": [("1", 1, 3), ("2", 1, 3), ("3", 1, 3)],
    # 180 days before the last loan was 2023-09-02: the limit of borrower 5 is too young, that of 6 is gone.
    "limit_use": [("never_drew", 1, 4), ("drew_once", 1, 4), ("drew_again", 2, 4)],
    "utilisation": [("25..49", 4, 6), ("100..", 2, 6)],
    "referral": [("brought_by_another", 3, 7), ("ever_brought", 2, 6)],
    "referral_trees": [("1", 3, 4), ("3..5", 1, 4)],
    "referral_depth": [(0, 4, 7), (1, 2, 7), (2, 1, 7)],
    "referral_by_embarrassment": [("0..19", 1, 2), ("20..39", 1, 1), ("40..59", 1, 2)],
    # 7 has none, 4 has one, 3 has 1 + 1, 5 and 6 have two, 2 has 1 + 2, 1 has 1 + 3
    "inquiries": [("0", 1, 7), ("1", 1, 7), ("2", 3, 7), ("3..5", 2, 7)],
    "data_given": [("identity", 7, 7), ("profile", 7, 7), ("bank_card", 6, 7), ("face_check", 6, 7)],
    # 1 owes 2,570, 1,530 and 1,015 of 5,000; 2 owes 1,535 and 1,015 of 2,000, and 16 % elsewhere; 3 has no income
    "debt_service": [
        (("this_platform", "20..29"), 1, 5),
        (("this_platform", "30..39"), 1, 5),
        (("this_platform", "50..54"), 2, 5),
        (("this_platform", "55.."), 1, 5),
        (("all_platforms", "20..29"), 1, 5),
        (("all_platforms", "30..39"), 1, 5),
        (("all_platforms", "50..54"), 1, 5),
        (("all_platforms", "55.."), 2, 5),
    ],
    "debt_service_above": [
        (("this_platform", "above_50"), 3, 5),
        (("this_platform", "above_55"), 1, 5),
        (("all_platforms", "above_50"), 3, 5),
        (("all_platforms", "above_55"), 2, 5),
    ],
}


@pytest.mark.parametrize("name", COUNTED)
def test_loans_and_users_are_counted_as_by_hand(name: str) -> None:
    found = made(name, HAND).rename(columns={"borrower_months": "n", "active_years": "n", "trees": "n"})
    keys = list(found.columns[: list(found.columns).index("n")])
    rows = [(tuple(row[key] for key in keys), row["k"], row["n"]) for row in found.to_dict("records") if row["k"]]
    assert [(one if len(one) > 1 else one[0], k, n) for one, k, n in rows] == COUNTED[name]


def test_a_clustered_share_is_as_worked_by_hand() -> None:
    # Of 3, 2 and 1 loans 2, 1 and 1 were taken in the morning: residuals 0, −1/3 and 1/3 around 4/6. The variance is
    # 3/2 · 2/9 / 36 = 1/108, a quarter of 2/9 / 6: as good as 24 independent loans.
    morning = made("hour_windows", HAND).set_index("hours").loc["8..11"]
    assert (morning["share"], morning["clusters"]) == (4 / 6, 3)
    assert (morning["design_effect"], morning["effective_n"]) == pytest.approx((0.25, 24))
    assert (morning["low"], morning["high"]) == pytest.approx(wilson(16, 24))


def test_the_morning_leads_each_rival_by_the_difference_of_the_shares() -> None:
    found = made("hour_windows", HAND).set_index("hours")
    assert found["difference"].tolist()[:2] == pytest.approx([4 / 6, 4 / 6])
    assert np.isnan(found.loc["8..11", "difference"])
    # By hand, against 20 to 23: scores 2 − 1, 1 − 1, 1 around 1/3 of each loan: residuals 0, −2/3, 2/3; with 99 %.
    half = 2.5758293 * np.sqrt(3 / 2 * 8 / 9) / 6
    night = found.loc["20..23"]
    assert (night["difference"], night["difference_low"], night["difference_high"]) == pytest.approx(
        (1 / 3, 1 / 3 - half, 1 / 3 + half)
    )


def test_windows_can_be_shifted_round_the_clock() -> None:
    found = made("hour_windows", HAND, shift=1)
    assert found["hours"].tolist() == ["1..4", "5..8", "9..12", "13..16", "17..20", "21..0"]
    assert found["k"].tolist() == [0, 1, 3, 0, 1, 1]
    assert made("hour_windows", HAND, shift=-1)["hours"].tolist()[0] == "23..2"


def test_an_even_spread_counts_the_days_of_the_window() -> None:
    # 2023-01-02 to 2024-02-29: 60 weeks and four days more, Monday to Thursday
    found = made("workday_daytime", HAND)
    assert found["baseline"].tolist() == pytest.approx([304 / 424, 9 / 24, 304 / 424 * 9 / 24])
    assert made("workday_daytime", HAND, daytime=(8, 20))["k"].tolist() == [4, 4, 3]


def test_holidays_and_make_up_days_can_be_given() -> None:
    days = pd.DataFrame({"day": pd.date_range("2023-01-01", "2024-03-01")})
    days["day_type"] = np.where(days["day"] == "2023-01-02", "holiday", "workday")
    assert made("workday_daytime", HAND, days=days)["k"].tolist() == [5, 3, 2]
    with pytest.raises(InputError, match=r"^days: 2023-01-02 is missing"):
        made("workday_daytime", HAND, days=days.iloc[5:])
    with pytest.raises(InputError, match=r"^days\.day_type: missing column"):
        made("workday_daytime", HAND, days=days[["day"]])


def test_weekdays_and_days_of_the_month_are_relative_to_how_often_they_come() -> None:
    weekdays = made("weekdays", HAND)
    assert weekdays["days"].tolist() == [61, 61, 61, 61, 60, 60, 60]
    assert weekdays["relative"].tolist() == pytest.approx(
        [2 / 6 * 424 / 61, 0, 0, 2 / 6 * 424 / 61, 0, 2 / 6 * 424 / 60, 0]
    )
    month = made("day_of_month", HAND).set_index("day_number")
    assert month["days"].tolist() == [13, *[14] * 27, 13, 12, 8]
    assert month.loc[7, "relative"] == pytest.approx(2 / 6 * 424 / 14)
    assert made("parts_of_month", HAND)["days"].tolist() == [69, 70, 140, 70, 75]


def test_a_number_that_no_day_has_has_no_relative() -> None:
    month = made("day_of_month", {"loans": LOANS.head(2)}).set_index("day_number")
    assert month.loc[20, "days"] == 0
    assert np.isnan(month.loc[20, "relative"])


def test_daily_leaves_no_day_out_and_marks_the_festivals() -> None:
    found = made("daily", HAND)
    assert (len(found), found["loans"].sum(), found["loans"].max()) == (424, 6, 2)
    assert found.loc[found["spring_festival"], "day"].dt.strftime("%Y-%m-%d").tolist() == ["2023-01-22", "2024-02-10"]
    assert found["weekday"].tolist()[:7] == [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]


# Spring Festival


def test_the_ratio_of_even_days_is_exact_and_one_year_is_not_pooled() -> None:
    found = made("spring_festival", {"loans": half_year()})
    assert found.to_dict("records") == [
        {"year": "2023", "month_rate": 1.0, "around_rate": 2.0, "rate_ratio": 0.5, "low": 0.5, "high": 0.5}
    ]


def test_the_interval_of_the_ratio_is_as_worked_by_hand() -> None:
    # A loan more on every second day of the month: mean 1.5, variance 7.5 / 29. Log ratio's variance 1 / (29 · 9).
    loans, day = half_year(), FESTIVAL_2023
    more = pd.date_range(day + pd.Timedelta(days=2), day + pd.Timedelta(days=30), freq="2D")
    extra = pd.DataFrame({"user_id": range(15), "borrowed_at": more})
    [row] = made("spring_festival", {"loans": pd.concat([loans, extra])}).to_dict("records")
    half = 2.0452296 * np.sqrt(7.5 / 29 / 30 / 1.5**2)
    assert (row["rate_ratio"], row["low"], row["high"]) == pytest.approx(
        (0.75, 0.75 * np.exp(-half), 0.75 * np.exp(half))
    )


def test_years_whose_windows_are_not_wholly_inside_are_left_out(tables: dict[str, pd.DataFrame]) -> None:
    loans = tables["loans"]
    assert made("spring_festival", tables)["year"].tolist() == ["2022", "2023", "2024", "pooled"]
    short = loans[loans["borrowed_at"] < "2024-05-10"]  # the 90th day after 2024-02-10 is 2024-05-10
    assert made("spring_festival", {"loans": short})["year"].tolist() == ["2022", "2023", "pooled"]
    longer = loans[loans["borrowed_at"] < "2024-05-11"]
    assert "2024" in made("spring_festival", {"loans": longer})["year"].tolist()


@pytest.mark.parametrize("name", ["spring_festival", "around_festival"])
def test_no_festival_in_range_is_refused(name: str) -> None:
    summer = LOANS.assign(borrowed_at=pd.date_range("2023-06-01", periods=6))
    with pytest.raises(InputError, match=r"^loans\.borrowed_at: from 2023-06-01 to 2023-06-06 no Spring Festival"):
        made(name, {"loans": summer})


def test_a_month_without_any_loan_has_a_ratio_of_nought_and_no_interval() -> None:
    loans, day = half_year(), FESTIVAL_2023
    after = (loans["borrowed_at"] - day).dt.days
    [row] = made("spring_festival", {"loans": loans[(after < 1) | (after > 30)]}).to_dict("records")
    assert (row["month_rate"], row["rate_ratio"]) == (0, 0)
    assert np.isnan([row["low"], row["high"]]).all()


def test_weeks_around_the_festival_are_relative_to_the_time_around_it() -> None:
    found = made("around_festival", {"loans": half_year()}).set_index("week")
    assert list(found.index) == list(range(-12, 13))
    # days 0 to 6: two loans on the first day, one on the others; the shaded month ends on the second day of week 4
    assert (
        found["rate_ratio"].round(6).tolist()
        == [1.0] * 12 + [round(8 / 14, 6), 0.5, 0.5, 0.5, round(11 / 14, 6)] + [1.0] * 8
    )
    assert set(found["days"]) == {7}


def test_spring_festivals_are_in_the_first_two_months_on_new_moons() -> None:
    found = new_years(pd.DatetimeIndex(["2018-06-01", "2030-06-01"]))
    assert list(found) == list(range(2018, 2031))
    assert all(day.year == year and (1, 20) < (day.month, day.day) < (2, 21) for year, day in found.items())
    # from one to the next there are 12 or 13 moons of 29.530589 days
    for one, other in pairwise(found.values()):
        moons = (other - one).days / 29.530589
        assert abs(moons - round(moons)) < 0.04
        assert round(moons) in (12, 13)


def test_years_beyond_the_calendar_have_no_festival() -> None:
    assert list(new_years(pd.DatetimeIndex(["2006-06-01", "2009-06-01"]))) == [2008, 2009]
    assert new_years(pd.DatetimeIndex(["2104-06-01"])) == {}


# The next loan


def curves() -> list[tuple[np.ndarray, np.ndarray]]:
    """Durations with ties, with none at zero, all watched, all censored, and one alone."""
    random = np.random.default_rng(5)
    tied = random.integers(0, 40, 500), random.random(500) < 0.6
    free = random.permutation(np.arange(1, 201)), random.random(200) < 0.5
    return [
        tied,
        free,
        (tied[0], np.ones(500, bool)),
        (tied[0], np.zeros(500, bool)),
        (np.array([3]), np.array([True])),
    ]


@pytest.mark.parametrize("case", range(5))
def test_the_curve_agrees_with_lifelines(case: int) -> None:
    days, happened = curves()[case]
    ours = kaplan_meier(days, happened).set_index("days")
    theirs = KaplanMeierFitter().fit(days, happened)
    survival = theirs.survival_function_["KM_estimate"].reindex(ours.index)
    np.testing.assert_allclose(ours["survival"], survival, atol=1e-12, rtol=0)
    ends = theirs.confidence_interval_.reindex(ours.index)
    watched = (ours["survival"] > 0).to_numpy()  # where nobody is left, we give no interval
    for column, end in (("low", ends.iloc[:, 0]), ("high", ends.iloc[:, 1])):
        np.testing.assert_allclose(ours[column][watched], end[watched], atol=1e-12, rtol=0)
    events = theirs.event_table.reindex(ours.index)
    assert ours["events"].tolist() == events["observed"].tolist()
    assert ours["at_risk"].tolist()[1:] == events["at_risk"].tolist()[1:]


def test_the_curve_of_five_is_as_worked_by_hand() -> None:
    found = kaplan_meier([1, 2, 2, 3, 5], [True, True, False, True, False])
    assert found["days"].tolist() == [0, 1, 2, 3, 5]
    assert found["at_risk"].tolist() == [5, 5, 4, 2, 1]
    assert found["events"].tolist() == [0, 1, 1, 1, 0]
    assert found["survival"].tolist() == pytest.approx([1, 0.8, 0.6, 0.3, 0.3])
    # Greenwood's sum after day 2: 1/(5·4) + 1/(4·3) = 0.1333; log-log half 1.96 · √0.1333 / ln 0.6
    half = 1.9599640 * np.sqrt(1 / 20 + 1 / 12) / -np.log(0.6)
    assert found.loc[2, "low"] == pytest.approx(0.6 ** np.exp(half))
    assert found.loc[2, "high"] == pytest.approx(0.6 ** np.exp(-half))


def test_spells_end_with_the_next_loan_or_with_the_window() -> None:
    found = spells(LOANS)
    # the last day is looked at to its end, 23:59:59: 353 days after 13 March at 20:00, 418 after 7 January at 23:00
    assert found.to_numpy().tolist() == [
        [1, 1, 10, True],
        [1, 2, 60, True],
        [1, 3, 353, False],
        [2, 1, 0, True],
        [2, 2, 418, False],
        [3, 1, 0, False],
    ]
    # likewise 20 days after 12 January at 10:30, 25 after 7 January at 23:00
    assert spells(LOANS, "2023-02-01").to_numpy().tolist() == [
        [1, 1, 10, True],
        [1, 2, 20, False],
        [2, 1, 0, True],
        [2, 2, 25, False],
    ]
    pd.testing.assert_frame_equal(spells(LOANS, "2024-02-29"), found)


def test_the_day_of_a_loan_is_the_first_on_which_it_is_known() -> None:
    assert len(spells(LOANS, "2023-01-06")) == 1
    assert len(spells(LOANS, "2023-01-07")) == 3


@pytest.mark.parametrize(
    "name",
    [
        "time_to_next_loan",
        "borrowed_again",
        "median_wait",
        "limit_use",
        "caution_by_use",
        "referral",
        "reproduction",
        "debt_service",
        "debt_service_above",
    ],
)
def test_the_day_named_is_looked_at_to_its_end(name: str, tables: dict[str, pd.DataFrame]) -> None:
    found = [made(name, tables, until=until) for until in ("2023-09-30", "2023-09-30 23:59:59")]
    pd.testing.assert_frame_equal(*found)


def test_who_registers_or_applies_later_is_not_known_yet() -> None:
    # by 2023-12-31 user 2 has brought 4, and a user who came a day later counts neither among users nor as brought
    late = pd.DataFrame({"user_id": [8], "registered_at": [pd.Timestamp("2024-01-01")], "referred_by": [2]})
    more = pd.concat([USERS, late], ignore_index=True)
    for name in ("referral", "reproduction"):
        one, other = (made(name, {"users": frame}, until="2023-12-31") for frame in (USERS, more))
        pd.testing.assert_frame_equal(one, other)
    # 6 held a limit from December 2022 on and was refused in June 2023
    held = [made("limit_use", HAND, until=until, days=90)["n"].iloc[0] for until in ("2023-05-31", "2023-06-01")]
    assert held == [5, 4]


def test_waits_are_as_worked_by_hand() -> None:
    found = made("time_to_next_loan", HAND)
    first = found[found["ordinal"] == 1]
    assert first[["days", "at_risk", "events"]].to_numpy().tolist() == [[0, 3, 1], [10, 1, 1]]
    assert first["survival"].tolist() == pytest.approx([2 / 3, 0])
    again = made("borrowed_again", HAND)
    assert again.loc[again["ordinal"] == 1, "share"].tolist() == [1, 1, 1, 1]
    # after the second loan: 60 days, and watched for 417 without one
    assert again.loc[again["ordinal"] == 2, "share"].tolist() == pytest.approx([0, 0.5, 0.5, 0.5])
    # after the third: one borrower, watched for 352 days, so nobody knows about 365
    assert again.loc[again["ordinal"] == 3, "share"].tolist()[:3] == [0, 0, 0]
    assert np.isnan(again["share"].iloc[-1])
    median = made("median_wait", HAND).set_index("ordinal")
    assert median.loc[[1, 2], "median_days"].tolist() == [10, 60]
    assert np.isnan(median.loc[3, "median_days"])
    assert median["events"].tolist() == [2, 1, 0]


def test_the_median_wait_agrees_with_lifelines(tables: dict[str, pd.DataFrame]) -> None:
    every = spells(tables["loans"])
    found = made("median_wait", tables).set_index("ordinal")
    for ordinal in (1, 2, 3):
        part = every[every["ordinal"] == ordinal]
        assert (
            found.loc[ordinal, "median_days"]
            == KaplanMeierFitter().fit(part["days"], part["happened"]).median_survival_time_
        )


def test_a_borrower_gives_a_curve_one_spell_at_most(tables: dict[str, pd.DataFrame]) -> None:
    assert not spells(tables["loans"]).duplicated(["user_id", "ordinal"]).any()


@pytest.mark.parametrize("name", ["time_to_next_loan", "borrowed_again", "median_wait"])
def test_all_censored_and_one_borrower_give_rows_without_a_warning(name: str) -> None:
    once = LOANS[LOANS["ordinal"] == 1]
    assert len(made(name, {"loans": once})) > 0
    assert len(made(name, {"loans": LOANS.head(1)})) > 0
    with pytest.raises(InputError, match=r"^loans\.ordinal: no loan has one of 7, 8\."):
        made(name, HAND, ordinals=(7, 8))
    with pytest.raises(InputError, match=r"^loans: none was taken by 2020-01-01"):
        made(name, HAND, until="2020-01-01")
    with pytest.raises(InputError, match=r"^someday: not a time"):
        made(name, HAND, until="someday")


# Repeat borrowing


def test_a_loan_counts_as_repeated_once_an_earlier_one_was_disbursed() -> None:
    # The money of the first loan of borrower 2 comes after the second was asked for.
    late = LOANS.assign(disbursed_at=LOANS["disbursed_at"].where(LOANS["loan_id"] != 21, pd.Timestamp("2023-01-08")))
    found = made("repeat_share", {"loans": late}).set_index(["period", "measure"])
    assert found.loc[("2023", "of_loans"), "k"] == 2


def test_the_warm_up_can_be_moved() -> None:
    found = made("repeat_share", HAND, since="2023-02-01").set_index(["period", "measure"])
    assert found.loc[("after_warm_up", "of_loans"), ["n", "k"]].tolist() == [2, 1]
    with pytest.raises(InputError, match=r"^loans: none was taken since 2025-01-01"):
        made("repeat_share", HAND, since="2025-01-01")


def test_revolvers_can_have_more_loans() -> None:
    assert made("revolvers", HAND, least=3)["k"].tolist() == [1, 3, 5000]


def test_the_lorenz_curve_of_three_is_as_worked_by_hand() -> None:
    # They borrowed 2,500, 2,500 and 5,000.
    found = made("lorenz", HAND).set_index("share_of_borrowers")["share_of_volume"]
    assert len(found) == 101
    assert found[[0.0, 0.5, 0.9, 1.0]].tolist() == pytest.approx([0, 1.5 * 0.25, 0.5 + 0.7 * 0.5, 1])
    assert made("concentration", HAND)["share"].tolist() == pytest.approx([0.15, 1 / 6])


def test_the_gini_coefficient_is_half_the_mean_distance_over_the_mean(tables: dict[str, pd.DataFrame]) -> None:
    volume = tables["loans"].groupby("user_id")["amount_cny"].sum().to_numpy(float)
    slow = np.abs(volume[:, None] - volume[None, :]).mean() / 2 / volume.mean()
    assert made("concentration", tables)["share"].iloc[1] == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("name", ["concentration", "lorenz"])
def test_intervals_of_concentration_are_those_of_a_bootstrap_over_borrowers(name: str) -> None:
    loans = book(3, 1_500)["loans"]
    volume = loans.groupby("user_id")["amount_cny"].sum().to_numpy(float)
    random = np.random.default_rng(4)
    column = "share" if name == "concentration" else "share_of_volume"
    drawn = []
    for _ in range(300):
        again = random.choice(volume, len(volume))
        frame = pd.DataFrame({"user_id": np.arange(len(again)), "amount_cny": again.astype(int)})
        drawn.append(made(name, {"loans": frame})[column].to_numpy())
    found = made(name, {"loans": loans})
    rows = slice(None) if name == "concentration" else slice(20, 100, 10)
    width = (found["high"] - found["low"])[rows] / 2 / 1.96
    np.testing.assert_allclose(width, np.std(drawn, axis=0)[rows], rtol=0.15)


def test_a_clustered_interval_is_that_of_a_bootstrap_over_borrowers() -> None:
    loans = book(3, 1_500)["loans"]
    row = made("repeat_share", {"loans": loans}).iloc[-2]
    again = loans["ordinal"] > 1
    recent = loans["borrowed_at"] >= loans["borrowed_at"].max() - pd.DateOffset(years=2)
    each = pd.DataFrame({"k": again & recent, "n": recent}).groupby(loans["user_id"]).sum().to_numpy()
    random = np.random.default_rng(4)
    sums = [each[random.integers(0, len(each), len(each))].sum(axis=0) for _ in range(1000)]
    spread = np.std([k / n for k, n in sums])
    assert (row["high"] - row["low"]) / 2 / 1.96 == pytest.approx(spread, rel=0.1)
    assert row["design_effect"] > 1.3
    assert row["effective_n"] == pytest.approx(row["n"] / row["design_effect"])


# Limits, referral, what it costs


def test_the_caution_of_each_use_is_the_mean_of_its_users() -> None:
    found = made("caution_by_use", HAND)
    assert found["n"].tolist() == [1, 1, 2]
    assert found["mean_caution"].tolist() == pytest.approx([0.9, 0.5, 0.3])
    # two users: 0.2 and 0.4, so the mean's standard error is √0.02 / √2 = 0.1
    assert found["low"].iloc[2] == pytest.approx(0.3 - 0.1959964)
    assert np.isnan(found["low"].iloc[0])


def test_how_long_a_limit_was_held_can_be_chosen() -> None:
    assert made("limit_use", HAND, days=30)["n"].tolist() == [5, 5, 5]
    with pytest.raises(InputError, match=r"^applications: nobody has held a limit for 900 days by 2024-02-29"):
        made("limit_use", HAND, days=900)


def test_loans_without_a_limit_have_no_utilisation() -> None:
    rejected = APPLICATIONS.assign(outcome="rejected", limit_cny=0)
    with pytest.raises(InputError, match=r"^loans: none was drawn from an approved limit"):
        made("utilisation", {**HAND, "applications": rejected})


def test_users_brought_per_user_are_as_worked_by_hand() -> None:
    found = made("reproduction", HAND)
    assert found[["cohort", "n", "brought"]].to_numpy().tolist() == [
        ["2022", 4, 3],
        ["2023", 2, 0],
        ["everybody", 6, 3],
    ]
    assert found["per_user"].tolist() == [0.75, 0, 0.5]
    # 2, 1, 0 and 0: variance 11/12
    assert found["high"].iloc[0] == pytest.approx(0.75 + 1.9599640 * np.sqrt(11 / 12 / 4))
    assert found["low"].iloc[0] == 0


def test_nobody_brought_makes_trees_of_one() -> None:
    alone = {"users": USERS.assign(referred_by=None)}
    assert made("referral_depth", alone)["k"].tolist() == [7]
    assert made("referral", alone)["k"].tolist() == [0, 0]
    assert made("referral_trees", alone)["users"].tolist() == [7, 0, 0, 0, 0]


def test_strangers_and_circles_are_refused() -> None:
    with pytest.raises(InputError, match=r"^users\.referred_by = 99: no such user"):
        made("referral_depth", {"users": USERS.assign(referred_by=99)})
    circle = USERS.assign(referred_by=[2, 1, None, None, None, None, None])
    with pytest.raises(InputError, match=r"^users\.referred_by: users brought one another in a circle"):
        made("referral_trees", {"users": circle})


def test_a_user_must_have_had_a_year_to_bring_others() -> None:
    with pytest.raises(InputError, match=r"^users\.registered_at: nobody registered a year before 2023-06-01"):
        made("referral", HAND, until="2023-06-01")


def test_interest_is_per_thousand_lent_as_worked_by_hand() -> None:
    found = made("interest_by_term", HAND).set_index("term_months")
    assert found["n"].tolist() == [3, 3]
    assert found["per_1000"].tolist() == pytest.approx([40 / 2.5, 200 / 7.5])
    assert found["mean_apr"].tolist() == pytest.approx([0.62 / 3, 0.62 / 3])
    # one month: 35 of 2,000 and 5 of 500; residuals 3 and −3 around 16 per 1,000
    assert found["high"].iloc[0] - 16 == pytest.approx(1.9599640 * np.sqrt(2 * 18) / 2.5)
    tiers = made("interest_by_tier", HAND).set_index("quality_tier")
    assert tiers.index.tolist() == ["prime", "inferior"]
    assert tiers["per_1000"].tolist() == pytest.approx([190 / 7.5, 50 / 2.5])


def test_a_loan_without_instalments_is_refused() -> None:
    with pytest.raises(InputError, match=r"^instalments: loan 31 has none"):
        made("interest_by_term", {**HAND, "instalments": INSTALMENTS.head(7)})


def test_a_twelve_month_loan_costs_what_its_annuity_says() -> None:
    # 1,000 CNY over 12 months at 24 %: twelve payments of 94.56, so 134.72 of interest
    rate = 0.02
    payment = 1000 * rate / (1 - (1 + rate) ** -12)
    plan = pd.DataFrame({"loan_id": 1, "interest_cny": [payment - 1000 / 12] * 12})
    loan = pd.DataFrame({"loan_id": [1], "user_id": [1], "amount_cny": [1000], "term_months": [12], "apr": [0.24]})
    assert habits.interest_by_term(loan, plan)["per_1000"].iloc[0] == pytest.approx(134.72, abs=0.01)


def test_debt_service_ends_with_the_window_and_needs_income() -> None:
    assert made("debt_service", HAND, until="2023-02-28")["borrower_months"].tolist()[0] == 2
    with pytest.raises(InputError, match=r"^instalments: none of a borrower with income is due by 2023-01"):
        made("debt_service", HAND, until="2023-01-31")


def test_what_is_assumed_of_costs_says_so() -> None:
    for name, stated in catalog.load("costs").items():
        assert stated["basis"] == "assumed", name
        assert stated["because"].keys() == {"en", "zh"}
        assert stated.get("source", "cbrc-2004") in catalog.load("sources")


# What goes in


def test_times_with_a_zone_and_missing_times_are_refused() -> None:
    zoned = LOANS.assign(borrowed_at=LOANS["borrowed_at"].dt.tz_localize("Asia/Shanghai"))
    with pytest.raises(InputError, match=r"^loans\.borrowed_at: dtype is datetime64\[.*Asia/Shanghai\]\. Wanted: "):
        habits.hours(zoned)
    with pytest.raises(InputError, match=r"^loans\.borrowed_at: 1 missing values"):
        habits.hours(LOANS.assign(borrowed_at=LOANS["borrowed_at"].where(LOANS["loan_id"] > 11)))


def test_columns_that_may_be_missing_keep_their_type() -> None:
    found = columns(USERS, "users", ["referred_by", "user_id"])
    assert found["referred_by"].dtype == "Int64"
    assert list(found.columns) == ["referred_by", "user_id"]
    tiers = columns(APPLICATIONS, "applications", ["quality_tier"])["quality_tier"]
    assert (tiers.dtype.name, int(tiers.isna().sum())) == ("category", 1)


def test_bands_begin_where_their_words_say() -> None:
    found = banded(pd.Series([0, 1, 2, 3, 5, 6, 99]), ["0", "1", "2", "3..5", "6.."])
    assert found.tolist() == ["0", "1", "2", "3..5", "3..5", "6..", "6.."]


@pytest.mark.parametrize("name", READS)
def test_every_value_lies_in_its_interval(name: str, tables: dict[str, pd.DataFrame]) -> None:
    found = made(name, tables)
    if "low" in found:
        value = found.columns[list(found.columns).index("low") - 1]
        known = found.dropna(subset=[value, "low", "high"])
        assert len(known) > 0
        assert (known["low"] <= known[value] + 1e-12).all()
        assert (known[value] <= known["high"] + 1e-12).all()
    else:
        assert name == "daily"


ONE = {table: frame[frame["user_id"] == 1] if "user_id" in frame else frame.head(4) for table, frame in HAND.items()}
NO_FESTIVAL = {"spring_festival", "around_festival"}


@pytest.mark.parametrize("name", sorted(set(READS) - NO_FESTIVAL))
def test_one_borrower_gives_rows_without_a_warning(name: str) -> None:
    if name in {"limit_use", "caution_by_use", "referral", "reproduction"}:
        found = made(name, ONE, until="2024-02-29")
    else:
        found = made(name, ONE)
    assert len(found) > 0
    if "clusters" in found:
        assert set(found["clusters"]) == {1}


# Against the truth of a random book, and coverage


def test_the_shares_of_a_whole_add_up_to_one(tables: dict[str, pd.DataFrame]) -> None:
    for name, groups in {
        "hour_by_weekday": 1,
        "hours": 1,
        "hour_windows": 1,
        "loans_per_borrower": 1,
        "loans_per_active_year": 1,
        "limit_use": 1,
        "utilisation": 1,
        "referral_trees": 1,
        "referral_depth": 1,
        "inquiries": 1,
        "debt_service": 2,
    }.items():
        assert made(name, tables)["share"].sum() == pytest.approx(groups), name


def test_a_large_book_gives_its_truth_back() -> None:
    tables = book(1, 20_000)
    hours = made("hours", tables)
    assert ((hours["low"] <= HOUR / HOUR.sum()) & (HOUR / HOUR.sum() <= hours["high"])).sum() >= 21
    weights = day_weights()
    parts = [
        weights[(weights.index.day >= first) & (weights.index.day <= last)].mean()
        for first, last in ((1, 5), (6, 10), (11, 20), (21, 25), (26, 31))
    ]
    assert made("parts_of_month", tables)["relative"].tolist() == pytest.approx(parts, abs=0.05)
    weekdays = [weights[weights.index.day_of_week == day].mean() for day in range(7)]
    assert made("weekdays", tables)["relative"].tolist() == pytest.approx(weekdays, abs=0.04)
    referral = made("referral", tables).iloc[0]
    assert referral["low"] <= REFERRED <= referral["high"]
    pooled = made("spring_festival", tables).iloc[-1]
    assert pooled["low"] <= FESTIVAL <= pooled["high"]


def times_covered(holds: Callable[[np.random.Generator], bool], seed: int) -> int:
    random = np.random.default_rng(seed)
    return sum(holds(random) for _ in range(1000))


def test_intervals_of_the_trough_hold_the_truth_at_least_95_times_in_a_hundred() -> None:
    # Every day has a log-normal luck of its own (sigma 0.2) beside that of its loans: a Poisson interval would fail.
    day = FESTIVAL_2023
    days = pd.date_range(day - pd.Timedelta(days=90), day + pd.Timedelta(days=90))
    month = ((days - day).days >= 1) & ((days - day).days <= 30)
    rate = 30 * np.where(month, 0.8, 1.0)

    def holds(random: np.random.Generator) -> bool:
        counts = random.poisson(rate * random.lognormal(-0.02, 0.2, len(days)))
        [row] = made("spring_festival", {"loans": pd.DataFrame({"borrowed_at": days.repeat(counts)})}).to_dict(
            "records"
        )
        return bool(row["low"] <= 0.8 <= row["high"])

    assert times_covered(holds, seed=13) >= HOLDS_AT_95_PERCENT[0]


def test_intervals_of_the_curve_hold_the_truth_95_times_in_a_hundred() -> None:
    # Waits are exponential, watched for 20 to 200 days; 63.2 % of those watched have borrowed again by day 100.
    def holds(random: np.random.Generator) -> bool:
        wait, watched = random.exponential(100, 300), random.uniform(20, 200, 300)
        curve = kaplan_meier(np.minimum(wait, watched), wait <= watched)
        row = curve[curve["days"] <= 100].iloc[-1]
        return bool(row["low"] <= np.exp(-1) <= row["high"])

    assert times_covered(holds, seed=14) in HOLDS_AT_95_PERCENT
