"""The list of the reports in a folder: `manifest.json` for programs, `index.html` for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from loanpersona.core.extras import need
from loanpersona.core.words import LANGUAGES
from loanpersona.reports.files import alone_in, publish, saying_where
from loanpersona.reports.fonts import with_glyphs
from loanpersona.reports.shell import appendix_of, index_file
from loanpersona.reports.templates import render
from loanpersona.reports.words import HTML_LANGUAGE, words
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
    made_on: str = ""
    """The day, such as 2026-11-28."""


def update_index(out: str | Path, *new: Entry) -> Path:
    """Bring manifest and index pages of a folder up to date and return the English one.

    Each `new` report replaces the entry of the same file; entries whose files are gone are dropped; a damaged
    manifest is begun anew. Raises `MachineError` if the folder cannot be written or the extra `reports` is absent.
    """
    need("reports")
    folder = Path(out)
    with saying_where(folder), alone_in(folder):
        listed = {entry.file: entry for entry in entries(folder)}
        listed |= {entry.file: entry for entry in new}
        kept = sorted((e for e in listed.values() if (folder / e.file).is_file()), key=_order)
        manifest = {
            "synthetic": f"{words('en')['synthetic_mark']}. {words('en')['synthetic']}",
            "reports": [asdict(entry) for entry in kept],
        }
        publish(folder / "manifest.json", _json(manifest))
        for lang in LANGUAGES:
            publish(folder / index_file(lang), _page(kept, lang).encode("utf-8"))
    return folder / index_file(LANGUAGES[0])


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


def _page(kept: list[Entry], lang: str) -> str:
    """The index in a language: a card per page, of the other language only where there is none in this one."""
    other = next(one for one in LANGUAGES if one != lang)
    word = words(lang)
    html = render(
        "index.html.j2",
        lang,
        title=word["index_title"],
        window=f"{word['index_title']} · {word['synthetic_mark']}",
        band=word["band"],
        question="",
        index=index_file(lang),
        other={"file": index_file(other), "lang": HTML_LANGUAGE[other], "name": words(other)["language_name"]},
        version=versions()["loanpersona"],
        scenarios=_scenarios(kept, lang),
    )
    return with_glyphs(html)


def _scenarios(kept: list[Entry], lang: str) -> list[dict[str, Any]]:
    """The pages by scenario: what population they are of, and a card for each notebook."""
    by_scenario = sorted(kept, key=lambda one: (_scenario(one), _order(one)))
    result = []
    for _, group in groupby(by_scenario, key=_scenario):
        listed = list(group)
        by_page = {(one.notebook, one.lang): one for one in listed}
        names = dict.fromkeys(one.notebook for one in listed if not one.notebook.endswith(appendix_of("")))
        cards = [_card(name, lang, by_page) for name in names]
        result.append({"first": listed[0], "day": max(one.made_on for one in listed), "cards": cards})
    return result


def _scenario(one: Entry) -> tuple[str, str, int, int]:
    return one.persona, one.digest, one.n, one.seed


def _card(name: str, lang: str, by_page: dict[tuple[str, str], Entry]) -> dict[str, Any]:
    """What the index shows of a page; the links to its appendix and to its other language, where these are there."""
    from loanpersona.reports.markup import safe_part

    spoken = [lang, *(one for one in LANGUAGES if one != lang)]
    page = next(by_page[name, one] for one in spoken if (name, one) in by_page)
    return {
        "page": page,
        "lang": HTML_LANGUAGE.get(page.lang, ""),
        "figures": [{key: str(one.get(key, "")) for key in ("value", "words")} for one in page.figures[:3]],
        "thumbnail": safe_part(page.thumbnail),
        "appendix": by_page.get((appendix_of(name), page.lang)),
        "others": [
            {"file": by_page[name, one].file, "lang": HTML_LANGUAGE[one], "name": words(one)["language_name"]}
            for one in spoken
            if one != page.lang and (name, one) in by_page
        ],
    }
