"""Words of a persona stay words: whatever they hold, what is made of them has the tags it has with harmless ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mistune
import pytest
from bs4 import BeautifulSoup
from cases import CASES
from nbconvert.filters import markdown2html

import loanpersona as lp
from loanpersona.analysis.written import html_table
from loanpersona.core.strict_yaml import node_of, plain
from loanpersona.core.words import LANGUAGES
from loanpersona.persona.resolver import resolve

PAYLOADS = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "a<b>c</b>",
    "<!-- c -->",
    "<https://e.example>",
    "&lt;b&gt;",
    "&copy;",
    "[a](javascript:alert(1))",
    "[1](http://x.example)",
    "[1][a]",
    "[x]: http://a.example",
    "![i](x)",
    "[^1]: x",
    "[ ] t",
    "https://e.example/x",
    "www.e.example",
    "a@b.example",
    "`code`",
    "```",
    "~~~",
    "a|b",
    "| a | b |",
    "|---|",
    "**b**",
    "a _i_ b",
    "__b__",
    "~~s~~",
    "# h",
    "- l",
    "+ l",
    "* l",
    "1. n",
    "1) n",
    "> q",
    "===",
    "---",
    "***",
    ": d",
    "\\",
    "a\\|b",
    "\\[x\\]",
    "$x$",
    "$$x$$",
    "{x}",
    "a # b: 'c' \"d\"",
    "线|｜<b>",
)
HARMLESS = "plain word"


@pytest.fixture(scope="module")
def every_law(article: lp.Persona) -> lp.Persona:
    """A small persona with every way to state a variable, and the seasons of the article."""
    content = plain(lp.load_persona(CASES / "valid" / "every_law.yaml").document)
    seasons = {key: plain(article.document)[key] for key in ("window", "calendar")}
    return resolve(node_of(content | seasons, file="small"))


def planted(small: lp.Persona, word: str) -> lp.Persona:
    """A persona with a word in every slot of text, levels and sources of one's own among them."""
    content = _with(plain(small.document), word)
    texts = {"en": word, "zh": word}
    own = {"basis": "published", "source": [word], "because": texts, "label": texts}
    levels = {"labels": {word: texts, "other": texts}}
    content["sources"] = {**content.get("sources", {}), word: "x"}
    content["variables"]["pet"] = {"shares": {word: "0.5", "other": "0.5"}, **levels, **own}
    odds = [{"when": {"pet": word}, "multiply": {word: "2"}, "basis": "assumed", "because": word}]
    content["variables"]["toy"] = {"shares": {word: "0.5", "other": "0.5"}, "odds": odds, **levels, **own}
    content["variables"]["den"] = {"groups_of": "pet", "groups": {word: [word], "other": ["other"]}, **levels, **own}
    shape = {"normal": {"mean": "5", "sd": "2"}, "least": "0", "most": "9", "step": "1", "unit": word}
    content["variables"]["dish"] = {**shape, "plus": [{"when": {"toy": word}, "by": "1"}], **own}
    return resolve(node_of(content, file="planted"))


def _with(content: Any, word: str) -> Any:
    """Texts and reasons replaced by a word, and nothing else."""
    if isinstance(content, dict):
        texts = (*LANGUAGES, "because")
        return {
            key: word if key in texts and isinstance(below, str) else _with(below, word)
            for key, below in content.items()
        }
    return [_with(below, word) for below in content] if isinstance(content, list) else content


def tags(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """The tags of a page with the names of their attributes."""
    return [(tag.name, tuple(tag.attrs)) for tag in BeautifulSoup(html, "html.parser").find_all()]


def pages(persona: lp.Persona, plain_one: lp.Persona, folder: Path) -> dict[str, str]:
    """All that is made of the words of a persona, as HTML of two readers of Markdown."""
    population = lp.generate(persona, n=20, seed=7, tables=["users", "truth"])
    population.save(folder)
    texts = {f"describe {lang}": persona.describe(lang) for lang in LANGUAGES}
    texts |= {f"diff {lang}": plain_one.diff(persona, lang) for lang in LANGUAGES}
    texts |= {name: (folder / name).read_text(encoding="utf-8") for name in ("dictionary.md", "datasheet.md")}
    result = {f"{name}, nbconvert": markdown2html(text) for name, text in texts.items()}
    result |= {f"{name}, mistune": str(mistune.html(text)) for name, text in texts.items()}
    result |= {f"basis {lang}": persona.basis(lang=lang)._repr_html_() for lang in LANGUAGES}
    shown = {"persona": persona._repr_html_(), "population": population._repr_mimebundle_()[0]["text/html"]}
    shares = lp.profile.shares(population, of="pet")
    return result | shown | {"frame": str(lp.in_words(shares)._repr_html_()), "table": html_table(shares, "en")}


@pytest.fixture(scope="module")
def harmless(every_law: lp.Persona, tmp_path_factory: pytest.TempPathFactory) -> tuple[lp.Persona, dict[str, str]]:
    persona = planted(every_law, HARMLESS)
    return persona, pages(persona, every_law, tmp_path_factory.mktemp("words") / "harmless")


@pytest.mark.parametrize("word", PAYLOADS)
def test_a_word_makes_no_tag_wherever_it_stands(
    word: str, harmless: tuple[lp.Persona, dict[str, str]], every_law: lp.Persona, tmp_path: Path
) -> None:
    _, expected = harmless
    for name, page in pages(planted(every_law, word), every_law, tmp_path / "saved").items():
        assert tags(page) == tags(expected[name]), name
        shown = BeautifulSoup(page, "html.parser").get_text()
        assert shown.count(word) >= expected[name].count(HARMLESS), name


def test_the_words_would_make_tags_if_they_were_not_escaped() -> None:
    made = [word for word in PAYLOADS if tags(markdown2html(f"{word}\n\nx {word}")) != tags(markdown2html("x\n\nx x"))]
    assert len(made) > len(PAYLOADS) / 2
