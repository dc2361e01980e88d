"""Words and tables as Markdown that shows them as they are, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tabulate import tabulate

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
    return re.sub(r"[&<>$]", lambda found: _ENTITIES[found[0]], marked).replace("\0", _ENTITIES["\\"])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are Markdown already."""
    return str(tabulate(list(rows), heads, tablefmt="github", disable_numparse=True))
