"""The exact layer: what is solved for is recomputed with fractions, and what cannot be happens to nobody."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction

import agreement
import numpy as np
import numpy.typing as npt
import pytest
import reference
from cases import CASES, TINY
from scipy import stats

import loanpersona as lp
from loanpersona.core.strict_yaml import parse, plain
from loanpersona.persona.joint import Conditional
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Given, Shape, Shares
from loanpersona.persona.resolver import resolve

EVERY_LAW = CASES / "valid" / "every_law.yaml"
PERSONAS = {
    "tiny": resolve(parse(TINY)),
    "every_law": lp.load_persona(EVERY_LAW),
    "article": lp.load_persona("article"),
    "evidence": lp.load_persona("evidence"),
}
LEANING = [
    (persona, name)
    for persona in PERSONAS
    for name, variable in PERSONAS[persona].variables.items()
    if isinstance(variable.law, Shares) and variable.law.odds
]
MANY = 1 << 20
MOST_COMBINATIONS = 100_000
"""Combinations of values that fractions can go through in a second."""
Who = tuple[int, ...]
"""Positions of the values that somebody has, in the order of the variables asked about."""


def chances(conditional: Conditional, positions: Mapping[str, int]) -> list[Fraction]:
    """The exact chance of each value for somebody."""
    ends = [0, *reference.row(conditional, positions), reference.ONE]
    return [Fraction(high - low, reference.ONE) for low, high in itertools.pairwise(ends)]


def ancestors(result: Mapping[str, Conditional], name: str) -> list[str]:
    named = set(result[name].variable.parents)
    for above in reversed(result):
        named |= set(result[above].variable.parents) if above in named else set()
    return [above for above in result if above in named]


def everybody(result: Mapping[str, Conditional], names: list[str]) -> dict[Who, Fraction]:
    """The exact share of every combination of values, built up one variable after the other."""
    people: dict[Who, Fraction] = {(): Fraction(1)}
    for i, name in enumerate(names):
        people = {
            (*who, at): share * chance
            for who, share in people.items()
            for at, chance in enumerate(chances(result[name], dict(zip(names[:i], who, strict=True))))
            if chance
        }
    return people


def factors(law: Shares, positions: Mapping[str, int]) -> list[Fraction]:
    """What the odds multiply each value by for somebody."""
    held = [odds.factors for odds in law.odds if reference.holds(odds.when, positions)]
    return [math.prod((row[i] for row in held), start=Fraction(1)) for i in range(len(law.shares))]


def patterns(law: Given | Shares | Shape, parent: str, count: int) -> list[tuple[bool, ...]]:
    """For each value of a parent: which conditions of the text it meets."""
    if isinstance(law, Given):
        conditions = [when for when, _ in law.rows]
    else:
        conditions = [one.when for one in (law.odds if isinstance(law, Shares) else (*law.where, *law.moves))]
    picked = [values for when in conditions for name, values in when if name == parent]
    return [tuple(at in values for values in picked) for at in range(count)]


def borders(law: Shares, parent: str, count: int) -> list[int]:
    """The first and the last value of each stretch that the text treats alike."""
    met = patterns(law, parent, count)
    return [at for at in range(count) if at in (0, count - 1) or not met[at - 1] == met[at] == met[at + 1]]


def by_parents(people: Mapping[Who, Fraction], names: list[str], parents: tuple[str, ...]) -> dict[Who, Fraction]:
    """The shares of combinations of the parents alone."""
    result: dict[Who, Fraction] = {}
    places = [names.index(parent) for parent in parents]
    for who, share in people.items():
        kept = tuple(who[place] for place in places)
        result[kept] = result.get(kept, Fraction(0)) + share
    return result


def countable(persona: str, name: str) -> bool:
    variables = PERSONAS[persona].variables
    above = ancestors(PERSONAS[persona].conditionals, name)
    return math.prod(len(variables[ancestor].values) for ancestor in above) <= MOST_COMBINATIONS


@pytest.mark.parametrize(("persona", "name"), [pair for pair in LEANING if countable(*pair)])
def test_a_margin_that_leans_is_met_when_everybody_is_counted_with_fractions(persona: str, name: str) -> None:
    result = PERSONAS[persona].conditionals
    conditional, names = result[name], ancestors(result, name)
    people = everybody(result, names)
    assert sum(people.values()) == 1
    margin = [Fraction(0)] * len(conditional.variable.values)
    for who, share in by_parents(people, names, conditional.variable.parents).items():
        for at, chance in enumerate(chances(conditional, dict(zip(conditional.variable.parents, who, strict=True)))):
            margin[at] += share * chance
    for stated, exact in zip(conditional.variable.law.shares, margin, strict=True):
        assert abs(exact - stated) < Fraction(12, 10**14)  # the fit stops at 1e-13


@pytest.mark.parametrize(("persona", "name"), LEANING)
def test_odds_ratios_between_any_two_people_are_the_factors_of_the_file(persona: str, name: str) -> None:
    conditional = PERSONAS[persona].conditionals[name]
    law, parents = conditional.variable.law, conditional.variable.parents
    counts = {parent: len(PERSONAS[persona].variables[parent].values) for parent in parents}
    everywhere = itertools.product(*(borders(law, parent, count) for parent, count in counts.items()))
    base: dict[tuple[int, int], Fraction] = {}
    for who in everywhere:
        positions = dict(zip(parents, who, strict=True))
        stated, exact = factors(law, positions), chances(conditional, positions)
        assert [chance == 0 for chance in exact] == [factor == 0 for factor in stated]
        possible = [i for i, factor in enumerate(stated) if factor]
        for i, j in itertools.pairwise(possible):
            bare = exact[i] / exact[j] * stated[j] / stated[i]
            rarest = min(exact[i], exact[j])  # what is rare is known to 2**-53 and no better
            assert abs(bare / base.setdefault((i, j), bare) - 1) < max(Fraction(1, 10**12), 4 / (rarest * 2**53))
    assert base


def test_margins_on_several_parents_are_among_those_counted_with_fractions() -> None:
    counted = {pair for pair in LEANING if countable(*pair)}
    assert counted >= {
        ("every_law", "has_car"),
        ("article", "sex"),
        ("article", "city_tier"),
        ("evidence", "city_tier"),
    }
    assert len(PERSONAS["every_law"].variables["occupation"].parents) == 2


@pytest.mark.parametrize("seed", [7, 2**128 - 1])
def test_the_plain_sampler_gives_the_same_people_under_every_law(seed: int) -> None:
    persona = PERSONAS["every_law"]
    made = lp.sample(persona, n=150, seed=seed)
    for number, row in enumerate(made.to_dict("records")):
        plain = {
            name: {"yes": True, "no": False}.get(value, value)
            for name, value in reference.user(persona, seed, number).items()
        }
        assert row == plain


# What cannot be


def possible(conditional: Conditional, positions: Mapping[str, int]) -> list[bool]:
    """Which values the text of a persona leaves somebody, without asking the calibration."""
    law, values = conditional.variable.law, conditional.variable.values
    if isinstance(law, Given):
        (shares,) = [shares for when, shares in law.rows if reference.holds(when, positions)]
        return [share > 0 for share in shares]
    if isinstance(law, Shares):
        return [share * factor > 0 for share, factor in zip(law.shares, factors(law, positions), strict=True)]
    nothing = any(m.parameter == "times" and m.value == 0 and reference.holds(m.when, positions) for m in law.moves)
    return [not nothing or value == 0 for value in values]


def allowed(persona: lp.Persona, conditional: Conditional) -> npt.NDArray[np.bool_]:
    """Whether each value is possible, shape (values of each parent …, values)."""
    parents, law = conditional.variable.parents, conditional.variable.law
    met = [patterns(law, parent, len(persona.variables[parent].values)) for parent in parents]
    alike = [[one.index(pattern) for pattern in one] for one in met]  # the first value that is treated as this one
    firsts = [sorted(set(one)) for one in alike]
    rows = [possible(conditional, dict(zip(parents, who, strict=True))) for who in itertools.product(*firsts)]
    result = np.array(rows).reshape(*map(len, firsts), -1)
    return result[np.ix_(*(np.searchsorted(f, a) for f, a in zip(firsts, alike, strict=True)), range(result.shape[-1]))]


@pytest.mark.parametrize("name", ["every_law", "article", "evidence"])
def test_what_cannot_be_happens_to_nobody_of_a_million(name: str) -> None:
    persona = PERSONAS[name]
    zeros = {}
    for variable, conditional in persona.conditionals.items():
        law = conditional.variable.law
        if not isinstance(law, Shape) or any(move.value == 0 for move in law.moves):  # others leave every value open
            zeros[variable] = allowed(persona, conditional)
    kept = {variable: open_ for variable, open_ in zeros.items() if not open_.all()}
    assert len(kept) >= 4
    wanted = [n for variable in kept for n in (variable, *persona.variables[variable].parents)]
    people = lp.sample(persona, n=MANY, seed=agreement.seed(f"a million of {name}"), columns=wanted)
    at = {column: agreement.positions(persona.variables[column], people[column]) for column in people}
    for variable, open_ in kept.items():
        where = tuple(at[column] for column in (*persona.variables[variable].parents, variable))
        assert open_[where].all(), variable
        assert all(len(np.unique(column)) > 1 for column in where), variable


# Distributions, from the text of the file and by scipy

THEIRS = {
    "lognormal": lambda at, move: stats.lognorm(at["sigma"], scale=at["median"] * move),
    "normal": lambda at, move: stats.norm(at["mean"] + move, at["sd"]),
    "logistic": lambda at, move: stats.logistic(at["median"] + move, at["scale"]),
    "gamma": lambda at, move: stats.gamma(at["shape"], scale=at["mean"] * move / at["shape"]),
}
SHAPES = [
    (persona, name)
    for persona in ("every_law", "article")
    for name, variable in PERSONAS[persona].variables.items()
    if isinstance(variable.law, Shape)
]


def picks(condition: object, value: object, values: tuple[object, ...]) -> bool:
    """Whether a condition as the file states it picks a value, by a reading of our own."""
    parts = condition if isinstance(condition, list) else [condition]
    for part in parts:
        low, dots, high = part.partition("..")
        if isinstance(value, str):
            ends = [values.index(end) if end else default for end, default in ((low, 0), (high, len(values)))]
            if value == part or (dots and ends[0] <= values.index(value) <= ends[1]):
                return True
        elif float(low or -1e99) <= float(value) <= float((high or 1e99) if dots else low):
            return True
    return False


@pytest.mark.parametrize(("persona", "name"), SHAPES)
def test_every_cell_of_a_distribution_is_what_scipy_makes_of_the_text(persona: str, name: str) -> None:
    variables, conditional = PERSONAS[persona].variables, PERSONAS[persona].conditionals[name]
    block = plain(PERSONAS[persona].document)["variables"][name]
    family = next(law for law in THEIRS if law in block)
    grid = np.array(conditional.variable.values, float)
    firsts = [bands.first.tolist() for bands in conditional.bands.values()]
    for cell, corner in enumerate(itertools.product(*firsts)):
        who = {parent: variables[parent].values[at] for parent, at in zip(conditional.bands, corner, strict=True)}

        def held(entry: dict, who: dict = who) -> bool:
            return all(picks(condition, who[of], variables[of].values) for of, condition in entry["when"].items())

        at = {key: float(value) for key, value in block[family].items()}
        for entry in filter(held, block.get("where", [])):
            at |= {key: float(entry[key]) for key in entry if key in PARAMETERS[family]}
        move = math.prod(float(entry["by"]) for entry in filter(held, block.get("times", [])))
        move = (
            move
            if family in ("lognormal", "gamma")
            else sum(float(entry["by"]) for entry in filter(held, block.get("plus", [])))
        )
        edges = (grid[:-1] + grid[1:]) / 2
        expected = THEIRS[family](at, move).cdf(edges) if move or family not in ("lognormal", "gamma") else edges > 0
        np.testing.assert_allclose(conditional.thresholds[cell] / reference.ONE, expected, rtol=0, atol=1e-12)


def test_there_are_distributions_of_every_family_to_check() -> None:
    families = {PERSONAS[persona].variables[name].law.family for persona, name in SHAPES}
    assert families == THEIRS.keys()
