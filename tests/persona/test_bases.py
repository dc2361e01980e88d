"""A basis belongs to its number: what a change does to where numbers come from, in a file and in code alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import loanpersona as lp
from loanpersona.core.sourced import Basis
from loanpersona.core.strict_yaml import node_of, plain


class Words(yaml.SafeDumper):
    """Quotes nothing: a number in a text is a number."""


Words.yaml_implicit_resolvers = {}
Extend = Callable[[Mapping[str, Any]], lp.Persona]
CARS = {"yes": 0.99, "no": 0.01}
OWNERS = {"occupation": "owner", "borrower_class": "consumer"}
CITED = {"basis": "published", "source": "ppd17"}


@pytest.fixture
def extending(tmp_path: Path) -> Extend:
    """A persona in a file of its own that extends `article` and states what is given."""

    def load(stated: Mapping[str, Any]) -> lp.Persona:
        path = tmp_path / "mine.yaml"
        text = plain(node_of({"persona": "mine", "format": 1, "extends": "article", **stated}, file="mine"))
        path.write_text(yaml.dump(text, Dumper=Words, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return lp.load_persona(path)

    return load


def odds_of(persona: lp.Persona, variable: str) -> list[Basis]:
    return [odds.basis for odds in persona.variables[variable].law.odds]


def changed(basis: Basis) -> bool:
    return (
        basis.kind == "assumed"
        and not basis.sources
        and "changed from the persona article" in dict(basis.because)["en"]
    )


@pytest.mark.parametrize(
    ("blocks", "changes"),
    [
        ({"variables": {"has_car": {"shares": CARS}}}, {"has_car.shares": CARS}),
        (
            {"variables": {"has_car": {"shares": CARS, **CITED}}},
            {"has_car.shares": CARS, "has_car.basis": "published", "has_car.source": "ppd17"},
        ),
        (
            {"variables": {"has_car": {"shares": CARS, "because": "seen"}}},
            {"has_car.shares": CARS, "has_car.because": "seen"},
        ),
        ({"variables": {"has_car": {"shares": {"yes": "0.140", "no": 0.86}}}}, {"has_car.shares.yes": "0.140"}),
        ({"product": {"apr_most": {"value": 0.2}}}, {"product.apr_most": {"value": 0.2}}),
        ({"product": {"apr_most": {"value": 0.2}}}, {"product.apr_most.value": 0.2}),
        ({"window": {"last": "2023-12-31"}}, {"window.last": "2023-12-31"}),
        ({"calendar": {"public_holiday": {"factor": 0.5}}}, {"calendar.public_holiday.factor": 0.5}),
        (
            {"rules": {"owners_are_owners": {"never": {**OWNERS, "sex": "male"}}}},
            {"rules.owners_are_owners.never.sex": "male"},
        ),
    ],
)
def test_a_file_and_a_change_in_code_agree_on_what_numbers_rest_on(
    blocks: Mapping[str, Any], changes: Mapping[str, Any], extending: Extend, article: lp.Persona
) -> None:
    mine, replaced = extending(blocks), article.replace(changes)
    assert mine.variables == replaced.variables
    assert mine.product == replaced.product
    assert (mine.rules, mine.window, mine.calendar) == (replaced.rules, replaced.window, replaced.calendar)
    assert mine.basis() == replaced.basis()
    diffs = [
        [row.split() for row in article.diff(persona).splitlines() if row.count(" | ") > 3][1:]
        for persona in (mine, replaced)
    ]
    assert diffs[0] == diffs[1]


def test_whoever_restates_a_law_does_not_keep_its_source(extending: Extend, article: lp.Persona) -> None:
    assert article.variables["has_car"].basis.sources == ("geo-2016",)
    result = extending({"variables": {"has_car": {"shares": CARS}}})
    assert changed(result.variables["has_car"].basis)
    assert odds_of(result, "has_car") == odds_of(article, "has_car"), "the odds did not change"
    assert (
        "Assumed – changed from the persona article" in result.describe().partition("(`has_car`)")[2].partition("##")[0]
    )
    assert [row.split("|")[4].strip() for row in article.diff(result).splitlines() if "has_car.shares" in row] == [
        "published (geo-2016)"
    ] * 2


def test_only_the_rows_that_changed_are_assumed(extending: Extend, article: lp.Persona) -> None:
    now = article.variables["city_tier"].basis
    path = "city_tier.odds[5].multiply.tier4..tier5"
    one = article.replace({path: 0.3})
    rows = plain(article.document)["variables"]["city_tier"]["odds"]
    rows[5]["multiply"]["tier4..tier5"] = "0.3"
    from_file = extending({"variables": {"city_tier": {"odds": rows}}})
    for result in (one, from_file):
        assert result.variables["city_tier"].basis == now
        assert odds_of(result, "city_tier")[:5] == [now] * 5
        assert changed(odds_of(result, "city_tier")[5])
        assert [line.partition(":")[0] for line in repr(result.basis("city_tier")).splitlines()] == [
            "City tier",
            "City tier (Province",
        ]
    assert one.variables["city_tier"] == from_file.variables["city_tier"]
    assert f"| {path} " in article.diff(one)
    cited = one.replace({path: 0.5, "city_tier.odds[5].basis": "published", "city_tier.odds[5].source": "ppd17"})
    assert odds_of(cited, "city_tier")[5] == Basis("published", ("ppd17",))


def test_rows_keep_what_they_rested_on_when_only_the_shares_of_their_block_change(article: lp.Persona) -> None:
    evidence = lp.load_persona("evidence")
    assert evidence.variables["city_tier"].basis.sources == ("jiguang-2018",)
    assert odds_of(evidence, "city_tier") == [article.variables["city_tier"].basis] * 6


def test_a_row_that_loses_its_own_basis_does_not_fall_back_on_that_of_its_block(article: lp.Persona) -> None:
    """The row says `published`, its number changes: neither its own source nor its block's reason is true of it."""
    result = article.replace({"income_cny_month.where[1].median": 9900})
    assert changed(result.variables["income_cny_month"].law.where[1].basis)
    assert result.variables["income_cny_month"].law.where[0] == article.variables["income_cny_month"].law.where[0]
    again = result.replace({"income_cny_month.where[0].median": 4000})
    assert again.variables == result.variables, "the same number, said again"


def test_a_basis_alone_may_be_changed(extending: Extend, article: lp.Persona) -> None:
    result = extending({"variables": {"sex": {**CITED, "because": "x"}}})
    assert result.variables["sex"].basis.sources == ("ppd17",)
    assert odds_of(result, "sex") == [result.variables["sex"].basis] * 10
    assert result.variables["sex"].law.shares == article.variables["sex"].law.shares


def test_what_is_new_needs_a_basis(extending: Extend) -> None:
    pet = {"shares": {"yes": 0.5, "no": 0.5}, "label": {"en": "Pet", "zh": "宠物"}}
    with pytest.raises(lp.InputError, match=r"variables\.pet: no number without a basis"):
        extending({"variables": {"pet": pet}})


def test_a_changed_persona_written_down_says_the_same_of_its_numbers(article: lp.Persona, tmp_path: Path) -> None:
    result = article.replace({"city_tier.odds[5].multiply": {"tier4": 0.3}, "has_car.shares": CARS})
    (tmp_path / "mine.yaml").write_text(result.to_yaml(), encoding="utf-8")
    assert lp.load_persona(tmp_path / "mine.yaml") == result
