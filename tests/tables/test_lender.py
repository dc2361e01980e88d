"""A lender's own tables in their odd forms: what a book mends, and what it refuses in one line."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import loanpersona as lp

MANY = 40
TEXTS = [f"account {number:02}" for number in range(MANY)]


def loans(**changes: Any) -> pd.DataFrame:
    """Forty first loans on two days."""
    days = pd.to_datetime(["2024-01-05 10:00", "2024-01-06 10:00"] * (MANY // 2))
    rows = {"loan_id": range(MANY), "user_id": range(MANY), "amount_cny": 1_000, "borrowed_at": days}
    return pd.DataFrame(rows).assign(**changes)


def users(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame({"user_id": range(MANY)}).assign(**changes)


def fault(**tables: pd.DataFrame) -> str:
    with pytest.raises(lp.InputError) as caught:
        lp.Book(**tables)
    [result] = caught.value.faults
    return result


UTC, TOKYO = pd.Timestamp("2024-01-05 02:00", tz="UTC"), pd.Timestamp("2024-01-05 11:00", tz="Asia/Tokyo")


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([UTC] * MANY),
        pd.Series([UTC, TOKYO] * (MANY // 2), dtype=object),
        pd.Series([UTC, None] * (MANY // 2), dtype=object),
        pd.Series([UTC] * MANY).astype(pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    ],
)
def test_times_of_a_zone_become_local_however_they_are_held(times: pd.Series) -> None:
    result = lp.Book(loans=loans(borrowed_at=times)).loans["borrowed_at"].dropna()
    assert set(result) == {pd.Timestamp("2024-01-05 10:00")}


def test_times_of_which_some_have_no_zone_are_not_guessed() -> None:
    times = pd.Series([UTC, datetime.datetime(2024, 1, 5)] * (MANY // 2), dtype=object)
    assert fault(loans=loans(borrowed_at=times)).startswith("loans.borrowed_at: dtype is object. Wanted: datetime64")


def test_a_check_says_how_a_zone_is_left() -> None:
    with pytest.raises(lp.InputError, match=r"tz_convert.*tz_localize"):
        lp.tables.check(loans(borrowed_at=pd.Series([UTC] * MANY)), "loans", ["borrowed_at"])


@pytest.mark.parametrize("kind", [object, "boolean"])
def test_one_unknown_truth_stops_nobody(kind: Any) -> None:
    cars = pd.Series([True, False] * (MANY // 2 - 1) + [True, None], dtype=kind)
    result = lp.profile.shares(users=users(has_car=cars), of="has_car")
    assert dict(zip(result["has_car"], result["k"], strict=True)) == {"yes": MANY // 2, "no": MANY // 2 - 1}
    assert lp.Book(users=users(has_car=None)).users["has_car"].isna().all()


def test_decimals_of_a_database_are_numbers() -> None:
    assert lp.Book(loans=loans(amount_cny=Decimal("999.50"))).loans["amount_cny"].sum() == 999.5 * MANY


def test_a_long_loan_may_have_more_instalments_than_those_of_a_persona() -> None:
    plan = pd.DataFrame({"loan_id": 0, "number": range(1, 181), "due_on": pd.Timestamp("2025-01-05")})
    assert len(lp.Book(loans=loans(), instalments=plan).instalments) == 180


def test_columns_named_by_numbers_group_like_others() -> None:
    result = lp.profile.shares(users=users().assign(house=["rented", "own"] * 20).rename(columns={"house": 7}), of="7")
    assert set(result["7"]) == {"rented", "own"}


# Keys


def test_keys_that_are_texts_are_named_by_their_texts() -> None:
    assert "loans.user_id = account 39: no such user_id" in fault(
        loans=loans(user_id=TEXTS), users=users(user_id=TEXTS).head(39)
    )
    assert "first account 03" in fault(users=users(user_id=[*TEXTS[:39], "account 03"]))
    twice = loans(user_id=TEXTS[:20] * 2, ordinal=1)
    assert "more than one loan of user account 00 has it" in fault(loans=twice)
    back = loans(user_id=np.repeat(TEXTS[:20], 2), ordinal=[2, 1] * 20)
    assert "this loan of user account 00 was taken before" in fault(loans=back)


def test_keys_that_are_numbers_here_and_texts_there_are_refused() -> None:
    said = fault(loans=loans(), users=users(user_id=[str(one) for one in range(MANY)]))
    assert "numbers in one, texts in another." in said


def test_whole_numbers_beside_none_stay_numbers() -> None:
    by = pd.Series([None, *([0] * (MANY - 1))], dtype=object)
    book = lp.Book(users=users(referred_by=by, user_id=range(0, 10 * MANY, 10)))
    assert book.users["referred_by"].dropna().unique().tolist() == [0]
    assert not book.texts


# Times and order


@pytest.mark.parametrize("ordinal", [0, 1.5])
def test_ordinals_that_do_not_count_from_one_are_refused(ordinal: float) -> None:
    assert f"loans.ordinal = {ordinal:g}: the first loan of a user is 1." in fault(loans=loans(ordinal=ordinal))


def test_a_late_registration_sets_no_clock() -> None:
    days = pd.to_datetime(["2020-01-01"] * (MANY - 1) + ["2042-01-01"])
    assert "users.registered_at = 2042-01-01: 1 rows lie 18 years after" in fault(
        users=users(registered_at=days), loans=loans()
    )


def test_users_may_have_registered_years_before_they_did_anything() -> None:
    days = pd.to_datetime(["2010-01-01"] + ["2024-01-01"] * (MANY - 1))
    assert lp.Book(users=users(registered_at=days), loans=loans()).last_day == pd.Timestamp("2024-01-06")


def test_many_dates_of_one_far_day_stand_for_none() -> None:
    plan = pd.DataFrame({"loan_id": range(MANY), "number": 1, "due_on": pd.Timestamp("2024-02-05")})
    paid = pd.to_datetime(["2024-02-05", "2099-12-31"] * (MANY // 2))
    assert "instalments.paid_on = 2099-12-31: 20 rows lie 76 years after" in fault(
        loans=loans(), instalments=plan.assign(paid_on=paid)
    )


def test_a_date_that_stands_for_none_is_one_fault() -> None:
    days = loans()["borrowed_at"].where(loans().index > 0, pd.Timestamp("1970-01-01"))
    assert "1 rows hold a date that stands for none" in fault(loans=loans(borrowed_at=days))


def test_a_decision_lies_behind_the_beginning_where_the_step_between_is_unknown() -> None:
    asked = pd.DataFrame({"application_id": [1], "user_id": [1], "submitted_at": pd.NaT})
    days = {"started_at": pd.to_datetime(["2024-01-05"]), "decided_at": pd.to_datetime(["2024-01-04"])}
    assert "applications.decided_at = 2024-01-04" in fault(applications=asked.assign(**days))


# Words


@pytest.mark.parametrize("words", [{"en": {"rented": "Rented"}}, {"rented": 3}, {"rented": {"en": "Rented"}}, "rented"])
def test_words_that_lack_a_language_are_refused(words: Any) -> None:
    with pytest.raises(lp.InputError, match=r"^words.* Allowed: a word in each of en, zh"):
        lp.Book(users=users(), words=words)
