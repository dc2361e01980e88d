"""A finding of a book: its frame, what the rule says of it, and the sentence that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from loanpersona import claims
from loanpersona.analysis.frame import declarations, form_of
from loanpersona.core.errors import InputError, expect
from loanpersona.core.words import check_language
from loanpersona.reports.finding import Cell, Finding, Texts, finding_named
from loanpersona.reports.numbers import brief
from loanpersona.tables.book import Book, kept

if TYPE_CHECKING:
    import pandas as pd

    from loanpersona.claims import Claim, Statement, Verdict


def finding(book: Book, name: str, *, lang: str = "en") -> Found:
    """The finding of that id, of a book: its frame is made and judged, and the sentence that holds is chosen.

    In a notebook it shows headline, chart and two lines of reading in `lang`, and folded below them table, method
    and the line of code. What this book is too small for, or has no table for, is a box that says why. Raises
    InputError for an unknown id or language, and for anything but a book.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.finding(population, "repeat_money").verdict.word
    'supported'
    """
    expect(book, Book, "book", "a population, or lp.Book(loans=…)")
    expect(name, str, "finding", "the id of a finding")
    check_language(lang)
    return replace(found(book, name), lang=lang)


@dataclass(frozen=True, repr=False)
class Found:
    """A finding of a book. Get one from `lp.finding`."""

    about: Finding
    frame: pd.DataFrame | None
    """What is drawn and tabulated; None where this book cannot give it."""
    verdict: Verdict | None
    """What the rule says: word, value, low, high, n; None where there is no frame."""
    form: str
    """How the number of the verdict is written."""
    synthetic: bool
    words: Mapping[str, Mapping[str, str]]
    """Words that the book brings."""
    why_not: str = ""
    """Why this book cannot give it."""
    lang: str = "en"

    @property
    def headline(self) -> str:
        """The sentence that the verdict calls for."""
        return self.headline_in(self.lang)

    def headline_in(self, lang: str) -> str:
        """The sentence in a language; where nothing can be said, what the finding is about."""
        texts = self.about.headline[self.verdict.word] if self.verdict else self.about.short
        return self.filled(texts, lang)

    def filled(self, texts: Texts, lang: str) -> str:
        """A template of the finding with the numbers of its verdict and cells."""
        ends = {name: brief(self.form, getattr(self.verdict, name, None), lang) for name in ("value", "low", "high")}
        cells = {name: self._cell(cell, lang) for name, cell in self.about.cells.items()}
        return texts[lang].format(**ends, cells=cells) if texts else ""

    @property
    def statement(self) -> Statement:
        """The first statement that it looks at and that is tested; the first of all where none is."""
        looked_at = [claims.statements()[one] for one in self.about.statements]
        return next((one for one in looked_at if one.claim), looked_at[0])

    @property
    def evidence(self) -> str:
        """What published evidence says of it; it is silent where the finding names no figure."""
        return self.statement.evidence.verdict if self.about.published else "silent"

    def _cell(self, cell: Cell, lang: str) -> str:
        return brief(cell.form, None if self.frame is None else value_at(self.frame, cell), lang)

    def __repr__(self) -> str:
        return self.headline or self.why_not

    def _ipython_display_(self) -> None:
        from loanpersona.reports.shown import show_found

        show_found(self)


@kept
def found(book: Book, name: str) -> Found:
    """A finding of a book, made once."""
    about = finding_named(name)
    empty = Found(about, None, None, "percent", book.synthetic, book.words)
    from loanpersona.charts.plot import checked

    try:
        frame = declarations()[about.frame].call(book, **about.arguments)
        checked(frame)
        verdict, form = _judged(book, about, frame)
        for cell in about.cells.values() if verdict.word != "inconclusive" else ():
            value_at(frame, cell)
    except InputError as reason:
        return replace(empty, why_not=str(reason))
    return replace(empty, frame=frame, verdict=verdict, form=form)


def _judged(book: Book, about: Finding, frame: pd.DataFrame) -> tuple[Verdict, str]:
    """What the claim of its statement says, or its own rule, and how the number is written."""
    if about.claim:
        claim = claims.statements()[about.claim].claim
        assert claim is not None
        return claimed(book, claim), claim.form
    rule = about.rule
    assert rule is not None
    measure = next(iter(rule.row.get("measure", ())), None)
    return claims.judge(rule, frame), form_of(frame, rule.column or declarations()[about.frame].estimate, measure)


def claimed(book: Book, claim: Claim) -> Verdict:
    """What a claim finds in a book: the number of its first check, and the word of its weakest."""
    verdicts = [claims.judge(one.rule, declarations()[one.frame].call(book, **one.arguments)) for one in claim.checks]
    words = [one.word for one in verdicts]
    weakest = next(word for word in ("contradicted", "inconclusive", "supported") if word in words)
    return replace(verdicts[0], word=weakest)


def value_at(frame: pd.DataFrame, cell: Cell) -> Any:
    """The number in the one row that has the words of a cell; raises InputError where no row or several have them."""
    if lost := [name for name in (*cell.row, cell.column) if name not in frame]:
        raise InputError(f"{frame.attrs['frame']}.{lost[0]}: missing column. Allowed: {', '.join(map(str, frame))}.")
    rows = frame
    for name, wanted in cell.row.items():
        rows = rows[rows[name].astype(str) == wanted]
    if len(rows) != 1:
        row = ", ".join(f"{name} {wanted}" for name, wanted in cell.row.items())
        raise InputError(f"{frame.attrs['frame']}: {len(rows)} rows are {row}. Allowed: one.")
    return rows[cell.column].iloc[0]
