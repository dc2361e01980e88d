"""Charts of the lifecycle segments (3.1b): the mix, how borrowers move and stay, what they bring, RFM."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from loanpersona.charts.drawing import bars, caption, grouped_bars, legend, series_in_words
from loanpersona.charts.heat import heat_map, shares_with_half
from loanpersona.charts.style import BLUE, GREY, INK, MARKS, ORANGE, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase

AREAS = ((ORANGE, "///"), ("#a6cee3", ""), (BLUE, "..."), ("#dddddd", "xxx"), ("#6e6e6e", ""))
"""Colour and hatch of each segment from the newest to the dormant; more segments begin again."""
CURVES = ((ORANGE, "-"), ("#4fa3d9", "--"), (BLUE, "-"), (GREY, ":"), (INK, "-."))
APART = 0.1
"""How far texts beside the areas stand apart, of their height."""
MONTHS = 12
"""Months in a segment that the title speaks of."""


@chart(height=3.0)
def plot_lifecycle_mix(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.lifecycle_mix`."""
    bars(frame, "segment", ax, lang, "base_axis")
    named = _most(frame, lang)
    return caption("lifecycle_mix", lang, "interval_note", values_in_words(frame, "segment", lang), **named)


@chart(width=8.6, height=4.4)
def plot_lifecycle_by_month(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Stacked areas of the frame `segments.lifecycle_by_month`; at the right stands the last month."""
    names, days = list(dict.fromkeys(frame["segment"])), frame["as_of"].drop_duplicates()
    heights = [frame.loc[frame["segment"] == name, "share"].to_numpy() for name in names]
    looks = [AREAS[place % len(AREAS)] for place in range(len(names))]
    found = ax.stackplot(
        days,
        *heights,
        colors=[colour for colour, _ in looks],
        lw=0.5,
        edgecolor="white",
        labels=[label(name, lang) for name in names],
    )
    for area, (_, hatch) in zip(found, looks, strict=True):
        area.set_hatch(hatch)
    last = frame[frame["as_of"] == days.iloc[-1]].reset_index(drop=True)
    _ends(last, ax, days.iloc[-1], lang)
    ax.set(ylim=(0, 1), xlim=(days.iloc[0], days.iloc[-1]), ylabel=phrase("base_axis", lang))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    legend(ax, len(names))
    words = series_in_words(last, "segment", "as_of", lang, named=lambda day: f"{day:%Y-%m}")
    said = caption("lifecycle_by_month", lang, "band_note", words, month=f"{days.iloc[-1]:%Y-%m}", **_most(last, lang))
    half = percent((frame["high"] - frame["low"]).max() / 2)
    return Caption(said.title, phrase("end_note", lang, half=half), said.values)


@chart(width=8.2, height=4.4)
def plot_transitions(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `segments.transitions`: from the segment at the left to the one below."""
    heat_map(frame, "segment", "segment_after", ax, lang)
    ax.set(xlabel=phrase("after_axis", lang), ylabel=phrase("before_axis", lang))
    stayed = frame[frame["segment"].astype(str) == frame["segment_after"].astype(str)]
    most = stayed.loc[stayed["share"].idxmax()]
    words = series_in_words(frame, "segment_after", "segment", lang)
    named = {**_of(frame, lang), "segment": label(most["segment"], lang), "share": percent(most["share"])}
    return caption("transitions", lang, "row_note", words, days=int(most["within_days"]), **named)


@chart(height=3.9)
def plot_time_in_segment(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Kaplan–Meier steps of the frame `segments.time_in_segment` with their bands, a curve a segment."""
    reached = {}
    parts = frame.groupby("segment", sort=False, observed=True)
    for place, (segment, part) in enumerate(parts):
        colour, line = CURVES[place % len(CURVES)]
        months = part["months_there"]
        ax.step(months, part["still_there"], where="post", color=colour, ls=line, lw=1.8, label=label(segment, lang))
        ax.fill_between(months, part["low"], part["high"], step="post", color=colour, alpha=0.2, lw=0)
        reached[segment] = part.loc[months <= MONTHS, "still_there"].iloc[-1]
    ax.set(ylim=(0, 1.02), xlabel=phrase("months_there_axis", lang), ylabel=phrase("still_there_axis", lang))
    ax.set_xlim(left=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=True, axis="y")
    legend(ax, len(reached))
    longest = max(reached, key=lambda one: float(reached[one]))
    marks = MARKS[lang]
    words = marks.comma.join(f"{label(segment, lang)} {percent(share)}" for segment, share in reached.items())
    named = {**_of(frame, lang), "segment": label(longest, lang), "share": percent(reached[longest])}
    months = min(MONTHS, int(frame.loc[frame["segment"] == longest, "months_there"].max()))
    values = f"{phrase('still_there_axis', lang)}{marks.colon}{words}"
    return caption("time_in_segment", lang, "band_note", values, months=months, **named)


@chart(height=4.6)
def plot_weight_of_segments(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `segments.weight_of_segments`: people, balance and volume of each segment."""
    grouped_bars(frame, "segment", "measure", ax, lang, "held_axis")
    shares = frame.set_index(["measure", "segment"])["share"]
    # Where nobody owes anything, the most people decide.
    most = str(shares["of_balance" if shares["of_balance"].notna().any() else "of_borrowers"].idxmax())
    named = {
        **_of(frame, lang),
        "segment": label(most, lang),
        "share": percent(shares["of_balance", most]),
        "people": percent(shares["of_borrowers", most]),
    }
    words = series_in_words(frame, "segment", "measure", lang)
    return caption("weight_of_segments", lang, "interval_note", words, **named)


@chart(width=7.6, height=4.2)
def plot_rfm_cells(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `segments.rfm_cells`: how long ago down, how many across."""
    volume = frame[frame["measure"] == "of_volume"].reset_index(drop=True)
    people = frame[frame["measure"] == "of_borrowers"].reset_index(drop=True)
    texts = [
        f"{lent}\n{who}"
        for lent, who in zip(*(shares_with_half(one, between=" ") for one in (volume, people)), strict=True)
    ]
    heat_map(volume, "recency_band", "loans_band", ax, lang, texts=texts)
    ax.set(xlabel=label("loans_band", lang), ylabel=label("recency_band", lang))
    most = volume.loc[volume["share"].idxmax()]
    named = {
        "share": percent(most["share"]),
        "days": label(most["recency_band"], lang),
        "loans": label(most["loans_band"], lang),
    }
    words = series_in_words(volume, "loans_band", "recency_band", lang)
    return caption("rfm_cells", lang, "rfm_note", words, **named)


def _of(frame: pd.DataFrame, lang: str) -> dict[str, str]:
    """The base, for the title: two bases must not be mixed up."""
    return {"base": label(frame["base"].iloc[0], lang)}


def _most(frame: pd.DataFrame, lang: str) -> dict[str, str]:
    most = frame.loc[frame["share"].idxmax()]
    return {**_of(frame, lang), "segment": label(most["segment"], lang), "share": percent(most["share"])}


def _ends(last: pd.DataFrame, ax: Axes, day: Any, lang: str) -> None:
    """The shares of the last month with their intervals, beside the areas and never on top of one another."""
    middles = (last["share"].cumsum() - last["share"] / 2).to_list()
    for place in range(1, len(middles)):
        middles[place] = max(middles[place], middles[place - 1] + APART)
    above = max(middles[-1] - (1 - APART / 2), 0)
    for middle, row in zip(middles, last.to_dict("records"), strict=True):
        words = f"{label(row['segment'], lang)} {percent(row['share'])}\n{percent(row['low'])} – {percent(row['high'])}"
        ax.annotate(
            words,
            (day, middle - above),
            xytext=(6, 0),
            textcoords="offset points",
            fontsize=8,
            va="center",
            annotation_clip=False,
        )
