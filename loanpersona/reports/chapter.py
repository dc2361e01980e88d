"""The head of a chapter: its question, what to expect, and its key figures."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from loanpersona.core.errors import expect
from loanpersona.core.extras import need
from loanpersona.core.words import LANGUAGES, check_language
from loanpersona.reports.finding import Chapter, Figure, chapter_named
from loanpersona.reports.found import found
from loanpersona.reports.shown import emit, for_pages, show_html
from loanpersona.reports.templates import render
from loanpersona.tables.book import Book


def chapter(book: Book, name: str, *, lang: str = "en") -> Head:
    """The head of a chapter, of a book: title, two sentences and key figures, each a number of one of its findings.

    `name` is a file of `catalog/findings`, such as `habits`. A figure that this book cannot give is left out. Raises
    InputError for an unknown name or language, and for anything but a book.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.chapter(population, "habits").figures("en")[0]["words"]
    'of money lent goes to repeat borrowers'
    """
    expect(book, Book, "book", "a population, or lp.Book(loans=…)")
    expect(name, str, "chapter", "the name of a chapter")
    return Head(chapter_named(name), book, check_language(lang))


@dataclass(frozen=True, repr=False)
class Head:
    """The head of a chapter. Get one from `lp.chapter`."""

    about: Chapter
    book: Book
    lang: str

    def figures(self, lang: str) -> list[dict[str, str]]:
        """The key figures that this book can give: value, words, what is published, and the finding."""
        shown = (_figure(self.book, one, lang) for one in self.about.key_figures)
        return [one for one in shown if one]

    def __repr__(self) -> str:
        return self.about.title[self.lang]

    def _ipython_display_(self) -> None:
        need("lab")
        if for_pages():
            about = {"chapter": self.about.name, **{code: self._said(code) for code in LANGUAGES}}
            emit("chapter", {code: self._html(code) for code in LANGUAGES}, about)
        else:
            show_html(f"<h1>{escape(self.about.title[self.lang])}</h1>")
            show_html(self._html(self.lang))

    def _html(self, lang: str) -> str:
        return render("parts/chapter.html.j2", lang, standfirst=self.about.standfirst[lang], figures=self.figures(lang))

    def _said(self, lang: str) -> dict[str, Any]:
        """What index and shell say of the chapter."""
        return {
            "title": self.about.title[lang],
            "question": self.about.question[lang],
            "figures": [{"value": one["value"], "words": one["words"]} for one in self.figures(lang)[:3]],
        }


def _figure(book: Book, figure: Figure, lang: str) -> dict[str, str] | None:
    one = found(book, figure.finding)
    if one.verdict is None:
        return None
    published = figure.published.get(lang, "")
    value, said = one.filled(figure.value, lang), one.filled(figure.words, lang)
    return {"finding": figure.finding, "value": value, "words": said, "published": published}
