"""Teeth: personas that are wrong by a little, and whether the statistical layer catches them."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from pathlib import Path

import mutants
import pytest
import teeth
import yaml
from agreement import Layer
from cases import CASES
from mutants import Mutant

import loanpersona as lp
from loanpersona.core.strict_yaml import plain

EVERY_LAW = CASES / "valid" / "every_law.yaml"
SAMPLED = 60
KINDS = {"share", "cell", "effect", "parameter", "rows", "end", "stream"}


@pytest.fixture(scope="module")
def layer(article: lp.Persona) -> Layer:
    return Layer(article)


@pytest.fixture(scope="module")
def result(article: lp.Persona) -> list[Mutant]:
    return mutants.mutants(article)


def test_sixty_mutants_of_every_kind_are_caught(result: list[Mutant], layer: Layer, article: lp.Persona) -> None:
    explained = teeth.named()
    chosen = mutants.sampled(result, SAMPLED)
    assert {mutant.kind for mutant in chosen} == KINDS
    verdicts = {mutant.name: teeth.verdict(layer, article, mutant) for mutant in chosen}
    assert Counter(verdicts.values())["caught"] >= SAMPLED - 5
    assert [name for name, said in verdicts.items() if said == "survived" and name not in explained] == []


def test_a_persona_that_is_not_changed_survives_the_whole_layer() -> None:
    persona = lp.load_persona(EVERY_LAW)
    unchanged = plain(persona.document)["variables"]["sex"]["shares"]
    mutant = Mutant("share", "none", "sex", {"sex.shares": unchanged})
    assert teeth.verdict(Layer(persona), persona, mutant) == "survived"


def test_what_the_package_refuses_counts_as_refused(layer: Layer, article: lp.Persona) -> None:
    halves = Mutant("share", "too much", "sex", {"sex.shares": {"male": "0.6", "female": "0.6"}})
    assert teeth.verdict(layer, article, halves) == "refused"


# Every number has its mutants


def test_every_number_that_touches_borrowers_is_moved(result: list[Mutant], article: lp.Persona) -> None:
    """Numbers are counted in the text itself, by another walk than the one that makes the mutants."""
    shares, effects, parameters = 0, 0, 0
    for block in plain(article.document)["variables"].values():
        shares += sum(len(row) for row in rows(block.get("table") or block.get("shares") or block.get("bands") or {}))
        effects += sum(len(entry["multiply"]) for entry in block.get("odds", []))
        effects += len(block.get("times", [])) + len(block.get("plus", []))
        family = next((law for law in ("lognormal", "normal", "logistic", "gamma") if law in block), "")
        parameters += sum(
            key in row
            for row in [block.get(family, {}), *block.get("where", [])]
            for key in ("median", "mean", "sigma", "sd", "scale", "shape")
        )
    places = {kind: {place(mutant) for mutant in result if mutant.kind == kind} for kind in KINDS}
    assert len(places["share"] | places["cell"]) == shares
    assert (len(places["effect"]), len(places["parameter"])) == (effects, parameters)


def rows(tree: dict[str, object]) -> list[dict[str, object]]:
    inner = [below for below in tree.values() if isinstance(below, dict)]
    return [row for below in inner for row in rows(below)] if inner else [tree]


def place(mutant: Mutant) -> str:
    """Where a mutant is wrong, without how."""
    if mutant.kind in ("effect", "parameter"):
        return mutant.name.partition(" ")[0]
    return mutant.name.rpartition(" ")[0]


def test_mutants_are_all_different_and_each_pair_of_streams_is_there(result: list[Mutant], article: lp.Persona) -> None:
    assert len({mutant.name for mutant in result}) == len(result)
    pairs = [{mutant.variable, mutant.twin} for mutant in result if mutant.kind == "stream"]
    certain = {"borrower_class", "region", "quality_tier"}  # follow from others, without a word of their own
    drawn = len(article.variables.keys() - certain)
    assert len(pairs) == drawn * (drawn - 1) / 2
    assert set().union(*pairs) == article.variables.keys() - certain


@pytest.mark.parametrize(
    ("row", "key", "points", "moved"),
    [
        ({"a": "0.5", "b": "0.3", "c": "0.2"}, "a", "0.02", {"a": "13/25", "b": "36/125", "c": "24/125"}),
        ({"a": "0", "b": "1"}, "a", "0.02", {"a": "1/50", "b": "49/50"}),
    ],
)
def test_a_share_moves_and_the_others_are_rescaled(
    row: dict[str, str], key: str, points: str, moved: dict[str, str]
) -> None:
    assert mutants._moved(row, key, Fraction(points)) == moved
    assert sum(map(Fraction, moved.values())) == 1


def test_effects_move_by_a_tenth_on_the_log_odds_and_zeros_are_lifted() -> None:
    assert mutants._leaned(2, "odds") == pytest.approx((2 * math.exp(0.1), 2 * math.exp(-0.1)))
    assert mutants._leaned(0, "times") == (0.1,)
    assert mutants._leaned(0.3, "plus") == pytest.approx((0.4, 0.2))


def test_a_parameter_moves_two_points_of_the_probability(result: list[Mutant], article: lp.Persona) -> None:
    moved = [mutant for mutant in result if mutant.kind == "parameter" and mutant.variable == "embarrassment"]
    assert len(moved) == 4
    for mutant in moved:
        margin = Layer(article).margins["embarrassment"]
        changed = article.replace(mutant.changes).conditionals
        assert teeth.distance(margin, changed) == pytest.approx(0.02, abs=1e-6)


def test_a_border_between_bands_moves_on_both_sides() -> None:
    result = dict(mutants._moved_keys({"20..24": "a", "25": "b", "26..30": "c"}, Fraction(1)))
    assert result["20..24 -> 20..23"] == {"20..23": "a", "24..25": "b", "26..30": "c"}
    assert result["25 -> 25..26"] == {"20..24": "a", "25..26": "b", "27..30": "c"}
    assert len(result) == 2  # the other moves would leave the band of one number empty


def test_a_sample_takes_every_kind_in_turn_and_is_always_the_same(result: list[Mutant]) -> None:
    chosen = mutants.sampled(result, SAMPLED)
    assert chosen == mutants.sampled(list(reversed(result)), SAMPLED)
    assert len(chosen) == SAMPLED
    assert set(Counter(mutant.kind for mutant in chosen).values()) <= {8, 9}


# The report


@pytest.mark.parametrize(("explained", "code"), [("sex.shares male +0.02", 0), ("sex.shares male", 1)])
def test_survivors_are_printed_and_fail_unless_they_are_explained(
    explained: str,
    code: int,
    tmp_path: Path,
    article: lp.Persona,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    some = [m for m in mutants.mutants(article) if m.variable == "sex" and m.kind == "share"]
    assert [mutant.name for mutant in some][:2] == ["sex.shares male +0.02", "sex.shares male -0.02"]
    path = tmp_path / "survivors.yaml"
    path.write_text(f"some: {{because: so, mutants: [{explained}]}}\n", encoding="utf-8")
    monkeypatch.setattr(teeth, "SURVIVORS", path)
    monkeypatch.setattr(teeth, "mutants", lambda _: some[:3])
    monkeypatch.setattr(teeth, "judged", lambda _: ["survived", "caught", "refused"])
    assert teeth.main() == code
    said = capsys.readouterr().out
    assert "survived: sex.shares male +0.02: 2.8e+04 of a million people have other values" in said
    assert ("NOT EXPLAINED" in said) == bool(code)
    assert f"refused by the package: {some[2].name}\n" in said
    assert "share      caught        1\n" in said


def test_every_survivor_is_a_mutant_that_there_is_and_has_a_reason(result: list[Mutant]) -> None:
    groups = yaml.safe_load(teeth.SURVIVORS.read_text(encoding="utf-8"))
    assert all(group["because"] for group in groups.values())
    assert teeth.named() <= {mutant.name for mutant in result}
    assert len(teeth.named()) < 0.02 * len(result)
