"""Charts of what a loan costs its borrower (1.4h)."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import bars, caption, grouped_bars, series_in_words, whole
from loanpersona.charts.style import Caption, chart, percent, values_in_words
from loanpersona.core.words import label


@chart(height=3.4)
def plot_interest_by_term(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.interest_by_term`; the title speaks of the most frequent term."""
    bars(frame, "term_months", ax, lang, "per_1000_axis", "per_1000", whole)
    ax.set_ylabel(label("term_months", lang))
    usual = frame.loc[frame["n"].idxmax()]
    named = {"term": int(usual["term_months"]), "interest": whole(usual["per_1000"])}
    words = values_in_words(frame, "term_months", lang, "per_1000")
    return caption("interest_by_term", lang, "cluster_note", words, **named)


@chart(height=3.0)
def plot_interest_by_tier(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.interest_by_tier`, the best tier first."""
    bars(frame, "quality_tier", ax, lang, "per_1000_axis", "per_1000", whole)
    first, last = frame.iloc[0], frame.iloc[-1]
    named = {
        "first": label(first["quality_tier"], lang),
        "first_interest": whole(first["per_1000"]),
        "last": label(last["quality_tier"], lang),
        "last_interest": whole(last["per_1000"]),
    }
    words = values_in_words(frame, "quality_tier", lang, "per_1000")
    return caption("interest_by_tier", lang, "cluster_note", words, **named)


@chart(height=3.4)
def plot_inquiries(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.inquiries`."""
    bars(frame, "inquiries", ax, lang, "users_axis")
    ax.set_ylabel(label("inquiries", lang))
    many = frame.loc[~frame["inquiries"].isin(["0", "1", "2"]), "share"].sum()
    return caption("inquiries", lang, "interval_note", values_in_words(frame, "inquiries", lang), share=percent(many))


@chart(height=2.8)
def plot_data_given(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.data_given`, in the order of the steps."""
    bars(frame, "data", ax, lang, "users_axis")
    share = percent(frame["share"].iloc[-1])
    return caption("data_given", lang, "interval_note", values_in_words(frame, "data", lang), share=share)


@chart(height=4.6)
def plot_debt_service(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.debt_service`: this platform, and with further platforms."""
    grouped_bars(frame, "service_band", "counted", ax, lang, "months_axis")
    ax.set_ylabel(label("service_band", lang))
    every = frame[(frame["counted"] == "all_platforms") & frame["service_band"].isin(["50..54", "55.."])]
    words = series_in_words(frame, "service_band", "counted", lang)
    return caption("debt_service", lang, "month_note", words, share=percent(every["share"].sum()))


@chart(height=3.0)
def plot_debt_service_above(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `habits.debt_service_above`: this platform, and with further platforms."""
    grouped_bars(frame, "line", "counted", ax, lang, "months_axis")
    share = frame.set_index(["counted", "line"])["share"]["all_platforms", "above_55"]
    words = series_in_words(frame, "line", "counted", lang)
    return caption("debt_service_above", lang, "month_note", words, share=percent(share))
