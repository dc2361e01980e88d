"""What all charts share: typeface, colours, the synthetic mark, alt text, showing in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, NamedTuple, Protocol
from weakref import WeakKeyDictionary

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loanpersona import catalog
from loanpersona.extras import need
from loanpersona.labels import check_language, label, phrase

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


class Plot(Protocol):
    """A chart: draws a frame on `ax` (a new figure if None) with words of `lang`."""

    def __call__(self, frame: pd.DataFrame, *, ax: Axes | None = None, lang: str = "en") -> Axes: ...


def chart(width: float = 7.2, height: float = 3.6) -> Callable[[Callable[[pd.DataFrame, Axes, str], Caption]], Plot]:
    """Turn a drawing function into a chart: style, title, note, mark and alt text are added here."""

    def decorate(draw: Callable[[pd.DataFrame, Axes, str], Caption]) -> Plot:
        @wraps(draw)
        def plot(frame: pd.DataFrame, *, ax: Axes | None = None, lang: str = "en") -> Axes:
            check_language(lang)
            # The style holds while the chart is drawn and leaves the user's own settings alone.
            with mpl.rc_context(_style()):
                if ax is None:
                    with _figure(width, height) as own:
                        return plot(frame, ax=own, lang=lang)
                _say(ax, draw(frame.reset_index(drop=True), ax, lang), lang)
            return ax

        return plot

    return decorate


@contextmanager
def _figure(width: float, height: float) -> Iterator[Axes]:
    """Axes of a new figure, which is closed where drawing fails: nobody wants half a chart."""
    figure, ax = plt.subplots(figsize=(width, height), layout="constrained")
    try:
        yield ax
    except BaseException:
        plt.close(figure)
        raise


def alt(ax: Axes) -> str:
    """The alt text of a chart."""
    return _ALT.get(ax, "")


def show(ax: Axes) -> None:
    """Show the figure of a chart in a notebook with the alt text of all charts in it, and close it."""
    need("lab")
    from IPython.display import display

    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    words = " ".join(filter(None, map(alt, figure.axes)))
    display(figure, metadata={"image/png": {"alt": words}})
    plt.close(figure)


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


def _say(ax: Axes, caption: Caption, lang: str) -> None:
    # A legend stands between title and axes, so the title moves up where there is one.
    ax.set_title(caption.title, loc="left", fontsize=11, pad=26 if ax.get_legend() else 9)
    mark = phrase("synthetic_mark", lang)
    axis = ax.get_xlabel()
    ax.set_xlabel(f"{axis}\n{caption.note} · {mark}" if axis else f"{caption.note} · {mark}", loc="left", fontsize=8)
    _ALT[ax] = phrase("chart_of", lang, title=caption.title, values=f"{caption.values}{MARKS[lang].semicolon}{mark}")


@cache
def _style() -> Any:
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
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
    }
