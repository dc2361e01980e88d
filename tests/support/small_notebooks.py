"""Notebooks that are small enough to run many of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

POPULATION = """\
from IPython.display import HTML, display
stated = {"persona": persona, "persona_digest": "ab" * 32, "n": n, "seed": seed, "digest": "cd" * 32,
          "synthetic": "synthetic"}
shown = {"text/html": "<b>Q: population</b>", "text/plain": "population"}
display(shown, raw=True, metadata={"loanpersona": stated})"""

ACTING = """\
persona: str = "article"
n: int = 50
seed: int = 7
act: str = "pass"  # what the third cell does
lang: str = "en\""""

IN_BOTH = """\
import os
from pathlib import Path
if os.environ.get("LOANPERSONA_PAGES") == "1":
    part = {"en": "<p>part in English</p>", "zh": "<p>中文的一部分</p>"}
    display({"application/vnd.loanpersona.page+json": part, "text/plain": "part"}, raw=True)"""


def code(source: str, *tags: str) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def prose(source: str, *tags: str) -> Any:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)})


def write_notebook(path: Path, *cells: Any) -> Path:
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": spec})
    nbformat.write(notebook, path)
    return path


def acting(path: Path, act: str = "pass") -> Path:
    """A notebook that states a population, shows a part of a page in both languages, and does something in cell 3."""
    parameters = ACTING.replace('"pass"', repr(act))
    titles = prose("# A title\n\nWords.", "lang-en"), prose("# 标题\n\n文字。", "lang-zh")
    cells = code(parameters, "parameters"), code(f"{POPULATION}\n{IN_BOTH}"), code("exec(act)"), code("1 + 1;")
    return write_notebook(path, *titles, *cells)


def alive(process: int) -> bool:
    """Whether a process is there and no mere remains."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
