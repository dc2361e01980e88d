"""Charts of scores (3.1c, 3.2f, 3.2g): how well they tell good from bad, the scorecard, who is approved how often."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import (
    SERIES,
    beside,
    finish,
    grouped_dots,
    legend,
    two,
    unit_square,
    whiskers,
)
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.style import ALT, BASE, INK, MARKS, PAPER, POP, Caption, percent
from loanpersona.core.words import label, phrase

GAP = 0.7
"""Space between two attributes, in bars."""
AS_TENTHS = 11

entry("credit.score_bands", partial(forms.panels, draw=forms.bars), by="measure")


@drawing("credit.roc", width=6.0, height=5.4)
def roc(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The curve with its band, beside the line of a score that tells nothing."""
    x, y = ([0.0, *frame[name]] for name in ("share_of_good", "share_of_bad"))
    ax.plot([0, 1], [0, 1], color=INK, lw=1, ls="--", label=phrase("chance_legend", lang))
    ax.fill_between(frame["share_of_good"], frame["low"], frame["high"], color=POP, alpha=0.3, lw=0)
    ax.plot(x, y, color=POP, lw=2, label=label(frame.attrs["of"][0], lang))
    unit_square(ax, phrase("refused_good_axis", lang), phrase("refused_bad_axis", lang))
    legend(ax, 2)
    texts = [f"{int(100 * at)}% {percent(float(np.interp(at, x, y)))}" for at in np.arange(1, 10) / 10]
    return Caption(forms.title(frame, lang), phrase("band_note", lang), MARKS[lang].comma.join(texts))


@drawing("credit.ks", height=4.4)
def ks(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The shares of good and bad up to each score, how far apart they are, and KS where that is most."""
    of = keys_of(frame)[0]
    x = frame[of]
    for column, colour, line in (("share_of_good", POP, "-"), ("share_of_bad", ALT, "--")):
        ax.step(x, frame[column], where="post", color=colour, ls=line, lw=1.8, label=label(column, lang))
    ax.fill_between(x, frame["low"].clip(lower=0), frame["high"], step="post", color=BASE, alpha=0.35, lw=0)
    ax.step(x, frame["separation"], where="post", color=INK, ls=":", lw=1.5, label=label("separation", lang))
    most = frame.loc[frame["separation"].idxmax()]
    ax.vlines(most[of], most["share_of_bad"], most["share_of_good"], color=INK, lw=2)
    box = {"fc": PAPER, "ec": "none", "pad": 1}
    beside(ax, f"KS {two(most['separation'])}", most[of], most[["share_of_bad", "share_of_good"]].mean(), 9, bbox=box)
    ax.set(xlabel=label(of, lang), ylabel=phrase("up_to_score_axis", lang), ylim=(0, 1.02))
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, percent)
    legend(ax, 3)
    tenths = frame.iloc[np.linspace(0, len(frame) - 1, min(len(frame), AS_TENTHS)).astype(int)]
    texts = [
        f"{score:g} {percent(good)} / {percent(bad)}"
        for score, good, bad in zip(tenths[of], tenths["share_of_good"], tenths["share_of_bad"], strict=True)
    ]
    return Caption(forms.title(frame, lang), phrase("separation_note", lang), MARKS[lang].comma.join(texts))


@drawing("credit.population_stability", width=8.6, height=3.8)
def population_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Lines of PSI, what chance does as thin lines, and the two lines of the rule."""
    quarters, later = sorted(frame["quarter"].unique()), frame.dropna(subset=["by_chance"])
    for (counted, part), (colour, _), mark in zip(later.groupby("counted"), SERIES, "os", strict=False):
        at, name = [quarters.index(one) for one in part["quarter"]], label(str(counted), lang)
        ax.plot(at, part["psi"], color=colour, marker=mark, ms=5, lw=1.6, label=name)
        ax.plot(at, part["by_chance"], color=colour, lw=0.9, ls="--", label=phrase("by_chance_legend", lang, what=name))
    behind: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
    for name in ("watch", "shifted"):
        line = frame.attrs["assumed"][f"psi_{name}"]
        ax.axhline(line, color=INK, lw=1, ls=":")
        beside(ax, f"{label(name, lang)} {line:.2f}", 1.0, line, **behind)
    ax.set_xticks(range(len(quarters)), quarters, rotation=45, ha="right")
    ax.set_ylim(0, max(0.28, frame[["psi", "by_chance"]].max().max() * 1.06))
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, two)
    ax.set_ylabel(phrase("psi_axis", lang))
    if len(later):
        legend(ax, 4)
    return forms.captioned(frame, lang, "chance_note")


