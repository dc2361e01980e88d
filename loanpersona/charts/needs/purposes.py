"""Charts of why they borrow (2.1a, 2.1b, 2.1d)."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import bars, caption, grouped_bars, grouped_dots, series_in_words, top, whole, within
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase


@chart(height=2.6)
def plot_reasons(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.reasons`."""
    bars(frame, "reason", ax, lang, "loans_axis")
    most = frame.loc[frame["share"].idxmax()]
    named = {"share": percent(most["share"]), "first": within(most["reason"], lang)}
    return caption("reasons", lang, "cluster_note", values_in_words(frame, "reason", lang), **named)


@chart(width=7.8, height=3.6)
def plot_reasons_by_class(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.reasons_by_class`; the title tells the most frequent purpose of each class."""
    grouped_bars(frame, "reason", "borrower_class", ax, lang, "loans_axis")
    words = series_in_words(frame, "reason", "borrower_class", lang)
    most = frame.loc[frame.groupby("borrower_class", sort=False)["share"].idxmax()].set_index("borrower_class")
    if len(most) < 2:
        [row] = most.to_dict("records")
        named = {"share": percent(row["share"]), "first": within(row["reason"], lang)}
        return caption("reasons", lang, "cluster_note", words, **named)
    named = {one: percent(share) for one, share in most["share"].items()}
    named |= {f"{one}_first": within(reason, lang) for one, reason in most["reason"].items()}
    return caption("reasons_by_class", lang, "cluster_note", words, **named)


@chart(height=3.6)
def plot_reasons_by_platforms(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `needs.reasons_by_platforms`; the title speaks of debt for debt."""
    return _map("reasons_by_platforms", frame, "platforms", "debt_for_debt", ax, lang)


@chart(height=3.6)
def plot_reasons_by_income(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `needs.reasons_by_income`; the title speaks of consumption."""
    return _map("reasons_by_income", frame, "income_band", "consumption", ax, lang)


@chart(height=3.2)
def plot_reasons_by_month(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `needs.reasons_by_month`, a column a month."""
    heat_map(frame, "reason", "month", ax, lang, named=lambda one: phrase("month_number", lang, month=one))
    ax.set_xlabel(label("month", lang))
    shares = frame.loc[frame["reason"] == "consumption", "share"]
    named = {"low": percent(shares.min()), "high": percent(shares.max())}
    return caption("reasons_by_month", lang, "cell_note", series_in_words(frame, "month", "reason", lang), **named)


@chart(width=8.6, height=3.2)
def plot_reasons_around_festival(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A heat map of the frame `needs.reasons_around_festival`; the title sets its first row against its last."""
    heat_map(frame, "season", "reason", ax, lang)
    shares = frame[frame["reason"] == "consumption"]
    first, last = shares.iloc[0], shares.iloc[-1]
    named = {"share": percent(first["share"]), "season": within(first["season"], lang), "rest": percent(last["share"])}
    words = series_in_words(frame, "reason", "season", lang)
    return caption("reasons_around_festival", lang, "cell_note", words, **named)


@chart(width=7.6, height=3.6)
def plot_amount_by_reason(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `needs.amount_by_reason`, each class in its colour and with its mark."""
    grouped_dots(frame, "reason", "borrower_class", ax, lang, "asked_axis", "mean_cny", whole)
    ax.set_xlim(0, top(frame, "mean_cny") * 1.14)
    return _amounts(frame, lang)


def _amounts(frame: pd.DataFrame, lang: str) -> Caption:
    words = series_in_words(frame, "reason", "borrower_class", lang, "mean_cny", whole)
    means = frame.set_index(["borrower_class", "reason"])["mean_cny"]
    if ("consumer", "emergency") in means and ("consumer", "consumption") in means:
        named = {one: whole(means["consumer", one]) for one in ("emergency", "consumption")}
        return caption("amount_by_reason", lang, "cluster_note", words, **named)
    most = frame.loc[frame["mean_cny"].idxmax()]
    named = {"first": within(most["reason"], lang), "amount": whole(most["mean_cny"])}
    return caption("amount_by_reason_other", lang, "cluster_note", words, **named)


def _map(name: str, frame: pd.DataFrame, by: str, reason: str, ax: Axes, lang: str) -> Caption:
    """A heat map of reasons by something with an order; the title tells of one reason in its first and last row."""
    heat_map(frame, by, "reason", ax, lang)
    ax.set_ylabel(label(by, lang))
    rows = frame[frame["reason"] == reason]
    first, last = rows.iloc[0], rows.iloc[-1]
    named = {
        "first": percent(first["share"]),
        "last": percent(last["share"]),
        "low": label(str(first[by]), lang),
        "high": label(str(last[by]), lang),
    }
    return caption(name, lang, "cell_note", series_in_words(frame, "reason", by, lang), **named)
