"""Days of China against a table written down by hand, intensity worked by hand, and even time there and back."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from cases import CASES

import loanpersona as lp
from loanpersona.core import chinese_days
from loanpersona.persona.model import Persona
from loanpersona.simulation.calendar import EVEN_DAY, EVEN_SECOND, KINDS, clock, day_intensity, day_types

# Spring Festivals as the State Council announced them: New Year's Day, first and last day off, make-up workdays.
SPRING_FESTIVALS = {
    2018: ("02-16", "02-15", "02-21", ["02-11", "02-24"]),
    2019: ("02-05", "02-04", "02-10", ["02-02", "02-03"]),
    2020: ("01-25", "01-24", "02-02", ["01-19"]),  # extended in the epidemic
    2021: ("02-12", "02-11", "02-17", ["02-07", "02-20"]),
    2022: ("02-01", "01-31", "02-06", ["01-29", "01-30"]),
    2023: ("01-22", "01-21", "01-27", ["01-28", "01-29"]),
    2024: ("02-10", "02-10", "02-17", ["02-04", "02-18"]),
    2025: ("01-29", "01-28", "02-04", ["01-26", "02-08"]),
    2026: ("02-17", "02-15", "02-23", ["02-14", "02-28"]),
}
LATER_NEW_YEARS = {2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03"}
KNOWN = [year for year in SPRING_FESTIVALS if year <= chinese_days.announced()]


def days(first: str, last: str) -> pd.DataFrame:
    return day_types(date.fromisoformat(first), date.fromisoformat(last)).set_index("date")


@pytest.fixture(scope="module")
def timed() -> Persona:
    """Whole factors: weekends 0.5, days 1 to 10 twice, a week before New Year's Day 1.5, then a month of 0.5."""
    return lp.load_persona(CASES / "valid" / "24-a-window-and-a-calendar.yaml")


@pytest.fixture(scope="module")
def still(timed: Persona) -> Persona:
    """The same without luck."""
    return timed.replace({"calendar.daily_noise.sigma": 0})


# Days


@pytest.mark.parametrize("year", KNOWN)
def test_the_spring_festival_is_the_one_that_was_announced(year: int) -> None:
    new_year, first, last, made_up = SPRING_FESTIVALS[year]
    result = days(f"{year}-01-01", f"{year}-03-31")
    off = result.index[result["day_type"] == "spring_festival"]
    assert [f"{day:%m-%d}" for day in (off[0], off[-1])] == [first, last]
    assert len(off) == (off[-1] - off[0]).days + 1
    assert result.index[result["festival_day"] == 0].strftime("%m-%d").tolist() == [new_year]
    around = result["day_type"].eq("make_up_workday") & result["festival_day"].abs().le(20)
    assert result.index[around].strftime("%m-%d").tolist() == made_up
    assert not result["projected"].any()


@pytest.mark.parametrize("year", LATER_NEW_YEARS)
def test_new_years_days_to_come_are_reckoned(year: int) -> None:
    assert f"{chinese_days.year(year).new_year:%m-%d}" == LATER_NEW_YEARS[year]


def test_a_year_has_the_days_off_and_make_up_workdays_of_its_notice() -> None:
    result = days("2023-01-01", "2023-12-31")
    made_up = result.index[result["day_type"] == "make_up_workday"].strftime("%m-%d").tolist()
    assert made_up == ["01-28", "01-29", "04-23", "05-06", "06-25", "10-07", "10-08"]
    off = result.index[result["day_type"] == "public_holiday"].strftime("%m-%d").tolist()
    assert off == [
        "01-01",
        "01-02",
        "04-05",
        "04-29",
        "04-30",
        "05-01",
        "05-02",
        "05-03",
        "06-22",
        "06-23",
        "06-24",
        "09-29",
        "09-30",
        "10-01",
        "10-02",
        "10-03",
        "10-04",
        "10-05",
        "10-06",
        "12-30",
        "12-31",
    ]
    kinds = result["day_type"].value_counts()
    assert set(kinds.index) == set(KINDS)
    # Of 105 Saturdays and Sundays 7 are worked, 8 lie in the holidays above and 2 in the Spring Festival.
    assert kinds["rest_day"] == 105 - 7 - 8 - 2
    assert kinds["workday"] == 365 - 7 - 7 - 21 - kinds["rest_day"]


