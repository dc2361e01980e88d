"""A notebook that has run, as one HTML page: one language, no code, nothing that loads or runs."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loanpersona.reports.fonts import with_glyphs
from loanpersona.reports.provenance import Provenance
from loanpersona.reports.words import HTML_LANGUAGE, TEMPLATES, words

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HIDDEN = frozenset({"parameters", "injected-parameters", "solution"})
_TITLE = re.compile(r"^# +(.+?)\s*#*\s*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`#>]+|\[(?P<text>[^\]]*)\]\([^)]*\)")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Page:
    """A report ready to publish."""

    html: str
    title: str
    pictures_without_alt: int


def make_page(
    notebook: NotebookNode,
    name: str,
    parameters: Mapping[str, Any],
    origin: Provenance,
    versions: Mapping[str, str],
) -> Page:
    """Return the page of a notebook that ran with these parameters; `lang` among them picks the prose."""
    lang = str(parameters["lang"])
    shown = deepcopy(notebook)
    shown.cells = _cells_for(lang, shown.cells)
    title = _lift_title(shown.cells) or name
    _drop_passport(shown.cells)
    missing = _describe_pictures(shown.cells, words(lang)["picture"])
    _hide_paths(shown.cells)
    facts = {
        "lang": HTML_LANGUAGE[lang],
        "title": title,
        "words": words(lang),
        "parameters": {name: _without_paths("; ".join(str(value).splitlines())) for name, value in parameters.items()},
        "origin": origin,
        "assumptions": {one.name: one.row(lang) for one in origin.assumptions},
        "versions": versions,
    }
    return Page(with_glyphs(_export(shown, facts)), title, missing)


def _cells_for(lang: str, cells: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Keep what a reader of this language is to see."""
    other = {f"lang-{code}" for code in HTML_LANGUAGE if code != lang}
    return [cell for cell in cells if not (other | _HIDDEN) & set(cell.metadata.get("tags", []))]


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


def _export(notebook: NotebookNode, facts: Mapping[str, Any]) -> str:
    from nbconvert import HTMLExporter

    from loanpersona.reports.markup import safe_html

    exporter = HTMLExporter(
        template_name="loanpersona",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_anchor_links=True,
    )
    exporter.register_filter("safe_html", safe_html)
    html, _ = exporter.from_notebook_node(notebook, resources={"loanpersona": facts})
    return str(html)
