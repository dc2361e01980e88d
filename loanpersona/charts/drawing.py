"""Marks that charts share: bars, columns, dots and lines, each with its number or its name beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.layout import width
from loanpersona.charts.published import Known, known
from loanpersona.charts.scales import (
    GROUND,
    Written,
    _every,
    as_seen,
    at_ends,
    beside,
    finish,
    legend,
    looks,
    named_rows,
    reach,
    sampled,
    short,
    thin_ticks,
    top,
    upright,
)
from loanpersona.charts.style import (
    BASE,
    EVIDENCE,
    EVIDENCE_INK,
    INK,
    MARKS,
    NARROW,
    PAPER,
    POP,
    POP2,
    narrow,
    now,
    percent,
    values_in_words,
)
from loanpersona.core.words import label, phrase

FEW = 12
"""Whiskers of more columns than this would be a thicket."""
Named = Callable[[Any], str] | None
"""How a series is called; by its label where nothing else is said."""


def bars(
    frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str, value: str = "share", written: Written = percent
) -> None:
    """Lying bars, each with its number behind it; outlined where the number was put in, over what is published."""
    facts, places = known(frame), np.arange(len(frame))
    frame = as_seen(frame, value)
    tall = named_rows(ax, [label(str(one), lang) for one in frame[by]], lang)
    bands(facts, ax, lying=True, tall=tall)
    ax.barh(places, frame[value], tall, **faces(facts, len(frame)))
    whiskers(ax, frame, places, value)
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        _, high = facts.bands.get(place, (0.0, 0.0))
        beside(ax, written(row[value]), max(reach(row, value), high), place, color=INK)
    ends = [top(frame, value), *(high for _, high in facts.bands.values())]
    ax.set_xlim(0, max(ends) * (1.55 if facts.bands and width(ax) > NARROW else 1.18))
    beside_bands(facts, frame, ax, lang, value, written)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))


def bands(facts: Known, ax: Axes, *, lying: bool, tall: float = 0.62) -> None:
    """What is published, as a band across each row that it speaks of; a line where it is one figure."""
    for place, (low, high) in facts.bands.items():
        if low == high:
            ends = (low, place - 0.7 * tall, place + 0.7 * tall)
            (ax.vlines if lying else ax.hlines)(*ends, color=EVIDENCE_INK, lw=3, zorder=3)
            continue
        (ax.barh if lying else ax.bar)(place, high - low, 1.35 * tall, low, color=EVIDENCE, lw=0, zorder=0.9)


def beside_bands(facts: Known, frame: pd.DataFrame, ax: Axes, lang: str, value: str, written: Written) -> None:
    """The ends of a band in words: behind its number, or at the right above its row where there is no room."""
    for place, (low, high) in facts.bands.items():
        said = published_between(low, high, lang, written)
        look: dict[str, Any] = {"color": EVIDENCE_INK, "textcoords": "offset points"}
        if narrow():
            across = ("axes fraction", "data")
            ax.annotate(said, (1, place - 0.24), (0, 3), xycoords=across, ha="right", va="bottom", **look)
        elif width(ax) > NARROW:
            end = max(high, reach(frame.iloc[place].to_dict(), value))
            ax.annotate(said, (end, place), (7 + 3.6 * now().font, 0), va="center", **look)


def published_between(low: float, high: float, lang: str, written: Written) -> str:
    """A published range in words, or one figure."""
    ends = {"low": written(low), "high": written(high)}
    return phrase("published_at" if ends["low"] == ends["high"] else "published_between", lang, **ends)


def faces(facts: Known, rows: int) -> dict[str, Any]:
    """How bars look: what was put in is outlined only; what no statement speaks of is weak where one does."""
    spoken = facts.rows or set(range(rows))
    colours = [POP if row in spoken else POP2 for row in range(rows)]
    if facts.put_in:
        return {"color": PAPER, "edgecolor": colours, "lw": 1.8}
    return {"color": colours, "edgecolor": PAPER, "lw": 0}


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
    """Lying bars, one of each series side by side in every group; `named` writes the name of a series."""
    groups, kinds, look = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame[series])), looks(frame[series])
    tall = named_rows(ax, [label(str(one), lang) for one in groups], lang, each=len(kinds))
    tall = tall if narrow() else 0.8
    height = tall / len(kinds)
    for number, kind in enumerate(kinds):
        part = as_seen(frame[frame[series] == kind], value)
        places = np.array([groups.index(one) for one in part[by]]) + (number - (len(kinds) - 1) / 2) * height
        own: dict[str, Any] = {"color": look[kind].colour, "hatch": look[kind].hatch, "edgecolor": PAPER, "lw": 0}
        ax.barh(places, part[value], height * 0.9, label=_name(kind, lang, named), **own)
        whiskers(ax, part, places, value)
        for place, row in zip(places, part.to_dict("records"), strict=True):
            beside(ax, written(row[value]), reach(row, value), place)
    ax.set_xlim(0, top(frame, value) * 1.16)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))
    legend(ax, len(kinds))


def columns(
    frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str, value: str, written: Written, foot: float = 0.0
) -> mpl.container.BarContainer:
    """Upright bars from `foot`, for what has an order of its own; returned to be coloured."""
    places = np.arange(len(frame))
    facts = known(frame)
    frame = as_seen(frame, value)
    bands(facts, ax, lying=False)
    result = ax.bar(places, frame[value] - foot, 0.7, foot, **faces(facts, len(frame)))
    if sampled(frame, value) and len(frame) <= FEW:
        ends = [frame[value] - frame["low"], frame["high"] - frame[value]]
        ax.errorbar(places, frame[value], yerr=ends, fmt="none", color=INK, elinewidth=1.0)
    step = _every(frame[by], ax, lang)
    ax.set_xticks(places[::step], [short(one, lang) for one in frame[by]][::step])
    ax.set_xlim(-0.7, len(frame) - 0.3)
    if not foot:
        ax.set_ylim(0, top(frame, value) * 1.1)
    upright(ax, written)
    ax.axhline(foot, color=BASE, lw=1)
    ax.set_ylabel(phrase(axis, lang))
    return result


def curves(frame: pd.DataFrame, by: str, series: str, ax: Axes, lang: str, value: str, written: Written) -> None:
    """A line of dots for each series over the levels of `by`, in the order of the frame, its name at its end."""
    levels, kinds, look = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame[series])), looks(frame[series])
    ends = []
    for kind, mark in zip(kinds, "os^Dv" * len(kinds), strict=False):
        part = frame[frame[series] == kind]
        places = np.array([levels.index(one) for one in part[by]], dtype=float)
        own: dict[str, Any] = {"color": look[kind].colour, "ls": look[kind].dash, "marker": mark, "ms": 5, "lw": 1.6}
        whiskers_up(ax, part, places, value, label=label(str(kind), lang), **own)
        ends += [(places[-1], part[value].iloc[-1], label(str(kind), lang))] if len(part) else []
    ax.set_xticks(range(len(levels)), [short(one, lang) for one in levels])
    thin_ticks(ax, [short(one, lang) for one in levels], lang)
    ax.set_xlim(-0.3, len(levels) - 0.7)
    ax.set_ylim(0, top(frame, value) * 1.12)
    upright(ax, written)
    ax.set_xlabel(label(by, lang))
    at_ends(ax, ends, lang)


def grouped_dots(
    frame: pd.DataFrame, by: str, series: str, ax: Axes, lang: str, axis: str, value: str, written: Written
) -> None:
    """Dots, one of each series side by side in every group."""
    groups, kinds, look = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame[series])), looks(frame[series])
    tall = named_rows(ax, [label(str(one), lang) for one in groups], lang, each=len(kinds))
    for number, (kind, mark) in enumerate(zip(kinds, "os^Dv" * len(kinds), strict=False)):
        part = as_seen(frame[frame[series] == kind], value)
        away = (number - (len(kinds) - 1) / 2) * tall / len(kinds)
        places = np.array([groups.index(one) for one in part[by]]) + away
        whiskers(ax, part, places, value, fmt=mark, color=look[kind].colour, ms=7, label=label(str(kind), lang))
        for place, row in zip(places, part.to_dict("records"), strict=True):
            beside(ax, written(row[value]), reach(row, value), place, bbox=GROUND)
    finish(ax.xaxis, written)
    ax.set_xlabel(phrase(axis, lang))
    legend(ax, len(kinds))


def dots(frame: pd.DataFrame, names: Sequence[str], ax: Axes, lang: str, value: str, written: Written) -> None:
    """Dots, one a row, each with its number behind it; hollow where the number was put in."""
    facts, places = known(frame), np.arange(len(frame))
    frame = as_seen(frame, value)
    bands(facts, ax, lying=True, tall=named_rows(ax, names, lang))
    whiskers(ax, frame, places, value, fmt="o", color=POP, mfc=PAPER if facts.put_in else POP, mew=1.8, ms=8)
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        _, high = facts.bands.get(place, (0.0, 0.0))
        beside(ax, written(row[value]), max(reach(row, value), high), place, bbox=GROUND)
    beside_bands(facts, frame, ax, lang, value, written)
    finish(ax.xaxis, written)


def whiskers(ax: Axes, frame: pd.DataFrame, places: Any, value: str = "share", fmt: str = "none", **look: Any) -> None:
    """Marks of lying rows, with intervals where chance moves them visibly; or how far resamples reach."""
    if "low" not in frame and "least" in frame:
        ax.hlines(places, frame["least"], frame["greatest"], color=INK, lw=1.1)
    if "low" not in frame or not sampled(frame, value):
        if fmt != "none":
            ax.plot(frame[value], places, fmt, **look)
        return
    ends = [frame[value] - frame["low"], frame["high"] - frame[value]]
    look = look if fmt != "none" else {"color": INK}
    ax.errorbar(frame[value], places, xerr=ends, fmt=fmt, ecolor=INK, elinewidth=1.1, **look)


def whiskers_up(ax: Axes, frame: pd.DataFrame, places: Any, value: str, **look: Any) -> None:
    """The same for the points of a line."""
    if not sampled(frame, value):
        ax.plot(places, frame[value], **look)
        return
    ends = [frame[value] - frame["low"], frame["high"] - frame[value]]
    ax.errorbar(places, frame[value], yerr=ends, ecolor=INK, elinewidth=1, **look)


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