def test_weekdays_are_those_of_the_week() -> None:
    result = days("2020-01-01", "2024-12-31")["weekday"]
    assert [result[day] for day in ("2020-01-01", "2021-01-01", "2024-02-29")] == ["wednesday", "friday", "thursday"]
    assert result.str.capitalize().tolist() == result.index.day_name().tolist()


@pytest.mark.parametrize(("first", "last"), [("2024-02-12", "2024-02-14"), ("2023-12-31", "2024-01-01")])
def test_a_day_is_the_same_whatever_days_are_asked_for(first: str, last: str) -> None:
    pd.testing.assert_frame_equal(days(first, last), days("2022-01-01", "2025-12-31").loc[first:last])


def test_days_count_from_the_nearest_new_years_day() -> None:
    result = days("2023-01-01", "2024-12-31")["festival_day"]
    assert [result[day] for day in ("2023-01-01", "2023-01-23", "2023-12-31", "2024-02-09")] == [-21, 1, -41, -1]
    assert result.abs().max() == 192  # halfway through the 384 days of thirteen moons


def test_what_nobody_has_announced_is_projected_and_has_no_make_up_workdays() -> None:
    last = chinese_days.announced()
    result = days(f"{last}-12-01", f"{last + 2}-12-31")
    assert result.index[result["projected"]][0] == pd.Timestamp(last + 1, 1, 1)
    assert result["projected"].sum() == (date(last + 2, 12, 31) - date(last, 12, 31)).days
    assert "make_up_workday" not in set(result.loc[result["projected"], "day_type"])
    assert "spring_festival" in set(result.loc[result["projected"], "day_type"])


def test_every_announced_year_has_make_up_workdays_and_the_ends_of_the_table_can_be_asked_for() -> None:
    assert all(chinese_days.year(year).make_up for year in range(chinese_days.FIRST, chinese_days.announced() + 1))
    assert chinese_days.announced() >= 2024
    for year in (chinese_days.FIRST, chinese_days.LAST):
        assert len(days(f"{year}-01-01", f"{year}-12-31")) in {365, 366}


def test_the_file_of_china_gives_what_the_package_of_all_countries_gives() -> None:
    from holidays.countries import China

    for year in range(chinese_days.FIRST, chinese_days.LAST + 1):
        whole, result = China(years=year, language="en_US"), chinese_days.year(year)
        assert result.off == set(whole)
        assert result.make_up == {day for day in whole.weekend_workdays if day.year == year}


def test_no_window_of_the_longest_year_is_without_a_new_year() -> None:
    new_years = [chinese_days.year(year).new_year for year in range(chinese_days.FIRST, chinese_days.LAST + 1)]
    assert max((later - day).days for day, later in pairwise(new_years)) <= chinese_days.LONGEST_YEAR


# Intensity


@pytest.mark.parametrize(
    ("day", "weight"),
    [
        ("2024-06-12", 1.0),  # a Wednesday
        ("2024-06-15", 0.5),  # a Saturday
        ("2024-06-05", 2.0),  # among the first ten days
        ("2024-02-05", 3.0),  # 1.5 in the week before New Year's Day, twice for the first ten days
        ("2024-02-04", 3.0),  # a Sunday that is worked counts as Monday to Friday
        ("2024-02-03", 1.5),  # a Saturday that is not
        ("2024-02-10", 0.5),  # New Year's Day: 0.25 in place of all else but the day of the month
        ("2024-02-12", 0.25),
        ("2024-02-18", 0.5),  # a Sunday that is worked, in the month after
        ("2024-03-11", 0.5),  # day 30, the last of that month
        ("2024-03-12", 1.0),
        ("2024-05-01", 1.0),  # a public holiday among the first ten days
        ("2024-05-11", 1.0),  # a Saturday that is worked
        ("2024-10-05", 1.0),  # a Saturday inside the holiday of October
    ],
)
def test_the_intensity_of_a_day_is_what_one_works_out_by_hand(timed: Persona, day: str, weight: float) -> None:
    result = day_intensity(timed).set_index("date")["intensity"]
    assert result[day] / result["2024-06-12"] == pytest.approx(weight, rel=1e-12)


