"""Marks that charts share: bars, columns and dots, all with intervals and the number beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from loanpersona.charts.style import (
    ALT,
    BASE,
    EVIDENCE_INK,
    INK,
    MARKS,
    PAPER,
    POP,
    POP2,
    Caption,
    percent,
    values_in_words,
)
from loanpersona.core.words import label, phrase

SERIES = ((POP, ""), (ALT, "///"), (POP2, "..."))
"""Colour and hatch of each series, so that grey print tells them apart."""
LINES = ((POP, "o-"), (ALT, "s--"), (BASE, "^:"), (EVIDENCE_INK, "D-."))
"""Colour, mark and dash of each series of a line."""
GROUND = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5}
"""Of numbers that a line may cross."""
Written = Callable[[float], str]
Named = Callable[[Any], str] | None
"""How a series is called; by its label where nothing else is said."""


def bars(
    frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str, value: str = "share", written: Written = percent
) -> None:
    """Horizontal bars with whiskers, each with its number behind it."""
    places = np.arange(len(frame))
    ax.barh(places, frame[value], 0.66, color=POP, label=phrase("loans_legend", lang))
    whiskers(ax, frame, places, value)
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        beside(ax, written(row[value]), reach(row, value), place)
    ax.set_yticks(places, [label(str(one), lang) for one in frame[by]])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(0, top(frame, value) * 1.16)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))


def grouped_bars(
    frame: pd.DataFrame,
    by: str,
    series: str,
    ax: Axes,
    lang: str,
    axis: str,
    value: str = "share",
    written: Written = percent,
    named: Named = None,
) -> None:
    """Horizontal bars, one of each series side by side in every group; `named` writes the name of a series."""
    groups, kinds = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame[series]))
    height = 0.8 / len(kinds)
    for number, (kind, (colour, hatch)) in enumerate(zip(kinds, SERIES, strict=False)):
        part = frame[frame[series] == kind]
        places = np.array([groups.index(one) for one in part[by]]) + (number - (len(kinds) - 1) / 2) * height
        ax.barh(
            places,
            part[value],
            height * 0.94,
            color=colour,
            hatch=hatch,
            edgecolor=PAPER,
            lw=0,
            label=_name(kind, lang, named),
        )
        whiskers(ax, part, places, value)
        for place, row in zip(places, part.to_dict("records"), strict=True):
            beside(ax, written(row[value]), reach(row, value), place)
    ax.set_yticks(range(len(groups)), [label(str(one), lang) for one in groups])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.set_xlim(0, top(frame, value) * 1.16)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))
    legend(ax, len(kinds))


def columns(
    frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str, value: str, written: Written
) -> mpl.container.BarContainer:
    """Upright bars with whiskers, for what has an order of its own; returned to be coloured."""
    places = np.arange(len(frame))
    result = ax.bar(places, frame[value], 0.76, color=POP)
    ends = [frame[value] - frame["low"], frame["high"] - frame[value]]
    ax.errorbar(places, frame[value], yerr=ends, fmt="none", ecolor=INK, elinewidth=1.0, capsize=2)
    ax.set_xticks(places, [label(str(one), lang) for one in frame[by]])
    ax.set_xlim(-0.7, len(frame) - 0.3)
    ax.set_ylim(0, top(frame, value) * 1.06)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, written)
    ax.set_ylabel(phrase(axis, lang))
    return result


def curves(frame: pd.DataFrame, by: str, series: str, ax: Axes, lang: str, value: str, written: Written) -> None:
    """A line of dots with whiskers for each series over the levels of `by`, in the order of the frame."""
    levels, kinds = (list(dict.fromkeys(frame[name])) for name in (by, series))
    for number, (kind, (colour, line)) in enumerate(zip(kinds, LINES, strict=False)):
        part = frame[frame[series] == kind]
        places = np.array([levels.index(one) for one in part[by]]) + (number - (len(kinds) - 1) / 2) * 0.1
        ends = [part[value] - part["low"], part["high"] - part[value]]
        ax.errorbar(
            places,
            part[value],
            yerr=ends,
            fmt=line,
            color=colour,
            ecolor=INK,
            elinewidth=1,
            capsize=2.5,
            ms=5,
            lw=1.4,
            label=label(kind, lang),
        )
    ax.set_xticks(range(len(levels)), [label(str(one), lang) for one in levels])
    ax.set_xlim(-0.5, len(levels) - 0.5)
    ax.set_ylim(0, top(frame, value) * 1.12)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, written)
    ax.set_xlabel(label(by, lang))
    legend(ax, len(kinds))


def grouped_dots(
    frame: pd.DataFrame, by: str, series: str, ax: Axes, lang: str, axis: str, value: str, written: Written
) -> None:
    """Dots with whiskers, one of each series side by side in every group."""
    groups, kinds = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame[series]))
    for number, (kind, (colour, line)) in enumerate(zip(kinds, LINES, strict=False)):
        part = frame[frame[series] == kind]
        places = np.array([groups.index(one) for one in part[by]]) + (number - (len(kinds) - 1) / 2) * 0.36
        whiskers(ax, part, places, value, fmt=line[0], color=colour, ms=6, label=label(str(kind), lang))
        for place, row in zip(places, part.to_dict("records"), strict=True):
            beside(ax, written(row[value]), reach(row, value), place)
    ax.set_yticks(range(len(groups)), [label(str(one), lang) for one in groups])
    ax.set_ylim(len(groups) - 0.5, -0.5)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))
    legend(ax, len(kinds))


def dots(frame: pd.DataFrame, names: Sequence[str], ax: Axes, value: str, written: Written) -> None:
    """Dots with whiskers, one a row, each with its number behind it."""
    places = np.arange(len(frame))
    whiskers(ax, frame, places, value, fmt="o", color=POP, ms=6)
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        beside(ax, written(row[value]), reach(row, value), place, bbox=GROUND)
    ax.set_yticks(places, names)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    finish(ax.xaxis, written)


def whiskers(ax: Axes, frame: pd.DataFrame, places: Any, value: str = "share", fmt: str = "none", **look: Any) -> None:
    """The intervals of the rows, lying; or how far resamples reach, which need not hold the value."""
    if "low" not in frame and "least" in frame:
        ax.hlines(places, frame["least"], frame["greatest"], color=INK, lw=1.1)
        ax.plot(frame[value], places, fmt, **look)
        return
    ends = [frame[value] - frame["low"], frame["high"] - frame[value]]
    ax.errorbar(frame[value], places, xerr=ends, fmt=fmt, ecolor=INK, elinewidth=1.1, capsize=2.5, **look)


def beside(ax: Axes, words: str, x: Any, y: Any, fontsize: float = 8, **look: Any) -> None:
    """A number behind its bar, or inside its end where it is set to the right."""
    away = -7 if look.get("ha") == "right" else 7
    ax.annotate(words, (x, y), xytext=(away, 0), textcoords="offset points", fontsize=fontsize, va="center", **look)


def reach(row: dict[Any, Any], value: str) -> float:
    """How far a row's mark reaches: to the end of its interval, or to its value where there is none."""
    ends = [row[name] for name in ("high", "greatest", value) if row.get(name, np.nan) == row.get(name)]
    return float(ends[0]) if ends and row[value] == row[value] else 0.0


