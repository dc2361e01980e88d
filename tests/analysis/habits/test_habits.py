"""All frames of the habits: what they read, that the order of rows does not count, values inside their intervals."""

from __future__ import annotations

import pandas as pd
import pytest
from book import book
from habits_tables import HAND, half_year, taken

import loanpersona as lp
from loanpersona.analysis.frame import declarations

FRAMES = {one.name.partition(".")[2]: one for one in declarations().values() if one.name.startswith("habits.")}
every_frame = pytest.mark.parametrize("name", FRAMES)


def tables(name: str) -> dict[str, pd.DataFrame]:
    """Small tables that a frame can be made from."""
    given = {**HAND, "loans": taken(half_year())} if name == "festival" else HAND
    return {table: given[table] for table in FRAMES[name].reads}


def made(name: str, given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    # by the term, as it stands, it would read that too
    frame: pd.DataFrame = getattr(lp.habits, name)(**given, **({"by": None} if name == "cost_of_credit" else {}))
    return frame


@every_frame
def test_nothing_but_the_declared_columns_is_read(name: str) -> None:
    given = tables(name)
    needed = {table: given[table][list(columns)] for table, columns in FRAMES[name].reads.items()}
    pd.testing.assert_frame_equal(made(name, needed), made(name, given))


@every_frame
def test_how_rows_are_numbered_and_ordered_does_not_count(name: str) -> None:
    given = {table: frame.iloc[::-1].set_axis([5] * len(frame)) for table, frame in tables(name).items()}
    pd.testing.assert_frame_equal(made(name, given), made(name, tables(name)))


@every_frame
def test_one_user_gives_rows_without_a_warning(name: str) -> None:
    if name == "festival":
        return
    given = {table: frame[frame["user_id"] == 1] for table, frame in tables(name).items() if "user_id" in frame}
    if "instalments" in tables(name):
        given["instalments"] = tables(name)["instalments"].head(4)
    options = {"limit_use": {"days": 1}, "referral": {"until": "2024-02-29"}}
    result = getattr(lp.habits, name)(**given, **options.get(name, {}))
    assert len(result) > 0
    assert set(result.get("clusters", [1])) == {1}


@every_frame
def test_every_value_lies_in_its_interval(name: str) -> None:
    result, value = getattr(lp.habits, name)(lp.Book(**book(7, 2_000))), FRAMES[name].estimate
    if name == "originations":
        return
    known = result.dropna(subset=[value, "low", "high"])
    assert len(known) > 0
    assert (known["low"] <= known[value] + 1e-12).all()
    assert (known[value] <= known["high"] + 1e-12).all()