def test_a_make_up_workday_counts_as_the_mean_of_monday_to_friday(article: lp.Persona) -> None:
    result = day_intensity(article).set_index("date")["intensity"]
    # 2024-05-11, a Saturday that is worked, against Monday the 13th, both in the middle of the month
    assert result["2024-05-11"] / result["2024-05-13"] == pytest.approx((1.10 + 1.08 + 1.06 + 1.05 + 1.03) / 5 / 1.10)


@pytest.mark.parametrize("name", ["article", "evidence"])
def test_the_shape_of_a_year_keeps_its_total(name: str) -> None:
    result = day_intensity(lp.load_persona(name))
    of_year = result.groupby(result["date"].dt.year)["intensity"]
    np.testing.assert_allclose(of_year.mean(), 1, rtol=1e-13)
    still = lp.load_persona(name).replace({"calendar.daily_noise.sigma": 0})
    hours = clock(still, 1).rate.reshape(-1, 24).sum(axis=1) * 3600
    np.testing.assert_allclose(pd.Series(hours).groupby(result["date"].dt.year).mean(), EVEN_DAY, rtol=2e-7)


def test_a_part_of_a_year_has_the_intensity_of_the_whole(timed: Persona) -> None:
    part = timed.replace({"window.first": "2022-05-17", "window.last": "2023-02-03"})
    whole = day_intensity(timed)
    inside = whole[whole["date"].between("2022-05-17", "2023-02-03")].reset_index(drop=True)
    pd.testing.assert_frame_equal(day_intensity(part), inside)


