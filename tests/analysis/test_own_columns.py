"""Columns of a lender's own as groups: their names and levels change no number of a frame."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

import pandas as pd
import pytest
from calls import CALLS

import loanpersona as lp
from loanpersona.analysis.frame import declarations

GROUPED = [name for name, one in declarations().items() if "by" in one.arguments]
NAMES = (
    "again", "all_platforms", "amount", "approved", "balance_years", "band", "brought", "cell", "count", "cured",
    "day", "drew", "due", "ended", "period", "some", "waited",
)  # fmt: skip
"""What frames may call columns of theirs along the way."""


@cache
def tables() -> dict[str, pd.DataFrame]:
    drawn = lp.generate(lp.load_persona("article"), n=300, seed=7)
    return {name: frame.copy() for name, frame in drawn.tables.items()}


def book(**columns: Any) -> lp.Book:
    return lp.Book(**{**tables(), "users": tables()["users"].assign(**columns)})


def halves() -> list[str]:
    return ["town", "village"] * 150


def made(name: str, of: lp.Book, by: str) -> pd.DataFrame | str:
    try:
        result = declarations()[name].call(of, **{**CALLS.get(name, {}), "by": by})
    except lp.InputError as error:
        return str(error).replace(by, "…")
    result.attrs = {}
    return result.rename(columns={by: "own"})


@pytest.mark.parametrize("name", GROUPED)
def test_how_a_column_is_called_changes_no_number(name: str) -> None:
    declared = declarations()[name]
    code = inspect.getsource(inspect.getmodule(inspect.unwrap(declared.compute)) or lp)
    near = [word for word in NAMES if re.search(rf"\b{word}\b", code)]
    every = book(**dict.fromkeys(("own_one", *near), halves()))
    plain = made(name, every, "own_one")
    for word in near:
        result = made(name, every, word)
        if isinstance(result, str):
            assert re.search("has a column of this name|looks at", result) or result == str(plain), f"{word}: {result}"
        else:
            pd.testing.assert_frame_equal(result, plain)


@pytest.mark.parametrize("name", ["n", "k", "share", "low", "clusters", "why", "measure"])
def test_a_name_that_frames_have_is_refused(name: str) -> None:
    with pytest.raises(lp.InputError, match=rf"^{name}: \w+\.\w+ has a column of this name"):
        lp.needs.reasons(book(**{name: halves()}), by=name)
    with pytest.raises(lp.InputError, match=rf"^{name}: \w+\.\w+ has a column of this name"):
        lp.profile.shares(book(**{name: halves()}), of=name)


def test_a_column_called_like_one_that_is_made_is_never_passed_over() -> None:
    with pytest.raises(lp.InputError, match=r"^users\.work: a column made of the book is called so too"):
        lp.profile.shares(book(work=halves()), of="work")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "a"], {"1", "a"}),
        ([1, "1"], {"1"}),
        ([["a"], ["b"]], {"['a']", "['b']"}),
        ([{"a": 1}, None], {"{'a': 1}", "not_known"}),
        ([True, None], {"yes", "not_known"}),
        (["not_known", None], {"not_known"}),
    ],
)
def test_levels_of_any_kind_are_read_as_words(values: list[Any], words: set[str]) -> None:
    result = lp.needs.reasons(book(own_one=pd.Series(values * 150, dtype=object)), by="own_one")
    assert set(result["own_one"]) == {"everybody", *words}


def test_a_level_called_everybody_is_refused() -> None:
    with pytest.raises(lp.InputError, match=r"^own_one: a level called everybody"):
        lp.needs.reasons(book(own_one=["everybody", "town"] * 150), by="own_one")


@pytest.mark.parametrize("outcome", [None, "rejected"])
def test_who_comes_back_is_counted_where_nobody_does(outcome: str | None) -> None:
    asked = tables()["applications"].drop_duplicates("user_id").assign(outcome=outcome)
    result = lp.segments.reapplications(applications=asked)
    assert result["k"].sum() == 0
