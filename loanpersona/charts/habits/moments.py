"""Charts of when they borrow (1.4a to 1.4d): clock and calendar, day by day, around Spring Festival."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import bars, columns, legend, one_line, two
from loanpersona.charts.heat import heat_map
from loanpersona.charts.plot import drawing
from loanpersona.charts.style import ALT, BASE, INK, MARKS, PAPER, POP, Caption, percent
from loanpersona.core.words import label, phrase

FEW = 10
"""Up to so many columns there is room for their numbers."""


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
    key = keys_of(frame)[0]
    columns(frame, key, ax, lang, "relative_axis", "relative", two)
    one_line(ax, lying=True)
    for place, value in enumerate(frame["relative"]) if len(frame) < FEW else ():
        # At the foot of the bar, where the line of one does not cross it.
        colour = PAPER if value > 0.3 else INK
        ax.annotate(two(value), (place, 0), (0, 18), textcoords="offset points", ha="center", color=colour)
    ax.set_xlabel(label(key, lang))
    return forms.captioned(frame, lang, "cluster_note")


def _crossed(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    down, across = keys_of(frame)
    many = frame[across].nunique() > FEW
    texts = [two(one) for one in frame["relative"]]
    heat_map(frame.assign(share=frame["relative"]), down, across, ax, lang, texts=texts)
    ax.set_xlabel(label(across, lang))
    return forms.captioned(frame, lang, "cell_ratio_note")


def _with_lead(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    [key] = keys_of(frame)
    shares = frame.assign(low=frame["share_low"], high=frame["share_high"])
    bars(shares, key, ax, lang, "loans_axis")
    ax.set_ylabel(label(key, lang))
    ahead = frame.loc[frame["difference"].isna(), key].iloc[0]
    heading = phrase("lead_of", lang, cell=label(str(ahead), lang))
    rivals = frame[frame["difference"].notna()]
    leads = rivals[["difference", "difference_low", "difference_high"]].itertuples()
    for place, words in [
        (-0.85, heading),
        *((one, f"{percent(a)} ({percent(b)} – {percent(c)})") for one, a, b, c in leads),
    ]:
        ax.annotate(words, (1.01, place), va="center", xycoords=("axes fraction", "data"), annotation_clip=False)
    return forms.captioned(frame, lang, "lead_note")


@drawing("habits.originations", height=4.2)
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
    mesh = ax.pcolormesh(grid, cmap="Blues", vmin=0, vmax=max(frame["loans"].max(), 1), edgecolors=PAPER, lw=0.4)
    first = frame["spring_festival"].fillna(False).astype(bool)
    for x, y in zip(across[first], down[first], strict=True):
        ax.add_patch(Rectangle((x, y), 1, 1, fill=False, ec=ALT, lw=2))
    _calendar_axes(ax, years, lang)
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.7, aspect=25, pad=0.01)
    bar.set_label(phrase("calendar_bar", lang))
    totals = [f"{year} {frame.loc[days.year == year, 'loans'].sum():,}" for year in years]
    return Caption(label("habits.originations", lang), phrase("calendar_note", lang), MARKS[lang].comma.join(totals))


def _calendar_axes(ax: Axes, years: list[int], lang: str) -> None:
    starts = [pd.Timestamp(2023, month, 1).day_of_year / 7 for month in range(1, 13)]
    ax.set_xticks(starts, [label(str(month), lang) for month in range(1, 13)], ha="left")
    names = ((0.5, label("monday", lang)), (3.5, ""), (6.5, label("sunday", lang)))
    rows = [(8 * place + at, words or str(year)) for place, year in enumerate(years) for at, words in names]
    ax.set_yticks([at for at, _ in rows], [words for _, words in rows])
    ax.set_ylim(8 * len(years) - 1, 0)
    ax.grid(visible=False)
    ax.plot([], [], "s", mfc="none", mec=ALT, mew=2, ls="none", label=phrase("festival_legend", lang))
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
        ax.axvspan(1 / 7 - 0.5, 31 / 7 - 0.5, color=BASE, alpha=0.25, lw=0)
        ax.fill_between(frame["week"], frame["low"], frame["high"], color=POP, alpha=0.25, lw=0)
        ax.plot(frame["week"], frame["rate_ratio"], color=POP, marker="o", ms=4, lw=1.6)
        ax.set(ylabel=forms.axis_title(frame, lang), xticks=frame["week"][::2])
        result = forms.captioned(frame, lang)
    one_line(ax, lying=True)
    ax.set_ylim(bottom=0)
    ax.grid(visible=True, axis="y")
    ax.set_xlabel(phrase("week_axis", lang))
    return replace(result, note=phrase("band_note" if frame.attrs["by"] else "festival_band_note", lang))
