"""The forms that a frame's keys ask for: bars, grouped bars, columns, dots, curves, heat maps, panels."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import declaration, form_of, keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell
from loanpersona.charts import drawing
from loanpersona.charts.drawing import SERIES, Written
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import MARKS, Caption
from loanpersona.core.words import has_word, label, phrase

STEPS = 12
"""A number with more values than this is a scale: its frame is a curve."""


def by_keys(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The form that keys and estimate ask for."""
    keys = [name for name in keys_of(frame) if varies(frame[name])] or keys_of(frame)[:1]
    if "measure" in keys:
        return panels(frame, ax, lang, by="measure")
    if any(_is_scale(frame[name]) for name in keys):
        return curve(frame, ax, lang)
    if len(keys) > 2:
        return panels(frame, ax, lang, by=keys[0])
    if len(keys) == 2:
        return grouped(frame, ax, lang) if frame[keys[1]].nunique() <= len(SERIES) else heat(frame, ax, lang)
    if _form(frame) != "share":
        return dots(frame, ax, lang)
    return columns(frame, ax, lang) if _ordered(frame[keys[0]]) else bars(frame, ax, lang)


def bars(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "") -> Caption:
    """Lying bars with intervals, each with its number."""
    by = by or _last_key(frame)
    drawing.bars(frame, by, ax, lang, "share_axis", value=_value(frame), written=writer(frame))
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def columns(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "") -> Caption:
    """Upright bars with intervals, for levels that have an order."""
    drawing.columns(frame, by or _last_key(frame), ax, lang, "share_axis", _value(frame), writer(frame))
    ax.set_ylabel(axis_title(frame, lang))
    ax.set_xlabel(label(by or _last_key(frame), lang))
    return captioned(frame, lang)


def grouped(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "", series: str = "") -> Caption:
    """Lying bars, up to three side by side in each group."""
    keys = keys_of(frame)[-2:]
    by, series = by or keys[0], series or keys[1]
    drawing.grouped_bars(frame, by, series, ax, lang, "share_axis", _value(frame), writer(frame))
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def dots(frame: pd.DataFrame, ax: Axes, lang: str, line: float | None = None) -> Caption:
    """A dot with its interval for each row; `line` is a value to compare with."""
    names = [row_name(frame, row, lang) for row in frame.to_dict("records")]
    drawing.dots(frame, names, ax, _value(frame), writer(frame))
    if line is not None:
        ax.axvline(line, color="#222222", lw=1, ls="--")
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def heat(frame: pd.DataFrame, ax: Axes, lang: str, down: str = "", across: str = "") -> Caption:
    """A cell for each pair of levels, with half the width of its interval where it has one."""
    keys, value, say = keys_of(frame)[-2:], _value(frame), writer(frame)
    halves = (frame["high"] - frame["low"]) / 2 if "low" in frame else [np.nan] * len(frame)
    texts = [
        say(one) + (f"\n±{say(half)}" if half == half else "") for one, half in zip(frame[value], halves, strict=True)
    ]
    shown = frame.assign(share=frame[value])
    heat_map(
        shown,
        down or keys[0],
        across or keys[1],
        ax,
        lang,
        texts=texts,
        named=lambda one: fill(label(str(one), lang), 14),
    )
    return captioned(frame, lang, "half_note" if "low" in frame else "interval_note")


