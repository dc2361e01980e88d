"""Marks of two directions: heat maps with an interval in each cell, and curves over the steps of an order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from loanpersona.charts.drawing import Written, finish, legend, top
from loanpersona.charts.heat import ink
from loanpersona.charts.style import BLUE, INK, MARKS, ORANGE, percent
from loanpersona.labels import label

LINES = ((BLUE, "o-"), (ORANGE, "s--"))


def heat_map(frame: pd.DataFrame, rows: str, across: str, ax: Axes, lang: str, named: Callable[[str], str]) -> None:
    """A cell for each row of the frame: its share in percent, and below half its interval; others stay empty.

    `named` writes the word of a column, which may need a line break.
    """
    down, side = (list(dict.fromkeys(frame[name])) for name in (rows, across))
    grid, text = np.full((len(down), len(side)), np.nan), np.full((len(down), len(side)), "", dtype=object)
    for row in frame.to_dict("records"):
        cell = down.index(row[rows]), side.index(row[across])
        grid[cell] = row["share"]
        text[cell] = f"{100 * row['share']:.1f}\n±{50 * (row['high'] - row['low']):.1f}"
    sns.heatmap(grid, ax=ax, annot=text, fmt="", cmap="Blues", vmin=0, cbar=False, linewidths=0.8,
                annot_kws={"fontsize": 7.5})  # fmt: skip
    shown = np.asarray(ax.collections[0].get_facecolor())[~np.isnan(grid).ravel()]
    for words, ground in zip(ax.texts, shown, strict=True):
        words.set_color(ink(ground))
    ax.set_xticks(np.arange(len(side)) + 0.5, [named(str(one)) for one in side], rotation=0)
    ax.set_yticks(np.arange(len(down)) + 0.5, [label(str(one), lang) for one in down], rotation=0)
    ax.set(xlabel="", ylabel="")


def curves(frame: pd.DataFrame, by: str, series: str, ax: Axes, lang: str, value: str, written: Written) -> None:
    """A line of dots with whiskers for each series over the levels of `by`, in the order of the frame."""
    levels, kinds = (list(dict.fromkeys(frame[name])) for name in (by, series))
    for number, (kind, (colour, line)) in enumerate(zip(kinds, LINES, strict=False)):
        part = frame[frame[series] == kind]
        places = np.array([levels.index(one) for one in part[by]]) + (number - (len(kinds) - 1) / 2) * 0.1
        ends = [part[value] - part["low"], part["high"] - part[value]]
        ax.errorbar(places, part[value], yerr=ends, fmt=line, color=colour, ecolor=INK, elinewidth=1, capsize=2.5,
                    ms=5, lw=1.4, label=label(kind, lang))  # fmt: skip
    ax.set_xticks(range(len(levels)), [label(str(one), lang) for one in levels])
    ax.set_xlim(-0.5, len(levels) - 0.5)
    ax.set_ylim(0, top(frame, value) * 1.12)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, written)
    ax.set_xlabel(label(by, lang))
    legend(ax, len(kinds))


def cells_in_words(frame: pd.DataFrame, rows: str, across: str, lang: str) -> str:
    """The shares of a heat map row by row, for the alt text."""
    marks = MARKS[lang]
    said = []
    for one in dict.fromkeys(frame[rows]):
        part = frame[frame[rows] == one]
        shares = (f"{label(str(to), lang)} {percent(share)}"
                  for to, share in zip(part[across], part["share"], strict=True))  # fmt: skip
        said.append(f"{label(str(one), lang)}{marks.colon}{marks.comma.join(shares)}")
    return marks.semicolon.join(said)
