"""Charts of credit risk (3.1c, 3.2g): the score, the tiers, and loans as they age."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import SERIES, bars, caption, dots, finish, legend, series_in_words, two, unit_square
from loanpersona.charts.style import BLUE, GREY, INK, MARKS, ORANGE, Caption, chart, percent
from loanpersona.core import catalog
from loanpersona.core.words import label, phrase

HIGH_SCORE = 500
ENOUGH = 30
"""Borrowers in a band whose bad rate is drawn."""
REFUSED_GOOD = 0.20
"""The share of good borrowers that a cut-off is shown for."""


@chart(width=8.2, height=4.2)
def plot_score_distribution(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns of the good and the bad by score, and a line of the bad rate, of `credit.score_distribution`."""
    series = {measure: part.reset_index(drop=True) for measure, part in frame.groupby("measure")}
    places = np.arange(len(series["of_good"]))
    for measure, (colour, hatch), away in zip(("of_good", "of_bad"), SERIES, (-0.2, 0.2), strict=False):
        part = series[measure]
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "white", "lw": 0}
        ax.bar(places + away, part["share"], 0.4, label=label(measure, lang), **look)
        _upright(ax, part, places + away, fmt="none")
    rate = series["bad_rate"]
    enough = rate["n"] >= ENOUGH
    _upright(
        ax,
        rate[enough],
        places[enough],
        fmt="D-",
        color=INK,
        ms=4,
        lw=1.2,
        label=phrase("bad_rate_legend", lang, enough=ENOUGH),
    )
    ax.set_xticks(places, [label(band, lang) for band in rate["score_band"]])
    ax.set(xlabel=phrase("score_axis", lang), ylabel=label("share", lang))
    shown = frame[(frame["measure"] != "bad_rate") | (frame["n"] >= ENOUGH)]
    _percent_upright(ax, shown["high"].max() * 1.06)
    legend(ax, 3)
    high = {
        measure: part.loc[part["score_band"].map(_start) >= HIGH_SCORE, "share"].sum()
        for measure, part in series.items()
    }
    named = {"good": percent(high["of_good"]), "bad": percent(high["of_bad"])}
    words = series_in_words(frame, "score_band", "measure", lang)
    return caption("score_distribution", lang, "people_note", words, **named)


