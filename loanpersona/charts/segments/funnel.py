"""Charts of the segments by process (3.1a): the funnel, the leaks with their needs, who comes back."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from loanpersona.charts.drawing import bars, caption, grouped_bars, series_in_words
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import BLUE, MARKS, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase

AFTER, YEAR = 90, 365
"""Days since approval that the title of the curve speaks of, and that it shows."""


@chart(height=2.7)
def plot_process_mix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.process_mix`."""
    return _largest("process_mix", frame, "segment", ax, lang, "users_axis")


@chart(width=8.2, height=4.6)
def plot_funnel(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.funnel`, of the registered, with the share of the stage before at the right."""
    whole = frame[frame["counted"] == "of_registered"].reset_index(drop=True)
    before = frame[frame["counted"] == "of_stage_before"].reset_index(drop=True)
    bars(whole, "stage", ax, lang, "registered_axis")
    ax.set_ylim(len(whole) - 0.4, -1.4)
    heading = [(-1, label("of_stage_before", lang))]
    for place, words in [*heading, *enumerate(map(percent, before["share"]))]:
        ax.annotate(
            words, (1.01, place), fontsize=8, va="center", xycoords=("axes fraction", "data"), annotation_clip=False
        )
    share = whole.set_index("stage")["share"].map(percent)
    named = {"handed": share["submission"], "approved": share["approved"], "drew": share["drew_so_far"]}
    words = series_in_words(frame, "stage", "counted", lang)
    return caption("funnel", lang, "before_note", words, **named)


@chart(height=3.2)
def plot_leaks(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.leaks`, in the order of the way."""
    return _largest("leaks", frame, "place", ax, lang, "came_axis")


@chart(width=8.6, height=3.9)
def plot_leak_needs(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `segments.leak_needs`: places down, needs across."""
    heat_map(frame, "place", "need", ax, lang)
    ax.set(xlabel=phrase("need_axis", lang), ylabel=label("place", lang))
    words = series_in_words(frame, "need", "place", lang)
    last = frame[frame["place"] == frame["place"].iloc[-1]].set_index("need")["share"]
    place = label(frame["place"].iloc[-1], lang)
    if "none_seen" in last.index:
        return caption("leak_needs", lang, "needs_note", words, place=place, none=percent(last["none_seen"]))
    named = {"share": percent(last.max()), "need": label(str(last.idxmax()), lang)}
    return caption("leak_needs_shown", lang, "needs_note", words, place=place, **named)


@chart(height=2.7)
def plot_returns(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.returns`: applied again, and was approved then."""
    grouped_bars(frame, "outcome", "measure", ax, lang, "returns_axis")
    again = frame[frame["measure"] == "applied_again"].set_index("outcome")["share"].map(percent)
    words = series_in_words(frame, "outcome", "measure", lang)
    return caption("returns", lang, "interval_note", words, days=int(frame["within_days"].iloc[0]), **again.to_dict())


@chart(height=3.6)
def plot_time_to_first_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The Kaplan–Meier steps of the frame `segments.time_to_first_loan` with their band."""
    ax.step(frame["days"], frame["not_drawn"], where="post", color=BLUE, lw=1.8)
    ax.fill_between(frame["days"], frame["low"], frame["high"], step="post", color=BLUE, alpha=0.25, lw=0)
    ax.set(ylim=(0, 1.02), xlabel=phrase("approval_days_axis", lang), ylabel=phrase("not_drawn_axis", lang))
    ax.set_xlim(0, min(YEAR, frame["days"].max()))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=True, axis="y")
    days = min(AFTER, int(frame["days"].max()))
    share = percent(frame.loc[frame["days"] <= days, "not_drawn"].iloc[-1])
    words = f"{phrase('not_drawn_axis', lang)}{MARKS[lang].colon}{share}"
    return caption("time_to_first_loan", lang, "band_note", words, share=share, days=days)


@chart(height=2.9)
def plot_first_drawdown(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.first_drawdown`, a bar each span of days; the title speaks of the last one known."""
    bars(frame, "within_days", ax, lang, "approved_axis")
    ax.set_ylabel(label("within_days", lang))
    known = frame[frame["share"].notna()]
    last = known.iloc[-1] if len(known) else frame.iloc[0]
    named = {"share": percent(last["share"]), "days": int(last["within_days"])}
    return caption("first_drawdown", lang, "interval_note", values_in_words(frame, "within_days", lang), **named)


def _largest(name: str, frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str) -> Caption:
    """Bars of parts of a whole; the title tells the largest one."""
    bars(frame, by, ax, lang, axis)
    most = frame.loc[frame["share"].idxmax()]
    named = {"first": label(most[by], lang), "share": percent(most["share"])}
    return caption(name, lang, "interval_note", values_in_words(frame, by, lang), **named)
