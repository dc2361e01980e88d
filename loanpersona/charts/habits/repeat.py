"""Charts of how they borrow again, use their limit and bring others (1.4e to 1.4g)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from loanpersona.charts.drawing import (
    bars,
    caption,
    dots,
    grouped_bars,
    legend,
    series_in_words,
    top,
    two,
    unit_square,
    whole,
)
from loanpersona.charts.style import BLUE, GREY, INK, MARKS, ORANGE, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase

CURVES = ((BLUE, "-"), (ORANGE, "--"), (GREY, ":"))


@chart(height=3.9)
def plot_time_to_next_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Kaplan–Meier steps of the frame `habits.time_to_next_loan` with their bands, a curve an ordinal."""
    words = []
    for (ordinal, part), (colour, line) in zip(frame.groupby("ordinal"), CURVES, strict=False):
        curve = _after(ordinal, lang)
        ax.step(part["days"], part["survival"], where="post", color=colour, ls=line, lw=1.8, label=curve)
        ax.fill_between(part["days"], part["low"], part["high"], step="post", color=colour, alpha=0.25, lw=0)
        words.append(f"{curve} {percent(_waiting(part)['survival'])}")
    ax.set(ylim=(0, 1.02), xlabel=phrase("days_axis", lang), ylabel=phrase("waiting_axis", lang))
    ax.set_xlim(left=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=True, axis="y")
    legend(ax, 3)
    first = frame[frame["ordinal"] == frame["ordinal"].iloc[0]]
    last = _waiting(first)
    named = {"share": percent(1 - last["survival"]), "days": min(365, int(first["days"].max()))}
    values = f"{phrase('waiting_axis', lang)}{MARKS[lang].colon}{MARKS[lang].comma.join(words)}"
    return caption("time_to_next_loan", lang, "band_note", values, **named, ordinal=int(last["ordinal"]))


