"""Charts of what they need: reasons, amounts, what is owed, needs at each stage, levers."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import keys_of
from loanpersona.analysis.written import cell
from loanpersona.charts import forms
from loanpersona.charts.drawing import LINES, SERIES, curves, legend
from loanpersona.charts.plot import drawing, entry
from loanpersona.charts.style import INK, PAPER, POP, Caption
from loanpersona.core.words import label, phrase

HEADING, NAMED = 2.0, 3.2
"""Room for the heading of a panel, and for the names of needs below a heat map too, in rows."""
BELOW = 0.6
"""Room for the mark of made-up data below the last bar, in rows."""

entry("needs.reasons", forms.shares_within, levels="reason")


entry("needs.amounts", forms.dots)


@drawing("needs.debt_buildup", height=3.8)
def debt_buildup(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line over the number of the loan for each group; a heat map of many groups."""
    groups = [name for name in keys_of(frame) if name not in {"loan_number", "measure"}]
    shown = frame.assign(group=forms.names_of_rows(frame, groups, lang) if groups else label("everybody", lang))
    if shown["group"].nunique() > len(LINES):
        return forms.heat(shown, ax, lang, down="group", across="loan_number")
    curves(shown, "loan_number", "group", ax, lang, "value", forms.writer(frame))
    ax.set_ylabel(forms.axis_title(frame, lang))
    return forms.captioned(frame, lang)


def _height(frame: pd.DataFrame) -> float:
    rows = _rows(frame)
    return 2 + 0.3 * (sum(rows.values()) + NAMED * len(rows)) if _many_groups(frame) else forms.height_of(frame)


@drawing("needs.stages", height=_height)
def stages(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A panel for each stage, one below the other: each has shares of other users."""
    forms.bare(ax, below=46)
    parts, rows, many = forms.parts_of(frame, "stage"), _rows(frame), _many_groups(frame)
    heading = NAMED if many else HEADING
    last = list(parts)[-1]
    rows[last] += BELOW
    bottom = whole = sum(rows.values()) + heading * len(rows)
    panels: list[Axes] = []
    for stage, part in parts.items():
        bottom -= rows[stage] + heading
        own = ax.inset_axes((0, bottom / whole, 1, rows[stage] / whole))
        forms.shares_within(part, own, lang, levels="need", many=many)
        own.set_title(label(f"needs.stages.{stage}", lang), loc="left")
        own.set(xlabel="", ylabel="")
        _one_legend(own, ax)
        if stage == last and not many:
            own.set_ylim(own.get_ylim()[0] + BELOW, own.get_ylim()[1])
        panels.append(own)
    _one_scale([] if many else panels)
    return forms.captioned(frame, lang, "half_note" if many else "interval_note")


@drawing("needs.levers", height=4.6, width=8.6)
def levers(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A dot where a lever serves a need, filled where the article says so; behind each need who shows it."""
    frame = frame.assign(row=forms.names_of_rows(frame, ["stage", "need"], lang))
    rows, across = list(dict.fromkeys(frame["row"])), list(dict.fromkeys(frame["lever"]))
    for row in frame.to_dict("records"):
        colour = POP if row["basis"] == "stated" else PAPER
        ax.plot(across.index(row["lever"]), rows.index(row["row"]), "o", ms=11, mec=POP, mew=1.6, color=colour)
    for place, row in enumerate(frame.drop_duplicates("row").to_dict("records")):
        ends = {name: cell("share", row[name], lang) for name in ("share", "low", "high")}
        said = phrase("share_between", lang, **ends)
        ax.annotate(said, (len(across) - 0.4, place), va="center", annotation_clip=False)
    for place, row in enumerate(frame.drop_duplicates("lever").to_dict("records")):
        short = "·".join(phrase(f"short_{aim}", lang) for aim in ("transactions", "fee_income") if row[aim])
        ax.annotate(short, (place, -0.75), ha="center", va="center", color=INK, annotation_clip=False)
    ax.set_xticks(range(len(across)), [label(one, lang) for one in across], rotation=25, ha="right")
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(rows) - 0.5, -1.1))
    ax.grid(visible=True, axis="both")
    return forms.captioned(frame, lang, "levers_note")


def _rows(frame: pd.DataFrame) -> dict[str, float]:
    """The rows of the panel of each stage: a need each, or a group each where there are many."""
    many = _many_groups(frame)
    parts = forms.parts_of(frame, "stage").items()
    return {stage: len(part) / len(set(part["need"])) if many else len(set(part["need"])) for stage, part in parts}


def _many_groups(frame: pd.DataFrame) -> bool:
    """Whether there are more groups than stand side by side as bars."""
    groups = [name for name in keys_of(frame) if name not in {"stage", "need"}]
    return len(frame[groups].drop_duplicates()) > len(SERIES)


def _one_legend(panel: Axes, ax: Axes) -> None:
    """The legend of a panel stands above all of them."""
    if shown := panel.get_legend():
        legend(ax, len(SERIES), *panel.get_legend_handles_labels())
        shown.remove()


def _one_scale(panels: list[Axes]) -> None:
    """Bars of all panels on one scale, written below the last."""
    for one in panels:
        one.set_xlim(0, max(other.get_xlim()[1] for other in panels))
        if one is not panels[-1]:
            one.set_xticklabels([])
