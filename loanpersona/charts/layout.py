"""Where title, unit, note and mark stand around a chart, and how much room is left for it: measured once."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from loanpersona.charts.style import INK, MARKS, MUTED, Caption, now, wrapped
from loanpersona.core.errors import expect
from loanpersona.core.words import phrase

_ALT: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()
EDGE = 0.4
"""Free room at the edge of a figure, in ems."""


def alt(ax: Axes) -> str:
    """The alt text of a chart: its title, its unit, every value, what is published, and that data are made up."""
    expect(ax, Axes, "ax", "an Axes, such as lp.plot gives")
    return _ALT.get(ax, "")


def say(ax: Axes, caption: Caption, lang: str, *, synthetic: bool, bare: bool = False) -> None:
    """Write title, unit, note and mark around axes, and the alt text; a `bare` picture leaves the words to its page."""
    lying = not ax.get_ylabel()
    unit, below = (ax.get_xlabel(), "") if lying else (ax.get_ylabel(), ax.get_xlabel())
    unit = unit.replace("\n", " ")
    ax.set_ylabel("")
    mark = phrase("synthetic_mark", lang) if synthetic else ""
    if not bare:
        _heading(ax, caption.title, unit, lang)
        below = "\n".join(filter(None, [below, wrapped(caption.note, lang, now().ems - 2)]))
    ax.set_xlabel(below, loc="left")
    if mark:
        _below_all(ax, mark)
    words = [unit, caption.values, mark]
    _ALT[ax] = phrase("chart_of", lang, title=caption.title, values=MARKS[lang].semicolon.join(filter(None, words)))


def _heading(ax: Axes, title: str, unit: str, lang: str) -> None:
    """The title, and below it what is measured, above the legend where there is one."""
    font, room = now().font, now().ems - 2
    up = 6 + (1.7 * font if ax.get_legend() else 0)
    unit = wrapped(unit, lang, room)
    if unit:
        ax.annotate(unit, (0, 1), (0, up), "axes fraction", "offset points", color=MUTED, va="bottom", ha="left")
    lines = unit.count("\n") + 1 if unit else 0
    ax.set_title(
        wrapped(title, lang, room / 1.2), loc="left", fontsize=1.2 * font, color=INK, pad=up + 1.25 * font * lines + 4
    )


def _below_all(ax: Axes, words: str) -> None:
    """The mark of made-up data, below everything else, so that it never lies over a mark or a number."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    bottom = ax.get_tightbbox(Ruler(figure)).y0 - ax.bbox.y0  # type: ignore[union-attr]
    down = bottom * 72 / figure.dpi - 0.2 * now().font
    look = {"fontsize": 0.92 * now().font, "color": MUTED, "va": "top", "ha": "right"}
    ax.annotate(words, (1, 0), (0, down), "axes fraction", "offset points", **look)


class Ruler(RendererBase):
    """Measures text as it will stand, and draws nothing."""

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        self.dpi = figure.dpi

    def points_to_pixels(self, points: float) -> float:
        """Points in the pixels of the figure."""
        return points * self.dpi / 72


def fit(ax: Axes) -> None:
    """Give axes all the width that their words leave, and the figure the height that all of it needs."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    width, height = figure.bbox.width, ax.bbox.height
    edge = EDGE * now().font * figure.dpi / 72
    all_of_it, own = ax.get_tightbbox(Ruler(figure)), ax.bbox
    assert all_of_it is not None
    left, right = max(own.x0 - all_of_it.x0, 0) + 1, max(all_of_it.x1 - own.x1, 0) + 1
    above, below = max(all_of_it.y1 - own.y1, 0) + edge, max(own.y0 - all_of_it.y0, 0) + edge
    tall = above + height + below
    figure.set_size_inches(width / figure.dpi, tall / figure.dpi)
    ax.set_position((left / width, below / tall, (width - left - right) / width, height / tall))
