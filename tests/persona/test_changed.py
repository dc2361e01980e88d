"""A changed persona is calibrated as far as the change reaches, and is what reading its text anew gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loanpersona as lp
from loanpersona.core.strict_yaml import plain
from loanpersona.persona import calibration
from loanpersona.persona.reader import SHAPES
from loanpersona.persona.resolver import resolve
from loanpersona.simulation.calendar import clock
from loanpersona.simulation.users import samplers

STEP = Fraction(1, 1000)


def leaves(path: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """The shares in a block, each with its path."""
    if all(isinstance(value, str) for value in body.values()):
        yield path, body
        return
    for key, inner in body.items():
        yield from leaves(f"{path}.{key}", inner)


def moved(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A thousandth of the people, moved from the commonest value to the next."""
    at, shares = next(
        (at, result) for at, result in leaves(path, body) if sum(float(v) > 0.001 for v in result.values()) > 1
    )
    most, next_ = sorted(shares, key=lambda key: Fraction(shares[key]), reverse=True)[:2]
    return {at: shares | {most: Fraction(shares[most]) - STEP, next_: Fraction(shares[next_]) + STEP}}


def change_of(persona: lp.Persona, name: str) -> dict[str, Any]:
    """A small change of the numbers of a variable; of the reason where it states none."""
    block = plain(persona.document)["variables"][name]
    law = next(key for key in block if key in {"shares", "bands", "table", "groups", *SHAPES})
    if law == "groups":
        return {f"{name}.basis": "stated", f"{name}.source": "1.1a", f"{name}.because": "another reason"}
    if law not in SHAPES:
        return moved(f"{name}.{law}", block[law])
    stated = block["where"][0] if "where" in block else block[law]
    parameter = next(key for key in ("median", "mean", "shape", "sd", "sigma", "scale") if Fraction(stated.get(key, 0)))
    at = f"{name}.where[0]" if "where" in block else f"{name}.{law}"
    return {f"{at}.{parameter}": Fraction(stated[parameter]) * (1 + STEP)}


def reached(persona: lp.Persona, name: str) -> set[str]:
    """A variable and all that stand below it."""
    result = {name}
    for each, variable in persona.variables.items():
        if result & set(variable.parents):
            result.add(each)
    return result


def check_same(changed: lp.Persona) -> None:
    """The persona equals, to the last bit, the one that its text gives when nothing is known before."""
    anew = resolve(changed.document)
    assert (changed.digest, changed.notes) == (anew.digest, anew.notes)
    assert (changed.rules, changed.window, changed.calendar) == (anew.rules, anew.window, anew.calendar)
    assert list(changed.conditionals) == list(anew.conditionals)
    for name, result in changed.conditionals.items():
        assert result.variable == changed.variables[name] == anew.variables[name]
        for bands, wanted in zip(result.bands.items(), anew.conditionals[name].bands.items(), strict=True):
            assert bands[0] == wanted[0]
            np.testing.assert_array_equal(bands[1].of_value, wanted[1].of_value)
        np.testing.assert_array_equal(result.thresholds, anew.conditionals[name].thresholds)
        np.testing.assert_array_equal(result.weights, anew.conditionals[name].weights)


@pytest.mark.parametrize("name", lp.load_persona("article").variables)
def test_a_change_recalibrates_what_it_reaches_and_nothing_else(name: str, article: lp.Persona) -> None:
    changed = article.replace(change_of(article, name))
    new = {each for each, result in changed.conditionals.items() if result is not article.conditionals[each]}
    assert new == reached(article, name)
    check_same(changed)


@pytest.mark.parametrize("bands", [{"22..24": 0.25, "25..59": 0.75}, {"20..39": 0.75, "40..58": 0.25}])
def test_what_stands_below_new_values_is_read_anew(bands: dict[str, float], article: lp.Persona) -> None:
    changed = article.replace({"age_years.bands": bands})
    assert changed.variables["payment"] != article.variables["payment"]
    assert changed.variables["province"] is article.variables["province"]
    check_same(changed)


def test_variables_in_another_order_are_summed_in_that_order(article: lp.Persona) -> None:
    blocks = plain(article.document)["variables"]
    province_first = {"province": blocks["province"], **blocks}
    check_same(article.replace({"variables": province_first}))


def test_a_source_that_is_gone_is_missed_by_blocks_that_did_not_change(tiny_with: Callable[..., Path]) -> None:
    own = tiny_with(("source: jiguang-2018", "source: mine"), more="sources: {mine: {title: Mine}}\n")
    with pytest.raises(lp.InputError, match=r"variables\.education\.source = mine: unknown source"):
        lp.load_persona(own).replace({"sources": {"other": {"title": "Other"}}})


def test_cells_that_the_blocks_above_leave_no_room_for_are_refused_as_in_a_file(
    article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MAX_CELLS", 200_000)
    with pytest.raises(lp.InputError) as anew:
        resolve(article.document)
    with pytest.raises(lp.InputError) as changed:
        article.replace({"product.limit_cny_most.value": 150_000})
    assert changed.value.faults == anew.value.faults


def test_what_draws_an_unchanged_variable_and_an_unchanged_calendar_is_kept(article: lp.Persona) -> None:
    changed = article.replace(change_of(article, "asks_for"))
    assert clock(changed, 7) is clock(article, 7)
    assert samplers(changed)["payment"] is samplers(article)["payment"]
    assert samplers(changed)["asks_for"] is not samplers(article)["asks_for"]
