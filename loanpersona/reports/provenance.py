"""Where the numbers of a report come from: the population its notebook shows, and the versions used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loanpersona.core.assumptions import Assumptions, assumptions, restored
from loanpersona.core.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

_NAMED = ("loanpersona", "numpy", "pandas", "matplotlib")


@dataclass(frozen=True)
class Provenance:
    """The population behind a report, as its own display in the notebook states it."""

    persona: str
    persona_digest: str
    n: int
    seed: int
    digest: str
    synthetic: str
    assumptions: Assumptions = field(default_factory=assumptions)
    """What the analyses of the population assume."""


def provenance_of(notebook: NotebookNode, where: str) -> Provenance:
    """Return the provenance of the first population a notebook shows.

    Raises `ReportError` if it shows none, because then nothing vouches for its numbers.
    """
    stated = next(_stated(notebook), None)
    if stated is None:
        raise ReportError(
            f"{where}: shows no population, so nothing vouches for its numbers. Hint: end a cell with the population."
        )
    fields = [name for name in Provenance.__annotations__ if name != "assumptions"]
    wrong = [name for name in fields if type(stated.get(name)).__name__ != Provenance.__annotations__[name]]
    if wrong:
        raise ReportError(f"{where}: the population shown states no valid {', '.join(wrong)}.")
    assumed = restored(stated.get("assumptions", {}), where)
    return Provenance(**{name: stated[name] for name in fields}, assumptions=assumed)


def _stated(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            stated = output.get("metadata", {}).get("loanpersona")
            if isinstance(stated, dict):
                yield stated
