"""The statistical layer: the people of `article` agree with it, people of a persona that is off by a little do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import agreement
import mutants
import numpy as np
import pytest
from agreement import ERROR, FIELDS, LIMIT, N, Draw, Layer
from scipy import stats

import loanpersona as lp
from loanpersona.simulation import chance

SAMPLE = 60


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


def test_every_variable_every_cell_and_every_number_is_asked_about(layer: Layer, p_values: dict[str, float]) -> None:
    conditional = [found for found in layer.truth.values() if found.bands]
    cells = sum(len(found.thresholds) for found in conditional)
    assert len(p_values) == layer.size == len(layer.truth) + cells + len(conditional)
    for found in conditional:
        set_ = [given for draw in layer.cells[found.variable.name] for given in draw.given]
        for parent, bands in found.bands.items():
            where = [layer.truth[parent].variable.values.index(given[parent]) for given in set_]
            assert set(bands.of_value[where]) == set(range(len(bands)))


def test_p_values_of_agreeing_people_are_spread_evenly(p_values: dict[str, float]) -> None:
    assert stats.kstest(list(p_values.values()), "uniform").pvalue > 1e-4


def test_other_seeds_find_no_fault_either(layer: Layer, article: lp.Persona) -> None:
    # Every draw once more, spread over twenty other seeds, each with its population; `make verify` asks all of it.
    draws = [*layer.margins.values(), *(draw for name in layer.cells for draw in layer.cells[name])]
    for turn in range(20):
        luck = f"other seed {turn}: "
        lucks = layer.lucks(article, luck)
        found = {draw.name: draw.p(article, luck) for draw in draws[turn::20]}
        found |= {name: agreement.within(lucks, name) for name in layer.cells}
        assert agreement.rejected(found, layer.size) == {}
        worst = max(agreement.dependence(lucks.fields(a), lucks.fields(b)) for a, b in layer.pairs[turn::20])
        assert worst < LIMIT


# How it judges


def test_holm_rejects_in_steps_and_counts_the_whole_family() -> None:
    found = {"a": ERROR / 3.1, "b": ERROR / 2.1, "c": ERROR / 1.1, "d": 0.5}
    assert agreement.rejected(found, 3.0) == dict(list(found.items())[:3])
    assert agreement.rejected(found, 4) == {}
    assert agreement.rejected({"a": ERROR / 9, "b": ERROR / 2.5, "c": 0.1}) == {"a": ERROR / 9}


def test_a_value_that_cannot_be_needs_to_be_seen_only_once() -> None:
    chances = np.array([0.5, 0.5, 0])
    assert agreement.p_value(np.array([500, 500, 0]), chances) == 1
    assert agreement.p_value(np.array([500_000, 500_000, 1]), chances) == 0


def test_p_values_far_out_are_those_of_the_exact_count() -> None:
    for expected in (20, 50, 1_000):
        for far in (3, 4, 5, 6):
            seen = int(expected + far * expected**0.5)
            exact = 2 * stats.binom.sf(seen - 1, N, expected / N)
            found = agreement.p_value(np.array([seen, N - seen]), np.array([expected / N, 1 - expected / N]))
            assert exact / 3 < found < exact * 3


@pytest.mark.parametrize(
    ("chances", "least", "starts"),
    [
        ([0.25, 0.25, 0.25, 0.25], 0.5, [0, 2]),
        ([0.25, 0.25, 0.25, 0.25], 0.25, [0, 1, 2, 3]),
        ([0.6, 0.1, 0.1, 0.1, 0.1], 0.3, [0, 1]),  # the rest that is too small goes with the bin before it
        ([0.1, 0.1], 0.5, [0]),
    ],
)
def test_bins_hold_at_least_what_they_should(chances: Sequence[float], least: float, starts: Sequence[int]) -> None:
    assert agreement.bins(np.array(chances), least).tolist() == starts


def test_the_bound_of_a_dependence_covers_the_true_one() -> None:
    luck = np.random.default_rng(agreement.seed("bound"))
    one = luck.integers(0, FIELDS, N)
    for share in (0, 0.01, 0.03, 0.3, 1):  # where a share of people has the same luck twice, Cramér's V is that share
        other = np.where(luck.random(N) < share, one, luck.integers(0, FIELDS, N))
        bound = agreement.dependence(one, other)
        assert share < bound < share + 0.012
        assert (bound < LIMIT) == (share <= 0.01) or share == 0.01


def test_the_luck_of_people_is_even_and_splits_at_their_values(layer: Layer, article: lp.Persona) -> None:
    lucks = layer.lucks(article, names=["sex", "occupation"])
    fields = np.bincount(lucks.fields("sex"), minlength=FIELDS)
    assert stats.chisquare(fields).pvalue > 1e-4
    women = lucks._at["sex"] == 1
    assert women.mean() == pytest.approx(0.302, abs=0.01)
    # most couriers are men, so a woman among them had luck at the very end
    couriers = lucks._at["occupation"] == article.variables["occupation"].values.index("courier")
    assert lucks.fields("sex")[women & couriers].min() == FIELDS - 1


# Teeth


def test_a_dependence_that_nobody_stated_is_seen(layer: Layer, article: lp.Persona) -> None:
    leaning = article.replace({"embarrassment.plus": [{"when": {"sex": "female"}, "by": 0.05}]})
    bounds = layer.dependences(leaning)
    assert max(bounds, key=bounds.get) == ("sex", "embarrassment")
    assert bounds["sex", "embarrassment"] > LIMIT


def test_a_cell_looked_up_wrongly_is_seen(layer: Layer, article: lp.Persona, monkeypatch: pytest.MonkeyPatch) -> None:
    _swap_rows_of_one_draw(monkeypatch)
    assert agreement.within(layer.lucks(article, names=["marital_status"]), "marital_status") < ERROR / layer.size


def _swap_rows_of_one_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    from loanpersona.simulation.borrowers import Sampler

    cells = Sampler.cells

    def late(self: Sampler, codes: dict[str, np.ndarray], n: int) -> np.ndarray:
        found = cells(self, codes, n)
        return np.roll(found, 1) if self.conditional.variable.name == "marital_status" else found

    monkeypatch.setattr(Sampler, "cells", late)


def test_every_kind_of_mutant_is_there_for_every_number(article: lp.Persona) -> None:
    found = mutants.mutants(article)
    assert len({mutant.name for mutant in found}) == len(found)
    assert set(Counter(mutant.kind for mutant in found)) == {
        "share", "cell", "effect", "parameter", "rows", "end", "stream"
    }  # fmt: skip


def test_a_moved_share_leaves_a_row_that_sums_to_one() -> None:
    row = mutants._moved({"a": "0.5", "b": "0.3", "c": "0.2"}, "a", mutants.POINTS)
    assert row == {"a": "13/25", "b": "36/125", "c": "24/125"}
    assert agreement.Fraction(1) == 1


def test_a_parameter_moves_two_points_of_the_probability(article: lp.Persona) -> None:
    pass
