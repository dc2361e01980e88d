"""Charts of the profile: one per frame of `loanpersona.analysis.profile`."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from loanpersona.analysis import baselines
from loanpersona.charts.drawing import beside, legend
from loanpersona.charts.heat import heat_map, ink
from loanpersona.charts.style import BLUE, GREY, INK, MARKS, ORANGE, RED, Caption, chart, percent, values_in_words
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.words import label, phrase

MIDDLE_AGES = ("25..29", "30..34")
UPPER_TIERS = ("tier1", "new_tier1", "tier2")


@chart(height=2.5)
def plot_borrower_class(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.borrower_class`."""
    _share_bars(frame, "borrower_class", ax, lang)
    return _share_caption(frame, "borrower_class", ["consumer"], lang)


@chart(height=2.7)
def plot_sex(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.sex`, the census marked."""
    _share_bars(frame, "sex", ax, lang, compared_with="sex")
    return _share_caption(frame, "sex", ["male"], lang)


@chart(height=4.0)
def plot_age(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.age`, the census marked."""
    _share_bars(frame, "age_band", ax, lang, compared_with="age_band")
    return _share_caption(frame, "age_band", MIDDLE_AGES, lang, title="age_title")


@chart(height=4.6)
def plot_age_by_sex(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The age pyramid of the frame `profile.age_by_sex`: men left, women right, the census as an outline."""
    for side, sex, colour, hatch in ((-1, "male", BLUE, ""), (1, "female", ORANGE, "///")):
        part = frame[frame["sex"] == sex].reset_index(drop=True)
        ax.barh(
            part.index, side * part["share"], 0.8, color=colour, hatch=hatch, edgecolor="white", label=label(sex, lang)
        )
        _whiskers(ax, part, side)
        edges = np.arange(len(part) + 1) - 0.5
        ax.stairs(side * part["baseline"], edges, orientation="horizontal", color=INK, lw=1.4)
    ax.plot([], [], color=INK, lw=1.4, label=baselines.population("age_band", lang))
    bands = frame["age_band"].drop_duplicates()
    ax.set_yticks(range(len(bands)), [label(band, lang) for band in bands])
    ax.axvline(0, color=INK, lw=0.8)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(abs(value), 0)))
    ax.set_xlabel(phrase("users_axis", lang))
    legend(ax, 3)
    title = phrase("age_by_sex_title", lang)
    words = [values_in_words(part, "age_band", lang) for _, part in frame.groupby("sex", sort=False)]
    named = zip(frame["sex"].unique(), words, strict=True)
    values = MARKS[lang].semicolon.join(f"{label(sex, lang)}{MARKS[lang].colon}{w}" for sex, w in named)
    return Caption(title, phrase("interval_note", lang), values)


