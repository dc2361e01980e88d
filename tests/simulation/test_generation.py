"""Generation: everybody's life depends on persona, seed and number alone, and people are as the persona says."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from bisect import bisect_right
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import reference

import loanpersona as lp
from loanpersona.core import catalog
from loanpersona.persona.joint import joint
from loanpersona.simulation import generation, users
from loanpersona.tables.store import SYNTHETIC, column_digest

PET = "  pet:\n    shares: {yes: 0.3, no: 0.7}\n    label: {en: Pet, zh: 宠物}\n    basis: assumed\n    because: x\n"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def large(article: lp.Persona) -> lp.Population:
    """Two hundred thousand of the article's users, seed 20230101."""
    return lp.generate(article, n=200_000, seed=20230101)


def columns(population: lp.Population) -> dict[str, str]:
    """Digest of every column of every table, without the key."""
    return {
        name: column_digest(frame[name])
        for frame in population.tables.values()
        for name in frame.columns
        if name != "user_id"
    }


# The same people everywhere


def test_a_smaller_population_is_the_beginning_of_a_larger_one(article: lp.Persona, population: lp.Population) -> None:
    small = lp.generate(article, n=5_000, seed=7)
    assert list(small.tables) == list(population.tables) == lp.tables.names()
    for name, frame in small.tables.items():
        pd.testing.assert_frame_equal(frame, population.tables[name].head(len(frame)), check_exact=True)


@pytest.mark.parametrize("n", [1, 999, 65_536, 65_537])
def test_a_population_of_any_size_has_a_row_for_each_borrower(n: int, article: lp.Persona) -> None:
    made = lp.generate(article, n=n, seed=1, tables=("users",)).users
    assert made["user_id"].tolist() == list(range(n))


def test_another_seed_makes_other_people(article: lp.Persona, population: lp.Population) -> None:
    other = columns(lp.generate(article, n=100_000, seed=8))
    assert [name for name, digest in columns(population).items() if other[name] == digest] == []


@pytest.mark.parametrize("first", [True, False])
def test_a_variable_added_first_or_last_changes_no_other_column(
    first: bool, tmp_path: Path, population: lp.Population
) -> None:
    text = catalog.persona_files()["article"].read_text(encoding="utf-8")
    odds = "    odds:\n      - {when: {age_years: 22..33, income_cny_month: 3700..}, multiply: {yes: 3}}\n"
    path = tmp_path / "more.yaml"
    path.write_text(
        text.replace("variables:\n", "variables:\n" + PET, 1) if first else text + PET + odds, encoding="utf-8"
    )
    result = columns(lp.generate(lp.load_persona(path), n=100_000, seed=7))
    assert result.pop("pet")
    assert result == columns(population)


@pytest.mark.parametrize("block", [1_000, 65_536, 1_000_000])
def test_the_size_of_a_block_changes_nobody(
    block: int, article: lp.Persona, population: lp.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "BLOCK", block)
    assert lp.generate(article, n=100_000, seed=7).digest == population.digest


def test_blocks_can_be_drawn_alone_and_in_any_order(article: lp.Persona) -> None:
    samplers = users.samplers(article)
    whole = users.draw(samplers, 7, 0, 10_000)
    starts = list(range(0, 10_000, 777))
    random.Random(1).shuffle(starts)
    for start in starts:
        stop = min(start + 777, 10_000)
        for name, codes in users.draw(samplers, 7, start, stop).items():
            np.testing.assert_array_equal(codes, whole[name][start:stop])


def simd() -> str:
    """The processor features that numpy would pick its faster loops by on this machine."""
    core = getattr(np, "_core", None) or np.core
    umath = core._multiarray_umath
    return " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name))


@pytest.mark.parametrize(
    "places",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "3", "NPY_DISABLE_CPU_FEATURES": simd()},
    ],
    ids=["C and Shanghai", "UTF-8 and New York", "slow loops"],
)
def test_the_digest_is_the_same_under_other_settings_of_the_machine(
    places: dict[str, str], article: lp.Persona
) -> None:
    program = "import loanpersona as lp; print(lp.generate(lp.load_persona('article'), n=30_000, seed=7).digest)"
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | places, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == lp.generate(article, n=30_000, seed=7).digest


