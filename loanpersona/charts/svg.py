"""Charts as SVG for pages: text stays text, colours are the variables of the page, nothing has an id."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from loanpersona.charts.layout import alt
from loanpersona.charts.pen import Pen
from loanpersona.charts.plot import laid_out
from loanpersona.charts.style import VARIABLES, Caption, theme
from loanpersona.core.errors import InputError

WIDE, NARROW = 820, 343
LETTERS = 13.0


@dataclass(frozen=True)
class Picture:
    """A chart for a page: the SVG, and the words that the page sets around it."""

    svg: str
    caption: Caption
    alt: str


def svg(frame: pd.DataFrame, *, lang: str = "en", width: int = WIDE) -> str:
    """A frame drawn as SVG, 820 or 343 pixels wide, with `role="img"` and its alt text as `aria-label`.

    Title and note are left to the page. Colours are the variables of the page, such as `var(--pop)`; the same frame
    gives the same text. Raises InputError as `lp.plot` does, and for a width beyond 240 to 1,440 pixels.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.charts.svg(lp.profile.shares(population, of="sex"), lang="zh", width=343)[:4]
    '<svg'
    """
    return picture(frame, lang=lang, width=width).svg


def picture(frame: pd.DataFrame, *, lang: str = "en", width: int = WIDE, whiskers: bool = True) -> Picture:
    """A frame drawn as SVG, with its title, note and alt text for the page around it, with or without intervals."""
    if isinstance(width, bool) or not isinstance(width, int) or not 240 <= width <= 1440:
        raise InputError(f"width = {width!r}: not a width. Allowed: whole pixels from 240 to 1440.")
    with theme(width=width / 72, font=LETTERS, whiskers=whiskers), laid_out(frame, lang, dots=72) as (ax, caption):
        figure = ax.figure
        pen = Pen(figure.bbox.width, figure.bbox.height, LETTERS, VARIABLES)
        figure.patch.set_visible(False)
        figure.draw(pen)
        words = alt(ax)
    size = f'viewBox="0 0 {width} {pen.height:.0f}" width="{width}" height="{pen.height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(words)}" font-size="13">'
    return Picture(f"{head}{''.join(pen.parts)}</svg>", caption, words)