def test_a_year_without_borrowing_stays_empty(still: Persona) -> None:
    # Mondays that are the 31st, holidays aside: three years have one, 2024 has none.
    nothing = dict.fromkeys(("tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 0)
    rare = still.replace(
        {
            "calendar.weekday.factors": {"monday": 1, **nothing},
            "calendar.public_holiday.factor": 0,
            "calendar.spring_festival.holiday": 0,
            "calendar.day_of_month.factors": {"1..30": 0, "31": 1},
        }
    )
    result = day_intensity(rare)
    held = result[result["intensity"] > 0]
    assert held["date"].dt.strftime("%Y-%m-%d").tolist() == ["2021-05-31", "2022-10-31", "2023-07-31"]
    assert held["intensity"].tolist() == [365.0] * 3
    assert clock(rare, 7).time(np.array([0, clock(rare, 7).total - 1])).tolist() == [
        (150 * 24 + 7) * 3600,
        ((365 + 365 + 211) * 24 + 22) * 3600 - 1,
    ]


def test_a_persona_without_a_calendar_says_so() -> None:
    people = lp.load_persona(CASES / "valid" / "tiny.yaml")
    with pytest.raises(lp.InputError, match=r"^persona tiny: states no time\. Allowed: `window` and `calendar`"):
        clock(people, 7)
    with pytest.raises(lp.InputError, match="states no time"):
        day_intensity(people)


# Even time


def test_an_hour_runs_as_its_weight_says(still: Persona) -> None:
    result, intensity = clock(still, 7), day_intensity(still)["intensity"]
    rates = result.rate.reshape(-1, 24)
    assert not rates[:, [*range(7), 22, 23]].any()
    np.testing.assert_allclose(rates[:, 9] / rates[:, 7], 2, rtol=1e-6)
    # 17 in all over the 24 hours of a day
    np.testing.assert_allclose(rates[:, 7], intensity * EVEN_SECOND * 24 / 17, atol=0.5)


@pytest.mark.parametrize("name", ["article", "evidence"])
def test_there_and_back_gives_the_same_second(name: str) -> None:
    result = clock(lp.load_persona(name), 7)
    seconds = np.concatenate((np.arange(0, 200_000), np.arange(0, result.seconds, 997), [result.seconds]))
    even = result.worked(seconds)
    assert (result.time(even) == seconds).all()
    assert (np.diff(result.worked(np.sort(seconds))) >= 0).all()
    assert result.worked(np.array([-5, 0, result.seconds, result.seconds + 5])).tolist() == [0, 0, *[result.total] * 2]


def test_back_and_there_loses_less_than_a_second(timed: Persona) -> None:
    result = clock(timed, 7)
    even = np.linspace(0, result.total - 1, 100_003).astype(np.int64)
    seconds = result.time(even)
    assert (np.diff(seconds) >= 0).all()
    assert (result.worked(seconds) <= even).all()
    assert (even < result.worked(seconds + 1)).all()


def test_beyond_the_total_is_the_end_of_the_window(timed: Persona) -> None:
    result = clock(timed, 7)
    assert result.seconds == 1461 * 86_400
    assert result.start == np.datetime64("2021-01-01T00:00:00", "s")
    beyond = np.array([result.total, result.total + 1, 2**62])
    assert result.time(beyond).tolist() == [result.seconds] * 3
    # The last two hours of a day weigh nothing: the last second that holds anything lies before them.
    assert result.time(np.array([result.total - 1])).tolist() == [result.seconds - 2 * 3600 - 1]
    assert result.time(np.array([-1, 0])).tolist() == [7 * 3600] * 2


def test_no_time_falls_into_an_hour_of_weight_zero(timed: Persona) -> None:
    result = clock(timed, 7)
    hours = result.time(np.linspace(0, result.total - 1, 200_001).astype(np.int64)) // 3600 % 24
    assert set(hours.tolist()) == set(range(7, 22))


def test_evenly_drawn_times_fall_as_the_calendar_says(still: Persona) -> None:
    result, table = clock(still, 7), day_intensity(still)
    even = (np.arange(1_000_000) + 0.5) * (result.total / 1_000_000)
    counts = np.bincount(result.time(even.astype(np.int64)) // 86_400, minlength=len(table))
    np.testing.assert_allclose(counts, table["intensity"] * 1_000_000 / 1461, atol=1.01)


# Luck


def luck(persona: Persona, seed: int) -> pd.Series:
    """What luck makes of each day, by date."""
    still = persona.replace({"calendar.daily_noise.sigma": 0})
    lucky, even = (clock(p, seed).rate.reshape(-1, 24).sum(axis=1) for p in (persona, still))
    return pd.Series(lucky / even, index=day_types(persona.window.first, persona.window.last)["date"])


def test_luck_has_mean_one_and_the_spread_that_is_stated(timed: Persona) -> None:
    long = timed.replace({"window.first": "2008-01-01", "window.last": "2024-12-31"})
    result = pd.concat([luck(long, seed) for seed in range(8)])
    n = len(result)
    assert n > 49_000
    assert abs(result.mean() - 1) < 4 * result.std() / n**0.5
    logs = np.log(result)
    assert abs(logs.std() - 0.2) < 4 * 0.2 / (2 * n) ** 0.5
    assert abs(logs.mean() + 0.02) < 4 * 0.2 / n**0.5
    assert abs(logs.autocorr()) < 4 / n**0.5


def test_another_window_changes_no_days_luck_and_another_seed_does(timed: Persona) -> None:
    whole, part = luck(timed, 7), luck(timed.replace({"window.first": "2022-01-03", "window.last": "2023-01-01"}), 7)
    np.testing.assert_allclose(part, whole[part.index], rtol=1e-6)
    assert (luck(timed, 8) != whole).mean() > 0.99


def test_the_clock_is_the_same_on_every_machine(timed: Persona) -> None:
    result = clock(timed, 7)
    assert hashlib.sha256(result.rate.astype("<i8").tobytes()).hexdigest()[:16] == "a5bf7683dc63ae44"
    assert clock(timed, 7) is result
    with pytest.raises(ValueError, match="read-only"):
        result.rate[0] = 1
    with pytest.raises(lp.InputError, match="not a seed"):
        clock(timed, -1)


def test_twenty_years_stay_exact_as_floats(timed: Persona) -> None:
    last = date(chinese_days.announced(), 12, 31)
    long = timed.replace({"window.first": str(last - timedelta(days=6000)), "window.last": str(last)})
    assert clock(long, 7).total / 6001 * 7305 < 2**53
