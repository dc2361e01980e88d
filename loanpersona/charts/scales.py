"""What charts share around their marks: looks of classes, names of rows and lines, ticks, keys, numbers in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from loanpersona.analysis.groups import EVERYBODY
from loanpersona.charts.layout import asked, room, width
from loanpersona.charts.style import (
    ALT,
    ALT2,
    BASE,
    MUTED,
    PAPER,
    POP,
    POP2,
    narrow,
    now,
    percent,
    wrapped,
)
from loanpersona.core.words import LANGUAGES, label


class Look(NamedTuple):
    """Colour, hatch and dash of a class, which are its own in every chart."""

    colour: str
    hatch: str
    dash: str


SERIES = (
    Look(POP, "", "-"),
    Look(ALT, "///", "--"),
    Look(POP2, "\\\\\\", "-."),
    Look(BASE, "", ":"),
    Look(ALT2, "", "-"),
)
WHOLE = Look(BASE, "", "-")
"""Of everybody, which is no class."""
GROUND = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}
"""Of numbers that a line may cross."""
SEEN = 0.04
"""A whisker shorter than this part of its axis would hide within its mark."""
Written = Callable[[float], str]


def looks(values: pd.Series) -> dict[Any, Look]:
    """The look of each level, by its place among all levels of its column: everybody is grey and takes none."""
    everybody = {EVERYBODY, *(label(EVERYBODY, lang) for lang in LANGUAGES)}
    levels = values.cat.categories if isinstance(values.dtype, pd.CategoricalDtype) else dict.fromkeys(values)
    classes = [one for one in levels if one not in everybody]
    return dict.fromkeys(everybody, WHOLE) | {one: SERIES[at % len(SERIES)] for at, one in enumerate(classes)}


def sampled(frame: pd.DataFrame, value: str = "share") -> bool:
    """Whether chance moves these numbers as far as a reader sees, and the chart is to show it."""
    if not now().whiskers:
        return False
    if not {"low", "high"} <= set(frame):
        return "least" in frame
    reached = frame[[value, "high"]].abs().max(axis=None)
    return bool(((frame["high"] - frame["low"]) / 2).median() > SEEN * reached)


def as_seen(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """The frame with only those intervals that are drawn: numbers stand beside what a reader sees."""
    hidden = {"low", "high"} <= set(frame) and not sampled(frame, value)
    return frame.assign(low=frame[value], high=frame[value]) if hidden else frame


def named_rows(ax: Axes, names: Sequence[str], lang: str, each: float = 1.0) -> float:
    """Write the names of lying rows, before them or, in a column, above them; gives how tall a bar is, of its row.

    `each` is how many bars a row has side by side.
    """
    many, places = len(names), np.arange(len(names))
    names = [wrapped(name, lang, now().ems - 3 if narrow() else 24) for name in names]
    lines = max(name.count("\n") + 1 for name in names)
    if not narrow():
        ax.set_yticks(places, names)
        ax.set_ylim(many - 0.4, -0.6)
        room(ax, many * max(1.1 + 1.2 * each, 1.25 * lines + 0.6))
        return 0.62
    pitch = 0.8 + 1.25 * lines + 1.2 * each
    ax.set_yticks(places, [""] * many)
    tall = 1.2 * each / pitch
    for place, name in enumerate(names):
        at = (0, place - tall / 2)
        ax.annotate(name, at, (0, 3), ("axes fraction", "data"), "offset points", va="bottom", ha="left")
    ax.set_ylim(many - 1 + tall / 2 + 0.15, -tall / 2 - (1.25 * lines + 0.4) / pitch)
    room(ax, many * pitch)
    return tall


def short(level: Any, lang: str) -> str:
    """A level in few letters, where it has such a word."""
    word = f"{level}.short"
    said = label(word, lang)
    return label(str(level), lang) if said == word else said


def _every(levels: pd.Series, ax: Axes, lang: str) -> int:
    """Every how many levels there is room for their names."""
    longest = max(_ems(short(one, lang)) for one in levels)
    return max(int(np.ceil((longest + 0.5) * len(levels) / (0.85 * width(ax) - 2))), 1)


def crowded(levels: pd.Series, ax: Axes, lang: str) -> bool:
    """Whether the names of columns have no room below them."""
    return _every(levels, ax, lang) > 1 and levels.dtype.kind not in "iuf"


def thin_ticks(ax: Axes, names: Sequence[str], lang: str) -> None:
    """Leave names of columns out where they would run into each other."""
    step = _every(pd.Series(list(names)), ax, lang)
    ax.set_xticks(range(0, len(names), step), list(names)[::step])


def at_ends(ax: Axes, ends: Sequence[tuple[Any, float, str]], lang: str) -> None:
    """The name of each line at its end, one never over another."""
    seen = sorted((one for one in ends if one[1] == one[1]), key=lambda one: one[1])
    low, high = ax.get_ylim()
    texts = [wrapped(words, lang, 9 if narrow() else 18) for *_, words in seen]
    tall = [1.25 * (high - low) / asked(ax) * (text.count("\n") + 1) for text in texts]
    middles = [y for _, y, _ in seen]
    for at in range(1, len(seen)):
        middles[at] = max(middles[at], middles[at - 1] + (tall[at] + tall[at - 1]) / 2)
    for at in reversed(range(len(seen))):
        most = high if at == len(seen) - 1 else middles[at + 1] - (tall[at] + tall[at + 1]) / 2
        middles[at] = min(middles[at], most)
    for (x, _, _), text, middle in zip(seen, texts, middles, strict=True):
        ax.annotate(text, (x, middle), (6, 0), textcoords="offset points", va="center", annotation_clip=False)


def beside(ax: Axes, words: str, x: Any, y: Any, **look: Any) -> None:
    """A number behind its bar, or inside its end where it is set to the right."""
    away = -6 if look.get("ha") == "right" else 6
    ax.annotate(words, (x, y), xytext=(away, 0), textcoords="offset points", va="center", **look)


def at_right(ax: Axes, place: Any, words: str) -> None:
    """Words at the right of a row, or in a column at the right above it."""
    across = ("axes fraction", "data")
    if narrow():
        ax.annotate(words, (1, place - 0.18), (0, 3), across, "offset points", va="bottom", ha="right")
    else:
        beside(ax, words, 1.0, place, xycoords=across, annotation_clip=False)


def reach(row: dict[Any, Any], value: str) -> float:
    """How far a row's mark reaches: to the end of its interval, or to its value where there is none."""
    ends = [row[name] for name in ("high", "greatest", value) if row.get(name, np.nan) == row.get(name)]
    return float(ends[0]) if ends and row[value] == row[value] else 0.0


