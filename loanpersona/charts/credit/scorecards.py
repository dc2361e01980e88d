"""Charts of the scorecard: its bands and points, what it is worth, and who is approved how often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import (
    bars,
    beside,
    caption,
    dots,
    finish,
    grouped_bars,
    grouped_dots,
    legend,
    series_in_words,
    two,
    whiskers,
    whole,
)
from loanpersona.charts.style import BLUE, INK, MARKS, ORANGE, Caption, chart, values_in_words
from loanpersona.core.words import label, phrase

GAP = 0.7
"""Space between two attributes, in bars."""


@chart(width=7.4, height=9.2)
def plot_scorecard(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `credit.scorecard`: weight of evidence of every band with its interval, and its points."""
    kinds = list(dict.fromkeys(frame["attribute"]))
    places = np.arange(len(frame)) + GAP * frame["attribute"].map(kinds.index).to_numpy()
    risky = frame["woe"].to_numpy() < 0
    for side, colour, hatch, words in ((risky, ORANGE, "///", "riskier_legend"), (~risky, BLUE, "", "safer_legend")):
        ax.barh(
            places[side],
            frame["woe"][side],
            0.78,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            lw=0,
            label=phrase(words, lang),
        )
    ends = frame.rename(columns={"woe_low": "low", "woe_high": "high", "low": "rate_low", "high": "rate_high"})
    whiskers(ax, ends, places, "woe")
    right = ends["high"].max()
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        beside(ax, f"{row['score_points']:+d}" if row["score_points"] else "0", right, place)
    ax.axvline(0, color=INK, lw=0.8)
    names = [f"{label(row.attribute, lang)}{MARKS[lang].colon}{label(row.band, lang)}" for row in frame.itertuples()]
    ax.set_yticks(places, names)
    ax.set_ylim(places[-1] + 0.7, -0.7)
    ax.set_xlim(min(ends["low"].min() * 1.05, -0.1), right + 0.12 * (right - ends["low"].min()))
    finish(ax.xaxis, two)
    ax.set_xlabel(phrase("woe_axis", lang))
    legend(ax, 2)
    points = frame.groupby("attribute")["score_points"].agg(["min", "max"])
    widest = (points["max"] - points["min"]).idxmax()
    named = {"least": points["min"][widest], "most": points["max"][widest]}
    written = zip(names, frame["score_points"], strict=True)
    values = MARKS[lang].comma.join(f"{name} {number}" for name, number in written)
    return caption("scorecard", lang, "woe_note", values, attribute=label(widest, lang), **named)