@chart(width=7.2, height=4.4)
def plot_ks_curve(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The cumulative curves of `credit.ks_curve`, their difference with its band, and KS where it is greatest."""
    x = frame["risk_score"]
    for column, colour, line in (("share_of_good", BLUE, "-"), ("share_of_bad", ORANGE, "--")):
        ax.step(x, frame[column], where="post", color=colour, ls=line, lw=1.8, label=label(column, lang))
    ax.fill_between(x, frame["low"].clip(lower=0), frame["high"], step="post", color=GREY, alpha=0.35, lw=0)
    ax.step(x, frame["separation"], where="post", color=INK, ls=":", lw=1.5, label=label("separation", lang))
    most = frame.loc[frame["separation"].idxmax()]
    ax.vlines(most["risk_score"], most["share_of_bad"], most["share_of_good"], color=INK, lw=2)
    words = f"KS {two(most['separation'])}"
    ax.annotate(
        words,
        (most["risk_score"], (most["share_of_bad"] + most["share_of_good"]) / 2),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=9,
        va="center",
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )
    ax.set(xlabel=phrase("score_axis", lang), ylabel=phrase("up_to_score_axis", lang))
    _percent_upright(ax, 1.02)
    legend(ax, 3)
    named = {
        "ks": two(most["separation"]),
        "score": int(most["risk_score"]),
        "good": percent(most["share_of_good"]),
        "bad": percent(most["share_of_bad"]),
    }
    tenths = frame.iloc[np.linspace(0, len(frame) - 1, min(len(frame), 11)).astype(int)]
    told = [
        f"{int(row.risk_score)} {percent(row.share_of_good)} / {percent(row.share_of_bad)}"
        for row in tenths.itertuples()
    ]
    return caption("ks_curve", lang, "separation_note", MARKS[lang].comma.join(told), **named)


@chart(width=6.0, height=5.4)
def plot_roc(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The ROC curve of `credit.roc` with its band, and a cut-off that refuses a fifth of the good at most."""
    x, y = ([0.0, *frame[name]] for name in ("share_of_good", "share_of_bad"))
    ax.plot([0, 1], [0, 1], color=INK, lw=1, ls="--", label=phrase("chance_legend", lang))
    ax.fill_between(frame["share_of_good"], frame["low"], frame["high"], color=BLUE, alpha=0.3, lw=0)
    ax.plot(x, y, color=BLUE, lw=2, label=label("risk_score", lang))
    few = frame[frame["share_of_good"] <= REFUSED_GOOD]
    cut = few.iloc[-1] if len(few) else frame.iloc[0]
    ax.plot(cut["share_of_good"], cut["share_of_bad"], "o", color=ORANGE, mec=INK, ms=7)
    unit_square(ax, phrase("refused_good_axis", lang), phrase("refused_bad_axis", lang))
    legend(ax, 2)
    named = {"score": int(cut["cut_score"]), "good": percent(cut["share_of_good"]), "bad": percent(cut["share_of_bad"])}
    told = [f"{int(100 * at)}% {percent(np.interp(at, x, y))}" for at in np.arange(1, 10) / 10]
    return caption("roc", lang, "band_note", MARKS[lang].comma.join(told), **named)


@chart(height=2.4)
def plot_discrimination(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `credit.discrimination`."""
    names = [label(measure, lang) for measure in frame["measure"]]
    dots(frame, names, ax, "value", two)
    ax.set_xlim(min(0, frame["low"].min() * 1.1), 1.1)
    ax.set_xlabel(phrase("discrimination_axis", lang))
    value = frame.set_index("measure")["value"].map(two)
    words = MARKS[lang].comma.join(f"{name} {one}" for name, one in zip(names, value, strict=True))
    return caption("discrimination", lang, "people_note", words, gini=value["gini"], ks=value["ks"])


@chart(height=4.0)
def plot_calibration(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the bad rate of `credit.calibration`; diamonds are what a logistic curve expects."""
    bars(frame, "score_band", ax, lang, "bad_rate_axis")
    ax.containers[0].set_label(phrase("observed_legend", lang))
    ax.plot(
        frame["share_expected"],
        frame.index,
        "D",
        color=ORANGE,
        ms=6,
        mec=INK,
        mew=0.7,
        ls="none",
        label=phrase("expected_legend", lang),
    )
    for number, expected in zip(ax.texts, frame["share_expected"], strict=True):
        # A number stands behind the diamond too.
        number.xy = (max(number.xy[0], expected), number.xy[1])  # type: ignore[attr-defined]
    legend(ax, 2)
    ax.set_ylabel(label("score_band", lang))
    inside = int(frame["share_expected"].between(frame["low"], frame["high"]).sum())
    words = MARKS[lang].comma.join(
        f"{label(row.score_band, lang)} {percent(row.share)} / {percent(row.share_expected)}"
        for row in frame.itertuples()
    )
    return caption("calibration", lang, "people_note", words, inside=inside, of=len(frame))


@chart(width=8.6, height=3.8)
def plot_score_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Lines of PSI of `credit.score_stability`, what chance does as thin lines, and the two lines of the rule."""
    quarters = sorted(frame["quarter"].unique())
    later = frame.dropna(subset=["by_chance"])
    for (counted, part), (colour, _), mark in zip(later.groupby("counted"), SERIES, "os", strict=False):
        at, name = [quarters.index(one) for one in part["quarter"]], label(str(counted), lang)
        ax.plot(at, part["psi"], color=colour, marker=mark, ms=5, lw=1.6, label=name)
        ax.plot(at, part["by_chance"], color=colour, lw=0.9, ls="--", label=phrase("by_chance_legend", lang, what=name))
    rule = catalog.load("credit")["stability_reading"]
    for name, key in (("watch", "watch_from"), ("shifted", "shifted_from")):
        ax.axhline(float(rule[key]), color=INK, lw=1, ls=":")
        ax.annotate(
            f"{label(name, lang)} {rule[key]}",
            (1.01, float(rule[key])),
            fontsize=8,
            va="center",
            xycoords=("axes fraction", "data"),
            annotation_clip=False,
        )
    ax.set_xticks(range(len(quarters)), quarters, rotation=45, ha="right")
    ax.set_ylim(0, max(0.28, frame[["psi", "by_chance"]].max().max() * 1.06))
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, two)
    ax.set_ylabel(phrase("psi_axis", lang))
    if len(later):
        legend(ax, 4)
    beyond = int((later["psi"] > later["by_chance"]).sum())
    words = MARKS[lang].semicolon.join(
        f"{label(str(counted), lang)}{MARKS[lang].colon}"
        + MARKS[lang].comma.join(f"{row.quarter} {two(row.psi)}" for row in part.itertuples())
        for counted, part in frame.groupby("counted")
    )
    name = "score_stability_shifted" if beyond else "score_stability"
    return caption(name, lang, "chance_note", words, **({"count": beyond, "of": len(later)} if beyond else {}))


def _upright(ax: Axes, frame: pd.DataFrame, places: Any, **look: Any) -> None:
    """The shares of the rows with their intervals, standing."""
    ends = [frame["share"] - frame["low"], frame["high"] - frame["share"]]
    ax.errorbar(places, frame["share"], yerr=ends, ecolor=INK, elinewidth=1, capsize=2, **look)


def _percent_upright(ax: Axes, most: float) -> None:
    ax.set_ylim(0, most)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, percent)


def _start(band: str) -> int:
    return int(band.partition("..")[0])
