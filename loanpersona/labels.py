"""Words in English and Chinese for every column, level, need, segment and chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loanpersona import catalog
from loanpersona.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

LANGUAGES = ("en", "zh")


def check_language(lang: str) -> str:
    """Return `lang` if it is a language of the package; raise InputError otherwise."""
    if lang not in LANGUAGES:
        raise InputError(f"lang = {lang}: unknown language. {did_you_mean(str(lang), LANGUAGES)}")
    return lang


def label(word: str, lang: str = "en") -> str:
    """The word of a column, level or chart in a language; an unknown word stays as it is.

    >>> label("waiter"), label("waiter", "zh")
    ('Waiter', '餐饮服务员')
    """
    entry = catalog.load("labels").get(word)
    return str(entry[lang]) if entry else word


def phrase(key: str, lang: str = "en", **values: Any) -> str:
    """A sentence of the charts with its values filled in."""
    return str(catalog.load("labels")[key][lang]).format(**values)


def in_words(frame: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """A tidy frame as people read it: headings and levels in words, shares as percent, money in full CNY.

    Columns stay in order; the frame itself is not changed.
    """
    check_language(lang)
    shown = {}
    for name in frame.columns:
        shown[label(name, lang)] = [_cell(name, value, lang) for value in frame[name]]
    return type(frame)(shown)


# Which columns hold shares of one, and which a ratio: everything else numeric is a count or money.
_SHARES = {"share", "low", "high", "baseline"}
_RATIOS = {"lift", "lift_low", "lift_high"}


def _cell(name: str, value: Any, lang: str) -> str:
    if isinstance(value, str):
        return label(value, lang)
    if value is None or value != value:
        return "–"
    if name in _SHARES or name.startswith("share_"):
        return f"{value:.1%}"
    if name in _RATIOS or (isinstance(value, float) and abs(value) < 10):
        return f"{value:.2f}"
    return f"{value:,.0f}"
