"""The list of the reports in a folder: `manifest.json` for programs, `index.html` for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from loanpersona.core.extras import need
from loanpersona.reports.files import alone_in, publish, saying_where
from loanpersona.reports.fonts import with_glyphs
from loanpersona.reports.words import HTML_LANGUAGE, TEMPLATES, words
from loanpersona.tables.store import versions


@dataclass(frozen=True)
class Entry:
    """One report of the manifest."""

    file: str
    notebook: str
    title: str
    lang: str
    persona: str
    persona_digest: str
    n: int
    seed: int
    digest: str
    sha256: str
    pictures_without_alt: int
    versions: dict[str, str]
    made_from: str = ""
    """The fingerprint of all that the page was made from."""
    question: str = ""
    figures: list[dict[str, str]] = field(default_factory=list)
    """Key figures: value and words."""
    thumbnail: str = ""
    """A chart of it, as SVG."""


def update_index(out: str | Path, new: Entry | None = None) -> Path:
    """Bring manifest and index page of a folder up to date and return the page.

    A `new` report replaces the entry of the same file; entries whose files are gone are dropped; a damaged
    manifest is begun anew. Raises `MachineError` if the folder cannot be written or the extra `reports` is absent.
    """
    need("reports")
    folder = Path(out)
    with saying_where(folder), alone_in(folder):
        listed = {entry.file: entry for entry in entries(folder)}
        if new is not None:
            listed[new.file] = new
        kept = sorted((e for e in listed.values() if (folder / e.file).is_file()), key=_order)
        manifest = {
            "synthetic": f"{words('en')['synthetic_mark']}. {words('en')['synthetic']}",
            "reports": [asdict(entry) for entry in kept],
        }
        publish(folder / "manifest.json", _json(manifest))
        publish(folder / "index.html", _page(kept).encode("utf-8"))
    return folder / "index.html"


def entries(folder: Path) -> Iterator[Entry]:
    """Read what can be read of the manifest of a folder, and skip the rest: the reports themselves are what counts."""
    try:
        reports = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["reports"]
        rows = [row for row in reports if isinstance(row, dict)]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return
    for row in rows:
        if _is_entry(row):
            yield Entry(**row)


def _is_entry(row: dict[str, Any]) -> bool:
    kinds = {field.name: str(field.type).partition("[")[0] for field in fields(Entry)}
    if {name: type(value).__name__ for name, value in row.items()} != kinds:
        return False
    return bool(Path(row["file"]).name == row["file"])  # no path that leads out of the folder


def _order(entry: Entry) -> tuple[str, str, int, int, str, str]:
    return entry.notebook, entry.persona, entry.n, entry.seed, entry.lang, entry.file


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _page(entries: list[Entry]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    groups = {name: list(rows) for name, rows in groupby(entries, key=lambda entry: entry.notebook)}
    html = templates.get_template("index.html.j2").render(
        groups=groups,
        words={code: words(lang) for lang, code in HTML_LANGUAGE.items()},
        html_lang=HTML_LANGUAGE,
        version=versions()["loanpersona"],
    )
    return with_glyphs(html)