@drawing("credit.scorecard", width=7.4, height=9.2)
def scorecard(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the weight of evidence of every band with its interval, and its points."""
    kinds = list(dict.fromkeys(frame["attribute"]))
    places = np.arange(len(frame)) + GAP * frame["attribute"].map(kinds.index).to_numpy()
    risky = frame["woe"].to_numpy() < 0
    for side, colour, hatch, words in ((risky, ALT, "///", "riskier_legend"), (~risky, POP, "", "safer_legend")):
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": PAPER, "lw": 0}
        ax.barh(places[side], frame["woe"][side], 0.78, label=phrase(words, lang), **look)
    whiskers(ax, frame, places, "woe")
    left, right = min(frame["low"].min() * 1.05, -0.1), frame["high"].max()
    for place, points in zip(places, frame["score_points"], strict=True):
        beside(ax, "–" if pd.isna(points) else f"{points:+d}" if points else "0", right, place)
    ax.axvline(0, color=INK, lw=0.8)
    names = [f"{label(row.attribute, lang)}{MARKS[lang].colon}{label(row.band, lang)}" for row in frame.itertuples()]
    ax.set_yticks(places, names)
    ax.set(ylim=(places[-1] + 0.7, -0.7), xlim=(left, right + 0.12 * (right - left)))
    finish(ax.xaxis, two)
    ax.set_xlabel(phrase("woe_axis", lang))
    legend(ax, 2)
    return forms.captioned(frame, lang, "woe_note")


@drawing("credit.fairness", width=8.0, height=4.6)
def fairness(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of each group's approval rate over that of the largest one, by who decides, and four fifths."""
    known = frame[frame["approval_ratio"].notna()]
    ends = {"approval_ratio_low": "low", "approval_ratio_high": "high"}
    ratios = known.drop(columns=["low", "high"]).rename(columns=ends)
    shown = ratios.assign(
        decided_by="by_" + ratios["decided_by"], group=[_over(frame, row, lang) for row in _rows(known)]
    )
    line = float(frame["line"].iloc[0])
    if len(shown):
        grouped_dots(shown, "group", "decided_by", ax, lang, "ratio_of_rates_axis", "approval_ratio", two)
    for at, style in ((line, "--"), (1, "-"), (1 / line, "--")):
        ax.axvline(at, color=INK, lw=1, ls=style)
    reached = [*shown["low"], *shown["high"], line, 1 / line]
    ax.set_xlim(min(reached) - 0.04, max(reached) + 0.08)
    marks = MARKS[lang]
    values = marks.semicolon.join(
        f"{label(row['decided_by'], lang)}{marks.colon}{row['group']} {two(row['approval_ratio'])}"
        for row in _rows(shown)
    )
    return Caption(forms.title(frame, lang), phrase("ratio_note", lang), values)


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    result: list[dict[Any, Any]] = frame.to_dict("records")
    return result


def _over(frame: pd.DataFrame, row: dict[Any, Any], lang: str) -> str:
    """A group and the largest one of its trait."""
    trait = frame[frame["trait"] == row["trait"]]
    largest = trait.loc[trait["n"].idxmax(), "group"]
    names = {"group": row["group"], "largest": largest}
    return phrase(
        "over_largest", lang, **{which: forms.level_name(row["trait"], one, lang) for which, one in names.items()}
    )