def test_the_digest_of_a_small_population_never_changes(tiny_text: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny_text, encoding="utf-8")
    assert (
        lp.generate(lp.load_persona(path), n=1_000, seed=7).digest
        == "f86e862c36149a89965834a4e860412fb0ba808f90c7b63774a505b7b80697a8"
    )


def missing(persona: lp.Persona, frame: pd.DataFrame) -> list[str]:
    """The variables of a persona that a frame has no column of."""
    return [name for name in persona.variables if name not in frame]


def test_a_sampler_as_plain_as_can_be_gives_the_same_people(article: lp.Persona, population: lp.Population) -> None:
    made = population.users.merge(population.truth, on="user_id")
    made = made.merge(lp.sample(article, n=100_000, seed=7)[missing(article, made)], left_index=True, right_index=True)
    for number in [*range(200), *range(65_500, 65_560), *range(99_960, 100_000)]:
        row = made.iloc[number]
        expected = reference.user(article, 7, number)
        assert row["user_id"] == number
        for name, value in expected.items():
            assert row[name] == (value == "yes" if value in ("yes", "no") else value), (number, name)


def test_a_variable_of_many_cells_is_drawn_like_any_other(article: lp.Persona) -> None:
    # 12 400 cells: the guide of the sampler has fewer slots for each, and must find the same answers
    odds = [
        {"when": {name: str(value)}, "multiply": {"yes": str(1 + i % 7)}}
        for name in ("age_years", "province", "occupation")
        for i, value in enumerate(article.variables[name].values)
    ]
    persona = article.replace({"has_car.odds": odds})
    sampler = users.samplers(persona)["has_car"]
    assert len(sampler.conditional.thresholds) == 12_400
    assert sampler.bits < 12
    made = lp.generate(persona, n=300, seed=7).users
    assert [reference.user(persona, 7, i)["has_car"] == "yes" for i in range(60)] == made["has_car"][:60].tolist()


# People with some of their variables set


def test_a_sample_with_nothing_given_is_the_population_itself(article: lp.Persona) -> None:
    people, made = lp.sample(article, n=3_000, seed=7), lp.generate(article, n=3_000, seed=7)
    assert list(people) == list(article.variables)
    for table in ("users", "truth"):
        frame = made.tables[table]
        for name in frame.columns.intersection(list(article.variables)):
            pd.testing.assert_series_equal(people[name], frame[name])
    assert people.attrs["synthetic"] == SYNTHETIC


def test_what_is_given_is_set_and_only_what_rests_on_it_follows(article: lp.Persona) -> None:
    ever = lp.sample(article, n=3_000)
    set_ = lp.sample(article, given={"sex": "female", "age_years": 22, "has_car": True}, n=3_000)
    assert (set_["sex"].eq("female") & set_["age_years"].eq(22) & set_["has_car"]).all()
    changed = {name for name in ever if not ever[name].equals(set_[name])}
    assert changed >= {"sex", "age_years", "has_car", "occupation", "income_cny_month", "marital_status"}
    assert "province" not in changed
    assert "city_tier" not in changed


def test_what_stands_above_a_given_variable_is_drawn_as_ever(article: lp.Persona) -> None:
    ever, set_ = lp.sample(article, n=3_000), lp.sample(article, given={"education": "master"}, n=3_000)
    pd.testing.assert_series_equal(ever["occupation"], set_["occupation"])


def test_a_sample_holds_the_columns_asked_for_in_the_order_of_the_persona(article: lp.Persona) -> None:
    whole = lp.sample(article, n=500)
    pd.testing.assert_frame_equal(lp.sample(article, n=500, columns=["caution", "sex"]), whole[["sex", "caution"]])
    assert list(lp.sample(article, n=5, columns="sex")) == ["sex"]


