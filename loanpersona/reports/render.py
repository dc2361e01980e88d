"""From the name of a notebook to a published report."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loanpersona.core.errors import InputError
from loanpersona.core.extras import need
from loanpersona.reports.files import publish, workplace
from loanpersona.reports.index import Entry, update_index
from loanpersona.reports.page import Page, make_page
from loanpersona.reports.parameters import check_values, declared_parameters, find_notebook
from loanpersona.reports.provenance import Provenance, provenance_of
from loanpersona.reports.run import run_notebook
from loanpersona.simulation.parameters import check_parameters as check_shared
from loanpersona.tables.store import versions

_IN_NAME = frozenset({"persona", "n", "seed", "lang"})


def render_report(notebook: str | Path, *, out: str | Path = "reports", lang: str = "en", **parameters: Any) -> Path:
    """Run a notebook with these parameters and return the HTML file made of it.

    `notebook` is one of `notebook_names()` or the path of an .ipynb; `lang` is 'en' or 'zh' and reaches
    the notebook too. The file appears in `out` only when whole, beside an index page of all reports.

    Raises `InputError` before anything runs if a name or a value is wrong, `MachineError` if `out` cannot
    be written, no kernel starts or the extra `reports` is absent, `ReportError` if a cell fails; an earlier
    report then stays as it was.
    """
    source, folder = find_notebook(notebook), Path(out)
    if "lang" not in declared_parameters(source):
        raise InputError(f"{source.stem}: declares no parameter `lang: str`. Hint: every report needs it.")
    values = check_values(source, {**parameters, "lang": lang})
    check_shared(**{name: value for name, value in values.items() if name in (*_IN_NAME, "changes")})
    need("reports")
    with workplace(folder) as work:
        executed = run_notebook(source, values, work)
        origin = provenance_of(executed, f"{source.stem} ({lang})")
        page = make_page(executed, source.stem, values, origin, versions())
        target = folder / file_name(source.stem, origin, lang, _further(source, values))
        content = page.html.encode("utf-8")
        publish(target, content)
        update_index(folder, _entry(target, source.stem, lang, page, origin, content))
    return target


def file_name(notebook: str, origin: Provenance, lang: str, further: Mapping[str, Any]) -> str:
    """Name a report after what it shows, in letters that every file system takes.

    `further` holds the other parameters that differ from their default; a short hash of them keeps two
    scenarios of one notebook from overwriting each other.
    """
    parts = [_clean(notebook), _clean(origin.persona), f"n{origin.n}", f"seed{origin.seed}"]
    if further:
        parts.append(_hash(repr(sorted(further.items()))))
    return ".".join([*parts, _clean(lang), "html"])


def _further(source: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    declared = declared_parameters(source)
    return {k: v for k, v in values.items() if k not in _IN_NAME and v != declared[k].default}


def _clean(part: str) -> str:
    """Keep ASCII letters, digits, - and _; whatever that changes is told apart by a hash of the original."""
    clean = re.sub(r"[^A-Za-z0-9_-]+", "-", part).strip("-")[:60]
    return clean if clean == part else f"{clean}-{_hash(part)}".lstrip("-")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _entry(target: Path, notebook: str, lang: str, page: Page, origin: Provenance, content: bytes) -> Entry:
    return Entry(
        file=target.name,
        notebook=notebook,
        title=page.title,
        lang=lang,
        persona=origin.persona,
        persona_digest=origin.persona_digest,
        n=origin.n,
        seed=origin.seed,
        digest=origin.digest,
        sha256=hashlib.sha256(content).hexdigest(),
        pictures_without_alt=page.pictures_without_alt,
        versions=versions(),
    )
