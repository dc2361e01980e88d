"""The findings of a chapter: what their file may say, and which sentence a book calls for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import loanpersona as lp
from loanpersona.core.strict_yaml import node_of
from loanpersona.reports.finding import VERDICTS, Cell, chapters, literal, read_chapter
from loanpersona.reports.found import value_at

WORDS = "{en: a, zh: 甲}"
FINDING = f"""\
title: {WORDS}
question: {WORDS}
standfirst: {WORDS}
key_figures:
  - {{finding: men, value: '{{cells[share]}}', words: {WORDS}}}
findings:
  - id: men
    statements: [1.2a]
    short: {WORDS}
    frame: profile.shares
    arguments: {{of: sex}}
    rule: {{kind: above, row: {{sex: male}}, column: share, line: 0.5, because: {WORDS}}}
    cells:
      share: {{row: {{sex: male}}, column: share, form: percent}}
    headline:
      supported: {{en: '{{value}} are men', zh: '{{value}}为男性'}}
      contradicted: {WORDS}
      inconclusive: {WORDS}
    unit: {WORDS}
    reading: [{WORDS}, {WORDS}]
    published: none
"""
BOOK = lp.generate(lp.load_persona("article"), n=1_000, seed=7)


def chapter_file(folder: Path, text: str) -> Path:
    path = folder / "sample.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_findings_is_read_whole(tmp_path: Path) -> None:
    chapter = read_chapter(chapter_file(tmp_path, FINDING))
    (finding,) = chapter.findings
    assert (chapter.name, finding.id, finding.place, finding.arguments) == ("sample", "men", 1, {"of": "sex"})
    assert finding.cells == {"share": Cell({"sex": "male"}, "share", "percent")}
    assert finding.published == {}
    assert chapter.key_figures[0].value == {"en": "{cells[share]}", "zh": "{cells[share]}"}


FAULTS = [
    ("id: men", "id: Men!", "sample.yaml:7: findings[0].id = Men!: not an id."),
    ("[1.2a]", "[9.9z]", "sample.yaml:8: findings[0].statements[0] = 9.9z: unknown statement."),
    ("profile.shares", "profile.shres", "unknown frame. Did you mean 'profile.shares'?"),
    ("{of: sex}", "{off: sex}", "findings[0].arguments.off = sex: no argument of profile.shares. Did you mean 'of'?"),
    ("    rule: {kind", "    claim: 1.2a\n    rule: {kind", "findings[0]: judged by nothing, or twice."),
    ("kind: above", "kind: abov", "sample.yaml:12: findings[0].rule.kind = abov: unknown."),
    ("'{value} are men'", "'{valu} are men'", "{valu} is neither of the verdict nor a cell. Did you mean 'value'?"),
    ("'{value} are men'", "'{value.real} are men'", "{value.real} is neither of the verdict nor a cell."),
    ("'{value} are men'", "'{value:>9999999} men'", "{value:>9999999} is neither of the verdict nor a cell."),
    ("'{value} are men'", "'{value are men'", "is neither of the verdict nor a cell."),
    ("form: percent", "form: per", "findings[0].cells.share.form = per: unknown form."),
    (f"      inconclusive: {WORDS}\n", "", "sample.yaml:15: findings[0].headline: has no `inconclusive`."),
    (f"[{WORDS}, {WORDS}]", f"[{WORDS}]", "findings[0].reading: a list of 1. Allowed: a list of 2."),
    (f"unit: {WORDS}", "unit: {en: a}", "findings[0].unit: not a text in both languages."),
    ("finding: men,", "finding: mem,", "key_figures[0].finding = mem: unknown finding. Did you mean 'men'?"),
    ("    published: none", "    publishd: none", "unknown key 'publishd'. Did you mean 'published'?"),
]


@pytest.mark.parametrize(("before", "after", "message"), FAULTS)
def test_each_fault_of_a_file_is_told_with_its_line(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in FINDING
    with pytest.raises(lp.InputError) as caught:
        read_chapter(chapter_file(tmp_path, FINDING.replace(before, after, 1)))
    assert message in str(caught.value)


def test_two_findings_of_one_id_are_refused(tmp_path: Path) -> None:
    second = FINDING.partition("findings:\n")[2]
    with pytest.raises(lp.InputError, match=r"findings\[1\].id = men: stands twice"):
        read_chapter(chapter_file(tmp_path, FINDING + second))


@pytest.mark.parametrize(
    ("stated", "taken"), [("7", 7), ("0.5", 0.5), ("true", True), ("sex", "sex"), (["1", "a"], [1, "a"])]
)
def test_an_argument_is_taken_as_what_it_looks_like(stated: Any, taken: Any) -> None:
    assert literal(node_of(stated, file="x")) == taken
    assert type(literal(node_of(stated, file="x"))) is type(taken)


def test_the_findings_that_ship_keep_to_their_number_and_their_ids_are_their_own() -> None:
    most = {"profile": 6, "habits": 7, "needs": 6, "segments": 8}
    found = chapters()
    assert set(found) == set(most)
    assert all(0 < len(chapter.findings) <= most[name] for name, chapter in found.items())
    ids = [one.id for chapter in found.values() for one in chapter.findings]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", [one.id for chapter in chapters().values() for one in chapter.findings])
def test_every_finding_says_something_of_a_book_in_both_languages(name: str) -> None:
    found = lp.finding(BOOK, name)
    assert found.why_not == ""
    assert found.verdict is not None
    assert found.verdict.word in VERDICTS
    for lang in lp.labels.LANGUAGES:
        said = [found.headline_in(lang), *(found.filled(one, lang) for one in found.about.reading)]
        assert not [text for text in said if "{" in text or not text]


def test_the_sentence_is_the_one_that_the_verdict_calls_for() -> None:
    women = lp.load_persona("article").replace({"sex.shares": {"male": 0.3, "female": 0.7}}, name="women")
    other = lp.finding(lp.generate(women, n=1_000, seed=7), "men")
    assert lp.finding(BOOK, "men").verdict.word == "supported"
    assert other.verdict.word == "contradicted"
    assert other.headline == other.filled(other.about.headline["contradicted"], "en")


def test_what_a_book_cannot_give_is_said_and_not_raised() -> None:
    found = lp.finding(lp.Book(users=BOOK.users), "repeat_money")
    assert found.verdict is None
    assert "loans is not in this book" in found.why_not
    assert found.headline == found.about.short["en"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lp.finding(BOOK, "mem"), "finding = 'mem': no such finding. Did you mean 'men'?"),
        (lambda: lp.finding(BOOK, "men", lang="fr"), "unknown language"),
        (lambda: lp.finding(BOOK.users, "men"), "book: DataFrame. Allowed: a population"),
        (lambda: lp.finding(BOOK, 7), "finding: int. Allowed: the id of a finding."),
        (lambda: lp.chapter(BOOK, "habit"), "chapter = 'habit': no such chapter. Did you mean 'habits'?"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(call: Any, message: str) -> None:
    with pytest.raises(lp.InputError) as caught:
        call()
    assert message in str(caught.value)
    assert len(caught.value.faults) == 1


def test_a_cell_is_one_row_or_it_is_none() -> None:
    frame = lp.profile.shares(BOOK, of="sex")
    assert value_at(frame, Cell({"sex": "male"}, "share", "percent")) > 0.5
    for row, column in (({"sex": "men"}, "share"), ({}, "share"), ({"sex": "male"}, "shares")):
        with pytest.raises(lp.InputError, match=r"0 rows are sex men|2 rows are|missing column"):
            value_at(frame, Cell(row, column, "percent"))


def test_every_key_figure_has_a_number_a_sentence_and_the_finding_it_leads_to() -> None:
    for name in chapters():
        for lang in lp.labels.LANGUAGES:
            figures = lp.chapter(BOOK, name, lang=lang).figures(lang)
            assert 3 <= len(figures) <= 6
            assert all(one["value"] and one["words"] and one["finding"] for one in figures)
