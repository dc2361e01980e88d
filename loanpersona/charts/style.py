"""What all charts share: typeface, colours, sizes, numbers as people write them, the words of a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from textwrap import wrap
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes

from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.core.words import label

CHINESE = "Loanpersona Sans SC"
PAPER, INK, MUTED, GRID = "#fffdf9", "#1d1d1b", "#5c584f", "#e8e1d4"
POP, POP2 = "#0b5c8a", "#7fb0cc"
ALT, ALT2 = "#a974c2", "#d3bbe0"
EVIDENCE, EVIDENCE_INK, BASE = "#e7bd66", "#7a4f00", "#7d776b"
VARIABLES = {
    PAPER: "var(--paper)",
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    POP: "var(--pop)",
    POP2: "var(--pop2)",
    ALT: "var(--alt)",
    ALT2: "var(--alt2)",
    EVIDENCE: "var(--ev)",
    EVIDENCE_INK: "var(--ev-ink)",
    BASE: "var(--base)",
}
"""Each colour and its variable on a page: what is simulated is blue or plum, what is published is ochre."""
DEEPEST = 0.5
"""How much colour the darkest cell of a map has: ink is read on all of them, on a dark page too."""


@dataclass(frozen=True)
class Caption:
    """What a chart says in words: title, note below, values for whoever cannot see it, unit, what is published."""

    title: str
    note: str
    values: str
    unit: str = ""
    published: str = ""

    def with_unit(self, unit: str) -> Caption:
        """The same words, and what is measured of whom."""
        return replace(self, unit=unit)


class Marks(NamedTuple):
    """How words are strung together: within a series, between two, after a name, and side by side."""

    comma: str
    semicolon: str
    colon: str


MARKS = {"en": Marks(", ", "; ", ": "), "zh": Marks("、", "；", "：")}


@dataclass(frozen=True)
class Theme:
    """The width of new figures in inches, and the size of their letters in points."""

    width: float
    font: float
    whiskers: bool = True
    """Whether intervals are drawn, or left to the table beside."""

    @property
    def ems(self) -> float:
        """How many letters' heights the width holds: a column of a page has 26, its full width 63."""
        return self.width * 72 / self.font


WIDTH, FONT = 7.2, 9.0
NARROW = 45
"""Figures of fewer ems are laid out for a column: names above their bars, panels one below the other."""
_USUAL = Theme(WIDTH, FONT)
_THEME: ContextVar[Theme] = ContextVar("theme", default=_USUAL)


@contextmanager
def theme(*, width: float = WIDTH, font: float = FONT, whiskers: bool = True) -> Iterator[None]:
    """Within this block new charts are `width` inches wide with letters of `font` points: 3.3 and 7 fit a column.

    Without `whiskers` intervals are left to the table that stands with the chart. Raises InputError for a width beyond
    2 to 20 inches, and letters beyond 5 to 30 points.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> with lp.charts.theme(width=3.3, font=7):
    ...     ax = lp.plot(lp.profile.shares(population, of="sex"))
    """
    for name, value, least, most in (("width", width, 2, 20), ("font", font, 5, 30)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer) or not least <= value <= most:
            raise InputError(f"{name} = {value!r}: not a size. Allowed: {least} to {most}.")
    before = _THEME.set(Theme(float(width), float(font), whiskers))
    try:
        yield
    finally:
        _THEME.reset(before)


def now() -> Theme:
    """The sizes that new charts have."""
    return _THEME.get()


def narrow() -> bool:
    """Whether new charts are as narrow as a column."""
    return now().ems < NARROW


@contextmanager
def new_axes() -> Iterator[Axes]:
    """Axes of a new figure, which is closed where drawing fails: nobody wants half a chart."""
    figure, ax = plt.subplots(figsize=(now().width, now().width / 2))
    try:
        yield ax
    except BaseException:
        plt.close(figure)
        raise


def percent(value: float) -> str:
    """A share as people write it: whole percent, a decimal below two; a dash where nobody was asked.

    >>> percent(0.6976), percent(0.0123), percent(0), percent(float("nan"))
    ('70%', '1.2%', '0%', '–')
    """
    if value != value:
        return "–"
    return f"{value:.1%}" if 0 < abs(value) < 0.0195 else f"{value:.0%}"


def plain(value: float, digits: int = 2) -> str:
    """A number as people write it; a dash where there is none."""
    return f"{value:,.{digits}f}" if value == value else "–"


def values_in_words(
    frame: pd.DataFrame, by: str, lang: str, column: str = "share", written: Callable[[float], str] | None = None
) -> str:
    """The values of a frame as one line for the alt text: shares in percent, all else with two digits or as said."""
    written = written or (percent if column == "share" else plain)
    return MARKS[lang].comma.join(
        f"{label(str(one), lang)} {written(value)}" for one, value in zip(frame[by], frame[column], strict=True)
    )


def wrapped(words: str, lang: str, ems: float) -> str:
    """Words in lines of so many ems; Chinese has no spaces and breaks anywhere."""
    letters = max(int(ems / (1.0 if lang == "zh" else 0.53)), 6)
    lines = (wrap(line, letters, break_long_words=lang == "zh") for line in words.split("\n"))
    return "\n".join("\n".join(one) for one in lines)


@cache
def _fixed() -> dict[str, Any]:
    fonts = font_manager.fontManager
    fonts.addfont(str(catalog.font_file()))
    # The face has one weight; a page sets bold words in its own.
    fonts.ttflist.append(replace(fonts.ttflist[-1], weight=700))
    return {
        **sns.axes_style("whitegrid"),
        "font.family": [CHINESE, "DejaVu Sans"],
        "figure.facecolor": PAPER,
        "axes.facecolor": "none",
        "axes.edgecolor": BASE,
        "axes.grid.axis": "x",
        "axes.labelcolor": MUTED,
        "axes.titlecolor": INK,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.spines.bottom": False,
        "axes.unicode_minus": False,
        "grid.color": GRID,
        "grid.linewidth": 1.0,
        "hatch.color": PAPER,
        "hatch.linewidth": 1.0,
        "legend.frameon": False,
        "savefig.dpi": 110,
        "text.color": INK,
        "text.parse_math": False,  # a word with two dollars in it is no formula
        "xtick.color": MUTED,
        "ytick.color": INK,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.major.pad": 5,
        "ytick.major.pad": 5,
        "figure.subplot.left": 0.02,
        "figure.subplot.right": 0.98,
        "path.simplify_threshold": 0.6,
    }


def style() -> Any:
    """The settings of matplotlib that every chart is drawn with: letters of one size."""
    sizes = ("font.size", "axes.labelsize", "axes.titlesize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")
    return {**_fixed(), **dict.fromkeys(sizes, now().font)}
