"""Referral: a forest of neighbours, never a cycle, and far from growing by itself."""

from __future__ import annotations

import numpy as np
import pytest
from lives import Lives

import loanpersona as lp
from loanpersona.simulation.referral import CIRCLE


def test_a_referrer_is_a_lower_number_of_the_same_circle_who_registered_before(lives: Lives) -> None:
    people = lives.users
    brought = people[people["referred_by"].notna()]
    by = brought["referred_by"].astype("int64").to_numpy()
    own = brought["user_id"].to_numpy()
    assert (by < own).all()
    assert (by // CIRCLE == own // CIRCLE).all()
    assert (people["registered_at"].to_numpy()[by] <= brought["registered_at"].to_numpy()).all()
    assert lives.truth["would_refer"].to_numpy()[by].all()


def test_following_referrers_ends_with_somebody_whom_nobody_brought(lives: Lives) -> None:
    by = lives.users["referred_by"].fillna(-1).astype("int64").to_numpy()
    at, steps = np.arange(len(by)), 0
    while (at >= 0).any():
        at = np.where(at >= 0, by[at], -1)
        steps += 1
        assert steps < 50
    assert steps > 3


def test_few_are_brought_and_each_brings_far_fewer_than_one(lives: Lives) -> None:
    by = lives.users["referred_by"].dropna()
    assert len(by) / len(lives.users) == pytest.approx(0.04, abs=0.005)
    assert len(by) / len(lives.users) < 0.2  # the reproduction number: those brought for each who could bring
    early = lives.users["registered_at"] < lives.users["registered_at"].quantile(0.25)
    assert by.isin(lives.users["user_id"][early]).sum() / early.sum() < 0.2
    assert by.value_counts().max() < 20


def test_nobody_brings_others_where_nobody_would(article: lp.Persona) -> None:
    with pytest.warns(lp.PersonaWarning, match="would_refer"):
        alone = article.replace({"would_refer.shares": {"yes": 0, "no": 1}})
    assert lp.generate(alone, n=3_000, seed=1, tables=("users",)).users["referred_by"].isna().all()


def test_the_first_of_a_circle_is_brought_by_nobody_and_acquaintances_are_met_alike(article: lp.Persona) -> None:
    eager = article.replace({"would_refer": {"shares": {"yes": 1, "no": 0}, "basis": "assumed", "because": "x"}})
    people = lp.generate(eager, n=50 * CIRCLE, seed=1, tables=("users",)).users
    assert people["referred_by"][::CIRCLE].isna().all()
    brought = people[people["referred_by"].notna()]
    assert len(brought) / len(people) == pytest.approx(0.5, abs=0.01)
    place = (brought["referred_by"] % CIRCLE) / (brought["user_id"] % CIRCLE)
    assert place.astype(float).mean() == pytest.approx(0.5, abs=0.01)
