"""Schedules: equal instalments to the cent and days of the month, against a plain loop with exact numbers."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from loanpersona.simulation.schedules import month_of, schedule

EPOCH = date(1970, 1, 1)
TERMS = tuple(range(1, 61))
RATES = (0, 1e-6, 0.001, 0.08, 0.1234, 0.155, 0.2, 0.24)


def rounded(value: Fraction) -> int:
    """To a whole number, half up."""
    return floor(value + Fraction(1, 2))


def plain(cents: int, rate: Fraction, months: int) -> list[tuple[int, int]]:
    """Principal and interest of each instalment of one loan, as a clerk would work them out."""
    monthly = rate / 12
    level = Fraction(cents, months)
    if monthly:
        level = cents * monthly * (1 + monthly) ** months / ((1 + monthly) ** months - 1)
    rows, left = [], cents
    for number in range(1, months + 1):
        interest = rounded(left * monthly)
        back = left if number == months else rounded(level) - interest
        rows.append((back, interest))
        left -= back
    assert left == 0
    return rows


def same_day(day: date, months: int) -> date:
    """The same day of a later month, or the last of a month without it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def days(*dates: date) -> np.ndarray:
    return np.array([(day - EPOCH).days for day in dates], np.int64)


@pytest.fixture(scope="module")
def loans() -> list[tuple[int, float, int, date]]:
    """Loans of every term at every rate, of amounts and days by lot."""
    luck = random.Random(20240601)
    some = [(apr, term) for apr in RATES for term in TERMS for _ in range(4)]
    some += [(round(luck.uniform(0, 0.24), 3), luck.choice((1, 3, 6, 9, 12, 18, 24))) for _ in range(3_000)]
    start = date(1991, 1, 1)
    return [
        (
            100 * luck.choice((500, 100, 3_400, luck.randrange(5, 2_000) * 100)),
            apr,
            term,
            start + timedelta(luck.randrange(365 * 60)),
        )
        for apr, term in some
    ]


def test_every_instalment_is_that_of_a_plain_loop_with_fractions(loans: list[tuple[int, float, int, date]]) -> None:
    cents, aprs, terms, lent = (np.array(column) for column in zip(*loans, strict=True))
    plan = schedule(cents.astype(np.int64), aprs.astype(float), terms.astype(np.int64), days(*lent))
    expected = [
        (at, number, same_day(day, number), principal, interest)
        for at, (amount, apr, term, day) in enumerate(loans)
        for number, (principal, interest) in enumerate(plain(amount, Fraction(str(apr)), term), 1)
    ]
    at, number, due, principal, interest = zip(*expected, strict=True)
    for result, wanted in (
        (plan.loan, at),
        (plan.number, number),
        (plan.due, days(*due)),
        (plan.principal, principal),
        (plan.interest, interest),
    ):
        np.testing.assert_array_equal(result, np.array(wanted))


def test_a_year_of_ten_thousand_at_24_percent_is_the_table_of_a_textbook() -> None:
    plan = schedule(*(np.array([v]) for v in (1_000_000, 0.24, 12)), days(date(2024, 1, 15)))
    assert (plan.principal + plan.interest).tolist() == [94_560] * 11 + [94_555]
    assert plan.interest[:3].tolist() == [20_000, 18_509, 16_988]
    assert plan.principal.sum() == 1_000_000


def test_a_loan_without_interest_is_paid_back_in_equal_parts_and_a_rest() -> None:
    plan = schedule(np.array([50_000]), np.array([0.0]), np.array([9]), days(date(2024, 1, 15)))
    assert plan.principal.tolist() == [5_556] * 8 + [5_552]
    assert not plan.interest.any()


def test_a_loan_of_one_month_is_paid_back_at_once() -> None:
    plan = schedule(np.array([50_000]), np.array([0.24]), np.array([1]), days(date(2023, 12, 31)))
    assert (plan.principal.tolist(), plan.interest.tolist(), plan.number.tolist()) == ([50_000], [1_000], [1])
    assert plan.due.tolist() == days(date(2024, 1, 31)).tolist()


@pytest.mark.parametrize(
    ("lent", "due"),
    [
        (date(2024, 1, 31), [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]),
        (date(2023, 1, 31), [date(2023, 2, 28), date(2023, 3, 31), date(2023, 4, 30), date(2023, 5, 31)]),
        (date(2023, 10, 30), [date(2023, 11, 30), date(2023, 12, 30), date(2024, 1, 30), date(2024, 2, 29)]),
        (date(2024, 2, 29), [date(2024, 3, 29), date(2024, 4, 29), date(2024, 5, 29), date(2024, 6, 29)]),
        (date(2100, 1, 29), [date(2100, 2, 28), date(2100, 3, 29), date(2100, 4, 29), date(2100, 5, 29)]),
        (date(2020, 12, 1), [date(2021, 1, 1), date(2021, 2, 1), date(2021, 3, 1), date(2021, 4, 1)]),
    ],
)
def test_instalments_fall_due_on_the_day_of_the_month_or_its_last(lent: date, due: list[date]) -> None:
    plan = schedule(np.array([300_000]), np.array([0.2]), np.array([4]), days(lent))
    assert plan.due.tolist() == days(*due).tolist()


def test_months_are_those_of_numpy_on_every_day_of_a_century_and_a_half() -> None:
    every = np.arange(*days(date(1990, 1, 1), date(2139, 12, 31)))
    np.testing.assert_array_equal(month_of(every), every.astype("datetime64[D]").astype("datetime64[M]").astype(int))


def test_no_loans_have_no_instalments() -> None:
    none = np.empty(0, np.int64)
    plan = schedule(none, none.astype(float), none, none)
    assert all(not len(column) for column in vars(plan).values())


def test_a_loan_has_the_same_schedule_alone_and_among_others(loans: list[tuple[int, float, int, date]]) -> None:
    columns = [np.array(column) for column in list(zip(*loans[:300], strict=True))[:3]]
    lent = days(*(day for *_, day in loans[:300]))
    among = schedule(*columns, lent)
    for at in range(0, 300, 7):
        alone = schedule(*(column[[at]] for column in columns), lent[[at]])
        for name in ("number", "due", "principal", "interest"):
            np.testing.assert_array_equal(getattr(alone, name), getattr(among, name)[among.loan == at])
