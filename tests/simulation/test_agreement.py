"""The statistical layer: the people of `article` agree with it, it judges as it says, and it does not cry wolf."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import agreement
import numpy as np
import pytest
from agreement import ERROR, FIELDS, LIMIT, Layer, N
from scipy import stats

import loanpersona as lp
from loanpersona.core.strict_yaml import plain
from loanpersona.simulation.users import Sampler


@pytest.fixture(scope="module")
def layer(article: lp.Persona) -> Layer:
    return Layer(article)


@pytest.fixture(scope="module")
def p_values(layer: Layer, article: lp.Persona) -> dict[str, float]:
    return layer.p_values(article)


# People as they should be


def test_people_agree_with_their_persona(p_values: dict[str, float]) -> None:
    assert agreement.rejected(p_values) == {}


def test_no_two_variables_hang_together_but_as_stated(layer: Layer, article: lp.Persona) -> None:
    bounds = layer.dependences(article)
    assert len(bounds) == len(article.variables) * (len(article.variables) - 1) / 2
    assert {pair: bound for pair, bound in bounds.items() if bound >= LIMIT} == {}


def test_every_variable_and_every_cell_is_asked_about(layer: Layer, p_values: dict[str, float]) -> None:
    conditional = [result for result in layer.truth.values() if result.bands]
    cells = sum(len(result.thresholds) for result in conditional)
    assert len(p_values) == layer.size == len(layer.truth) + cells + len(conditional)
    for result in conditional:
        draws = layer.cells[result.variable.name]
        assert len({tuple(draw.given[0].items()) for draw in draws}) == len(draws)
        for parent, bands in result.bands.items():
            values = layer.truth[parent].variable.values
            asked = {values.index(given[parent]) for draw in draws for given in draw.given}
            ends = [np.flatnonzero(bands.of_value == number)[[0, -1]] for number in range(len(bands))]
            assert asked == {int(position) for pair in ends for position in pair}


def test_p_values_of_people_who_agree_are_spread_evenly(p_values: dict[str, float]) -> None:
    assert stats.kstest(list(p_values.values()), "uniform").pvalue > 1e-4


def test_twenty_other_seeds_find_no_fault_either(layer: Layer, article: lp.Persona) -> None:
    # each seed asks a sixtieth of the draws, and six variables of a population
    for turn in range(20):
        luck, names = f"other seed {turn}: ", random.Random(turn).sample(layer.names, 6)
        lucks = layer.lucks(article, luck, names)
        result = {draw.name: draw.p(article, luck) for draw in layer.draws[turn::60]}
        result |= {name: agreement.within(lucks, name) for name in names}
        assert agreement.rejected(result, layer.size) == {}
        pairs = combinations(names, 2)
        assert max(agreement.dependence(lucks.fields(one), lucks.fields(other)) for one, other in pairs) < LIMIT


# How it judges


def test_holm_goes_on_while_p_values_are_small_for_what_is_left() -> None:
    result = {"a": ERROR / 4.1, "b": ERROR / 3.1, "c": ERROR / 2.1, "d": 0.5}
    assert agreement.rejected(result) == {"a": ERROR / 4.1, "b": ERROR / 3.1, "c": ERROR / 2.1}
    assert agreement.rejected(result, 5) == {}
    assert agreement.rejected({"a": ERROR / 9, "b": ERROR / 1.5, "c": 0.1}) == {"a": ERROR / 9}


def test_a_value_that_cannot_be_needs_to_be_seen_only_once() -> None:
    chances = np.array([0.5, 0.5, 0])
    assert agreement.p_value(np.array([500, 500, 0]), chances) == 1
    assert agreement.p_value(np.array([500_000, 500_000, 1]), chances) == 0


def test_p_values_far_out_are_about_those_of_the_exact_count() -> None:
    for expected in (20, 50, 1_000):
        for far in (3, 4, 5, 6):
            seen = int(expected + far * expected**0.5)
            exact = 2 * stats.binom.sf(seen - 1, N, expected / N)
            result = agreement.p_value(np.array([seen, N - seen]), np.array([expected, N - expected]) / N)
            assert exact / 3 < result < exact * 3, (expected, far)


@pytest.mark.parametrize(
    ("chances", "least", "starts"),
    [
        ([0.25, 0.25, 0.25, 0.25], 0.5, [0, 2]),
        ([0.25, 0.25, 0.25, 0.25], 0.25, [0, 1, 2, 3]),
        ([0.5, 0.25, 0.125, 0.125], 0.375, [0, 1]),
        ([0.5, 0.25, 0.25], 0.375, [0, 1]),
        ([0.5, 0.375, 0.125], 0.375, [0, 1]),  # a rest that is too small goes with the bin before it
        ([0.1, 0.1], 0.5, [0]),
    ],
)
def test_bins_hold_at_least_what_they_should(chances: Sequence[float], least: float, starts: Sequence[int]) -> None:
    assert agreement.bins(np.array(chances), least).tolist() == starts


@pytest.mark.parametrize("share", [0, 0.005, 0.03, 0.3, 1])
def test_the_bound_of_a_dependence_lies_a_little_above_it(share: float) -> None:
    # where a share of people have the same luck twice, that share is Cramér's V
    luck = np.random.default_rng(agreement.seed(f"bound {share}"))
    one, free = luck.integers(0, FIELDS, N), luck.integers(0, FIELDS, N)
    bound = agreement.dependence(one, np.where(luck.random(N) < share, one, free))
    assert share < bound < share + 0.012


def test_luck_is_even_and_says_where_a_value_lies_among_what_was_possible(layer: Layer, article: lp.Persona) -> None:
    lucks = layer.lucks(article, names=["sex"])
    assert stats.chisquare(np.bincount(lucks.fields("sex"))).pvalue > 1e-4
    women, values = lucks.at["sex"] == 1, article.variables["occupation"].values
    # 93 % of couriers are men, who come first: a woman among them had luck in the last eighth
    couriers = lucks.at["occupation"] == values.index("courier")
    assert (women & couriers).any()
    assert (lucks.fields("sex")[women & couriers] == FIELDS - 1).all()
    assert set(lucks.fields("sex")[~women & couriers]) == set(range(FIELDS))


# What it sees


def test_a_dependence_that_nobody_stated_is_seen(layer: Layer, article: lp.Persona) -> None:
    bounds = layer.dependences(article.replace({"embarrassment.plus": [{"when": {"sex": "female"}, "by": 0.05}]}))
    result = {pair: bound for pair, bound in bounds.items() if bound >= LIMIT}
    assert max(result, key=result.__getitem__) == ("sex", "embarrassment")
    assert all("embarrassment" in pair for pair in result)  # who does what leans with sex, and so with it


def test_people_who_are_drawn_from_the_cell_of_their_neighbour_are_seen(
    layer: Layer, article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Sampler.cells
    monkeypatch.setattr(Sampler, "cells", lambda self, codes, n: np.roll(right(self, codes, n), 1))
    lucks = layer.lucks(article, names=["marital_status"])
    assert agreement.within(lucks, "marital_status") < ERROR / layer.size
    # a table with a zero: some couriers are masters now
    assert agreement.within(layer.lucks(article, names=["education"]), "education") == 0


@pytest.mark.parametrize(
    ("variable", "level", "factor"),
    [
        ("has_bank_credit", "yes", "1.11"),
        ("has_car", "yes", "1.3"),
        ("borrower_type", "never", "1.11"),
        ("platforms", "2..5", "1.11"),
        ("platforms", "2..5", "0.9"),
    ],
)
def test_an_unstated_shift_of_a_level_is_seen_though_luck_dilutes_it(
    layer: Layer, article: lp.Persona, variable: str, level: str, factor: str
) -> None:
    stated = plain(article.document)["variables"][variable].get("odds", [])
    shift = {"when": {"sex": "female"}, "multiply": {level: factor}}
    changed = article.replace({f"{variable}.odds": [*stated, shift]})
    assert layer.correlations(changed)["sex", variable] >= LIMIT
