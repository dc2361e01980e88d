"""The forms that a frame's keys ask for: bars, grouped bars, columns, dots, curves, heat maps, panels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from loanpersona.analysis.frame import counts_of, declaration, form_of, keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell, written
from loanpersona.charts import drawing
from loanpersona.charts.drawing import SERIES, Written
from loanpersona.charts.heat import heat_map
from loanpersona.charts.style import MARKS, Caption, percent
from loanpersona.core.words import has_word, label, phrase

Draw = Callable[[pd.DataFrame, Axes, str], Caption]
COMPARED = {"share_expected", "chance"}
"""Columns that hold what the estimate of a row is compared with."""
STEPS = 12
"""A number with more values than this is a scale: its frame is a curve."""


def by_keys(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The form that keys and estimate ask for."""
    keys = [name for name in keys_of(frame) if varies(frame[name])] or keys_of(frame)[:1]
    if "measure" in keys and len(keys) > 1:
        return panels(frame, ax, lang, by="measure")
    if any(_is_scale(frame[name]) for name in keys):
        return curve(frame, ax, lang)
    if len(keys) > 2 and frame[keys[-1]].nunique() > len(SERIES):
        return heat(frame.assign(group=names_of_rows(frame, keys[:-1], lang)), ax, lang, "group", keys[-1])
    if len(keys) > 2:
        return panels(frame, ax, lang, by=keys[0])
    if len(keys) == 2:
        return grouped(frame, ax, lang) if frame[keys[1]].nunique() <= len(SERIES) else heat(frame, ax, lang)
    if not keys or _form(frame) != "share":
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
    _compared(frame, ax, lang)
    return captioned(frame, lang)


def grouped(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "", series: str = "") -> Caption:
    """Lying bars, up to three side by side in each group."""
    keys = keys_of(frame)[-2:]
    by, series = by or keys[0], series or keys[1]
    drawing.grouped_bars(frame, by, series, ax, lang, "share_axis", _value(frame), writer(frame))
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def shares_within(frame: pd.DataFrame, ax: Axes, lang: str, levels: str, many: bool = False) -> Caption:
    """Bars of the levels of a key, side by side for up to three groups; a heat map of more, or of `many` elsewhere."""
    groups = [name for name in keys_of(frame) if name != levels and varies(frame[name])]
    if not groups:
        return bars(frame, ax, lang, by=levels)
    shown = frame.assign(group=names_of_rows(frame, groups, lang))
    if shown["group"].nunique() <= len(SERIES) and not many:
        return grouped(shown, ax, lang, by=levels, series="group")
    return heat(shown, ax, lang, down="group", across=levels)


def dots(frame: pd.DataFrame, ax: Axes, lang: str, line: float | None = None) -> Caption:
    """A dot with its interval for each row; `line` is a value to compare with."""
    drawing.dots(frame, names_of_rows(frame, keys_of(frame), lang), ax, _value(frame), writer(frame))
    ax.margins(x=0.1)
    if line is not None:
        ax.axvline(line, color="#222222", lw=1, ls="--")
    ax.set_xlabel(axis_title(frame, lang))
    _compared(frame, ax, lang, lying=True)
    return captioned(frame, lang)


def heat(frame: pd.DataFrame, ax: Axes, lang: str, down: str = "", across: str = "") -> Caption:
    """A cell for each pair of levels, with half the width of its interval where it has one."""
    keys, value, say = keys_of(frame)[-2:], _value(frame), writer(frame)
    down, across = down or keys[0], across or keys[1]
    letters = int(np.clip(56 / frame[across].nunique(), 6, 14))
    halves = (frame["high"] - frame["low"]) / 2 if "low" in frame else [np.nan] * len(frame)
    texts = [
        say(one) + (f"\n±{say(half)}" if half == half else "") for one, half in zip(frame[value], halves, strict=True)
    ]
    shown = frame.assign(share=frame[value])
    heat_map(shown, down, across, ax, lang, texts=texts, named=lambda one: fill(label(str(one), lang), letters))
    return captioned(frame, lang, "half_note" if "low" in frame else "interval_note")


