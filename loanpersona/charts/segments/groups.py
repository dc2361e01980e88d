"""Charts of groups that were learned: how many, what they look like, how far they agree with stated ones (3.1b)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts import forms
from loanpersona.charts.drawing import dots, grouped_bars
from loanpersona.charts.heat import SIDES, name_cells
from loanpersona.charts.layout import Panels
from loanpersona.charts.plot import drawing
from loanpersona.charts.scales import legend, two
from loanpersona.charts.style import BASE, MARKS, PAPER, Caption, percent
from loanpersona.core.words import label, phrase


@drawing("segments.cluster_validation")
def cluster_validation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Two panels: the silhouette of each number of groups, and how far groups of other people agree."""
    names = [phrase("groups_of", lang, k=k) for k in frame["n_clusters"]]
    ranges = frame.assign(low=frame["least"], high=frame["greatest"])
    inside = Panels(ax, 2)
    for number, (value, rows) in enumerate((("silhouette", frame), ("ari_median", ranges))):
        own = inside.axes[number]
        dots(rows, names if inside.first_in_row(number) else [""] * len(names), own, lang, value, two)
        own.set_xlim(min(0.0, rows["low"].min()) - 0.03, 1.16)
        own.set_title(label(value, lang), loc="left", fontweight="bold")
    inside.settle()
    said = zip(names, frame["silhouette"], frame["ari_median"], strict=True)
    values = MARKS[lang].comma.join(f"{name} {two(one)} / {two(other)}" for name, one, other in said)
    return Caption(forms.title(frame, lang), phrase("validation_note", lang), values)


@drawing("segments.cluster_profiles")
def cluster_profiles(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Cells with the mean of each group, blue where it lies above everybody's, plum where below."""
    groups, measures = list(dict.fromkeys(frame["cluster"])), list(dict.fromkeys(frame["measure"]))
    known = frame["relative_to_all"].where(frame["value"].notna()).to_numpy(float)
    far = np.nan_to_num(known.reshape(len(measures), len(groups)))
    ax.pcolormesh(far, cmap=SIDES, vmin=-2.5, vmax=2.5, edgecolor=PAPER, lw=1)
    for number, row in enumerate(frame.to_dict("records")):
        down, across = divmod(number, len(groups))
        ax.text(across + 0.5, down + 0.5, _mean(row), ha="center", va="center")
    names = [phrase("group_number", lang, group=group) for group in groups]
    name_cells(ax, [label(measure, lang) for measure in measures], names, lang)
    ax.set_xlabel(phrase("profile_axis", lang))
    return forms.captioned(frame, lang, "profile_note")


@drawing("segments.cluster_agreement")
def cluster_agreement(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of what was found, with as many groups, and of a classifier that learned; a line for chance."""
    targets = list(dict.fromkeys(frame["target"]))
    grouped_bars(frame[frame["method"] != "chance"], "target", "method", ax, lang, "ari_axis", "ari", two)
    chance = frame[frame["method"] == "chance"]
    middles = np.array([targets.index(one) for one in chance["target"]])
    ax.vlines(chance["ari"], middles - 0.45, middles + 0.45, color=BASE, lw=2, label=label("chance", lang))
    ax.set_xlim(min(0.0, frame["low"].min()), 1.16)
    legend(ax, 4)
    return forms.captioned(frame, lang, "ari_note")


def _mean(row: dict[Any, Any]) -> str:
    """A mean as people write it."""
    if row["value"] != row["value"]:
        return "–"
    if row["measure"].startswith("share_"):
        return percent(row["value"])
    return f"{row['value']:,.{0 if abs(row['value']) >= 100 else 1}f}"
