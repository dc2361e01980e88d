"""Charts of the three segmentations crossed, and of groups that were learned beside those that were stated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from loanpersona.charts.drawing import (
    beside,
    caption,
    dots,
    finish,
    grouped_bars,
    legend,
    series_in_words,
    two,
    whiskers,
)
from loanpersona.charts.heat import ink
from loanpersona.charts.style import BLUE, INK, MARKS, ORANGE, Caption, chart, percent
from loanpersona.core.words import label, phrase

SHADES = (("#08306b", ""), ("#2f7fbc", "///"), ("#9dc4e0", ""), ("#dbe9f5", "..."), (ORANGE, "xx"), ("#ffffff", ""))
"""Shade and hatch of each tier, the best first, and of those without a score."""
LEAST, NARROW = 0.018, 0.06
"""Cells below this share of a mosaic, or in a column below that, are too small for a number."""
UNNAMED = 0.01
"""Columns below this share are too narrow for a name."""


@chart(width=7.4, height=4.8)
def plot_crossed(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Mosaic of the frame `segments.crossed`: a column a process segment, the approved split by lifecycle."""
    names = list(dict.fromkeys(zip(frame["process"], frame["lifecycle"], strict=True)))
    parts = [frame[(frame["process"] == process) & (frame["lifecycle"] == state)] for process, state in names]
    words = [label(state if process == "approved" else process, lang) for process, state in names]
    tiers = _tiers(frame)
    ticks = _mosaic(parts, words, tiers, ax, 0.0)
    ax.set_xticks(list(ticks), list(ticks.values()), rotation=38, ha="right", rotation_mode="anchor")
    ax.set(xlim=(-0.002, 1.002), ylim=(0, 1), xlabel=phrase("mosaic_axis", lang))
    _tier_legend(tiers, ax, lang)
    shares = frame.groupby("process")["share"].sum()
    said = {name: percent(shares.get(name, 0.0)) for name in ("incomplete", "approved", "rejected")}
    values = _cells(frame, ["process", "lifecycle", "quality"], lang)
    return caption("crossed", lang, "mosaic_note", values, **said)