@chart(height=2.9)
def plot_region(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.region`, the census marked."""
    _share_bars(frame, "region", ax, lang, compared_with="province")
    return _share_caption(frame, "region", ["southeast_coast"], lang)


@chart(width=7.6, height=7.6)
def plot_province(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A tile-grid map of the frame `profile.province`: a square a province, shaded by its lift."""
    tiles = catalog.load("tiles")
    known = frame[frame["province"].isin(tiles) & (frame["share"] > 0)]
    if known.empty:
        raise InputError(f"province: nobody lives on the map. {did_you_mean(str(frame['province'].iloc[0]), tiles)}")
    scale = mpl.colors.LogNorm(1 / 4, 4)
    colours = sns.color_palette("PuOr_r", as_cmap=True)
    for row in known.itertuples():
        down, across, english, chinese = tiles[row.province]
        colour = colours(scale(np.clip(row.lift, 0.25, 4)))
        _tile(ax, int(across), int(down), chinese if lang == "zh" else english, row, colour)
    ax.set(xlim=(-0.6, 8.6), ylim=(7.6, -0.6), aspect="equal", xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    mappable = mpl.cm.ScalarMappable(scale, colours)
    bar = ax.figure.colorbar(
        mappable, ax=ax, orientation="horizontal", shrink=0.5, aspect=30, ticks=[0.25, 0.5, 1, 2, 4]
    )
    bar.ax.set_xticklabels(["≤1/4", "1/2", "1", "2", "≥4"])
    bar.ax.minorticks_off()
    bar.set_label(phrase("lift_axis", lang))
    first = frame.iloc[0]
    title = phrase("province_title", lang, first=label(str(first["province"]), lang), lift=f"{first['lift']:.1f}")
    return Caption(title, phrase("tile_note", lang), values_in_words(known, "province", lang, "lift"))


@chart(height=3.4)
def plot_city_tier(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.city_tier`."""
    _share_bars(frame, "city_tier", ax, lang)
    return _share_caption(frame, "city_tier", UPPER_TIERS, lang)


@chart(height=3.0)
def plot_education(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.education`."""
    _share_bars(frame, "education", ax, lang)
    return _share_caption(frame, "education", ["junior_secondary", "senior_secondary", "junior_college"], lang)


@chart(width=7.6, height=5.2)
def plot_education_by_occupation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `profile.education_by_occupation`, each share with half its interval."""
    half = (frame["high"] - frame["low"]) / 2
    texts = [f"{percent(s, 0)}\n±{percent(h)}" for s, h in zip(frame["share"], half, strict=True)]
    heat_map(
        frame, "occupation", "education", ax, lang, texts=texts, named=lambda one: fill(label(one, lang), 16), most=0.6
    )
    most = frame.loc[frame.groupby("occupation", observed=True)["share"].idxmax()]
    values = MARKS[lang].comma.join(
        f"{label(row.occupation, lang)}{MARKS[lang].colon}{label(row.education, lang)} {percent(row.share, 0)}"
        for row in most.itertuples()
    )
    return Caption(phrase("education_by_occupation_title", lang), phrase("half_note", lang), values)


@chart(height=4.2)
def plot_occupation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.occupation`."""
    _share_bars(frame, "occupation", ax, lang)
    first = frame.iloc[0]
    named = {"first": label(str(first["occupation"]), lang), "share": percent(first["share"])}
    title = phrase("occupation_title", lang, **named)
    return Caption(title, phrase("interval_note", lang), values_in_words(frame, "occupation", lang))


@chart(height=2.7)
def plot_work(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.work`."""
    _share_bars(frame, "work", ax, lang)
    return _share_caption(frame, "work", ["blue_collar", "small_owner"], lang)


@chart(height=3.0)
def plot_income(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.income`."""
    _share_bars(frame, "income_band", ax, lang)
    return _share_caption(frame, "income_band", list(frame["income_band"][:-1]), lang, title="income_title")


@chart(height=2.7)
def plot_income_below(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.income_below`."""
    _share_bars(frame, "borrower_class", ax, lang)
    ax.set_xlabel(phrase("share_within_axis", lang))
    title = phrase("income_below_title", lang)
    return Caption(title, phrase("interval_note", lang), values_in_words(frame, "borrower_class", lang))


@chart(height=4.4)
def plot_income_by_occupation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Ranges of the frame `profile.income_by_occupation` with the 10,000 CNY line."""
    _ranges(frame, "occupation", ax, lang)
    ax.axvline(10_000, color=RED, lw=1.4, ls="--", label=phrase("ten_thousand", lang))
    legend(ax, 1)
    column = [label("share_below_10000", lang), *map(percent, frame["share_below_10000"])]
    for words, position in zip(column, [-0.85, *frame.index], strict=True):
        ax.annotate(
            words,
            (1.01, position),
            color=RED,
            fontsize=8,
            va="center",
            xycoords=("axes fraction", "data"),
            annotation_clip=False,
        )
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel(phrase("income_axis", lang))
    title = phrase("income_by_occupation_title", lang)
    return Caption(title, phrase("range_note", lang), values_in_words(frame, "occupation", lang, "p50"))


@chart(height=2.7)
def plot_income_stability(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Ranges of the frame `profile.income_stability`."""
    _ranges(frame, "borrower_class", ax, lang)
    ax.set_xlim(left=0)
    ax.set_xlabel(phrase("variation_axis", lang))
    median = frame.set_index("borrower_class")["p50"]
    title = label("income_variation", lang)
    if "owner" in median and median.get("consumer", 0) > 0:  # a lender may know one class only
        title = phrase("income_stability_title", lang, ratio=f"{median['owner'] / median['consumer']:.1f}")
    return Caption(title, phrase("range_note", lang), values_in_words(frame, "borrower_class", lang, "p50"))


@chart(height=2.7)
def plot_bank_credit(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.bank_credit`."""
    _share_bars(frame, "borrower_class", ax, lang)
    ax.set_xlabel(phrase("share_within_axis", lang))
    return _share_caption(frame, "borrower_class", ["everybody"], lang, title="bank_credit_title")


@chart(height=2.7)
def plot_marital_status(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `profile.marital_status`."""
    _share_bars(frame, "marital_status", ax, lang)
    share = frame.set_index("marital_status")["share"]
    named = {"married": percent(share["married"]), "never": percent(share["never_married"])}
    title = phrase("marital_status_title", lang, **named)
    return Caption(title, phrase("interval_note", lang), values_in_words(frame, "marital_status", lang))


@chart(height=4.0)
def plot_marital_by_age_and_sex(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Lines of the frame `profile.marital_by_age_and_sex`: married and never married along the age bands."""
    bands, words = list(frame["age_band"].cat.categories), []
    for sex, colour, marker in (("male", BLUE, "o"), ("female", ORANGE, "s")):
        for status, line in (("married", "-"), ("never_married", "--")):
            part = frame[(frame["sex"] == sex) & (frame["marital_status"] == status)]
            x = [bands.index(band) for band in part["age_band"]]
            ends = [part["share"] - part["low"], part["high"] - part["share"]]
            named = f"{label(sex, lang)}{MARKS[lang].colon}{label(status, lang)}"
            words.append(f"{named} {values_in_words(part, 'age_band', lang)}")
            ax.errorbar(
                x, part["share"], ends, color=colour, marker=marker, ms=4, ls=line, lw=1.5, capsize=2, label=named
            )
    ax.set_xticks(range(len(bands)), [label(band, lang) for band in bands])
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(ylim=(0, 1), xlabel=label("age_years", lang), ylabel=phrase("share_within_axis", lang))
    ax.grid(axis="y")
    legend(ax, 4)
    title = phrase("marital_by_age_and_sex_title", lang)
    return Caption(title, phrase("interval_note", lang), MARKS[lang].semicolon.join(words))


@chart(height=3.2)
def plot_lift(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `profile.lift`: persona against population, on a logarithmic axis around one."""
    asked = frame[frame["n"] > 0]
    frame = asked.sort_values("lift", ascending=False, kind="stable").reset_index(drop=True)
    ends = [frame["lift"] - frame["lift_low"], frame["lift_high"] - frame["lift"]]
    ax.errorbar(frame["lift"], frame.index, xerr=ends, fmt="o", color=BLUE, ecolor=INK, capsize=3)
    for position, row in enumerate(frame.itertuples()):
        words = f"{row.lift:.2f}  ({percent(row.share, 0)} / {percent(row.baseline, 0)})"
        beside(ax, words, row.lift_high, position)
    ax.axvline(1, color=INK, lw=1)
    ax.set_xscale("log")
    # An interval that reaches down to zero has no end on this axis.
    lows = frame.loc[frame["lift_low"] > 0, "lift_low"]
    ax.set_xlim(min([0.7, *(0.8 * lows)]), max(2, frame["lift_high"].max()) * 1.9)
    ax.set_xticks([1, 2, 4] if ax.get_xlim()[1] > 4 else [1, 2], minor=False)
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    rows = zip(frame["trait"], frame["compared_with"], strict=True)
    ax.set_yticks(frame.index, [f"{label(t, lang)}\n{baselines.population(of, lang)}" for t, of in rows], fontsize=7.5)
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlabel(phrase("lift_axis", lang))
    title = phrase("lift_title", lang)
    return Caption(title, phrase("interval_note", lang), values_in_words(frame, "trait", lang, "lift"))


def _share_bars(frame: pd.DataFrame, by: str, ax: Axes, lang: str, compared_with: str | None = None) -> None:
    """Horizontal bars of shares with intervals and numbers; the baseline as a diamond where there is one."""
    positions = np.arange(len(frame))
    ax.barh(positions, frame["share"], 0.66, color=BLUE, label=phrase("users_legend", lang))
    _whiskers(ax, frame)
    base = frame["baseline"].to_numpy() if compared_with is not None else np.zeros(len(frame))
    whole = max(frame["high"].max(), base.max())
    if compared_with is not None:
        ax.plot(
            frame["baseline"],
            positions,
            "D",
            color=ORANGE,
            ms=6,
            mec=INK,
            mew=0.7,
            ls="none",
            label=baselines.population(compared_with, lang),
        )
        legend(ax, 2)
    # The number stands behind its bar; where a baseline is in its way, inside the bar if that is long enough.
    close = (frame["high"] < base) & (base < frame["high"] + 0.12 * whole)
    for row, inside in zip(frame.itertuples(), close & (frame["low"] > 0.12 * whole), strict=True):
        look: dict[str, Any] = {"ha": "right", "color": "white"} if inside else {}
        beside(ax, percent(row.share), row.low if inside else row.high if row.n else 0, row.Index, **look)
    ax.set_yticks(positions, [label(str(one), lang) for one in frame[by]])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(0, whole * 1.14)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    ax.set_xlabel(phrase("users_axis", lang))


def _share_caption(frame: pd.DataFrame, by: str, levels: Sequence[str], lang: str, title: str | None = None) -> Caption:
    """The title says the share of some levels together; the alt text says all."""
    together = float(frame.loc[frame[by].isin(levels), "share"].sum())
    words = phrase(title or f"{by}_title", lang, share=percent(together))
    return Caption(words, phrase("interval_note", lang), values_in_words(frame, by, lang))


def _whiskers(ax: Axes, frame: pd.DataFrame, side: int = 1) -> None:
    """The intervals of the shares, row by row; to the left of zero where `side` is -1."""
    half = [frame["share"] - frame["low"], frame["high"] - frame["share"]]
    at, ends = side * frame["share"], half[::side]
    ax.errorbar(at, np.arange(len(frame)), xerr=ends, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5)


def _ranges(frame: pd.DataFrame, by: str, ax: Axes, lang: str) -> None:
    """P10 to P90 thin, P25 to P75 thick, the median as a dot with its interval."""
    positions = np.arange(len(frame))
    ax.hlines(positions, frame["p10"], frame["p90"], color=GREY, lw=1.6)
    ax.hlines(positions, frame["p25"], frame["p75"], color=BLUE, lw=6)
    half = [frame["p50"] - frame["median_low"], frame["median_high"] - frame["p50"]]
    ax.errorbar(
        frame["p50"], positions, xerr=half, fmt="o", ms=6, color="white", mec=INK, ecolor=INK, capsize=3, zorder=3
    )
    ax.set_yticks(positions, [label(str(one), lang) for one in frame[by]])
    ax.set_ylim(len(frame) - 0.4, -0.6)


def _tile(ax: Axes, across: int, down: int, short: str, row: Any, colour: tuple[float, ...]) -> None:
    ax.add_patch(mpl.patches.Rectangle((across - 0.48, down - 0.48), 0.96, 0.96, color=colour, lw=0))
    letters = ink(colour)
    ax.text(across, down - 0.22, short, ha="center", va="center", fontsize=9.5, color=letters)
    ax.text(across, down + 0.07, f"{row.lift:.2f}", ha="center", va="center", fontsize=9, color=letters)
    ends = f"{row.lift_low:.2f}–{row.lift_high:.2f}"
    ax.text(across, down + 0.33, ends, ha="center", va="center", fontsize=6.5, color=letters)
