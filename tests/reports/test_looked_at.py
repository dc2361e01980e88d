"""Pages as a browser and a screen reader find them, where Chromium and axe-core are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browser import looked_at, missing

import loanpersona as lp
from loanpersona.reports.index import Entry, update_index
from loanpersona.reports.page import make_page
from loanpersona.reports.provenance import Provenance
from loanpersona.reports.words import PAGES

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "all there")
BOOK = lp.generate(lp.load_persona("article"), n=300, seed=7)
ORIGIN = Provenance("article", "ab" * 32, 300, 7, BOOK.digest, "synthetic")
PAGES_OF: dict[str, list[Callable[[], object]]] = {
    "02_habits": [
        lambda: lp.chapter(BOOK, "habits")._ipython_display_(),
        lambda: lp.finding(BOOK, "repeat_money")._ipython_display_(),
        lambda: lp.finding(BOOK, "weekend")._ipython_display_(),
        lambda: lp.show(lp.habits.timing, BOOK, of="hour"),
        lambda: lp.finding(lp.Book(users=BOOK.users), "interest")._ipython_display_(),
    ],
    "00_article": [lambda: lp.ledger({"article": BOOK, "evidence": BOOK})._ipython_display_()],
}


def page(name: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> str:
    outputs: list[Any] = []
    monkeypatch.setenv(PAGES, "1")
    monkeypatch.setattr(
        "IPython.display.display", lambda data, **_: outputs.append(nbformat.v4.new_output("display_data", data))
    )
    for show in PAGES_OF[name]:
        show()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=outputs)])
    pages = {one: {code: f"{one}.{code}.html" for code in ("en", "zh")} for one in sorted(PAGES_OF)}
    return make_page(notebook, lang, name=name, parameters={}, origin=ORIGIN, versions={}, pages=pages).html


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES_OF)
def test_axe_finds_nothing_no_anchor_is_dead_and_no_page_scrolls_sideways(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, lang: str
) -> None:
    html = page(name, lang, monkeypatch)
    for width, dark in ((1280, False), (1280, True), (375, False), (375, True)):
        found = looked_at(html, tmp_path, width=width, dark=dark)
        assert found == {"broken": [], "dead": [], "wide": found["room"], "room": width}


def test_axe_finds_nothing_on_an_index(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text("x", encoding="utf-8")
    figures = [{"value": "70%", "words": "are men"}] * 3
    drawn = '<svg viewBox="0 0 343 99"><path d="M0 0h343" fill="var(--pop)"/></svg>'
    entry = Entry("b.html", "x", "A title", "en", "article", "ab", 1, 2, "cd", "ef", 0, {}, "", "Who?", figures, drawn)
    index = update_index(tmp_path, entry).read_text(encoding="utf-8")
    for width in (1280, 375):
        found = looked_at(index, tmp_path, width=width, dark=False)
        assert found == {"broken": [], "dead": [], "wide": found["room"], "room": width}


def test_a_broken_page_is_seen_as_broken(tmp_path: Path) -> None:
    html = '<html><body><img src="data:,"><a href="#no">x</a><div style="width:2000px">y</div></body></html>'
    found = looked_at(html, tmp_path, width=375, dark=False)
    assert {one.partition(":")[0] for one in found["broken"]} >= {"html-has-lang", "image-alt", "document-title"}
    assert found["dead"] == ["#no"]
    assert found["wide"] > found["room"]
