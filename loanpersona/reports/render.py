"""From notebooks to published pages, each as soon as it is ready, whether or not others fail."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loanpersona.core.errors import LoanpersonaError, MachineError, ReportError
from loanpersona.core.extras import need
from loanpersona.reports.files import publish, saying_where, workplace
from loanpersona.reports.index import Entry, entries, update_index
from loanpersona.reports.page import Page, has_appendix, make_page
from loanpersona.reports.parameters import declared_parameters
from loanpersona.reports.provenance import Provenance, provenance_of
from loanpersona.reports.run import DEADLINE, Ran, Task, Workers
from loanpersona.reports.shell import appendix_of
from loanpersona.tables.store import versions

if TYPE_CHECKING:
    from nbformat import NotebookNode

Pages = dict[tuple[Path, str], Path]
"""Pages by notebook and language."""

_IN_NAME = frozenset({"persona", "n", "seed", "lang"})
_PACKAGE = Path(__file__).resolve().parents[1]


def render(
    tasks: Sequence[Task], out: Path, *, deadline: float = DEADLINE, said: Callable[[Path], object] = lambda _: None
) -> list[Path]:
    """Run notebooks whose values were checked, and return their pages in the order of tasks and languages.

    A page appears in `out` only when whole, beside an index of all reports, and is told to `said`. One that an earlier
    call made from the same is not made again. Raises `ReportError` with a line per notebook that failed, after all
    others are done: it is kept as `….failed.ipynb`, and an earlier page stays. Raises `MachineError` if `out` cannot
    be written, no kernel starts or the extra `reports` is absent.
    """
    need("reports")
    faults: list[LoanpersonaError] = []
    with workplace(out) as work:
        pages = _finished(tasks, out)
        for path in pages.values():
            said(path)
        with Workers(_unfinished(tasks, pages), work, deadline) as workers:
            for task, results in workers:
                for ran in results:
                    try:
                        pages[task.source, ran.lang] = path = _published(task, ran, out, tasks)
                        said(path)
                    except LoanpersonaError as fault:
                        faults.append(fault)
    if faults:
        kind = MachineError if all(isinstance(fault, MachineError) for fault in faults) else ReportError
        raise kind("\n".join(map(str, faults)))
    return [pages[task.source, lang] for task in tasks for lang in task.langs]


def _finished(tasks: Sequence[Task], out: Path) -> Pages:
    """The pages that are there already, whole and made from the same."""
    known = {entry.made_from: entry for entry in entries(out) if entry.made_from}
    wanted = {(task.source, lang): known.get(_made_from(task, lang)) for task in tasks for lang in task.langs}
    paths = {key: (out / entry.file, entry.sha256) for key, entry in wanted.items() if entry is not None}
    return {key: path for key, (path, sha256) in paths.items() if path.is_file() and _sha256(path) == sha256}


def _unfinished(tasks: Sequence[Task], pages: Pages) -> list[Task]:
    left = [replace(task, langs=[lang for lang in task.langs if (task.source, lang) not in pages]) for task in tasks]
    return [task for task in left if task.langs]


def _made_from(task: Task, lang: str) -> str:
    """The fingerprint of all that decides a page, or nothing where not all of it is known."""
    if not task.rests_on:
        return ""
    parts = [_sha256(task.source), sorted(task.values.items()), lang, task.rests_on, _code(), versions()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _code() -> str:
    """The fingerprint of this package, data and all: whatever changes in it may change a page."""
    files = [path for path in sorted(_PACKAGE.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    return hashlib.sha256("".join(map(_sha256, files)).encode()).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _published(task: Task, ran: Ran, out: Path, tasks: Sequence[Task]) -> Path:
    """Make the page of a notebook that ran and put it in its place, or keep what failed and raise its fault."""
    failed = out / f"{_clean(task.source.stem)}.failed.ipynb"
    try:
        path = _made(task, ran, out, tasks)
    except ReportError:
        if ran.notebook is not None:
            publish(failed, _as_file(ran.notebook))
        raise
    with saying_where(failed):
        failed.unlink(missing_ok=True)
    return path


def _made(task: Task, ran: Ran, out: Path, tasks: Sequence[Task]) -> Path:
    """The page of a notebook that ran, and that of its appendix where it has one."""
    if ran.fault is not None or ran.notebook is None:
        raise ran.fault or ReportError(f"{task.source.stem}: was not run")
    name, values = task.source.stem, {**task.values, "lang": ran.lang}
    origin = provenance_of(ran.notebook, f"{name} ({ran.lang})")
    links = _links(tasks, origin)
    for appendix in (True, False) if has_appendix(ran.notebook) else (False,):
        page = make_page(
            ran.notebook,
            ran.lang,
            name=name,
            parameters=values,
            origin=origin,
            versions=versions(),
            pages=links,
            appendix=appendix,
        )
        own = appendix_of(name) if appendix else name
        target = out / links[own][ran.lang]
        content = page.html.encode("utf-8")
        publish(target, content)
        made_from = "" if appendix else _made_from(task, ran.lang)
        update_index(out, replace(_entry(target, own, ran.lang, page, origin, content), made_from=made_from))
    return target


def _links(tasks: Sequence[Task], origin: Provenance) -> dict[str, dict[str, str]]:
    """The files of the pages of a run, by name and language: pages lead to one another."""
    result: dict[str, dict[str, str]] = {}
    for task in tasks:
        name, further = task.source.stem, _further(task.source, task.values)
        tagged = has_appendix(json.loads(task.source.read_text(encoding="utf-8")))
        for own in (name, appendix_of(name)) if tagged else (name,):
            result[own] = {lang: file_name(own, origin, lang, further) for lang in task.langs}
    return result


def _as_file(notebook: NotebookNode) -> bytes:
    """A notebook as its author may open it, without what papermill notes of the machine."""
    import nbformat

    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)
    return str(nbformat.writes(notebook)).encode("utf-8")


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
        question=page.question,
        figures=page.figures,
        thumbnail=page.thumbnail,
    )
