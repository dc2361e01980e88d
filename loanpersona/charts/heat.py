"""Heat maps: a cell a pair of levels, with numbers that stand out on their ground in grey print too."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from loanpersona.charts.style import INK
from loanpersona.labels import label


def heat_map(
    frame: pd.DataFrame, down: str, across: str, ax: Axes, lang: str, below: pd.DataFrame | None = None
) -> None:
    """The shares of a frame, a row each of the levels of `down`, a column each of `across`.

    Below each share stands half the width of its interval, or the share of the same cell in the frame `below`.
    """
    rows, names = list(dict.fromkeys(frame[down])), list(dict.fromkeys(frame[across]))
    shares = frame["share"].to_numpy().reshape(len(rows), len(names))
    texts = _with_half(frame, "\n") if below is None else np.char.add(
        np.char.add(_with_half(frame, " "), "\n"), _with_half(below, " "))  # fmt: skip
    sns.heatmap(shares, ax=ax, annot=texts.reshape(shares.shape), fmt="", cmap="Blues", vmin=0, cbar=False,
                linewidths=0.8, annot_kws={"fontsize": 8})  # fmt: skip
    for words, ground in zip(ax.texts, ax.collections[0].get_facecolor(), strict=True):
        words.set_color(ink(ground))
    ax.set_xticks(np.arange(len(names)) + 0.5, [label(str(name), lang) for name in names], rotation=0)
    ax.set_yticks(np.arange(len(rows)) + 0.5, [label(str(row), lang) for row in rows], rotation=0)


def ink(ground: Any) -> str:
    """The colour of letters that stands out on a ground, in grey print too."""
    weights = (0.3, 0.59, 0.11)
    bright = sum(weight * part for weight, part in zip(weights, mpl.colors.to_rgb(ground), strict=True))
    return INK if bright > 0.5 else "white"


def _with_half(frame: pd.DataFrame, between: str) -> Any:
    rows = zip(frame["share"], frame["low"], frame["high"], strict=True)
    return np.array([f"{100 * share:.1f}{between}±{50 * (high - low):.1f}" for share, low, high in rows])
