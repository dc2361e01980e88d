"""Charts of the segments by process, lifecycle and quality: mixes, moves, stays, the funnel (3.1a to 3.1c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator
from matplotlib.ticker import PercentFormatter

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import bars, legend, series_in_words
from loanpersona.charts.heat import heat_map
from loanpersona.charts.plot import drawing
from loanpersona.charts.style import ALT, BASE, INK, PAPER, POP, Caption, percent
from loanpersona.core.words import label, phrase

AREAS = ((ALT, "///"), ("#a6cee3", ""), (POP, "..."), ("#dddddd", "xxx"), ("#6e6e6e", ""))
"""Colour and hatch of each segment from the newest to the dormant; more segments begin again."""
CURVES = ((ALT, "-"), ("#4fa3d9", "--"), (POP, "-"), (BASE, ":"), (INK, "-."))
APART = 0.1
"""How far texts beside the areas stand apart, of their height."""
YEAR = 365
FEW_ROWS = 6
"""A cell of more rows has no room for its interval."""


def _height(by: str) -> Callable[[pd.DataFrame], float]:
    """Inches for one chart, or for panels of groups two beside one another."""

    def of(frame: pd.DataFrame) -> float:
        groups = frame.attrs["by"]
        panels = len(frame.groupby(by or groups, observed=True)) if groups else 0
        return 2.2 + 1.9 * ((panels + 1) // 2) if panels else 4.2

    return of


@drawing("segments.mix", height=_height(""))
def mix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the segments; over months stacked areas, with the last month at the right."""
    if forms.varies(frame["as_of"]):
        groups = frame.attrs["by"]
        named = frame.assign(group=forms.names_of_rows(frame, groups, lang)) if groups else frame
        return _grid(named, "group", ax, lang, _areas) if groups else _areas(frame, ax, lang)
    result = forms.shares_within(frame, ax, lang, levels=frame.attrs["of"][0])
    if ax.patches:
        ax.set_xlabel(_of_base(frame, lang))
    return result


def _areas(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    by = frame.attrs["of"][0]
    table = frame.pivot_table("share", "as_of", by, observed=False, sort=False).fillna(0.0)
    if table.empty:
        return forms.captioned(frame, lang)
    looks = [AREAS[place % len(AREAS)] for place in range(len(table.columns))]
    names = [label(str(one), lang) for one in table.columns]
    stacked = ax.stackplot(
        table.index, *table.T.to_numpy(), colors=[one for one, _ in looks], lw=0.5, edgecolor=PAPER, labels=names
    )
    for area, (_, hatch) in zip(stacked, looks, strict=True):
        area.set_hatch(hatch)
    last = frame[frame["as_of"] == frame["as_of"].max()].reset_index(drop=True)
    if not frame.attrs["by"]:
        _ends(last, by, ax, lang)
    ax.set(ylim=(0, 1), xlim=(table.index[0], table.index[-1]), ylabel=_of_base(frame, lang))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=6))  # type: ignore[no-untyped-call]
    legend(ax, len(names))
    half = percent((frame["high"] - frame["low"]).max() / 2)
    return Caption(forms.title(frame, lang), phrase("end_note", lang, half=half), forms.all_values(last, lang))


