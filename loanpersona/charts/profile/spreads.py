"""Charts of how incomes and other numbers are spread, and of traits against the population."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from loanpersona.analysis import baselines
from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import dots, grouped_dots
from loanpersona.charts.plot import drawing
from loanpersona.charts.profile.shares import largest_first
from loanpersona.charts.scales import at_right, finish, named_rows, two
from loanpersona.charts.style import BASE, INK, PAPER, POP, POP2, Caption, percent
from loanpersona.core.words import label, phrase


@drawing("profile.spread")
def spread(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """P10 to P90 thin, P25 to P75 thick, the median as a dot, and the line `below`."""
    by = frame.attrs["by"]
    if len(by) == 1 and not frame[by[0]].cat.ordered:
        frame = largest_first(frame, by[0], "p50")
    places = np.arange(len(frame))
    named_rows(ax, forms.names_of_rows(frame, keys_of(frame), lang), lang)
    ax.hlines(places, frame["p10"], frame["p90"], color=POP2, lw=2)
    ax.hlines(places, frame["p25"], frame["p75"], color=POP, lw=8)
    ax.plot(frame["p50"], places, "o", ms=8, color=PAPER, mec=INK, mew=1.4, zorder=3)
    ax.set_xlim(left=0)
    finish(ax.xaxis, forms.writer(frame))
    if "below" in frame:
        _line_below(frame, ax, lang)
    ax.set_xlabel(label(frame.attrs["of"][0], lang))
    return forms.captioned(frame, lang, "range_note")


@drawing("profile.lift")
def lift(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Dots on a logarithmic axis around one; with each trait stands whom it is compared with."""
    frame = frame[frame["lift"].notna()].reset_index(drop=True)
    traits = frame.drop_duplicates("trait")
    whom = [baselines.population(one, lang) for one in traits["compared_with"]]
    names = [f"{label(row, lang)}\n{other}" for row, other in zip(traits["trait"], whom, strict=True)]
    ax.axvline(1, color=BASE, lw=1)
    if len(frame.attrs["who"]) > 1:
        grouped_dots(
            frame.assign(trait=frame["trait"].map(dict(zip(traits["trait"], names, strict=True)))),
            "trait",
            "who",
            ax,
            lang,
            "lift_axis",
            "lift",
            two,
        )
    else:
        dots(frame, names, ax, lang, "lift", two)
    ax.set_xscale("log")
    # An interval that reaches down to zero has no end on this axis.
    lows = frame.loc[frame["low"] > 0, "low"]
    ax.set_xlim(min([0.7, *(0.8 * lows)]), max(2, frame["high"].max()) * 1.9)
    ax.set_xticks([tick for tick in (0.5, 1, 2, 4, 8) if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]])
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel(phrase("lift_axis", lang))
    shares = (f"{label(row.trait, lang)} {percent(row.share)} / {percent(row.baseline)}" for row in traits.itertuples())
    return replace(forms.captioned(frame, lang), published=forms.strung(shares, lang))


def _line_below(frame: pd.DataFrame, ax: Axes, lang: str) -> None:
    """The line `below`, and the share of each row below it."""
    line = frame["below"].iloc[0]
    ax.axvline(line, color=INK, lw=1.2, ls=(0, (2, 2)), zorder=0.8)
    top = phrase("share_below_line", lang, below=f"{line:,g}")
    for place, share in enumerate(frame["share_below"]):
        at_right(ax, place, percent(share))
    ax.annotate(top, (1, 1), (0, 4), "axes fraction", "offset points", va="bottom", ha="right")
