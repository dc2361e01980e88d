"""Histories: everybody's depends on persona, seed and number alone, whatever is made beside it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lives import ALL, SEED, Lives, block, frames, unstated
from scipy import stats

import loanpersona as lp
from loanpersona.simulation import applications, chance, generation, histories, loans, users
from loanpersona.simulation.life import Life

ROOM = Path(generation.__file__).parent
SOME = 9_000


@pytest.fixture(scope="module")
def some(article: lp.Persona) -> lp.Population:
    """Nine thousand users, made in one block."""
    return lp.generate(article, n=SOME, seed=SEED)


def same(result: Mapping[str, pd.DataFrame], expected: Mapping[str, pd.DataFrame]) -> None:
    for name, frame in result.items():
        pd.testing.assert_frame_equal(frame, expected[name], check_exact=True)


def whole(population: lp.Population) -> None:
    """The tables of a population fit together, and money balances."""
    people, granted, lent, owed, seen = (population.tables[name] for name in ALL[:5])
    assert lent["user_id"].isin(granted.loc[granted["outcome"] == "approved", "user_id"]).all()
    assert not lent["loan_id"].duplicated().any()
    back = owed["principal_cny"].mul(100).round().groupby(owed["loan_id"]).sum()
    assert (back == 100 * lent.set_index("loan_id")["amount_cny"]).all()
    assert len(back) == len(lent)
    assert seen["user_id"].isin(people["user_id"]).all()
    assert (lent["ordinal"] == lent.groupby("user_id").cumcount() + 1).all()
    for schema in population.schemas:
        made = population.tables[schema.name]
        assert list(made) == list(schema.columns)
        assert [made[name].dtype.name for name in made] == [each.dtype.name for each in schema.columns.values()]


# Chance


def splitmix(state: int, count: int) -> list[int]:
    """The words of SplitMix64 as published (Steele, Lea and Flood 2014; Vigna's splitmix64.c)."""
    result, mask = [], 2**64 - 1
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        result.append(z ^ (z >> 31))
    return result


def test_the_words_of_events_are_those_of_the_published_generator() -> None:
    assert splitmix(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for key in (0, 1, 1234567, 2**63, 2**64 - 1):
        keys = np.full(200, key, np.uint64)
        assert chance.events(keys, np.arange(200)).tolist() == splitmix(key, 200)


def test_a_word_of_an_event_does_not_change_the_key_it_is_drawn_from() -> None:
    keys = chance.words(7, "x", 0, 10)
    before = keys.copy()
    chance.events(keys, 3)
    np.testing.assert_array_equal(keys, before)


def test_exponentials_are_logarithms_to_the_eighth_place() -> None:
    words = np.r_[
        chance.words(7, "x", 0, 20_000),
        np.arange(5_000, dtype=np.uint64) << np.uint64(11),
        np.uint64(2**64 - 1) - (np.arange(5_000, dtype=np.uint64) << np.uint64(11)),
    ]
    exact = -np.log(((words >> np.uint64(11)).astype(float) + 1) / 2**53)
    assert np.abs(chance.exponentials(words) - exact).max() < 1e-8
    assert chance.exponentials(words).min() >= 0


def test_exponentials_and_fractions_of_events_are_spread_as_they_should_be() -> None:
    words = chance.events(chance.words(SEED, "x", 0, 300_000), 5)
    assert stats.kstest(chance.exponentials(words), "expon").pvalue > 1e-6
    assert stats.kstest(chance.fractions(words), "uniform").pvalue > 1e-6
    next_ = chance.events(chance.words(SEED, "x", 0, 300_000), 6)
    assert abs(np.corrcoef(chance.fractions(words), chance.fractions(next_))[0, 1]) < 0.01


# The same histories everywhere


def test_a_smaller_population_is_the_beginning_of_a_larger_one(some: lp.Population, lives: Lives) -> None:
    for name in ALL:
        if name != "instalments":
            large = lives.population.tables[name]
            same({name: some.tables[name]}, {name: large[large["user_id"] < SOME]})
    large = lives.instalments
    same({"instalments": some.tables["instalments"]}, {"instalments": large[large["loan_id"] < SOME * 10_000]})


@pytest.mark.parametrize("size", [1_024, 4_096])
def test_the_size_of_a_block_changes_no_history(
    size: int, some: lp.Population, article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "BLOCK", size)
    same(lp.generate(article, n=SOME, seed=SEED).tables, some.tables)


def test_blocks_can_be_lived_alone_and_in_any_order(lives: Lives, article: lp.Persona) -> None:
    for start in (196_608, 64 * 1_024, 0):
        result = dict(frames(article, block(article, start, start + 1_024)))
        for name, frame in result.items():
            table = lives.population.tables[name]
            who = table["loan_id"] // 10_000 if name == "instalments" else table["user_id"]
            expected = table[who.between(start, start + 1_023)]
            pd.testing.assert_frame_equal(frame, expected.reset_index(drop=True), check_exact=True)


def test_each_table_alone_is_the_same_and_no_other_is_made(some: lp.Population, article: lp.Persona) -> None:
    for name in ALL:
        alone = lp.generate(article, n=SOME, seed=SEED, tables=(name,))
        assert list(alone.tables) == [name]
        same(alone.tables, some.tables)


@pytest.mark.parametrize(
    ("tables", "spared"),
    [
        (("truth",), (applications, "registered")),
        (("users", "truth"), (applications, "applications")),
        (("users", "applications"), (loans, "loans")),
    ],
)
def test_what_is_not_asked_for_is_not_worked_out(
    tables: tuple[str, ...], spared: tuple[object, str], article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*spared, lambda *_: pytest.fail("was worked out"))
    assert list(lp.generate(article, n=100, seed=1, tables=tables).tables) == list(tables)


def test_variables_that_no_table_rests_on_are_not_drawn(article: lp.Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    init = Life.__init__

    def noted(self: Life, *args: object) -> None:
        init(self, *args)
        drawn.extend(self.codes)

    monkeypatch.setattr(Life, "__init__", noted)
    lp.generate(article, n=100, seed=1, tables=("loans",))
    assert {"risk_score", "borrowing_rate"} <= set(drawn)
    assert not {"marital_status", "has_bank_credit", "embarrassment", "would_refer"} & set(drawn)


def test_parts_joined_are_the_population(
    some: lp.Population, article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "BLOCK", 2_048)
    parts = list(generation.parts(article, n=SOME, seed=SEED))
    assert len(parts) == 5
    same({name: pd.concat([part[name] for part in parts], ignore_index=True) for name in ALL}, some.tables)


@pytest.mark.parametrize("rests_on", [None, "education"])
def test_a_variable_of_ones_own_changes_no_column(
    rests_on: str | None, some: lp.Population, article: lp.Persona
) -> None:
    pet: dict[str, object] = {
        "shares": {"yes": "0.3", "no": "0.7"},
        "label": {"en": "Pet", "zh": "宠物"},
        "basis": "assumed",
        "because": "x",
    }
    if rests_on:
        pet["odds"] = [{"when": {rests_on: "bachelor.."}, "multiply": {"yes": "3"}}]
    made = lp.generate(article.replace({"pet": pet}), n=SOME, seed=SEED).tables
    assert made["users"].pop("pet").any()
    same(made, some.tables)


def test_another_seed_makes_other_histories(some: lp.Population, article: lp.Persona) -> None:
    other = lp.generate(article, n=SOME, seed=SEED + 1).tables
    for name in ("applications", "loans", "instalments", "signals"):
        for column in set(some.tables[name]) - {"user_id"}:
            assert not some.tables[name][column].head(500).equals(other[name][column].head(500)), (name, column)


# Other personas, sizes and seeds


@pytest.mark.parametrize("seed", [0, 2**128 - 1])
@pytest.mark.parametrize("n", [1, 2, 1_025])
def test_histories_of_few_and_of_any_seed_are_whole(n: int, seed: int, article: lp.Persona) -> None:
    whole(lp.generate(article, n=n, seed=seed))


def test_the_evidence_and_a_persona_without_dependences_live_whole_lives(article: lp.Persona) -> None:
    for persona in (lp.load_persona("evidence"), article.null()):
        made = lp.generate(persona, n=4_000, seed=SEED)
        whole(made)
        assert len(made.tables["loans"]) > 1_000


SHARES = {
    "last_step": ("identity", "profile"),
    "payment": ("early", "on_the_day"),
    "price_reaction": ("takes",),
    "applies_again": ("always_again",),
    "asks_for": ("nothing",),
    "month_income": ("usual_income",),
    "borrower_type": ("revolver",),
    "reject_reason": ("score_too_low",),
}


@pytest.mark.parametrize("name", SHARES)
def test_a_persona_may_leave_out_levels(name: str, article: lp.Persona) -> None:
    levels = SHARES[name]
    stated = {level: f"1/{len(levels)}" for level in levels}
    block = {"shares": stated, "basis": "assumed", "because": "x"}
    persona = article.null()
    if name == "borrower_type":
        persona = unstated(persona, "rules")
    made = lp.generate(persona.replace({name: block}), n=3_000, seed=SEED)
    whole(made)
    if name == "payment":
        assert not made.tables["instalments"]["dpd"].any()
    if name == "last_step":
        assert set(made.tables["applications"]["outcome"]) == {"incomplete"}
        assert made.tables["loans"].empty
    if name == "applies_again":
        last = made.tables["applications"].groupby("user_id").tail(1)
        assert (last["application_id"] % 10).max() == applications.ATTEMPTS - 1


@pytest.mark.filterwarnings("ignore:.*(projected|no Spring Festival)")
@pytest.mark.parametrize(
    "window", [("2024-01-01", "2024-01-01"), ("2024-02-01", "2024-02-29"), ("2010-01-01", "2029-12-31")]
)
def test_windows_of_a_day_a_month_and_twenty_years_hold_whole_lives(
    window: tuple[str, str], article: lp.Persona
) -> None:
    first, last = window
    persona = article.replace({"window.first": first, "window.last": last})
    made = lp.generate(persona, n=1_500, seed=SEED)
    whole(made)
    for table in made.tables.values():
        for column in table.select_dtypes("datetime").columns.difference(["due_on"]):
            assert table[column].dropna().between(first, pd.Timestamp(last) + pd.Timedelta("1D"), "left").all()


def test_loans_of_one_month_without_interest_are_paid_back_as_they_were_lent(article: lp.Persona) -> None:
    block = {"basis": "assumed", "because": "x"}
    free = article.replace(
        {
            "term_months": {"bands": {"1": 1}, **block},
            "apr": {"normal": {"mean": 0, "sd": "0.0001"}, "least": 0, "most": "0.001", "step": "0.001", **block},
        }
    )
    made = lp.generate(free, n=3_000, seed=SEED)
    whole(made)
    owed, lent = made.tables["instalments"], made.tables["loans"]
    assert not owed["interest_cny"].any()
    assert owed["principal_cny"].tolist() == lent["amount_cny"].tolist()


# Nothing is computed from the sample

SAMPLED = {
    "mean",
    "median",
    "quantile",
    "percentile",
    "nanmean",
    "std",
    "var",
    "rank",
    "rankdata",
    "argpartition",
    "partition",
    "sort_values",
    "histogram",
    "cut",
    "qcut",
    "average",
    "sort",
    "argsort",
}
ALLOWED = {
    ("loans.py", "argsort"),  # puts rows in the order of their loans
}


def test_no_room_of_the_simulation_computes_from_the_sample_or_draws_outside_chance() -> None:
    result, random, seen = set(), set(), 0
    for path in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            seen += 1
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in SAMPLED:
                    result.add((path.name, name))
            if isinstance(node, ast.Attribute) and node.attr in ("random", "default_rng"):
                random.add(path.name)
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"random", "secrets", "uuid", "time", "datetime.datetime"}, path.name
    assert seen > 5_000
    assert result == ALLOWED
    assert random == {"chance.py"}


def test_histories_name_the_variables_they_rest_on(article: lp.Persona) -> None:
    for name, needed in histories.NEEDED.items():
        assert set(needed) <= set(article.variables), name
