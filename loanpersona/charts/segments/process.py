"""Charts of the segments by process, lifecycle and quality: mixes, moves, stays, the funnel (3.1a to 3.1c)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import bars, series_in_words
from loanpersona.charts.heat import heat_map
from loanpersona.charts.plot import drawing
from loanpersona.charts.scales import at_ends, at_right, looks, upright
from loanpersona.charts.style import PAPER, Caption, narrow, percent
from loanpersona.core.words import label, phrase

YEAR = 365


@drawing("segments.mix")
def mix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the segments; over months stacked areas, with the last month at the right."""
    if forms.varies(frame["as_of"]):
        groups = frame.attrs["by"]
        named = frame.assign(group=forms.names_of_rows(frame, groups, lang)) if groups else frame
        return forms.panels(named, ax, lang, "group", _areas, across=2) if groups else _areas(frame, ax, lang)
    result = forms.shares_within(frame, ax, lang, levels=frame.attrs["of"][0])
    if ax.patches:
        ax.set_xlabel(_of_base(frame, lang))
    return result


def _areas(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    by = frame.attrs["of"][0]
    table = frame.pivot_table("share", "as_of", by, observed=False, sort=False).fillna(0.0)
    if table.empty:
        return forms.captioned(frame, lang)
    look = looks(frame[by])
    names = [label(one, lang) for one in table]
    areas = ax.stackplot(table.index, *table.to_numpy().T, labels=names, lw=1, ec=PAPER)
    for one, level in zip(areas, table, strict=True):
        one.set(facecolor=look[level].colour, hatch=look[level].hatch)
    last = frame[frame["as_of"] == frame["as_of"].max()].reset_index(drop=True)
    middles = (last["share"].cumsum() - last["share"] / 2).to_list()
    said = [f"{label(row[by], lang)} {percent(row['share'])}" for row in last.to_dict("records")]
    ax.set(ylim=(0, 1), xlim=(table.index[0], table.index[-1]), ylabel=_of_base(frame, lang))
    upright(ax, percent)
    at_ends(ax, list(zip(last["as_of"], middles, said, strict=True)), lang)
    ax.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=3 if narrow() else 6))  # type: ignore[no-untyped-call]
    return Caption(forms.title(frame, lang), "", forms.all_values(last, lang))


@drawing("segments.matrix")
def matrix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Four panels: where the users, the limits, the balance and the volume lie."""
    *down, across = frame.attrs["of"]
    named = frame.assign(group=forms.names_of_rows(frame, down, lang)) if down else frame
    result = forms.panels(named, ax, lang, "measure", _cells(across) if down else forms.bars, across=2)
    for own in ax.child_axes if not down else ():
        own.set_xlim(0, 1.16)
    ax.set_xlabel(label("share", lang))
    base, since = label(frame["base"].iloc[0], lang), f"{frame['volume_from'].iloc[0]:%Y-%m-%d}"
    return replace(result, note=phrase("matrix_note", lang, base=base, since=since))


def _cells(across: str) -> forms.Draw:
    """A heat map of the groups of rows."""

    def draw(part: pd.DataFrame, ax: Axes, lang: str) -> Caption:
        if part["share"].notna().any():
            heat_map(part, "group", across, ax, lang, "share", percent)
        else:
            ax.set(xticks=[], yticks=[])
            ax.text(0.5, 0.5, label("none_counted", lang), ha="center", transform=ax.transAxes)
        return forms.captioned(part, lang)

    return draw


@drawing("segments.transitions")
def transitions(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map from the segment at the left to the one above; of groups one below the other."""
    groups = [*frame.attrs["by"], "segment"]
    shown = frame.assign(group=forms.names_of_rows(frame, groups, lang))
    result = _cells("segment_after")(shown, ax, lang)
    after = phrase("after_days", lang, days=int(frame["within_days"].iloc[0]))
    ax.set(xlabel=f"{after} · {label(frame['base'].iloc[0], lang)}", ylabel=phrase("before_axis", lang))
    return replace(result, note=phrase("row_note", lang))


@drawing("segments.time_in_segment")
def time_in_segment(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps, a curve a segment with its name at its end; of groups a panel a segment."""
    if frame.attrs["by"]:
        return forms.panels(frame, ax, lang, "segment", forms.curve, across=2)
    result = forms.curve(frame, ax, lang)
    ax.set(ylim=(0, 1.02), xlabel=phrase("months_there_axis", lang), ylabel=phrase("still_there_axis", lang))
    ends = frame[frame["months_there"] <= 12].groupby("segment", sort=False, observed=True).tail(1)
    note = " · ".join(filter(None, [label(frame["base"].iloc[0], lang), result.note]))
    return replace(result, note=note, values=forms.all_values(_like(ends, frame), lang))


@drawing("segments.time_to_first_loan")
def time_to_first_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps that rise as the approved draw, of the first year; a few days as bars."""
    if "at_risk" not in frame:
        return forms.by_keys(frame, ax, lang)
    year = _like(frame[frame["days"] <= YEAR], frame)
    result = forms.curve(year, ax, lang)
    ax.set(ylim=(0, 1.02), xlabel=phrase("approval_days_axis", lang))
    others = [name for name in keys_of(frame) if name != "days"]
    ends = year.groupby(others, sort=False, observed=True).tail(1) if others else year.tail(1)
    return replace(result, values=forms.all_values(_like(ends, frame), lang))


@drawing("segments.funnel")
def funnel(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the registered, with the share of the stage before at the right; of groups the latter alone."""
    parts = forms.parts_of(frame, "counted")
    whole, before = parts["of_registered"], parts["of_stage_before"]
    if frame.attrs["by"]:
        group = forms.names_of_rows(before, frame.attrs["by"], lang)
        result = forms.heat(before.assign(group=group), ax, lang, down="stage", across="group")
        return replace(result, note=f"{label('of_stage_before', lang)} · {result.note}")
    bars(whole, "stage", ax, lang, "registered_axis")
    words, told = series_in_words(frame, "stage", "counted", lang), forms.published_words(whole, lang)
    result = Caption(forms.title(frame, lang), phrase("before_note", lang), words, published=told)
    if narrow():  # the table has the other column
        return result
    ax.annotate(
        label("of_stage_before", lang), (1, 1), (0, 4), "axes fraction", "offset points", ha="right", va="bottom"
    )
    for place, share in enumerate(before["share"]):
        at_right(ax, place, percent(share))
    return result


def _of_base(frame: pd.DataFrame, lang: str) -> str:
    """The base, on the axis: two bases must not be mixed up."""
    return phrase("estimate_of", lang, estimate=label("share", lang), counts=label(frame["base"].iloc[0], lang))


def _like(rows: pd.DataFrame, frame: pd.DataFrame) -> Any:
    """Some rows of a frame, which are still rows of it."""
    rows = rows.reset_index(drop=True)
    rows.attrs = frame.attrs
    return rows
