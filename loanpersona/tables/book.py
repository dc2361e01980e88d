"""A book: the tables of a lender or of a population, checked once, with what is joined of them kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from copy import copy
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import pandas as pd

from loanpersona.core.assumptions import Assumptions, assumptions
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.core.words import LANGUAGES
from loanpersona.tables.known import known_by
from loanpersona.tables.lender import read_tables
from loanpersona.tables.schema import names, table

Made = TypeVar("Made")
Given = ParamSpec("Given")
SYNTHETIC_MARK = "synthetic"
LAST_SECOND = pd.Timedelta(days=1, seconds=-1).as_unit("s")
FROM_TABLES = {"last_day", "digest"}
"""What a book remembers of its tables."""


class Book:
    """The tables of a lender: any of users, applications, loans, instalments, signals, truth, as DataFrames.

    Columns are those of `lp.tables.dictionary()`; further columns of users, applications and loans are kept and may
    group. What can be mended without guessing is mended: times with a zone become local, keys that are texts are
    numbered, a money day without a time is not before its request. Raises InputError with a line per fault: a key
    that stands twice, a row that points to nothing, dates out of order or far from all others, ordinals against time.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.Book(users=population.users, loans=population.loans)
    <Book of 500 users, 368 loans; synthetic>
    """

    tables: Mapping[str, pd.DataFrame]
    words: Mapping[str, Mapping[str, str]]
    """Words of columns and levels that `labels.yaml` has not: by column or level, one per language."""
    synthetic: bool
    """Whether everybody in it is made up; charts say so then, and only then."""
    texts: Mapping[str, pd.Index]
    """The texts that a numbered key stands for, such as account numbers."""
    whole: Any = None
    """The book that it was cut from at a day; only to see that its records did not end long before."""
    rules: Any = None
    """Rules of its own by which its users are segmented, see `lp.segments.with_rules`; otherwise those that ship."""

    def __init__(self, *, words: Mapping[str, Mapping[str, str]] | None = None, **tables: Any) -> None:
        if unknown := [name for name in tables if name not in names()]:
            raise InputError(*(f"Book: {name}: unknown table. {did_you_mean(name, names())}" for name in unknown))
        _check_words({} if words is None else words)
        given = {name: frame for name, frame in tables.items() if frame is not None}
        if not given:
            raise InputError(f"Book: no table. Allowed: at least one of {', '.join(names())}.")
        self.tables, self.texts = read_tables(given)
        self.words = dict(words or {})
        self.synthetic = any(_marked(frame) for frame in given.values())

    @property
    def users(self) -> pd.DataFrame:
        """One row per registered user: what a lender sees."""
        return self.table("users")

    @property
    def applications(self) -> pd.DataFrame:
        """One row per application for credit."""
        return self.table("applications")

    @property
    def loans(self) -> pd.DataFrame:
        """One row per drawdown."""
        return self.table("loans")

    @property
    def instalments(self) -> pd.DataFrame:
        """One row per instalment of a loan."""
        return self.table("instalments")

    @property
    def signals(self) -> pd.DataFrame:
        """One row per observed sign of a need."""
        return self.table("signals")

    @property
    def truth(self) -> pd.DataFrame:
        """One row per user: the hidden traits that an instructor can withhold."""
        return self.table("truth")

    def table(self, name: str) -> pd.DataFrame:
        """The table of that name; raises InputError where the book has none."""
        if name not in self.tables:
            raise InputError(self._absent(name))
        return self.tables[name]

    def need(self, wanted: Mapping[str, tuple[str, ...]]) -> None:
        """Raise InputError with a line per table or column that is wanted and missing, or a table without rows."""
        faults = []
        for name, columns in wanted.items():
            if name not in self.tables:
                faults.append(self._absent(name))
            elif self.tables[name].empty:
                faults.append(f"{name}: no rows. Allowed: at least one.")
            else:
                lost = [column for column in columns if column not in self.tables[name]]
                faults += [f"{name}.{column}: missing column. Wanted: {_wanted(name, column)}." for column in lost]
        if faults:
            raise InputError(*faults)

    def _absent(self, name: str) -> str:
        return f"tables: {name} is not in this book, which has {', '.join(self.tables)}. Hint: lp.Book({name}=…)."

    @cached_property
    def last_day(self) -> pd.Timestamp:
        """The day of the last thing that happened, of all tables; what is planned does not count."""
        happened = [frame[name].max() for key, frame in self.tables.items() for name in _times(key) if name in frame]
        known = [moment for moment in happened if moment == moment]
        if not known:
            raise InputError("book: no time in any table. Allowed: a column such as loans.borrowed_at.")
        return max(known).normalize()

    @cached_property
    def assumptions(self) -> Assumptions:
        """What its analyses assume where no table says it: the numbers that ship, or those of `with_assumptions`."""
        return assumptions()

    def with_assumptions(self, given: Assumptions) -> Self:
        """The same book with other assumptions, as `lp.assumptions` gives them: frames that lean on them change.

        >>> import loanpersona as lp
        >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
        >>> population.with_assumptions(lp.assumptions(recovery=0.3)).assumptions.changed
        ('recovery',)
        """
        expect(given, Assumptions, "assumptions", "what lp.assumptions gives, such as lp.assumptions(recovery=0.3)")
        return self._with(assumptions=given)

    def as_of(self, day: Any) -> Self:
        """The book as it stood at the end of a day: what came later is gone, or not known yet.

        Frames that take `until` or `at` are made of it, so none looks ahead. An application that was decided later is
        left out. The book itself where nothing came later.

        >>> import loanpersona as lp
        >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
        >>> len(population.as_of("2022-12-31").loans) < len(population.loans)
        True
        """
        end = pd.Timestamp(day).normalize().as_unit("s") + LAST_SECOND
        timed = any(name in frame for key, frame in self.tables.items() for name in _times(key))
        if not timed or end >= self.last_day:  # tables without a time are the same on every day
            return self
        result: Self = _known_by(self, end)
        return result

    def _with(self, **attributes: Any) -> Self:
        """The same tables with other attributes; what was made of them before is made again."""
        other = copy(self)
        vars(other).update(attributes, kept={})
        return other

    @cached_property
    def kept(self) -> dict[Hashable, Any]:
        """What was made of the tables once, by the function that made it and its arguments."""
        return {}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(frame):,} {name}" for name, frame in self.tables.items())
        return f"<Book of {sizes}{'; synthetic' if self.synthetic else ''}>"


def kept(make: Callable[Concatenate[Any, Given], Made]) -> Callable[Concatenate[Any, Given], Made]:
    """Keep what a function makes of a book, by its arguments: joins are made once a book, not once a frame."""

    @wraps(make)
    def get(book: Any, /, *args: Given.args, **named: Given.kwargs) -> Made:
        key = (make, args, tuple(named.items()))
        if key not in book.kept:
            book.kept[key] = make(book, *args, **named)
        result: Made = book.kept[key]
        return result

    return get


def _check_words(words: Any) -> None:
    allowed = f"a word in each of {', '.join(LANGUAGES)}, such as {{'rented': {{'en': …, 'zh': …}}}}"
    expect(words, Mapping, "words", allowed)
    for word, said in words.items():
        if not isinstance(said, Mapping) or not all(isinstance(said.get(lang), str) for lang in LANGUAGES):
            raise InputError(f"words.{word} = {said!r}: not in every language. Allowed: {allowed}.")


@kept
def _known_by(book: Book, end: pd.Timestamp) -> Any:
    """The book with what was known of it at a time, made once."""
    other = book._with(tables=known_by(book.tables, end), whole=book)
    for name in FROM_TABLES & set(vars(other)):
        del vars(other)[name]
    return other


def _marked(frame: Any) -> bool:
    return bool(getattr(frame, "attrs", {}).get(SYNTHETIC_MARK))


def _times(name: str) -> list[str]:
    return [column.name for column in table(name).columns.values() if column.happened]


def _wanted(name: str, column: str) -> str:
    known = table(name).columns.get(column)
    return f"{known.type}, {known.meaning['en']}" if known else "a column of your own"
