"""Reports for whoever asks: everything that can be wrong is looked for before a kernel starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from loanpersona.core.assumptions import assumptions
from loanpersona.core.errors import InputError, together
from loanpersona.core.words import LANGUAGES
from loanpersona.reports.parameters import check_values, declared_parameters, find_notebook, notebook_names
from loanpersona.reports.pdf import find_chromium, print_pdf
from loanpersona.reports.render import render
from loanpersona.reports.run import DEADLINE, Task
from loanpersona.simulation.generation import memory
from loanpersona.simulation.parameters import check_parameters

MOST_MEMORY = 4 * 2**30
"""Bytes that the population of a report may take: frames and charts take more beside it, in two notebooks at once."""
_SHARED = ("persona", "changes", "n", "seed", "lang", "assumptions")


def render_report(notebook: str | Path, *, out: str | Path = "reports", lang: str = "en", **parameters: Any) -> Path:
    """Run a notebook with these parameters and return the HTML file made of it.

    `notebook` is one of `loanpersona.reports.notebook_names()` or the path of an .ipynb; `lang` is 'en' or 'zh' and
    reaches the notebook too. For the rest see `render_reports`.

    >>> import loanpersona as lp
    >>> lp.render_report("01_profile", lang="zh", n=3_000)  # doctest: +SKIP
    """
    [page] = render_reports([notebook], out=out, langs=[lang], **parameters)
    return page


def render_reports(
    notebooks: Sequence[str | Path] = (),
    *,
    out: str | Path = "reports",
    langs: Sequence[str] = LANGUAGES,
    pdf: bool = False,
    deadline: float = DEADLINE,
    said: Callable[[Path], object] = lambda _: None,
    **parameters: Any,
) -> list[Path]:
    """Run notebooks (all that ship if none is named) and return the pages made of them, in each language.

    Pages appear in `out` one by one, only when whole, beside an index of all reports, and are told to `said`; with
    `pdf` each is printed too. A notebook is ended after `deadline` seconds.

    Raises `InputError` before anything runs if a name or a value is wrong, or the population too large for a report;
    `ReportError` with a line per notebook that failed, once all others are done; `MachineError` if `out` cannot be
    written, no kernel starts, the extra `reports` is absent or nothing is there to print with.

    >>> import loanpersona as lp
    >>> lp.render_reports(langs=["en"], n=3_000)  # doctest: +SKIP
    """
    if not deadline > 0:
        raise InputError(f"deadline = {deadline}: no time at all. Allowed: seconds above 0.")
    names = list(dict.fromkeys(notebooks or notebook_names()))
    tasks = together(*(partial(_task, name, list(dict.fromkeys(langs or LANGUAGES)), parameters) for name in names))
    chromium = find_chromium() if pdf else ""

    def tell(page: Path) -> None:
        said(page)
        if chromium:
            said(print_pdf(page, chromium))

    return render(tasks, Path(out), deadline=deadline, said=tell)


def _task(notebook: str | Path, langs: Sequence[str], parameters: Mapping[str, Any]) -> Task:
    """A notebook ready to run; raises InputError with all that is wrong with it and with what it is given."""
    source = find_notebook(notebook)
    if "lang" not in declared_parameters(source):
        raise InputError(f"{source.stem}: declares no parameter `lang: str`. Hint: every report needs it.")
    values, *_ = together(*(partial(check_values, source, {**parameters, "lang": lang}) for lang in langs))
    shared = {name: value for name, value in values.items() if name in _SHARED}
    persona = check_parameters(**shared)
    if "n" in shared:
        _check_memory(shared["n"], memory(persona, shared["n"]))
    ships = str(notebook) in notebook_names()  # another may read whatever it likes
    rests_on = persona.digest + repr(assumptions(shared.get("assumptions"))) if ships else ""
    return Task(source, {name: value for name, value in values.items() if name != "lang"}, langs, rests_on)


def _check_memory(n: int, needed: int) -> None:
    if needed > MOST_MEMORY:
        raise InputError(
            f"n = {n:,}: the population would take about {needed / 2**30:,.1f} GiB. Allowed: at most "
            f"{MOST_MEMORY / 2**30:g} GiB in a report, which is n = {n * MOST_MEMORY // needed:,} of this persona."
        )
