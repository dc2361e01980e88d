"""Verifying over fresh seeds: what chance spreads passes, what is too far or too even does not."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import verify
from agreement import Layer, seed
from verify import ALPHA, POPULATIONS, USERS, Counts

import loanpersona as lp

NAMES = ("sex", "occupation", "income_cny_month")


@pytest.fixture(scope="module")
def layer(article: lp.Persona) -> Layer:
    return Layer(article)


def failed(layer: Layer, counts: dict[str, Counts]) -> set[str]:
    """The variables that some check finds fault with."""
    result = verify.places(counts, layer, np.random.default_rng(seed("places of a test")))
    wrong = verify.rejected(verify.p_values(result), error=ALPHA)
    return {name for name in counts for check in wrong if check.startswith(name)}


def sampler(layer: Layer, name: str, *, bias: float = 0, evenness: float = 0) -> Counts:
    """Counts of populations as chance gives them; biased in the first bin, or drawn towards what is expected."""
    chances = np.add.reduceat(layer.margins[name].chances, layer.margins[name].starts(USERS))
    off = bias * np.sqrt(chances[0] * (1 - chances[0]) / USERS)
    moved = np.array([chances[0] + off, *chances[1:] * (1 - off / (1 - chances[0]))])
    counts = np.random.default_rng(seed(f"sampler {name}")).multinomial(USERS, moved, POPULATIONS)
    return np.rint(counts + evenness * (USERS * chances - counts)).astype(np.int64)


def test_counts_as_chance_spreads_them_pass(layer: Layer) -> None:
    assert failed(layer, {name: sampler(layer, name) for name in NAMES}) == set()


def test_a_bias_of_half_a_standard_error_fails(layer: Layer) -> None:
    # no test of one population could see it
    assert failed(layer, {name: sampler(layer, name, bias=0.5) for name in NAMES}) == set(NAMES)


@pytest.mark.parametrize("evenness", [0.5, 1])
def test_counts_that_are_too_even_fail(evenness: float, layer: Layer) -> None:
    # quotas: always 13,960 men of 20,000, or half as far from it as chance would have it
    assert failed(layer, {name: sampler(layer, name, evenness=evenness) for name in NAMES}) == set(NAMES)


def test_populations_are_counted_in_the_bins_of_every_variable(layer: Layer, article: lp.Persona) -> None:
    counts = verify.counted(layer, article, 7)
    assert list(counts) == list(article.variables)
    assert {int(row.sum()) for row in counts.values()} == {USERS}
    men = lp.generate(article, n=USERS, seed=7, tables=("users",)).users["sex"].eq("male").sum()
    assert counts["sex"].tolist() == [men, USERS - men]


def test_it_prints_its_seed_and_fails_where_the_layer_finds_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(verify, "POPULATIONS", 30)
    monkeypatch.setattr(verify, "USERS", 2_000)
    monkeypatch.setattr(verify, "LAYERS", 2)
    monkeypatch.setattr(verify, "SENTENCES", 2)
    monkeypatch.setattr(verify, "said", lambda _: {"men": "supported"})
    monkeypatch.setattr(sys, "argv", ["verify.py", "--seed", "5"])
    for faults, code in ([], 0), (["margin sex"], 1):
        monkeypatch.setattr(verify, "faults", lambda *_, faults=faults: faults)
        assert verify.main() == code
        said = capsys.readouterr().out
        assert said.startswith("seed 5\n")
        assert said.count("FAILED: statistical layer, turn 1: margin sex\n") == code
        assert said.endswith(f"{2 * code} faults; seed 5.\n")


def test_a_sentence_that_another_seed_turns_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verify, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(verify, "POPULATIONS", 30)
    monkeypatch.setattr(verify, "USERS", 2_000)
    monkeypatch.setattr(verify, "LAYERS", 0)
    monkeypatch.setattr(verify, "SENTENCES", 3)
    words = iter(["supported", "inconclusive", "supported"])
    monkeypatch.setattr(verify, "said", lambda _: {"men": next(words), "age": "supported"})
    monkeypatch.setattr(sys, "argv", ["verify.py", "--seed", "5"])
    assert verify.main() == 1
    said = capsys.readouterr().out
    assert "2 headlines and titles under 3 seeds of 2000.\n" in said
    assert said.endswith("FAILED: sentence of men: inconclusive | supported\n1 faults; seed 5.\n")
