"""What stands around the body of a page: contents, previous and next, the other language, the foot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import Any

from loanpersona.claims.statement import OPINIONS
from loanpersona.core.words import LANGUAGES
from loanpersona.reports.finding import chapters
from loanpersona.reports.fragments import Part
from loanpersona.reports.templates import render
from loanpersona.reports.words import HTML_LANGUAGE, words

Pages = Mapping[str, Mapping[str, str]]
"""The files of the pages of a run by name and language, in reading order."""
ARTICLE = "00_article"
_IDS = re.compile(r'\bid="([^"]*)"')
_LINKS = re.compile(r' href="#([^"]*)"')
_HEADS = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
FEW = 3
"""From so many headings on a page without findings has contents."""


@dataclass(frozen=True)
class Place:
    """Where a page stands among the others of its run."""

    name: str
    lang: str
    pages: Pages
    appendix: bool = False

    @property
    def own(self) -> str:
        """Its own name."""
        return appendix_of(self.name) if self.appendix else self.name

    def file(self, name: str, lang: str = "") -> str:
        """The file of a page in its language or another; nothing where it is not made."""
        return self.pages.get(name, {}).get(lang or self.lang, "")

    @cached_property
    def neighbours(self) -> dict[str, dict[str, str] | None]:
        """The pages before and after it; before an appendix stands its chapter."""
        order = [name for name in self.pages if self.file(name) and not name.endswith(appendix_of(""))]
        at = order.index(self.name) if self.name in order else len(order)
        before, after = order[:at][-1:], order[at + 1 :][:1]
        if self.appendix:
            before, after = order[at : at + 1], []
        return {"previous": self._link(before), "next": self._link(after)}

    def _link(self, names: Sequence[str]) -> dict[str, str] | None:
        return {"file": self.file(names[0]), "title": short_title(names[0], self.lang)} if names else None

    @property
    def other(self) -> dict[str, str] | None:
        """The same page in the other language."""
        code = next(one for one in LANGUAGES if one != self.lang)
        file = self.file(self.own, code)
        return {"file": file, "lang": HTML_LANGUAGE[code], "name": words(code)["language_name"]} if file else None


def appendix_of(name: str) -> str:
    """The name of the appendix of a page."""
    return f"{name}-appendix"


def title_of(name: str, lang: str) -> str:
    """The title of the page that a notebook of this name makes, as the catalog has it; else the name."""
    if name == ARTICLE:
        return words(lang)["home"]
    chapter = chapters().get(name.partition("_")[2])
    return chapter.title[lang] if chapter else name


def short_title(name: str, lang: str) -> str:
    """The title up to its colon, for links."""
    return re.split("[:：]", title_of(name, lang))[0]


def index_file(lang: str) -> str:
    """The file of the index page in a language."""
    return "index.html" if lang == LANGUAGES[0] else f"index.{lang}.html"


def in_shell(place: Place, title: str, body: str, parts: Sequence[Part], facts: Mapping[str, Any]) -> str:
    """The whole page."""
    word, body = words(place.lang), _numbered(body)
    ledger = next((one for one in parts if one.kind == "ledger"), None)
    return render(
        "page.html.j2",
        place.lang,
        title=title,
        window=f"{title} · {word['synthetic_mark']} · {facts['origin'].persona}",
        body=_linked(body, place),
        contents=_contents(body, parts),
        band=word["band_ledger" if ledger else "band"],
        ledger=ledger,
        switch=ledger.names("switch") if ledger else [],
        question=next((one.text("question") for one in parts if one.text("question")), ""),
        index=index_file(place.lang) if place.pages else "",
        other=place.other,
        appendix="" if place.appendix else place.file(appendix_of(place.name)),
        version=facts["versions"].get("loanpersona", ""),
        assumptions={one.name: one.row(place.lang) for one in facts["origin"].assumptions},
        **place.neighbours,
        **facts,
    )


def _numbered(body: str) -> str:
    """The body with an id for each heading of prose, which contents lead to."""
    count = iter(range(1, body.count("<h2>") + 1))
    return re.sub("<h2>", lambda _: f'<h2 id="part-{next(count)}">', body)


def _contents(body: str, parts: Sequence[Part]) -> list[dict[str, str]]:
    """A line per finding, or per heading where there are no findings; none on a page that is short."""
    ids = set(_IDS.findall(body))
    findings = [one for one in parts if one.kind == "finding" and f"f-{one.text('id')}" in ids]
    if findings:
        return [{"id": f"f-{one.text('id')}", "line": one.text("line"), "evidence": _opinion(one)} for one in findings]
    heads = _HEADS.findall(body)
    lines = [{"id": unescape(at), "line": unescape(_TAGS.sub("", text)), "evidence": ""} for at, text in heads]
    return lines if len(lines) >= FEW and not any(one.kind == "ledger" for one in parts) else []


def _opinion(part: Part) -> str:
    """What published evidence says of a finding; nothing where it is no word of ours."""
    return part.text("evidence") if part.text("evidence") in OPINIONS else ""


def _linked(body: str, place: Place) -> str:
    """The body with its anchors: to a row of the ledger where that is on another page, nowhere where there is none."""
    ids, article = set(_IDS.findall(body)), place.file(ARTICLE)

    def led(link: re.Match[str]) -> str:
        if link[1] in ids or link[1] == "main":
            return link[0]
        return f' href="{article}#{link[1]}"' if article and link[1].startswith("s") else ""

    return _LINKS.sub(led, body)