@chart(height=4.0)
def plot_information_value(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `credit.information_value`, with what shuffled outcomes say."""
    bars(frame, "attribute", ax, lang, "information_value", "information_value", written=two)
    places = np.arange(len(frame))
    ax.vlines(frame["chance"], places - 0.42, places + 0.42, color=INK, ls="--", lw=1.2)
    first, values = frame.iloc[0], values_in_words(frame, "attribute", lang, "information_value")
    name = "information_value" if first["information_value"] > first["chance"] else "information_value_none"
    named = {"attribute": label(first["attribute"], lang), "value": two(first["information_value"])}
    return caption(name, lang, "iv_note", values, **named)


@chart(height=3.4)
def plot_score_comparison(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `credit.score_comparison`: Gini and KS of every score."""
    shown = frame.assign(score=frame["score"].replace("repayment_capacity", "hidden_capacity"))
    grouped_bars(shown, "score", "measure", ax, lang, "comparison_axis", "value", two)
    ax.set_xlim(min(0.0, frame["low"].min()), 1.0)
    gini = frame[frame["measure"] == "gini"].set_index("score")["value"].map(two)
    values = series_in_words(shown, "score", "measure", lang, "value", two)
    named = {"card": gini["scorecard"], "score": gini["risk_score"], "capacity": gini.get("repayment_capacity", "")}
    name = "score_comparison" if "repayment_capacity" in gini else "score_comparison_seen"
    return caption(name, lang, "people_note", values, **named)


@chart(height=3.0)
def plot_score_correlation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `credit.score_correlation`."""
    names = [label(one, lang) for one in frame["pair"]]
    dots(frame, names, ax, "spearman", two)
    ax.set_xlim(min(0.0, frame["low"].min()), 1.1)
    ax.set_xlabel(phrase("spearman_axis", lang))
    values = values_in_words(frame, "pair", lang, "spearman")
    found = frame.set_index("pair")["spearman"].map(two)
    name = "score_correlation_taught" if "taught_and_capacity" in found else "score_correlation"
    named = {
        "value": found.iloc[0],
        "card": found.get("scorecard_and_capacity"),
        "taught": found.get("taught_and_capacity"),
    }
    return caption(name, lang, "interval_note", values, **named)


@chart(height=4.4)
def plot_scorecard_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `credit.scorecard_stability` with the least and the greatest of the resamples, and the card."""
    places = np.arange(len(frame))
    whiskers(ax, frame, places, "median_apart", fmt="o", color=BLUE, ms=6, label=phrase("resamples_legend", lang))
    ax.plot(frame["points_apart"], places, "D", mfc="none", color=INK, ms=8, label=phrase("card_legend", lang))
    for place, row in zip(places, frame.to_dict("records"), strict=True):
        beside(ax, whole(row["median_apart"]), max(row["high"], row["points_apart"]), place)
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_yticks(places, [label(one, lang) for one in frame["attribute"]])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(min(0, frame["low"].min()) * 1.1, max(1, frame[["high", "points_apart"]].max().max()) * 1.12)
    finish(ax.xaxis, whole)
    ax.set_xlabel(phrase("points_apart_axis", lang))
    legend(ax, 2)
    named = {name: two(frame[f"rank_{name}"].iloc[0]) for name in ("median", "low", "high")}
    values = values_in_words(frame, "attribute", lang, "median_apart", whole)
    return caption("scorecard_stability", lang, "stability_note", values, **named)


@chart(height=3.2)
def plot_cost_of_leaving_out(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `credit.cost_of_leaving_out`, with what each addition gains."""
    names = [label(f"with_{one}", lang) for one in frame["added"]]
    dots(frame, names, ax, "gini", two)
    for words, row in zip(ax.texts, frame.to_dict("records"), strict=True):
        if row["gain"] == row["gain"]:
            gained = {name: f"{row[name]:+.3f}" for name in ("gain", "gain_low", "gain_high")}
            words.set_text(f"{two(row['gini'])} {phrase('gain_beside', lang, **gained)}")
    ax.set_xlim(min(0.0, frame["low"].min()), frame["high"].max() * 1.9)
    ax.axvline(frame["gini"].iloc[0], color=INK, lw=0.8, ls="--")
    ax.set_xlabel(phrase("gini_axis", lang))
    every = frame.iloc[-1]
    name = "cost_of_leaving_out_some" if every["gain_low"] > 0 else "cost_of_leaving_out"
    values = values_in_words(frame.assign(added="with_" + frame["added"]), "added", lang, "gini")
    return caption(name, lang, "gain_note", values, gain=f"{every['gain']:+.3f}")


@chart(width=8.0, height=4.6)
def plot_approval_ratios(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `credit.approval_ratios`: each group over the largest one, by who decides, and four fifths."""
    known = frame[frame["approval_ratio"].notna()]
    ends = {"approval_ratio_low": "low", "approval_ratio_high": "high"}
    ratios = known.drop(columns=["low", "high"]).rename(columns=ends)
    over = [_over(frame, one, lang) for one in known["group"]]
    shown = ratios.assign(decided_by="by_" + ratios["decided_by"], group=over)
    grouped_dots(shown, "group", "decided_by", ax, lang, "ratio_of_rates_axis", "approval_ratio", two)
    line = frame["line"].iloc[0]
    for at, style in ((line, "--"), (1, "-"), (1 / line, "--")):
        ax.axvline(at, color=INK, lw=1, ls=style)
    reached = [*known["approval_ratio_low"], *known["approval_ratio_high"], line, 1 / line]
    ax.set_xlim(min(reached) - 0.04, max(reached) + 0.08)
    return _ratios_said(known, line, lang)


def _ratios_said(known: pd.DataFrame, line: float, lang: str) -> Caption:
    """The caption: a group below the line, or one that the largest is below the line of, or the one farthest off."""
    ratio = known["approval_ratio"]
    name, at = "approval_ratios", np.log(ratio).abs().idxmax()
    if ratio.min() < line:
        name, at = "approval_ratios_beyond", ratio.idxmin()
    elif ratio.max() > 1 / line:
        name, at = "approval_ratios_above", ratio.idxmax()
    far = known.loc[at]
    marks = MARKS[lang]
    values = marks.semicolon.join(
        f"{label(f'by_{row.decided_by}', lang)}{marks.colon}{label(row.group, lang)} {two(row.approval_ratio)}"
        for row in known.itertuples()
    )
    named = {"group": label(far["group"], lang), "ratio": two(far["approval_ratio"]), "line": two(line)}
    return caption(name, lang, "ratio_note", values, **named)


def _over(frame: pd.DataFrame, group: Any, lang: str) -> str:
    """A group and the largest one of its trait."""
    trait = frame.loc[frame["group"] == group, "trait"].iloc[0]
    largest = frame[(frame["trait"] == trait) & (frame["n"] == frame["n"][frame["trait"] == trait].max())]
    return phrase("over_largest", lang, group=label(group, lang), largest=label(largest["group"].iloc[0], lang))
