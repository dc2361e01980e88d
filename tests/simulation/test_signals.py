"""Signals: every sign of a need, recomputed from the tables it is seen in."""

from __future__ import annotations

import pandas as pd
import pytest
from lives import Lives

import loanpersona as lp
from loanpersona.simulation.signals import SIGNS


def seen(lives: Lives, source: str) -> pd.DataFrame:
    """Who showed a sign and when, in order."""
    result = lives.signals[lives.signals["source"] == source]
    assert len(result) > 500
    return result[["user_id", "at"]].sort_values(["user_id", "at"]).reset_index(drop=True)


def same(result: pd.DataFrame, who: pd.Series, at: pd.Series) -> None:
    expected = pd.DataFrame({"user_id": who.to_numpy(), "at": at.to_numpy()})
    pd.testing.assert_frame_equal(result, expected.sort_values(["user_id", "at"]).reset_index(drop=True))


def test_every_source_has_one_stage_and_one_need(lives: Lives) -> None:
    result = lives.signals.groupby("source", observed=True)[["stage", "need"]].agg(["nunique", "first"])
    assert set(result.index) == set(SIGNS) == set(lp.tables.table("signals").columns["source"].levels)
    for source, (stage, need) in SIGNS.items():
        assert result.loc[source].tolist() == [1, stage, 1, need]
    assert set(lives.signals["need"]) == set(lp.tables.table("signals").columns["need"].levels)


def test_signals_stand_in_order_of_borrower_and_time(lives: Lives) -> None:
    result = lives.signals
    assert result["user_id"].is_monotonic_increasing
    same_one = result["user_id"].diff() == 0
    assert (result["at"].diff()[same_one] >= pd.Timedelta(0)).all()


@pytest.mark.parametrize(
    ("source", "steps"), [("left_at_long_step", ["profile"]), ("left_at_privacy_step", ["bank_card", "face_check"])]
)
def test_who_left_at_a_step_is_seen_there_and_then(source: str, steps: list[str], lives: Lives) -> None:
    left = lives.applications[lives.applications["last_step"].isin(steps)]
    result = seen(lives, source)
    assert result["user_id"].tolist() == left["user_id"].tolist()
    assert (result["at"].to_numpy() > left["started_at"].to_numpy()).all()
    assert (result["at"].to_numpy() <= left["started_at"].to_numpy() + pd.Timedelta(240, "min")).all()


def test_who_comes_again_after_a_rejection_is_seen_as_the_application_begins(lives: Lives) -> None:
    result = lives.applications
    again = (result["user_id"] == result["user_id"].shift(1)) & (result["outcome"].shift(1) == "rejected")
    same(seen(lives, "applied_again"), result["user_id"][again], result["started_at"][again])


def test_who_got_less_than_asked_for_is_seen_asking_beyond_the_limit(lives: Lives) -> None:
    short = lives.loans[lives.loans["amount_cny"] < lives.loans["requested_cny"]]
    same(seen(lives, "asked_beyond_limit"), short["user_id"], short["borrowed_at"])


def test_who_finds_no_limit_left_is_seen_and_gets_no_loan_then(lives: Lives) -> None:
    result = seen(lives, "limit_used_up")
    at = lives.loans.set_index(["user_id", "borrowed_at"]).index
    assert not pd.MultiIndex.from_frame(result).isin(at).any()
    assert result["user_id"].isin(lives.granted.index).all()
    assert (result["at"].to_numpy() >= lives.granted["decided_at"].reindex(result["user_id"]).to_numpy()).all()


def test_prices_drive_away_and_coupons_are_used_as_the_persona_says(lives: Lives) -> None:
    left, coupon = seen(lives, "left_at_price"), seen(lives, "used_coupon")
    at = lives.loans.set_index(["user_id", "borrowed_at"]).index
    assert not pd.MultiIndex.from_frame(left).isin(at).any()
    assert pd.MultiIndex.from_frame(coupon).isin(at).all()
    shown = (lives.wishes["price"] >= 0).sum()
    assert len(left) / shown == pytest.approx(0.08, abs=0.006)
    assert len(coupon) / len(lives.loans) == pytest.approx(0.12 / 0.92, abs=0.008)
    sensitive = lives.truth["price_sensitivity"]
    of = [sensitive.reindex(who["user_id"]).mean() for who in (left, lives.loans)]
    assert of[0] > of[1] + 0.03


def test_who_complains_of_the_wait_has_waited(lives: Lives) -> None:
    result = seen(lives, "complained_of_wait")
    loans = lives.loans.assign(wait=(lives.loans["disbursed_at"] - lives.loans["borrowed_at"]).dt.total_seconds() / 60)
    at = pd.MultiIndex.from_frame(loans[["user_id", "disbursed_at"]])
    complained = at.isin(pd.MultiIndex.from_frame(result))
    assert complained.sum() == len(result)
    long, short = loans["wait"] > 240, loans["wait"] <= 30
    assert complained.mean() == pytest.approx(0.02, abs=0.002)
    assert complained[long].mean() > 10 * complained[short].mean()


def test_who_asks_for_relief_owes_that_day_and_asks_once_a_month(lives: Lives) -> None:
    due = pd.MultiIndex.from_frame(lives.instalments.assign(user_id=lives.owed["user_id"])[["user_id", "due_on"]])
    asks = pd.concat([seen(lives, source) for source in ("asked_for_extension", "asked_for_lower_rate")])
    assert pd.MultiIndex.from_arrays([asks["user_id"], asks["at"].dt.normalize()]).isin(due).all()
    month = asks["at"].dt.to_period("M")
    assert not pd.DataFrame({"who": asks["user_id"], "month": month}).duplicated().any()


def test_those_who_are_late_ask_for_longer_as_often_as_the_persona_says(lives: Lives) -> None:
    due = lives.owed[lives.owed["clean"] & (lives.owed["due_on"] < lives.last)]
    month = due["due_on"].dt.to_period("M")
    once = due[~pd.DataFrame({"who": due["user_id"], "month": month}).duplicated().to_numpy()]
    asked = seen(lives, "asked_for_extension")
    asked = pd.MultiIndex.from_arrays([asked["user_id"], asked["at"].dt.to_period("M")])
    held = pd.MultiIndex.from_arrays([once["user_id"], once["due_on"].dt.to_period("M")]).isin(asked)
    late = (once["days"] > 0).to_numpy()
    assert 0.13 < held[late].mean() < 0.22
    assert 0.001 < held[~late].mean() < 0.006


def test_relief_is_asked_for_on_the_due_day_even_where_nobody_borrows_that_day(article: lp.Persona) -> None:
    idle = article.replace(
        {"window.first": "2023-09-01", "window.last": "2024-02-12", "calendar.spring_festival.holiday": "0"}
    )
    made = lp.generate(idle, n=60_000, seed=5, tables=("signals", "instalments", "loans")).tables
    who = made["instalments"]["loan_id"] // 10_000
    due = pd.MultiIndex.from_arrays([who, made["instalments"]["due_on"]])
    asks = made["signals"][made["signals"]["stage"] == "after"]
    assert (asks["at"] >= "2024-02-10").sum() > 3
    assert pd.MultiIndex.from_arrays([asks["user_id"], asks["at"].dt.normalize()]).isin(due).all()