def top(frame: pd.DataFrame, value: str) -> float:
    """How far the marks of a frame reach; one where there is none."""
    known_ends = [reach(row, value) for row in frame.to_dict("records")]
    return max(known_ends) or 1.0


def finish(axis: Any, written: Written) -> None:
    """At most seven ticks on an axis, all written with as many decimals."""
    room_for = int(np.clip(width(axis.axes) / 7, 2, 6))
    axis.set_major_locator(MaxNLocator(room_for, steps=[1, 2, 2.5, 5, 10]))
    scale, sign = (100, "%") if written in {percent, tenths} else (1, "")

    def said(value: float, _: Any) -> str:
        steps = np.diff(axis.get_majorticklocs()) * scale
        digits = next((some for some in range(3) if np.allclose(steps * 10**some, np.round(steps * 10**some))), 2)
        return f"{value * scale + 0.0:,.{digits}f}{sign}" if not sign or value < 1.001 else ""

    axis.set_major_formatter(FuncFormatter(said))


def upright(ax: Axes, written: Written) -> None:
    """Grid and ticks of a chart whose values stand upright."""
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, written)
    ax.tick_params(axis="y", colors=MUTED)


def unit_square(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Both axes from none to all, for a curve of one share over another."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_major_locator(MaxNLocator(4))
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    ax.tick_params(axis="y", colors=MUTED)
    room(ax, 25)


def _ems(words: str) -> float:
    """About how wide words are."""
    return sum(1.0 if ord(letter) > 0x2E80 else 0.55 for letter in words)


def legend(ax: Axes, across: int, *shown: Any) -> None:
    """A key without a box between title and axes, where it hides nothing; in as many columns as there is room."""
    handles, labels = shown or ax.get_legend_handles_labels()
    if handles:
        longest = max(map(_ems, labels)) + 3.5
        fitting = max(min(across, int((now().ems - 3) / longest)), 1)
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "borderpad": 0.2}
        labels = [fill(one, max(int((now().ems - 5) * len(one) / _ems(one)), 6)) for one in labels]
        ax.legend(handles, labels, ncols=fitting, handlelength=1.4, columnspacing=1.4, **place)


def one_line(ax: Axes, *, lying: bool = False) -> None:
    """The line of one: as many as on the mean day."""
    (ax.axhline if lying else ax.axvline)(1, color=BASE, lw=1)


def two(value: float) -> str:
    """A number with two digits, or a dash.

    >>> two(0.8), two(float("nan"))
    ('0.80', '–')
    """
    return f"{value:.2f}" if value == value else "–"


def tenths(value: float) -> str:
    """A rate or a margin, of which the decimal is the point; or a dash."""
    return f"{value:.1%}" if value == value else "–"


def whole(value: float) -> str:
    """A number without digits, or a dash."""
    return f"{value:,.0f}" if value == value else "–"
