"""Calibration: margins and dependences come out as stated, exactly, or the persona is refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

import loanpersona as lp
from loanpersona.core import catalog
from loanpersona.core.conditions import select
from loanpersona.core.strict_yaml import Faults, node_of
from loanpersona.persona.distributions import cumulative
from loanpersona.persona.fitting import nearest_margin
from loanpersona.persona.joint import ONE, Conditional, joint
from loanpersona.persona.model import Given, Shares

Write = Callable[..., Path]
FaultsOf = Callable[[Path], tuple[str, ...]]
PERSONAS = sorted(catalog.persona_files())
CALIBRATED = {name: lp.load_persona(name).conditionals for name in PERSONAS}
LEANING = [
    (persona, name)
    for persona, result in CALIBRATED.items()
    for name, conditional in result.items()
    if isinstance(conditional.variable.law, Shares) and conditional.variable.law.odds
]
TABLES = [
    (persona, name)
    for persona, result in CALIBRATED.items()
    for name, conditional in result.items()
    if isinstance(conditional.variable.law, Given)
]


def cells(conditional: Conditional) -> Iterator[tuple[int, dict[str, int]]]:
    """Number of each cell and a position of each parent that lies in it."""
    firsts = [bands.first.tolist() for bands in conditional.bands.values()]
    for number, positions in enumerate(itertools.product(*firsts)):
        yield number, dict(zip(conditional.bands, positions, strict=True))


def factors(law: Shares, positions: Mapping[str, int]) -> list[float]:
    """What the odds of a law multiply each value by for somebody."""
    held = [odds for odds in law.odds if all(positions[name] in picked for name, picked in odds.when)]
    return [math.prod(float(odds.factors[i]) for odds in held) for i in range(len(law.shares))]


@pytest.mark.parametrize(("persona", "name"), LEANING)
def test_the_margin_is_what_the_file_states_however_the_odds_lean(persona: str, name: str) -> None:
    conditional = CALIBRATED[persona][name]
    law = conditional.variable.law
    assert isinstance(law, Shares)
    weights = joint(conditional.bands, CALIBRATED[persona]).ravel()
    assert math.fsum(weights) == pytest.approx(1, abs=1e-12)
    margin = weights @ conditional.probabilities
    np.testing.assert_allclose(margin, [float(share) for share in law.shares], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("persona", "name"), LEANING)
def test_odds_ratios_between_cells_are_the_stated_factors_and_zeros_stay_zero(persona: str, name: str) -> None:
    conditional = CALIBRATED[persona][name]
    law = conditional.variable.law
    assert isinstance(law, Shares)
    base: dict[int, float] = {}
    for cell, positions in cells(conditional):
        stated, result = factors(law, positions), conditional.probabilities[cell]
        assert (result[np.array(stated) == 0] == 0).all()
        possible = [i for i, factor in enumerate(stated) if factor > 0]
        if base and possible[0] not in base:
            continue  # a cell that shares no value with the first one cannot be compared with it
        scale = base.get(possible[0], 1.0) / (result[possible[0]] / stated[possible[0]])
        for i in possible:
            assert result[i] / stated[i] * scale == pytest.approx(
                base.setdefault(i, result[i] / stated[i] * scale), 1e-9
            )


def test_there_are_margins_that_lean_and_tables_to_check() -> None:
    assert {name for _, name in LEANING} >= {"occupation", "sex", "city_tier", "has_car", "platforms"}
    assert {name for _, name in TABLES} >= {"education", "marital_status", "region", "borrower_class"}


def test_two_by_two_cells_come_out_as_worked_by_hand(tiny_with: Write) -> None:
    # Half are young and the odds of a man are four times as high among them. If men are half of all, the odds
    # among the old are b and among the young 4b with b/(1+b) + 4b/(1+4b) = 1, so b = 1/2: shares 2/3 and 1/3.
    path = tiny_with(
        ("{20..24: 0.25, 25..39: 0.5, 40..59: 0.25}", "{20..24: 0.5, 25..59: 0.5}"),
        ("male: 0.6, female: 0.4", "male: 0.5, female: 0.5"),
        ("multiply: {male: 3}", "multiply: {male: 4}"),
    )
    result = lp.load_persona(path).conditionals["sex"].probabilities
    np.testing.assert_allclose(result, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], rtol=0, atol=1e-12)


def test_the_joint_of_parents_is_that_of_counting_every_combination(tiny_with: Write) -> None:
    block = (
        "  has_car:\n    shares: {yes: 0.3, no: 0.7}\n    odds:\n"
        "      - {when: {education: bachelor, age_years: 30..44}, multiply: {yes: 2}}\n"
        "    basis: assumed\n    because: x\n"
    )
    result = lp.load_persona(tiny_with(more=block)).conditionals
    age, sex, education, car = (result[name] for name in ("age_years", "sex", "education", "has_car"))
    counted = np.zeros([len(bands) for bands in car.bands.values()])
    for a, s, e in itertools.product(range(40), range(2), range(2)):
        chance = age.probabilities[0, a]
        chance *= sex.probabilities[sex.bands["age_years"].of_value[a], s]
        chance *= education.probabilities[education.bands["sex"].of_value[s], e]
        counted[tuple(car.bands[name].of_value[{"education": e, "age_years": a}[name]] for name in car.bands)] += chance
    np.testing.assert_allclose(joint(car.bands, result), counted, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("persona", "name"), TABLES)
def test_tables_are_exact_to_the_last_bit(persona: str, name: str) -> None:
    conditional = CALIBRATED[persona][name]
    law = conditional.variable.law
    assert isinstance(law, Given)
    for cell, positions in cells(conditional):
        (shares,) = [shares for when, shares in law.rows if all(positions[n] in picked for n, picked in when)]
        exact = [math.floor(total * ONE) for total in itertools.accumulate(shares)]
        assert exact[-1] == ONE
        assert conditional.thresholds[cell].tolist() == exact[:-1]


def test_a_table_says_what_the_text_of_the_file_says() -> None:
    text = catalog.persona_files()["article"].read_text(encoding="utf-8")
    stated = yaml.load(text, yaml.BaseLoader)["variables"]["education"]["table"]
    result = CALIBRATED["article"]["education"]
    occupations = CALIBRATED["article"]["occupation"].variable.values
    for cell, positions in cells(result):
        row = stated[occupations[positions["occupation"]]]
        shares = [Fraction(row[level]) for level in result.variable.values]
        assert result.thresholds[cell].tolist() == [math.floor(sum(shares[: i + 1]) * ONE) for i in range(4)]


def test_what_cannot_happen_has_no_chance_at_all() -> None:
    result = CALIBRATED["article"]
    tier, province = result["city_tier"], result["province"].variable.values.index("shanghai")
    in_shanghai = tier.probabilities[tier.bands["province"].of_value[province]]
    assert in_shanghai.tolist() == [1, 0, 0, 0, 0, 0]
    waiter = result["occupation"].variable.values.index("waiter")
    assert result["education"].probabilities[result["education"].bands["occupation"].of_value[waiter], -1] == 0


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        # half of them can be no men, so 60 % cannot
        (
            {"sex.odds": [{"when": {"age_years": "25..39"}, "multiply": {"male": 0}}]},
            "tiny.yaml:14: variables.sex.shares: cannot hold together with the odds: male = 0.6 (nearest 0.5), "
            "female = 0.4 (nearest 0.5). Change these shares, or the odds of 0 that rule them out.",
        ),
        (
            {"sex.odds": [{"when": {"age_years": "25"}, "multiply": {"male": 0, "female": 0}}]},
            "change: sex.odds: some people are left with no value at all. Give one a factor above 0.",
        ),
        # just as many as can be: no base odds do that, only odds of 0
        (
            {
                "sex.shares": {"male": 0.5, "female": 0.5},
                "sex.odds": [{"when": {"age_years": "25..39"}, "multiply": {"male": 0}}],
            },
            "change: sex.shares: no base odds give male = 0.5 with these odds. Lower the factors, or state 0 for what "
            "never happens.",
        ),
    ],
)
def test_margins_that_the_odds_rule_out_are_refused_with_the_nearest(
    changes: dict[str, object], fault: str, tiny_with: Write
) -> None:
    with pytest.raises(lp.InputError) as caught:
        lp.load_persona(tiny_with()).replace(changes)
    assert caught.value.faults == (fault,)


@pytest.mark.parametrize(
    ("target", "allowed", "weights", "nearest"),
    [
        # a fifth can be b alone, half can be a alone: at most half a, so b and c take the rest
        ([0.8, 0.1, 0.1], [[1, 0, 0], [0, 1, 0], [1, 1, 1]], [0.5, 0.2, 0.3], [0.8, 0.2, 0.0]),
        ([0.2, 0.2, 0.6], [[1, 0, 0], [0, 1, 0], [1, 1, 1]], [0.5, 0.2, 0.3], [0.5, 0.2, 0.3]),
        ([0.6, 0.2, 0.2], [[1, 0, 0], [0, 1, 0], [1, 1, 1]], [0.5, 0.2, 0.3], [0.6, 0.2, 0.2]),
    ],
)
def test_the_nearest_margin_is_what_one_finds_by_hand(
    target: list[float], allowed: list[list[int]], weights: list[float], nearest: list[float]
) -> None:
    result = nearest_margin(np.array(target), np.array(allowed, bool), np.array(weights))
    np.testing.assert_allclose(np.abs(result - target).sum(), np.abs(np.array(nearest) - target).sum(), atol=1e-9)
    assert result.sum() == pytest.approx(1)


def test_two_rows_that_give_the_same_people_a_parameter_are_refused(article: lp.Persona) -> None:
    rows = [{"when": {"age_years": "20..30"}, "median": 4000}, {"when": {"sex": "male"}, "median": 5000}]
    fault = r"^change: income_cny_month\.where: two rows give median for the same people\. Allowed: one\.$"
    with pytest.raises(lp.InputError, match=fault):
        article.replace({"income_cny_month.where": rows})
    apart = [{"when": {"age_years": "20..30"}, "median": 4000}, {"when": {"sex": "male"}, "sigma": "0.4"}]
    assert article.replace({"income_cny_month.where": apart, "income_cny_month.lognormal.median": 5200}).conditionals


def test_more_cells_than_can_be_held_are_refused(article: lp.Persona) -> None:
    each = [{"when": {"age_years": age}, "by": "1.1"} for age in range(20, 60)]
    each += [{"when": {"province": p}, "by": "1.1"} for p in article.variables["province"].values]
    each += [{"when": {"occupation": o}, "by": "1.1"} for o in article.variables["occupation"].values]
    with pytest.raises(lp.InputError, match=r"variables\.income_cny_month: its parents make 12400 cells of 586 values"):
        article.replace(
            {"income_cny_month.times": each, "income_cny_month.where": [], "income_cny_month.lognormal.median": 5200}
        )


def test_faults_of_calibration_come_together_with_all_others(tiny_with: Write, faults_of: FaultsOf) -> None:
    path = tiny_with(
        ("age_years: 20..24}, multiply: {male: 3", "age_years: 25..39}, multiply: {male: 0"),
        ("value: 0.24", "value: 0.36"),
        ("jiguang-2018", "jiguang-2081"),
    )
    result = faults_of(path)
    assert [fault.split(" ")[:2] for fault in result] == [
        ["tiny.yaml:6:", "product.apr_most.value"],
        ["tiny.yaml:14:", "variables.sex.shares:"],
        ["tiny.yaml:25:", "variables.education.source"],
    ]


@pytest.mark.parametrize("first", [True, False])
def test_an_unrelated_variable_moves_no_threshold_of_another(first: bool, tmp_path: Path) -> None:
    text = catalog.persona_files()["article"].read_text(encoding="utf-8")
    block = (
        "  pet:\n    shares: {yes: 0.3, no: 0.7}\n    label: {en: Pet, zh: 宠物}\n    basis: assumed\n    because: x\n"
    )
    # placed last it even cuts the bands of others finer
    odds = "    odds:\n      - {when: {age_years: 22, income_cny_month: 3700.., sex: male}, multiply: {yes: 2}}\n"
    path = tmp_path / "more.yaml"
    path.write_text(
        text.replace("variables:\n", "variables:\n" + block, 1) if first else text + block + odds, encoding="utf-8"
    )
    result = lp.load_persona(path).conditionals
    assert list(result)[0 if first else -1] == "pet"
    for name, conditional in CALIBRATED["article"].items():
        assert result[name].thresholds.tobytes() == conditional.thresholds.tobytes(), name


TIERS = ("tier1", "new_tier1", "tier2", "tier3")


@pytest.mark.parametrize(
    ("condition", "values", "picked"),
    [
        ("tier2", TIERS, ["tier2"]),
        ("new_tier1..tier2", TIERS, ["new_tier1", "tier2"]),
        ("tier2..", TIERS, ["tier2", "tier3"]),
        ("..new_tier1", TIERS, ["tier1", "new_tier1"]),
        (["tier1", "tier2.."], TIERS, ["tier1", "tier2", "tier3"]),
        ("20", range(18, 24), [20]),
        ("20..22", range(18, 24), [20, 21, 22]),
        ("21..", range(18, 24), [21, 22, 23]),
        ("..19", range(18, 24), [18, 19]),
        (["18", "22.."], range(18, 24), [18, 22, 23]),
        ("..-0.5", (-1.0, -0.5, 0.0, 0.1), [-1.0, -0.5]),
        ("0.1", (0.0, 0.1, 0.2), [0.1]),
    ],
)
def test_a_condition_picks_the_values_it_names_with_both_ends(
    condition: str | list[str], values: Sequence[str | float], picked: list[str | float]
) -> None:
    faults = Faults()
    result = select(node_of(condition, file="test"), list(values), faults)
    assert [value for position, value in enumerate(values) if position in result] == picked
    assert faults.collected == []


EDGES = np.array([-3.0, -0.5, 0.0, 0.01, 0.5, 1.0, 2.5, 7.0, 60.0])


@pytest.mark.parametrize(
    ("family", "parameters", "move", "theirs"),
    [
        ("normal", {"mean": 1, "sd": 2}, 0.5, stats.norm(1.5, 2)),
        ("logistic", {"median": 1, "scale": 0.7}, -2, stats.logistic(-1, 0.7)),
        ("lognormal", {"median": 2, "sigma": 0.6}, 1.5, stats.lognorm(0.6, scale=3)),
        ("gamma", {"mean": 4.5, "shape": 1.5}, 0.22, stats.gamma(1.5, scale=0.99 / 1.5)),
        ("normal", {"mean": -3, "sd": 0.01}, 0, stats.norm(-3, 0.01)),
        ("logistic", {"median": 0, "scale": 0.001}, 0, stats.logistic(0, 0.001)),
    ],
)
def test_distributions_are_those_of_scipy(
    family: str, parameters: dict[str, float], move: float, theirs: object
) -> None:
    given = {name: np.array([value], float) for name, value in parameters.items()}
    ours = cumulative(family, EDGES, given, np.array([move], float))[0]
    np.testing.assert_allclose(ours, theirs.cdf(EDGES), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("family", "location", "spread"), [("lognormal", "median", "sigma"), ("gamma", "mean", "shape")]
)
def test_a_factor_of_zero_puts_everybody_at_zero(family: str, location: str, spread: str) -> None:
    below = cumulative(family, EDGES, {location: np.ones(1), spread: np.ones(1)}, np.zeros(1))[0]
    assert below.tolist() == (EDGES > 0).astype(float).tolist()


@pytest.mark.parametrize(
    ("law", "changes", "old", "young"),
    [
        (
            "lognormal: {median: 3, sigma: 0.5}",
            "where: [{when: {age_years: ..24}, sigma: 0.7}]",
            stats.lognorm(0.5, scale=3),
            stats.lognorm(0.7, scale=3),
        ),
        (
            "lognormal: {median: 3, sigma: 0.5}",
            "times: [{when: {age_years: ..24}, by: 2}, {when: {age_years: 20..}, by: 1.5}]",
            stats.lognorm(0.5, scale=4.5),
            stats.lognorm(0.5, scale=9),
        ),
        (
            "normal: {mean: 3, sd: 2}",
            "plus: [{when: {age_years: ..24}, by: 2}, {when: {age_years: 20..}, by: -1}]",
            stats.norm(2, 2),
            stats.norm(4, 2),
        ),
    ],
)
def test_where_replaces_times_multiplies_and_plus_adds(
    law: str, changes: str, old: stats.rv_continuous, young: stats.rv_continuous, tiny_with: Write
) -> None:
    block = (
        f"  size:\n    {law}\n    {changes}\n    least: 0\n    most: 10\n    step: 1\n"
        "    label: {en: Size, zh: 大小}\n    unit: count\n    basis: assumed\n    because: x\n"
    )
    result = lp.load_persona(tiny_with(more=block)).conditionals["size"]
    for age, theirs in ((20, young), (24, young), (25, old), (59, old)):
        below = result.thresholds[result.bands["age_years"].of_value[age - 20]] / ONE
        np.testing.assert_allclose(below, theirs.cdf(np.arange(0.5, 10)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [1e-9, 0.01, 0.5, 0.999, 1.0, 1.5, 7.3, 40.0, 41.0, 1e6])
def test_the_gamma_is_that_of_scipy_up_to_rounding_whatever_its_shape(shape: float) -> None:
    edges, one = np.linspace(0, 8, 2_001), np.ones(1)
    result = cumulative("gamma", edges, {"mean": one, "shape": shape * one}, one)[0]
    np.testing.assert_allclose(result, stats.gamma.cdf(edges, shape, scale=1 / shape), rtol=0, atol=3e-14)
