"""What is said of the population that users are compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis import baselines
from loanpersona.charts import forms
from loanpersona.charts.style import BASE, MARKS, PAPER, Caption, percent


def whom(frame: pd.DataFrame, lang: str) -> str:
    """The population compared with, in words."""
    return baselines.population(frame["compared_with"].iloc[0], lang)


def ticks(frame: pd.DataFrame, places: Any, ax: Axes, lang: str, tall: float) -> None:
    """The population as a tick across the bars of each level."""
    for colour, wide in ((PAPER, 6), (BASE, 3)):  # seen on its bar too
        ax.vlines(frame["baseline"], places - tall / 2, places + tall / 2, color=colour, lw=wide, zorder=3)
    ax.plot([], [], "|", color=BASE, ms=9, mew=3, ls="none", label=whom(frame, lang))


def with_population(caption: Caption, frame: pd.DataFrame, keys: list[str], lang: str) -> Caption:
    """The words of a chart, and for its alt text the population's shares row by row."""
    rows = frame[np.isfinite(frame["baseline"])]
    if rows.empty:
        return caption
    names = forms.names_of_rows(rows, keys, lang)
    said = (f"{name} {percent(share)}" for name, share in zip(names, rows["baseline"], strict=True))
    population = f"{whom(rows, lang)}{MARKS[lang].colon}{forms.strung(said, lang)}"
    return replace(caption, values=MARKS[lang].semicolon.join([caption.values, population]))
