"""The ledger: every statement of the article on one page, with what holds, on what grounds, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import pandas as pd

from loanpersona import claims
from loanpersona.claims import Statement
from loanpersona.claims.figures import written
from loanpersona.claims.ledger import check_claims
from loanpersona.claims.statement import OPINIONS
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, expect
from loanpersona.core.extras import need
from loanpersona.core.words import LANGUAGES, check_language, has_word, label, phrase
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
    """A statement, and what `lp.check_claims` finds of it in each book."""

    statement: Statement
    found: tuple[Mapping[str, Any], ...]

    @property
    def open(self) -> bool:
        """Whether nothing is there to test it with."""
        return self.statement.claim is None

    def word(self, place: int) -> str:
        """What the book at a place says of it."""
        return str(self.found[place]["here"])

    def number(self, place: int) -> float | None:
        """The number of the book at a place; None where it gives none."""
        value = self.found[place]["value"]
        return None if pd.isna(value) else float(value)

    def value(self, place: int, lang: str) -> str:
        """That number as it is written; nothing where there is none."""
        claim, number = self.statement.claim, self.number(place)
        return written(number, claim.form, lang) if claim and number is not None else ""

    def strip(self, lang: str) -> Strip | None:
        """Where its number lies."""
        claim, values = self.statement.claim, [self.number(place) for place in range(len(self.found))]
        return strip_of(claim, self.statement.evidence, values, lang) if claim else None

    def written(self, lang: str) -> dict[str, Any]:
        """What the template fills in."""
        statement, places = self.statement, range(len(self.found))
        figures = [self._figure(place, lang) for place in places]
        note, evidence = statement.claim.origin_note if statement.claim else {}, statement.evidence
        missing = statement.missing or statement.not_testable or {}
        return {
            "id": statement.id,
            "letter": statement.id[-1],
            "short": statement.short[lang],
            "open": self.open,
            "missing": missing.get(lang, ""),
            "words": [self.word(place) for place in places],
            "signs": [SIGNS.get(self.word(place), "") for place in places],
            "square": _square(self),
            "figures": figures,
            "notes": [self._note(place, lang) for place in places],
            "strip": self.strip(lang),
            "alt": " ".join(["".join(figures[0]) + ".", words(lang)["published"], evidence.note.get(lang, "")]),
            "origin": statement.origin,
            "origin_note": note.get(lang, ""),
            "evidence": evidence.verdict,
            "evidence_note": evidence.note.get(lang, ""),
        }

    def _figure(self, place: int, lang: str) -> tuple[str, str, str]:
        """The number in words, taken apart: what stands before it, the number, what stands after it."""
        said, value = self.found[place][f"figure_{lang}"], self.value(place, lang)
        return ("", "", "") if pd.isna(said) else str(said).partition(value) if value else (str(said), "", "")

    def _note(self, place: int, lang: str) -> str:
        """Why a book does not settle it, and how many users would."""
        why, needed = self.found[place]["why"], self.found[place]["needed"]
        if self.word(place) == "no_column":
            return "" if pd.isna(why) else str(why)
        if self.word(place) != "inconclusive" or pd.isna(needed):
            return ""
        return phrase("ledger_needed", lang, n=f"{float(f'{needed:.1e}'):,.0f}")


@dataclass(frozen=True, repr=False)
class Ledger:
    """The statements of the article, each with what it comes to. Get one from `lp.ledger`."""

    books: Mapping[str, Book]
    lang: str

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """A row per statement, in the article's order."""
        checked = [check_claims(book).set_index("statement").to_dict("index") for book in self.books.values()]
        return tuple(Row(one, tuple(found[key] for found in checked)) for key, one in claims.statements().items())

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
        return [row for row in self.rows if not row.open]

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
            sure=phrase("ledger_error", lang, claims=len(self._testable)),
        )

    def _sections(self, lang: str) -> list[dict[str, Any]]:
        """The sections of the article, each with the rows that are tested and those that stand open."""
        titles, heads = catalog.load("ledger")["sections"], self._heads(lang)
        result = []
        for name, rows in groupby(self.rows, key=lambda row: section_of(row.statement.id)):
            filled = [row.written(lang) for row in rows]
            parts = ((is_open, [one for one in filled if one["open"] == is_open]) for is_open in (False, True))
            groups = [{"open": is_open, "heads": heads[is_open], "rows": part} for is_open, part in parts if part]
            result.append({"name": name, "title": titles[name][lang], "rows": filled, "groups": groups})
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
    low, high = (written(end, claim.form, lang) for end in (evidence.low, evidence.high))
    return {"published": label("report_range", lang).format(low=low, high=high)}
