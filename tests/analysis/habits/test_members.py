"""Limits and referral: seven users by hand, what is known by a day, and users who brought one another in a circle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from book import REFERRED, book
from habits_tables import TRUTH, USERS, hand

import loanpersona as lp
from loanpersona.analysis.groups import values_of
from loanpersona.core.errors import InputError

END = pd.Timestamp("2024-02-29 23:59:59")


def test_what_becomes_of_a_limit_is_counted_by_hand() -> None:
    # 180 days before the last loan was 2023-09-02: the limit of user 5 is too young, that of 6 is gone.
    result = lp.habits.limit_use(hand())
    assert result["limit_use"].tolist() == ["never_drew", "drew_once", "drew_again"]
    assert result[["n", "k"]].to_numpy().tolist() == [[4, 1], [4, 1], [4, 2]]


def test_how_long_a_limit_was_held_can_be_chosen() -> None:
    assert lp.habits.limit_use(hand(), days=30)["n"].tolist() == [5, 5, 5]
    with pytest.raises(InputError, match=r"^applications: nobody has held a limit for 900 days by 2024-02-29"):
        lp.habits.limit_use(hand(), days=900)


def test_who_applies_later_is_not_known_yet() -> None:
    # 6 held a limit from December 2022 on and was refused in June 2023
    assert [lp.habits.limit_use(hand(), until=day, days=90)["n"].iloc[0] for day in ("2023-05-31", "2023-06-01")] == [
        5,
        4,
    ]


def test_the_use_of_a_limit_and_the_share_of_it_are_columns() -> None:
    uses = values_of(hand(), "limit_use", "user", END)
    assert uses.to_dict() == {1: "drew_again", 2: "drew_again", 3: "drew_once", 4: "never_drew"}
    caution = TRUTH.set_index("user_id")["caution"].groupby(uses, observed=True).mean()
    assert caution.to_dict() == pytest.approx({"never_drew": 0.9, "drew_once": 0.5, "drew_again": 0.3})
    shares = values_of(hand(), "share_of_limit", "loan", END)
    assert shares.to_dict() == pytest.approx({11: 1 / 3, 12: 1, 13: 1 / 3, 21: 1, 22: 0.25, 31: 0.25})
    numbers = values_of(hand(), "loan_number", "loan", END)
    assert numbers.to_dict() == {11: "1", 12: "2", 13: "3", 21: "1", 22: "2", 31: "1"}


def test_users_brought_per_user_are_as_worked_by_hand() -> None:
    result = lp.habits.referral(hand(), by="cohort")
    # 7 registered less than a year before the end
    assert result[["cohort", "n", "brought"]].to_numpy().tolist() == [
        ["everybody", 6, 3],
        ["2022", 4, 3],
        ["2023", 2, 0],
    ]
    assert result["per_user"].tolist() == [0.5, 0.75, 0]
    assert result["share_ever"].tolist() == pytest.approx([2 / 6, 2 / 4, 0])
    # 2, 1, 0 and 0: variance 11/12
    assert result["high"].iloc[1] == pytest.approx(0.75 + 1.9599640 * np.sqrt(11 / 12 / 4))
    assert result["low"].iloc[1] == 0


def test_who_registers_later_is_not_known_yet() -> None:
    # by 2023-12-31 user 2 has brought 4, and a user who came a day later counts neither among users nor as brought
    late = pd.DataFrame({"user_id": [8], "registered_at": [pd.Timestamp("2024-01-01")], "referred_by": [2]})
    more = pd.concat([USERS, late], ignore_index=True)
    one, other = (lp.habits.referral(users=users, until="2023-12-31") for users in (USERS, more))
    pd.testing.assert_frame_equal(one, other)
    ever = values_of(lp.Book(users=more), "ever_referred", "user", pd.Timestamp("2022-12-31"))
    assert ever[ever].index.tolist() == [1]


def test_a_user_must_have_had_a_year_to_bring_others() -> None:
    with pytest.raises(InputError, match=r"^users\.registered_at: nobody registered a year before 2023-06-01"):
        lp.habits.referral(hand(), until="2023-06-01")


@pytest.mark.parametrize(
    ("chain", "inside"),
    [
        ([None, None, 3, None, None, None, None], {3}),
        ([2, 1, None, None, None, None, None], {1, 2}),
        # 1 to 4 hang on the circle of 5, 6 and 7 without standing in it
        ([2, 3, 4, 5, 6, 7, 5], {5, 6, 7}),
    ],
)
def test_a_circle_is_refused_and_names_one_who_stands_in_it(chain: list[int | None], inside: set[int]) -> None:
    circle = lp.Book(users=USERS.assign(referred_by=pd.array(chain, dtype="Int64")))
    for ask in (lambda: lp.habits.referral(circle), lambda: values_of(circle, "referred", "user", END)):
        with pytest.raises(InputError, match=r"^users\.referred_by = \d: this user stands in a circle") as caught:
            ask()
        assert int(str(caught.value)[len("users.referred_by = ")]) in inside


def test_a_large_book_gives_its_referral_back() -> None:
    tables = lp.Book(**book(1, 20_000))
    assert values_of(tables, "referred", "user", END).mean() == pytest.approx(REFERRED, abs=0.005)
