"""Charts of groups that were learned: how many, what they look like, how far they agree with stated ones (3.1b)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts import forms
from loanpersona.charts.drawing import dots, grouped_bars, legend, two
from loanpersona.charts.heat import ink
from loanpersona.charts.plot import drawing
from loanpersona.charts.style import INK, MARKS, PAPER, Caption
from loanpersona.core.words import label, phrase


@drawing("segments.cluster_validation", height=3.9, width=8.2)
def cluster_validation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Two panels: the silhouette of each number of groups, and how far groups of other people agree."""
    names = [phrase("groups_of", lang, k=k) for k in frame["n_clusters"]]
    ranges = frame.assign(low=frame["least"], high=frame["greatest"])
    panels = (("silhouette", frame, "silhouette_axis"), ("ari_median", ranges, "stability_axis"))
    for number, (value, rows, axis) in enumerate(panels):
        own = forms.panel(ax, number, 2)
        dots(rows, names if number == 0 else [""] * len(names), own, value, two)
        own.set_xlim(min(0.0, rows["low"].min()) - 0.03, 1.12)
        own.set_title(label(value, lang), loc="left")
        own.set_xlabel(phrase(axis, lang))
    said = zip(names, frame["silhouette"], frame["ari_median"], strict=True)
    values = MARKS[lang].comma.join(f"{name} {two(one)} / {two(other)}" for name, one, other in said)
    return Caption(forms.title(frame, lang), phrase("validation_note", lang), values)


@drawing("segments.cluster_profiles", width=7.4, height=4.6)
def cluster_profiles(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Cells with the mean of each group, shaded by how far it lies from everybody's."""
    groups, measures = list(dict.fromkeys(frame["cluster"])), list(dict.fromkeys(frame["measure"]))
    known = frame["relative_to_all"].where(frame["value"].notna()).to_numpy(float)
    far = np.nan_to_num(known.reshape(len(measures), len(groups)))
    mesh = ax.pcolormesh(far, cmap="PuOr", vmin=-2.5, vmax=2.5, edgecolor=PAPER, lw=1)
    for number, (row, ground) in enumerate(zip(frame.to_dict("records"), mesh.to_rgba(far.ravel()), strict=True)):
        down, across = divmod(number, len(groups))
        ax.text(across + 0.5, down + 0.5, _mean(row), ha="center", va="center", color=ink(ground))
    ax.set_xticks(np.arange(len(groups)) + 0.5, [phrase("group_number", lang, group=group) for group in groups])
    ax.set_yticks(np.arange(len(measures)) + 0.5, [label(measure, lang) for measure in measures])
    ax.set_ylim(len(measures), 0)
    ax.grid(visible=False)
    ax.set_xlabel(phrase("profile_axis", lang))
    return forms.captioned(frame, lang, "profile_note")


@drawing("segments.cluster_agreement", height=3.9)
def cluster_agreement(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of what was found, with as many groups, and of a classifier that learned; a line for chance."""
    targets = list(dict.fromkeys(frame["target"]))
    grouped_bars(frame[frame["method"] != "chance"], "target", "method", ax, lang, "ari_axis", "ari", two)
    chance = frame[frame["method"] == "chance"]
    middles = np.array([targets.index(one) for one in chance["target"]])
    ax.vlines(chance["ari"], middles - 0.45, middles + 0.45, color=INK, ls="--", lw=1, label=label("chance", lang))
    ax.set_xlim(min(0.0, frame["low"].min()), 1.12)
    legend(ax, 4)
    return forms.captioned(frame, lang, "ari_note")


def _mean(row: dict[Any, Any]) -> str:
    """A mean with half its interval."""
    scale, digits = (100, 1) if row["measure"].startswith("share_") else (1, 0 if abs(row["value"]) >= 100 else 1)
    value, half = scale * row["value"], scale * (row["high"] - row["low"]) / 2
    if value != value:
        return "–"
    said = f"{value:,.{digits}f}" + ("%" if scale > 1 else "")
    return said if half != half else f"{said}\n±{half:,.{digits}f}"
