"""The forms that a frame's keys ask for: bars, grouped bars, columns, dots, curves, heat maps, panels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from loanpersona.analysis.frame import counts_of, declaration, form_of, keys_of
from loanpersona.analysis.groups import EVERYBODY
from loanpersona.analysis.written import cell, written
from loanpersona.charts import drawing, scales
from loanpersona.charts.heat import heat_map
from loanpersona.charts.layout import Panels
from loanpersona.charts.published import known
from loanpersona.charts.scales import Written
from loanpersona.charts.style import BASE, INK, MARKS, Caption, narrow, percent
from loanpersona.core.words import has_word, label, phrase

Draw = Callable[[pd.DataFrame, Axes, str], Caption]
COMPARED = {"share_expected", "chance"}
"""Columns that hold what the estimate of a row is compared with."""
INTERVALS = {"interval_note", "band_note", "cluster_note"}
"""Notes that only say what whiskers and bands are."""
MOST = 3
"""So many bars stand side by side in a group."""
STEPS = 12
"""A number with more values than this is a scale: its frame is a curve."""


def by_keys(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """The form that keys and estimate ask for."""
    keys = [name for name in keys_of(frame) if varies(frame[name])] or keys_of(frame)[:1]
    if "measure" in keys and len(keys) > 1:
        return panels(frame, ax, lang, by="measure")
    if any(_is_scale(frame[name]) for name in keys):
        return curve(frame, ax, lang)
    if len(keys) > 2 and frame[keys[-1]].nunique() > MOST:
        return heat(frame.assign(group=names_of_rows(frame, keys[:-1], lang)), ax, lang, "group", keys[-1])
    if len(keys) > 2:
        return panels(frame, ax, lang, by=keys[0])
    if len(keys) == 2:
        return grouped(frame, ax, lang) if frame[keys[1]].nunique() <= MOST else heat(frame, ax, lang)
    if not keys or _form(frame) != "share":
        return dots(frame, ax, lang)
    return columns(frame, ax, lang) if _ordered(frame[keys[0]]) else bars(frame, ax, lang)


def bars(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "") -> Caption:
    """Lying bars, each with its number."""
    by = by or _last_key(frame)
    drawing.bars(frame, by, ax, lang, "share_axis", value=_value(frame), written=writer(frame))
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def columns(frame: pd.DataFrame, ax: Axes, lang: str, by: str = "") -> Caption:
    """Upright bars, for levels that have an order; lying ones in a column where their names need the room."""
    by = by or _last_key(frame)
    if narrow() and scales.crowded(frame[by], ax, lang):
        return bars(frame, ax, lang, by)
    drawing.columns(frame, by, ax, lang, "share_axis", _value(frame), writer(frame))
    ax.set_ylabel(axis_title(frame, lang))
    ax.set_xlabel(label(by, lang))
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
    if shown["group"].nunique() <= MOST and not many:
        return grouped(shown, ax, lang, by=levels, series="group")
    return heat(shown, ax, lang, down="group", across=levels)


def dots(frame: pd.DataFrame, ax: Axes, lang: str, line: float | None = None) -> Caption:
    """A dot for each row; `line` is a value to compare with."""
    drawing.dots(frame, names_of_rows(frame, keys_of(frame), lang), ax, lang, _value(frame), writer(frame))
    ax.margins(x=0.15)
    if line is not None:
        ax.axvline(line, color=BASE, lw=1)
    ax.set_xlabel(axis_title(frame, lang))
    _compared(frame, ax, lang, lying=True)
    return captioned(frame, lang)


def heat(frame: pd.DataFrame, ax: Axes, lang: str, down: str = "", across: str = "") -> Caption:
    """A cell with its number for each pair of levels."""
    keys = keys_of(frame)[-2:]
    heat_map(frame, down or keys[0], across or keys[1], ax, lang, _value(frame), writer(frame))
    ax.set_ylabel(axis_title(frame, lang))
    return captioned(frame, lang)


def curve(frame: pd.DataFrame, ax: Axes, lang: str, *, named_at_ends: bool = True) -> Caption:
    """A line over a scale, one for each group with its name at its end; a band where chance moves it visibly."""
    keys = keys_of(frame)
    scale = next((name for name in reversed(keys) if _is_scale(frame[name])), keys[-1])
    others, value = [name for name in keys if name != scale], _value(frame)
    parts, ends = frame.groupby(others, observed=True, sort=False) if others else [((), frame)], []
    apart = [name for name in others if varies(frame[name])]
    steps = "default" if frame[scale].dtype.kind == "f" else "steps-post"
    own = scales.looks(frame[apart[0]]) if len(apart) == 1 else {}
    for (names, part), usual in zip(parts, scales.SERIES * len(frame), strict=False):
        levels = zip(others, names if isinstance(names, tuple) else (names,), strict=False)
        said = " · ".join(dict.fromkeys(level_name(name, one, lang) for name, one in levels if name in apart))
        look = own.get(part[apart[0]].iloc[0], usual) if apart else usual
        line: dict[str, Any] = {"drawstyle": steps, "color": look.colour, "ls": look.dash, "lw": 1.8}
        ax.plot(part[scale], part[value], label=said or None, **line)
        if scales.sampled(part, value):
            band: dict[str, Any] = {
                "step": "post" if steps != "default" else None,
                "color": look.colour,
                "alpha": 0.2,
                "lw": 0,
            }
            ax.fill_between(part[scale], part["low"], part["high"], **band)
        if said:
            ends.append((part[scale].iloc[-1], float(part[value].iloc[-1]), said))
    scales.upright(ax, writer(frame))
    ax.set_xlim(frame[scale].min(), frame[scale].max())
    if frame[scale].dtype.kind != "M":
        ax.xaxis.set_major_locator(MaxNLocator(4 if narrow() else 8, integer=True))
    ax.set(xlabel=label(scale, lang), ylabel=axis_title(frame, lang))
    if named_at_ends:
        scales.at_ends(ax, ends, lang)
    return captioned(frame, lang, "band_note")


def panels(frame: pd.DataFrame, ax: Axes, lang: str, by: str, draw: Draw | None = None, across: int = 0) -> Caption:
    """A panel for each level of `by`, each on its own axis: what is measured in different units never shares one."""
    parts = parts_of(frame, by)
    alike = len({frozenset(part[_last_key(part)]) for part in parts.values()}) == 1
    inside = Panels(ax, len(parts), across, gap=0.06 if alike else 0.24)
    first, legend = None, None
    for number, (level, part) in enumerate(parts.items()):
        own = inside.axes[number]
        (draw or by_keys)(part, own, lang)
        own.set_title(label(level, lang), loc="left", fontweight="bold")
        own.set(xlabel="", ylabel="")
        if result := own.get_legend():
            legend = own.get_legend_handles_labels()
            result.remove()
        rows = [text.get_text() for text in own.get_yticklabels()]
        if rows == first and not inside.first_in_row(number):
            own.set_yticklabels([])
        first = first or rows
    inside.settle()
    if legend:  # one for all of them
        scales.legend(ax, 3, *legend)
    ax.set_xlabel(axis_title(frame, lang))
    return captioned(frame, lang)


def parts_of(frame: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """The rows of each level of a key, which is then no key of theirs."""
    parts = {}
    for level in dict.fromkeys(frame[by]):
        part = frame[frame[by] == level].reset_index(drop=True)
        part.attrs = {**frame.attrs, "keys": [name for name in keys_of(frame) if name != by]}
        parts[str(level)] = part
    return parts


def _compared(frame: pd.DataFrame, ax: Axes, lang: str, *, lying: bool = False) -> None:
    """A hollow mark on each row for what it is compared with, where the frame has such a column."""
    for name in COMPARED & set(frame):
        places = np.arange(len(frame))
        at = (frame[name], places) if lying else (places, frame[name])
        ax.plot(*at, "D", mfc="none", mec=INK, ms=6, ls="none", label=label(name, lang))
        scales.legend(ax, 2)
        for number, reached in zip(ax.texts if lying else (), frame[name], strict=False):
            number.xy = (max(number.xy[0], reached), number.xy[1])  # type: ignore[attr-defined]  # behind the mark too


def captioned(frame: pd.DataFrame, lang: str, note: str = "interval_note") -> Caption:
    """The plain title of a frame, and its values for the alt text; intervals are spoken of where they are drawn."""
    said = phrase("resampled_note" if "low" not in frame and "least" in frame else note, lang)
    if note in INTERVALS and not scales.sampled(frame, _value(frame)):
        said = ""
    return Caption(title(frame, lang), said, all_values(frame, lang), published=published_words(frame, lang))


def published_words(frame: pd.DataFrame, lang: str) -> str:
    """The published ranges of the statements that speak of rows of this frame, with their sources."""
    said = []
    for one in known(frame).statements:
        low, high, source = one.evidence.low, one.evidence.high, one.evidence.source
        if low is not None and high is not None and source:
            ends = {name: writer(frame)(end) for name, end in (("low", low), ("high", high))}
            said.append(phrase("published_words", lang, **ends, source=source[lang]))
    return MARKS[lang].semicolon.join([*said, *_published(frame, lang)])


def _published(frame: pd.DataFrame, lang: str) -> list[str]:
    """What is published beyond the claims, row by row."""
    facts, names = known(frame), names_of_rows(frame, keys_of(frame), lang)
    rows = [
        f"{names[place]} {'–'.join(dict.fromkeys(map(writer(frame), ends)))}"
        for place, ends in facts.bands.items()
        if facts.told
    ]
    return [f"{facts.told[lang]}{MARKS[lang].colon}{strung(rows, lang)}"] if rows else []


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
    if has_word(f"{column}.level") and word[:1].isdigit():
        return phrase(f"{column}.level", lang, level=said)
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
