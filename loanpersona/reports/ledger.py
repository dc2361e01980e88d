"""The ledger: every statement of the article on one page, with what holds, on what grounds, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from loanpersona import claims
from loanpersona.claims import Statement, Verdict
from loanpersona.claims.statement import OPINIONS
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, expect
from loanpersona.core.extras import need
from loanpersona.core.words import LANGUAGES, check_language, has_word, label
from loanpersona.reports.found import claimed
from loanpersona.reports.numbers import brief
from loanpersona.reports.shown import emit, for_pages, show_html
from loanpersona.reports.strips import Strip, strip_of
from loanpersona.reports.templates import render
from loanpersona.reports.words import words
from loanpersona.tables.book import Book

MOST = 2
"""Books that stand side by side."""
SQUARES, OPEN = {"agrees": "y", "in_part": "p", "disagrees": "n", "silent": "s"}, "u"
"""The look of a square by what published evidence says of its statement, and where there is nothing to test yet."""
SIGNS = {"contradicted": "✕", "inconclusive": "?"}
"""What a square bears where the statement does not come out."""


def ledger(books: Mapping[str, Book], *, lang: str = "en") -> Ledger:
    """The article in one page: what each of its statements comes to in a book, or in two that one may switch between.

    `books` are books by name, such as `{"article": population, "evidence": other}`; the first is shown first. Raises
    InputError for anything else, for more than two, and for an unknown language.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> len(lp.ledger({"article": population}).rows)
    46
    """
    expect(books, Mapping, "books", "books by name, such as {'article': population}")
    if not 1 <= len(books) <= MOST:
        raise InputError(f"books: {len(books)} of them. Allowed: one, or two to switch between.")
    for name, book in books.items():
        expect(name, str, "books", "books by name")
        expect(book, Book, f"books[{name!r}]", "a population, or lp.Book(loans=…)")
    return Ledger(dict(books), check_language(lang))


@dataclass(frozen=True)
class Row:
    """A statement, and what it comes to in each book."""

    statement: Statement
    verdicts: tuple[Verdict | None, ...]
    """None where a book gives no number, or nothing can be tested."""
    why_not: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether nothing is there yet to test it with."""
        return self.statement.claim is None

    @property
    def testable(self) -> bool:
        """Whether a population can contradict it."""
        return not self.open and self.statement.origin != "not_testable"

    def word(self, place: int) -> str:
        """What the book at a place says of it."""
        verdict = self.verdicts[place]
        return "not_testable" if not self.testable else verdict.word if verdict else "unknown"

    def value(self, place: int, lang: str) -> str:
        """The number of the book at a place, as it is written."""
        claim, verdict = self.statement.claim, self.verdicts[place]
        return brief(claim.form, verdict.value, lang) if claim and verdict else ""

    def strip(self, lang: str) -> Strip | None:
        """Where its number lies."""
        values = [one.value if one else None for one in self.verdicts]
        claim = self.statement.claim
        return strip_of(claim, self.statement.evidence, values, lang) if claim and self.testable else None

    def written(self, lang: str) -> dict[str, Any]:
        """What the template fills in."""
        statement, claim, places = self.statement, self.statement.claim, range(len(self.verdicts))
        before, _, after = claim.figure[lang].partition("{value}") if claim and any(self.verdicts) else ("", "", "")
        values = [self.value(place, lang) for place in places]
        evidence_note = statement.evidence.note.get(lang, "")
        return {
            "id": statement.id,
            "letter": statement.id[-1],
            "short": statement.short[lang],
            "open": self.open,
            "missing": (statement.missing or statement.not_testable or {}).get(lang, ""),
            "words": [self.word(place) for place in places],
            "signs": [SIGNS.get(self.word(place), "") for place in places],
            "square": _square(self),
            "values": values,
            "before": before,
            "after": after,
            "why_not": next((reason for reason in self.why_not if reason), ""),
            "strip": self.strip(lang),
            "alt": " ".join([f"{before}{values[0]}{after}.", words(lang)["published"], evidence_note]),
            "origin": statement.origin,
            "origin_note": claim.origin_note[lang] if claim else "",
            "evidence": statement.evidence.verdict,
            "evidence_note": evidence_note,
        }


