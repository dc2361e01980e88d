"""Charts of the profile: bars against the population, the age pyramid, the map, ordered lines, ranges, lifts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from loanpersona.analysis import baselines
from loanpersona.analysis.frame import keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.charts import forms
from loanpersona.charts.drawing import LINES, SERIES, beside, curves, dots, grouped_dots, legend, two, whiskers, within
from loanpersona.charts.heat import ink
from loanpersona.charts.plot import drawing
from loanpersona.charts.style import BASE, EVIDENCE_INK, INK, PAPER, POP, Caption, percent
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.words import label, phrase
from loanpersona.estimates.shares import LEVEL, wilson

SIDES = ((-1, "male", *SERIES[0]), (1, "female", *SERIES[1]))


def _height(frame: pd.DataFrame) -> float:
    return 4.0 if _over(frame) else forms.height_of(frame)


@drawing("profile.shares", height=_height)
def shares(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars, with the population where it is known; lines over groups that have an order; else as the keys ask for."""
    of, by = frame.attrs["of"], frame.attrs["by"]
    if len(of) == 1 and set(frame[of[0]]) <= {"yes", "no"}:
        return _yes(frame[frame[of[0]] == "yes"].reset_index(drop=True), ax, lang)
    frame = _largest_first(frame, of[0]) if len(of) == 1 and not by else frame
    if len(frame.attrs["who"]) > 1 and len(of) == 1 and not by:
        return _bases(frame, of[0], ax, lang)
    if "baseline" in frame and len(of) == 1:
        return _against_population(frame, of[0], ax, lang)
    if over := _over(frame):
        return _lines(frame, of[0], over, ax, lang)
    return forms.bars(frame, ax, lang) if len(of) == 1 and not by else forms.by_keys(frame, ax, lang)


