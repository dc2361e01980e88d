"""Where title, unit, note and mark of a chart stand, and how much room is left for it: measured once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import Affine2D, Bbox

from loanpersona.charts.style import INK, MARKS, MUTED, Caption, narrow, now, wrapped
from loanpersona.core.errors import expect
from loanpersona.core.words import phrase

_ALT: WeakKeyDictionary[Axes, str] = WeakKeyDictionary()
_ROOM: WeakKeyDictionary[Axes, float] = WeakKeyDictionary()
_WIDTH: WeakKeyDictionary[Axes, float] = WeakKeyDictionary()
USUAL = 23.0
"""The height of axes, in ems, that ask for none."""
EDGE = 0.4
"""Free room at the edge of a figure, in ems."""
HEADED, BETWEEN = 1.8, 2.4
"""Room for the heading of a panel, and for the ticks below one, in ems."""
MARKED = 1.5
"""Room for the mark at the top of axes, in ems."""


def alt(ax: Axes) -> str:
    """The alt text of a chart: its title, its unit, every value, what is published, and that data are made up."""
    expect(ax, Axes, "ax", "an Axes, such as lp.plot gives")
    return _ALT.get(ax, "")


def room(ax: Axes, ems: float) -> None:
    """Ask for axes of so many ems; only a figure of ours has it to give."""
    _ROOM[ax] = ems


def width(ax: Axes) -> float:
    """How wide axes are, in ems: those of a panel have their part of the figure."""
    return _WIDTH.get(ax, 1.0) * now().ems


def asked(ax: Axes) -> float:
    """The height that axes asked for, in ems."""
    return _ROOM.get(ax, USUAL)


def say(ax: Axes, caption: Caption, lang: str, mark: str) -> Caption:
    """Take what is measured off the value axis, and remember the alt text; the caption comes back with the unit."""
    lying = not ax.get_ylabel()
    unit, below = (ax.get_xlabel(), "") if lying else (ax.get_ylabel(), ax.get_xlabel())
    caption = caption.with_unit(" ".join(unit.split("\n")))
    ax.set_ylabel("")
    ax.set_xlabel(wrapped(below, lang, width(ax) - 4), loc="left")
    words = MARKS[lang].semicolon.join(filter(None, [caption.unit, caption.values, caption.published, mark]))
    _ALT[ax] = phrase("chart_of", lang, title=caption.title, values=words)
    return caption


class Ruler(RendererBase):
    """Measures text as it will stand, each text once for all pictures, and draws nothing."""

    def __init__(self, dpi: float) -> None:
        super().__init__()
        self.dpi = dpi

    def points_to_pixels(self, points: Any) -> Any:
        """Points in the pixels of a figure of so many dots an inch."""
        return points * self.dpi / 72

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """How wide and tall a line of text is, and how much of it hangs below."""
        return _extent(s, prop.copy(), ismath, self.dpi)


@lru_cache(4_096)
def _extent(text: str, font: FontProperties, ismath: Any, dpi: float) -> tuple[float, float, float]:
    """Finding a font and setting a text takes as long as drawing it does, and pictures share most of their words."""
    return RendererBase.get_text_width_height_descent(Ruler(dpi), text, font, ismath)


def fit(ax: Axes, caption: Caption, lang: str, mark: str, *, bare: bool = False) -> None:
    """Give axes all the width that their words leave, and the figure the height that all of it needs.

    A `bare` picture leaves title, unit and note to its page.
    """
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    em = now().font * figure.dpi / 72
    across, own, words = figure.bbox.width, ax.bbox, _measured(ax)
    left, right = max(own.x0 - words.x0, 0) + 1, max(words.x1 - own.x1, 0) + EDGE * em
    edges = [left / em, max(words.y1 - own.y1, 0) / em, max(own.y0 - words.y0, 0) / em]
    above, below = _surround(ax, Caption("", "", "") if bare else caption, lang, edges, (across - left - right) / em)
    height, above, below = asked(ax) * em, (above + EDGE) * em, (below + EDGE) * em
    if mark:
        height += 0 if ax.child_axes else MARKED * em
        _marked(ax, mark, MARKED * em / height)
    tall = round(above + height + below)
    figure.set_size_inches(across / figure.dpi, tall / figure.dpi)
    ax.set_position((left / across, below / tall, (across - left - right) / across, height / tall))


def surround(ax: Axes, caption: Caption, lang: str, mark: str) -> None:
    """Title, unit, note and mark around axes that somebody else laid out."""
    em, words = now().font * ax.get_figure(root=True).dpi / 72, _measured(ax)  # type: ignore[union-attr]
    edges = [0.0, max(words.y1 - ax.bbox.y1, 0) / em, max(ax.bbox.y0 - words.y0, 0) / em]
    _surround(ax, caption, lang, edges, ax.bbox.width / em)
    if mark:
        _marked(ax, mark, MARKED * em / ax.bbox.height)


def _marked(ax: Axes, mark: str, part: float) -> None:
    """The mark inside the axes, where no layout cuts it, in a part of their height that is freed for it.

    Panels have that room already.
    """
    if not ax.child_axes:
        first, last = ax.get_ylim()
        ax.yaxis.set_major_locator(FixedLocator([at for at in ax.get_yticks() if (at - first) * (at - last) <= 0]))
        scale = ax.yaxis.get_transform()
        start, end = scale.transform((first, last))
        ax.set_ylim(first, float(scale.inverted().transform(end + (end - start) * part / (1 - part))))
    ax.annotate(mark, (1, 1), (0, -1), "axes fraction", "offset points", color=MUTED, va="top", ha="right")


def _surround(ax: Axes, caption: Caption, lang: str, edges: list[float], inner: float) -> tuple[float, float]:
    """Write above and below the other words, from the left edge on; gives how far all of it reaches, in ems."""
    (left, above, below), font = edges, now().font
    room_for = left + inner - 1
    if caption.unit:
        unit = wrapped(caption.unit, lang, room_for)
        at = (-left * font, above * font + 5)
        ax.annotate(unit, (0, 1), at, "axes fraction", "offset points", color=MUTED, va="bottom", ha="left")
        above += 1.25 * (unit.count("\n") + 1) + 0.4
    if caption.title:
        title = wrapped(caption.title, lang, room_for / 1.2)
        look: dict[str, Any] = {"fontsize": 1.2 * font, "color": INK, "pad": above * font + 5}
        ax.set_title(title, loc="left", x=-left / inner, **look)
        above += 1.5 * (title.count("\n") + 1) + 0.5
    note = wrapped(" · ".join(filter(None, [caption.note, caption.published])), lang, room_for)
    if note:
        at = (-left * font, -below * font - 4)
        ax.annotate(note, (0, 0), at, "axes fraction", "offset points", color=MUTED, va="top", ha="left")
        below += 1.25 * (note.count("\n") + 1) + 0.4
    return above, below


def _measured(ax: Axes) -> Bbox:
    """The box of axes and all their words."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    box = ax.get_tightbbox(_renderer(figure), bbox_extra_artists=list(_words(ax)))
    return box if box is not None else ax.bbox.frozen()


