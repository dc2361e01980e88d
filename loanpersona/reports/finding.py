"""The findings of a chapter, as `catalog/findings/<chapter>.yaml` states them; a file is found by its name.

```yaml
title: {en: …, zh: …}              # the head of the page
question: {en: …, zh: …}           # what the chapter answers, for the index page
standfirst: {en: …, zh: …}         # two sentences below the title
key_figures:                       # at most six, each a number of a finding
  - {finding: repeat_money, value: '{value}', words: {en: …, zh: …}, published: {en: …, zh: …}}
findings:
  - id: repeat_money               # small letters and underscores; lp.finding(book, "repeat_money")
    statements: [1.4e]             # ids of statements.yaml; the first one's evidence stands above the headline
    short: {en: …, zh: …}          # its line in the contents, two or three words
    frame: habits.repeat_share     # the frame that is drawn and tabulated
    arguments: {since: 2023-01-01} # of its call; left out where it has none
    claim: 1.4e                    # judged by the claim of that statement, on the claim's own frame; or a rule of
    rule: {kind: above, …}         # its own on the frame above, as `claims/rules.py` reads it. One of the two.
    headline:                      # one sentence per verdict, each at most 22 words
      supported: {en: '{value} of money lent goes to …', zh: …}
      contradicted: {en: …, zh: …}
      inconclusive: {en: …, zh: …}
    cells:                         # numbers of the frame by name; left out where none is named
      year: {row: {period: after_warm_up, measure: of_volume}, column: share, form: percent}
    unit: {en: …, zh: …}           # the line above the chart: what is drawn, in which unit
    reading: [{en: …, zh: …}, {en: …, zh: …}]   # what is drawn; what follows, or what not to conclude
    published: {en: …, zh: …}      # who, what, years; or `none`
    method: {en: …, zh: …}         # folded; may be left out
    whiskers: 'yes'                # where the size of the sample is the lesson: the chart draws its intervals
    origin: encoded                # where it is another than that of its statement
```

Headlines, readings, methods and key figures may name `{value}`, `{low}`, `{high}`
(of the verdict) and `{cells[name]}`; `value:` of a key figure is one text, or one per language. Forms are those of
frames and `percent` (whole percent, one decimal below 2), `yuan` (¥1,234; 1,234 元).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from loanpersona.analysis.frame import FORMS, declarations
from loanpersona.claims.reader import read_rule
from loanpersona.claims.statement import ORIGINS, Rule
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.sourced import read_words
from loanpersona.core.strict_yaml import Faults, Node, exact, plain, read
from loanpersona.core.words import LANGUAGES

Texts = Mapping[str, str]
"""One text per language."""
FOLDER = catalog.FOLDER / "findings"
VERDICTS = ("supported", "contradicted", "inconclusive")
CELL_FORMS = (*FORMS, "percent", "yuan")
MOST_FIGURES = 6
_CHAPTER = ("title", "question", "standfirst", "key_figures", "findings")
_FIGURE = ("finding", "value", "words", "published")
_FINDING = ("id", "statements", "short", "frame", "arguments", "claim", "rule", "headline", "cells", "unit")
_FURTHER = ("reading", "published", "method", "whiskers", "origin")
_MAY_LACK = ("key_figures", "arguments", "claim", "rule", "cells", "method", "published", "whiskers", "origin")
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAMED = ("value", "low", "high")


@dataclass(frozen=True)
class Cell:
    """A number of a frame: the row that has these words, its column, and how it is written."""

    row: Mapping[str, str]
    column: str
    form: str


@dataclass(frozen=True)
class Finding:
    """What a finding is about; of which book comes later."""

    id: str
    chapter: str
    place: int
    """Its number in the chapter, from 1."""
    statements: tuple[str, ...]
    short: Texts
    frame: str
    arguments: Mapping[str, Any]
    claim: str
    """The statement whose claim judges it; empty where `rule` does."""
    rule: Rule | None
    headline: Mapping[str, Texts]
    """A template per verdict and language."""
    cells: Mapping[str, Cell]
    unit: Texts
    reading: tuple[Texts, ...]
    published: Texts
    """Empty where no figure was found."""
    method: Texts
    whiskers: bool
    """Whether the chart draws its intervals."""
    origin: str
    """Where its number comes from, if not from where that of its statement does."""


@dataclass(frozen=True)
class Figure:
    """A key figure: a number of a finding, and what it is of."""

    finding: str
    value: Texts
    words: Texts
    published: Texts


@dataclass(frozen=True)
class Chapter:
    """A page: its head and its findings, in order."""

    name: str
    title: Texts
    question: Texts
    standfirst: Texts
    key_figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def chapters() -> dict[str, Chapter]:
    """The chapters that have findings, by the name of their file."""
    return {path.stem: read_chapter(path) for path in sorted(FOLDER.glob("*.yaml"))}


def chapter_named(name: str) -> Chapter:
    """The chapter of that name; raises InputError where there is none."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    if name not in known:
        raise InputError(f"chapter = {name!r}: no such chapter. {did_you_mean(str(name), known)}")
    return read_chapter(known[name])


