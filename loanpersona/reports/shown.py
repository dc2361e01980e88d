"""How results show themselves: in a notebook in one language, and for a page in both at once.

The runner asks for pages by an environment variable. A cell then gives a part of a page, a *fragment*, in each
language in place of what a reader of the notebook would see, so that one run makes the pages of both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from loanpersona.analysis.frame import declaration
from loanpersona.analysis.written import html_table
from loanpersona.core.errors import InputError
from loanpersona.core.extras import need
from loanpersona.core.words import LANGUAGES, check_language, own_words, phrase
from loanpersona.reports.numbers import brief
from loanpersona.reports.templates import render
from loanpersona.reports.words import MIME, PAGES

if TYPE_CHECKING:
    import pandas as pd

    from loanpersona.reports.found import Found


def show(frame: pd.DataFrame | Callable[..., pd.DataFrame], *book: Any, lang: str = "en", **arguments: Any) -> None:
    """Show a frame in a notebook: its sentence, the chart with alt text, and the table, folded.

    Takes a frame, or a function of a room with its book and arguments. What this book is too small for is a box that
    says why. Raises InputError as `plot` does for anything that is no frame.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=300, seed=7)
    >>> lp.show(lp.habits.timing, population, of="hour")  # doctest: +SKIP
    """
    need("lab")
    check_language(lang)
    if not hasattr(frame, "declaration"):
        declaration(frame)
    try:
        made = frame(*book, **arguments) if callable(frame) else frame
        if for_pages():
            emit("figure", {code: _figure(made, code) for code in LANGUAGES})
            return
        _show_chart(made, lang)
    except InputError as reason:
        _show_reason(str(reason), lang)
        return
    show_html(f"<details><summary>{escape(_title(made, lang))}</summary>{html_table(made, lang)}</details>")


def for_pages() -> bool:
    """Whether the runner asks for parts of pages."""
    return os.environ.get(PAGES) == "1"


def emit(kind: str, parts: Mapping[str, str], about: Mapping[str, Any] | None = None) -> None:
    """Give a part of a page in each language, and what the page says about it elsewhere, such as in its contents."""
    from IPython.display import display

    display({MIME: {**parts, "kind": kind, "about": about or {}}, "text/plain": kind}, raw=True)


def show_html(html: str) -> None:
    """Show HTML in a notebook."""
    from IPython.display import HTML, display

    display(HTML(html))


def show_found(one: Found) -> None:
    """Show a finding: in a notebook its headline, chart, reading and fold; for a page all of it in both languages."""
    need("lab")
    if for_pages():
        about = {code: _line(one, code) for code in LANGUAGES}
        emit("finding", {code: _section(one, code) for code in LANGUAGES}, {"id": one.about.id, **about})
        return
    values = _values(one, one.lang)
    show_html(render("parts/head.html.j2", one.lang, numbered=False, **values))
    if one.frame is None:
        _show_reason(one.why_not, one.lang)
        return
    _show_chart(one.frame, one.lang)
    show_html("<p>" + render("parts/reading.html.j2", one.lang, **values) + "</p>")
    show_html(render("parts/fold.html.j2", one.lang, **values))


def _section(one: Found, lang: str) -> str:
    pictures = {} if one.frame is None else _pictures(one.frame, lang, whiskers=one.about.whiskers)
    return render("parts/finding.html.j2", lang, numbered=True, **_values(one, lang), **pictures)


def _line(one: Found, lang: str) -> dict[str, str]:
    """What the contents of a page say of a finding."""
    return {"line": one.about.short[lang], "evidence": one.evidence}


def _values(one: Found, lang: str) -> dict[str, Any]:
    """What the templates of a finding fill in."""
    about, verdict = one.about, one.verdict
    with own_words(one.words):
        table = "" if one.frame is None else captioned(html_table(one.frame, lang), about.unit[lang])
    ends = {name: brief(one.form, getattr(verdict, name), lang) for name in ("low", "high")} if verdict else {}
    return {
        "about": about,
        "key": lang,
        "synthetic": one.synthetic,
        "statement": one.statement,
        "opinion": one.evidence,
        "headline": one.headline_in(lang),
        "why_not": one.why_not,
        "unit": about.unit[lang],
        "reading": [one.filled(texts, lang) for texts in about.reading] if verdict else [],
        "published": about.published.get(lang, ""),
        "method": one.filled(about.method, lang) if verdict else "",
        "interval": phrase("report_interval_of", lang, **ends, n=f"{verdict.n:,}") if verdict else "",
        "basis": _basis(one, lang),
        "table": table,
        "code": code_line(about.frame, about.arguments),
    }


def _basis(one: Found, lang: str) -> str:
    """What the number of a finding leans on, where the population is made up."""
    claim = one.statement.claim
    if claim is None or not one.synthetic:
        return ""
    return claim.origin_note[lang] + (f" ({', '.join(claim.rests_on)})" if claim.rests_on else "")


def code_line(frame: str, arguments: Mapping[str, Any]) -> str:
    """The call that makes a frame.

    >>> code_line("habits.timing", {"of": "hour"})
    "lp.habits.timing(population, of='hour')"
    """
    given = "".join(f", {name}={value!r}" for name, value in arguments.items())
    return f"lp.{frame}(population{given})"


def captioned(table: str, caption: str) -> str:
    """A table with its caption."""
    return table.replace("<table>", f"<table><caption>{escape(caption)}</caption>", 1)


def _figure(frame: pd.DataFrame, lang: str) -> str:
    title = _title(frame, lang)
    table = captioned(html_table(frame, lang), title)
    return render("parts/figure.html.j2", lang, title=title, table=table, why_not="", **_pictures(frame, lang))


def _pictures(frame: pd.DataFrame, lang: str, *, whiskers: bool = True) -> dict[str, Any]:
    """The chart for a wide and for a narrow page, and the note that belongs below it."""
    from loanpersona.charts.svg import NARROW, WIDE, picture

    wide, narrow = (picture(frame, lang=lang, width=width, whiskers=whiskers) for width in (WIDE, NARROW))
    return {"wide": wide.svg, "narrow": narrow.svg, "note": wide.caption.note}


def _show_chart(frame: pd.DataFrame, lang: str) -> None:
    """The chart as a picture, with its alt text."""
    import matplotlib.pyplot as plt
    from IPython.display import display
    from matplotlib.figure import Figure

    from loanpersona.charts import alt
    from loanpersona.charts.plot import plot

    figure = plot(frame, lang=lang).get_figure()
    assert isinstance(figure, Figure)
    display(figure, metadata={"image/png": {"alt": " ".join(filter(None, map(alt, figure.axes)))}})
    plt.close(figure)


def _show_reason(why_not: str, lang: str) -> None:
    """A box that says why something cannot be shown."""
    reasons = {code: render("parts/figure.html.j2", code, why_not=why_not) for code in LANGUAGES}
    if for_pages():
        emit("figure", reasons)
    else:
        show_html(reasons[lang])


def _title(frame: pd.DataFrame, lang: str) -> str:
    from loanpersona.charts.forms import title

    with own_words(frame.attrs["words"]):
        return title(frame, lang)
