"""The parts of a page that a notebook put out, one language of them, made harmless.

Whoever wrote the notebook wrote what its cells put out: what a part says is cleaned like any other output, and what
it says of itself counts as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loanpersona.reports.words import MIME

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LONGEST = 400
KINDS = ("chapter", "finding", "ledger", "figure")


@dataclass(frozen=True)
class Part:
    """A part of a page in one language."""

    kind: str
    html: str
    about: Mapping[str, Any]
    """What index, contents and shell say of it: texts, and lists of these."""

    def text(self, name: str) -> str:
        """What it says of itself under a name; nothing where it says nothing."""
        return _text(self.about.get(name))

    def figures(self) -> list[dict[str, str]]:
        """The key figures it names, each with value and words."""
        listed = self.about.get("figures")
        found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
        return [{"value": _text(one.get("value")), "words": _text(one.get("words"))} for one in found[:3]]

    def names(self, name: str) -> list[str]:
        """The texts it lists under a name."""
        listed = self.about.get(name)
        return [_text(one) for one in listed[:9]] if isinstance(listed, list) else []


def take_parts(cells: Iterable[NotebookNode], lang: str) -> list[Part]:
    """The parts among the outputs, which from now on say in `fragment` which of them they are."""
    result: list[Part] = []
    for cell in cells:
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("fragment", None)
            part = _part(output.get("data", {}).pop(MIME, None), lang)
            if part:
                output.data = {"text/html": ""}
                output.metadata["fragment"] = len(result)
                result.append(part)
    return result


def _part(bundle: Any, lang: str) -> Part | None:
    if not isinstance(bundle, Mapping) or not isinstance(bundle.get(lang), str):
        return None
    from loanpersona.reports.markup import safe_part

    kind, about = bundle.get("kind"), _mapping(bundle.get("about"))
    own = _mapping(about.get(lang))
    return Part(kind if kind in KINDS else "figure", safe_part(bundle[lang]), {**about, **own})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
