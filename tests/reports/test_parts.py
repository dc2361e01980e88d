"""The parts of pages: what a cell puts out for them is cleaned, and what it says of itself is text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest

import loanpersona as lp
from loanpersona.reports import shown
from loanpersona.reports.ledger import section_of
from loanpersona.reports.markup import safe_part
from loanpersona.reports.page import Page, has_appendix, make_page
from loanpersona.reports.provenance import Provenance
from loanpersona.reports.words import MIME, PAGES

ORIGIN = Provenance("article", "ab" * 32, 50, 7, "cd" * 32, "synthetic")
BOOK = lp.generate(lp.load_persona("article"), n=1_000, seed=7)
SMALL = lp.generate(lp.load_persona("article"), n=300, seed=7)
HOSTILE = [
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script><path d='M0 0' onclick='alert(1)'/></svg>",
    "<svg><a href='javascript:alert(1)'><text>x</text></a><image href='//example.org/x.png'/></svg>",
    "<svg><use href='//example.org/x.svg#a'/><foreignObject><iframe src='//example.org'></foreignObject></svg>",
    "<svg><style>*{background:url(//example.org)}</style><rect fill='url(//example.org)' style='fill:url(//x)'/></svg>",
    "<svg><animate attributeName='href' to='javascript:alert(1)'/><set attributeName='onload' to='alert(1)'/></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<p style='background: url(//example.org)' onclick=alert(1)>x</p><form action=//example.org><input autofocus>",
    "</script><scr<script>ipt>alert(1)<link rel=stylesheet href=//example.org><meta http-equiv=refresh content=0>",
    "<circle style='--a:1px;background:url(//example.org)'/><svg><circle style='--a:1px;color:red'/></svg>",
    "<a href='//example.org' target=_blank>x</a><a href=' data:text/html,x'>x</a><base href=//example.org>",
]
ADDRESS = ("href", "src", "xlink:href", "action", "srcset", "poster", "data")


class Seen(HTMLParser):
    """The tags and attributes of a page, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def part(html: str, kind: str = "finding", about: Any = None) -> Any:
    bundle = {"en": html, "zh": html, "kind": kind, "about": about}
    return nbformat.v4.new_output("display_data", {MIME: bundle, "text/plain": kind})


def page_of(*outputs: Any, appendix: bool = False, tags: tuple[str, ...] = (), **wanted: Any) -> Page:
    cell = nbformat.v4.new_code_cell("1", outputs=list(outputs), metadata={"tags": list(tags)})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    facts: dict[str, Any] = {"name": "x", "parameters": {}, "origin": ORIGIN, "versions": {"loanpersona": "1"}}
    return make_page(notebook, "en", appendix=appendix, **{**facts, **wanted})


@pytest.mark.parametrize("payload", HOSTILE)
def test_nothing_in_a_part_can_run_or_load(payload: str) -> None:
    seen = Seen(page_of(part(payload)).html)
    unknown = {"script", "iframe", "form", "input", "base", "link", "use", "image", "foreignobject", "animate", "set"}
    assert not unknown & {tag for tag, _ in seen.tags}
    for tag, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes
        for name in ADDRESS:
            assert not (attributes.get(name) or "").lower().strip().startswith(("javascript", "data:", "//x"))
        assert tag != "meta" or attributes.get("http-equiv") in (None, "Content-Security-Policy")
        assert "url(" not in "".join(value or "" for value in attributes.values())


def test_a_part_keeps_its_drawing_and_where_its_marks_lie() -> None:
    drawn = '<svg viewBox="0 0 8 8" role="img" aria-label="x"><circle r="6" style="--a:1.5px;--e:20px"></circle></svg>'
    assert safe_part(drawn) == drawn


@pytest.mark.parametrize("about", [None, 7, [], {"en": 7}, {"en": {"title": 7, "figures": [3, {"value": 1}]}}])
def test_a_part_that_says_nonsense_of_itself_says_nothing(about: Any) -> None:
    page = page_of(part("<p>x</p>", "chapter", about))
    assert page.title == "x"
    assert "<p>x</p>" in page.html
    assert all(one == {"value": "", "words": ""} for one in page.figures)


def test_what_a_part_says_of_itself_is_shown_as_text() -> None:
    said = "<script>alert(1)</script>"
    about = {"id": f'"{said}', "en": {"title": said, "line": said, "evidence": "agrees", "switch": [said, said]}}
    for kind in ("chapter", "finding", "ledger"):
        html = page_of(part("<p>x</p>", kind, about)).html
        assert said not in html
        assert "&lt;script&gt;" in html


