"""Charts of loans (2.1c, 2.1e, 3.1c, 3.2g): how they are repaid, how they age, and what they earn."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loanpersona.analysis.frame import declaration
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell
from loanpersona.charts import forms
from loanpersona.charts.drawing import dots
from loanpersona.charts.plot import drawing
from loanpersona.charts.scales import (
    SERIES,
    at_ends,
    at_right,
    beside,
    finish,
    legend,
    named_rows,
    tenths,
    two,
    upright,
    whole,
)
from loanpersona.charts.style import ALT, BASE, INK, MARKS, PAPER, POP, Caption, narrow, percent
from loanpersona.core.words import label, phrase


@drawing("credit.delinquency")
def delinquency(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars, a panel a measure, which each have a denominator of their own; with a share its ratio to the group."""
    if not frame.attrs["by"]:
        return forms.by_keys(frame, ax, lang)
    named = frame.assign(group=forms.names_of_rows(frame, list(frame.attrs["by"]), lang))
    return forms.panels(named, ax, lang, "measure", draw=_with_ratios, across=3)


@drawing("credit.vintages")
def vintages(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The median of the vintages and the band that holds all of them; a panel for each group."""
    of_loans, by = frame[frame["counted"] == "of_loans"].dropna(subset=["share"]), list(frame.attrs["by"])
    most = float(np.nanmax([of_loans["share"].max() * 1.1, 0.01]))
    draw = partial(_band_of_vintages, most=most)
    if by:
        forms.panels(of_loans.assign(group=forms.names_of_rows(of_loans, by, lang)), ax, lang, "group", draw=draw)
    else:
        draw(of_loans, ax, lang)
    ax.set_ylabel(forms.axis_title(frame, lang))
    ax.set_xlabel(label("month_on_book", lang))
    known = of_loans[of_loans["ever_past_due"] == "90+"]
    ends = known.groupby([*by, "vintage"], observed=True, sort=False).tail(1).reset_index(drop=True)
    names = forms.names_of_rows(ends, [*by, "vintage", "month_on_book"], lang)
    texts = MARKS[lang].comma.join(f"{name} {percent(share)}" for name, share in zip(names, ends["share"], strict=True))
    return Caption(forms.title(frame, lang), phrase("vintage_note", lang), texts)


def _band_of_vintages(part: pd.DataFrame, ax: Axes, lang: str, most: float) -> Caption:
    """For 30+ and for 90+ days: from the least to the greatest vintage a band, their median a line."""
    ends = []
    for (ever, rows), look in zip(part.groupby("ever_past_due"), SERIES, strict=False):
        at = rows.groupby("month_on_book")["share"].agg(["min", "median", "max"])
        ax.fill_between(at.index, at["min"], at["max"], color=look.colour, alpha=0.2, lw=0)
        ax.plot(at.index, at["median"], color=look.colour, lw=2)
        ends.append((at.index[-1], float(at["median"].iloc[-1]), phrase("vintage_line", lang, ever=str(ever))))
    ax.set(xlim=(1, part["month_on_book"].max()), ylim=(0, most))
    upright(ax, percent)
    ax.xaxis.set_major_locator(MaxNLocator(4 if narrow() else 8, integer=True))
    at_ends(ax, ends, lang)
    return forms.captioned(part, lang)


@drawing("credit.tier_table")
def tier_table(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A small panel of bars for each measure, all on the same rows of tiers."""
    tiers = frame[frame["quality_tier"] != EVERYBODY]
    shown = forms.panels(tiers, ax, lang, "measure", draw=_tier_bars, across=3)
    ax.set_xlabel("")
    return Caption(shown.title, phrase("tier_note", lang), _table_words(frame, lang))


def _tier_bars(part: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of a measure, each with its number as it is written; a loss is plum."""
    places = np.arange(len(part))
    tall = named_rows(ax, [label(str(one), lang) for one in part["quality_tier"]], lang)
    colours = [POP if value >= 0 else ALT for value in part["value"]]
    ax.barh(places, part["value"], tall, color=colours, lw=0)
    for place, row in zip(places, part.to_dict("records"), strict=True):
        beside(ax, _written(part, row, "value"), max(row["value"], 0) if row["value"] == row["value"] else 0, place)
    ends = [*part["value"].dropna(), 0]
    ax.set_xlim(min(ends) * 1.1, (max(ends) or 1) * 1.6)
    ax.set_xticks([])
    return forms.captioned(part, lang)


@drawing("credit.unit_economics")
def unit_economics(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Costs stacked against the interest received, and at the right what is left."""
    named = frame.assign(group=forms.names_of_rows(frame, list(frame.attrs["by"]), lang))
    wide = named.pivot(index="group", columns="component", values="share_of_balance").loc[named["group"].unique()]
    places, left = np.arange(len(wide)), np.zeros(len(wide))
    tall = named_rows(ax, list(wide.index), lang)
    wide["losses_net"] = wide["charged_off"] + wide["recovered"]
    for name, look in zip(
        ("funding_cost", "operating_cost", "losses_net"), (SERIES[2], SERIES[3], SERIES[1]), strict=True
    ):
        own: dict[str, Any] = {"color": look.colour, "hatch": look.hatch, "edgecolor": PAPER, "lw": 0}
        ax.barh(places, -wide[name], tall, left=left, label=label(name, lang), **own)
        left = left - wide[name].to_numpy()
    interest = wide["interest_received"]
    ax.plot(interest, places, "D", color=INK, ms=7, ls="none", label=label("interest_received", lang))
    rest = named[named["component"] == "income_after_losses"].set_index("group").loc[wide.index]
    words = [_rest_in_words(row, lang) for row in rest.to_dict("records")]
    for place, said in enumerate(words):
        at_right(ax, place, said)
    ax.set_xlim(0, np.nanmax([*left, *interest, 0.01]) * 1.05)
    finish(ax.xaxis, percent)
    ax.set_xlabel(phrase("income_axis_tiers", lang))
    legend(ax, 4)
    texts = MARKS[lang].comma.join(f"{group} {said}" for group, said in zip(wide.index, words, strict=True))
    return Caption(forms.title(frame, lang), phrase("tier_income_note", lang), texts)


@drawing("credit.pricing")
def pricing(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of what is kept at each price, with the price beside."""
    prices = [
        phrase("price_beside", lang, apr=tenths(row.apr), interest=whole(row.interest_12)) for row in frame.itertuples()
    ]
    names = [f"{label(one, lang)}\n{price}" for one, price in zip(frame["scenario"], prices, strict=True)]
    dots(frame, names, ax, lang, "net_margin", tenths)
    ends = [*frame["net_margin"], *frame["low"].dropna(), *frame["high"].dropna(), 0.0]
    ax.set_xlim(np.nanmin(ends) - 0.01, np.nanmax(ends) + 0.03)
    ax.axvline(0, color=BASE, lw=1)
    finish(ax.xaxis, percent)
    ax.set_xlabel(forms.axis_title(frame, lang))
    return forms.captioned(frame, lang, "price_note")


def _with_ratios(part: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The bars of a measure, with the ratio to the group compared with behind each share."""
    caption = forms.bars(part, ax, lang, by="group")
    ax.set_xlabel(label("share", lang))
    ax.set_xlim(0, ax.get_xlim()[1] * (1.7 if "risk_ratio" in part else 1.2))
    numbers = [text for text in ax.texts if text.get_text().endswith(("%", "–"))]
    for text, row in zip(numbers, part.to_dict("records"), strict=False):
        if row.get("risk_ratio", np.nan) > 0 and row["share"] == row["share"]:
            text.set_text(f"{text.get_text()} · {phrase('times_as_many', lang, ratio=two(row['risk_ratio']))}")
    return caption


def _written(frame: pd.DataFrame, row: dict[Any, Any], name: str) -> str:
    return cell(declaration(frame).form("value", row["measure"]), row[name], "en")


def _table_words(frame: pd.DataFrame, lang: str) -> str:
    """The table tier by tier, for the alt text."""
    marks = MARKS[lang]
    return marks.semicolon.join(
        f"{label(str(tier), lang)}{marks.colon}"
        + marks.comma.join(
            f"{label(row['measure'], lang)} {_written(frame, row, 'value')}" for row in part.to_dict("records")
        )
        for tier, part in frame.groupby("quality_tier", sort=False)
    )


def _rest_in_words(row: dict[Any, Any], lang: str) -> str:
    said = tenths(row["share_of_balance"])
    why = row.get("why")
    return f"{said} · {label(why, lang)}" if isinstance(why, str) else said