@pytest.mark.parametrize(
    ("asked", "faults"),
    [
        ({"given": {"sx": "male"}}, ["given: sx: unknown variable. Did you mean 'sex'? Known: age_years"]),
        ({"given": {"sex": "mal"}}, ["given: sex = mal: no value of this variable. Did you mean 'male'? Known: male"]),
        ({"given": {"age_years": 19}}, ["given: age_years = 19: no value of this variable. Allowed: 20 to 59 in st"]),
        (
            {"given": {"income_cny_month": 5050}},
            ["given: income_cny_month = 5050: no value of this variable. Allowed: 1500 to 60000 in steps of 100."],
        ),
        ({"columns": ["sx"]}, ["columns: sx: unknown variable. Did you mean 'sex'?"]),
        ({"columns": []}, ["columns: names no variable. Allowed: at least one."]),
        ({"n": 0, "seed": -1, "given": {"a": 1}}, ["n = 0: not a count", "seed = -1: not a seed", "given: a: unknown"]),
    ],
)
def test_a_sample_of_what_there_is_not_is_refused_with_every_fault(
    asked: dict[str, object], faults: list[str], article: lp.Persona
) -> None:
    with pytest.raises(lp.InputError) as caught:
        lp.sample(article, **asked)
    assert len(caught.value.faults) == len(faults)
    for result, fault in zip(caught.value.faults, faults, strict=True):
        assert result.startswith(fault)


