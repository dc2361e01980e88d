"""Payments: early, on the day, late, cured or never, by the hazards of the persona and never by sex."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lives import DAY, NEVER, Lives
from repaying import STATED, TIERS, falling_due, with_bad
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import loanpersona as lp


def clustered(values: pd.Series, who: pd.Series) -> tuple[float, float]:
    """A share and its standard error where rows of one user belong together."""
    share = values.mean()
    parts = (values - share).groupby(who.to_numpy()).sum()
    return float(share), float(np.sqrt((parts**2).sum()) / len(values))


# Exactly


def test_days_past_due_are_those_of_the_payment_or_of_the_last_day(lives: Lives) -> None:
    owed = lives.owed
    ends = owed["paid_on"].fillna(lives.last)
    np.testing.assert_array_equal(owed["dpd"], (ends - owed["due_on"]).dt.days.clip(lower=0))
    for column in ("due_on", "paid_on"):
        assert (owed[column].dropna() == owed[column].dropna().dt.normalize()).all()


def test_nothing_is_paid_before_what_falls_due_before_it(lives: Lives) -> None:
    owed = lives.owed
    assert (owed["paid"].groupby(owed["loan_id"]).diff().dropna() >= pd.Timedelta(0)).all()


def test_who_is_ninety_days_late_pays_nothing_any_more_on_any_loan(lives: Lives) -> None:
    owed = lives.owed
    stops = lives.wishes.groupby("user_id")["stops"].min()
    stops = stops[np.isfinite(stops)]
    assert len(stops) > 1_500
    day = pd.Timestamp(lives.persona.window.first) + pd.to_timedelta(stops, unit="D")
    after = day.reindex(owed["user_id"]).to_numpy()
    assert not ((owed["paid"] < NEVER) & (owed["paid"].to_numpy() >= after)).any()
    borrowed = day.reindex(lives.loans["user_id"]).to_numpy()
    assert not (lives.loans["borrowed_at"].to_numpy() >= borrowed).any()
    assert owed.loc[owed["paid"] < NEVER, "days"].max() < 200


def test_one_month_has_one_luck_for_all_loans_of_a_borrower(lives: Lives) -> None:
    due = falling_due(lives)
    stop = due[due["paid"] == NEVER].groupby("user_id")["due_on"].min().reindex(due["user_id"]).to_numpy()
    due = due[~(due["due_on"].to_numpy() > stop)]
    month = due["due_on"].dt.year * 12 + due["due_on"].dt.month
    key = [due["user_id"], month]
    late = (due["days"] > 0).groupby(key)
    many = late.size() > 1
    assert many.sum() > 100_000
    assert late.nunique()[many].max() == 1
    paid = due[(due["days"] > 0) & (due["paid"] < NEVER)]
    assert paid.groupby([paid["user_id"], month[paid.index]])["days"].nunique().max() == 1


# As stated


def counted(lives: Lives) -> dict[str, pd.DataFrame]:
    """How many there are of each tier, and for how many of them it holds."""
    due, loans = falling_due(lives), with_bad(lives)
    late = due[(due["days"] > 0) & (due["due_on"] + 30 * DAY <= lives.last)]
    held = {"late": (due, due["days"] > 0), "cured": (late, late["days"] <= 30), "bad": (loans, loans["bad"])}
    return {
        name: values.groupby(of["quality_tier"], observed=True).agg(["sum", "count"]).loc[TIERS]
        for name, (of, values) in held.items()
    }


def test_lateness_cure_and_default_of_every_tier_come_out_within_a_tenth(article: lp.Persona) -> None:
    # 1,200,000 users: what chance adds to the rarest share, the 90+ of the prime, is a twelfth of it
    tables = ("applications", "loans", "instalments")
    result = [counted(Lives(lp.generate(article, n=400_000, seed=seed, tables=tables), article)) for seed in (1, 2, 3)]
    for name in result[0]:
        total = sum((part[name] for part in result[1:]), result[0][name])
        shares = total["sum"] / total["count"]
        np.testing.assert_allclose(shares, STATED[name], rtol=0.1, err_msg=name)
        assert shares.is_monotonic_decreasing if name == "cured" else shares.is_monotonic_increasing


def test_every_tier_has_its_price_and_limit(lives: Lives) -> None:
    granted = lives.granted
    income = lives.users["income_cny_month"].reindex(granted.index)
    tier = granted["quality_tier"]
    factor = (granted["limit_cny"] / income).groupby(tier, observed=True).median()[TIERS]
    price = granted["apr"].groupby(tier, observed=True).mean()[TIERS]
    assert factor.is_monotonic_decreasing
    assert price.is_monotonic_increasing
    np.testing.assert_allclose(factor, STATED["factor"], rtol=0.1)
    np.testing.assert_allclose(price, STATED["apr"], rtol=0.02)
    shares = tier.value_counts(normalize=True)[TIERS]
    np.testing.assert_allclose(shares, [0.12, 0.22, 0.38, 0.20, 0.08], atol=0.015)


def test_lateness_cure_and_default_of_all_are_near_the_published_totals(lives: Lives) -> None:
    due, loans = falling_due(lives), with_bad(lives)
    late = due[(due["days"] > 0) & (due["due_on"] + 30 * DAY <= lives.last)]
    assert (due["days"] > 0).mean() == pytest.approx(0.055, abs=0.005)
    assert (late["days"] <= 30).mean() == pytest.approx(0.857, abs=0.03)
    assert loans["bad"].mean() == pytest.approx(0.036, abs=0.007)


def test_the_score_finds_the_bad_loans_as_well_as_a_score_does(lives: Lives) -> None:
    loans = with_bad(lives)
    for some in (loans, loans[loans["ordinal"] == 1]):
        assert 0.35 <= 2 * roc_auc_score(some["bad"], some["risk_score"]) - 1 <= 0.55
    capacity = -lives.truth["repayment_capacity"].reindex(loans["user_id"])
    assert roc_auc_score(loans["bad"], capacity) > roc_auc_score(loans["bad"], loans["risk_score"])


def test_most_pay_early_some_on_the_day(lives: Lives) -> None:
    due = falling_due(lives)
    early, on_the_day = (due["days"] < 0).mean(), (due["days"] == 0).mean()
    assert early == pytest.approx(0.61, abs=0.03)
    assert on_the_day == pytest.approx(0.33, abs=0.03)


# Hazards: of each trait, others held where they are


def standardised(people: pd.DataFrame, groups: str, strata: list[str]) -> pd.Series:
    """Late instalments of each group over those expected from strata alone."""
    cell = sum(people[name].to_numpy(np.int64) * 100**at for at, name in enumerate(strata))
    expected = people.groupby(cell)["late"].transform("mean")
    return people.groupby(groups)["late"].sum() / expected.groupby(people[groups]).sum()


@pytest.fixture(scope="module")
def people(lives: Lives) -> pd.DataFrame:
    """Who owes each instalment that fell due, traits in whole numbers, and whether it was late."""
    due = falling_due(lives)
    all_ = lives.users.merge(lives.truth, on="user_id")
    traits = pd.DataFrame(
        {
            "capacity": all_["repayment_capacity"].clip(-5, 5).mul(2).round() + 10,
            "several": all_["platforms"].clip(upper=3),
            "band": pd.cut(all_["age_years"], [19, 24, 29, 34, 39, 59]).cat.codes,
            "variation": all_["income_variation"].mul(20).round(),
            "shaken": np.select([all_["income_variation"] <= 0.10, all_["income_variation"] > 0.35], [0, 2], 1),
            "sex": all_["sex"].cat.codes,
            "owner": all_["borrower_class"].eq("owner").astype(int),
        },
        dtype=int,
    )
    return traits.loc[due["user_id"]].assign(late=(due["days"] > 0).to_numpy())


def test_lateness_falls_with_age_as_published(people: pd.DataFrame) -> None:
    result = standardised(people, "band", ["capacity", "several"])
    np.testing.assert_allclose(result / result[1] * 1.07, [1.22, 1.07, 0.90, 0.93, 0.83], atol=0.08)


def test_sex_has_no_part_in_lateness(people: pd.DataFrame) -> None:
    result = standardised(people, "sex", ["capacity", "several", "band", "variation"])
    assert (result - 1).abs().max() < 0.03


def test_several_platforms_make_late(people: pd.DataFrame) -> None:
    load = standardised(people, "several", ["capacity", "band"])
    assert load[2] / load[1] == pytest.approx(1.10, abs=0.06)
    assert load[3] / load[1] == pytest.approx(1.25, abs=0.08)


def test_owners_are_late_more_often_and_so_is_whose_income_varies(people: pd.DataFrame) -> None:
    """Owners' incomes vary most, so that only a fit of both at once tells the one from the other."""
    varies = people.groupby("owner")["variation"].mean()
    assert varies[1] > 1.5 * varies[0]
    names = ["capacity", "several", "band", "shaken", "owner"]
    cells = people.groupby(names)["late"].agg(["sum", "count"]).reset_index()
    who = pd.get_dummies(cells[names].astype("category"), drop_first=True)
    fit = LogisticRegression(C=1e6, max_iter=2_000).fit(
        pd.concat([who, who]),
        np.repeat([1, 0], len(who)),
        sample_weight=np.concatenate([cells["sum"], cells["count"] - cells["sum"]]),
    )
    odds = pd.Series(np.exp(fit.coef_[0]), who.columns)
    assert odds["owner_1"] == pytest.approx(1.3, abs=0.1)
    assert odds["shaken_2"] == pytest.approx(1.25, abs=0.1)  # a month of low income in four, at odds of two


def test_late_days_are_those_of_the_persona(lives: Lives) -> None:
    """How long late instalments stay late is drawn from the persona's bands, whatever the capacity."""
    due = falling_due(lives)
    late = due[(due["days"] > 0) & (due["due_on"] + 90 * DAY <= lives.last)].drop_duplicates(["user_id", "due_on"])
    late = late[(late["days"] <= 30)]
    who = late["user_id"]
    first = late[~who.duplicated()]
    counted = first["days"].value_counts().reindex(range(1, 31)).to_numpy()
    shares = np.repeat([0.486 / 3, 0.238 / 7, 0.159 / 20], [3, 7, 20])
    assert stats.chisquare(counted, shares / shares.sum() * len(first)).pvalue > 1e-6
