"""A notebook that has run, as one HTML page: one language, no code, nothing that loads or runs."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from loanpersona.reports.fonts import with_glyphs
from loanpersona.reports.fragments import Part, take_parts
from loanpersona.reports.provenance import Provenance
from loanpersona.reports.shell import Pages, Place, in_shell, title_of
from loanpersona.reports.words import HTML_LANGUAGE, TEMPLATES, words

if TYPE_CHECKING:
    from nbconvert import HTMLExporter
    from nbformat import NotebookNode

_HIDDEN = frozenset({"parameters", "injected-parameters", "solution"})
APPENDIX = "appendix"
"""The tag of cells that stand on a page of their own, which a notebook that has such cells gets besides."""
_TITLE = re.compile(r"^# +(.+?)\s*#*\s*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`#>]+|\[(?P<text>[^\]]*)\]\([^)]*\)")
_THUMBNAIL = re.compile(r'<div class="narrow">(<svg.*?</svg>)', re.DOTALL)
_SQUARE = re.compile(r'class="q ([ypnsu])" href')
_FILLS = {"y": "yes", "p": "ev", "n": "no", "s": "base", "u": "rule"}
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Page:
    """A report ready to publish, and what the index says of it."""

    html: str
    title: str
    pictures_without_alt: int
    question: str = ""
    figures: list[dict[str, str]] = field(default_factory=list)
    thumbnail: str = ""
    """A chart of it, as SVG."""


def make_page(
    notebook: NotebookNode,
    lang: str,
    *,
    name: str,
    parameters: Mapping[str, Any],
    origin: Provenance,
    versions: Mapping[str, str],
    pages: Pages | None = None,
    appendix: bool = False,
    made_on: date | None = None,
) -> Page:
    """Return the page in a language of a notebook that ran with these parameters, or that of its appendix.

    A notebook run for pages (`LOANPERSONA_PAGES=1`) gives those of both languages; of any other the outputs are shown
    as they are, between the prose of that language. `name` is the notebook's, such as `02_habits`; `pages` are the
    files of all pages of this run, in reading order, by name and language, such as
    `{"02_habits": {"en": "….en.html", "zh": "….zh.html"}, "02_habits-appendix": {…}}`: links lead there and nowhere
    else. `made_on` is today unless said otherwise.
    """
    shown = deepcopy(notebook)
    shown.cells = _cells_for(lang, shown.cells, appendix)
    parts = take_parts(shown.cells, lang)
    own = _lift_title(shown.cells)
    title = next((one.text("title") for one in parts if one.text("title")), own or title_of(name, lang))
    title = words(lang)["appendix_of"].format(title=title_of(name, lang)) if appendix else title
    _drop_passport(shown.cells)
    missing = _describe_pictures(shown.cells, words(lang)["picture"])
    _hide_paths(shown.cells)
    body = _export(shown, words(lang), [one.html for one in parts])
    facts = {
        "parameters": {name: _without_paths("; ".join(str(value).splitlines())) for name, value in parameters.items()},
        "origin": origin,
        "versions": versions,
        "day": f"{made_on or date.today():%Y-%m-%d}",
    }
    where = Place(name, lang, pages or {}, appendix)
    return Page(with_glyphs(in_shell(where, title, body, parts, facts)), title, missing, **_told(parts))


def has_appendix(notebook: Any) -> bool:
    """Whether a notebook, run or not, has cells for an appendix."""
    return any(APPENDIX in cell["metadata"].get("tags", []) for cell in notebook["cells"])


def _cells_for(lang: str, cells: Iterable[NotebookNode], appendix: bool) -> list[NotebookNode]:
    """Keep what a reader of this language is to see, on the page itself or on that of the appendix."""
    hidden = _HIDDEN | {f"lang-{code}" for code in HTML_LANGUAGE if code != lang}
    tagged = ((cell, set(cell.metadata.get("tags", []))) for cell in cells)
    return [cell for cell, tags in tagged if not hidden & tags and (APPENDIX in tags) == appendix]


def _told(parts: Iterable[Part]) -> dict[str, Any]:
    """What the index says of a page: its question, its key figures, its first chart."""
    listed = list(parts)
    return {
        "question": next((one.text("question") for one in listed if one.text("question")), ""),
        "figures": next((one.figures() for one in listed if one.figures()), []),
        "thumbnail": next((drawn for one in listed if (drawn := _thumbnail(one))), ""),
    }


def _thumbnail(part: Part) -> str:
    """The first chart of a part for a narrow page, or the squares of a ledger."""
    found = _THUMBNAIL.search(part.html)
    if found:
        return found[1]
    looks = _SQUARE.findall(part.html)
    squares = (
        f'<rect x="{place % 12 * 28}" y="{place // 12 * 28}" width="24" height="24" fill="var(--{_FILLS[look]})"/>'
        for place, look in enumerate(looks)
    )
    high = -(-len(looks) // 12) * 28
    return f'<svg viewBox="0 0 332 {high}" width="332" height="{high}">{"".join(squares)}</svg>' if looks else ""


def _drop_passport(cells: Iterable[NotebookNode]) -> None:
    """The head of the page states the population already."""
    for cell in cells:
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if "loanpersona" not in output.get("metadata", {})]


def _lift_title(cells: list[NotebookNode]) -> str | None:
    """Take the first heading of the first level out of the prose; it heads the page instead."""
    for cell in cells:
        result = _TITLE.search(cell.source) if cell.cell_type == "markdown" else None
        if result:
            cell.source = cell.source[: result.start()] + cell.source[result.end() :]
            return _plain(result[1])
    return None


def _describe_pictures(cells: Iterable[NotebookNode], unnamed: str) -> int:
    """Give each picture its alternative text, and count those for which the chart itself had none.

    Such a picture takes the nearest prose above it, which is at least about the same matter.
    """
    missing, above = 0, unnamed
    for cell in cells:
        if cell.cell_type == "markdown":
            above = _last_paragraph(cell.source) or above
        for output in cell.get("outputs", []):
            for kind in _PICTURES:
                if kind in output.get("data", {}):
                    own = _alt(output, kind) or _alt(output) or cell.metadata.get("alt")
                    missing += not own
                    output.metadata[kind] = {**output.metadata.get(kind, {}), "alt": own or above}
    return missing


def _alt(output: NotebookNode, kind: str | None = None) -> str | None:
    metadata = output.metadata.get(kind, {}) if kind else output.metadata
    return str(metadata["alt"]) if metadata.get("alt") else None


def _last_paragraph(markdown: str) -> str:
    paragraphs = [_plain(part) for part in markdown.split("\n\n")]
    return next((part for part in reversed(paragraphs) if part), "")[:200]


def _plain(markdown: str) -> str:
    return " ".join(_MARKUP.sub(lambda result: result["text"] or "", markdown).split())


def _hide_paths(cells: Iterable[NotebookNode]) -> None:
    """Keep the folders of whoever rendered the report out of it; warnings are full of them."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "text" in output:
                output.text = _without_paths(output.text)
            if "text/plain" in output.get("data", {}):
                output.data["text/plain"] = _without_paths(output.data["text/plain"])


def _without_paths(text: str) -> str:
    for folder in (sys.prefix, str(Path.cwd()), os.path.expanduser("~"), tempfile.gettempdir()):
        if len(folder) > 1:  # a home of "/" would eat every slash
            text = text.replace(folder, "…")
    return text


def _export(notebook: NotebookNode, word: Mapping[str, str], parts: Iterable[str]) -> str:
    """The cells as HTML. Parts take the place of marks that nobody can guess: nbconvert parses all that it exports."""
    marks = {f"part-{token_hex(16)}": part for part in parts}
    html, _ = _exporter().from_notebook_node(notebook, {"loanpersona": {"word": word, "fragments": list(marks)}})
    return re.sub("|".join(marks), lambda mark: marks[mark[0]], html) if marks else str(html)


@cache
def _exporter() -> HTMLExporter:
    """What writes cells as HTML, its templates read once."""
    from nbconvert import HTMLExporter

    from loanpersona.reports.markup import safe_html

    result = HTMLExporter(
        template_name="loanpersona",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_anchor_links=True,
    )
    result.register_filter("safe_html", safe_html)
    return result
