"""What all charts share: typeface, colours, the synthetic mark, alt text, showing in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from textwrap import wrap
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.text import Text

from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.core.words import label, phrase

CHINESE = "Loanpersona Sans SC"
BLUE, ORANGE, _, RED = (mpl.colors.to_hex(colour) for colour in sns.color_palette("colorblind", 4))
GREY, INK = "#949494", "#222222"

_ALT: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()


@dataclass(frozen=True)
class Caption:
    """What a chart says in words: its title, a note below, and the values for whoever cannot see it."""

    title: str
    note: str
    values: str


class Marks(NamedTuple):
    """How words are strung together: within a series, between two, after a name."""

    comma: str
    semicolon: str
    colon: str


MARKS = {"en": Marks(", ", "; ", ": "), "zh": Marks("、", "；", "：")}


@dataclass(frozen=True)
class Theme:
    """The width of new figures in inches, and the size of their letters in points."""

    width: float
    font: float


WIDTH, FONT = 7.2, 9.0
_USUAL = Theme(WIDTH, FONT)
_THEME: ContextVar[Theme] = ContextVar("theme", default=_USUAL)


@contextmanager
def theme(*, width: float = WIDTH, font: float = FONT) -> Iterator[None]:
    """Within this block new charts are `width` inches wide with letters of `font` points: 3.3 and 7 fit a column.

    Raises InputError for a width beyond 2 to 20 inches, and letters beyond 5 to 30 points.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> with lp.charts.theme(width=3.3, font=7):
    ...     ax = lp.plot(lp.profile.shares(population, of="sex"))
    """
    for name, value, least, most in (("width", width, 2, 20), ("font", font, 5, 30)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise InputError(f"{name} = {value!r}: not a size. Allowed: {least} to {most}.")
    before = _THEME.set(Theme(float(width), float(font)))
    try:
        yield
    finally:
        _THEME.reset(before)


@contextmanager
def new_axes(width: float, height: float) -> Iterator[Axes]:
    """Axes of a new figure, which is closed where drawing fails: nobody wants half a chart."""
    scale = _THEME.get().width / WIDTH
    figure, ax = plt.subplots(figsize=(width * scale, height * max(scale, 0.75)), layout="constrained")
    try:
        yield ax
    except BaseException:
        plt.close(figure)
        raise


def alt(ax: Axes) -> str:
    """The alt text of a chart."""
    return _ALT.get(ax, "")


def percent(value: float, digits: int = 1) -> str:
    """A share as people write it; a dash where nobody was asked.

    >>> percent(0.6976), percent(float("nan"))
    ('69.8%', '–')
    """
    return f"{value:.{digits}%}" if value == value else "–"


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


def say(ax: Axes, caption: Caption, lang: str, *, synthetic: bool) -> None:
    """Write title, note and alt text; made-up data bear their mark inside the axes, where no layout cuts it."""
    title = _wrapped(caption.title, lang, 11)
    # A legend stands between title and axes, so the title moves up where there is one.
    ax.set_title(title, loc="left", fontsize=11, pad=26 if ax.get_legend() else 9)
    axis = ax.get_xlabel()
    note = _wrapped(caption.note, lang, 8)
    ax.set_xlabel(f"{axis}\n{note}" if axis else note, loc="left", fontsize=8)
    words = [caption.values]
    if synthetic:
        mark = phrase("synthetic_mark", lang)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 1}
        ax.text(
            0.995,
            0.01,
            mark,
            transform=ax.transAxes,
            ha="right",
            va="bottom",
            fontsize=7,
            color=INK,
            bbox=box,
            zorder=9,
        )
        words.append(mark)
    _ALT[ax] = phrase("chart_of", lang, title=caption.title, values=MARKS[lang].semicolon.join(words))
    theme_now = _THEME.get()
    for text in ax.figure.findobj(Text) if theme_now.font != FONT else ():
        text.set_fontsize(float(text.get_fontsize()) * theme_now.font / FONT)


def _wrapped(words: str, lang: str, size: float) -> str:
    """Words of a size in lines that fit axes with long names of rows; Chinese has no spaces and breaks anywhere."""
    now = _THEME.get()
    letters = int(now.width * 745 / now.font / size / (1.74 if lang == "zh" else 1))
    return "\n".join(wrap(words, max(letters, 12), break_long_words=lang == "zh"))


@cache
def style() -> Any:
    """The settings of matplotlib that every chart is drawn with."""
    font_manager.fontManager.addfont(str(catalog.font_file()))
    return {
        **sns.axes_style("whitegrid"),
        # DejaVu first: Latin letters and digits keep their look, Chinese falls through to our own face.
        "font.family": ["DejaVu Sans", CHINESE],
        "axes.edgecolor": "#cccccc",
        "axes.grid.axis": "x",
        "axes.labelcolor": INK,
        "axes.labelsize": 9,
        "axes.spines.left": False,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "hatch.linewidth": 0.6,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "savefig.dpi": 110,
        "text.color": INK,
        "text.parse_math": False,  # a word with two dollars in it is no formula
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
    }
