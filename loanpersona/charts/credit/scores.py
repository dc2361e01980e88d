"""Charts of scores (3.1c, 3.2f, 3.2g): how well they tell good from bad, the scorecard, who is approved how often."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import grouped_dots, whiskers
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.scales import (
    GROUND,
    SERIES,
    at_ends,
    at_right,
    beside,
    finish,
    legend,
    named_rows,
    sampled,
    thin_ticks,
    two,
    unit_square,
    upright,
)
from loanpersona.charts.style import BASE, INK, MARKS, PAPER, POP, Caption, narrow, percent, wrapped
from loanpersona.core.words import label, phrase

AS_TENTHS = 11

entry("credit.score_bands", partial(forms.panels, draw=forms.bars), by="measure")


@drawing("credit.rank_correlation")
def rank_correlation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A dot a pair of orders, from chance to the same order."""
    result = forms.dots(frame, ax, lang)
    if (frame["spearman"] >= 0).all():
        ax.set_xlim(0, 1.1)
    return result


@drawing("credit.roc")
def roc(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The curve with its band, beside the line of a score that tells nothing."""
    x, y = ([0.0, *frame[name]] for name in ("share_of_good", "share_of_bad"))
    ax.plot([0, 1], [0, 1], color=BASE, lw=1)
    if sampled(frame, "share_of_bad"):
        ax.fill_between(frame["share_of_good"], frame["low"], frame["high"], color=POP, alpha=0.2, lw=0)
    ax.plot(x, y, color=POP, lw=2)
    unit_square(ax, phrase("refused_good_axis", lang), phrase("refused_bad_axis", lang))
    for at, said, look in (
        (0.3, label(frame.attrs["of"][0], lang), "bold"),
        (0.5, wrapped(phrase("chance_legend", lang), lang, 11), "normal"),
    ):
        height = float(np.interp(at, x, y)) if look == "bold" else at
        ax.annotate(said, (at, height), (8, -8), textcoords="offset points", va="top", weight=look, bbox=GROUND)
    texts = [f"{int(100 * at)}% {percent(float(np.interp(at, x, y)))}" for at in np.arange(1, 10) / 10]
    return Caption(forms.title(frame, lang), "", MARKS[lang].comma.join(texts))


@drawing("credit.ks")
def ks(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The shares of good and bad up to each score, how far apart they are, and KS where that is most."""
    of = keys_of(frame)[0]
    x = frame[of]
    ends = []
    for column, look in (("share_of_good", SERIES[0]), ("share_of_bad", SERIES[1])):
        ax.step(x, frame[column], where="post", color=look.colour, ls=look.dash, lw=1.8)
        ends.append((x.iloc[len(x) // 2], float(frame[column].iloc[len(x) // 2]), label(column, lang)))
    most = frame.loc[frame["separation"].idxmax()]
    ax.vlines(most[of], most["share_of_bad"], most["share_of_good"], color=INK, lw=2)
    beside(ax, f"KS {two(most['separation'])}", most[of], most[["share_of_bad", "share_of_good"]].mean(), bbox=GROUND)
    ax.set(xlabel=label(of, lang), ylabel=phrase("up_to_score_axis", lang), ylim=(0, 1.02), xlim=(x.min(), x.max()))
    upright(ax, percent)
    ax.xaxis.set_major_locator(MaxNLocator(4 if narrow() else 8))
    for (at, height, said), side in zip(ends, (-1, 1), strict=True):
        where: dict[str, Any] = {"ha": "right", "va": "bottom"} if side < 0 else {"ha": "left", "va": "top"}
        ax.annotate(said, (at, height), (8 * side, 0), textcoords="offset points", bbox=GROUND, **where)
    tenths = frame.iloc[np.linspace(0, len(frame) - 1, min(len(frame), AS_TENTHS)).astype(int)]
    texts = [
        f"{score:g} {percent(good)} / {percent(bad)}"
        for score, good, bad in zip(tenths[of], tenths["share_of_good"], tenths["share_of_bad"], strict=True)
    ]
    return Caption(forms.title(frame, lang), "", MARKS[lang].comma.join(texts))


@drawing("credit.population_stability")
def population_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Lines of PSI, what chance does as thin lines, and the two lines of the rule."""
    quarters, later = sorted(frame["quarter"].unique()), frame.dropna(subset=["by_chance"])
    ends = []
    for (counted, part), look, mark in zip(later.groupby("counted"), SERIES, "os", strict=False):
        at, name = [quarters.index(one) for one in part["quarter"]], label(str(counted), lang)
        ax.plot(at, part["psi"], color=look.colour, marker=mark, ms=5, lw=1.8)
        ax.plot(at, part["by_chance"], color=look.colour, lw=1, ls="--")
        ends += [(at[-1], float(part["psi"].iloc[-1]), name)]
    for name in ("watch", "shifted"):
        line = frame.attrs["assumed"][f"psi_{name}"]
        ax.axhline(line, color=BASE, lw=1)
        ax.annotate(f"{label(name, lang)} {line:.2f}", (0, line), (2, 3), ("axes fraction", "data"), "offset points")
    thin_ticks(ax, quarters, lang)
    ax.set_ylim(0, max(0.28, frame[["psi", "by_chance"]].max().max() * 1.06))
    upright(ax, two)
    ax.set_ylabel(phrase("psi_axis", lang))
    at_ends(ax, ends, lang)
    return forms.captioned(frame, lang, "chance_note")


@drawing("credit.scorecard")
def scorecard(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the weight of evidence of every band with its interval, and its points."""
    names = [f"{label(row.attribute, lang)}{MARKS[lang].colon}{label(row.band, lang)}" for row in frame.itertuples()]
    places, risky = np.arange(len(frame)), frame["woe"].to_numpy() < 0
    tall = named_rows(ax, names, lang)
    for side, look, words in ((risky, SERIES[1], "riskier_legend"), (~risky, SERIES[0], "safer_legend")):
        own: dict[str, Any] = {"color": look.colour, "hatch": look.hatch, "edgecolor": PAPER, "lw": 0}
        ax.barh(places[side], frame["woe"][side], tall, label=phrase(words, lang), **own)
    whiskers(ax, frame, places, "woe")
    for place, points in zip(places, frame["score_points"], strict=True):
        at_right(ax, place, "–" if pd.isna(points) else f"{points:+d}" if points else "0")
    ax.axvline(0, color=BASE, lw=1)
    finish(ax.xaxis, two)
    ax.set_xlabel(phrase("woe_axis", lang))
    legend(ax, 2)
    return forms.captioned(frame, lang, "woe_note")


@drawing("credit.fairness")
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
        ax.axvline(at, color=BASE, lw=1, ls=style)
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
