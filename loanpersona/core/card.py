"""A business card: what a persona or a population shows of itself, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any


@dataclass(frozen=True, repr=False)
class Card:
    """What something shows of itself in a notebook."""

    text: str
    """Where no HTML is shown."""
    html: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """What a machine may read of it."""

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return {"text/plain": self.text, "text/html": self.html}, dict(self.about)


def head(title: str, *sentences: str) -> str:
    """The title of a card and its sentences, each on a line.

    >>> head("A & B", "One.", "Two.")
    '<p><strong>A &amp; B</strong></p><p>One.<br>Two.</p>'
    """
    return f"<p><strong>{escape(title)}</strong></p><p>{'<br>'.join(map(escape, sentences))}</p>"


def grid(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table of texts, set to the left; the first cell of a row is its name.

    >>> grid(("a", "b"), [("1", "2")]).count("<td")
    1
    """
    left = ' style="text-align: left"'  # JupyterLab sets cells to the right
    above = "".join(f'<th scope="col"{left}>{escape(word)}</th>' for word in heads)
    body = "".join(_row(row, left) for row in rows)
    return f"<table><thead><tr>{above}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: tuple[str, ...], left: str) -> str:
    name, *rest = (escape(cell) for cell in row)
    return f'<tr><th scope="row"{left}>{name}</th>{"".join(f"<td{left}>{cell}</td>" for cell in rest)}</tr>'
