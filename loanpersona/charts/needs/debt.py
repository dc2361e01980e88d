"""Charts of debt for debt (2.1c) and of owners (2.1e)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import (
    bars,
    caption,
    dots,
    grouped_bars,
    series_in_words,
    two,
    whole,
)
from loanpersona.charts.style import INK, MARKS, Caption, chart, percent, values_in_words
from loanpersona.core.words import label, phrase


@chart(width=8.2, height=4.2)
def plot_debt_risk(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.debt_risk`: each measure as told by any loan and by the first."""
    groups = [
        phrase("trait_level", lang, trait=label(row.told_by, lang), level=label(row.measure, lang))
        for row in frame.itertuples()
    ]
    first = frame[frame["told_by"] == "first_loan"].iloc[0]
    return _risk("debt_risk", frame.assign(group=groups), "kind", first, ax, lang)


@chart(width=8.0, height=3.4)
def plot_risk_by_platforms(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.risk_by_platforms`, a group each measure."""
    groups = [label(one, lang) for one in frame["measure"]]
    held = [
        phrase("trait_level", lang, trait=label("held", lang), level=label(one, lang)) for one in frame["platforms"]
    ]
    return _risk("risk_by_platforms", frame.assign(group=groups, platforms=held), "platforms", frame.iloc[0], ax, lang)


@chart(width=8.6, height=3.0)
def plot_owner_risk(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.owner_risk`, a group each measure."""
    groups = [label(one, lang) for one in frame["measure"]]
    return _risk("owner_risk", frame.assign(group=groups), "borrower_class", frame.iloc[0], ax, lang)


@chart(height=3.0)
def plot_refusals_by_platforms(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.refusals_by_platforms`."""
    return _rising("refusals_by_platforms", frame, "platforms", ax, lang, "refused_axis", "user_cluster_note")


@chart(height=3.8)
def plot_reject_reasons_by_platforms(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the frame `needs.reject_reasons_by_platforms`; the title speaks of users with several platforms."""
    grouped_bars(frame, "reject_reason", "held", ax, lang, "refusals_axis")
    last = frame[frame["held"] == frame["held"].iloc[-1]]
    most = last.loc[last["share"].idxmax()]
    named = {
        "group": label(most["held"], lang),
        "first": label(most["reject_reason"], lang),
        "share": percent(most["share"]),
    }
    words = series_in_words(frame, "reject_reason", "held", lang)
    return caption("reject_reasons_by_platforms", lang, "user_cluster_note", words, **named)


@chart(width=9.0, height=2.8)
def plot_owner_price(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of the frame `needs.owner_price`: what is kept at each price, with the price beside."""
    names = [label(one, lang) for one in frame["scenario"]]
    dots(frame, names, ax, "kept", percent)
    for place, row in enumerate(frame.itertuples()):
        said = phrase("price_beside", lang, apr=percent(row.apr), interest=whole(row.interest_12))
        ax.annotate(
            said, (1.01, place), fontsize=7.5, va="center", xycoords=("axes fraction", "data"), annotation_clip=False
        )
    ends = [*frame["kept"], *frame["low"].dropna(), *frame["high"].dropna(), 0.0]
    ax.set_xlim(min(ends) - 0.01, max(ends) + 0.03)
    ax.axvline(0, color=INK, lw=1, ls="--")
    ax.set_xlabel(phrase("kept_axis", lang))
    kept = frame.set_index("scenario")["kept"].map(percent)
    words = MARKS[lang].comma.join(f"{a} {b}" for a, b in zip(names, kept, strict=True))
    named = {"as_is": kept["owners_as_they_are"], "policy": kept["owners_policy"]}
    return caption("owner_price", lang, "price_note", words, **named)


def _risk(name: str, frame: pd.DataFrame, by: str, told: pd.Series, ax: Axes, lang: str) -> Caption:
    """Bars of both measures of risk, with the ratios below the name of each group; the title tells one of them."""
    lines = []
    for group in dict.fromkeys(frame["group"]):
        part = frame[(frame["group"] == group) & frame["risk_ratio"].notna()]
        lines.append("\n".join([group, *(_ratio(row, by, lang) for row in part.to_dict("records"))]))
    grouped_bars(frame, "group", by, ax, lang, "risk_axis")
    ax.set_yticks(range(len(lines)), lines)
    words = series_in_words(frame, "group", by, lang)
    named = {"ratio": two(told["risk_ratio"]), "low": two(told["risk_ratio_low"]), "high": two(told["risk_ratio_high"])}
    return caption(name, lang, "cluster_note", words, **named)


def _ratio(row: dict[Any, Any], by: str, lang: str) -> str:
    numbers = {"ratio": two(row["risk_ratio"]), "low": two(row["risk_ratio_low"]), "high": two(row["risk_ratio_high"])}
    return phrase("ratio_beside", lang, kind=label(str(row[by]), lang), **numbers)


def _rising(name: str, frame: pd.DataFrame, by: str, ax: Axes, lang: str, axis: str, note: str) -> Caption:
    """Bars of something with an order; the title tells the first and the last share."""
    bars(frame, by, ax, lang, axis)
    ax.set_ylabel(label(by, lang))
    first, last = frame.iloc[0], frame.iloc[-1]
    named = {
        "first": percent(first["share"]),
        "last": percent(last["share"]),
        "low": label(str(first[by]), lang),
        "high": label(str(last[by]), lang),
    }
    return caption(name, lang, note, values_in_words(frame, by, lang), **named)