@pytest.mark.parametrize("evidence", ["agres", "", "agrees"])
def test_contents_have_a_sign_only_of_words_that_there_are(evidence: str) -> None:
    about = {"id": "a", "en": {"line": "Men", "evidence": evidence}}
    seen = Seen(page_of(part('<h2 id="f-a">x</h2>', "finding", about)).html)
    assert "Men" in seen.words
    assert ("Agrees" in seen.words) == (evidence == "agrees")


def test_a_link_without_a_target_is_no_link_and_one_to_the_ledger_leads_there() -> None:
    html = '<a href="#nowhere">a</a><a href="#s1.2a">b</a><a href="#here">c</a><p id="here">d</p>'
    pages = {"00_article": {"en": "article.html"}, "x": {"en": "x.html"}}
    links = [one.get("href") for one in Seen(page_of(part(html), pages=pages).html).named("a")]
    assert [link for link in links if link and "article.html#" in link] == ["article.html#s1.2a"]
    assert "#here" in links
    assert "#nowhere" not in links
    alone = [one.get("href") for one in Seen(page_of(part(html)).html).named("a")]
    assert [link for link in alone if link] == ["#main", "#here"]


def test_a_page_leads_to_its_neighbours_its_other_language_and_its_appendix() -> None:
    names = ("01_a", "02_b", "02_b-appendix", "03_c")
    pages = {name: {lang: f"{name}.{lang}.html" for lang in ("en", "zh")} for name in names}
    page = Seen(page_of(part("<p>x</p>"), name="02_b", pages=pages).html)
    links = {str(one.get("href")) for one in page.named("a")}
    assert links == {"#main", "index.html", "01_a.en.html", "03_c.en.html", "02_b.zh.html", "02_b-appendix.en.html"}
    own = Seen(page_of(part("<p>x</p>"), name="02_b", pages=pages, appendix=True, tags=("appendix",)).html)
    links = {str(one.get("href")) for one in own.named("a")}
    assert links == {"#main", "index.html", "02_b.en.html", "02_b-appendix.zh.html"}


def test_cells_of_the_appendix_stand_on_a_page_of_their_own() -> None:
    tagged = page_of(part("<p>more</p>"), tags=("appendix",))
    assert "<p>more</p>" not in tagged.html
    assert "<p>more</p>" in page_of(part("<p>more</p>"), tags=("appendix",), appendix=True).html
    assert not has_appendix(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))


def test_a_page_without_findings_has_contents_of_its_headings() -> None:
    prose = nbformat.v4.new_markdown_cell("# Title\n\n## One & two\n\na\n\n## Three\n\nb\n\n## Four\n\nc")
    facts: dict[str, Any] = {"name": "x", "parameters": {}, "origin": ORIGIN, "versions": {"loanpersona": "1"}}
    seen = Seen(make_page(nbformat.v4.new_notebook(cells=[prose]), "en", **facts).html)
    ids = {one.get("id") for _, one in seen.tags}
    links = [str(one.get("href")) for one in seen.named("a")][1:]
    assert len(links) == 3
    assert {link[1:] for link in links} <= ids
    assert seen.words.count("One & two") == 2


# What results put out


def put_out(monkeypatch: pytest.MonkeyPatch, show: Any) -> list[dict[str, Any]]:
    """What a cell gives where the runner asks for pages."""
    outputs: list[dict[str, Any]] = []
    monkeypatch.setenv(PAGES, "1")
    monkeypatch.setattr("IPython.display.display", lambda data, **_: outputs.append(data))
    show()
    return [one[MIME] for one in outputs]


SHOWN = {
    "chapter": lambda book: lp.chapter(book, "habits")._ipython_display_(),
    "finding": lambda book: lp.finding(book, "repeat_money")._ipython_display_(),
    "ledger": lambda book: lp.ledger({"article": book, "other": book})._ipython_display_(),
    "figure": lambda book: lp.show(lp.profile.shares, book, of="sex"),
}


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("book", [BOOK, SMALL], ids=["n=1000", "n=300"])
def test_a_part_is_whole_in_both_languages_and_passes_the_cleaner_unchanged(
    monkeypatch: pytest.MonkeyPatch, kind: str, book: Any
) -> None:
    [bundle] = put_out(monkeypatch, lambda: SHOWN[kind](book))
    assert bundle["kind"] == kind
    for lang in lp.labels.LANGUAGES:
        before, after = Seen(bundle[lang]), Seen(safe_part(bundle[lang]))
        assert before.words == after.words
        assert [tag for tag, _ in before.tags] == [
            tag for tag, _ in after.tags if tag != "tbody" or tag in bundle[lang]
        ]
        assert all(
            one.keys() - {"xmlns"} <= other.keys() for (_, one), (_, other) in zip(before.tags, after.tags, strict=True)
        )


