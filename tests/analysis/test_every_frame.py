"""What is asked of every frame, read from its declaration: words, docstring, charts, last day, a small book."""

from __future__ import annotations

import inspect
from functools import cache, partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from calls import CALLS
from cut import cut_at

import loanpersona as lp
from loanpersona.analysis.frame import COUNTED, FORMS, Declaration, declarations, keys_of
from loanpersona.analysis.groups import made_columns
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES, has_word

FRAMES = declarations()
MOST_FRAMES = 60


@cache
def population(n: int) -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=n, seed=7)


@cache
def made(name: str, n: int = 3_000) -> pd.DataFrame:
    return FRAMES[name].call(population(n), **CALLS.get(name, {}))


def estimates() -> list[str]:
    return [name for name, one in FRAMES.items() if not one.sheet]


def test_there_are_at_most_sixty_frames() -> None:
    assert len(FRAMES) <= MOST_FRAMES


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_a_docstring_that_names_its_statements_and_an_example(name: str) -> None:
    text = inspect.getdoc(FRAMES[name].compute) or ""
    assert ">>>" in text
    assert any(statement[:3] in text for statement in FRAMES[name].statements)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_a_title_and_says_what_it_counts_in_words(name: str) -> None:
    assert has_word(name)
    assert has_word(FRAMES[name].counts)


@pytest.mark.parametrize("name", FRAMES)
def test_every_statement_of_a_frame_is_one_of_the_article(name: str) -> None:
    from loanpersona.core import catalog

    known = {*catalog.load("statements"), "2.8"}
    assert set(FRAMES[name].statements) <= known


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_gives_the_columns_that_it_declares_and_each_has_a_form_and_a_word(name: str) -> None:
    declared, result = FRAMES[name], made(name)
    assert declared.sheet or declared.estimate in result
    keys = keys_of(result)
    assert not result.duplicated(keys).any() if keys else len(result) == 1
    assert set(declared.written.values()) <= {*FORMS, "baseline", "of"}
    for column in result:
        numeric = result[column].dtype.kind in "iuf" and column not in keys
        assert not numeric or column in COUNTED or declared.form(str(column)) != "word", f"{column} has no form"
        assert has_word(str(column)), f"{column} has no word"


@pytest.mark.parametrize("name", estimates())
def test_an_estimate_lies_in_its_interval(name: str) -> None:
    result = made(name)
    if "low" in result:
        value = result[FRAMES[name].estimate]
        there = value.notna() & result["low"].notna() & result["high"].notna()
        assert (result["low"][there] <= value[there] + 1e-12).all()
        assert (value[there] <= result["high"][there] + 1e-12).all()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", estimates())
def test_a_frame_is_drawn_in_every_language_with_its_values_in_words(name: str, lang: str) -> None:
    ax = lp.plot(made(name), lang=lang)
    words = lp.charts.alt(ax)
    plt.close(ax.figure)
    assert "_" not in words.replace("__", ""), words
    assert words.endswith("." if lang == "en" else "。") or len(words) > 40
    shown = lp.in_words(made(name), lang)
    assert len(shown) == len(made(name))


@pytest.mark.parametrize("name", FRAMES)
def test_a_book_of_three_hundred_users_gives_a_frame_or_says_what_is_missing(name: str) -> None:
    reason = "needed: nothing"
    try:
        result = made(name, 300)
        if not FRAMES[name].sheet:
            plt.close(lp.plot(result).figure)
    except InputError as error:
        reason = str(error)
    assert "Allowed" in reason or "needed" in reason


LAST_DAYS = {name: day for name, one in FRAMES.items() for day in ("until", "at") if day in one.arguments}
CUT = pd.Timestamp("2023-06-30")


@pytest.mark.parametrize("name", LAST_DAYS)
def test_a_frame_does_not_look_beyond_the_last_day(name: str) -> None:
    told = {**CALLS.get(name, {}), LAST_DAYS[name]: CUT}
    whole, cut = FRAMES[name].call(population(3_000), **told), FRAMES[name].call(cut_at(population(3_000), CUT), **told)
    pd.testing.assert_frame_equal(whole, cut, check_like=True)


@pytest.mark.parametrize("by", [name for name, one in made_columns().items() if one.unit in {"user", "loan"}])
def test_a_group_does_not_look_beyond_the_last_day(by: str) -> None:
    # the kind of a borrower by debt would be told by later loans, the use of a limit by later drawdowns
    call = partial(lp.needs.reasons, by=by, until=CUT)
    if by not in {"owed_months", "share_of_limit"}:  # numbers, which want bands
        pd.testing.assert_frame_equal(call(population(3_000)), call(cut_at(population(3_000), CUT)))


def test_a_book_as_of_a_day_is_the_book_that_was_there_on_that_evening() -> None:
    known, cut = population(3_000).as_of(CUT), cut_at(population(3_000), CUT)
    for name, frame in cut.tables.items():
        left, right = (one.reset_index(drop=True) for one in (known.tables[name], frame))
        pd.testing.assert_frame_equal(left, right, check_dtype=False)  # a lender's whole numbers become floats
    assert known.last_day == cut.last_day == CUT
    assert known.digest != population(3_000).digest
    assert population(3_000).as_of(population(3_000).last_day) is population(3_000)


def declared_twice() -> Declaration | None:
    names = [one.compute for one in FRAMES.values()]
    return None if len(set(names)) == len(names) else FRAMES[next(iter(FRAMES))]


def test_each_frame_is_declared_once_and_its_room_shows_it() -> None:
    assert declared_twice() is None
    for name, one in FRAMES.items():
        room, _, function = name.partition(".")
        assert getattr(getattr(lp, room), function).declaration is one
        assert function in dir(getattr(lp, room))


def test_rows_of_two_worlds_are_not_drawn_under_one_another() -> None:
    result = made("profile.shares")
    with pytest.raises(InputError, match="rows repeat their keys"):
        lp.plot(pd.concat([result, result]))


def test_made_up_data_bear_the_mark_inside_the_axes_and_a_lenders_own_do_not() -> None:
    mine = pd.DataFrame({"user_id": np.arange(100), "sex": ["male", "female"] * 50})
    for book, marked in ((lp.Book(users=mine), False), (population(300), True)):
        ax = lp.plot(lp.profile.shares(book, of="sex"))
        ax.figure.canvas.draw()
        marks = [one for one in ax.texts if "ynthetic" in one.get_text()]
        assert bool(marks) == marked == ("ynthetic" in lp.charts.alt(ax))
        for mark in marks:
            box, room = mark.get_window_extent(), ax.get_window_extent()
            assert room.x0 <= box.x0 < box.x1 <= room.x1 + 1
            assert room.y0 <= box.y0 < box.y1 <= room.y1
        plt.close(ax.figure)
