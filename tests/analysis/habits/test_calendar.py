"""Day by day and around Spring Festival: by hand, by coverage, and beyond the calendar."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from book import FESTIVAL, book
from habits_tables import FESTIVAL_2023, LOANS, half_year, hand, taken

import loanpersona as lp
from loanpersona.analysis.habits.calendar import Loans, by_year, new_years
from loanpersona.analysis.written import html_table
from loanpersona.core.errors import InputError


def test_no_day_is_left_out_and_the_festivals_are_marked() -> None:
    result = lp.habits.originations(hand(), every="day")
    assert (len(result), result["loans"].sum(), result["loans"].max()) == (424, 6, 2)
    marked = result.loc[result["spring_festival"], "begins"].dt.strftime("%Y-%m-%d").tolist()
    assert marked == ["2023-01-22", "2024-02-10"]
    assert result["weekday"].tolist()[:2] == ["monday", "tuesday"]
    assert result.set_index("begins").loc["2023-01-07", ["loans", "lent_cny"]].tolist() == [2, 2500]


def test_a_table_of_hundreds_of_days_shows_the_first_and_says_how_many_there_are() -> None:
    shown = html_table(lp.habits.originations(hand(), every="day"), "en")
    assert shown.count('<th scope="row">') == 200
    assert "and 224 further rows" in shown
    assert "further rows" not in html_table(lp.habits.originations(hand()), "en")


def test_months_and_weeks_begin_on_their_first_day() -> None:
    months = lp.habits.originations(hand())
    assert months["begins"].dt.day.unique().tolist() == [1]
    assert (len(months), months["loans"].tolist()[:4], months["lent_cny"].sum()) == (14, [4, 0, 1, 0], 10_000)
    weeks = lp.habits.originations(hand(), every="week")
    assert weeks["begins"].dt.day_of_week.unique().tolist() == [0]
    assert weeks["loans"].tolist()[:2] == [3, 1]
    with pytest.raises(InputError, match=r"^every = 'year': not known"):
        lp.habits.originations(hand(), every="year")


def test_groups_have_the_days_of_everybody() -> None:
    result = lp.habits.originations(hand(), by="referred")
    assert result.groupby("referred", observed=True)["loans"].agg(["size", "sum"]).to_numpy().tolist() == [
        [14, 6],
        [14, 3],
        [14, 3],
    ]


def test_where_the_calendar_does_not_reach_nobody_says_that_there_was_no_festival() -> None:
    result = lp.habits.originations(
        loans=taken(pd.date_range("2005-06-01", "2010-06-30")).assign(amount_cny=1), every="day"
    )
    assert result.groupby(result["begins"].dt.year)["spring_festival"].agg(["count", "sum"]).to_numpy().tolist() == [
        [0, 0],
        [0, 0],
        [0, 0],
        [366, 1],
        [365, 1],
        [181, 1],
    ]


@pytest.mark.parametrize("of", ["week", "year"])
@pytest.mark.parametrize(("first", "last"), [("2003-06-01", "2007-06-30"), ("2005-06-01", "2010-06-30")])
def test_a_book_beyond_the_calendar_is_refused_by_its_reason(first: str, last: str, of: str) -> None:
    with pytest.raises(InputError, match=rf"^loans\.borrowed_at: from {first} to {last}, but the calendar knows 2008"):
        lp.habits.festival(loans=taken(pd.date_range(first, last)), of=of)


def ratios(days: pd.DatetimeIndex, **more: str) -> pd.DataFrame:
    return lp.habits.festival(loans=taken(days), of="year", **more)


def test_the_ratio_of_even_days_is_exact_and_one_year_is_not_pooled() -> None:
    [row] = ratios(half_year()).to_dict("records")
    assert (row["year"], row["n"]) == ("2023", 150)
    assert (row["rate_ratio"], row["month_rate"], row["around_rate"]) == pytest.approx((0.5, 1, 2))


def test_the_interval_of_the_ratio_is_as_worked_by_hand() -> None:
    # 332 loans, each of another user: 30 of the month pull 1 / 30 each, 240 around it 1 / 240, and 62 not at all. Days
    # are too even to have a luck of their own. The 30 days less 7 weekdays leave 23 degrees of freedom.
    [row] = ratios(half_year()).to_dict("records")
    half = 2.0686576 * np.sqrt((1 / 30 + 1 / 240) * 332 / 331)
    assert (row["low"], row["high"]) == pytest.approx((0.5 * np.exp(-half), 0.5 * np.exp(half)))


def test_loans_of_one_user_widen_the_interval_of_the_ratio() -> None:
    # As before, but the loans of two days that follow one another in the month are those of one user.
    loans = taken(half_year())
    after = (loans["borrowed_at"].dt.normalize() - FESTIVAL_2023).dt.days
    paired = loans.assign(user_id=loans["user_id"].where((after < 1) | (after > 30), 1000 + (after + 1) // 2))
    [row] = lp.habits.festival(loans=paired, of="year").to_dict("records")
    half = 2.0686576 * np.sqrt((15 * (2 / 30) ** 2 + 1 / 240) * 317 / 316)
    assert row["high"] == pytest.approx(0.5 * np.exp(half))


def test_years_whose_days_are_not_all_there_are_left_out() -> None:
    days = pd.DatetimeIndex(book(7, 4_000)["loans"]["borrowed_at"])
    assert ratios(days)["year"].tolist() == ["2022", "2023", "2024", "pooled"]
    # the 90th day after 2024-02-10 is 2024-05-10
    assert ratios(days, until="2024-05-09")["year"].tolist() == ["2022", "2023", "pooled"]
    assert "2024" in ratios(days, until="2024-05-10")["year"].tolist()


@pytest.mark.parametrize("of", ["week", "year"])
def test_no_festival_in_range_is_refused(of: str) -> None:
    summer = LOANS[["loan_id", "user_id"]].assign(borrowed_at=pd.date_range("2023-06-01", periods=6))
    with pytest.raises(InputError, match=r"^loans\.borrowed_at: from 2023-06-01 to 2023-06-06 no Spring Festival"):
        lp.habits.festival(loans=summer, of=of)
    with pytest.raises(InputError, match=r"^loans: none was taken by 2020-01-01"):
        lp.habits.festival(loans=summer, of=of, until="2020-01-01")
    with pytest.raises(InputError, match=r"^of = \('week', 'year'\): not known"):
        lp.habits.festival(loans=summer, of=("week", "year"))


def test_a_month_without_any_loan_has_a_ratio_of_nought_and_says_why_it_has_no_interval() -> None:
    after = (half_year() - FESTIVAL_2023).days
    [row] = ratios(half_year()[(after < 1) | (after > 30)]).to_dict("records")
    assert (row["month_rate"], row["rate_ratio"], row["why"]) == (0, 0, "no_loans_there")
    assert np.isnan([row["low"], row["high"]]).all()


def test_weeks_around_the_festival_are_relative_to_the_time_around_it() -> None:
    result = lp.habits.festival(loans=taken(half_year())).set_index("week")
    assert list(result.index) == list(range(-12, 13))
    # days 0 to 6: two loans on the first day, one on the others; the shaded month ends on the second day of week 4
    assert result["rate_ratio"].round(6).tolist() == [
        *[1.0] * 12,
        *(round(one, 6) for one in (8 / 14, 0.5, 0.5, 0.5, 11 / 14)),
        *[1.0] * 8,
    ]
    assert set(result["n"]) == {7}


def test_spring_festivals_are_in_the_first_two_months_on_new_moons() -> None:
    result = new_years(pd.DatetimeIndex(["2018-06-01", "2030-06-01"]))
    assert list(result) == list(range(2018, 2031))
    assert all(day.year == year and (1, 20) < (day.month, day.day) < (2, 21) for year, day in result.items())
    # from one to the next there are 12 or 13 moons of 29.530589 days
    for one, other in pairwise(result.values()):
        moons = (other - one).days / 29.530589
        assert abs(moons - round(moons)) < 0.04
        assert round(moons) in (12, 13)


def test_the_trough_of_a_large_book_is_given_back() -> None:
    pooled = lp.habits.festival(lp.Book(**book(1, 20_000)), of="year").iloc[-1]
    assert pooled["low"] <= FESTIVAL <= pooled["high"]


def test_intervals_of_the_trough_hold_the_truth_95_times_in_a_hundred() -> None:
    # Every day has a log-normal luck of its own (sigma 0.2) beside that of its loans, and Sundays are half as busy.
    # Of 1,000 intervals that hold their value with 95 % chance, 926 to 971 hold it but once in a thousand.
    days = pd.date_range(FESTIVAL_2023 - pd.Timedelta(days=90), FESTIVAL_2023 + pd.Timedelta(days=90), unit="s")
    after, random = (days - FESTIVAL_2023).days, np.random.default_rng(2027)
    rate = 30 * np.where((after >= 1) & (after <= 30), 0.8, 1.0) * np.where(days.day_of_week == 6, 0.5, 1.0)
    [truth, around] = (rate[where].mean() for where in ((after >= 1) & (after <= 30), np.abs(after) > 30))
    holds = 0
    for _ in range(1000):
        counts = random.poisson(rate * random.lognormal(-0.02, 0.2, len(days)))
        loans = Loans(days, np.arange(len(days)).repeat(counts), pd.Series(np.arange(counts.sum())))
        [row] = by_year(loans, {2023: FESTIVAL_2023})
        holds += row["low"] <= truth / around <= row["high"]
    assert 926 <= holds <= 971
