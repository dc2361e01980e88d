"""When they borrow: six loans by hand, an even spread, the lead of the morning, and the columns of time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from book import HOUR, book, day_weights
from habits_tables import LOANS, hand, taken

import loanpersona as lp
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import wilson


def counts(of: str, **more: object) -> dict[object, int]:
    """The cells in which somebody borrowed, and how many loans lie in each."""
    result = lp.habits.timing(hand(), of=of, **more)
    return {row[of]: row["k"] for row in result.to_dict("records") if row["k"]}


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("hour", {8: 1, 9: 1, 10: 2, 20: 1, 23: 1}),
        ("window", {"8..11": 4, "20..23": 2}),
        ("daytime", {"from_9_to_18": 3, "before_9_or_from_18": 3}),
        ("weekday", {"monday": 2, "thursday": 2, "saturday": 2}),
        ("working_day", {"monday_to_friday": 4, "weekend": 2}),
        # 2023-01-02 was New Year's holiday
        ("day_type", {"workday": 3, "day_off": 3}),
        ("day_of_month", {2: 1, 7: 2, 12: 1, 13: 1, 29: 1}),
        ("part_of_month", {"1..5": 1, "6..10": 2, "11..20": 2, "26..31": 1}),
        ("month", {1: 4, 2: 1, 3: 1}),
    ],
)
def test_loans_are_counted_as_by_hand(of: str, expected: dict[object, int]) -> None:
    assert counts(of) == expected


def test_two_cells_hold_the_loans_of_both_and_add_up_to_all() -> None:
    result = lp.habits.timing(hand(), of=("working_day", "daytime"))
    assert result["k"].tolist() == [2, 2, 1, 1]
    # 2023-01-02 to 2024-02-29: 60 weeks and four days more, Monday to Thursday
    assert result["baseline"].tolist() == pytest.approx([304 / 424 * 9 / 24, 304 / 424 * 15 / 24, 45 / 424, 75 / 424])
    assert lp.habits.timing(hand(), of=("weekday", "hour"))[["share", "baseline"]].sum().tolist() == pytest.approx(
        [1, 1]
    )


def test_a_clustered_share_is_as_worked_by_hand() -> None:
    # Of 3, 2 and 1 loans 2, 1 and 1 were taken in the morning: residuals 0, −1/3 and 1/3 around 4/6. The variance is
    # 3/2 · 2/9 / 36 = 1/108, a quarter of 2/9 / 6: as good as 24 independent loans.
    morning = lp.habits.timing(hand(), of="window").set_index("window").loc["8..11"]
    assert (morning["share"], morning["clusters"]) == (4 / 6, 3)
    assert (morning["design_effect"], morning["effective_n"]) == pytest.approx((0.25, 24))
    assert (morning["share_low"], morning["share_high"]) == pytest.approx(wilson(16, 24))
    # four hours of 24
    assert tuple(morning[["relative", "low", "high"]]) == pytest.approx((4.0, *(6 * end for end in wilson(16, 24))))


def test_the_morning_leads_each_rival_by_the_difference_of_the_shares() -> None:
    result = lp.habits.timing(hand(), of="window", against="8..11").set_index("window")
    assert result["difference"].tolist()[:2] == pytest.approx([4 / 6, 4 / 6])
    assert np.isnan(result.loc["8..11", "difference"])
    # By hand, against 20 to 23: scores 2 − 1, 1 − 1, 1 around 1/3 of each loan: residuals 0, −2/3, 2/3; with 99 %.
    half = 2.5758293 * np.sqrt(3 / 2 * 8 / 9) / 6
    night = result.loc["20..23"]
    assert (night["difference"], night["difference_low"], night["difference_high"]) == pytest.approx(
        (1 / 3, 1 / 3 - half, 1 / 3 + half)
    )


def test_windows_can_be_shifted_round_the_clock_and_be_wider() -> None:
    result = lp.habits.timing(hand(), of="window", shift=1)
    assert result["window"].tolist() == ["1..4", "5..8", "9..12", "13..16", "17..20", "21..0"]
    assert result["k"].tolist() == [0, 1, 3, 0, 1, 1]
    assert counts("window", width=12) == {"0..11": 4, "12..23": 2}
    with pytest.raises(InputError, match=r"^width = 5: does not divide the day"):
        lp.habits.timing(hand(), of="window", width=5)


def test_days_are_relative_to_how_often_they_come() -> None:
    weekdays = lp.habits.timing(hand(), of="weekday")
    assert weekdays["days"].tolist() == [61, 61, 61, 61, 60, 60, 60]
    assert weekdays["relative"].tolist() == pytest.approx(
        [2 / 6 * 424 / 61, 0, 0, 2 / 6 * 424 / 61, 0, 2 / 6 * 424 / 60, 0]
    )
    month = lp.habits.timing(hand(), of="day_of_month").set_index("day_of_month")
    assert month["days"].tolist() == [13, *[14] * 27, 13, 12, 8]
    assert month.loc[7, "relative"] == pytest.approx(2 / 6 * 424 / 14)
    assert "why" not in month
    assert lp.habits.timing(hand(), of="part_of_month")["days"].tolist() == [69, 70, 140, 70, 75]


def test_a_cell_that_no_day_has_says_why_it_has_no_relative() -> None:
    month = lp.habits.timing(loans=LOANS.head(2), of="day_of_month").set_index("day_of_month")
    assert month.loc[20, "days"] == 0
    assert np.isnan(month.loc[20, "relative"])
    assert (month.loc[20, "why"], month["why"].notna().sum()) == ("no_such_day", (month["days"] == 0).sum())


def test_groups_of_the_calendar_have_an_even_spread_of_their_own() -> None:
    # a loan at every noon: no part of the month has more, on working days, at weekends or in a quarter
    every_noon = taken(pd.date_range("2023-01-01", "2023-12-31") + pd.Timedelta(hours=12))
    for by in ("working_day", "quarter", "weekday"):
        assert lp.habits.timing(loans=every_noon, of="part_of_month", by=by)["relative"].tolist() == pytest.approx(
            [1.0] * 5 * (1 + {"working_day": 2, "quarter": 4, "weekday": 7}[by])
        )


def test_groups_of_users_stand_below_everybody_and_hold_their_own_loans() -> None:
    result = lp.habits.timing(hand(), of="working_day", by="platforms")
    assert result["platforms"].tolist() == ["everybody", "everybody", "1", "1", "3", "3"]
    assert result["n"].tolist() == [6, 6, 4, 4, 2, 2]
    assert result["k"].tolist() == [4, 2, 4, 0, 0, 2]


def test_a_book_beyond_the_calendar_has_no_workdays_of_china() -> None:
    early = taken(pd.date_range("2005-06-01", "2010-06-30"))
    with pytest.raises(InputError, match=r"but the calendar knows 2008 to 2099 only"):
        lp.habits.timing(loans=early, of="day_type")
    by = lp.habits.timing(loans=early, of="hour", by="day_type")
    assert by["day_type"].unique().tolist() == ["everybody", "workday", "day_off", "not_known"]


def test_a_lender_need_not_know_every_time() -> None:
    some = LOANS.assign(borrowed_at=LOANS["borrowed_at"].where(LOANS["loan_id"] > 11), disbursed_at=None)
    assert lp.habits.timing(loans=some.drop(columns=["disbursed_at", "ordinal"]))["n"].unique().tolist() == [5]


def test_a_large_book_gives_its_truth_back() -> None:
    large = lp.Book(**book(1, 20_000))
    hours, truth = lp.habits.timing(large), HOUR / HOUR.sum()
    assert ((hours["share_low"] <= truth) & (truth <= hours["share_high"])).sum() >= 21
    weights = day_weights()
    parts = [
        weights[(weights.index.day >= first) & (weights.index.day <= last)].mean()
        for first, last in ((1, 5), (6, 10), (11, 20), (21, 25), (26, 31))
    ]
    assert lp.habits.timing(large, of="part_of_month")["relative"].tolist() == pytest.approx(parts, abs=0.05)
    weekdays = [weights[weights.index.day_of_week == day].mean() for day in range(7)]
    assert lp.habits.timing(large, of="weekday")["relative"].tolist() == pytest.approx(weekdays, abs=0.04)


def test_the_share_of_a_weekday_has_the_luck_of_its_days() -> None:
    # 2,000 loans of other users in 50 weeks: 40 on each Saturday and none else, then 20 and 60 in turn.
    even, uneven = ([40] * 50, [20, 60] * 25)
    widths = []
    for counts in (even, uneven):
        saturdays = pd.date_range("2023-01-07", periods=50, freq="7D").repeat(counts)
        others = pd.date_range("2023-01-02", periods=350).repeat(6)
        row = lp.habits.timing(loans=taken(saturdays.append(others)), of="weekday").set_index("weekday").loc["saturday"]
        widths.append(row["high"] - row["low"])
    assert widths[1] > 1.5 * widths[0]


def test_the_hours_of_a_day_that_is_busy_by_chance_are_no_less_certain() -> None:
    days = pd.date_range("2023-01-02", periods=100).repeat([10, 30] * 50)
    hours = taken(days + pd.to_timedelta(np.arange(len(days)) % 2 * 12, unit="h"))
    row = lp.habits.timing(loans=hours).iloc[0]
    assert (row["share_low"], row["share_high"]) == pytest.approx(wilson(999.5, 1999))
