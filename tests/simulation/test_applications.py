"""Applications: steps with drop-out, the decision, price and limit, and who comes again; and nothing by sex."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from lives import DAY, WORKED, Lives, block, frames

import loanpersona as lp
from loanpersona.simulation import applications, loans, payments, referral
from loanpersona.simulation.calendar import EVEN_DAY
from loanpersona.simulation.histories import Block

UNASKED = ("sex", "region", "province", "marital_status")


def everything(article: lp.Persona, change: Callable[[Block], None]) -> dict[str, pd.DataFrame]:
    """What happens to some users after a change of who they are."""
    part = block(article, 0, 8_192)
    change(part)
    return dict(frames(article, part))


def turned(name: str) -> Callable[[Block], None]:
    """Gives everybody another value of a variable."""

    def change(part: Block) -> None:
        values = len(part.life.variable(name).values)
        part.life.codes[name] = ((part.life.codes[name] + 1) % values).astype(np.int16)

    return change


# Steps


def test_times_of_an_application_follow_one_another(lives: Lives) -> None:
    result = lives.applications
    handed = result["submitted_at"].notna()
    assert (result["started_at"] < result["submitted_at"])[handed].all()
    assert (result["submitted_at"] < result["decided_at"])[handed].all()
    assert (handed == result["decided_at"].notna()).all()
    assert (handed == (result["last_step"] == "submission")).all()
    assert (handed == (result["outcome"] != "incomplete")).all()


def test_the_first_application_is_begun_as_one_registers(lives: Lives) -> None:
    first = lives.applications[lives.applications["application_id"] % 10 == 0]
    registered = lives.users["registered_at"].reindex(first["user_id"])
    assert (first["started_at"].to_numpy() == registered.to_numpy()).all()
    missing = lives.users[~lives.users["user_id"].isin(first["user_id"])]
    assert (missing["registered_at"] > lives.last - 2 * DAY).all()


def test_what_belongs_to_an_outcome_is_there_and_nothing_else(lives: Lives) -> None:
    result = lives.applications
    handed, granted, refused = (
        result["outcome"] != "incomplete",
        *(result["outcome"] == w for w in ("approved", "rejected")),
    )
    assert (result["risk_score"].notna() == handed).all()
    assert (result["quality_tier"].notna() == handed).all()
    assert (result["reject_reason"].notna() == refused).all()
    assert ((result["limit_cny"] > 0) == granted).all()
    assert (result["apr"].notna() == granted).all()
    assert not result["proofs"][~handed].any()
    assert not result["diverted_to_partner"][~refused].any()
    assert result["diverted_to_partner"][refused].mean() == pytest.approx(0.35, abs=0.01)


def test_those_who_left_or_were_rejected_may_come_again_and_nobody_else(lives: Lives) -> None:
    result = lives.applications
    attempt = result["application_id"] % 10
    assert (attempt == result.groupby("user_id").cumcount()).all()
    assert set(attempt) == {0, 1, 2}
    later = result[attempt > 0]
    before = result.shift(1).loc[later.index]
    over = before["decided_at"].fillna(before["started_at"])
    assert (later["started_at"] > over).all()
    assert set(before["outcome"]) == {"incomplete", "rejected"}
    last = result.groupby("user_id").tail(1)
    early = result["started_at"] < lives.last - 200 * DAY
    came = ~result.index.isin(last.index)
    assert came[early & (result["outcome"] == "incomplete")].mean() == pytest.approx(0.14, abs=0.01)
    assert came[early & (result["outcome"] == "rejected")].mean() == pytest.approx(0.10, abs=0.01)
    assert not came[result["outcome"] == "approved"].any()


def test_the_process_ends_for_as_many_at_each_outcome_as_published(lives: Lives) -> None:
    last = lives.applications.groupby("user_id")["outcome"].last().value_counts() / len(lives.users)
    for outcome, share in {"incomplete": 0.550, "rejected": 0.234, "approved": 0.216}.items():
        assert last[outcome] == pytest.approx(share, abs=0.015)


def test_limits_are_months_of_income_in_steps_and_prices_within_the_cap(lives: Lives) -> None:
    granted = lives.granted
    assert granted["limit_cny"].between(500, 200_000).all()
    assert (granted["limit_cny"] % 500 == 0).all()
    assert granted["apr"].between(0.08, 0.24).all()
    assert granted["apr"].mean() == pytest.approx(0.21, abs=0.005)
    assert granted["limit_cny"].mean() == pytest.approx(13_500, rel=0.08)


def test_limit_and_price_stay_below_the_caps_of_the_product(article: lp.Persona) -> None:
    tight = article.replace({"product.apr_most.value": "0.18", "product.limit_cny_most.value": "3000"})
    made = lp.generate(tight, n=6_000, seed=3)
    granted = made.tables["applications"].query("outcome == 'approved'")
    assert granted["limit_cny"].max() == 3_000
    assert granted["apr"].max() == 0.18
    assert granted["apr"].min() < 0.16
    assert made.tables["loans"]["apr"].max() == 0.18
    assert made.tables["loans"]["amount_cny"].max() <= 3_000
    wide = lp.generate(article, n=6_000, seed=3, tables=("applications",)).tables["applications"]
    same = made.tables["applications"].drop(columns=["limit_cny", "apr"])
    pd.testing.assert_frame_equal(same, wide.drop(columns=["limit_cny", "apr"]))


def test_a_limit_of_less_than_the_least_loan_lends_nothing(article: lp.Persona) -> None:
    made = lp.generate(article.replace({"product.limit_cny_most.value": "300"}), n=2_000, seed=3)
    assert set(made.tables["applications"]["limit_cny"]) == {0, 300}
    assert made.tables["loans"].empty
    assert made.tables["instalments"].empty


def test_two_in_five_of_the_approved_draw_within_two_weeks_and_more_within_ninety_days(lives: Lives) -> None:
    granted = lives.granted[lives.granted["decided_at"] < lives.last - pd.DateOffset(years=2)]
    first_loan = lives.loans[lives.loans["ordinal"] == 1].set_index("user_id")["borrowed_at"].reindex(granted.index)
    waited = first_loan - granted["decided_at"]
    assert (waited <= pd.Timedelta(14, "D")).mean() == pytest.approx(0.40, abs=0.02)
    assert (waited <= pd.Timedelta(90, "D")).mean() == pytest.approx(0.55, abs=0.015)
    assert first_loan.isna().mean() == pytest.approx(0.39, abs=0.012)


def test_first_wishes_come_after_as_many_even_days_as_the_persona_states(lives: Lives) -> None:
    start = np.datetime64(lives.persona.window.first, "s")
    granted = lives.granted[lives.granted["decided_at"] < lives.last - pd.DateOffset(years=2)]
    first = lives.wishes[lives.wishes["number"] == 0].set_index("user_id")["even"].reindex(granted.index)
    decided = lives.clock.worked((granted["decided_at"].to_numpy() - start).astype(np.int64))
    days, draw = (first - decided) / EVEN_DAY, first.notna()
    margin = lives.persona.conditionals["days_to_first_loan"].margin.cumsum()
    for day in (0, 7, 14, 30, 90, 365):
        assert (days[draw] < day + 1).mean() == pytest.approx(margin[day], abs=0.015)
    assert draw.mean() == pytest.approx(0.61, abs=0.012)


# Nothing by sex, region or marital status


@pytest.mark.parametrize("name", UNASKED)
def test_another_sex_region_or_marital_status_changes_nothing_that_happens(name: str, article: lp.Persona) -> None:
    ever, other = everything(article, lambda _: None), everything(article, turned(name))
    assert list(ever) == list(WORKED)
    for table, frame in ever.items():
        assert len(frame) > 1_000
        pd.testing.assert_frame_equal(frame, other[table])


@pytest.mark.parametrize(
    ("name", "columns"), [("income_cny_month", {"limit_cny"}), ("quality_tier", {"limit_cny", "apr"})]
)
def test_income_and_quality_change_what_is_granted(name: str, columns: set[str], article: lp.Persona) -> None:
    def lowest(part: Block) -> None:
        part.life.codes[name] = np.zeros_like(part.life.codes[name])

    ever, other = everything(article, lambda _: None), everything(article, lowest)
    changed = {
        column
        for column in ever["applications"]
        if not ever["applications"][column].equals(other["applications"][column])
    }
    assert columns <= changed


def test_price_and_limit_depend_on_quality_and_income_alone(article: lp.Persona) -> None:
    evidence = lp.load_persona("evidence")
    for persona in (article, evidence):
        assert persona.variables["limit_factor"].parents == ("quality_tier",)
        assert persona.variables["apr"].parents == ("quality_tier",)
        assert persona.variables["quality_tier"].parents == ("risk_score",)
        assert persona.variables["risk_score"].parents == ("repayment_capacity",)
        for name in (*applications.NEEDED, *loans.NEEDED, *payments.NEEDED, *referral.NEEDED):
            assert not set(persona.variables[name].parents) & set(UNASKED), name


@pytest.mark.parametrize("name", ["approved", "apr", "limit_factor", "last_step"])
def test_a_persona_of_equal_people_decides_alike_whatever_their_shares(name: str, article: lp.Persona) -> None:
    """Everybody of the other sex in the file itself: what does not rest on sex stays as it was, row by row."""
    men = article.replace({"sex.shares": {"male": "0.999", "female": "0.001"}})
    women = article.replace({"sex.shares": {"male": "0.001", "female": "0.999"}})
    result = [lp.sample(persona, n=5_000, columns=["sex", name]) for persona in (men, women)]
    assert (result[0]["sex"] != result[1]["sex"]).mean() > 0.99
    pd.testing.assert_series_equal(result[0][name], result[1][name])
