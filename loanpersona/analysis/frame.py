"""A frame is declared once, where it is computed: what it counts, its keys, its estimate, how columns are written.

From the declaration come the public names of a room, the checks of arguments, what a frame reads, the dictionary of
results, the tests of completeness and the chart.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pandas as pd

from loanpersona.analysis.arguments import checked_arguments
from loanpersona.analysis.groups import as_group, looking_ahead
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.words import check_language, label, phrase
from loanpersona.tables.book import SYNTHETIC_MARK, Book
from loanpersona.tables.schema import names

ROOMS = ("profile", "habits", "needs", "segments", "credit")
FORMS = ("share", "ratio", "money", "days", "months", "count", "points", "number", "day", "word", "flag")
"""How a column is written: 12.3%, 1.23, 1,234, 12, 12, 1,234, 0.123 …"""
COUNTED = {"n": "count", "k": "count", "clusters": "count", "design_effect": "ratio", "effective_n": "count"}
AS_ESTIMATED = {"low", "high", "least", "greatest", "p10", "p25", "p50", "p75", "p90"}
NEVER_GROUPS = {*COUNTED, *AS_ESTIMATED, "share", "measure", "who", "why"}
"""Columns of frames that charts and tables read by these names, so that no group may bear one."""
SMALLEST = 30
"""A share of fewer is in the frame, but no chart and no page shows it."""


@dataclass(frozen=True)
class Declaration:
    """What a frame is."""

    name: str
    """Room and function, such as `habits.limit_use`."""
    statements: tuple[str, ...]
    counts: str
    """What a row counts, as a word of labels.yaml: n is so many of them."""
    keys: tuple[str, ...]
    """The columns that tell rows apart, those of `by` and `who` first; `of` stands for those of that argument."""
    estimate: str
    """The column that is estimated, with its interval `low`, `high`; empty for a sheet."""
    written: Mapping[str, str]
    """How each further column is written; keys are words unless said otherwise, `of` as the column looked at."""
    reads: Mapping[str, tuple[str, ...]]
    """The tables and the columns it needs."""
    unless: str
    """A column of one's own, such as `users.bad`, that takes the place of all that is read."""
    assumes: tuple[str, ...]
    """The assumptions of the book that its numbers lean on."""
    smallest: int
    compute: Callable[..., pd.DataFrame]
    """The function as it is written, of a book and checked arguments."""

    @property
    def call(self) -> Callable[..., pd.DataFrame]:
        """The public function, which checks what it is given."""
        result: Callable[..., pd.DataFrame] = getattr(import_module(self.compute.__module__), self.compute.__name__)
        return result

    @property
    def arguments(self) -> tuple[str, ...]:
        """What it takes beside the book."""
        return tuple(inspect.signature(self.compute).parameters)[1:]

    @property
    def sheet(self) -> bool:
        """Whether a row is a user or a loan, and nothing is estimated."""
        return not self.estimate

    def form(self, column: str, measure: str | None = None) -> str:
        """How a column is written: as the estimate where it is an end of its interval or a quantile.

        Where rows measure different things (`estimate: value`), `written` says it by measure.
        """
        if column in AS_ESTIMATED:
            column = self.estimate
        if column == self.estimate and measure in self.written:
            return self.written[str(measure)]
        return self.written.get(column) or COUNTED.get(column) or ("share" if column == "share" else "word")


_DECLARED: dict[str, Declaration] = {}


