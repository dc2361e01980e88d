"""Charts of when they borrow (1.4a to 1.4d): clock and calendar, day by day, around Spring Festival."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.patches import Rectangle

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import bars, columns, published_between
from loanpersona.charts.heat import SHADES, heat_map
from loanpersona.charts.layout import room
from loanpersona.charts.plot import drawing
from loanpersona.charts.published import known
from loanpersona.charts.scales import at_right, legend, one_line, sampled, two, upright
from loanpersona.charts.style import EVIDENCE, EVIDENCE_INK, GRID, INK, MARKS, POP, POP2, Caption, narrow
from loanpersona.core.words import label, phrase


@drawing("habits.timing")
def timing(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns around the line of one; two cells as a heat map; with the lead of a cell, bars of shares."""
    if frame.attrs["by"]:
        return _grouped(frame, ax, lang)
    if len(keys_of(frame)) == 2:
        return _crossed(frame, ax, lang)
    return (_with_lead if "difference" in frame else _around_one)(frame, ax, lang)


def _grouped(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    result = forms.by_keys(frame, ax, lang)
    if ax.lines:
        one_line(ax, lying=True)
    return result


def _around_one(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns from the mean day: up is busier, down is quieter."""
    [key] = keys_of(frame)
    facts = known(frame)
    spoken = facts.rows or set(range(len(frame)))
    result = columns(frame, key, ax, lang, "relative_axis", "relative", two, foot=1.0)
    if not facts.put_in:
        for place, bar in enumerate(result):
            bar.set_facecolor(POP if place in spoken and frame["relative"].iloc[place] >= 1 else POP2)
    ends = frame[["relative", "low", "high"] if sampled(frame, "relative") else ["relative"]]
    told = [abs(end - 1) for ends_of in facts.bands.values() for end in ends_of]
    far = max(float((ends - 1).abs().max(axis=None)), 0.1, *told)
    if facts.told:
        ax.plot([], [], color=EVIDENCE_INK, lw=3, label=facts.told[lang])
        legend(ax, 1)
    ax.set_ylim(max(1 - 1.15 * far, 0), 1 + 1.15 * far)
    ax.set_xlabel(label(key, lang))
    return forms.captioned(frame, lang, "cluster_note")


def _crossed(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    down, across = keys_of(frame)
    heat_map(frame, down, across, ax, lang, "relative", two)
    ax.set_xlabel(label(across, lang))
    ax.set_ylabel(forms.axis_title(frame, lang))
    return forms.captioned(frame, lang, "cell_ratio_note")


def _with_lead(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of shares, the one that leads strong, with its lead over each rival in percentage points."""
    [key] = keys_of(frame)
    shares = frame.assign(low=frame["share_low"], high=frame["share_high"])
    bars(shares, key, ax, lang, "loans_axis")
    ahead = frame["difference"].isna()
    drawn = [one for one in ax.containers if isinstance(one, BarContainer)][-1]
    for bar, first in zip(drawn, ahead, strict=True):
        bar.set_color(POP if first else POP2)
    heading = phrase("lead_of", lang, cell=label(str(frame.loc[ahead, key].iloc[0]), lang))
    ax.annotate(heading, (1, 1), (0, 4), "axes fraction", "offset points", va="bottom", ha="right")
    for place, row in enumerate(frame.itertuples()):
        if row.difference == row.difference:
            at_right(ax, place, _points(row, lang))
    return forms.captioned(frame, lang, "lead_note")


def _points(row: Any, lang: str) -> str:
    """A lead in percentage points with its interval."""
    value, low, high = (f"{100 * one:.1f}" for one in (row.difference, row.difference_low, row.difference_high))
    return phrase("percentage_points", lang, value=f"{value} ({low} – {high})")


@drawing("habits.originations")
def originations(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Days as a calendar: a block a year, a column a week, a square a day; weeks and months as lines."""
    if "weekday" in frame and not frame.attrs["by"]:
        return _calendar(frame, ax, lang)
    result = forms.curve(frame, ax, lang)
    ax.set_ylim(bottom=0)
    return replace(result, note=phrase("count_note", lang))


def _calendar(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    days = frame["begins"].dt
    years = list(dict.fromkeys(days.year))
    across = (days.day_of_year - 1 + (days.day_of_week - days.day_of_year + 1) % 7) // 7
    down = days.year.map({year: 8 * place for place, year in enumerate(years)}) + days.day_of_week
    grid = np.full((8 * len(years), 54), np.nan)
    grid[down, across] = frame["loans"]
    most = max(frame["loans"].max(), 1)
    ax.pcolormesh(np.ma.masked_invalid(grid), cmap=SHADES, vmin=0, vmax=most)
    first = frame["spring_festival"].fillna(False).astype(bool)
    for x, y in zip(across[first], down[first], strict=True):
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, ec=INK, lw=2))
    _calendar_axes(ax, years, lang)
    totals = [f"{year} {frame.loc[days.year == year, 'loans'].sum():,}" for year in years]
    note = f"{phrase('calendar_note', lang)} · {phrase('calendar_bar', lang)}{MARKS[lang].colon}0–{most:,}"
    return Caption(label("habits.originations", lang), note, MARKS[lang].comma.join(totals))


def _calendar_axes(ax: Axes, years: list[int], lang: str) -> None:
    months = range(1, 13, 3 if narrow() else 1)
    starts = [pd.Timestamp(2023, month, 1).day_of_year / 7 for month in months]
    ax.set_xticks(starts, [label(str(month), lang) for month in months], ha="left")
    names = ((0.5, label("monday.short", lang)), (3.5, ""), (6.5, label("sunday.short", lang)))
    room(ax, 8 * len(years) * 0.7)
    rows = [(8 * place + at, words or str(year)) for place, year in enumerate(years) for at, words in names]
    ax.set_yticks([at for at, _ in rows], [words for _, words in rows])
    ax.set_ylim(8 * len(years) - 1, 0)
    ax.grid(visible=False)
    ax.plot([], [], "s", mfc="none", mec=INK, mew=2, ls="none", label=phrase("festival_legend", lang))
    legend(ax, 1)
    ax.set_xlabel(phrase("month_axis", lang))


@drawing("habits.festival")
def festival(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Weeks as a line with its band, the month after the festival shaded; years as dots around one."""
    if "year" in frame:
        if frame.attrs["by"]:
            return forms.by_keys(frame, ax, lang)
        return replace(forms.dots(frame, ax, lang, line=1), note=phrase("festival_note", lang))
    if frame.attrs["by"]:
        result = forms.curve(frame, ax, lang)
    else:
        ax.axvspan(1 / 7 - 0.5, 31 / 7 - 0.5, color=GRID, lw=0, zorder=0)
        if sampled(frame, "rate_ratio"):
            ax.fill_between(frame["week"], frame["low"], frame["high"], color=POP, alpha=0.2, lw=0)
        ax.plot(frame["week"], frame["rate_ratio"], color=POP, marker="o", ms=4, lw=1.6)
        ax.set(ylabel=forms.axis_title(frame, lang), xticks=frame["week"][:: 4 if narrow() else 2])
        for place, (low, high) in known(frame).bands.items():
            week = float(frame["week"].iloc[place])
            ax.bar(week, high - low, 0.8, low, color=EVIDENCE, lw=0)
            said = published_between(low, high, lang, two)
            ax.annotate(said, (week - 0.6, low), ha="right", va="bottom", color=EVIDENCE_INK)
        result = forms.captioned(frame, lang)
    one_line(ax, lying=True)
    ax.set_ylim(bottom=0)
    upright(ax, two)
    ax.set_xlabel(phrase("week_axis", lang))
    return replace(result, note=phrase("band_note" if frame.attrs["by"] else "festival_band_note", lang))
