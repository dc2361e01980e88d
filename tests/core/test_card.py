"""What persona and population show of themselves: five sentences and bars, tables with rows and days, synthetic."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

import loanpersona as lp
from loanpersona.core.words import LANGUAGES

CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=500, seed=7)


def page(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def cells(row: BeautifulSoup) -> list[str]:
    return [cell.get_text() for cell in row.find_all(["th", "td"])]


def test_a_persona_says_five_sentences_and_draws_shares_with_their_basis() -> None:
    persona = lp.load_persona("article")
    shown = page(persona.card().html)
    assert len(shown.find_all("br")) + 1 == 5
    rows = [cells(row) for row in shown.find_all("tr")]
    assert rows[0] == ["Class of user", "Individual consumer", " 84%", "Stated by the article (1.1a)"]
    assert ["Sex", "Men", " 70%", "Assumed"] in rows
    widths = [float(bar["style"].split("width: ")[1].split("em")[0]) for bar in shown.find_all("span")]
    assert sum(widths[:2]) == pytest.approx(12, abs=0.02)


def test_a_population_tells_its_tables_with_rows_columns_and_days(population: lp.Population) -> None:
    rows = [cells(row) for row in page(population.card().html).find_all("tr")]
    assert rows[0] == ["Table", "A row is", "Rows", "Columns", "First day", "Last day"]
    for name, _, count, columns, first, last in rows[1:]:
        frame = population.tables[name]
        assert (count, columns) == (f"{len(frame):,}", str(frame.shape[1]))
        assert first <= last
    assert [row[0] for row in rows[1:]] == list(population.tables)
    loans = population.loans
    assert {row[0]: row[4] for row in rows}["loans"] == f"{loans['borrowed_at'].min():%Y-%m-%d}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_card_speaks_one_language_and_says_that_the_people_are_synthetic(
    lang: str, population: lp.Population
) -> None:
    for one in (population, lp.load_persona("article")):
        said = page(one.card(lang).html).get_text()
        assert bool(CJK.search(said)) == (lang == "zh")
    assert "SYNTHETIC" in population.card(lang).html
    assert population.digest in population.card(lang).html


def test_changed_assumptions_stand_on_the_card(population: lp.Population) -> None:
    assert "recovery" not in population.card().html
    assert "recovery = 0.3" in population.with_assumptions(lp.assumptions(recovery=0.3)).card().html


def test_an_unknown_language_is_refused(population: lp.Population) -> None:
    for one in (population, lp.load_persona("article")):
        with pytest.raises(lp.InputError, match="lang = fr: unknown language"):
            one.card("fr")
