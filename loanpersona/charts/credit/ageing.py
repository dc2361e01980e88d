"""Charts of loans as they age: vintage curves, and how loans roll between buckets of days past due."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import LIGHT, caption, finish, legend, series_in_words
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import MARKS, Caption, chart, percent
from loanpersona.core.words import label, phrase

YEARS = ("#6baed6", "#3182bd", "#08519c", "#08306b")
DASHES = ("-", "--", "-.", ":")


@chart(width=8.2, height=4.8)
def plot_vintages(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The fan of `credit.vintages`: 90+ by vintage, in a colour and dash a year, with 30+ behind in grey."""
    of_loans = frame[frame["counted"] == "of_loans"].dropna(subset=["share"])
    years, told = sorted({vintage[:4] for vintage in frame["vintage"]}), _told(of_loans)
    for (ever, vintage), part in of_loans.groupby(["ever_past_due", "vintage"]):
        if ever != "90+":
            ax.plot(part["month_on_book"], part["share"], color=LIGHT, lw=0.8)
            continue
        year = min(years.index(str(vintage)[:4]), 3)
        bold = vintage == told["vintage"]
        if bold:
            ax.fill_between(part["month_on_book"], part["low"], part["high"], color=YEARS[year], alpha=0.25, lw=0)
        ax.plot(part["month_on_book"], part["share"], color=YEARS[year], ls=DASHES[year], lw=2.6 if bold else 1.2)
    for at, year in enumerate(years):
        ax.plot([], [], color=YEARS[min(at, 3)], ls=DASHES[min(at, 3)], label=phrase("vintage_legend", lang, year=year))
    ax.plot([], [], color=LIGHT, lw=1, label=phrase("vintage_30_legend", lang))
    ax.set(
        xlim=(0, frame["month_on_book"].max()), xlabel=label("month_on_book", lang), ylabel=phrase("vintage_axis", lang)
    )
    _percent_upright(ax, max(of_loans["share"].max() * 1.1, told["high"] * 1.02))
    legend(ax, len(years) + 1)
    ends = of_loans[of_loans["ever_past_due"] == "90+"].groupby("vintage").tail(1)
    words = [f"{row.vintage} {percent(row.share)} ({row.month_on_book})" for row in ends.itertuples()]
    named = {"vintage": told["vintage"], "share": percent(told["share"]), "month": int(told["month_on_book"])}
    return caption("vintages", lang, "vintage_note", MARKS[lang].comma.join(words), **named)


@chart(width=7.6, height=3.6)
def plot_roll_rates(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of `credit.roll_rates`, each share with half its interval."""
    heat_map(frame, "dpd_bucket", "next_bucket", ax, lang, most=1)
    ax.set(xlabel=label("next_bucket", lang), ylabel=label("dpd_bucket", lang))
    share = frame.set_index(["dpd_bucket", "next_bucket"])["share"]["30-59", "60-89"]
    words = series_in_words(frame, "next_bucket", "dpd_bucket", lang)
    return caption("roll_rates", lang, "row_note", words, share=percent(share))


def _percent_upright(ax: Axes, most: float) -> None:
    ax.set_ylim(0, most)
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, percent)


def _told(of_loans: pd.DataFrame) -> pd.Series:
    """The latest vintage that was watched for twelve months, or else the one watched longest, at that age."""
    known = of_loans[of_loans["ever_past_due"] == "90+"]
    age = min(12, known["month_on_book"].max())
    found: pd.Series = known[known["month_on_book"] == age].iloc[-1]
    return found