def _ends(last: pd.DataFrame, by: str, ax: Axes, lang: str) -> None:
    """The shares of the last month with their intervals, beside the areas and never on top of one another."""
    middles = (last["share"].cumsum() - last["share"] / 2).to_list()
    for place in range(1, len(middles)):
        middles[place] = max(middles[place], middles[place - 1] + APART)
    above = max(middles[-1] - (1 - APART / 2), 0)
    for middle, row in zip(middles, last.to_dict("records"), strict=True):
        words = f"{label(row[by], lang)} {percent(row['share'])}\n{percent(row['low'])} – {percent(row['high'])}"
        ax.annotate(
            words,
            (row["as_of"], middle - above),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


@drawing("segments.matrix", height=7.0, width=8.8)
def matrix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Four panels: where the users, the limits, the balance and the volume lie."""
    *down, across = frame.attrs["of"]
    named = frame.assign(group=forms.names_of_rows(frame, down, lang)) if down else frame
    result = _grid(named, "measure", ax, lang, _cells(across) if down else forms.bars)
    base, since = label(frame["base"].iloc[0], lang), f"{frame['volume_from'].iloc[0]:%Y-%m-%d}"
    how = phrase("half_note" if down else "interval_note", lang) if len(down) < 2 else ""
    return replace(result, note=" · ".join(filter(None, [phrase("matrix_note", lang, base=base, since=since), how])))


def _grid(frame: pd.DataFrame, by: str, ax: Axes, lang: str, draw: forms.Draw) -> Caption:
    """A panel for each level, two beside one another, with one legend for all."""
    forms.bare(ax)
    parts = forms.parts_of(frame, by)
    rows, names, handles = (len(parts) + 1) // 2, None, None
    for number, (level, part) in enumerate(parts.items()):
        right, below = number % 2, number // 2
        own = ax.inset_axes((0.53 * right, 1 - (below + 1) / rows, 0.47, 0.72 / rows))
        draw(part, own, lang)
        own.set_title(label(level, lang), loc="left")
        own.set(xlabel="", ylabel="" if right else own.get_ylabel())
        own.tick_params(labelsize=7.5)
        if shown := own.get_legend():
            handles = own.get_legend_handles_labels()
            shown.remove()
        ticks = [text.get_text() for text in own.get_yticklabels()]
        if right and ticks == names:
            own.set_yticklabels([])
        names = ticks
    if handles:
        legend(ax, 5, *handles)
    return forms.captioned(frame, lang)


def _cells(across: str) -> forms.Draw:
    """A heat map of the groups of rows; where these are many, the cells have no room for intervals."""

    def draw(part: pd.DataFrame, ax: Axes, lang: str) -> Caption:
        few = part["group"].nunique() <= FEW_ROWS
        halves = (part["high"] - part["low"]) / 2
        texts = [
            percent(share) + (f"\n±{percent(half)}" if few and half == half else "")
            for share, half in zip(part["share"], halves, strict=True)
        ]
        if part["share"].notna().any():
            heat_map(part, "group", across, ax, lang, texts=texts)
        else:
            ax.set(xticks=[], yticks=[])
            ax.text(0.5, 0.5, label("none_counted", lang), ha="center", transform=ax.transAxes)
        return forms.captioned(part, lang)

    return draw


@drawing("segments.transitions", height=4.4, width=8.2)
def transitions(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map from the segment at the left to the one below; of groups one below the other."""
    groups = [*frame.attrs["by"], "segment"]
    shown = frame.assign(group=forms.names_of_rows(frame, groups, lang))
    result = _cells("segment_after")(shown, ax, lang)
    after = phrase("after_days", lang, days=int(frame["within_days"].iloc[0]))
    ax.set(xlabel=after, ylabel=phrase("before_axis", lang))
    return replace(result, note=f"{label(frame['base'].iloc[0], lang)} · {phrase('row_note', lang)}")


@drawing("segments.time_in_segment", height=_height("segment"))
def time_in_segment(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps with their bands, a curve a segment; of groups a panel a segment."""
    if frame.attrs["by"]:
        return _grid(frame, "segment", ax, lang, forms.curve)
    parts = dict(list(frame.groupby("segment", sort=False, observed=True)))
    for place, (segment, part) in enumerate(parts.items()):
        colour, line = CURVES[place % len(CURVES)]
        months = part["months_there"]
        ax.step(months, part["share"], where="post", color=colour, ls=line, lw=1.8, label=label(segment, lang))
        ax.fill_between(months, part["low"], part["high"], step="post", color=colour, alpha=0.2, lw=0)
    ax.set(ylim=(0, 1.02), xlabel=phrase("months_there_axis", lang), ylabel=phrase("still_there_axis", lang))
    ax.set_xlim(left=0)
    _percents(ax)
    legend(ax, len(parts))
    note = f"{label(frame['base'].iloc[0], lang)} · {phrase('band_note', lang)}"
    ends = pd.concat([part[part["months_there"] <= 12].tail(1) for part in parts.values()])
    return Caption(forms.title(frame, lang), note, forms.all_values(_like(ends, frame), lang))


@drawing("segments.time_to_first_loan", height=3.9)
def time_to_first_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps that rise as the approved draw, of the first year; a few days as bars."""
    if "at_risk" not in frame:
        return forms.by_keys(frame, ax, lang)
    result = forms.curve(frame, ax, lang)
    ax.set(xlim=(0, min(YEAR, frame["days"].max())), ylim=(0, 1.02), xlabel=phrase("approval_days_axis", lang))
    _percents(ax)
    others = [name for name in keys_of(frame) if name != "days"]
    year = frame[frame["days"] <= YEAR]
    ends = year.groupby(others, sort=False, observed=True).tail(1) if others else year.tail(1)
    return replace(result, note=phrase("band_note", lang), values=forms.all_values(_like(ends, frame), lang))


@drawing("segments.funnel", width=8.2, height=4.6)
def funnel(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the registered, with the share of the stage before at the right; of groups the latter alone."""
    parts = forms.parts_of(frame, "counted")
    whole, before = parts["of_registered"], parts["of_stage_before"]
    if frame.attrs["by"]:
        group = forms.names_of_rows(before, frame.attrs["by"], lang)
        result = forms.heat(before.assign(group=group), ax, lang, down="stage", across="group")
        return replace(result, note=f"{label('of_stage_before', lang)} · {result.note}")
    bars(whole, "stage", ax, lang, "registered_axis")
    ax.set_ylim(len(whole) - 0.4, -1.4)
    heading = [(-1, label("of_stage_before", lang))]
    for place, words in [*heading, *enumerate(map(percent, before["share"]))]:
        ax.annotate(words, (1.01, place), va="center", xycoords=("axes fraction", "data"), annotation_clip=False)
    words = series_in_words(frame, "stage", "counted", lang)
    return Caption(forms.title(frame, lang), phrase("before_note", lang), words)


def _of_base(frame: pd.DataFrame, lang: str) -> str:
    """The base, on the axis: two bases must not be mixed up."""
    return phrase("estimate_of", lang, estimate=label("share", lang), counts=label(frame["base"].iloc[0], lang))


def _percents(ax: Axes) -> None:
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=True, axis="y")


def _like(rows: pd.DataFrame, frame: pd.DataFrame) -> Any:
    """Some rows of a frame, which are still rows of it."""
    rows = rows.reset_index(drop=True)
    rows.attrs = frame.attrs
    return rows
