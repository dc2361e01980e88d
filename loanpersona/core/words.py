"""Words in English and Chinese for every column, level, need, segment and chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean, expect

if TYPE_CHECKING:
    pass

__all__ = ["LANGUAGES", "check_language", "label", "phrase"]

LANGUAGES = ("en", "zh")
_OWN: ContextVar[Mapping[str, Mapping[str, str]]] = ContextVar("own words", default={})  # noqa: B039
"""Words that a book brings; those of the catalog stay as they are."""


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
        or catalog.load("statements").get(word, {}).get("sentence")
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


def _range(low: str, high: str, lang: str) -> str:
    ends = {"low": _end(low), "high": _end(high)}
    return phrase("range_between" if low and high else "range_from" if low else "range_to", lang, **ends)


def phrase(key: str, lang: str = "en", **values: Any) -> str:
    """A sentence of the charts with its values filled in; raises InputError for one that is not known, or blanks left.

    >>> phrase("range_from", "en", low="3")
    '3 or more'
    """
    expect(key, str, "key", "the name of a sentence")
    check_language(lang)
    known = catalog.load("labels")
    if key not in known:
        raise InputError(f"key = {key}: unknown sentence. {did_you_mean(key, known)}")
    try:
        return str(known[key][lang]).format(**values)
    except KeyError as blank:
        raise InputError(f"{key}: nothing for the blank {blank}. Allowed: a value for each blank.") from blank