def curve(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line with its band over a scale, one for each group."""
    keys = keys_of(frame)
    scale = next((name for name in reversed(keys) if _is_scale(frame[name])), keys[-1])
    others, value = [name for name in keys if name != scale], _value(frame)
    parts = frame.groupby(others, observed=True, sort=False) if others else [((), frame)]
    for (names, part), (colour, _) in zip(parts, SERIES * len(frame), strict=False):
        said = " · ".join(label(str(one), lang) for one in (names if isinstance(names, tuple) else (names,)))
        ax.step(part[scale], part[value], where="post", color=colour, lw=1.6, label=said or None)
        if "low" in part:
            ax.fill_between(part[scale], part["low"], part["high"], step="post", color=colour, alpha=0.2, lw=0)
    drawing.finish(ax.yaxis, writer(frame))
    ax.set(xlabel=label(scale, lang), ylabel=axis_title(frame, lang))
    if others:
        drawing.legend(ax, 3)
    return captioned(frame, lang)


def panels(frame: pd.DataFrame, ax: Axes, lang: str, by: str) -> Caption:
    """A panel for each level of `by`, each on its own axis: what is measured in different units never shares one."""
    levels = list(dict.fromkeys(frame[by]))
    for number, level in enumerate(levels):
        part = frame[frame[by] == level].reset_index(drop=True)
        part.attrs = {**frame.attrs, "keys": [name for name in keys_of(frame) if name != by]}
        own = panel(ax, number, len(levels))
        by_keys(part, own, lang)
        own.set_title(label(str(level), lang), loc="left", fontsize=9)
        if number:
            own.set_yticklabels([])
    return captioned(frame, lang)


def panel(ax: Axes, number: int, many: int, gap: float = 0.08) -> Axes:
    """One of several axes side by side inside `ax`, which itself shows nothing but the title."""
    ax.set_axis_off()
    width = (1 - gap * (many - 1)) / many
    return ax.inset_axes((number * (width + gap), 0, width, 0.92))


def captioned(frame: pd.DataFrame, lang: str, note: str = "interval_note") -> Caption:
    """The plain title of a frame, and its values for the alt text."""
    return Caption(title(frame, lang), phrase(note, lang), all_values(frame, lang))


def title(frame: pd.DataFrame, lang: str) -> str:
    """What the frame is: its own words, with what it looks at and the groups it looks within."""
    name = declaration(frame).name
    of, by = (MARKS[lang].comma.join(label(one, lang) for one in frame.attrs[which]) for which in ("of", "by"))
    plain = phrase(name, lang, of=of) if has_word(name) else name
    return phrase("title_within", lang, title=plain, by=by) if by else plain


def all_values(frame: pd.DataFrame, lang: str) -> str:
    """Every row in words: its keys and its estimate."""
    say, value, marks = writer(frame), _value(frame), MARKS[lang]
    rows = (f"{row_name(frame, row, lang)} {say(row[value])}" for row in frame.to_dict("records"))
    return marks.comma.join(rows)


def row_name(frame: pd.DataFrame, row: dict[Any, Any], lang: str) -> str:
    """The keys of a row in words."""
    return " · ".join(label(str(row[name]), lang) for name in keys_of(frame)) or label(EVERYBODY, lang)


def axis_title(frame: pd.DataFrame, lang: str) -> str:
    """What is estimated, of what: the frame's own words where it has some."""
    declared = declaration(frame)
    if has_word(f"{declared.name}.axis"):
        return label(f"{declared.name}.axis", lang)
    counts = f"who.{frame['who'].iloc[0]}" if "who" in frame and not varies(frame["who"]) else declared.counts
    return phrase("estimate_of", lang, estimate=label(_value(frame), lang), counts=label(counts, lang))


def writer(frame: pd.DataFrame) -> Written:
    """How the estimate of a frame is written."""
    form = _form(frame)
    return lambda value: cell(form, value, "en")


def height_of(frame: pd.DataFrame) -> float:
    """Inches for the rows of a frame as bars."""
    rows = max(frame[name].nunique() for name in keys_of(frame) or [frame.columns[0]])
    return float(np.clip(1.5 + 0.3 * rows, 2.7, 8.0))


def _form(frame: pd.DataFrame) -> str:
    return form_of(frame, _value(frame), str(frame["measure"].iloc[0]) if "measure" in frame else None)


def _value(frame: pd.DataFrame) -> str:
    return declaration(frame).estimate


def _last_key(frame: pd.DataFrame) -> str:
    return next((name for name in keys_of(frame) if varies(frame[name])), keys_of(frame)[-1])


def _is_scale(values: pd.Series) -> bool:
    return values.dtype.kind in "iufM" and values.nunique() > STEPS


def _ordered(values: pd.Series) -> bool:
    return values.dtype.kind in "iuf" or (isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered)


def varies(values: pd.Series) -> bool:
    return bool((values.astype(object) != values.iloc[0]).any())
