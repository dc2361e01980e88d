"""Charts of how they borrow again, use their limit, bring others, and what it costs (1.4e to 1.4h)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from loanpersona.analysis.frame import keys_of
from loanpersona.charts import forms
from loanpersona.charts.drawing import two, unit_square
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.style import INK, Caption
from loanpersona.core.words import label, phrase

entry("habits.referral", forms.dots, line=1)


@drawing("habits.time_to_next_loan", height=3.9)
def time_to_next_loan(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Steps that rise as users come back, a curve for each loan that waits begin with; a few days as bars."""
    after = {one: phrase("after_loan", lang, ordinal=one) for one in frame["ordinal"].unique()}
    named = frame.assign(ordinal=frame["ordinal"].map(after))
    if "at_risk" not in frame:
        by = frame.attrs["by"]
        return forms.by_keys(named, ax, lang) if by else forms.grouped(named, ax, lang, by="days", series="ordinal")
    result = forms.curve(named, ax, lang)
    ax.set(ylim=(0, 1.02), xlabel=phrase("days_axis", lang))
    ax.set_xlim(left=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(visible=True, axis="y")
    ends = frame[frame["days"] <= 365].groupby([one for one in keys_of(frame) if one != "days"], sort=False).tail(1)
    return replace(result, note=phrase("band_note", lang), values=forms.all_values(ends, lang))


@drawing("habits.lorenz", height=5.4, width=5.6)
def lorenz(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The curve with its band, the line of equal volume, and the Gini coefficient."""
    x = np.linspace(0, 1, 2)
    ax.plot(x, x, color=INK, lw=1, ls="--")
    result = forms.curve(frame, ax, lang)
    unit_square(ax, phrase("lorenz_axis", lang), label("share_of_volume", lang))
    ax.text(0.04, 0.95, _ginis(frame, lang), va="top", linespacing=1.5)
    tenths = frame[np.isin(np.round(100 * frame["share_of_borrowers"]), range(10, 100, 10))]
    return replace(result, note=phrase("band_note", lang), values=forms.all_values(tenths, lang))


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


@drawing("habits.debt_service", height=4.6)
def debt_service(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of this platform and of all platforms in each band."""
    if frame.attrs["by"]:
        return forms.by_keys(frame, ax, lang)
    result = forms.grouped(frame, ax, lang, by="service_band", series="counted")
    ax.set_ylabel(label("service_band", lang))
    return replace(result, note=phrase("month_note", lang))
