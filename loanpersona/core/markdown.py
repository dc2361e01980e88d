"""Words and tables as Markdown that shows them as they are, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

# What begins markup wherever it stands; an underscore inside a word and the number of an entry do not.
_MARKS = re.compile(
    r"[*`|~#]|\[(?!\d+\](?![(\[:]))|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])|(?<=[a-zA-Z]):(?=//)|(?<=\b[wW]{3})\.|@"
)
# What begins a list, a quotation, a heading or a rule where it comes first.
_FIRST = re.compile(r"^([-+:](?=\s|$)|[-=](?=[-=\s]*$))|^(\d+)([.)])(?=\s|$)")
# A backslash before these would start mathematics in a notebook, or not help.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;", "$": "&#36;"}


def as_words(text: str) -> str:
    """A text from outside, in one line, with all that Markdown would read as markup escaped.

    >>> as_words("a|b <i> has_car [1] *")
    'a\\\\|b &lt;i&gt; has_car [1] \\\\*'
    """
    one_line = " ".join(text.split())
    marked = _FIRST.sub(r"\2\\\1\3", _MARKS.sub(r"\\\g<0>", re.sub(r"\\", "\0", one_line)))
    return re.sub(r"[&<>$]", lambda result: _ENTITIES[result[0]], marked).replace("\0", _ENTITIES["\\"])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are Markdown already, each column as wide as its widest cell, in a terminal too.

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
