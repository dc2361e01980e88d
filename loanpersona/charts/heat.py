"""Heat maps: a cell a pair of levels, shaded so lightly that its number is read on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from loanpersona.charts.layout import room
from loanpersona.charts.style import ALT, DEEPEST, PAPER, POP, narrow, now, wrapped
from loanpersona.core.words import label

SHADES = LinearSegmentedColormap.from_list("shades", [to_rgba(POP, 0.03), to_rgba(POP, DEEPEST)])
"""From none to most."""
SIDES = LinearSegmentedColormap.from_list(
    "sides", [to_rgba(ALT, 0.8), to_rgba(ALT, 0.0), to_rgba(POP, 0.0), to_rgba(POP, DEEPEST)]
)
"""From fewer to more than what is compared with: more is blue everywhere."""
WRITTEN = 10
"""Up to so many columns there is room for numbers."""


def heat_map(
    frame: pd.DataFrame,
    down: str,
    across: str,
    ax: Axes,
    lang: str,
    value: str,
    written: Callable[[float], str],
) -> None:
    """A cell for each row of the frame, shaded by its value; what has no row or no value stays empty."""
    rows, names = (list(dict.fromkeys(frame[name])) for name in (down, across))
    grid = np.full((len(rows), len(names)), np.nan)
    cells = [(rows.index(row), names.index(name)) for row, name in zip(frame[down], frame[across], strict=True)]
    for at, one in zip(cells, frame[value], strict=True):
        grid[at] = one
    most = np.nanmax(grid) if np.isfinite(grid).any() else 1.0
    ax.pcolormesh(np.ma.masked_invalid(grid), cmap=SHADES, vmin=0, vmax=most or 1.0, edgecolors=PAPER, lw=1)
    for (y, x), one in zip(cells, frame[value], strict=True) if len(names) <= WRITTEN else ():
        if one == one:
            ax.text(x + 0.5, y + 0.5, written(one), ha="center", va="center")
    name_cells(ax, [label(str(row), lang) for row in rows], [label(str(name), lang) for name in names], lang)


def name_cells(ax: Axes, rows: list[str], names: list[str], lang: str) -> None:
    """The names of rows at the left and of columns above, none slanted."""
    left = 8 if narrow() else 22
    each = (now().ems - min(left, max(len(row) for row in rows) * 0.6) - 2) / len(names)
    many = len(names) > WRITTEN
    step = 1 if not many else max(int(np.ceil(2.2 / each)), 1)
    ax.set_xticks(
        np.arange(0, len(names), step) + 0.5, [name if many else _broken(name, lang, each) for name in names[::step]]
    )
    ax.set_yticks(np.arange(len(rows)) + 0.5, [wrapped(row, lang, left) for row in rows])
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("bottom")
    ax.set_ylim(len(rows), 0)
    ax.grid(visible=False)
    tallest = max(wrapped(row, lang, left).count("\n") + 1 for row in rows)
    room(ax, len(rows) * max(2.2, 1.3 * tallest + 0.3))


def _broken(name: str, lang: str, each: float) -> str:
    """A name over lines as wide as its column; a long word of it is cut with a hyphen rather than turned."""
    lines: list[Any] = []
    letters = max(int(each / (1.0 if lang == "zh" else 0.58)), 3)
    for line in wrapped(name, lang, each - 0.3).split("\n"):
        while len(line) > letters and lang == "en":
            lines.append(line[: letters - 1] + "-")
            line = line[letters - 1 :]
        lines.append(line)
    return "\n".join(lines)
