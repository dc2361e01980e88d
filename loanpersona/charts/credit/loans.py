"""Charts of loans (2.1c, 2.1e, 3.1c, 3.2g): how they are repaid, how they age, and what they earn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import declaration
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell
from loanpersona.charts import forms
from loanpersona.charts.drawing import SERIES, dots, finish, legend, two, whole
from loanpersona.charts.plot import drawing
from loanpersona.charts.style import INK, MARKS, PAPER, POP2, Caption, percent
from loanpersona.core.words import label, phrase

YEARS = (("#6baed6", "-"), ("#3182bd", "--"), ("#08519c", "-."), ("#08306b", ":"))
"""Colour and dash of the vintages of a year; years beyond the fourth look like it."""


@drawing("credit.delinquency", width=9.4, height=None)
def delinquency(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars, a panel a measure; below a share its ratio to the group compared with."""
    if not frame.attrs["by"]:
        return forms.by_keys(frame, ax, lang)
    named = frame.assign(group=forms.names_of_rows(frame, list(frame.attrs["by"]), lang))
    forms.panels(named, ax, lang, "measure", draw=_with_ratios)
    return forms.captioned(frame, lang, "cluster_note")


@drawing("credit.vintages", width=8.2, height=4.8)
def vintages(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A fan: 90+ by vintage, in a colour and dash a year, with 30+ behind in grey; a panel for each group."""
    of_loans, by = frame[frame["counted"] == "of_loans"].dropna(subset=["share"]), list(frame.attrs["by"])
    years = sorted({one[:4] for one in frame["vintage"]})
    looks = {year: YEARS[min(at, len(YEARS) - 1)] for at, year in enumerate(years)}
    fan = partial(_fan, looks=looks, most=np.nanmax([of_loans["share"].max() * 1.1, 0.01]))
    if by:
        named = of_loans.assign(group=forms.names_of_rows(of_loans, by, lang))
        forms.panels(named, ax, lang, "group", draw=fan)
    else:
        fan(of_loans, ax, lang)
        ax.set_ylabel(forms.axis_title(frame, lang))
    lines = [mpl.lines.Line2D([], [], color=colour, ls=dash) for colour, dash in [*looks.values(), (POP2, "-")]]
    words = [phrase("vintage_legend", lang, year=year) for year in looks]
    legend(ax, 5, lines, [*words, phrase("vintage_30_legend", lang)])
    known = of_loans[of_loans["ever_past_due"] == "90+"]
    ends = known.groupby([*by, "vintage"], observed=True, sort=False).tail(1).reset_index(drop=True)
    names = forms.names_of_rows(ends, [*by, "vintage", "month_on_book"], lang)
    texts = MARKS[lang].comma.join(f"{name} {percent(share)}" for name, share in zip(names, ends["share"], strict=True))
    return Caption(forms.title(frame, lang), phrase("vintage_note", lang), texts)


@drawing("credit.tier_table", width=12.4, height=4.4)
def tier_table(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A table: a bar for each value, its number and its interval below."""
    tiers, measures = (list(dict.fromkeys(frame[name])) for name in ("quality_tier", "measure"))
    for row in frame.to_dict("records"):
        across, down = measures.index(row["measure"]), tiers.index(row["quality_tier"])
        value, low, high = (_written(frame, row, name) for name in ("value", "low", "high"))
        ax.text(across + 0.5, down + 0.42, value, ha="center", va="center")
        if row["low"] == row["low"]:
            ax.text(across + 0.5, down + 0.74, f"{low} – {high}", ha="center", va="center")
        _cell_bar(ax, frame[frame["measure"] == row["measure"]], row, across, down)
    ax.set_xticks(np.arange(len(measures)) + 0.5, [_broken(label(one, lang), lang) for one in measures])
    ax.set_yticks(np.arange(len(tiers)) + 0.5, [label(one, lang) for one in tiers])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set(xlim=(0, len(measures)), ylim=(len(tiers) + 0.3, 0))  # below the last tier there is room for the mark
    ax.grid(visible=False)
    for down in range(len(tiers) + 1):
        ax.axhline(down, color=INK if down == 1 else "#cccccc", lw=1.2 if down == 1 else 0.8)
    return Caption(forms.title(frame, lang), phrase("tier_note", lang), _table_words(frame, lang))


@drawing("credit.unit_economics", width=9.0, height=None)
def unit_economics(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Costs stacked against the interest received, and what is left with its interval."""
    named = frame.assign(group=forms.names_of_rows(frame, list(frame.attrs["by"]), lang))
    wide = named.pivot(index="group", columns="component", values="share_of_balance").loc[named["group"].unique()]
    places, left = np.arange(len(wide)), np.zeros(len(wide))
    wide["losses_net"] = wide["charged_off"] + wide["recovered"]
    for name, (colour, hatch) in zip(("funding_cost", "operating_cost", "losses_net"), SERIES, strict=True):
        look: dict[str, Any] = {
            "color": colour,
            "hatch": hatch,
            "edgecolor": PAPER,
            "lw": 0,
            "label": label(name, lang),
        }
        ax.barh(places, -wide[name], 0.6, left=left, **look)
        left = left - wide[name].to_numpy()
    interest = wide["interest_received"]
    ax.plot(interest, places, "D", color=INK, ms=6, ls="none", label=label("interest_received", lang))
    rest = named[named["component"] == "income_after_losses"].set_index("group").loc[wide.index]
    half = (rest["high"] - rest["low"]) / 2
    ax.errorbar(interest, places, xerr=half, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5)
    words = [_rest_in_words(row, lang) for row in rest.to_dict("records")]
    for place, said in enumerate(words):
        ax.annotate(said, (1.01, place), va="center", xycoords=("axes fraction", "data"))
    ax.set_yticks(places, wide.index)
    ax.set_ylim(len(places) - 0.4, -0.6)
    ax.set_xlim(0, np.nanmax([*left, *(interest + half.fillna(0)), 0.01]) * 1.05)
    finish(ax.xaxis, percent)
    ax.set_xlabel(phrase("income_axis_tiers", lang))
    legend(ax, 4)
    texts = MARKS[lang].comma.join(f"{group} {said}" for group, said in zip(wide.index, words, strict=True))
    return Caption(forms.title(frame, lang), phrase("tier_income_note", lang), texts)


@drawing("credit.pricing", width=9.0, height=2.8)
def pricing(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots of what is kept at each price, with the price beside."""
    dots(frame, [label(one, lang) for one in frame["scenario"]], ax, "net_margin", percent)
    for place, row in enumerate(frame.itertuples()):
        said = phrase("price_beside", lang, apr=percent(row.apr), interest=whole(row.interest_12))
        ax.annotate(said, (1.01, place), va="center", xycoords=("axes fraction", "data"))
    ends = [*frame["net_margin"], *frame["low"].dropna(), *frame["high"].dropna(), 0.0]
    ax.set_xlim(np.nanmin(ends) - 0.01, np.nanmax(ends) + 0.03)
    ax.axvline(0, color=INK, lw=1, ls="--")
    ax.set_xlabel(forms.axis_title(frame, lang))
    return forms.captioned(frame, lang, "price_note")


def _with_ratios(part: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The bars of a measure, with the ratio to the group compared with below each share."""
    caption = forms.bars(part, ax, lang, by="group")
    ax.set_xlabel(label("share", lang))
    ax.set_xlim(0, ax.get_xlim()[1] * (2 if "risk_ratio" in part else 1.2))
    for text, row in zip(ax.texts, part.to_dict("records"), strict=True):
        if row.get("risk_ratio", np.nan) > 0 and row["share"] == row["share"]:
            ends = {name: two(row[f"risk_ratio_{name}"]) for name in ("low", "high")}
            ratio = phrase("ratio_beside", lang, ratio=two(row["risk_ratio"]), **ends)
            text.set_text(f"{text.get_text()}\n{ratio}")
    return caption


def _fan(part: pd.DataFrame, ax: Axes, lang: str, looks: Mapping[str, tuple[str, str]], most: float) -> Caption:
    """Lines by vintage; the youngest one watched for twelve months stands out with its interval."""
    known = part[part["ever_past_due"] == "90+"]
    bold = known[known["month_on_book"] == min(12, known["month_on_book"].max())]["vintage"].iloc[-1:]
    for (ever, vintage), line in part.groupby(["ever_past_due", "vintage"]):
        if ever != "90+":
            ax.plot(line["month_on_book"], line["share"], color=POP2, lw=0.8)
            continue
        colour, dash = looks[str(vintage)[:4]]
        if vintage in bold.to_list():
            ax.fill_between(line["month_on_book"], line["low"], line["high"], color=colour, alpha=0.25, lw=0)
        ax.plot(
            line["month_on_book"], line["share"], color=colour, ls=dash, lw=2.6 if vintage in bold.to_list() else 1.2
        )
    ax.set(xlim=(0, None), ylim=(0, most), xlabel=label("month_on_book", lang))
    ax.grid(visible=False, axis="x")
    ax.grid(visible=True, axis="y")
    finish(ax.yaxis, percent)
    return forms.captioned(part, lang)


def _written(frame: pd.DataFrame, row: dict[Any, Any], name: str) -> str:
    return cell(declaration(frame).form("value", row["measure"]), row[name], "en")


def _cell_bar(ax: Axes, of: pd.DataFrame, row: dict[Any, Any], across: int, down: int) -> None:
    """A bar in a cell, as long as its value among those of the tiers; a loss has another colour and hatch."""
    most = of.loc[of["quality_tier"] != EVERYBODY, "value"].abs().max()
    if row["quality_tier"] == EVERYBODY or not most > 0:
        return
    colour, hatch = ("#a6cbe3", "") if row["value"] >= 0 else ("#e8a79b", "///")
    place, width = (across + 0.05, down + 0.12), 0.9 * abs(row["value"]) / most
    ax.add_patch(mpl.patches.Rectangle(place, width, 0.76, fc=colour, hatch=hatch, ec=PAPER, lw=0, zorder=0.5))


def _broken(heading: str, lang: str) -> str:
    """A heading over several lines: English between words, Chinese wherever seven characters end."""
    return fill(heading.replace("（", " （"), 14 if lang == "en" else 7)


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
    said = percent(row["share_of_balance"])
    if row["low"] == row["low"]:
        said += f" ({percent(row['low'])} – {percent(row['high'])})"
    why = row.get("why")
    return f"{said} · {label(why, lang)}" if isinstance(why, str) else said
