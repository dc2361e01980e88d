"""Odd calls of every public function: each gives a result, or one line per fault that says what is allowed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from calls import CALLS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.core.errors import LoanpersonaError

FRAMES = declarations()
ODD_VALUES: list[Any] = [
    None, True, 0, -1, 1, 2, 10**9, 0.5, float("nan"), "", "sex", "nobody", "borrower_class", "2023-06-30", "99-99",
    "everybody", "user_id", "registered", "lifecycle", "limit_use", "month", "en", b"en", (), ("sex", "sex"), ("sex",),
    ("sex", "platforms"), (3, 2, 1), (1, 5, 9), (30, 90), ["a", None], {}, {"sex": 1}, {"platforms": ["1", "2.."]},
    pd.NaT, pd.Timestamp("1900-01-01"), pd.Timestamp("2023-06-30", tz="UTC"), np.int64(3), np.array([1, 2]), object(),
    pd.DataFrame(), pd.Series([1, 2]), Path("persona.yaml"), "no\0where", "persona = 3", lambda: 1,
]  # fmt: skip


@cache
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=300, seed=7)


def odd_tables() -> dict[str, pd.DataFrame]:
    """Tables that lack, double, empty or misname something."""
    users = population().users
    return {
        "a column stands twice": pd.concat([users, users[["sex"]]], axis=1),
        "no rows": users.head(0),
        "rows twice": pd.concat([users, users.head(2)]),
        "no key": users.drop(columns="user_id"),
        "texts for numbers": users.assign(income_cny_month="many"),
        "all missing": users.assign(sex=None),
        "no columns": users[[]],
    }


ODD_BOOKS: list[Any] = [
    None, "book.csv", Path("book.csv"), 3, {}, [], object(), pa.table({"user_id": [1]}), pd.DataFrame(),
    pd.DataFrame({"user_id": [1]}), "population",
]  # fmt: skip


def allowed(call: Callable[[], Any]) -> None:
    """Run an odd call: it may succeed, or raise our own error with a line per fault."""
    reason = "none"
    try:
        call()
    except LoanpersonaError as error:
        reason = str(error)
    finally:
        plt.close("all")
    assert all(line.strip() for line in reason.splitlines() or [""])


@pytest.mark.parametrize("name", FRAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_odd_arguments_of_a_frame_are_refused_in_words(name: str, data: st.DataObject) -> None:
    arguments = list(FRAMES[name].arguments)
    chosen = data.draw(st.lists(st.sampled_from([*arguments, "wrong"]), min_size=0, max_size=2, unique=True))
    given_values = {one: data.draw(st.sampled_from(ODD_VALUES)) for one in chosen}
    allowed(lambda: FRAMES[name].call(population(), **{**CALLS.get(name, {}), **given_values}))


@pytest.mark.parametrize("name", FRAMES)
def test_odd_books_of_a_frame_are_refused_in_words(name: str) -> None:
    told = CALLS.get(name, {})
    for book in ODD_BOOKS:
        allowed(lambda book=book: FRAMES[name].call(book, **told))
    allowed(lambda: FRAMES[name].call(population(), population(), **told))
    for table in FRAMES[name].reads:
        allowed(lambda table=table: FRAMES[name].call(**{table: population().tables[table].head(0)}, **told))
        for column in FRAMES[name].reads[table]:
            lacking = {one: population().tables[one] for one in FRAMES[name].reads}
            lacking[table] = lacking[table].drop(columns=column)
            allowed(lambda lacking=lacking: FRAMES[name].call(**lacking, **told))


@pytest.mark.parametrize("what", odd_tables())
def test_odd_tables_are_refused_in_words(what: str) -> None:
    allowed(lambda: lp.profile.shares(users=odd_tables()[what], of="sex"))
    allowed(lambda: lp.Book(users=odd_tables()[what]))


@cache
def persona() -> lp.Persona:
    return lp.load_persona("article")


def few(value: Any) -> Any:
    """The value, but never so many that drawing them takes long."""
    return 10 if isinstance(value, int) and value > 10 else value


OTHERS: dict[str, Callable[..., Any]] = {
    "Book": lambda value: lp.Book(users=value),
    "Book.of": lambda value: lp.Book(loans=population().loans, words=value),
    "assumptions": lp.assumptions,
    "assumptions.number": lambda value: lp.assumptions(cure_days=value),
    "assumptions.table": lambda value: lp.assumptions().table(value),
    "book.with_assumptions": lambda value: population().with_assumptions(value),
    "chapter": lambda value: lp.chapter(value, "habits"),
    "chapter.name": lambda value: lp.chapter(population(), value),
    "chapter.lang": lambda value: lp.chapter(population(), "habits", lang=value),
    "check_claims": lp.check_claims,
    "check_claims.statements": lambda value: lp.check_claims(population(), ["1.2a"] if value is None else value),
    "check_parameters": lambda value: lp.check_parameters(persona=value, n=value, seed=value),
    "claims.judge": lambda value: lp.claims.judge(lp.claims.statements()["1.2a"].claim.rule, value),
    "claims.sensitivity": lambda value: lp.claims.sensitivity(value, ["1.2a"], n=300),
    "claims.sensitivity.statements": lambda value: lp.claims.sensitivity(
        persona(), ["1.2a"] if value is None else value, n=300
    ),
    "claims.unseen": lp.claims.unseen,
    "finding": lambda value: lp.finding(value, "repeat_money"),
    "finding.name": lambda value: lp.finding(population(), value),
    "finding.lang": lambda value: lp.finding(population(), "repeat_money", lang=value),
    "frames": lp.frames,
    "generate.persona": lambda value: lp.generate(value, n=10),
    "generate.n": lambda value: lp.generate(persona(), n=few(value)),
    "generate.seed": lambda value: lp.generate(persona(), n=10, seed=value),
    "generate.tables": lambda value: lp.generate(persona(), n=10, tables=value),
    "in_words": lp.in_words,
    "in_words.lang": lambda value: lp.in_words(lp.profile.shares(population(), of="sex"), value),
    "ledger": lp.ledger,
    "ledger.book": lambda value: lp.ledger({"article": value}),
    "ledger.lang": lambda value: lp.ledger({"article": population()}, lang=value),
    "load_persona": lp.load_persona,
    "load_population": lp.load_population,
    "plot": lp.plot,
    "plot.ax": lambda value: lp.plot(lp.profile.shares(population(), of="sex"), ax=value),
    "plot.lang": lambda value: lp.plot(lp.profile.shares(population(), of="sex"), lang=value),
    "sample.given": lambda value: lp.sample(persona(), given=value, n=10),
    "sample.n": lambda value: lp.sample(persona(), given={"sex": "male"}, n=few(value)),
    "show": lp.show,
    "show.lang": lambda value: lp.show(lp.profile.shares(population(), of="sex"), lang=value),
    "theme": lambda value: lp.charts.theme(width=value, font=value).__enter__(),
    "tables.check": lp.tables.check,
    "tables.check.name": lambda value: lp.tables.check(population().users, value),
    "tables.check_keys": lp.tables.check_keys,
    "tables.check_names": lp.tables.check_names,
    "tables.dictionary": lambda value: lp.tables.dictionary(lang=value),
    "tables.table": lp.tables.table,
    "charts.alt": lp.charts.alt,
    "labels.label": lambda value: lp.labels.label(value, value),
    "labels.phrase": lambda value: lp.labels.phrase(value, "en"),
    "labels.phrase.lang": lambda value: lp.labels.phrase("title_within", value),
    "population.save": lambda value: population().save("/dev/null/no", format=value),
}
"""The public functions beside the frames, each with the argument that is odd."""


@pytest.mark.parametrize("name", OTHERS)
def test_odd_arguments_of_other_public_functions_are_refused_in_words(name: str) -> None:
    for value in [*ODD_VALUES, *ODD_BOOKS]:
        allowed(lambda value=value: OTHERS[name](value))


def spoiled() -> dict[str, pd.DataFrame]:
    """A frame that its owner changed."""
    frame = lp.profile.shares(population(), of="sex")
    half, unhashable = frame.copy(), frame.copy()
    half.attrs, unhashable.attrs = {"frame": "profile.shares"}, {"frame": ["profile.shares"]}
    twice = pd.concat([frame, frame[["share"]]], axis=1)
    twice.attrs = frame.attrs
    lacking = {f"without {name}": frame.drop(columns=name) for name in frame}
    return {"half": half, "unhashable": unhashable, "twice": twice, "texts": frame.assign(share="much"), **lacking}


@pytest.mark.parametrize("how", spoiled())
def test_a_frame_that_was_changed_is_refused_in_words(how: str) -> None:
    with pytest.raises(lp.InputError):
        lp.plot(spoiled()[how])
    allowed(lambda: lp.in_words(spoiled()[how]))


@pytest.mark.parametrize("other", [print, lambda *_: 3])
def test_a_function_that_is_no_frame_is_not_shown(other: Callable[..., Any]) -> None:
    with pytest.raises(lp.InputError, match="no frame of an analysis"):
        lp.show(other, population())


def test_every_public_function_is_called_oddly() -> None:
    functions = {name for name in lp.__all__ if inspect.isfunction(getattr(lp, name)) or name == "Book"}
    assert functions - {one.partition(".")[0] for one in OTHERS} == {"render_report", "render_reports"}