@drawing("profile.shares", of="sex age_band", height=4.6)
def pyramid(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The age pyramid: men left, women right, the population as an outline."""
    for side, sex, colour, hatch in SIDES:
        part = frame[frame["sex"] == sex].reset_index(drop=True)
        width = side * part["share"]
        ax.barh(part.index, width, 0.8, color=colour, hatch=hatch, edgecolor=PAPER, label=label(sex, lang))
        half = [part["share"] - part["low"], part["high"] - part["share"]][::side]
        ax.errorbar(width, part.index, xerr=half, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5)
        outline = side * part["baseline"]
        ax.stairs(outline, np.arange(len(part) + 1) - 0.5, orientation="horizontal", color=INK, lw=1.4)
    ax.plot([], [], color=INK, lw=1.4, label=_whom(frame, lang))
    bands = frame["age_band"].drop_duplicates()
    ax.set_yticks(range(len(bands)), [label(band, lang) for band in bands])
    ax.axvline(0, color=INK, lw=0.8)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(abs(value))))
    ax.set_xlabel(forms.axis_title(frame, lang))
    legend(ax, 3)
    return forms.captioned(frame, lang)


@drawing("profile.shares", of="province", width=7.6, height=7.6)
def province_map(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A tile a province; shaded are those whose lift is other than one, all provinces together."""
    tiles = catalog.load("tiles")
    here = frame[frame["province"].isin(tiles) & (frame["k"] > 0)]
    if here.empty:
        raise InputError(f"province: nobody lives on the map. {did_you_mean(str(frame['province'].iloc[0]), tiles)}")
    scale, colours = mpl.colors.LogNorm(1 / 4, 4), sns.color_palette("PuOr_r", as_cmap=True)
    for row in here.to_dict("records"):
        down, across, *short = tiles[row["province"]]
        colour = colours(scale(np.clip(row["lift"], 0.25, 4))) if _separates(row, len(here)) else (1.0, 1.0, 1.0, 1.0)
        _tile(ax, int(across), int(down), short[lang == "zh"], row, colour)
    ax.set(xlim=(-0.6, 8.6), ylim=(7.6, -0.6), aspect="equal", xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    shades = mpl.cm.ScalarMappable(scale, colours)
    bar = ax.figure.colorbar(shades, ax=ax, orientation="horizontal", shrink=0.5, aspect=30)
    bar.set_ticks([0.25, 0.5, 1, 2, 4])
    bar.ax.set_xticklabels(["≤1/4", "1/2", "1", "2", "≥4"])
    bar.ax.minorticks_off()
    bar.set_label(f"{phrase('lift_axis', lang)}\n{_whom(frame, lang)}")
    lifts = zip(here["province"], here["lift"], strict=True)
    values = forms.strung((f"{label(one, lang)} {value:.2f}" for one, value in lifts), lang)
    return Caption(phrase("lift_by", lang, of=within("province", lang)), phrase("tile_note", lang), values)


@drawing("profile.spread", height=None)
def spread(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """P10 to P90 thin, P25 to P75 thick, the median as a dot with its interval, and the line `below`."""
    by = frame.attrs["by"]
    if len(by) == 1 and not frame[by[0]].cat.ordered:
        frame = _largest_first(frame, by[0], "p50")
    places = np.arange(len(frame))
    ax.hlines(places, frame["p10"], frame["p90"], color=BASE, lw=1.6)
    ax.hlines(places, frame["p25"], frame["p75"], color=POP, lw=6)
    whiskers(ax, frame, places, "p50", fmt="o", ms=6, color=PAPER, mec=INK, zorder=3)
    names = forms.names_of_rows(frame, keys_of(frame), lang)
    ax.set_yticks(places, names)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(left=0)
    if "below" in frame:
        _line_below(frame, ax, lang)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.set_xlabel(label(frame.attrs["of"][0], lang))
    return forms.captioned(frame, lang, "range_note")


@drawing("profile.lift", height=3.8)
def lift(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots on a logarithmic axis around one; below each trait stands whom it is compared with."""
    frame = frame[frame["lift"].notna()].reset_index(drop=True)
    traits = frame.drop_duplicates("trait").to_dict("records")
    names = [f"{label(row['trait'], lang)}\n{baselines.population(row['compared_with'], lang)}" for row in traits]
    if len(frame.attrs["who"]) > 1:
        grouped_dots(frame, "trait", "who", ax, lang, "lift_axis", "lift", two)
        ax.set_yticks(range(len(names)), names)
    else:
        dots(frame, names, ax, "lift", lambda _: "")
        for place, row in enumerate(traits):
            words = f"{row['lift']:.2f}  ({percent(row['share'])} / {percent(row['baseline'])})"
            beside(ax, words, row["high"], place)
    ax.axvline(1, color=INK, lw=1)
    ax.set_xscale("log")
    # An interval that reaches down to zero has no end on this axis.
    lows = frame.loc[frame["low"] > 0, "low"]
    ax.set_xlim(min([0.7, *(0.8 * lows)]), max(2, frame["high"].max()) * 1.9)
    ax.set_xticks([tick for tick in (0.5, 1, 2, 4, 8) if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]])
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.tick_params(axis="y", labelsize=7.5)
    ax.set_xlabel(phrase("lift_axis", lang))
    return forms.captioned(frame, lang)


def _yes(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Of a question with yes and no, the share of yes, by its groups."""
    caption = forms.by_keys(frame, ax, lang) if frame.attrs["by"] else forms.bars(frame, ax, lang)
    title = phrase("share_of_yes", lang, of=within(frame.attrs["of"][0], lang))
    return replace(caption, title=forms.in_groups(title, frame, lang))


def _against_population(frame: pd.DataFrame, of: str, ax: Axes, lang: str) -> Caption:
    """Lying bars, the population as a tick across each."""
    places = np.arange(len(frame))
    whole = float(max(frame["high"].max(), frame["baseline"].max()))
    ax.barh(places, frame["share"], 0.66, color=POP, label=label(f"who.{frame.attrs['who'][0]}", lang))
    whiskers(ax, frame, places)
    _ticks(frame, places, ax)
    ax.plot([], [], "|", color=INK, ms=8, mew=2.4, label=_whom(frame, lang))
    for place, row in enumerate(frame.to_dict("records")):
        _beside_tick(ax, row, place, whole)
    ax.set_yticks(places, [label(str(one), lang) for one in frame[of]])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(0, whole * 1.14)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    ax.set_xlabel(forms.axis_title(frame, lang))
    legend(ax, 2)
    return forms.captioned(frame, lang)


def _bases(frame: pd.DataFrame, of: str, ax: Axes, lang: str) -> Caption:
    """Bars of each base side by side, the population across them."""
    caption = forms.grouped(frame, ax, lang, by=of, series="who")
    if "baseline" not in frame:
        return caption
    once = frame.drop_duplicates(of)
    _ticks(once, np.arange(len(once)), ax)
    tick = phrase("tick_note", lang, whom=_whom(frame, lang))
    return replace(caption, note=f"{caption.note} · {tick}")


def _ticks(frame: pd.DataFrame, places: Any, ax: Axes) -> None:
    """The population as a tick across the bars of each level."""
    ax.vlines(frame["baseline"], places - 0.4, places + 0.4, color=INK, lw=2.4)


def _beside_tick(ax: Axes, row: dict[Any, Any], place: int, whole: float) -> None:
    """The number behind its bar; where the tick is in its way, inside a bar that is long enough, else behind it."""
    in_the_way = row["high"] - 0.03 * whole < row["baseline"] < row["high"] + 0.12 * whole
    if in_the_way and row["low"] > 0.14 * whole:
        beside(ax, percent(row["share"]), row["low"], place, ha="right", color=PAPER)
    else:
        ends = [row[name] for name in ("high", "baseline") if name == "high" or in_the_way]
        beside(ax, percent(row["share"]), max(ends) if row["n"] else 0, place)


def _over(frame: pd.DataFrame) -> str:
    """The grouping that has an order, where lines of a few levels run over it."""
    of = frame.attrs["of"]
    over = [name for name in frame.attrs["by"] if frame[name].cat.ordered]
    return over[0] if len(of) == len(over) == 1 and 2 < frame[of[0]].nunique() <= len(LINES) else ""


def _lines(frame: pd.DataFrame, of: str, over: str, ax: Axes, lang: str) -> Caption:
    """A line a level over the groups that have an order; side by side for the groups of a second column."""
    others = [name for name in keys_of(frame) if name not in {of, over} and forms.varies(frame[name])]
    shown = frame[(frame[over] != EVERYBODY)]
    sides = list(dict.fromkeys(shown[others[0]])) if others else [None]
    for number, one in enumerate(sides):
        own = forms.panel(ax, number, len(sides)) if others else ax
        curves(shown[shown[others[0]] == one] if others else shown, over, of, own, lang, "share", forms.writer(frame))
        own.set_ylim(0, 1)
        own.set_ylabel("" if number else forms.axis_title(frame, lang))
        if others:
            own.set_xlabel(label(str(one), lang))
            own.tick_params(axis="x", labelsize=7)
        if number and (extra := own.get_legend()):
            extra.remove()
    return forms.captioned(shown, lang)


def _line_below(frame: pd.DataFrame, ax: Axes, lang: str) -> None:
    """The line `below`, and the share of each row below it."""
    line = frame["below"].iloc[0]
    ax.axvline(line, color=EVIDENCE_INK, lw=1.4, ls="--", label=phrase("below_line", lang, below=f"{line:,g}"))
    legend(ax, 1)
    column = [label("share_below", lang), *map(percent, frame["share_below"])]
    for place, words in zip([-0.85, *range(len(frame))], column, strict=True):
        at = ax.annotate(words, (1.01, place), xycoords=("axes fraction", "data"), annotation_clip=False)
        at.set(color=EVIDENCE_INK, va="center")


def _largest_first(frame: pd.DataFrame, of: str, value: str = "share") -> pd.DataFrame:
    """Many levels without an order, the largest first; everybody stays before and the others behind them."""
    if frame[of].cat.ordered or frame[of].nunique() <= 3:
        return frame
    most = frame.groupby(of, observed=True)[value].max().sort_values(ascending=False, kind="stable").index
    ends = [[one for one in most if one == EVERYBODY], [one for one in most if one == "other_levels"]]
    order = [*ends[0], *(one for one in most if one not in {*ends[0], *ends[1]}), *ends[1]]
    return frame.sort_values(
        of, key=lambda values: values.map(order.index).astype(int), kind="stable", ignore_index=True
    )


def _whom(frame: pd.DataFrame, lang: str) -> str:
    return baselines.population(frame["compared_with"].iloc[0], lang)


def _separates(row: dict[Any, Any], rows: int) -> bool:
    """Whether a share is other than that of the population, for certain among so many."""
    low, high = wilson(row["k"], row["n"], 1 - (1 - LEVEL) / rows)
    return not low <= row["baseline"] <= high


def _tile(ax: Axes, across: int, down: int, short: str, row: dict[Any, Any], colour: tuple[float, ...]) -> None:
    square = mpl.patches.Rectangle((across - 0.48, down - 0.48), 0.96, 0.96)
    square.set(facecolor=colour, edgecolor=BASE, lw=0.6)
    ax.add_patch(square)
    texts = [
        (-0.22, 9.5, short),
        (0.07, 9, f"{row['lift']:.2f}"),
        (0.33, 6.5, f"{row['lift_low']:.2f}–{row['lift_high']:.2f}"),
    ]
    for away, size, words in texts:
        ax.text(across, down + away, words, ha="center", va="center", fontsize=size, color=ink(colour))
