"""What tests of charts read off axes: their texts, their marks, what runs into each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.text import Text

mpl.use("agg")


def texts_of(ax: Axes) -> list[str]:
    """Every text of the figure that can be read."""
    return [text.get_text() for text in ax.figure.findobj(Text) if text.get_visible() and text.get_text()]


def collisions(ax: Axes) -> list[tuple[str, str]]:
    """The texts around and on axes that run into each other by more than a pixel."""
    legend = ax.get_legend().get_texts() if ax.get_legend() else []
    named = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
    texts = [text for text in [*ax.texts, *named, *legend, *ticks(ax)] if text.get_visible() and text.get_text()]
    # the box around a slanted text holds much that is empty
    boxes = [(text, text.get_window_extent()) for text in texts if text.get_rotation() % 90 == 0]
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


def ticks(ax: Axes) -> Iterator[Text]:
    """The words at the ticks that are within the axes."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        yield from (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)


def containers(ax: Axes, kind: type) -> list[Any]:
    return [container for container in ax.containers if isinstance(container, kind)]


def whiskers(container: ErrorbarContainer) -> list[list[list[float]]]:
    """The two ends of every whisker."""
    [lines] = container[2]
    return [segment.tolist() for segment in lines.get_segments()]


def across(lows: Any, highs: Any) -> list[Any]:
    """Lying lines, one a row, as they should be."""
    return [[[low, row], [high, row]] for row, (low, high) in enumerate(zip(lows, highs, strict=True))]


def lightness(colour: Any) -> float:
    """CIE L* of a colour, 0 for black and 100 for white."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    y = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return float(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)


def points(ax: Axes) -> list[Any]:
    """The lines of dots, whether chance moves them so far that they have whiskers or not."""
    return [line for line in ax.get_lines() if line.get_marker() in set("os^Dv")]
