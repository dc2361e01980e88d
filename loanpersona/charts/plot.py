"""`lp.plot` draws any frame: the frame knows its name and keys, and an entry here, or its form, says how.

An entry is for what a form cannot say. `entry(name, …)` names a mark with its words and size; `@drawing(name, …)` is a
function of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from loanpersona.analysis.frame import ROOMS, Declaration, declaration, keys_of
from loanpersona.charts import forms
from loanpersona.charts.layout import fit, say, surround
from loanpersona.charts.style import Caption, new_axes, now, style
from loanpersona.core.errors import InputError
from loanpersona.core.words import check_language, label, own_words, phrase
from loanpersona.tables.book import SYNTHETIC_MARK

Draw = Callable[[pd.DataFrame, Axes, str], Caption]
_ENTRIES: dict[tuple[str, str], Draw] = {}
"""By frame and, where a drawing is of certain columns only, what is looked at."""


def entry(name: str, mark: Callable[..., Caption], *, of: str = "", **words: Any) -> None:
    """A frame drawn by a mark of `forms`, with words of its own; with `of` only where it looks at these columns."""
    _ENTRIES[name, _sorted(of.split())] = lambda frame, ax, lang: mark(frame, ax, lang, **words)


def drawing(name: str, *, of: str = "") -> Callable[[Draw], Draw]:
    """Declare a function as the drawing of a frame; with `of` only where it looks at these columns, ungrouped."""

    def declare(draw: Draw) -> Draw:
        _ENTRIES[name, _sorted(of.split())] = draw
        return draw

    return declare


def entries() -> dict[tuple[str, str], Draw]:
    """The charts that are more than a form, by frame and columns looked at."""
    _import_all()
    return dict(_ENTRIES)


@cache
def _import_all() -> None:
    for room in ROOMS:
        home = import_module(f"loanpersona.charts.{room}")
        for one in iter_modules(getattr(home, "__path__", ())):
            import_module(f"{home.__name__}.{one.name}")


def plot(frame: pd.DataFrame, *, lang: str = "en", ax: Axes | None = None) -> Axes:
    """Draw a frame of an analysis on `ax`, or on a new figure, in a language.

    Every chart shows its intervals, bears alt text (`lp.charts.alt`) and, where the data are made up, the mark that
    says so. Estimates of fewer than the smallest n are left out, and the note says so. Raises InputError for anything
    else, for a frame without rows, one that holds two worlds (a key twice), and for a sheet.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> ax = lp.plot(lp.profile.shares(population, of="sex"), lang="zh")
    """
    declared, lang = checked(frame, ax), check_language(lang)
    mark = _mark(frame, lang)
    # The style holds while the chart is drawn and leaves the user's own settings alone.
    with (
        mpl.rc_context(style()),
        own_words(frame.attrs["words"]),
        new_axes() if ax is None else _given(ax) as own,
    ):
        caption = _draw(frame, declared, own, lang, mark)
        (fit if ax is None else surround)(own, caption, lang, mark)
        return own


@contextmanager
def laid_out(frame: pd.DataFrame, lang: str, dots: int) -> Iterator[tuple[Axes, Caption]]:
    """A frame drawn for a page, which sets title and note itself: its axes and these words."""
    declared, lang = checked(frame), check_language(lang)
    with mpl.rc_context(style()), own_words(frame.attrs["words"]):
        figure = Figure(figsize=(now().width, now().width / 2), dpi=dots)
        ax = figure.subplots()
        mark = _mark(frame, lang)
        caption = _draw(frame, declared, ax, lang, mark)
        fit(ax, caption, lang, mark, bare=True)
        yield ax, caption


def _mark(frame: pd.DataFrame, lang: str) -> str:
    return phrase("synthetic_mark", lang) if frame.attrs[SYNTHETIC_MARK] else ""


def _draw(frame: pd.DataFrame, declared: Declaration, ax: Axes, lang: str, mark: str) -> Caption:
    shown, left_out = _large_enough(frame, declared)
    caption = _entry(frame, declared.name)(shown, ax, lang)
    notes = [caption.note, *(phrase("ahead_note", lang, column=label(one, lang)) for one in frame.attrs["ahead"])]
    if left_out:
        notes.append(phrase("too_few_note", lang, smallest=declared.smallest))
    caption = replace(caption, note=" · ".join(filter(None, notes)))
    return say(ax, caption, lang, mark)


def _entry(frame: pd.DataFrame, name: str) -> Draw:
    known, of = entries(), frame.attrs["of"]
    grouped = any(forms.varies(frame[key]) for key in keys_of(frame) if key not in of)
    of_these = None if grouped else known.get((name, _sorted(of)))
    return of_these or known.get((name, "")) or forms.by_keys


def _sorted(of: Sequence[str]) -> str:
    return " ".join(sorted(of))


def checked(frame: pd.DataFrame, ax: Any = None) -> Declaration:
    """The declaration of a frame that can be drawn; raises InputError, as `plot` does, for one that cannot."""
    declared = declaration(frame)
    if declared.sheet:
        raise InputError(f"{declared.name}: a row is one of {declared.counts}, not an estimate. {_summed_up(declared)}")
    if frame.empty:
        raise InputError(f"{declared.name}: no rows. Allowed: at least one.")
    if lost := [name for name in frame.attrs["columns"] if name not in frame]:
        raise InputError(f"{declared.name}.{lost[0]}: missing column. Allowed: the frame as it was made.")
    numbers = [name for name in (declared.estimate, "low", "high", "n") if name in frame]
    if odd := [name for name in numbers if not pd.api.types.is_numeric_dtype(frame[name])]:
        raise InputError(f"{declared.name}.{odd[0]}: {frame[odd[0]].dtype}. Wanted: numbers, as the frame was made.")
    keys = keys_of(frame)
    if len(frame) > 1 and (not keys or frame.duplicated(keys).any()):
        raise InputError(f"{declared.name}: rows repeat their keys. Allowed: one world at a time; draw each by itself.")
    if "n" in frame and not (frame[declared.estimate].notna() & (frame["n"] >= declared.smallest)).any():
        most = f"{int(frame['n'].max()):,} at most, {declared.smallest} needed"
        raise InputError(
            f"{declared.name}: too few to draw any estimate: {most}. Hint: a larger book, or fewer groups."
        )
    if ax is not None and not isinstance(ax, Axes):
        raise InputError(f"ax: {type(ax).__name__} in place of axes. Allowed: an Axes of matplotlib, or None.")
    return declared


def _summed_up(declared: Declaration) -> str:
    return f"Hint: other frames of lp.{declared.name.partition('.')[0]} sum it up."


def _large_enough(frame: pd.DataFrame, declared: Declaration) -> tuple[pd.DataFrame, bool]:
    """The frame without estimates of too few, and whether there were such."""
    shown = frame.reset_index(drop=True)
    if "n" not in shown:
        return shown, False
    few = (shown["n"] < declared.smallest) & shown[declared.estimate].notna()
    gone = [name for name in (declared.estimate, "low", "high") if name in shown]
    return shown.assign(**{name: shown[name].mask(few) for name in gone}), bool(few.any())


@contextmanager
def _given(ax: Axes) -> Iterator[Axes]:
    yield ax