def top(frame: pd.DataFrame, value: str) -> float:
    """How far the marks of a frame reach; one where there is none."""
    known = [reach(row, value) for row in frame.to_dict("records")]
    return max(known) or 1.0


def finish(axis: Any, written: Written) -> None:
    """Write the ticks of an axis as its numbers are written, without needless digits."""
    if written is percent:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    else:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def unit_square(ax: Axes, xlabel: str, ylabel: str) -> None:
    """Both axes from none to all, for a curve of one share over another."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=True, axis="y")


def legend(ax: Axes, across: int, *shown: Any) -> None:
    """Between title and axes, where it hides nothing; of these handles and labels, or of all that is drawn."""
    if shown or ax.get_legend_handles_labels()[0]:
        ax.legend(*shown, loc="lower left", bbox_to_anchor=(0, 1), ncols=across, borderaxespad=0.2, borderpad=0.2)


def one_line(ax: Axes, *, lying: bool = False) -> None:
    """The line of one: as many as on the mean day."""
    (ax.axhline if lying else ax.axvline)(1, color=INK, lw=1, ls="--")


def two(value: float) -> str:
    """A number with two digits, or a dash.

    >>> two(0.8), two(float("nan"))
    ('0.80', '–')
    """
    return f"{value:.2f}" if value == value else "–"


def whole(value: float) -> str:
    """A number without digits, or a dash."""
    return f"{value:,.0f}" if value == value else "–"


def series_in_words(
    frame: pd.DataFrame,
    by: str,
    series: str,
    lang: str,
    value: str = "share",
    written: Written | None = None,
    named: Named = None,
) -> str:
    """The values of every series in turn, for the alt text."""
    marks = MARKS[lang]
    parts = [(_name(kind, lang, named), frame[frame[series] == kind]) for kind in dict.fromkeys(frame[series])]
    return marks.semicolon.join(
        f"{kind}{marks.colon}{values_in_words(part, by, lang, value, written)}" for kind, part in parts
    )


def within(word: Any, lang: str) -> str:
    """A word within a sentence: English labels begin with a capital."""
    said = label(str(word), lang)
    return said[:1].lower() + said[1:]


def _name(one: Any, lang: str, named: Named) -> str:
    return label(str(one), lang) if named is None else named(one)


def caption(name: str, lang: str, note: str, values: str, **blanks: Any) -> Caption:
    """A caption with the title of a frame, its blanks filled in."""
    return Caption(phrase(f"{name}_title", lang, **blanks), phrase(note, lang), values)
