"""A frame as people read it: headings and levels in words, shares as percent, money in full CNY."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import pandas as pd

from loanpersona.analysis.frame import counts_of, declaration, form_of, keys_of
from loanpersona.core import catalog
from loanpersona.core.words import check_language, label, own_words, phrase

DIGITS = {"ratio": 2, "number": 2, "points": 3, "months": 1}
NONE = "–"
LONGEST = 200
"""So many rows of a frame an HTML table shows."""


def in_words(frame: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """A frame of an analysis in a language, its keys as the index; the frame itself is not changed.

    What is missing is a dash; n is headed by what a row counts. Raises InputError for anything that is no frame of an
    analysis, and for an unknown language.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.in_words(lp.profile.shares(population, of="sex"))["Share"].tolist()
    ['69.4%', '30.6%']
    """
    declaration(frame), check_language(lang)
    with own_words(frame.attrs["words"]):
        shown = pd.DataFrame({name: written(frame, name, lang) for name in frame}, index=frame.index)
        shown.columns = [heading(frame, str(name), lang) for name in frame]
        keys = [heading(frame, name, lang) for name in keys_of(frame)]
    return _in_full()(shown.set_index(keys) if keys and len(keys) < len(frame.columns) else shown)


def written(frame: pd.DataFrame, name: str, lang: str) -> list[str]:
    """The values of a column, each as its declaration says; where rows measure different things, by measure."""
    measures = frame["measure"].astype(str) if "measure" in frame else [None] * len(frame)
    return [
        cell(form_of(frame, name, measure), value, lang) for measure, value in zip(measures, frame[name], strict=True)
    ]


def cell(form: str, value: Any, lang: str) -> str:
    """One value in a form, such as `share`.

    >>> cell("share", 0.1234, "en"), cell("money", 1234.5, "en"), cell("ratio", float("nan"), "en")
    ('12.3%', '1,234', '–')
    """
    if value is None or value is pd.NA or value != value:
        return NONE
    if form == "flag" or isinstance(value, bool):
        return label("yes" if value else "no", lang)
    if form == "day" or hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    if form == "baseline":
        return str(catalog.load("baselines")[value]["population"][lang])
    if isinstance(value, str):
        return label(value, lang)
    if form == "word":
        return label(f"{value:g}" if isinstance(value, float) else str(value), lang)
    return f"{value:.1%}" if form == "share" else f"{value:,.{DIGITS.get(form, 0)}f}"


def heading(frame: pd.DataFrame, name: str, lang: str) -> str:
    """What stands above a column: n and k are what the frame counts."""
    if name in {"n", "k"}:
        return f"{label(counts_of(frame), lang)} ({name})"
    return label(name, lang)


def html_table(frame: pd.DataFrame, lang: str) -> str:
    """The frame in words as an HTML table with row and column headings; all text is escaped.

    Of a curve or a calendar of hundreds of rows the first are shown, and how many there are besides.
    """
    shown = in_words(frame.head(LONGEST), lang).reset_index()
    keys = len(keys_of(frame)) or 1
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in shown)
    rows = (
        "".join(
            f'<th scope="row">{escape(str(one))}</th>' if place < keys else f"<td>{escape(str(one))}</td>"
            for place, one in enumerate(row)
        )
        for row in shown.itertuples(index=False)
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    if (more := len(frame) - LONGEST) > 0:
        said = escape(phrase("further_rows", lang, count=f"{more:,}"))
        body += f'<tr><td colspan="{len(shown.columns)}">{said}</td></tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@cache
def _in_full() -> type[pd.DataFrame]:
    """A frame that a notebook shows with its texts in full; pandas would cut them after fifty characters."""

    class InFull(pd.DataFrame):  # type: ignore[misc]
        def _repr_html_(self) -> str | None:
            with pd.option_context("display.max_colwidth", None):
                result: str | None = super()._repr_html_()
            return result

    return InFull