def test_what_cannot_be_shown_is_a_box_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    users = lp.Book(users=BOOK.users)
    for show in (
        lambda: lp.finding(users, "repeat_money")._ipython_display_(),
        lambda: lp.show(lp.habits.repeat_share, users),
    ):
        [bundle] = put_out(monkeypatch, show)
        assert 'class="not-estimated"' in bundle["en"]
        assert "loans is not in this book" in bundle["zh"]


def test_tables_of_parts_have_captions_and_the_scope_of_every_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("finding", "figure"):
        [bundle] = put_out(monkeypatch, lambda kind=kind: SHOWN[kind](BOOK))
        seen = Seen(bundle["en"])
        assert len(seen.named("caption")) == len(seen.named("table")) == 1
        assert seen.named("th")
        assert all(one.get("scope") in {"col", "row"} for one in seen.named("th"))


def test_a_notebook_shows_one_language_and_no_part_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    shows: list[str] = []
    monkeypatch.delenv(PAGES, raising=False)
    monkeypatch.setattr(shown, "show_html", shows.append)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    lp.finding(BOOK, "repeat_money", lang="zh")._ipython_display_()
    text = "".join(shows)
    assert "放款额" in text
    assert "Published" not in text
    assert "<svg" not in text


# The ledger


def test_the_ledger_has_a_row_for_every_statement_in_its_section() -> None:
    ledger = lp.ledger({"article": BOOK})
    assert [row.statement.id for row in ledger.rows] == list(lp.claims.statements())
    assert {section_of(row.statement.id) for row in ledger.rows} >= {"1.1", "3.3", "4"}


def test_the_takeaways_count_the_rows_they_speak_of() -> None:
    ledger = lp.ledger({"article": BOOK, "other": SMALL})
    tested = [row for row in ledger.rows if not row.open]
    holds = [sum(row.word(place) == "supported" for row in tested) for place in (0, 1)]
    first, second, third = ledger.takeaways("en")
    assert [text.split()[0] for text in first] == [str(count) for count in holds]
    against = [row.statement.id for row in tested if row.statement.evidence.verdict == "disagrees"]
    assert f"({', '.join(against)})" in second[0]
    kept = sum(row.word(0) == row.word(1) == "supported" for row in tested)
    assert f"{kept} hold either way" in third[0]
    assert len(lp.ledger({"article": BOOK}).takeaways("en")) == 2


@pytest.mark.parametrize(
    ("books", "message"),
    [
        ({}, "books: 0 of them. Allowed: one, or two to switch between."),
        ({"a": BOOK, "b": BOOK, "c": BOOK}, "books: 3 of them."),
        ({"a": BOOK.users}, "books['a']: DataFrame. Allowed: a population"),
        (BOOK, "books: Population. Allowed: books by name"),
    ],
)
def test_a_ledger_of_no_book_or_too_many_is_refused(books: Any, message: str) -> None:
    with pytest.raises(lp.InputError) as caught:
        lp.ledger(books)
    assert message in str(caught.value)


def test_a_strip_lies_inside_its_rail_and_moves_between_two_books() -> None:
    other = lp.generate(lp.load_persona("evidence"), n=1_000, seed=7)
    strips = {row.statement.id: row.strip("en") for row in lp.ledger({"article": BOOK, "evidence": other}).rows}
    drawn = {name: strip for name, strip in strips.items() if strip}
    assert len(drawn) > 25
    assert all(8 <= dot <= 202 for strip in drawn.values() for dot in strip.dots)
    assert drawn["1.2c"].dots[0] > drawn["1.2c"].dots[1]
    assert drawn["1.2a"].band
    assert not drawn["1.1c"].band


def test_a_lenders_own_book_has_no_column_that_says_what_was_put_in() -> None:
    frames = {name: BOOK.table(name).copy() for name in ("users", "loans")}
    for frame in frames.values():
        frame.attrs = {}
    ours, own = lp.ledger({"a": BOOK})._html("en"), lp.ledger({"a": lp.Book(**frames)})._html("en")
    assert "Where the number comes from" in ours
    assert "Where the number comes from" not in own
