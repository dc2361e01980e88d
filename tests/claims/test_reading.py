"""The statements as they ship, and what their reader refuses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loanpersona import claims
from loanpersona.claims.reader import read_statements
from loanpersona.core import catalog
from loanpersona.core.errors import InputError

STATEMENTS = claims.statements()
ENTRY = """
'1.2a':
  sentence: {en: Mostly men., zh: 男性为主。}
  short: {en: Men, zh: 男性}
  chapter: profile
  claim:
    frame: profile.shares
    arguments: {of: sex}
    rule: {kind: above, row: {sex: male}, line: 0.5, because: {en: half, zh: 一半}}
    origin: encoded
    rests_on: sex.shares.male
    origin_note: {en: men, zh: 男性}
    figure: {en: '{value} men', zh: '男性 {value}'}
  evidence: {verdict: silent, note: {en: none, zh: 无}}
"""


def read(tmp_path: Path, text: str) -> Mapping[str, Any]:
    path = tmp_path / "statements.yaml"
    path.write_text(text, encoding="utf-8")
    return read_statements(path)


def test_every_statement_of_the_article_is_there_once_in_its_order() -> None:
    chapters = {"1.1": 4, "1.2": 4, "1.3": 4, "1.4": 8, "2.1": 5, "2.2": 4, "3.1": 3, "3.2": 7, "3.3": 4}
    wanted = [f"{one}{letter}" for one, many in chapters.items() for letter in "abcdefgh"[:many]]
    assert list(STATEMENTS) == [*wanted, "4a", "4b", "4c"]


def test_levers_and_reflections_stand_open_and_say_what_is_missing() -> None:
    later = [one for key, one in STATEMENTS.items() if key >= "3.2"]
    assert [one.origin for one in later] == [*["not_built"] * 13, "not_testable"]
    assert all(one.claim is None and (one.missing or one.not_testable) for one in later)


def test_titles_are_short_and_every_line_has_its_reason() -> None:
    for one in STATEMENTS.values():
        assert len(one.short["en"]) <= 70, one.id
        assert 5 <= len(one.short["zh"]) <= 18, one.id
        for check in one.claim.checks if one.claim else ():
            assert check.rule.because.keys() == {"en", "zh"}, one.id


def test_evidence_that_is_not_silent_cites_what_was_read() -> None:
    sources = catalog.load("sources")
    for one in STATEMENTS.values():
        assert one.evidence.cites or one.evidence.verdict == "silent", one.id
        assert {sources[cited]["status"] for cited in one.evidence.cites} <= {"read"}, one.id


def test_a_claim_is_read_whole(tmp_path: Path) -> None:
    claim = read(tmp_path, ENTRY)["1.2a"].claim
    assert (claim.frame, claim.arguments, claim.origin) == ("profile.shares", {"of": "sex"}, "encoded")
    assert (claim.rule.kind, claim.rule.row, claim.rule.line) == ("above", {"sex": ("male",)}, 0.5)
    assert (claim.form, claim.axis, claim.rests_on) == ("percent", (0, 1), ("sex.shares.male",))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: above", "kind: abov", "statements.yaml:9: 1.2a.claim.rule.kind = abov: unknown. Did you mean 'above'?"),
        ("line: 0.5", "line: half", "1.2a.claim.rule.line = half: not a number"),
        ("profile.shares", "profile.share", "1.2a.claim.frame = profile.share: unknown. Did you mean"),
        ("verdict: silent", "verdict: silence", "1.2a.evidence.verdict = silence: unknown. Did you mean 'silent'?"),
        ("{verdict: silent", "{low: 0.1, verdict: silent", "1.2a.evidence: a range without both ends and a source"),
        ("{verdict: silent", "{cites: nobody, verdict: silent", "1.2a.evidence.cites = nobody: unknown source"),
        ("{verdict: silent", "{cites: cbrc-2004, verdict: silent", "1.2a.evidence.cites = cbrc-2004: recalled"),
        ("    origin: encoded\n", "", "1.2a.claim: without `origin`"),
        ("  chapter: profile", "  chapters: profile", "1.2a.chapters = profile: unknown key. Did you mean 'chapter'?"),
        ("  evidence", "  missing: {en: a, zh: 一}\n  evidence", "1.2a: is it tested, open or not testable"),
        ("{sex: male}", "male", "1.2a.claim.rule.row = male: names no row"),
    ],
)  # fmt: skip
def test_a_fault_of_a_statement_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in ENTRY
    with pytest.raises(InputError) as error:
        read(tmp_path, ENTRY.replace(old, new))
    assert said in str(error.value)
