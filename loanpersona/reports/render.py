"""From notebooks to published pages, each as soon as it is ready, whether or not others fail."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import chain
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

Pages = dict[tuple[Path, str], list[Path]]
"""Pages by notebook and language, that of an appendix last."""

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
        for path in chain(*pages.values()):
            said(path)
        with Workers(_unfinished(tasks, pages), work, deadline) as workers:
            for task, results in workers:
                for ran in results:
                    try:
                        pages[task.source, ran.lang] = paths = _published(task, ran, out, tasks)
                        for path in paths:
                            said(path)
                    except LoanpersonaError as fault:
                        faults.append(fault)
    if faults:
        kind = MachineError if all(isinstance(fault, MachineError) for fault in faults) else ReportError
        raise kind("\n".join(map(str, faults)))
    return [pages[task.source, lang][0] for task in tasks for lang in task.langs]


def _finished(tasks: Sequence[Task], out: Path) -> Pages:
    """The pages that are there already, whole and made from the same, as far as nothing of a notebook is wanting."""
    known = {entry.made_from: entry for entry in entries(out) if entry.made_from}
    result: Pages = {}
    for task, lang in [(each, lang) for each in tasks for lang in each.langs]:
        wanted = [known.get(_made_from(own, task, lang, tasks)) for own in _pages_of(task)]
        paths = [out / one.file for one in wanted if one is not None and _is_whole(out / one.file, one.sha256)]
        if len(paths) == len(wanted):
            result[task.source, lang] = paths
    return result


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path) == sha256


def _unfinished(tasks: Sequence[Task], pages: Pages) -> list[Task]:
    left = [replace(task, langs=[lang for lang in task.langs if (task.source, lang) not in pages]) for task in tasks]
    return [task for task in left if task.langs]


def _pages_of(task: Task) -> list[str]:
    """The names of the pages of a notebook: its own, and that of its appendix where it has one."""
    name, tagged = task.source.stem, has_appendix(json.loads(task.source.read_text(encoding="utf-8")))
    return [name, appendix_of(name)] if tagged else [name]


def _made_from(own: str, task: Task, lang: str, tasks: Sequence[Task]) -> str:
    """The fingerprint of all that decides a page, or nothing where not all of it is known; pages lead to others."""
    if not task.rests_on:
        return ""
    links = [[_pages_of(one), list(one.langs), sorted(one.values.items())] for one in tasks]
    parts = [own, lang, _sha256(task.source), links, sorted(task.values.items()), task.rests_on, _code(), versions()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _code() -> str:
    """The fingerprint of this package, data and all: whatever changes in it may change a page."""
    files = [path for path in sorted(_PACKAGE.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    return hashlib.sha256("".join(map(_sha256, files)).encode()).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _published(task: Task, ran: Ran, out: Path, tasks: Sequence[Task]) -> list[Path]:
    """Make the pages of a notebook that ran and put them in their place, or keep what failed and raise its fault."""
    failed = out / f"{_clean(task.source.stem)}.failed.ipynb"
    try:
        paths = _made(task, ran, out, tasks)
    except ReportError:
        if ran.notebook is not None:
            publish(failed, _as_file(ran.notebook))
        raise
    with saying_where(failed):
        failed.unlink(missing_ok=True)
    return paths


def _made(task: Task, ran: Ran, out: Path, tasks: Sequence[Task]) -> list[Path]:
    """The page of a notebook that ran, and that of its appendix where it has one."""
    if ran.fault is not None or ran.notebook is None:
        raise ran.fault or ReportError(f"{task.source.stem}: was not run")
    name, lang = task.source.stem, ran.lang
    origin = provenance_of(ran.notebook, f"{name} ({lang})")
    shared: dict[str, Any] = {
        "name": name,
        "parameters": {**task.values, "lang": lang},
        "origin": origin,
        "versions": versions(),
        "pages": (links := _links(tasks, origin)),
    }
    listed = []
    for own in _pages_of(task):
        page = make_page(ran.notebook, lang, appendix=own != name, **shared)
        target, content = out / links[own][lang], page.html.encode("utf-8")
        publish(target, content)
        made_from = _made_from(own, task, lang, tasks)
        listed.append(replace(_entry(target, own, lang, page, origin, content), made_from=made_from))
    update_index(out, *listed)
    return [out / entry.file for entry in listed]


def _links(tasks: Sequence[Task], origin: Provenance) -> dict[str, dict[str, str]]:
    """The files of the pages of a run, by name and language: pages lead to one another."""
    result: dict[str, dict[str, str]] = {}
    for task in tasks:
        further = _further(task.source, task.values)
        for own in _pages_of(task):
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
        made_on=f"{date.today():%Y-%m-%d}",
    )
