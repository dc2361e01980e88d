"""The map of provinces: a tile each, without borders."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from loanpersona.charts import forms
from loanpersona.charts.drawing import within
from loanpersona.charts.layout import room
from loanpersona.charts.plot import drawing
from loanpersona.charts.profile.compared import whom, with_population
from loanpersona.charts.scales import legend
from loanpersona.charts.style import ALT, DEEPEST, GRID, POP, Caption, narrow
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.words import label, phrase
from loanpersona.estimates.shares import LEVEL, wilson

MORE, LESS = to_rgba(POP, DEEPEST), to_rgba(ALT, DEEPEST)


@drawing("profile.shares", of="province")
def province_map(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A tile a province, in one of three colours: more than the population, fewer, or not other for certain."""
    tiles = catalog.load("tiles")
    here = frame[frame["province"].isin(tiles) & (frame["k"] > 0)]
    if here.empty:
        raise InputError(f"province: nobody lives on the map. {did_you_mean(str(frame['province'].iloc[0]), tiles)}")
    for row in here.to_dict("records"):
        down, across, *short = tiles[row["province"]]
        apart = _separates(row, len(here))
        name = short[lang == "zh"] if narrow() else fill(label(row["province"], lang), 12)
        _tile(ax, int(across), int(down), name, row, (MORE if row["lift"] > 1 else LESS) if apart else "none")
    ax.set(xlim=(-0.5, 8.5), ylim=(7.5, -0.5), xticks=[], yticks=[])
    ax.grid(visible=False)
    room(ax, 8 * (2.9 if narrow() else 3.3))
    ax.set_xlabel(f"{phrase('lift_axis', lang)} · {whom(here, lang)}")
    keys: list[tuple[Any, str]] = [(MORE, "more_legend"), (LESS, "fewer_legend"), ("none", "alike_legend")]
    patches = [mpl.patches.Patch(facecolor=colour, edgecolor=GRID) for colour, _ in keys]
    legend(ax, 3, patches, [phrase(words, lang) for _, words in keys])
    lifts = zip(here["province"], here["lift"], strict=True)
    values = forms.strung((f"{label(one, lang)} {value:.1f}" for one, value in lifts), lang)
    title = phrase("lift_by", lang, of=within("province", lang))
    return with_population(Caption(title, phrase("tile_note", lang), values), here, ["province"], lang)


def _separates(row: dict[Any, Any], rows: int) -> bool:
    """Whether a share is other than that of the population, for certain among so many."""
    low, high = wilson(row["k"], row["n"], 1 - (1 - LEVEL) / rows)
    return not low <= row["baseline"] <= high


def _tile(ax: Axes, across: int, down: int, name: str, row: dict[Any, Any], colour: Any) -> None:
    square = mpl.patches.Rectangle((across - 0.48, down - 0.48), 0.96, 0.96)
    square.set(facecolor=colour, edgecolor=GRID, lw=1)
    ax.add_patch(square)
    ax.text(across, down, f"{name}\n{row['lift']:.1f}", ha="center", va="center", linespacing=1.15)
