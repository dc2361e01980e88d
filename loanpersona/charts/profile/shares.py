"""Charts of shares: bars against the population, lines along ages, the age pyramid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from loanpersona.analysis.frame import keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.charts import forms
from loanpersona.charts.drawing import bands, beside_bands, curves, faces, whiskers, within
from loanpersona.charts.layout import Panels, room
from loanpersona.charts.plot import drawing
from loanpersona.charts.profile.compared import ticks, whom, with_population
from loanpersona.charts.published import known
from loanpersona.charts.scales import SERIES, as_seen, beside, finish, legend, named_rows
from loanpersona.charts.style import BASE, INK, PAPER, Caption, narrow, percent
from loanpersona.core.words import label, phrase

SIDES = ((-1, "male"), (1, "female"))
LINES = 4
"""So many levels are told apart as lines."""


@drawing("profile.shares")
def shares(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars, with the population where it is known; lines over groups that have an order; else as the keys ask for."""
    of, by = frame.attrs["of"], frame.attrs["by"]
    if len(of) == 1 and set(frame[of[0]]) <= {"yes", "no"}:
        return _yes(frame[frame[of[0]] == "yes"].reset_index(drop=True), ax, lang)
    frame = largest_first(frame, of[0]) if len(of) == 1 and not by else frame
    if len(frame.attrs["who"]) > 1 and len(of) == 1 and not by:
        return _bases(frame, of[0], ax, lang)
    if "baseline" in frame and len(of) == 1:
        return _against_population(frame, of[0], ax, lang)
    if over := _over(frame):
        return _lines(frame, of[0], over, ax, lang)
    return forms.bars(frame, ax, lang) if len(of) == 1 and not by else forms.by_keys(frame, ax, lang)


