"""Frames in words: what each form looks like, in both languages, with the words of the book that it was made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loanpersona as lp
from loanpersona.analysis.written import cell, html_table

USERS = pd.DataFrame({"user_id": range(40), "sex": ["male"] * 30 + ["female"] * 10, "club": ["<b>", "b"] * 20})


@pytest.mark.parametrize(
    ("form", "value", "en", "zh"),
    [
        ("share", 0.1234, "12.3%", "12.3%"),
        ("money", 7300.4, "7,300", "7,300"),
        ("ratio", 0.4, "0.40", "0.40"),
        ("count", 1200, "1,200", "1,200"),
        ("days", 31.0, "31", "31"),
        ("day", pd.Timestamp("2024-02-10"), "2024-02-10", "2024-02-10"),
        ("flag", True, "Yes", "是"),
        ("word", "10000..", "10,000 or more", "10,000 及以上"),
        ("share", np.nan, "–", "–"),
        ("word", pd.NA, "–", "–"),
        ("word", None, "–", "–"),
    ],
)
def test_a_value_is_written_in_its_form(form: str, value: object, en: str, zh: str) -> None:
    assert (cell(form, value, "en"), cell(form, value, "zh")) == (en, zh)


def test_keys_stand_in_front_and_the_frame_itself_stays_in_code_words() -> None:
    result = lp.profile.shares(users=USERS, of="sex")
    shown = lp.in_words(result, "zh")
    assert shown.index.tolist() == ["男", "女"]
    assert result["sex"].tolist() == ["male", "female"]
    assert shown["占比"].tolist() == ["75.0%", "25.0%"]


def test_words_of_one_book_are_not_those_of_the_next() -> None:
    mine = lp.Book(users=USERS, words={"b": {"en": "Bees", "zh": "蜜蜂"}})
    assert "Bees" in lp.in_words(lp.profile.shares(mine, of="club")).index
    assert "Bees" not in lp.in_words(lp.profile.shares(users=USERS, of="club")).index


def test_a_table_of_html_holds_no_tag_of_the_data_and_says_what_heads_a_row() -> None:
    html = html_table(lp.profile.shares(users=USERS, of="club"), "en")
    assert "<b>" not in html
    assert '<th scope="row">&lt;b&gt;</th>' in html
