"""Charts of the quality tiers: what each is granted, how it repays and what it earns."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.charts.drawing import SERIES, caption, finish, legend
from loanpersona.charts.style import INK, MARKS, Caption, chart, percent
from loanpersona.core.words import in_words, label, phrase


@chart(width=12.4, height=4.4)
def plot_tier_table(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The frame `credit.tier_table` as a table: a bar for each value, its number and its interval below."""
    tiers, measures = (list(dict.fromkeys(frame[name])) for name in ("quality_tier", "measure"))
    shown = in_words(frame, lang)
    for row, said in zip(frame.to_dict("records"), shown.to_dict("records"), strict=True):
        across, down = measures.index(row["measure"]), tiers.index(row["quality_tier"])
        value, low, high = (said[label(name, lang)] for name in ("value", "low", "high"))
        ax.text(across + 0.5, down + 0.42, value, ha="center", va="center", fontsize=9)
        if row["low"] == row["low"]:
            ax.text(across + 0.5, down + 0.74, f"{low} – {high}", ha="center", va="center", fontsize=6)
        _cell_bar(ax, frame[frame["measure"] == row["measure"]], row, across, down)
    ax.set_xticks(np.arange(len(measures)) + 0.5, [_broken(label(one, lang), lang) for one in measures])
    ax.set_yticks(np.arange(len(tiers)) + 0.5, [label(one, lang) for one in tiers])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set(xlim=(0, len(measures)), ylim=(len(tiers), 0))
    ax.grid(visible=False)
    for down in range(len(tiers) + 1):
        ax.axhline(down, color="#cccccc", lw=0.8)
    ax.axhline(len(tiers) - 1, color=INK, lw=1.2)
    bad = frame[frame["measure"] == "bad_12_months"].set_index("quality_tier")["value"]
    named = {
        "first": percent(bad.iloc[0]),
        "first_tier": label(tiers[0], lang),
        "last": percent(bad.iloc[-2]),
        "last_tier": label(tiers[-2], lang),
        "all": percent(bad.iloc[-1]),
    }
    return caption("tier_table", lang, "tier_note", _table_words(frame, shown, lang), **named)


@chart(width=9.0, height=4.0)
def plot_tier_income(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Costs stacked against the interest of `credit.tier_income`, and what is left with its interval."""
    wide = frame.pivot(index="quality_tier", columns="component", values="share_of_balance")
    tiers = list(dict.fromkeys(frame["quality_tier"]))
    wide, places = wide.loc[tiers], np.arange(len(tiers))
    costs = {
        "funding_cost": -wide["funding_cost"],
        "operating_cost": -wide["operating_cost"],
        "losses_net": -wide["charged_off"] - wide["recovered"],
    }
    left = np.zeros(len(tiers))
    for (name, width), (colour, hatch) in zip(costs.items(), SERIES, strict=True):
        ax.barh(
            places, width, 0.6, left=left, color=colour, hatch=hatch, edgecolor="white", lw=0, label=label(name, lang)
        )
        left = left + width.to_numpy()
    ax.plot(wide["interest_received"], places, "D", color=INK, ms=6, ls="none", label=label("interest_received", lang))
    rest = frame[frame["component"] == "income_after_losses"].set_index("quality_tier").loc[tiers].reset_index()
    half = (rest["high"] - rest["low"]) / 2
    ax.errorbar(wide["interest_received"], places, xerr=half, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2.5)
    words = [f"{percent(row.share_of_balance)} ({percent(row.low)} – {percent(row.high)})" for row in rest.itertuples()]
    beside: dict[str, Any] = {"va": "center", "xycoords": ("axes fraction", "data"), "annotation_clip": False}
    for place, said in [(-0.85, label("income_after_losses", lang)), *enumerate(words)]:
        ax.annotate(said, (1.01, place), fontsize=8, **beside)
    ax.set_yticks(places, [label(one, lang) for one in tiers])
    ax.set_ylim(len(tiers) - 0.4, -0.6)
    ax.set_xlim(0, np.nanmax([*left, *(wide["interest_received"] + half.fillna(0).to_numpy())]) * 1.05)
    finish(ax.xaxis, percent)
    ax.set_xlabel(phrase("income_axis_tiers", lang))
    legend(ax, 4)
    ranked = rest[rest["quality_tier"] != "everybody"].dropna(subset=["share_of_balance"])
    best, worst = (ranked.loc[ranked["share_of_balance"].agg(how)] for how in ("idxmax", "idxmin"))
    named = {
        "best": label(best["quality_tier"], lang),
        "most": percent(best["share_of_balance"]),
        "worst": label(worst["quality_tier"], lang),
        "least": percent(worst["share_of_balance"]),
    }
    told = MARKS[lang].comma.join(f"{label(tier, lang)} {said}" for tier, said in zip(tiers, words, strict=True))
    return caption("tier_income", lang, "tier_income_note", told, **named)


def _cell_bar(ax: Axes, of: pd.DataFrame, row: dict[Any, Any], across: int, down: int) -> None:
    """A bar in a cell, as long as its value among those of the tiers; a loss has another colour and hatch."""
    most = of.loc[of["quality_tier"] != "everybody", "value"].abs().max()
    if row["quality_tier"] == "everybody" or not most > 0:
        return
    colour, hatch = ("#a6cbe3", "") if row["value"] >= 0 else ("#e8a79b", "///")
    width = 0.9 * abs(row["value"]) / most
    ax.add_patch(
        mpl.patches.Rectangle(
            (across + 0.05, down + 0.12), width, 0.76, fc=colour, hatch=hatch, ec="white", lw=0, zorder=0.5
        )
    )


def _broken(heading: str, lang: str) -> str:
    """A heading over several lines: English between words, Chinese wherever seven characters end."""
    return fill(heading.replace("（", " （"), 14 if lang == "en" else 7)


def _table_words(frame: pd.DataFrame, shown: pd.DataFrame, lang: str) -> str:
    """The table tier by tier, for the alt text."""
    marks = MARKS[lang]
    told = frame.assign(said=shown[label("value", lang)].to_numpy())
    return marks.semicolon.join(
        f"{label(str(tier), lang)}{marks.colon}"
        + marks.comma.join(f"{label(row.measure, lang)} {row.said}" for row in part.itertuples())
        for tier, part in told.groupby("quality_tier", sort=False)
    )