def frame(
    *,
    statements: str,
    counts: str,
    reads: Mapping[str, str],
    keys: str = "",
    estimate: str = "share",
    written: Mapping[str, str] | None = None,
    unless: str = "",
    assumes: str = "",
    smallest: int = SMALLEST,
) -> Callable[[Callable[..., pd.DataFrame]], Callable[..., pd.DataFrame]]:
    """Declare a function of a book as a frame; lists are words with spaces between."""

    def declare(compute: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        room = compute.__module__.split(".")[2]
        declared = Declaration(
            name=f"{room}.{compute.__name__}",
            statements=tuple(statements.split()),
            counts=counts,
            keys=tuple(keys.split()),
            estimate=estimate,
            written=dict(written or {}),
            reads={name: tuple(columns.split()) for name, columns in reads.items()},
            unless=unless,
            assumes=tuple(assumes.split()),
            smallest=smallest,
            compute=compute,
        )
        _DECLARED[declared.name] = declared

        @wraps(compute)
        def call(*book: Any, **given: Any) -> pd.DataFrame:
            return _called(declared, book, given)

        call.declaration = declared  # type: ignore[attr-defined]
        return call

    return declare


def _called(declared: Declaration, book: tuple[Any, ...], given: Mapping[str, Any]) -> pd.DataFrame:
    """What a frame gives for a book and arguments, which are checked first."""
    signature = inspect.signature(declared.compute)
    source, arguments = _source(declared, signature, book, given)
    if not _has(source, declared.unless):
        source.need(declared.reads)
    bound = checked_arguments(source, arguments, signature)
    if own := [name for name in bound.get("by", ()) if name in _own_keys(declared, bound)]:
        raise InputError(f"by = {own[0]}: the column that {declared.name} looks at. Allowed: another one.")
    groups = {as_group(name): name for name in bound.get("by", ())}
    looked_at = bound["of"] if "of" in declared.keys else ()
    _never(declared, (*groups.values(), *looked_at), NEVER_GROUPS)
    # Whatever a frame makes of the book, it cannot look beyond the last day that it is asked for.
    days = [bound[name] for name in ("until", "at") if name in bound]
    known = source.as_of(days[0]) if days else source
    result = declared.compute(known, **bound | ({"by": tuple(groups)} if "by" in bound else {}))
    _never(declared, groups.values(), result)
    return _finished(result.rename(columns=groups), declared, source, bound)


def _never(declared: Declaration, named: Iterable[str], taken: Container[str]) -> None:
    """Refuse a column that a caller names, whose name is that of another column of the frame."""
    if clash := [name for name in named if name in taken]:
        raise InputError(f"{clash[0]}: {declared.name} has a column of this name. Allowed: a column with another name.")


def _source(
    declared: Declaration, signature: inspect.Signature, book: tuple[Any, ...], given: Mapping[str, Any]
) -> tuple[Book, dict[str, Any]]:
    """The book of a call, made of the tables given by keyword where there is none, and the other arguments."""
    tables = {name: value for name, value in given.items() if name in names()}
    arguments = {name: value for name, value in given.items() if name not in tables}
    allowed = list(signature.parameters)[1:]
    if unknown := [name for name in arguments if name not in allowed]:
        hints = (did_you_mean(name, allowed) if allowed else "It takes a book only." for name in unknown)
        raise InputError(
            *(f"{declared.name}: {name}: unknown argument. {h}" for name, h in zip(unknown, hints, strict=False))
        )
    if len(book) + bool(tables) != 1:
        raise InputError(
            f"{declared.name}: {len(book)} positional arguments. Allowed: one book, such as a population, or tables by "
            "keyword (loans=…); all else by keyword."
        )
    source = Book(**tables) if tables else book[0]
    if not isinstance(source, Book):
        raise InputError(
            f"{declared.name}: {type(source).__name__} in place of a book. Allowed: a population, lp.Book(loans=…), or "
            "tables by keyword."
        )
    return source, arguments


def _has(book: Book, column: str) -> bool:
    table, _, name = column.partition(".")
    return table in book.tables and name in book.tables[table]


def _finished(result: pd.DataFrame, declared: Declaration, book: Book, bound: Mapping[str, Any]) -> pd.DataFrame:
    """The frame, with what it is and whose it is: `lp.plot` and `in_words` read it there."""
    for key, texts in book.texts.items():
        if key in result:
            result = result.assign(**{key: texts[result[key]]})
    if "why" in result and result["why"].isna().all():
        result = result.drop(columns="why")
    who = ["who"] if "who" in result else []
    result.attrs = {
        "frame": declared.name,
        "keys": list(dict.fromkeys([*bound.get("by", ()), *who, *_own_keys(declared, bound)])),
        "of": [*bound.get("of", ())],
        "by": [*bound.get("by", ())],
        "who": [*bound.get("who", ())],
        "columns": list(result),
        "ahead": looking_ahead(bound.get("by", ())),
        "assumed": {name: getattr(book.assumptions, name).value for name in declared.assumes},
        "words": book.words,
        SYNTHETIC_MARK: book.synthetic,
    }
    return result


def _own_keys(declared: Declaration, bound: Mapping[str, Any]) -> list[str]:
    """The keys of a call beside those of `by` and `who`."""
    return [one for name in declared.keys for one in (bound["of"] if name == "of" else (name,))]


def declaration(result: pd.DataFrame) -> Declaration:
    """What a frame is; raises InputError where a function of these rooms did not make it."""
    name = result.attrs.get("frame") if isinstance(result, pd.DataFrame) else None
    if not isinstance(name, str) or name not in _DECLARED or "columns" not in result.attrs:
        raise InputError(
            f"{type(result).__name__}: no frame of an analysis. Allowed: what a function such as lp.habits.timing "
            "gives, with its attrs."
        )
    if not result.columns.is_unique:
        raise InputError(f"{name}: a column stands twice. Allowed: the frame as it was made.")
    return _DECLARED[name]


def keys_of(result: pd.DataFrame) -> list[str]:
    """The columns that tell the rows of a frame apart: those of `by` and `who` first."""
    declaration(result)
    return [name for name in result.attrs["keys"] if name in result]


def counts_of(result: pd.DataFrame) -> str:
    """What a row counts, as a word: users of one base are called by it."""
    whom = result.attrs["who"]
    return f"who.{whom[0]}" if len(whom) == 1 else declaration(result).counts


def form_of(result: pd.DataFrame, column: str, measure: str | None = None) -> str:
    """How a column of a frame is written, as its declaration says or as what is looked at."""
    form = declaration(result).form(column, measure)
    if form != "of":
        return form
    looked_at = str(result.attrs["of"][0])
    return "money" if "_cny" in looked_at else "share" if "share" in looked_at or looked_at == "apr" else "number"


def declarations() -> dict[str, Declaration]:
    """Every frame there is, by name."""
    for room in ROOMS:
        import_module(f"loanpersona.analysis.{room}")
    return dict(_DECLARED)


def frames(lang: str = "en") -> pd.DataFrame:
    """The dictionary of results: one row per frame, from what it declares where it is computed.

    Columns: frame (its call: `lp.` and this name), title and counts (in words of `lang`), statements, keys (`of` stands
    for the columns of that argument, those of `by` and `who` come before), estimate (empty for a sheet of users or
    loans), reads (tables and their columns), assumes (what of `book.assumptions` it leans on), smallest (n from which
    charts show an estimate). Raises InputError for an unknown language.

    >>> frames().set_index("frame").loc["needs.reasons", "title"]
    'What loans are for'
    """
    check_language(lang)
    rows = (
        {
            "frame": name,
            "title": phrase(name, lang, of=label("any_column", lang)),
            "statements": " ".join(one.statements),
            "counts": label(one.counts, lang),
            "keys": " ".join(one.keys),
            "estimate": one.estimate,
            "reads": "; ".join(f"{table}: {' '.join(columns)}" for table, columns in one.reads.items()),
            "assumes": " ".join(one.assumes),
            "smallest": one.smallest,
        }
        for name, one in declarations().items()
    )
    return pd.DataFrame(rows)


def public(package: str) -> dict[str, Any]:
    """The frames of a room, by name: what its modules declare."""
    home = import_module(package)
    modules = [import_module(f"{package}.{one.name}") for one in iter_modules(home.__path__)]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if hasattr(value, "declaration") and value.__module__ == module.__name__
    }
