"""Numbers that act: every number of a shipped persona moves somebody, and one that moves nobody is told."""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import CASES

import loanpersona as lp
from loanpersona.core import catalog
from loanpersona.core.strict_yaml import Faults, Node, exact, node_of, plain
from loanpersona.persona.blocks import read_blocks
from loanpersona.persona.calibration import _calibrated
from loanpersona.persona.idle import idle_paths
from loanpersona.persona.joint import ONE, Conditional
from loanpersona.persona.scope import Scope
from loanpersona.persona.seasons import read_seasons
from loanpersona.simulation.calendar import clock

SHIPPED = [(name, variable) for name in catalog.persona_files() for variable in lp.load_persona(name).variables]
ROUNDING = ONE // 10**11
SUMS = ("shares", "bands", "table")
Path_ = tuple[str | int, ...]


def numbers(tree: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The path of every number in the text of a block; conditions and reasons hold none."""
    if isinstance(tree, str):
        if exact(tree) is not None:
            yield path
        return
    for key, below in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if key not in ("when", "source", "because", "given", "groups", "groups_of", "step"):
            yield from numbers(below, (*path, key))


def moved(tree: Any, path: Path_) -> Any:
    """The text with one number moved a little, and a share of the same row moved against it."""
    changed = copy.deepcopy(tree)
    row = changed
    for key in path[:-1]:
        row = row[key]
    before = Fraction(row[path[-1]])
    if path[0] in SUMS:
        other = max((key for key in row if key != path[-1]), key=lambda key: Fraction(row[key]))
        by = Fraction(row[other]) / 1000 or -before / 1000
        row[other] = str(Fraction(row[other]) - by)
        row[path[-1]] = str(before + by)
    elif path[0] in ("least", "most"):
        inwards = Fraction(tree["step"]) * (1 if path[0] == "least" else -1)
        row[path[-1]] = f"{float(before + inwards):.12g}"
    else:
        row[path[-1]] = f"{float(before) * 1.001 if before else 0.1:.12g}"
    return changed


@cache
def persona(name: str) -> lp.Persona:
    return lp.load_persona(name)


def recalibrated(stated: lp.Persona, variable: str, block: dict[str, Any]) -> Conditional:
    """The variable of a persona with another block, from the variables above it as they are."""
    faults, above = Faults(), dict(stated.variables)
    blocks = {variable: node_of(block, file="moved", path=f"variables.{variable}")}
    scope = Scope(
        blocks, sources_of(stated), faults, values={name: v.values for name, v in above.items() if name != variable}
    )
    new = read_blocks(scope)[variable]
    faults.stop()
    return _calibrated(new, stated.conditionals, 10**7)


def sources_of(stated: lp.Persona) -> set[str]:
    return {*catalog.load("sources"), *plain(stated.document).get("sources", ())}


def same_people(one: Conditional, other: Conditional) -> bool:
    """Whether two calibrations give everybody the same chances of the same values, but for rounding."""
    if one.variable.values != other.variable.values:
        return False
    apart = np.abs(one.thresholds - other.thresholds)[one.weights > 0]
    return bool(apart.max(initial=0) <= ROUNDING)


@pytest.mark.parametrize(("name", "variable"), SHIPPED)
def test_every_number_of_a_shipped_persona_moves_somebody(name: str, variable: str) -> None:
    stated = persona(name)
    block = plain(stated.document)["variables"][variable]
    now, paths = stated.conditionals[variable], list(numbers(block))
    still = [path for path in paths if same_people(now, recalibrated(stated, variable, moved(block, path)))]
    assert still == []
    assert paths or "groups" in block


TIMED = [
    (name, part)
    for name in catalog.persona_files()
    for part in ("hour", "weekday", "public_holiday", "day_of_month", "spring_festival", "daily_noise")
]


@pytest.mark.parametrize(("name", "part"), TIMED)
def test_every_number_of_a_shipped_calendar_moves_the_time_of_loans(name: str, part: str) -> None:
    stated = persona(name)
    block, now = plain(stated.document)["calendar"][part], clock(stated, 7).rate
    result = {path: moved(block, path) for path in numbers(block)}
    assert result
    still = [path for path, text in result.items() if (clock(told_in_time(stated, part, text), 7).rate == now).all()]
    assert still == []


def told_in_time(stated: lp.Persona, part: str, block: Any) -> lp.Persona:
    """The persona with another part of its calendar, its variables as they are."""
    calendar = node_of(plain(stated.document)["calendar"] | {part: block}, file="moved")
    faults = Faults()
    scope = Scope({}, sources_of(stated), faults)
    window, seasons = read_seasons(
        Node({"window": stated.document.value["window"], "calendar": calendar}, "moved", 0), scope
    )
    faults.stop()
    return dataclasses.replace(stated, window=window, calendar=seasons)


def greatest(stated: lp.Persona, variable: str) -> float:
    """The greatest value that anybody has."""
    result = stated.conditionals[variable]
    return float(result.variable.values[int(np.flatnonzero(result.margin)[-1])])


def test_the_window_and_the_caps_of_shipped_personas_act() -> None:
    for name in catalog.persona_files():
        stated = persona(name)
        apr, income, times = (greatest(stated, key) for key in ("apr", "income_cny_month", "limit_factor"))
        assert apr == float(stated.product.apr_most)
        assert income * times > stated.product.limit_cny_most
        for day in ("2021-01-02", "2024-12-30"):
            other = stated.replace({f"window.{'first' if day < '2022' else 'last'}": day})
            assert clock(other, 7).total != clock(stated, 7).total
        assert stated.notes == ()


# Those that move nobody are told

ODDS = "    odds:\n      - {when: {age_years: 20..24}, multiply: {male: 3}}\n"
MORE = """  platforms:
    bands: {1: 0.6, 2: 0.4, 3: 0}
    odds:
      - {when: {sex: male}, multiply: {2: 2}}
    basis: assumed
    because: x
  borrowing_rate:
    gamma: {mean: 4, shape: 2}
    where:
      - {when: {sex: male}, mean: 5}
    times:
      - {when: {sex: male}, by: 2}
    least: 0
    most: 60
    step: 0.5
    basis: assumed
    because: x
"""


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        ({}, []),
        (
            {"borrowing_rate.where[0].when": {"sex": ["male", "female"]}},
            ["gamma.mean = 4: changes nobody: covered by where[0] (sex male..female)."],
        ),
        (
            {
                "borrowing_rate.where": [
                    {"when": {"sex": "male"}, "mean": 5, "shape": 2},
                    {"when": {"sex": "female"}, "mean": 4},
                ]
            },
            ["gamma.mean = 4: changes nobody: covered by where[0] (sex male), where[1] (sex female)."],
        ),
        ({"borrowing_rate.times[0].by": 0}, ["where[0].mean = 5: changes nobody: covered by times[0] (sex male)."]),
        (
            {
                "borrowing_rate.times": [
                    {"when": {"sex": "male"}, "by": 0},
                    {"when": {"age_years": 20, "sex": "male"}, "by": 2},
                ]
            },
            [
                "where[0].mean = 5: changes nobody: covered by times[0] (sex male).",
                "times[1].by = 2: changes nobody: covered by times[0] (sex male).",
            ],
        ),
        (
            {"platforms.odds[0].when": {"age_years": "20..59"}},
            ["odds[0].multiply.2 = 2: changes nobody: the shares stay as stated, and it sets nobody apart."],
        ),
        (
            {"platforms.odds[0].multiply": {"1..3": 2}},
            ["odds[0].multiply.1..3 = 2: changes nobody: the shares stay as stated, and it sets nobody apart."],
        ),
        ({"platforms.odds[0].multiply": {"2": 2, "3": 5}}, ["odds[0].multiply.3 = 5: changes nobody: its share is 0."]),
        (
            {
                "platforms.odds": [
                    {"when": {"age_years": "20..24"}, "multiply": {"2": 0}},
                    {"when": {"age_years": 20}, "multiply": {"2": 3}},
                ]
            },
            ["odds[1].multiply.2 = 3: changes nobody: covered by odds[0] (age_years 20..24)."],
        ),
        (
            {
                "platforms.odds": [
                    {"when": {"age_years": "20..24"}, "multiply": {"2": 0}},
                    {"when": {"age_years": 20}, "multiply": {"1": 3}},
                ]
            },
            ["odds[1].multiply.1 = 3: changes nobody: the shares stay as stated, and it sets nobody apart."],
        ),
    ],
)
def test_a_number_that_moves_nobody_is_told_with_what_covers_it(
    changes: dict[str, Any], notes: list[str], tiny_with: Callable[..., Path]
) -> None:
    tiny = lp.load_persona(tiny_with(more=MORE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lp.PersonaWarning)
        changed = tiny.replace(changes)
    assert [note.partition(" variables.")[2] or note.partition("change: ")[2] for note in changed.notes] == [
        f"{'platforms' if 'odds' in note else 'borrowing_rate'}.{note}" for note in notes
    ]
    assert moves_nobody(changed) == idle_paths(changed)


@pytest.mark.parametrize("path", sorted((CASES / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_exactly_the_numbers_that_are_told_to_move_nobody_move_nobody(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lp.PersonaWarning)
        stated = lp.load_persona(path)
    rows = idle_paths(stated)
    below = tuple(f"{row}." for row in rows)
    every = {f"{name}.{told(path)}" for name, block in blocks_in(stated).items() for path in numbers(block)}
    assert moves_nobody(stated) == {path for path in every if path in rows or path.startswith(below)}


def blocks_in(stated: lp.Persona) -> dict[str, dict[str, Any]]:
    """The text of the blocks."""
    result: dict[str, dict[str, Any]] = plain(stated.document)["variables"]
    return result


def moves_nobody(stated: lp.Persona) -> set[str]:
    """The numbers of a persona that may be moved without anybody's chances moving, found by moving each."""
    return {
        f"{name}.{told(path)}"
        for name, block in blocks_in(stated).items()
        for path in numbers(block)
        if same_people(stated.conditionals[name], recalibrated(stated, name, moved(block, path)))
    }


def told(path: Path_) -> str:
    """A path as the package writes it."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def test_a_parameter_that_rows_give_to_everybody_need_not_be_stated(article: lp.Persona) -> None:
    assert "Normal: mean as below, standard deviation 0.006; from" in article.describe()
    assert "正态分布：均值 见下表" in article.describe("zh")
    with pytest.raises(
        lp.InputError, match=r"apr\.normal: no mean for quality_tier inferior\. Allowed: a general mean, "
    ):
        article.replace({"apr.where": [{"when": {"quality_tier": "prime..volatile"}, "mean": 0.2}]})
    with pytest.raises(lp.InputError, match="`sd` is missing"):
        article.replace({"apr.normal": {"mean": 0.2}, "apr.where": [{"when": {"quality_tier": "prime"}, "mean": 0.1}]})


def test_neither_description_nor_difference_claims_a_change_that_changes_nobody(article: lp.Persona) -> None:
    with pytest.warns(
        lp.PersonaWarning, match=r"apr\.normal\.mean = 0\.15: changes nobody: covered by where\[0\] \(quality"
    ):
        changed = article.replace({"apr.normal.mean": 0.15})
    for one, other in ((article, changed), (changed, article)):
        assert one.diff(other).startswith("Numbers that differ and change nobody: apr.normal.mean.\n")
    assert "mean 0.15," not in changed.describe()
    assert changed.describe().count("changes nobody: covered by where[0]") == 1


def test_rows_and_days_that_nobody_meets_are_no_difference(article: lp.Persona) -> None:
    calendar = {
        "calendar.day_of_month.factors": {"1..31": 1.3},
        "calendar.spring_festival.factors": {"0..3": 2, "4..30": 1},
    }
    with pytest.warns(lp.PersonaWarning, match="covers|every day"):
        one = article.replace(calendar)
    with pytest.warns(lp.PersonaWarning, match="covers|every day"):
        other = one.replace({"calendar.day_of_month.factors.1..31": 2, "calendar.spring_festival.factors.0..3": 3})
    assert [note.partition(" = ")[0].removeprefix("change: ") for note in other.notes] == [
        "calendar.day_of_month.factors.1..31",
        "calendar.spring_festival.factors.0..3",
    ]
    assert (clock(other, 7).rate == clock(one, 7).rate).all()
    assert one.diff(other).startswith("Numbers that differ and change nobody: ")


def test_a_row_that_nobody_is_in_is_no_difference(tiny_with: Callable[..., Path]) -> None:
    men = tiny_with(("male: 0.6, female: 0.4", "male: 1, female: 0"), (ODDS, ""))
    with pytest.warns(lp.PersonaWarning, match="never drawn: sex female"):
        one = lp.load_persona(men)
    with pytest.warns(lp.PersonaWarning, match="never drawn: sex female"):
        other = one.replace({"education.table.female": {"junior_secondary": 0.5, "bachelor": 0.5}})
    assert "change nobody: education.table.female.junior_secondary, education.table.female.bachelor." in one.diff(other)
