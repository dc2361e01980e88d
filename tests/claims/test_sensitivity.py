"""Which number turns which claim, and at what value."""

from __future__ import annotations

import pytest

import loanpersona as lp
from loanpersona import claims
from loanpersona.claims.sensitivity import _moved, _node, _number

ARTICLE = lp.load_persona("article")


def test_mostly_men_holds_down_to_half() -> None:
    [row] = claims.sensitivity(ARTICLE, ["1.2a"], n=5_000).to_dict("records")
    assert (row["number"], row["now"], row["here"]) == ("sex.shares.male", 0.698, "holds")
    assert row["turns_at"] == pytest.approx(0.5, abs=0.02)


def test_a_factor_of_the_calendar_turns_its_claim_where_days_become_even() -> None:
    [row] = claims.sensitivity(ARTICLE, ["1.4a"], n=5_000).to_dict("records")
    # all other days are 1.12, 1, 0.92 and 0.88, whose mean over their days is 0.98
    assert row["turns_at"] == pytest.approx(0.98, abs=0.1)


def test_every_number_that_a_claim_rests_on_is_there_in_the_article() -> None:
    for one in claims.statements().values():
        for path in one.claim.rests_on if one.claim else ():
            assert path.endswith((".scale", ".shift")) or _node(ARTICLE, path).value, (one.id, path)


def test_shares_that_move_leave_the_others_in_their_ratios() -> None:
    moved = _moved(ARTICLE, "age_years.bands.25..29", 0.45)
    assert _number(moved, "age_years.bands.25..29") == pytest.approx(0.45)
    ratio = _number(moved, "age_years.bands.20..24") / _number(moved, "age_years.bands.30..35")
    assert ratio == pytest.approx(0.5)


def test_numbers_that_no_claim_rests_on_are_listed() -> None:
    unseen = claims.unseen(ARTICLE)
    assert {"embarrassment", "zhima_score", "calendar.daily_noise"} <= set(unseen)
    assert not {"sex", "province", "calendar.hour", "payment"} & set(unseen)


def test_a_path_that_is_not_there_is_refused() -> None:
    with pytest.raises(lp.InputError, match=r"sex\.shares\.men: no such number in persona article"):
        _number(ARTICLE, "sex.shares.men")
