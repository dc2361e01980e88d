"""Words: both languages of everything, a glyph for every character, a label for every word that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import pandas as pd
import pytest
from fontTools.ttLib import TTFont

import loanpersona as lp
from loanpersona.core import catalog, strict_yaml
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES, check_language, in_words, label, phrase

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
    assert len(prose("en")) == len(prose("zh")) > 20


def test_every_entry_has_both_languages_and_no_other() -> None:
    assert [path for path, entry in every_entry() if entry.keys() != set(LANGUAGES)] == []


def test_no_text_is_empty_or_padded() -> None:
    found = [
        (path, lang)
        for path, entry in every_entry()
        for lang in LANGUAGES
        if not isinstance(entry[lang], str) or not entry[lang] or entry[lang] != entry[lang].strip()
    ]
    assert found == []


def test_english_holds_no_chinese() -> None:
    assert [(path, text) for path, text in texts("en") if CHINESE.search(text)] == []


def test_chinese_punctuation_is_full_width() -> None:
    assert [(path, found[0]) for path, text in texts("zh") for found in [HALF_WIDTH.search(text)] if found] == []


def test_the_datasheet_has_full_width_punctuation_too() -> None:
    datasheet = (catalog.FOLDER / "datasheet.md").read_text(encoding="utf-8")
    assert HALF_WIDTH.findall(datasheet) == []


@pytest.mark.parametrize("text", ["中,", ";中", "中:文", "中(", ")中"])
def test_a_half_width_mark_beside_chinese_is_seen(text: str) -> None:
    assert HALF_WIDTH.search(text)


def test_every_chinese_character_has_a_glyph() -> None:
    ours = TTFont(catalog.font_file()).getBestCmap()
    dejavu = TTFont(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf").getBestCmap()
    drawn = {char for _, text in texts("zh") for char in text if char.isprintable()}
    assert len(drawn) > 300
    assert sorted(char for char in drawn if ord(char) not in ours and ord(char) not in dejavu) == []
    assert sorted(char for char in drawn if CHINESE.match(char) and ord(char) not in ours) == []


def test_every_tile_is_a_province_with_a_place_of_its_own() -> None:
    tiles = catalog.load("tiles")
    assert set(tiles) == set(lp.tables.table("users").column("province").levels)
    assert len({tuple(tile[:2]) for tile in tiles.values()}) == len(tiles)
    assert len({tile[2] for tile in tiles.values()}) == len({tile[3] for tile in tiles.values()}) == len(tiles)


def test_every_column_and_level_of_the_tables_has_a_label() -> None:
    known = catalog.load("labels")
    columns = [(name, column) for name in lp.tables.names() for column in lp.tables.table(name).columns.values()]
    words = {word for _, column in columns for word in (column.name, *column.levels, *column.groups)}
    assert sorted(words - known.keys()) == []


def test_every_phrase_has_the_same_blanks_in_both_languages() -> None:
    blanks = {
        word: [re.findall(r"\{\w*\}", entry[lang]) for lang in LANGUAGES]
        for word, entry in catalog.load("labels").items()
    }
    assert [word for word, (en, zh) in blanks.items() if sorted(en) != sorted(zh)] == []


@pytest.mark.parametrize(
    ("word", "en", "zh"),
    [
        ("waiter", "Waiter", "餐饮服务员"),
        ("..2999", "up to 2,999", "2,999 及以下"),
        ("10000..", "10,000 or more", "10,000 及以上"),
        ("20..24", "20–24", "20–24"),
        ("..", "..", ".."),
        ("a..b", "a..b", "a..b"),
        ("nurse", "nurse", "nurse"),
        ("", "", ""),
    ],
)
def test_a_word_is_labelled_a_range_written_out_and_anything_else_left_alone(word: str, en: str, zh: str) -> None:
    assert (label(word), label(word, "en"), label(word, "zh")) == (en, en, zh)


def test_a_phrase_is_filled_in() -> None:
    assert phrase("title_within", title="Users", by="sex") == "Users, by sex"
    assert phrase("title_within", "zh", title="用户构成", by="性别") == "用户构成，按性别"


SHARES = pd.DataFrame(
    {
        "sex": ["male", "female"],
        "n": [12_000, 3],
        "k": [9000, 0],
        "share": [0.75, 0.0004],
        "low": [0.7421, 0.0],
        "high": [0.7577, 0.5615],
        "lift": [1.4637, float("nan")],
    }
)


def test_a_frame_in_words_has_percent_counts_and_dashes() -> None:
    shown = in_words(SHARES)
    assert shown.index.names == ["Sex"]
    assert shown.index.tolist() == ["Men", "Women"]
    assert list(shown.columns) == ["People", "Counted", "Share", "Low", "High", "Lift"]
    assert shown.to_numpy().tolist() == [
        ["12,000", "9,000", "75.0%", "74.2%", "75.8%", "1.46"],
        ["3", "0", "0.0%", "0.0%", "56.1%", "–"],
    ]


def test_a_frame_in_words_speaks_chinese() -> None:
    shown = in_words(SHARES, "zh")
    assert shown.index.names == ["性别"]
    assert shown.index.tolist() == ["男", "女"]
    assert list(shown.columns) == ["人数", "计入人数", "占比", "下限", "上限", "提升度"]


def test_money_is_written_in_full_and_variation_with_two_digits() -> None:
    frame = pd.DataFrame(
        {"borrower_class": ["owner"], "n": [7], "p50": [7300], "p90": [0.4], "share_below_10000": [0.7]}
    )
    assert in_words(frame).to_numpy().tolist() == [["7", "7,300", "0.40", "70.0%"]]


def test_across_puts_levels_side_by_side_with_half_their_interval() -> None:
    frame = pd.DataFrame(
        {
            "age_band": ["20..24", "20..24", "25..29", "25..29"],
            "sex": ["male", "female"] * 2,
            "share": [0.1, 0.2, 0.3, 0.4],
            "low": [0.09, 0.18, 0.25, 0.4],
            "high": [0.11, 0.24, 0.35, 0.4],
        }
    )
    shown = in_words(frame, "zh", across="sex")
    assert shown.index.names == ["年龄段"]
    assert shown.index.tolist() == ["20–24", "25–29"]
    assert list(shown.columns) == ["男", "女"]
    assert shown.to_numpy().tolist() == [["10.0% ±1.0", "20.0% ±3.0"], ["30.0% ±5.0", "40.0% ±0.0"]]


def test_the_frame_itself_stays_in_code_words() -> None:
    given = SHARES.copy(deep=True)
    in_words(given, "zh")
    pd.testing.assert_frame_equal(given, SHARES)


def test_whom_a_lift_compares_with_is_said_in_words() -> None:
    frame = pd.DataFrame({"trait": ["men"], "lift": [1.37], "compared_with": ["never_married_25_29"]})
    assert in_words(frame).to_numpy().tolist() == [["1.37", "Population aged 25 to 29, 2022"]]
    assert in_words(frame, "zh").to_numpy().tolist() == [["1.37", "全国 25 至 29 岁人口，2022 年"]]


@pytest.mark.parametrize("lang", ["fr", "EN", "", "zh-CN", None])
def test_an_unknown_language_is_refused(lang: Any) -> None:
    with pytest.raises(InputError, match=r"^lang = .*: unknown language\. .*Known: en, zh\.$"):
        check_language(lang)
    with pytest.raises(InputError, match="unknown language"):
        in_words(SHARES, lang)


def test_dates_and_names_of_sources_are_there_for_every_published_number() -> None:
    for name, source in catalog.load("sources").items():
        assert {"title", "year", "status", "used_for"} <= source.keys(), name
        assert source["status"] in {"read", "recalled"}, name


def test_days_and_hours_are_keys_and_ends_are_written_as_their_value() -> None:
    frame = pd.DataFrame(
        {"ordinal": [1], "within_days": [30], "n": [1200], "median_days": [194.0], "low": [169.0], "high": [220.4]}
    )
    shown = in_words(frame)
    assert shown.index.tolist() == [("1", "30")]
    assert shown.to_numpy().tolist() == [["1,200", "194", "169", "220"]]
    ratio = pd.DataFrame({"year": ["2023"], "rate_ratio": [0.8], "low": [0.726], "high": [0.891]})
    assert in_words(ratio, "zh").to_numpy().tolist() == [["0.80", "0.73", "0.89"]]


def test_where_loans_are_clustered_n_counts_no_people() -> None:
    frame = pd.DataFrame(
        {"hour": [8], "n": [10], "k": [4], "share": [0.4], "low": [0.1], "high": [0.8], "clusters": [3]}
    )
    assert list(in_words(frame).columns) == ["Number", "Counted", "Share", "Low", "High", "Borrowers"]


def test_titles_say_on_which_side_of_four_fifths_a_group_is() -> None:
    named = {"line": "0.80", "group": "A", "ratio": "0.94"}
    assert phrase("approval_ratios_title", **named).startswith("None below four fifths (0.80); ")
    assert phrase("approval_ratios_title", "zh", **named).startswith("没有群体低于五分之四（0.80），")


def test_days_and_yes_and_no_are_written_out() -> None:
    frame = pd.DataFrame({"day": [pd.Timestamp("2023-01-22")], "loans": [7], "spring_festival": [True]})
    shown = in_words(frame, "zh")
    assert shown.index.tolist() == ["2023-01-22"]
    assert shown.to_numpy().tolist() == [["7", "是"]]


def test_a_frame_without_words_has_its_first_column_as_key() -> None:
    frame = pd.DataFrame({"share_of_borrowers": [0.5], "share_of_volume": [0.1], "low": [0.09], "high": [0.11]})
    shown = in_words(frame)
    assert shown.index.tolist() == ["50.0%"]
    assert shown.to_numpy().tolist() == [["10.0%", "9.0%", "11.0%"]]