@dataclass(frozen=True, repr=False)
class Ledger:
    """The statements of the article, each with what it comes to. Get one from `lp.ledger`."""

    books: Mapping[str, Book]
    lang: str

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A row per statement, in the article's order."""
        return tuple(_row(one, tuple(self.books.values())) for one in claims.statements().values())

    def takeaways(self, lang: str) -> list[list[str]]:
        """Three sentences, or two of a single book, each once per book where the numbers in it differ."""
        stated, counts = catalog.load("ledger")["takeaways"], [self._counts(place) for place in range(len(self.books))]
        first = [stated["holds"][lang].format(**one) for one in counts]
        disagreeing = [row.statement.id for row in self._testable if row.statement.evidence.verdict == "disagrees"]
        result = [first, [stated["evidence"][lang].format(**counts[0], which=_listed(disagreeing, lang))]]
        if len(self.books) == MOST:
            held = [row for row in self._testable if row.word(0) == "supported"]
            lost = [row.statement.id for row in held if row.word(1) != "supported"]
            said = {"lost": len(lost), "kept": len(held) - len(lost), "which": _listed(lost, lang)}
            result.append([stated["lost"][lang].format(**said)])
        return result

    @property
    def _testable(self) -> list[Row]:
        return [row for row in self.rows if row.testable]

    def _counts(self, place: int) -> dict[str, int]:
        rows = self._testable
        opinions = [row.statement.evidence.verdict for row in rows]
        return {
            "testable": len(rows),
            "holds": sum(row.word(place) == "supported" for row in rows),
            "follows": sum(row.statement.origin == "emergent" for row in rows),
            "put_in": sum(row.statement.origin != "emergent" for row in rows),
            "covered": len(rows) - opinions.count("silent"),
            **{word: opinions.count(word) for word in ("agrees", "in_part", "disagrees")},
        }

    def names(self, lang: str) -> list[str]:
        """The books, as the switch calls them."""
        keys = {name: f"report_book_{name}" for name in self.books}
        return [label(key, lang) if has_word(key) else name for name, key in keys.items()]

    def figures(self, lang: str) -> list[dict[str, Any]]:
        """The big numbers: values, one per book, words, what is published, and the statement."""
        rows, result = {row.statement.id: row for row in self.rows}, []
        for stated in catalog.load("ledger")["big_numbers"]:
            row = rows[stated["statement"]]
            values = [row.value(place, lang) for place in range(len(self.books))]
            if all(values):
                published = _published(row.statement, lang)
                result.append({"id": row.statement.id, "values": values, "words": stated["words"][lang]} | published)
        return result

    def __repr__(self) -> str:
        return f"<Ledger of {len(self.rows)} statements: {', '.join(self.books)}>"

    def _ipython_display_(self) -> None:
        need("lab")
        if for_pages():
            about = {code: self._said(code) for code in LANGUAGES}
            emit("ledger", {code: self._html(code) for code in LANGUAGES}, about)
        else:
            show_html(self._html(self.lang, template="parts/ledger_table.html.j2"))

    def _html(self, lang: str, template: str = "parts/ledger.html.j2") -> str:
        stated, people = catalog.load("ledger"), max(_people(book) for book in self.books.values())
        return render(
            template,
            lang,
            standfirst=stated["standfirst"][lang].format(statements=len(self.rows), n=f"{people:,}"),
            names_of=self.names(lang),
            synthetic=self._synthetic,
            figures=self.figures(lang),
            takeaways=self.takeaways(lang),
            count=len(self.rows),
            legend=self._legend(lang),
            sections=self._sections(lang),
        )

    def _sections(self, lang: str) -> list[dict[str, Any]]:
        """The sections of the article, each with the rows that are tested and those that stand open."""
        titles, heads = catalog.load("ledger")["sections"], self._heads(lang)
        result = []
        for name, rows in groupby(self.rows, key=lambda row: section_of(row.statement.id)):
            written = [row.written(lang) for row in rows]
            parts = ((is_open, [one for one in written if one["open"] == is_open]) for is_open in (False, True))
            groups = [{"open": is_open, "heads": heads[is_open], "rows": part} for is_open, part in parts if part]
            result.append({"name": name, "title": titles[name][lang], "rows": written, "groups": groups})
        return result

    def _heads(self, lang: str) -> dict[bool, list[str]]:
        """What stands above the columns of rows that are tested, and of rows that are open."""
        word = words(lang)
        first, last = word["column_statement"], word["column_evidence"]
        origin = [word["column_origin"]] if self._synthetic else []
        return {
            False: [first, word["column_here"], word["column_strip"], *origin, last],
            True: [first, word["column_missing"], last],
        }

    def _legend(self, lang: str) -> list[tuple[str, str, int]]:
        """The squares, what each says, and how many there are."""
        squares = [_square(row) for row in self.rows]
        said = {SQUARES[opinion]: f"evidence_{opinion}" for opinion in OPINIONS} | {OPEN: "no_number"}
        return [(square, words(lang)[key], squares.count(square)) for square, key in said.items()]

    @property
    def _synthetic(self) -> bool:
        return all(book.synthetic for book in self.books.values())

    def _said(self, lang: str) -> dict[str, Any]:
        stated = catalog.load("ledger")
        figures = [{"value": one["values"][0], "words": one["words"]} for one in self.figures(lang)[:3]]
        texts = {name: stated[name][lang] for name in ("title", "question")}
        return {**texts, "figures": figures, "switch": self.names(lang) if len(self.books) == MOST else []}


def section_of(id: str) -> str:
    """The section of the article that a statement stands in.

    >>> section_of("1.4e"), section_of("4a")
    ('1.4', '4')
    """
    return id.rstrip("abcdefghijklmnopqrstuvwxyz")


def _square(row: Row) -> str:
    return OPEN if row.open else SQUARES[row.statement.evidence.verdict]


def _row(statement: Statement, books: tuple[Book, ...]) -> Row:
    found = [_checked(statement, book) for book in books]
    verdicts = tuple(one if isinstance(one, Verdict) else None for one in found)
    return Row(statement, verdicts, tuple(one if isinstance(one, str) else "" for one in found))


def _checked(statement: Statement, book: Book) -> Verdict | str:
    """What a statement comes to in a book, or why it comes to nothing."""
    if statement.claim is None or statement.origin == "not_testable":
        return ""
    try:
        return claimed(book, statement.claim)
    except InputError as reason:
        return str(reason)


def _people(book: Book) -> int:
    return len(book.tables["users"]) if "users" in book.tables else 0


def _listed(ids: list[str], lang: str) -> str:
    """Some statements by their ids, in brackets."""
    if not ids:
        return ""
    return f" ({', '.join(ids)})" if lang == "en" else f"（{'、'.join(ids)}）"


def _published(statement: Statement, lang: str) -> dict[str, str]:
    evidence, claim = statement.evidence, statement.claim
    if evidence.low is None or evidence.high is None or claim is None:
        return {"published": ""}
    low, high = (brief(claim.form, end, lang) for end in (evidence.low, evidence.high))
    return {"published": label("report_range", lang).format(low=low, high=high)}