def test_what_is_given_is_set_in_every_block(article: lp.Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lp.sample(article, given={"sex": "female"}, n=3_000)
    monkeypatch.setattr(users, "BLOCK", 700)
    pd.testing.assert_frame_equal(lp.sample(article, given={"sex": "female"}, n=3_000), whole)
    assert whole["sex"].eq("female").all()


def test_a_cell_that_nobody_is_in_follows_the_same_odds_when_it_is_set(article: lp.Persona) -> None:
    # Nobody is a waiter, and yet the file says how men lean among waiters: odds of 0.469 against those of couriers
    none = {
        "occupation.shares": {
            **{str(v): "0.1" for v in article.variables["occupation"].values},
            "waiter": 0,
            "courier": "0.2",
        }
    }
    with pytest.warns(lp.PersonaWarning, match="never drawn: occupation waiter"):
        changed = article.replace(none)
    men = [
        lp.sample(changed, given={"occupation": work}, n=50_000, columns="sex")["sex"].eq("male").mean()
        for work in ("waiter", "courier")
    ]
    odds = [share / (1 - share) for share in men]
    assert odds[0] / odds[1] == pytest.approx(0.469 / 5.748, rel=0.08)


def test_words_at_a_threshold_and_beside_it_fall_as_bisecting_says(article: lp.Persona) -> None:
    for name in ("occupation", "marital_status", "income_cny_month", "repayment_capacity"):
        sampler = users.samplers(article)[name]
        cell = len(sampler.conditional.thresholds) // 2
        row = sampler.conditional.thresholds[cell].tolist()
        draws = [draw for at in row for draw in (at - 1, at, at + 1) if 0 <= draw < 2**53]
        words = np.array(draws, np.uint64) << np.uint64(11)
        result = sampler.draw(words, np.full(len(draws), cell << sampler.bits, np.int64))
        assert result.tolist() == [bisect_right(row, draw) for draw in draws], name


def test_a_category_of_many_levels_keeps_its_last_ones(tiny_text: str, tmp_path: Path) -> None:
    levels = [f"l{i:03}" for i in range(150)]
    shares = ", ".join(f"{level}: 1/150" for level in levels)
    words = ", ".join(f"{level}: {{en: {level}, zh: 级}}" for level in levels)
    block = (
        f"  rank:\n    shares: {{{shares}}}\n    label: {{en: Rank, zh: 级}}\n    labels: {{{words}}}\n"
        "    basis: assumed\n    because: x\n"
    )
    path = tmp_path / "ranks.yaml"
    path.write_text(tiny_text + block, encoding="utf-8")
    persona = lp.load_persona(path)
    made = lp.generate(persona, n=3_000, seed=1).users["rank"]
    assert set(made) == set(levels)
    assert [reference.user(persona, 1, i)["rank"] for i in range(300)] == made[:300].tolist()


# People as the persona says


def implied(persona: lp.Persona, name: str, low: float | str, high: float | str) -> float:
    """The share of people from one value of a variable to another, as the persona implies it."""
    result = persona.conditionals
    conditional = result[name]
    weights = joint(conditional.bands, result).ravel()
    values = list(conditional.variable.values)
    first = values.index(low) if isinstance(low, str) else sum(value < low for value in values)
    last = values.index(high) if isinstance(high, str) else sum(value <= high for value in values) - 1
    return float((weights @ conditional.probabilities)[first : last + 1].sum())


@pytest.mark.parametrize(
    ("name", "low", "high", "stated", "margin"),
    [
        ("sex", "male", "male", 0.698, 1e-9),
        ("age_years", 25, 35, 0.61, 1e-9),
        ("marital_status", "married", "married", 0.576, 0.002),
        ("income_cny_month", 0, 9_999, 0.918, 0.003),
        ("occupation", "owner", "owner", 0.16, 1e-9),
        ("region", "southeast_coast", "southeast_coast", 0.60, 1e-9),
        ("city_tier", "tier1", "tier2", 0.58, 1e-9),
        ("education", "junior_secondary", "junior_college", 0.88, 0.002),
    ],
)
def test_shares_are_what_the_persona_implies_and_that_is_what_it_says(
    name: str,
    low: float | str,
    high: float | str,
    stated: float,
    margin: float,
    article: lp.Persona,
    large: lp.Population,
) -> None:
    share = implied(article, name, low, high)
    assert share == pytest.approx(stated, abs=margin)
    drawn = large.users[name]
    if isinstance(low, str):
        levels = list(drawn.cat.categories)
        drawn, low, high = drawn.cat.codes, levels.index(low), levels.index(high)
    assert abs(drawn.between(low, high).mean() - share) < 4 * sqrt(share * (1 - share) / large.n)


@pytest.mark.parametrize("name", ["occupation", "province", "city_tier", "education", "marital_status", "platforms"])
def test_every_value_is_as_frequent_as_implied(name: str, article: lp.Persona, large: lp.Population) -> None:
    drawn = large.users[name].value_counts()
    for value in article.variables[name].values:
        share = implied(article, name, value, value)
        # 5 standard errors: these are 60 values, and the seed was not picked
        assert abs(drawn[value] / large.n - share) < 5 * sqrt(share * (1 - share) / large.n), value


def test_what_cannot_be_is_nowhere(large: lp.Population) -> None:
    people, truth = large.users, large.truth
    assert set(people.loc[people["province"] == "shanghai", "city_tier"]) == {"tier1"}
    assert (people["occupation"].eq("owner") == people["borrower_class"].eq("owner")).all()
    assert truth.loc[truth["borrower_type"] == "never", "borrowing_rate"].eq(0).all()
    assert truth.loc[truth["borrower_type"] == "revolver", "borrowing_rate"].gt(0).any()
    assert not people.loc[people["occupation"] == "waiter", "education"].eq("master").any()
    assert people["education"].eq("master").any()
    assert people["age_years"].between(20, 59).all()


def test_unrelated_variables_are_independent(large: lp.Population) -> None:
    people = large.users.join(large.truth.drop(columns="user_id"))
    for one, other in (("sex", "province"), ("age_years", "province"), ("borrower_type", "embarrassment")):
        codes = [pd.factorize(people[name])[0] for name in (one, other)]
        # under independence the correlation of n pairs has a standard error of 1 / sqrt(n)
        assert abs(np.corrcoef(*codes)[0, 1]) < 4.5 / sqrt(large.n), (one, other)


def test_dtypes_are_those_of_the_tables(population: lp.Population) -> None:
    for name, frame in population.tables.items():
        for column in frame.columns:
            assert frame[column].dtype.name == lp.tables.table(name).column(column).dtype.name
    assert lp.tables.check(population.users) is not None


@pytest.mark.parametrize(
    ("law", "dtype", "values"),
    [
        ("shares: {yes: 0.3, no: 0.7}", "bool", {True, False}),
        ("shares: {yes: 0.3, no: 0.3, some: 0.4}\n    labels: {some: {en: Some, zh: 若干}}", "category", None),
        ("bands: {1..3: 1}", "int64", {1, 2, 3}),
        ("normal: {mean: 1, sd: 1}\n    least: 0\n    most: 2\n    step: 0.5", "float64", {0.0, 0.5, 1.0, 1.5, 2.0}),
        ("normal: {mean: 1, sd: 1}\n    least: 0\n    most: 2\n    step: 1", "int64", {0, 1, 2}),
    ],
)
@pytest.mark.parametrize("hidden", [True, False])
def test_a_variable_of_ones_own_has_the_type_of_its_values_and_the_table_it_asks_for(
    law: str, dtype: str, values: set[object] | None, hidden: bool, tiny_text: str, tmp_path: Path
) -> None:
    if values is None:
        law = law.replace("labels: {", "labels: {yes: {en: Yes, zh: 是}, no: {en: No, zh: 否}, ")
    block = (
        f"  pet:\n    {law}\n    label: {{en: Pet, zh: 宠物}}\n    unit: count\n    basis: assumed\n    because: x\n"
    )
    path = tmp_path / "pets.yaml"
    path.write_text(tiny_text + block + "    hidden: true\n" * hidden, encoding="utf-8")
    made = lp.generate(lp.load_persona(path), n=500, seed=1)
    table = "truth" if hidden else "users"
    assert [name for name, frame in made.tables.items() if "pet" in frame] == [table]
    assert made.tables[table]["pet"].dtype.name == dtype
    assert set(made.tables[table]["pet"]) == (values or {"yes", "no", "some"})
    (schema,) = [schema for schema in made.schemas if schema.name == table]
    assert (schema.column("pet").unit, schema.column("pet").meaning["zh"]) == ("count", "宠物")


# What is asked for


def test_one_table_asked_for_is_made_alone_and_is_the_same(article: lp.Persona, population: lp.Population) -> None:
    for name in lp.tables.names():
        alone = lp.generate(article, n=100_000, seed=7, tables=(name,))
        assert list(alone.tables) == [name]
        pd.testing.assert_frame_equal(alone.tables[name], population.tables[name], check_exact=True)
    with pytest.raises(lp.InputError, match=r"^tables: users was not made, or was left out\. Known: truth\. "):
        _ = alone.users


KNOWN = "Known: users, applications, loans, instalments, signals, truth."


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        (("user",), f"tables: user: unknown table. Did you mean 'users'? {KNOWN}"),
        (("users", "contacts"), f"tables: contacts: unknown table. {KNOWN}"),
        ((3,), f"tables: 3: unknown table. {KNOWN}"),
        (("choices",), f"tables: choices: unknown table. {KNOWN}"),
    ],
)
def test_an_unknown_table_is_refused_with_the_nearest(tables: tuple[str], fault: str, article: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=f"^{re.escape(fault)}$"):
        lp.generate(article, n=10, seed=7, tables=tables)


