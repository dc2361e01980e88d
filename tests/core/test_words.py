"""Words: both languages of everything, a glyph for every character, a label for every word that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from fontTools.ttLib import TTFont

from loanpersona.core import catalog, strict_yaml
from loanpersona.core.words import LANGUAGES

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(catalog.FOLDER) for path in catalog.FOLDER.rglob("*.yaml"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
CHINESE = re.compile(f"[{HAN}\u3000-\u303f\uff00-\uffef]")
# A half-width mark directly beside a Chinese character; a decimal point or a colon of the hour never is.
HALF_WIDTH = re.compile(f"[{HAN}][,;:!?()]|[,;:!?()][{HAN}]")


def content(file: Path) -> Any:
    return strict_yaml.plain(strict_yaml.read(catalog.FOLDER / file))


def entries(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of languages below a value, with the path to it."""
    if isinstance(value, dict):
        if value.keys() & set(LANGUAGES):
            yield path, value
        else:
            for key, below in value.items():
                yield from entries(below, f"{path}.{key}")
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from entries(below, f"{path}[{position}]")


def every_entry() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{file}{path}", entry) for file in FILES for path, entry in entries(content(file))]


def prose(lang: str) -> list[tuple[str, str]]:
    """The prose of the notebooks in a language, cell by cell."""
    return [
        (f"{path.name} {cell.id}", cell.source)
        for path in NOTEBOOKS
        for cell in nbformat.read(path, as_version=4).cells
        if f"lang-{lang}" in cell.metadata.get("tags", [])
    ]


def texts(lang: str) -> list[tuple[str, str]]:
    """Every text of the catalogue and of the notebooks in a language, with its place."""
    tiles = [(name, tile[2 + LANGUAGES.index(lang)]) for name, tile in catalog.load("tiles").items()]
    return [*((path, entry[lang]) for path, entry in every_entry()), *tiles, *prose(lang)]


def test_there_are_words_to_look_at() -> None:
    assert {"labels.yaml", "statements.yaml", "tables.yaml", "baselines.yaml"} <= {str(file) for file in FILES}
    assert {"article", "evidence"} <= {file.stem for file in FILES}
    assert len(every_entry()) > 250
    assert len(prose("en")) == len(prose("zh")) > 15


def test_every_entry_has_both_languages_and_no_other() -> None:
    assert [path for path, entry in every_entry() if entry.keys() != set(LANGUAGES)] == []


def test_no_text_is_empty_or_padded() -> None:
    result = [
        (path, lang)
        for path, entry in every_entry()
        for lang in LANGUAGES
        if not isinstance(entry[lang], str) or not entry[lang] or entry[lang] != entry[lang].strip()
    ]
    assert result == []


def test_english_holds_no_chinese() -> None:
    assert [(path, text) for path, text in texts("en") if CHINESE.search(text)] == []


def test_chinese_punctuation_is_full_width() -> None:
    assert [(path, result[0]) for path, text in texts("zh") for result in [HALF_WIDTH.search(text)] if result] == []


def test_the_datasheet_has_full_width_punctuation_too() -> None:
    datasheet = (catalog.FOLDER / "datasheet.md").read_text(encoding="utf-8")
    assert HALF_WIDTH.findall(datasheet) == []


def test_every_character_of_the_catalog_has_a_glyph_in_our_typeface() -> None:
    known = TTFont(catalog.font_file()).getBestCmap().keys()
    texts = [str(text) for file in FILES for _, words in entries(content(file)) for text in words.values()]
    assert {letter for text in texts for letter in text if letter.isprintable() and ord(letter) not in known} == set()