def finding_named(name: str) -> Finding:
    """The finding of that id, in whatever chapter; raises InputError where there is none."""
    known = {one.id: one for chapter in chapters().values() for one in chapter.findings}
    if name not in known:
        raise InputError(f"finding = {name!r}: no such finding. {did_you_mean(str(name), known)}")
    return known[name]


@cache
def read_chapter(path: Path) -> Chapter:
    """Read a file of findings; raise InputError with every fault of it, each with its line."""
    return _Reader(path.stem).chapter(read(path))


class _Reader:
    """Makes a chapter of the nodes of its file, and notes the faults on the way."""

    def __init__(self, name: str) -> None:
        self.name, self.faults = name, Faults()

    def chapter(self, root: Node) -> Chapter:
        keys = self.keys(root, _CHAPTER)
        listed = self.list_of(keys.get("findings"), least=1)
        findings = [self.finding(place, node) for place, node in enumerate(listed, start=1)]
        self.twice(listed)
        known = {one.id: one for one in findings}
        figures = self.list_of(keys.get("key_figures"), most=MOST_FIGURES)
        result = Chapter(
            name=self.name,
            title=self.words(keys.get("title")),
            question=self.words(keys.get("question")),
            standfirst=self.words(keys.get("standfirst")),
            key_figures=tuple(self.figure(node, known) for node in figures),
            findings=tuple(findings),
        )
        self.faults.stop()
        return result

    def finding(self, place: int, node: Node) -> Finding:
        keys = self.keys(node, (*_FINDING, *_FURTHER))
        if ("claim" in keys) == ("rule" in keys):
            self.faults.add(node, "judged by nothing, or twice", allowed="one of `claim` and `rule`")
        frame = self.known(keys.get("frame"), declarations(), "frame")
        cells = {name: self.cell(one) for name, one in self.mapping(keys.get("cells")).items()}
        return Finding(
            id=self.identity(keys.get("id")),
            chapter=self.name,
            place=place,
            statements=self.statements(keys.get("statements")),
            short=self.words(keys.get("short")),
            frame=frame,
            arguments=self.arguments(keys.get("arguments"), frame),
            claim=self.known(keys.get("claim"), catalog.load("statements"), "statement"),
            rule=read_rule(keys["rule"], self.faults) if "rule" in keys else None,
            headline=self.headline(keys.get("headline"), cells),
            cells=cells,
            unit=self.words(keys.get("unit")),
            reading=tuple(self.template(one, cells) for one in self.list_of(keys.get("reading"), least=2, most=2)),
            published=self.words(keys.get("published")),
            method=self.template(keys.get("method"), cells),
            whiskers=self.known(keys.get("whiskers"), {"yes": 1}, "answer") == "yes",
            origin=self.known(keys.get("origin"), dict.fromkeys(ORIGINS), "origin"),
        )

    def figure(self, node: Node, known: Mapping[str, Finding]) -> Figure:
        keys = self.keys(node, _FIGURE)
        name = self.known(keys.get("finding"), known, "finding")
        cells = known[name].cells if name in known else {}
        value = keys.get("value")
        one = isinstance(value, Node) and isinstance(value.value, str)
        shown = dict.fromkeys(LANGUAGES, str(value.value)) if value and one else {}
        return Figure(
            name,
            self.fields(value, shown, cells) if value and one else self.template(value, cells),
            self.template(keys.get("words"), cells),
            self.words(keys.get("published")),
        )

    def keys(self, node: Node, allowed: tuple[str, ...]) -> dict[str, Node]:
        """The entries of a mapping; unknown and missing ones are noted."""
        result = self.mapping(node, allowed="a mapping")
        for key, child in result.items():
            if key not in allowed:
                self.faults.add(child, f"unknown key '{key}'", hint=did_you_mean(key, allowed))
        if lost := [key for key in allowed if key not in result and key not in _MAY_LACK]:
            self.faults.add(node, f"has no `{lost[0]}`", allowed=f"all of {', '.join(allowed)}")
        return {key: child for key, child in result.items() if key in allowed}

    def mapping(self, node: Node | None, allowed: str = "names with their values") -> dict[str, Node]:
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.faults.add(node, "not a mapping", allowed=allowed)
            return {}
        return node.value

    def list_of(self, node: Node | None, least: int = 0, most: int = 99) -> tuple[Node, ...]:
        if node is None:
            return ()
        found = node.value if isinstance(node.value, tuple) else ()
        if not least <= len(found) <= most or not isinstance(node.value, tuple):
            much = f"{least}" if least == most else f"{least} to {most}"
            self.faults.add(node, f"a list of {len(found)}" if found else "not a list", allowed=f"a list of {much}")
        return found

    def words(self, node: Node | None) -> Texts:
        """A text per language; nothing where it is left out or `none`."""
        return {} if node is None or node.value == "none" else read_words(node, self.faults)

    def template(self, node: Node | None, cells: Mapping[str, Cell]) -> Texts:
        return {} if node is None else self.fields(node, self.words(node), cells)

    def fields(self, node: Node, texts: Texts, cells: Mapping[str, Cell]) -> Texts:
        """The texts, with each thing in braces that no verdict and no cell has noted."""
        allowed = [*_NAMED, *(f"cells[{name}]" for name in cells)]
        for text in texts.values():
            for name in _fields(text):
                if name not in allowed:
                    hint = did_you_mean(name, allowed)
                    self.faults.add(node, f"{{{name}}} is neither of the verdict nor a cell", hint=hint)
        return texts

    def headline(self, node: Node | None, cells: Mapping[str, Cell]) -> dict[str, Texts]:
        keys = {} if node is None else self.keys(node, VERDICTS)
        return {word: self.template(one, cells) for word, one in keys.items()}

    def known(self, node: Node | None, known: Mapping[str, Any], what: str) -> str:
        if node is None:
            return ""
        name = str(node.value) if isinstance(node.value, str) else ""
        if name not in known:
            self.faults.add(node, f"unknown {what}", hint=did_you_mean(name, known))
        return name

    def identity(self, node: Node | None) -> str:
        name = str(node.value) if node else ""
        if node and not _ID.fullmatch(name):
            self.faults.add(node, "not an id", allowed="small letters, digits and underscores, at most 40")
        return name

    def statements(self, node: Node | None) -> tuple[str, ...]:
        listed = self.list_of(node, least=1)
        return tuple(self.known(one, catalog.load("statements"), "statement") for one in listed)

    def arguments(self, node: Node | None, frame: str) -> dict[str, Any]:
        given = self.mapping(node)
        allowed = declarations()[frame].arguments if frame in declarations() else tuple(given)
        for name, one in given.items():
            if name not in allowed:
                self.faults.add(one, f"no argument of {frame}", hint=did_you_mean(name, allowed))
        return {name: literal(one) for name, one in given.items()}

    def cell(self, node: Node) -> Cell:
        keys = self.keys(node, ("row", "column", "form"))
        form = self.known(keys.get("form"), dict.fromkeys(CELL_FORMS), "form")
        row = {name: str(plain(one)) for name, one in self.mapping(keys.get("row")).items()}
        return Cell(row, str(plain(keys["column"])) if "column" in keys else "", form)

    def twice(self, listed: tuple[Node, ...]) -> None:
        seen: set[str] = set()
        for node in listed:
            one = node.child("id")
            if one and str(one.value) in seen:
                self.faults.add(one, "stands twice", allowed="an id of its own")
            seen.add(str(one.value) if one else "")


def literal(node: Node) -> Any:
    """The value of a node as a call takes it: a number, yes or no, a text, a list or a mapping of these.

    >>> from loanpersona.core.strict_yaml import parse
    >>> literal(parse("{within: [90, 0.5], of: sex, at: '7'}"))
    {'within': [90, 0.5], 'of': 'sex', 'at': '7'}
    """
    if isinstance(node.value, dict):
        return {name: literal(one) for name, one in node.value.items()}
    if isinstance(node.value, tuple):
        return [literal(one) for one in node.value]
    value = None if node.quoted else exact(node.value)
    if value is None:
        return {"true": True, "false": False}.get(node.value, node.value) if not node.quoted else node.value
    return int(value) if value.denominator == 1 else float(value)


def _fields(text: str) -> list[str]:
    """What stands in braces in a template; a brace that none closes counts as one."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return [text]
    return [f"{name}{spec and ':'}{spec}" for _, name, spec, _ in parts if name is not None]
