"""Tables of Markdown that line up in a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, each column as wide as its widest cell.

    >>> print(table(["性别", "share"], [["男", "70%"], ["female", "30%"]]))
    | 性别   | share |
    |--------|-------|
    | 男     | 70%   |
    | female | 30%   |
    """
    columns = list(zip(heads, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    lines = [_line(cells, widths) for cells in zip(*columns, strict=True)]
    return "\n".join([lines[0], f"|{'|'.join('-' * (width + 2) for width in widths)}|", *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell + ' ' * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))} |"


def _width(text: str) -> int:
    """How many columns a terminal takes for it; a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
