"""Charts of how they borrow again, use their limit, bring others, and what it costs (1.4e to 1.4h)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.scales import GROUND, SERIES, at_ends, legend, sampled, two, unit_square, upright
from loanpersona.charts.style import BASE, Caption, percent
from loanpersona.core.words import label, phrase

YEAR = 365
FEW_DAYS = 4
"""So many chosen days are bars; through more of them runs a line."""
entry("habits.referral", forms.dots, line=1)


@drawing("habits.time_to_next_loan")
def time_to_next_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps that rise as users come back, a curve for each loan that waits begin with; a few days as bars."""
    after = {one: phrase("after_loan", lang, ordinal=one) for one in frame["ordinal"].unique()}
    named = frame.assign(ordinal=frame["ordinal"].map(after))
    if "at_risk" not in frame:
        if frame.attrs["by"]:
            return forms.by_keys(named, ax, lang)
        few = frame["days"].nunique() <= FEW_DAYS
        return forms.grouped(named, ax, lang, by="days", series="ordinal") if few else _chosen_days(named, ax, lang)
    year = named[named["days"] <= YEAR].reset_index(drop=True)
    year.attrs = frame.attrs
    result = forms.curve(year, ax, lang)
    ax.set(ylim=(0, 1.02), xlabel=phrase("days_axis", lang))
    ends = frame[frame["days"] <= YEAR].groupby([one for one in keys_of(frame) if one != "days"], sort=False).tail(1)
    return replace(result, values=forms.all_values(ends, lang))


def _chosen_days(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line for each loan that waits begin with, through the chosen days, its name at its end."""
    ends = []
    for (after, part), look in zip(frame.groupby("ordinal", sort=False), SERIES, strict=False):
        days, shares = [0, *part["days"]], [0.0, *part["share"]]
        ax.plot(days, shares, color=look.colour, ls=look.dash, lw=2)
        if sampled(part):
            ax.fill_between(part["days"], part["low"], part["high"], color=look.colour, alpha=0.2, lw=0)
        ends.append((days[-1], shares[-1], f"{after} {percent(shares[-1])}"))
    most = int(frame["days"].max())
    ax.set(xlim=(0, most), ylim=(0, 1.02), ylabel=forms.axis_title(frame, lang), xlabel=phrase("days_axis", lang))
    ax.set_xticks(_days(frame))
    upright(ax, percent)
    at_ends(ax, ends, lang)
    return forms.captioned(frame, lang, "band_note")


def _days(frame: pd.DataFrame) -> list[int]:
    """The first day and so many of the chosen ones as there is room for."""
    days = sorted(frame["days"].unique().tolist())
    seen = days[:: -max(len(days) // 4, 1)][::-1]
    return [0, *(day for day in seen if day > days[-1] / 8)]


@drawing("habits.lorenz")
def lorenz(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The curve, the line of equal volume, and the Gini coefficient written in between."""
    ax.plot([0, 1], [0, 1], color=BASE, lw=1)
    result = forms.curve(frame, ax, lang, named_at_ends=False)
    legend(ax, 3)
    unit_square(ax, phrase("lorenz_axis", lang), label("share_of_volume", lang))
    ax.text(0.03, 0.95, _ginis(frame, lang), va="top", linespacing=1.5, bbox=GROUND)
    tenths = frame[np.isin(np.round(100 * frame["share_of_borrowers"]), range(10, 100, 10))]
    return replace(result, values=forms.strung([_ginis(frame, lang), forms.all_values(tenths, lang)], lang))


def _ginis(frame: pd.DataFrame, lang: str) -> str:
    """The Gini coefficient of each group with its interval, a line each."""
    by = frame.attrs["by"]
    rows = frame.drop_duplicates(by) if by else frame.head(1)
    said = [
        f"{label('gini', lang)} {two(row['gini'])} ({two(row['gini_low'])} – {two(row['gini_high'])})"
        + "".join(f" · {label(str(row[name]), lang)}" for name in by)
        for row in rows.to_dict("records")
    ]
    return "\n".join(said)


@drawing("habits.debt_service")
def debt_service(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of this platform and of all platforms in each band."""
    if frame.attrs["by"]:
        return forms.by_keys(frame, ax, lang)
    result = forms.grouped(frame, ax, lang, by="service_band", series="counted")
    return replace(result, note=phrase("month_note", lang))
