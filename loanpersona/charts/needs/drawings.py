"""Charts of what they need: reasons, amounts, what is owed, needs at each stage, levers."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell
from loanpersona.charts import forms
from loanpersona.charts.drawing import curves
from loanpersona.charts.heat import name_cells
from loanpersona.charts.layout import Panels
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.scales import legend
from loanpersona.charts.style import PAPER, POP, Caption
from loanpersona.core.words import label

LINES = 4
"""So many groups are told apart as lines."""

entry("needs.reasons", forms.shares_within, levels="reason")


@drawing("needs.amounts")
def amounts(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bars of the classes side by side for each reason; dots for other groups."""
    if frame.attrs["by"] != ["borrower_class", "reason"]:
        return forms.dots(frame, ax, lang)
    within = frame[frame["reason"] != EVERYBODY].reset_index(drop=True)
    within.attrs = frame.attrs
    result = forms.grouped(within, ax, lang, by="reason", series="borrower_class")
    return replace(result, values=forms.all_values(frame, lang))


@drawing("needs.debt_buildup")
def debt_buildup(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line over the number of the loan for each group; a heat map of many groups."""
    groups = [name for name in keys_of(frame) if name not in {"loan_number", "measure"}]
    shown = frame.assign(group=forms.names_of_rows(frame, groups, lang) if groups else label("everybody", lang))
    if shown["group"].nunique() > LINES:
        return forms.heat(shown, ax, lang, down="group", across="loan_number")
    curves(shown, "loan_number", "group", ax, lang, "value", forms.writer(frame))
    ax.set_ylabel(forms.axis_title(frame, lang))
    return forms.captioned(frame, lang)


@drawing("needs.stages")
def stages(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A panel for each stage, one below the other: each has shares of other users."""
    parts, many = forms.parts_of(frame, "stage"), _many_groups(frame)
    inside = Panels(ax, len(parts), across=1)
    for own, (stage, part) in zip(inside.axes, parts.items(), strict=True):
        forms.shares_within(part, own, lang, levels="need", many=many)
        own.set_title(label(f"needs.stages.{stage}", lang), loc="left", fontweight="bold", pad=6)
        own.set(xlabel="", ylabel="")
        _one_legend(own, ax)
    if not many:
        for own in inside.axes:
            own.set_xlim(0, max(other.get_xlim()[1] for other in inside.axes))
    inside.settle(4.6 if many else 2.4)
    ax.set_xlabel(label("share", lang))
    return forms.captioned(frame, lang)


@drawing("needs.levers")
def levers(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A dot where a lever serves a need, filled where the article says so; with each need who shows it."""
    ends = {name: [cell("share", one, lang) for one in frame[name]] for name in ("share",)}
    needs = forms.names_of_rows(frame, ["stage", "need"], lang)
    frame = frame.assign(row=[f"{need} · {share}" for need, share in zip(needs, ends["share"], strict=True)])
    rows, across = list(dict.fromkeys(frame["row"])), list(dict.fromkeys(frame["lever"]))
    for row in frame.to_dict("records"):
        colour = POP if row["basis"] == "stated" else PAPER
        ax.plot(
            across.index(row["lever"]) + 0.5, rows.index(row["row"]) + 0.5, "o", ms=11, mec=POP, mew=1.8, color=colour
        )
    name_cells(ax, rows, [label(one, lang) for one in across], lang)
    ax.set_xlim(0, len(across))
    ax.grid(visible=True, axis="both")
    return forms.captioned(frame, lang, "levers_note")


def _many_groups(frame: pd.DataFrame) -> bool:
    """Whether there are more groups than stand side by side as bars."""
    groups = [name for name in keys_of(frame) if name not in {"stage", "need"}]
    return bool(groups) and len(frame[groups].drop_duplicates()) > forms.MOST


def _one_legend(panel: Axes, ax: Axes) -> None:
    """The legend of a panel stands above all of them."""
    if shown := panel.get_legend():
        legend(ax, 3, *panel.get_legend_handles_labels())
        shown.remove()