@drawing("profile.shares", of="sex age_band")
def pyramid(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The age pyramid: men left, women right, the population as an outline."""
    for (side, sex), look in zip(SIDES, SERIES, strict=False):
        part = frame[frame["sex"] == sex].reset_index(drop=True)
        ax.barh(part.index, side * part["share"], 0.74, color=look.colour, label=label(sex, lang), lw=0)
        outline = side * part["baseline"]
        ax.stairs(outline, np.arange(len(part) + 1) - 0.5, orientation="horizontal", color=BASE, lw=2)
        ax.text(0.5 + 0.48 * side, len(part) - 0.5, label(sex, lang), transform=ax.get_yaxis_transform(), **_at(side))
    [line] = ax.plot([], [], color=BASE, lw=2)
    ages = frame["age_band"].drop_duplicates()
    ax.set_yticks(range(len(ages)), [label(band, lang) for band in ages])
    ax.axvline(0, color=PAPER, lw=1.5)
    finish(ax.xaxis, percent)
    written = ax.xaxis.get_major_formatter()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, at: written(abs(value), at)))
    ax.set_xlabel(forms.axis_title(frame, lang))
    room(ax, len(ages) * 2)
    legend(ax, 1, [line], [whom(frame, lang)])
    return with_population(forms.captioned(frame, lang), frame, keys_of(frame), lang)


def _at(side: int) -> dict[str, Any]:
    return {"ha": "left" if side < 0 else "right", "va": "top", "weight": "bold"}


def _yes(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Of a question with yes and no, the share of yes, by its groups."""
    caption = forms.by_keys(frame, ax, lang) if frame.attrs["by"] else forms.bars(frame, ax, lang)
    title = phrase("share_of_yes", lang, of=within(frame.attrs["of"][0], lang))
    return replace(caption, title=forms.in_groups(title, frame, lang))


def _against_population(frame: pd.DataFrame, of: str, ax: Axes, lang: str) -> Caption:
    """Lying bars, the population as a tick across each."""
    facts, places = known(frame), np.arange(len(frame))
    frame = as_seen(frame, "share")
    whole = float(max(frame["high"].max(), frame["baseline"].max(), *(high for _, high in facts.bands.values())))
    tall = named_rows(ax, [label(str(one), lang) for one in frame[of]], lang)
    bands(facts, ax, lying=True, tall=tall)
    ax.barh(places, frame["share"], tall, **faces(facts, len(frame)))
    whiskers(ax, frame, places)
    ticks(frame, places, ax, lang, 1.3 * tall)
    for place, row in enumerate(frame.to_dict("records")):
        _, high = facts.bands.get(place, (0.0, 0.0))
        _beside_tick(ax, row, place, whole, high)
    beside_bands(facts, frame, ax, lang, "share", percent)
    ax.set_xlim(0, whole * (1.16 if narrow() or not facts.bands else 1.55))
    finish(ax.xaxis, percent)
    ax.set_xlabel(forms.axis_title(frame, lang))
    legend(ax, 1)
    return with_population(forms.captioned(frame, lang), frame, [of], lang)


def _bases(frame: pd.DataFrame, of: str, ax: Axes, lang: str) -> Caption:
    """Bars of each base side by side, the population across them."""
    caption = forms.grouped(frame, ax, lang, by=of, series="who")
    if "baseline" not in frame:
        return caption
    once = frame.drop_duplicates(of)
    ticks(once, np.arange(len(once)), ax, lang, 0.84)
    legend(ax, 4)
    return with_population(caption, once, [of], lang)


def _beside_tick(ax: Axes, row: dict[Any, Any], place: int, whole: float, band: float) -> None:
    """The number behind its bar; where the tick is in its way, inside a bar that is long enough, else behind it."""
    in_the_way = row["high"] - 0.03 * whole < row["baseline"] < row["high"] + 0.12 * whole
    if in_the_way and row["low"] > 0.14 * whole and not band:
        beside(ax, percent(row["share"]), row["low"], place, ha="right", color=PAPER)
    else:
        ends = [row[name] for name in ("high", "baseline") if name == "high" or in_the_way]
        beside(ax, percent(row["share"]), max(*ends, band) if row["n"] else 0, place, color=INK)


def _over(frame: pd.DataFrame) -> str:
    """The grouping that has an order, where lines of a few levels run over it."""
    of = frame.attrs["of"]
    over = [name for name in frame.attrs["by"] if frame[name].cat.ordered]
    return over[0] if len(of) == len(over) == 1 and 2 < frame[of[0]].nunique() <= LINES else ""


def _lines(frame: pd.DataFrame, of: str, over: str, ax: Axes, lang: str) -> Caption:
    """A line a level over the groups that have an order; side by side for the groups of a second column."""
    others = [name for name in keys_of(frame) if name not in {of, over} and forms.varies(frame[name])]
    shown = frame[(frame[over] != EVERYBODY)]
    sides = list(dict.fromkeys(shown[others[0]])) if others else [None]
    inside = Panels(ax, len(sides), gap=0.2) if others else None
    for number, one in enumerate(sides):
        own = inside.axes[number] if inside else ax
        curves(shown[shown[others[0]] == one] if others else shown, over, of, own, lang, "share", forms.writer(frame))
        own.set_ylim(0, 1)
        if inside:
            own.set_xlabel("")
            own.set_title(label(str(one), lang), loc="left", fontweight="bold")
    if inside:
        inside.settle()
    ax.set_ylabel(forms.axis_title(frame, lang))
    ax.set_xlabel(label(over, lang))
    return forms.captioned(shown, lang)


def largest_first(frame: pd.DataFrame, of: str, value: str = "share") -> pd.DataFrame:
    """Many levels without an order, the largest first; everybody stays before and the others behind them."""
    if frame[of].cat.ordered or frame[of].nunique() <= 3:
        return frame
    most = frame.groupby(of, observed=True)[value].max().sort_values(ascending=False, kind="stable").index
    ends = [[one for one in most if one == EVERYBODY], [one for one in most if one == "other_levels"]]
    order = [*ends[0], *(one for one in most if one not in {*ends[0], *ends[1]}), *ends[1]]
    return frame.sort_values(
        of, key=lambda values: values.map(order.index).astype(int), kind="stable", ignore_index=True
    )