def _renderer(figure: Figure | SubFigure) -> RendererBase:
    """What will draw the figure, where it measures text; pixels round it otherwise than lines do."""
    get = getattr(figure.canvas, "get_renderer", None)
    result: RendererBase = get() if get else Ruler(figure.dpi)
    return result


def _words(ax: Axes) -> Iterator[Artist]:
    yield from ax.texts
    yield from ax.child_axes
    if legend := ax.get_legend():
        yield legend


class Panels:
    """Axes inside axes: side by side where there is room, one below the other in a column."""

    def __init__(self, ax: Axes, many: int, across: int = 0, gap: float = 0.06) -> None:
        """`across` panels in a row, by default all of them."""
        self.ax, self.gap = ax, gap
        self.across = 1 if narrow() else across or many
        self.places = [Affine2D() for _ in range(many)]
        self.axes = [ax.inset_axes((0, 0, 1, 1), transform=place + ax.transAxes) for place in self.places]
        for own in self.axes:
            _WIDTH[own] = (1 - gap * (self.across - 1)) / self.across
            room(own, 0.6 * USUAL)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)

    def first_in_row(self, number: int) -> bool:
        """Whether a panel stands at the left."""
        return number % self.across == 0

    def settle(self, below: float = BETWEEN) -> None:
        """Give each row the room that its panels ask for, and `below` the last one room for its ticks, in ems."""
        rows = [self.axes[at : at + self.across] for at in range(0, len(self.axes), self.across)]
        heights = [max(map(asked, row)) for row in rows]
        whole = MARKED + sum(heights) + (HEADED + below) * len(rows)
        room(self.ax, whole)
        part, top = _WIDTH[self.axes[0]], 1 - MARKED / whole
        for row, height in zip(range(len(rows)), heights, strict=True):
            top -= (HEADED + height) / whole
            for column, place in enumerate(self.places[row * self.across : (row + 1) * self.across]):
                place.clear().scale(part, height / whole).translate(column * (part + self.gap), top)
            top -= below / whole
