"""Heat maps: a cell a pair of levels, with numbers that stand out on their ground in grey print too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from loanpersona.charts.style import INK, PAPER
from loanpersona.core.words import label


def heat_map(
    frame: pd.DataFrame,
    down: str,
    across: str,
    ax: Axes,
    lang: str,
    *,
    texts: Sequence[str] | None = None,
    named: Callable[[Any], str] | None = None,
    most: float | None = None,
    fontsize: float = 7.5,
) -> None:
    """A cell for each row of the frame, shaded by its share; what has no row or no share stays empty.

    `texts` are the words of the rows, by default those of `shares_with_half`; `named` writes the name of a column, by
    default its label; `most` is the share of the darkest shade, by default the largest one.
    """
    rows, names = (list(dict.fromkeys(frame[name])) for name in (down, across))
    shares, said = np.full((len(rows), len(names)), np.nan), np.full((len(rows), len(names)), "", dtype=object)
    cells = [(rows.index(row), names.index(name)) for row, name in zip(frame[down], frame[across], strict=True)]
    for cell, share, text in zip(cells, frame["share"], texts or shares_with_half(frame), strict=True):
        shares[cell], said[cell] = share, text
    sns.heatmap(
        shares,
        ax=ax,
        annot=said,
        fmt="",
        cmap="Blues",
        vmin=0,
        vmax=most,
        cbar=False,
        linewidths=0.8,
        annot_kws={"fontsize": fontsize},
    )
    grounds = np.asarray(ax.collections[0].get_facecolor())[~np.isnan(shares).ravel()]
    for words, ground in zip(ax.texts, grounds, strict=True):
        words.set_color(ink(ground))
    written = [label(str(name), lang) if named is None else named(name) for name in names]
    ax.set_xticks(np.arange(len(names)) + 0.5, written, rotation=0)
    ax.set_ylim(len(rows) + 0.5, 0)  # room below for the mark of made-up data
    ax.set_yticks(np.arange(len(rows)) + 0.5, [label(str(row), lang) for row in rows], rotation=0)


def shares_with_half(frame: pd.DataFrame, digits: int = 1, between: str = "\n") -> list[str]:
    """The share of each row in percent with half the width of its interval."""
    rows = zip(frame["share"], frame["low"], frame["high"], strict=True)
    return [f"{100 * share:.{digits}f}{between}±{50 * (high - low):.{digits}f}" for share, low, high in rows]


def ink(ground: Any) -> str:
    """The colour of letters that stands out on a ground, in grey print too."""
    weights = (0.3, 0.59, 0.11)
    bright = sum(weight * part for weight, part in zip(weights, mpl.colors.to_rgb(ground), strict=True))
    return INK if bright > 0.5 else PAPER