def curve(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """A line with its band over a scale, one for each group."""
    keys = keys_of(frame)
    scale = next((name for name in reversed(keys) if _is_scale(frame[name])), keys[-1])
    others, value = [name for name in keys if name != scale], _value(frame)
    parts = frame.groupby(others, observed=True, sort=False) if others else [((), frame)]
    for (names, part), (colour, _) in zip(parts, SERIES * len(frame), strict=False):
        levels = zip(others, names if isinstance(names, tuple) else (names,), strict=False)
        apart = [level_name(name, one, lang) for name, one in levels if varies(frame[name])]
        said = " · ".join(dict.fromkeys(apart))
        ax.step(part[scale], part[value], where="post", color=colour, lw=1.6, label=said or None)
        if "low" in part:
            ax.fill_between(part[scale], part["low"], part["high"], step="post", color=colour, alpha=0.2, lw=0)
    drawing.finish(ax.yaxis, writer(frame))
    ax.set(xlabel=label(scale, lang), ylabel=axis_title(frame, lang))
    if others:
        drawing.legend(ax, 3)
    return captioned(frame, lang)


def panels(frame: pd.DataFrame, ax: Axes, lang: str, by: str, draw: Draw | None = None) -> Caption:
    """A panel for each level of `by`, each on its own axis: what is measured in different units never shares one."""
    parts = parts_of(frame, by)
    alike = len({frozenset(part[_last_key(part)]) for part in parts.values()}) == 1
    first, legend = None, None
    for number, (level, part) in enumerate(parts.items()):
        own = panel(ax, number, len(parts), gap=0.08 if alike else 0.22)
        (draw or by_keys)(part, own, lang)
        own.set_title(label(level, lang), loc="left")
        if result := own.get_legend():
            legend = own.get_legend_handles_labels()
            result.remove()
        rows = [text.get_text() for text in own.get_yticklabels()]
        if rows == first:
            own.set_yticklabels([])
        first = first or rows
    if legend:  # one for all of them
        drawing.legend(ax, 3, *legend)
    return captioned(frame, lang)


def parts_of(frame: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """The rows of each level of a key, which is then no key of theirs."""
    parts = {}
    for level in dict.fromkeys(frame[by]):
        part = frame[frame[by] == level].reset_index(drop=True)
        part.attrs = {**frame.attrs, "keys": [name for name in keys_of(frame) if name != by]}
        parts[str(level)] = part
    return parts


def panel(ax: Axes, number: int, many: int, gap: float = 0.08) -> Axes:
    """One of several axes side by side inside `ax`, which itself shows nothing but title and note."""
    bare(ax)
    width = (1 - gap * (many - 1)) / many
    return ax.inset_axes((number * (width + gap), 0, width, 0.92))


def bare(ax: Axes, below: float = 32) -> None:
    """Axes that hold others: only title and note are seen, the note so many points below them, under their words."""
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.xaxis.labelpad = below


def _compared(frame: pd.DataFrame, ax: Axes, lang: str, *, lying: bool = False) -> None:
    """A hollow mark on each row for what it is compared with, where the frame has such a column."""
    for name in COMPARED & set(frame):
        places = np.arange(len(frame))
        at = (frame[name], places) if lying else (places, frame[name])
        ax.plot(*at, "D", mfc="none", mec="#222222", ms=6, ls="none", label=label(name, lang))
        drawing.legend(ax, 2)
        for number, reached in zip(ax.texts if lying else (), frame[name], strict=False):
            number.xy = (max(number.xy[0], reached), number.xy[1])  # type: ignore[attr-defined]  # behind the mark too


def captioned(frame: pd.DataFrame, lang: str, note: str = "interval_note") -> Caption:
    """The plain title of a frame, and its values for the alt text."""
    if note == "interval_note" and "low" not in frame and "least" in frame:
        note = "resampled_note"
    return Caption(title(frame, lang), phrase(note, lang), all_values(frame, lang))


def title(frame: pd.DataFrame, lang: str) -> str:
    """What the frame is: its own words, with what it looks at and the groups it looks within."""
    name = declaration(frame).name
    of = strung((drawing.within(one, lang) for one in frame.attrs["of"]), lang)
    return in_groups(phrase(name, lang, of=of) if has_word(name) else name, frame, lang)


def in_groups(plain: str, frame: pd.DataFrame, lang: str) -> str:
    """A title with the groups of its frame."""
    by = strung((drawing.within(one, lang) for one in frame.attrs["by"]), lang)
    return phrase("title_within", lang, title=plain, by=by) if by else plain


def all_values(frame: pd.DataFrame, lang: str) -> str:
    """Every row in words: its keys and its estimate."""
    names, values = names_of_rows(frame, keys_of(frame), lang), written(frame, _value(frame), lang)
    return strung((f"{name} {said}" for name, said in zip(names, values, strict=True)), lang)


def strung(words: Iterable[str], lang: str) -> str:
    """Words one after the other, as the language strings them."""
    return MARKS[lang].comma.join(words)


def names_of_rows(frame: pd.DataFrame, keys: list[str], lang: str) -> list[str]:
    """Each row by those of its keys that tell rows apart, in words."""
    apart = [name for name in keys if varies(frame[name])] or keys
    words = ([level_name(name, row[name], lang) for name in apart] for row in frame.to_dict("records"))
    # everybody of two columns is everybody, and so is a row without keys
    return [" · ".join(dict.fromkeys(said)) or label(EVERYBODY, lang) for said in words]


def level_name(column: str, level: Any, lang: str) -> str:
    """A level in words; yes, no and numbers say of what."""
    said, word = label(str(level), lang), str(level)
    if word in {"yes", "no"} or word.lstrip(".")[:1].isdigit():
        return phrase("trait_level", lang, trait=label(column, lang), level=said)
    return said


def axis_title(frame: pd.DataFrame, lang: str) -> str:
    """What is estimated, of what: the frame's own words where it has some."""
    declared = declaration(frame)
    if has_word(f"{declared.name}.axis"):
        return label(f"{declared.name}.axis", lang)
    if "measure" in frame:
        return label(str(frame["measure"].iloc[0]), lang)
    return phrase("estimate_of", lang, estimate=label(_value(frame), lang), counts=label(counts_of(frame), lang))


def writer(frame: pd.DataFrame) -> Written:
    """How the estimate of a frame is written."""
    form = _form(frame)
    return percent if form == "share" else lambda value: cell(form, value, "en")


def height_of(frame: pd.DataFrame) -> float:
    """Inches for the rows of a frame as bars."""
    counts = [frame[name].nunique() for name in keys_of(frame) or [frame.columns[0]]]
    side_by_side = 0.6 * len(frame) if sorted(counts)[0] <= len(SERIES) else 0
    rows = max(*counts, side_by_side, len(frame) / counts[-1] if len(counts) > 2 else 0)
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
    """Whether a column holds more than one value."""
    return len(values) > 1 and bool((values.astype(object) != values.iloc[0]).any())
