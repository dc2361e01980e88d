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
NAMED = 0.42
"""The part of a row that its name takes above its cells."""
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
    shown, headed = [label(str(name), lang) for name in names], [label(str(row), lang) for row in rows]
    above = NAMED if narrow() and _breaks(shown, headed, lang) else 0.0
    shades: dict[str, Any] = {"cmap": SHADES, "vmin": 0, "vmax": most or 1.0, "edgecolors": PAPER, "lw": 1}
    apart = [([row + above, row + 1], [values]) for row, values in enumerate(grid)]
    for heights, values in apart if above else [(range(len(rows) + 1), grid)]:
        ax.pcolormesh(np.arange(len(names) + 1), heights, np.ma.masked_invalid(values), **shades)
    for (y, x), one in zip(cells, frame[value], strict=True) if len(names) <= WRITTEN else ():
        if one == one:
            ax.text(x + 0.5, y + 0.5 + above / 2, written(one), ha="center", va="center")
    name_cells(ax, headed, shown, lang, above=above)


def name_cells(ax: Axes, rows: list[str], names: list[str], lang: str, *, above: float = 0.0) -> None:
    """The names of rows at the left, or `above` their cells in that part of a row, and of columns above all."""
    left = 8 if narrow() else 22
    each = (now().ems - 1) / len(names) if above else _room_for_each(names, rows, left)
    many = len(names) > WRITTEN
    step = 1 if not many else max(int(np.ceil(2.2 / each)), 1)
    ax.set_xticks(
        np.arange(0, len(names), step) + 0.5, [name if many else _broken(name, lang, each) for name in names[::step]]
    )
    ax.set_yticks(np.arange(len(rows)) + 0.5, ["" if above else wrapped(row, lang, left) for row in rows])
    for place, row in enumerate(rows if above else ()):
        ax.annotate(row, (0, place + above), (0, 2), textcoords="offset points", va="bottom", ha="left")
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("bottom")
    ax.set_ylim(len(rows), 0)
    ax.grid(visible=False)
    tallest = 1 if above else max(wrapped(row, lang, left).count("\n") + 1 for row in rows)
    room(ax, len(rows) * max(2.2 / (1 - above), 1.3 * tallest + 0.3))


def _room_for_each(names: list[str], rows: list[str], left: int) -> float:
    """How wide a column is beside the names of rows."""
    return (now().ems - min(left, max(len(row) for row in rows) * 0.6) - 2) / len(names)


def _breaks(names: list[str], rows: list[str], lang: str) -> bool:
    """Whether a word of a column is wider than the column, so that names of rows have to give way."""
    longest = max(len(word) for name in names for word in name.split()) * 0.58
    return lang == "en" and len(names) <= WRITTEN and longest > _room_for_each(names, rows, 8) - 0.3


def _broken(name: str, lang: str, each: float) -> str:
    """A name over lines as wide as its column; a long word of it is cut with a hyphen rather than turned."""
    lines: list[Any] = []
    letters = max(int(each / (1.0 if lang == "zh" else 0.58)), 3)
    for line in wrapped(name, lang, min(each - 0.3, 0.53 * letters) if lang == "en" else each - 0.3).split("\n"):
        while len(line) > letters and lang == "en":
            lines.append(line[: letters - 1] + "-")
            line = line[letters - 1 :]
        lines.append(line)
    return "\n".join(lines)
