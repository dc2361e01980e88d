"""Words in English and Chinese for every column, level, need, segment and chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean, expect

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LANGUAGES", "check_language", "in_words", "label", "learn", "phrase"]

LANGUAGES = ("en", "zh")
_OWN: ContextVar[Mapping[str, Mapping[str, str]]] = ContextVar("own words", default={})  # noqa: B039
"""Words that a book brings; those of the catalog stay as they are."""
# Words of variables and levels that a persona adds; the catalog's own words stay as they are.
_LEARNED: dict[str, Mapping[str, str]] = {}


def __dir__() -> list[str]:
    return sorted(__all__)


def check_language(lang: str) -> str:
    """Return `lang` if it is a language of the package; raise InputError otherwise."""
    if not isinstance(lang, str) or lang not in LANGUAGES:
        raise InputError(f"lang = {lang}: unknown language. {did_you_mean(str(lang), LANGUAGES)}")
    return lang


def label(word: str, lang: str = "en") -> str:
    """The word of a column, level or range in a language, the text of a statement; an unknown word stays as it is.

    >>> label("waiter"), label("waiter", "zh"), label("10000..")
    ('Waiter', '餐饮服务员', '10,000 or more')
    """
    expect(word, str, "word", "the name of a column, level or range")
    check_language(lang)
    entry = (
        catalog.load("labels").get(word)
        or _OWN.get().get(word)
        or _LEARNED.get(word)
        or catalog.load("statements").get(word)
    )
    if entry:
        return str(entry[lang])
    low, dots, high = word.partition("..")
    return _range(low, high, lang) if dots and (low + high).replace(".", "").isdecimal() else word


def _end(number: str) -> str:
    """The end of a range as people write it: with commas, its decimals as they stand."""
    return f"{int(number):,}" if number.isdecimal() else number


@contextmanager
def own_words(words: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """Within this block `label` knows the words that a book brings too."""
    before = _OWN.set(words)
    try:
        yield
    finally:
        _OWN.reset(before)


def has_word(word: str) -> bool:
    """Whether the catalog has a word."""
    return word in catalog.load("labels")


def learn(words: Mapping[str, Mapping[str, str]]) -> None:
    """Make the words that a persona adds known to tables and charts; a later persona's words win."""
    _LEARNED.update(words)


def _range(low: str, high: str, lang: str) -> str:
    ends = {"low": _end(low), "high": _end(high)}
    return phrase("range_between" if low and high else "range_from" if low else "range_to", lang, **ends)


def phrase(key: str, lang: str = "en", **values: Any) -> str:
    """A sentence of the charts with its values filled in."""
    return str(catalog.load("labels")[key][lang]).format(**values)


def in_words(frame: pd.DataFrame, lang: str = "en", *, across: str | None = None) -> pd.DataFrame:
    """A tidy frame as people read it: headings and levels in words, shares as percent, money in full CNY.

    The leading columns of words (and of days, hours and the like) become the index. With `across`, the levels of
    that column stand side by side, each cell holding the share and half the width of its interval, in points. The
    frame itself is not changed.
    """
    check_language(lang)
    keys = list(takewhile(lambda name: name in _KEYS or isinstance(frame[name].iloc[0], str), frame.columns))
    keys = keys or [frame.columns[0]]
    shown = frame.assign(**{name: _column(frame, name, lang) for name in frame.columns})
    if across is not None:
        value = _form(list(frame.columns), "low")
        half = (frame["high"] - frame["low"]) / 2
        cells = [
            f"{said} ±{_half(form, one)}" if one == one else said
            for said, form, one in zip(shown[value], _written_as(frame, value), half, strict=True)
        ]
        rows = [name for name in keys if name != across]
        shown = shown.assign(**{value: cells}).pivot_table(value, rows, across, aggfunc="first", sort=False)
        shown.columns.name = None
    else:
        shown = shown.set_index(keys if len(keys) < len(frame.columns) else keys[0])
        # Where loans are clustered by user, n and k count no people.
        counts = {"n": "n_rows", "k": "k_rows"} if "clusters" in frame else {}
        shown.columns = [label(counts.get(name, name), lang) for name in shown.columns]
    shown.index.names = [label(name, lang) for name in shown.index.names]
    return _in_full()(shown)


@cache
def _in_full() -> type[pd.DataFrame]:
    """A frame that a notebook shows with its texts in full; pandas would cut them after fifty characters."""
    import pandas as pd

    class InFull(pd.DataFrame):  # type: ignore[misc]
        def _repr_html_(self) -> str | None:
            with pd.option_context("display.max_colwidth", None):
                found: str | None = super()._repr_html_()
            return found

    return InFull


# Which columns hold shares of one, and which a ratio: everything else numeric is a count or money.
_SHARES = {
    "share",
    "low",
    "high",
    "baseline",
    "difference",
    "difference_low",
    "difference_high",
    "mean_apr",
    "not_drawn",
    "still_there",
    "approval_rate",
    "late_first_day",
    "cured_30_days",
    "bad_12_months",
    "income_rate",
    "volume_share",
    "apr",
    "funding_cost",
    "operating_cost",
    "losses_net",
    "kept",
}
_KEYS = {
    "hour",
    "day",
    "day_number",
    "ordinal",
    "within_days",
    "week",
    "generation",
    "term_months",
    "as_of",
    "months_there",
    "month_on_book",
    "risk_score",
    "cut_score",
    "month",
}
_COUNTS = {"n", "k", "applicants"}
_FINE = {"gain", "gain_low", "gain_high"}
_RATIOS = {"lift", "lift_low", "lift_high"}


def _form(names: list[str], name: str) -> str:
    """After which column one is written: the ends of an interval as the value before them."""
    value = names[names.index("low") - 1] if "low" in names[1:] else "share"
    return value if name in {"low", "high"} else name


def _written_as(frame: pd.DataFrame, name: str) -> list[str]:
    """As what each cell of a column is written: where rows measure different things, as what they measure."""
    form = _form(list(frame.columns), name)
    return list(frame["measure"]) if form == "value" and "measure" in frame else [form] * len(frame)


def _column(frame: pd.DataFrame, name: str, lang: str) -> list[str]:
    return [_cell(form, value, lang) for form, value in zip(_written_as(frame, name), frame[name], strict=True)]


def _is_share(name: str) -> bool:
    return name in _SHARES or name.startswith("share_")


def _half(form: str, value: float) -> str:
    """Half the width of an interval: points of a share, or a number as its value."""
    return f"{100 * value:.1f}" if _is_share(form) else _cell(form, value, "en")


def _cell(name: str, value: Any, lang: str) -> str:
    if name == "compared_with":
        return str(catalog.load("baselines")[value]["population"][lang])
    if isinstance(value, str):
        return label(value, lang)
    if isinstance(value, bool):
        return label("yes" if value else "no", lang)
    if value is None or value != value:
        return "–"
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    if _is_share(name):
        return f"{value:.1%}"
    if name in _RATIOS or (isinstance(value, float) and abs(value) < 10 and name not in _COUNTS):
        return f"{value:.{3 if name in _FINE else 2}f}"
    return f"{value:,.0f}"
