"""Charts of when they borrow (1.4a to 1.4d): hours, weekdays, days of the month, Spring Festival."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from loanpersona.charts.drawing import bars, caption, columns, dots, legend, one_line, top, two
from loanpersona.charts.heat import heat_map, shares_with_half
from loanpersona.charts.style import BLUE, GREY, INK, MARKS, ORANGE, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase

MORNING = range(8, 12)


@chart(width=10.6, height=3.7)
def plot_hour_by_weekday(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `habits.hour_by_weekday`, each share with half its interval."""
    days = list(dict.fromkeys(frame["weekday"]))
    heat_map(frame, "weekday", "hour", ax, lang, texts=shares_with_half(frame, 2), named=str, fontsize=6)
    ax.set_xlabel(phrase("hour_axis", lang))
    most = frame.loc[frame["share"].idxmax()]
    named = {"weekday": label(most["weekday"], lang), **_hour(most["hour"]), "share": percent(most["share"])}
    by_day = [f"{label(day, lang)} {percent(frame.loc[frame['weekday'] == day, 'share'].sum())}" for day in days]
    return caption("hour_by_weekday", lang, "cell_note", MARKS[lang].comma.join(by_day), **named)


@chart(height=3.6)
def plot_hours(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns of the frame `habits.hours`, the morning in another colour."""
    found = columns(frame, "hour", ax, lang, "loans_axis", "share", percent)
    for hour in MORNING:
        found[hour].set(facecolor=ORANGE, edgecolor="white", hatch="///")
    found[MORNING[0]].set_label(phrase("morning_legend", lang))
    legend(ax, 1)
    ax.set_xlabel(phrase("hour_axis", lang))
    most = frame.loc[frame["share"].idxmax()]
    words = values_in_words(frame, "hour", lang)
    return caption("hours", lang, "cluster_note", words, **_hour(most["hour"]), share=percent(most["share"]))


@chart(height=3.4)
def plot_hour_windows(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.hour_windows`, with the lead of the morning over each rival at the right."""
    bars(frame, "hours", ax, lang, "loans_axis")
    ax.set_ylabel(label("hours", lang))
    rivals = frame[frame["difference"].notna()]
    # A column of its own at the right edge, as its heading says.
    column = [(-0.85, label("difference", lang)), *((row.Index, _lead(row)) for row in rivals.itertuples())]
    for place, words in column:
        ax.annotate(
            words, (1.01, place), fontsize=8, va="center", xycoords=("axes fraction", "data"), annotation_clip=False
        )
    words = values_in_words(frame, "hours", lang)
    if (rivals["difference_low"] > 0).all():
        nearest = percent(rivals["difference"].min())
        return caption("hour_windows_lead", lang, "lead_note", words, difference=nearest)
    if (rivals["difference_high"] < 0).any():
        first = frame.loc[frame["share"].idxmax()]
        morning = percent(frame.loc[frame["difference"].isna(), "share"].iloc[0])
        named = {"hours": label(first["hours"], lang), "share": percent(first["share"]), "morning": morning}
        return caption("hour_windows_behind", lang, "lead_note", words, **named)
    return caption("hour_windows", lang, "lead_note", words)


@chart(height=2.9)
def plot_workday_daytime(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.workday_daytime`; diamonds are the shares of loans spread evenly."""
    bars(frame, "time", ax, lang, "loans_axis")
    ax.plot(
        frame["baseline"],
        frame.index,
        "D",
        color=ORANGE,
        ms=6,
        mec=INK,
        mew=0.7,
        ls="none",
        label=phrase("even_legend", lang),
    )
    legend(ax, 2)
    last = frame.iloc[-1]
    named = {"share": percent(last["share"]), "even": percent(last["baseline"])}
    return caption("workday_daytime", lang, "cluster_note", values_in_words(frame, "time", lang), **named)


@chart(height=3.2)
def plot_weekdays(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns of the frame `habits.weekdays` around the mean day."""
    most = _relative(frame, "weekday", ax, lang)
    named = {"weekday": label(most["weekday"], lang), "ratio": two(most["relative"])}
    words = values_in_words(frame, "weekday", lang, "relative")
    return caption("weekdays", lang, "cluster_note", words, **named)


@chart(width=8.6, height=3.4)
def plot_day_of_month(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns of the frame `habits.day_of_month` around the mean day."""
    most = _relative(frame, "day_number", ax, lang)
    ax.set_xlabel(label("day_number", lang))
    words = values_in_words(frame, "day_number", lang, "relative")
    named = {"day": int(most["day_number"]), "ratio": two(most["relative"])}
    return caption("day_of_month", lang, "cluster_note", words, **named)


@chart(height=3.2)
def plot_parts_of_month(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Columns of the frame `habits.parts_of_month` around the mean day."""
    _relative(frame, "part", ax, lang)
    ax.set_xlabel(label("part", lang))
    first = frame.iloc[0]
    named = {"part": label(first["part"], lang), "ratio": two(first["relative"])}
    return caption("parts_of_month", lang, "cluster_note", values_in_words(frame, "part", lang, "relative"), **named)


@chart(width=9.4, height=4.6)
def plot_daily(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The frame `habits.daily` as a calendar: a block a year, a column a week, a square a day."""
    days = frame["day"].dt
    years = list(dict.fromkeys(days.year))
    across = (days.day_of_year - 1 + (days.day_of_week - days.day_of_year + 1) % 7) // 7
    down = days.year.map({year: 8 * place for place, year in enumerate(years)}) + days.day_of_week
    grid = np.full((8 * len(years), 54), np.nan)
    grid[down, across] = frame["loans"]
    mesh = ax.pcolormesh(grid, cmap="Blues", vmin=0, vmax=max(frame["loans"].max(), 1), edgecolors="white", lw=0.4)
    for x, y in zip(across[frame["spring_festival"]], down[frame["spring_festival"]], strict=True):
        ax.add_patch(mpl.patches.Rectangle((x, y), 1, 1, fill=False, ec=ORANGE, lw=2))
    _calendar_axes(ax, years, lang)
    bar = ax.figure.colorbar(mesh, ax=ax, shrink=0.7, aspect=25, pad=0.01)
    bar.set_label(phrase("calendar_bar", lang))
    named = {"count": f"{frame['loans'].sum():,}", "first": f"{days.date.min()}", "last": f"{days.date.max()}"}
    totals = [f"{year} {frame.loc[days.year == year, 'loans'].sum():,}" for year in years]
    return caption("daily", lang, "calendar_note", MARKS[lang].comma.join(totals), **named)


def _calendar_axes(ax: Axes, years: list[int], lang: str) -> None:
    starts = [pd.Timestamp(2023, month, 1).day_of_year / 7 for month in range(1, 13)]
    ax.set_xticks(starts, [label(str(month), lang) for month in range(1, 13)], ha="left")
    first, last = label("monday", lang), label("sunday", lang)
    rows = [
        (8 * place + at, words)
        for place, year in enumerate(years)
        for at, words in ((0.5, first), (3.5, str(year)), (6.5, last))
    ]
    ax.set_yticks([at for at, _ in rows], [words for _, words in rows])
    ax.set_ylim(8 * len(years) - 1, 0)
    ax.grid(visible=False)
    ax.plot([], [], "s", mfc="none", mec=ORANGE, mew=2, ls="none", label=phrase("festival_legend", lang))
    legend(ax, 1)
    ax.set_xlabel(phrase("month_axis", lang))


@chart(height=2.9)
def plot_spring_festival(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `habits.spring_festival` around one, all years together last."""
    dots(frame, [label(str(one), lang) for one in frame["year"]], ax, "rate_ratio", two)
    one_line(ax)
    ax.set_xlim(0, max(top(frame, "rate_ratio"), 1) * 1.14)
    ax.set_xlabel(phrase("ratio_axis", lang))
    words = values_in_words(frame, "year", lang, "rate_ratio")
    return caption("spring_festival", lang, "festival_note", words, ratio=two(frame["rate_ratio"].iloc[-1]))


@chart(height=3.6)
def plot_around_festival(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line of the frame `habits.around_festival` with its band; the month after the festival is shaded."""
    ax.axvspan(1 / 7 - 0.5, 31 / 7 - 0.5, color=GREY, alpha=0.25, lw=0)
    ax.fill_between(frame["week"], frame["low"], frame["high"], color=BLUE, alpha=0.25, lw=0)
    ax.plot(frame["week"], frame["rate_ratio"], color=BLUE, marker="o", ms=4, lw=1.6)
    one_line(ax, lying=True)
    ax.set_xticks(frame["week"][::2])
    ax.set_ylim(0, top(frame, "rate_ratio") * 1.05)
    ax.grid(visible=True, axis="y")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set(xlabel=phrase("week_axis", lang), ylabel=phrase("ratio_short_axis", lang))
    words = values_in_words(frame, "week", lang, "rate_ratio")
    ratio = frame.set_index("week")["rate_ratio"]
    named = {"first": two(ratio[0]), "later": two(ratio.loc[1:3].mean())}
    return caption("around_festival", lang, "festival_band_note", words, **named)


def _relative(frame: pd.DataFrame, by: str, ax: Axes, lang: str) -> pd.Series:
    """Columns around the line of one; returns the busiest row."""
    columns(frame, by, ax, lang, "relative_axis", "relative", two)
    one_line(ax, lying=True)
    if len(frame) < 10:
        for place, row in enumerate(frame.to_dict("records")):
            # At the foot of the bar, where the line of one does not cross it.
            ax.annotate(
                two(row["relative"]),
                (place, 0),
                xytext=(0, 6),
                textcoords="offset points",
                fontsize=8.5,
                ha="center",
                color="white" if row["relative"] > 0.2 else INK,
            )
    most: pd.Series = frame.loc[frame["relative"].idxmax()]
    return most


def _hour(hour: Any) -> dict[str, int]:
    return {"hour": int(hour), "next": int(hour) + 1}


def _lead(row: Any) -> str:
    return f"{percent(row.difference)} ({percent(row.difference_low)} – {percent(row.difference_high)})"