@chart(height=4.2)
def plot_borrowed_again(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.borrowed_again`, a group each span of days."""
    grouped_bars(frame, "within_days", "ordinal", ax, lang, "again_axis", named=lambda one: _after(one, lang))
    ax.set_ylabel(label("within_days", lang))
    known = frame[(frame["ordinal"] == frame["ordinal"].iloc[0]) & frame["share"].notna()]
    last = known.iloc[-1] if len(known) else frame.iloc[0]
    named = {"share": percent(last["share"]), "days": int(last["within_days"]), "ordinal": int(last["ordinal"])}
    words = series_in_words(frame, "within_days", "ordinal", lang, named=lambda one: _after(one, lang))
    return caption("borrowed_again", lang, "interval_note", words, **named)


@chart(height=2.6)
def plot_median_wait(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `habits.median_wait`; a wait that the curve does not reach has none."""
    names = [_after(one, lang) for one in frame["ordinal"]]
    dots(frame, names, ax, "median_days", whole)
    ax.set_xlim(0, top(frame, "median_days") * 1.12)
    ax.set_xlabel(phrase("median_axis", lang))
    words = MARKS[lang].comma.join(f"{a} {whole(b)}" for a, b in zip(names, frame["median_days"], strict=True))
    first = frame.iloc[0]
    ordinal = int(first["ordinal"])
    if first["median_days"] == first["median_days"]:
        return caption("median_wait", lang, "interval_note", words, days=whole(first["median_days"]), ordinal=ordinal)
    return caption("median_wait_open", lang, "interval_note", words, ordinal=ordinal)


@chart(height=4.2)
def plot_repeat_share(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.repeat_share`: of loans and of volume, year by year and after the warm-up."""
    grouped_bars(frame, "period", "measure", ax, lang, "repeat_axis")
    share = frame.set_index(["period", "measure"])["share"]["after_warm_up", "of_loans"]
    words = series_in_words(frame, "period", "measure", lang)
    return caption("repeat_share", lang, "cluster_note", words, share=percent(share))


@chart(height=2.7)
def plot_revolvers(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.revolvers`."""
    bars(frame, "measure", ax, lang, "revolvers_axis")
    share = frame.set_index("measure")["share"].map(percent)
    named = {"least": int(frame["at_least"].iloc[0]), "share": share["of_borrowers"], "volume": share["of_volume"]}
    return caption("revolvers", lang, "cluster_note", values_in_words(frame, "measure", lang), **named)


@chart(height=3.4)
def plot_loans_per_borrower(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.loans_per_borrower`."""
    bars(frame, "loans", ax, lang, "share_axis")
    return _first_share("loans_per_borrower", frame, "loans", ax, lang, "interval_note")


@chart(height=3.4)
def plot_loans_per_active_year(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.loans_per_active_year`."""
    bars(frame, "loans", ax, lang, "years_axis")
    return _first_share("loans_per_active_year", frame, "loans", ax, lang, "year_note")


@chart(width=5.6, height=5.4)
def plot_lorenz(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The Lorenz curve of the frame `habits.lorenz` with its band, and the line of equal volume."""
    x = frame["share_of_borrowers"]
    ax.plot(x, x, color=INK, lw=1, ls="--", label=phrase("equal_legend", lang))
    ax.fill_between(x, frame["low"], frame["high"], color=BLUE, alpha=0.3, lw=0)
    ax.plot(x, frame["share_of_volume"], color=BLUE, lw=2, label=phrase("borrowers_legend", lang))
    unit_square(ax, phrase("lorenz_axis", lang), label("share_of_volume", lang))
    legend(ax, 2)
    at = frame.set_index(np.round(100 * x).astype(int))["share_of_volume"]
    words = MARKS[lang].comma.join(f"{tenth}% {percent(at[tenth])}" for tenth in range(10, 100, 10))
    return caption("lorenz", lang, "band_note", words, share=percent(1 - at[90]))


@chart(height=2.4)
def plot_concentration(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.concentration`."""
    bars(frame, "measure", ax, lang, "measure_axis", written=two)
    gini = frame.set_index("measure")["share"]["gini"]
    values = MARKS[lang].comma.join(
        f"{label(one, lang)} {two(value)}" for one, value in zip(frame["measure"], frame["share"], strict=True)
    )
    return caption("concentration", lang, "interval_note", values, gini=two(gini))


@chart(height=2.7)
def plot_limit_use(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.limit_use`."""
    bars(frame, "limit_use", ax, lang, "limit_axis")
    share = frame.set_index("limit_use")["share"].map(percent)
    named = {"never": share["never_drew"], "once": share["drew_once"]}
    return caption("limit_use", lang, "interval_note", values_in_words(frame, "limit_use", lang), **named)


@chart(height=3.2)
def plot_utilisation(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.utilisation`."""
    bars(frame, "utilisation_band", ax, lang, "loans_axis")
    ax.set_ylabel(label("utilisation_band", lang))
    words = values_in_words(frame, "utilisation_band", lang)
    return caption("utilisation", lang, "cluster_note", words, share=percent(frame["share"].iloc[-2:].sum()))


@chart(height=2.6)
def plot_caution_by_use(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `habits.caution_by_use`."""
    dots(frame, [label(one, lang) for one in frame["limit_use"]], ax, "mean_caution", two)
    ax.set_xlim(0, 1)
    ax.set_xlabel(phrase("caution_axis", lang))
    mean = frame.set_index("limit_use")["mean_caution"].map(two)
    words = values_in_words(frame, "limit_use", lang, "mean_caution")
    named = {"never": mean["never_drew"], "again": mean["drew_again"]}
    return caption("caution_by_use", lang, "interval_note", words, **named)


@chart(height=2.4)
def plot_referral(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.referral`."""
    bars(frame, "measure", ax, lang, "users_axis")
    return _first_share("referral", frame, "measure", ax, lang, "interval_note")


@chart(height=2.8)
def plot_reproduction(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `habits.reproduction`."""
    dots(frame, [label(one, lang) for one in frame["cohort"]], ax, "per_user", two)
    ax.set_xlim(0, top(frame, "per_user") * 1.2)
    ax.set(xlabel=phrase("per_user_axis", lang), ylabel=label("cohort", lang))
    words = values_in_words(frame, "cohort", lang, "per_user")
    return caption("reproduction", lang, "interval_note", words, value=two(frame["per_user"].iloc[-1]))


@chart(height=3.0)
def plot_referral_trees(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.referral_trees`."""
    bars(frame, "tree_size", ax, lang, "trees_axis")
    return _first_share("referral_trees", frame, "tree_size", ax, lang, "interval_note")


@chart(height=2.8)
def plot_referral_depth(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.referral_depth`."""
    bars(frame, "generation", ax, lang, "users_axis")
    return _first_share("referral_depth", frame, "generation", ax, lang, "interval_note")


@chart(height=3.0)
def plot_referral_by_embarrassment(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.referral_by_embarrassment`."""
    bars(frame, "embarrassment_band", ax, lang, "willing_axis")
    ax.set_ylabel(label("embarrassment_band", lang))
    asked = frame[frame["n"] > 0]
    named = {"least": percent(asked["share"].iloc[0]), "most": percent(asked["share"].iloc[-1])}
    words = values_in_words(frame, "embarrassment_band", lang)
    return caption("referral_by_embarrassment", lang, "interval_note", words, **named)


def _first_share(name: str, frame: pd.DataFrame, by: str, ax: Axes, lang: str, note: str) -> Caption:
    """A caption whose title says the share of the first row; the heading of the rows stands at their side."""
    if by not in {"measure"}:
        ax.set_ylabel(label(by, lang))
    return caption(name, lang, note, values_in_words(frame, by, lang), share=percent(frame["share"].iloc[0]))


def _after(ordinal: Any, lang: str) -> str:
    return phrase("after_loan", lang, ordinal=int(ordinal))


def _waiting(curve: pd.DataFrame) -> pd.Series:
    """Where a curve stands after a year, or at its end."""
    return curve[curve["days"] <= 365].iloc[-1]
