"""Charts of needs at each stage (2.2a to 2.2c), the levers that serve them, and the aims behind these (2.2d)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import bars, beside, caption, finish, grouped_bars, reach, series_in_words, within
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import BLUE, INK, MARKS, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase


@chart(width=8.4, height=5.2)
def plot_needs_by_stage(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.needs_by_stage`: everybody, and each class; the title tells of everybody."""
    shown = _staged(frame, lang)
    grouped_bars(shown, "at", "borrower_class", ax, lang, "stage_axis")
    every = frame[frame["borrower_class"] == "everybody"]
    most = every.loc[every["share"].idxmax()]
    named = {"need": label(most["need"], lang), "stage": within(most["stage"], lang), "share": percent(most["share"])}
    words = series_in_words(shown, "at", "borrower_class", lang)
    return caption("needs_by_stage", lang, "user_note", words, **named)


@chart(width=7.4, height=4.2)
def plot_needs_by_segment(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `needs.needs_by_segment`: a column each segment, empty where it has no such users."""
    shown = _staged(frame, lang)
    heat_map(shown, "at", "segment", ax, lang)
    most = frame.loc[frame["share"].idxmax()]
    named = {
        "segment": label(most["segment"], lang),
        "need": within(most["need"], lang),
        "share": percent(most["share"]),
    }
    return caption("needs_by_segment", lang, "user_cell_note", series_in_words(shown, "at", "segment", lang), **named)


@chart(width=7.8, height=3.8)
def plot_need_sources(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.need_sources`, each with the need that it is a sign of."""
    both = [
        phrase("trait_level", lang, trait=label(row.need, lang), level=label(row.source, lang))
        for row in frame.itertuples()
    ]
    shown = frame.assign(source=both)
    bars(shown, "source", ax, lang, "signals_axis")
    most = frame.loc[frame["share"].idxmax()]
    named = {"source": within(most["source"], lang), "share": percent(most["share"])}
    return caption("need_sources", lang, "signal_note", values_in_words(shown, "source", lang), **named)


@chart(height=2.4)
def plot_aims(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.aims`, with the money of these users beside."""
    bars(frame, "aim", ax, lang, "aims_axis", written=lambda _: "")
    for place, row in enumerate(frame.to_dict("records")):
        beside(ax, _money(row, lang), reach(row, "share"), place)
    finish(ax.xaxis, percent)
    ax.set_xlim(0, max(reach(row, "share") for row in frame.to_dict("records")) * 1.9 or 1)
    said = [f"{label(row['aim'], lang)} {_money(row, lang)}" for row in frame.to_dict("records")]
    share = frame.set_index("aim")["share"].map(percent)
    named = {"transactions": share["transactions"], "fees": share["fee_income"]}
    return caption("aims", lang, "aims_note", MARKS[lang].semicolon.join(said), **named)


@chart(width=8.4, height=4.0)
def plot_needs_levers(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The frame `needs.needs_levers` as a grid: a dot where a lever serves a need, filled where the article says so."""
    shown = _staged(frame, lang)
    rows, levers = (list(dict.fromkeys(shown[name])) for name in ("at", "lever"))
    for row in shown.to_dict("records"):
        where = levers.index(row["lever"]), rows.index(row["at"])
        ax.plot(*where, "o", ms=11, mec=BLUE, mew=1.6, color=BLUE if row["basis"] == "stated" else "white")
    for place, lever in enumerate(levers):
        serves = shown[shown["lever"] == lever].iloc[0]
        short = "·".join(phrase(f"short_{aim}", lang) for aim in ("transactions", "fee_income") if serves[aim] == "yes")
        ax.annotate(short, (place, -0.75), ha="center", va="center", fontsize=9, color=INK, annotation_clip=False)
    ax.set_xticks(range(len(levers)), [label(one, lang) for one in levers], rotation=25, ha="right")
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlim=(-0.5, len(levers) - 0.5), ylim=(len(rows) - 0.5, -1.1))
    ax.grid(visible=True, axis="both")
    marks = MARKS[lang]
    said = marks.semicolon.join(
        f"{at}{marks.colon}" + marks.comma.join(label(one, lang) for one in shown.loc[shown["at"] == at, "lever"])
        for at in rows
    )
    named = {"stated": int((frame["basis"] == "stated").sum()), "every": len(frame)}
    return caption("needs_levers", lang, "levers_note", said, **named)


def _staged(frame: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The frame with stage and need in words, one behind the other."""
    said = [
        phrase("trait_level", lang, trait=label(row.stage, lang), level=label(row.need, lang))
        for row in frame.itertuples()
    ]
    return frame.assign(at=said)


def _money(row: dict[Any, Any], lang: str) -> str:
    money = {"lent": f"{row['lent_cny'] / 1e6:,.1f}", "interest": f"{row['interest_paid_cny'] / 1e6:,.1f}"}
    return phrase("aim_beside", lang, value=percent(row["share"]), **money)