@pytest.mark.parametrize(("n", "seed"), [(0, 7), (True, 7), (2.5, 7), (10, None), (10, -1), (10, "7")])
def test_a_size_or_seed_that_is_none_is_refused(n: object, seed: object, article: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=r"^(n|seed) = .*: not a (count|seed)\."):
        lp.generate(article, n=n, seed=seed)


def test_more_people_than_memory_holds_are_refused_before_anything_is_made(
    article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "samplers", lambda _: pytest.fail("work began"))
    with pytest.raises(
        lp.MachineError, match=r"^n = 1,000,000,000,000: needs about [\d,]+ GiB of memory, this machine"
    ):
        lp.generate(article, n=10**12, seed=7, tables=("users",))


def test_a_changed_share_changes_that_column_and_those_below_it_only(
    article: lp.Persona, population: lp.Population
) -> None:
    even = lp.generate(article.replace({"sex.shares": {"male": 0.5, "female": 0.5}}), n=100_000, seed=7)
    before, after = columns(population), columns(even)
    assert {name for name in before if before[name] != after[name]} == {"sex", "marital_status"}
    assert even.users["sex"].eq("male").mean() == pytest.approx(0.5, abs=0.006)


# How a population shows itself


def test_a_population_shows_itself_in_one_short_line_without_addresses(population: lp.Population) -> None:
    again = lp.Population(**{name: getattr(population, name) for name in population.__dataclass_fields__})
    assert repr(population) == repr(again)
    assert repr(population) == (
        "<Population of 100,000 from article, seed 7: users, applications, loans, instalments, signals, truth; "
        f"{population.digest[:12]}>"
    )


def test_a_notebook_keeps_how_a_population_was_made(population: lp.Population) -> None:
    shown, kept = population._repr_mimebundle_()
    assert kept["loanpersona"] == population.made
    assert kept["loanpersona"]["synthetic"] == SYNTHETIC
    assert {"persona", "persona_digest", "n", "seed", "digest"} < set(kept["loanpersona"])
    assert shown["text/plain"] == repr(population)
    assert population.digest in shown["text/html"]


def test_a_name_in_place_of_a_persona_is_refused_with_the_way_to_load_it() -> None:
    with pytest.raises(lp.InputError, match=r"persona = 'article': not a persona.*load_persona\('article'\)"):
        lp.generate("article", n=10, seed=7)  # type: ignore[arg-type]