@chart(width=7.4, height=4.8)
def plot_crossed_approved(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Two mosaics of the frame `segments.crossed_approved`: of users, and of the volume of twelve months."""
    tiers, states = _tiers(frame), list(dict.fromkeys(frame["lifecycle"]))
    ticks: dict[float, str] = {}
    words = [label(state, lang) for state in states]
    for place, measure in enumerate(("of_users", "of_year_volume")):
        part = frame[frame["measure"] == measure]
        ticks |= _mosaic([part[part["lifecycle"] == state] for state in states], words, tiers, ax, 1.08 * place)
        ax.text(1.08 * place, 1.025, label(measure, lang), fontsize=9)
    ax.set_xticks(list(ticks), list(ticks.values()), rotation=38, ha="right", rotation_mode="anchor")
    ax.set(xlim=(-0.004, 2.084), ylim=(0, 1.08), xlabel=phrase("states_axis", lang))
    _tier_legend(tiers, ax, lang)
    sums = frame.groupby(["measure", "lifecycle"], sort=False)["share"].sum()
    state = sums["of_year_volume"].idxmax()
    named = {"users": percent(sums["of_users"][state]), "volume": percent(sums["of_year_volume"][state])}
    values = _cells(frame, ["measure", "lifecycle", "quality"], lang)
    return caption("crossed_approved", lang, "mosaic_note", values, state=label(state, lang), **named)


@chart(height=3.9)
def plot_choice_of_k(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `segments.choice_of_k`: the silhouette, and beside it what is left inside the groups."""
    places = np.arange(len(frame))
    whiskers(ax, frame, places, "silhouette", fmt="o", color=BLUE, ms=6, label=label("silhouette", lang))
    ax.plot(
        frame["share_within"],
        places,
        ls=":",
        marker="s",
        mfc="white",
        color=INK,
        lw=1,
        ms=5,
        label=phrase("within_legend", lang),
    )
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        beside(ax, two(row["silhouette"]), min(row["low"], row["share_within"]), place, ha="right")
    ax.set_yticks(places, [phrase("groups_of", lang, k=k) for k in frame["n_clusters"]])
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlim(min(0.0, frame["low"].min()) - 0.05, 1)
    finish(ax.xaxis, two)
    ax.set_xlabel(phrase("silhouette_axis", lang))
    legend(ax, 2)
    best = frame[frame["chosen"]].iloc[0]
    values = MARKS[lang].comma.join(
        f"{phrase('groups_of', lang, k=row.n_clusters)} {two(row.silhouette)}" for row in frame.itertuples()
    )
    named = {"k": int(best["n_clusters"]), "value": two(best["silhouette"])}
    return caption("choice_of_k", lang, "silhouette_note", values, **named)


@chart(width=7.4, height=4.6)
def plot_cluster_profiles(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Cells of the frame `segments.cluster_profiles`: each mean, shaded by how far it lies from everybody's."""
    groups, measures = list(dict.fromkeys(frame["cluster"])), list(dict.fromkeys(frame["measure"]))
    far = frame["relative_to_all"].to_numpy(float).reshape(len(measures), len(groups))
    mesh = ax.pcolormesh(np.nan_to_num(far), cmap="PuOr", vmin=-2.5, vmax=2.5, edgecolor="white", lw=1)
    cells = zip(frame.itertuples(), mesh.to_rgba(np.nan_to_num(far).ravel()), strict=True)
    for number, (row, ground) in enumerate(cells):
        down, across = divmod(number, len(groups))
        ax.text(across + 0.5, down + 0.5, _profile(row), ha="center", va="center", fontsize=8, color=ink(ground))
    ax.set_xticks(np.arange(len(groups)) + 0.5, [phrase("group_number", lang, group=group) for group in groups])
    ax.set_yticks(np.arange(len(measures)) + 0.5, [label(measure, lang) for measure in measures])
    ax.set_ylim(len(measures), 0)
    ax.grid(visible=False)
    ax.set_xlabel(phrase("profile_axis", lang))
    share = frame[frame["cluster"] == groups[0]].set_index("measure")["value"]
    values = MARKS[lang].semicolon.join(
        f"{label(measure, lang)}{MARKS[lang].colon}"
        + MARKS[lang].comma.join(_mean(row) for row in frame[frame["measure"] == measure].itertuples())
        for measure in measures
    )
    named = {"users": percent(share["share_of_users"]), "amount": percent(share["share_of_amount"])}
    return caption("cluster_profiles", lang, "profile_note", values, **named)


@chart(height=3.9)
def plot_cluster_agreement(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.cluster_agreement`: found, with as many groups, a taught one; a line for chance."""
    targets = list(dict.fromkeys(frame["target"]))
    grouped_bars(frame[frame["measure"] != "chance"], "target", "measure", ax, lang, "ari_axis", "ari", two)
    chance = frame[frame["measure"] == "chance"]
    middles = np.array([targets.index(one) for one in chance["target"]])
    ax.vlines(chance["ari"], middles - 0.45, middles + 0.45, color=INK, ls="--", lw=1, label=label("chance", lang))
    ax.set_xlim(min(0.0, frame["low"].min()), 1.12)
    legend(ax, 4)
    first = frame[frame["target"] == targets[0]].set_index("measure")
    name = "cluster_agreement_near" if first["near_best"]["found"] else "cluster_agreement"
    values = series_in_words(frame, "measure", "target", lang, "ari", two)
    named = {"found": two(first["ari"]["found"]), "best": two(first["ari"]["best"])}
    return caption(name, lang, "ari_note", values, target=label(targets[0], lang), **named)


@chart(height=3.6)
def plot_cluster_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `segments.cluster_stability` with the least and the greatest of the resamples."""
    names = [phrase("groups_of", lang, k=k) for k in frame["n_clusters"]]
    dots(frame, names, ax, "median_ari", two)
    ax.set_xlim(min(0.0, frame["low"].min()), 1.09)
    ax.set_xlabel(phrase("stability_axis", lang))
    best = frame.loc[frame["median_ari"].idxmax()]
    others = int((frame["high"] >= best["low"]).sum()) - 1
    values = MARKS[lang].comma.join(f"{a} {two(b)}" for a, b in zip(names, frame["median_ari"], strict=True))
    named = {"k": int(best["n_clusters"]), "value": two(best["median_ari"])}
    name = "cluster_stability_alike" if others > 0 else "cluster_stability"
    return caption(name, lang, "stability_note", values, **named, others=others)


def _mosaic(
    parts: Sequence[pd.DataFrame], words: Sequence[str], tiers: Sequence[str], ax: Axes, start: float
) -> dict[float, str]:
    """Columns as wide as the share of each part, cut by its tiers; the places and names of those that bear one."""
    edges = [start + float(one) for one in np.cumsum([0.0, *(part["share"].fillna(0).sum() for part in parts)])]
    for part, (left, right) in zip(parts, pairwise(edges), strict=True):
        share = part.set_index("quality")["share"].reindex(tiers).fillna(0.0)
        heights = share / (right - left) if right > left else share
        feet = heights.cumsum() - heights
        for tier, foot, height in zip(tiers, feet, heights, strict=True):
            colour, hatch = _look(tier, tiers)
            ax.add_patch(Rectangle((left, foot), right - left, height, fc=colour, ec="white", hatch=hatch, lw=0))
            ax.add_patch(Rectangle((left, foot), right - left, height, fill=False, ec=INK, lw=0.6))
            if share[tier] >= LEAST and right - left >= NARROW:
                ax.text(
                    (left + right) / 2,
                    foot + height / 2,
                    percent(share[tier]),
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color=INK,
                    bbox={"fc": "white", "ec": "none", "pad": 1.2},
                )
    ax.grid(visible=False)
    ax.set_yticks([])
    sides = zip(words, pairwise(edges), strict=True)
    return {
        (left + right) / 2: f"{word} {percent(right - left)}"
        for word, (left, right) in sides
        if right - left >= UNNAMED
    }


def _look(tier: str, tiers: Sequence[str]) -> tuple[str, str]:
    return SHADES[-1] if tier == "no_score" else SHADES[tiers.index(tier)]


def _tier_legend(tiers: Sequence[str], ax: Axes, lang: str) -> None:
    marks = []
    for tier in tiers:
        colour, hatch = _look(tier, tiers)
        marks.append(Patch(fc=colour, ec=INK, hatch=hatch, lw=0.6, label=label(tier, lang)))
    ax.legend(
        handles=marks,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=6,
        borderaxespad=0.2,
        borderpad=0.2,
        columnspacing=1.2,
    )


def _tiers(frame: pd.DataFrame) -> list[str]:
    """The tiers in the order of their segments, whoever has no score last."""
    found = list(dict.fromkeys(frame["quality"]))
    return [*(tier for tier in found if tier != "no_score"), *(["no_score"] if "no_score" in found else [])]


def _cells(frame: pd.DataFrame, keys: Sequence[str], lang: str) -> str:
    marks = MARKS[lang]
    return marks.semicolon.join(
        f"{marks.comma.join(label(row[key], lang) for key in keys)} {percent(row['share'])}"
        for row in frame.to_dict("records")
    )


def _profile(row: Any) -> str:
    """A mean with half its interval."""
    half = (row.high - row.low) / 2
    if half != half:
        return _mean(row)
    return f"{_mean(row)}\n±{100 * half:.1f}" if row.measure.startswith("share_") else f"{_mean(row)}\n±{_number(half)}"


def _mean(row: Any) -> str:
    return percent(row.value) if row.measure.startswith("share_") else _number(row.value)


def _number(value: float) -> str:
    return "–" if value != value else f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
