"""All pages in both languages against the notebooks run one after the other by papermill and nbconvert, in one run.

The ratio of wall clock counts, on two cores; CPU stands beside it, because other work on the machine slows both.
Run `python benchmarks/reports.py [n]`; it takes minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from papermill import execute_notebook

from loanpersona.core.words import LANGUAGES
from loanpersona.rendering import render_reports
from loanpersona.reports import notebook_names
from loanpersona.reports.parameters import find_notebook

BOUND = 0.35
N = 20_000


def one_by_one(folder: Path, n: int) -> None:
    """What a person would do: each notebook in each language by papermill, then by nbconvert, in one process."""
    for lang in LANGUAGES:
        for name in notebook_names():
            ran = folder / f"{name}.{lang}.ipynb"
            execute_notebook(str(find_notebook(name)), str(ran), {"n": n, "lang": lang}, progress_bar=False)
            html, _ = HTMLExporter(exclude_input=True).from_notebook_node(nbformat.read(ran, as_version=4))
            ran.with_suffix(".html").write_text(html, encoding="utf-8")


def pages(folder: Path, n: int) -> None:
    """What `loanpersona report` does."""
    render_reports(out=folder, n=n)


def took(work: Callable[[Path, int], None], n: int) -> tuple[float, float]:
    """Wall clock and CPU of some work in a folder of its own, kernels included."""
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        work(Path(folder), n)
        return time.perf_counter() - wall, sum(os.times()[:4]) - cpu


def main() -> None:
    """Print both and their ratio; the imports that both need are there before."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else N
    by_hand, ours = took(one_by_one, n), took(pages, n)
    print(f"{len(notebook_names())} notebooks in {len(LANGUAGES)} languages, n = {n:,}, {os.cpu_count()} cores")
    for name, (wall, cpu) in {"papermill, then nbconvert": by_hand, "pages": ours}.items():
        print(f"  {name:26} {wall:7.1f} s wall {cpu:7.1f} s CPU")
    ratio, of_cpu = (ours[one] / by_hand[one] for one in (0, 1))
    print(f"bound: wall at most {BOUND} of papermill and nbconvert: {ratio:.2f} (CPU {of_cpu:.2f})")


if __name__ == "__main__":
    main()
