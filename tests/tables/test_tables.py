"""Tables: described once, in both languages, and checked wherever a frame comes from."""

from __future__ import annotations

import datetime
import re

import books
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import loanpersona as lp
from loanpersona import tables
from loanpersona.core import catalog, words

COLUMNS = [(name, column) for name in tables.names() for column in tables.table(name).columns.values()]
WORDS = sorted({c.name for _, c in COLUMNS} | {w for _, c in COLUMNS for w in (*c.levels, *c.groups)})


def people(**changes: object) -> pd.DataFrame:
    """Three users as a lender might hold them: plain strings and numbers."""
    frame = {
        "sex": ["male", "female", "male"],
        "age_years": [25, 30, 41],
        "income_cny_month": [4_000, 5_000, 12_000],
        "education": ["bachelor", "master", "bachelor"],
        "province": ["guangdong", "xizang", "guangdong"],
        "has_car": [True, False, False],
        "income_variation": [0.1, 0.2, 0.3],
    }
    return pd.DataFrame({**frame, **changes})


def faults(frame: pd.DataFrame, *columns: str) -> tuple[str, ...]:
    with pytest.raises(lp.InputError) as caught:
        lp.tables.check(frame, columns=columns)
    assert str(caught.value).splitlines() == list(caught.value.faults)
    return caught.value.faults


def test_plain_strings_and_numbers_become_what_the_table_holds() -> None:
    frame = people(note=["a", "b", "c"])
    wanted = [name for name in frame.columns if name != "note"]
    checked = lp.tables.check(frame, columns=wanted)
    for name in wanted:
        column = lp.tables.table("users").column(name)
        assert checked[name].tolist() == frame[name].tolist()
        assert checked[name].dtype.name == column.dtype.name
    assert checked["education"].cat.ordered
    assert list(checked["education"].cat.categories) == list(lp.tables.table("users").column("education").levels)
    assert checked["note"].tolist() == ["a", "b", "c"], "columns that nobody asked for stay"
    assert frame["sex"].dtype != "category", "the frame itself is not changed"


def test_whole_floats_and_nullable_numbers_pass_as_whole_numbers() -> None:
    for ages in (np.array([25.0, 30.0, 41.0]), pd.array([25, 30, 41], dtype="Int64")):
        assert lp.tables.check(people(age_years=ages), columns=["age_years"])["age_years"].dtype == "int8"


def test_an_open_column_takes_levels_of_its_own_in_words() -> None:
    for provinces, levels in (
        (["guangdong", "taipa", "xizang"], ["guangdong", "xizang", "taipa"]),
        ([44, 54, 44], ["44", "54"]),
    ):
        checked = lp.tables.check(people(province=provinces), columns=["province"])["province"]
        assert checked.tolist() == [str(province) for province in provinces]
        assert list(checked.cat.categories) == levels


@pytest.mark.parametrize(
    ("changes", "column", "fault"),
    [
        ({"sex": ["male", "femal", "male"]}, "sex", "users.sex: unknown level 'femal'. Did you mean 'female'?"),
        ({"sex": [1, 1, 1]}, "sex", "users.sex: unknown level '1'. Known: male, female."),
        ({"sex": ["male", None, "male"]}, "sex", "users.sex: 1 missing values. Allowed: none."),
        ({"age_years": [25.0, np.nan, 41.0]}, "age_years", "users.age_years: 1 missing values. Allowed: none."),
        ({"age_years": ["25", "30", "41"]}, "age_years", "users.age_years: dtype is "),
        ({"age_years": [True, False, True]}, "age_years", "users.age_years: dtype is bool. Wanted: int8."),
        ({"age_years": [25, 17, 41]}, "age_years", "users.age_years = 17: out of range. Allowed: 18 to 100."),
        ({"age_years": [25, 300, 41]}, "age_years", "users.age_years = 300: out of range. Allowed: 18 to 100."),
        ({"age_years": [25.0, 30.5, 41.0]}, "age_years", "users.age_years = 30.5: not whole. Wanted: int8."),
        (
            {"income_cny_month": [1.0, np.inf, 2.0]},
            "income_cny_month",
            "users.income_cny_month = inf: out of range.",
        ),
        ({"has_car": ["yes", "no", "no"]}, "has_car", "users.has_car: dtype is "),
        ({"has_car": [1, 0, 0]}, "has_car", "users.has_car: dtype is int64. Wanted: bool."),
        ({}, "marital_status", "users.marital_status: missing column. Wanted: category, Marital status."),
        ({}, "marital_sttus", "users.marital_sttus: unknown column. Did you mean 'marital_status'?"),
    ],
)
def test_what_is_wrong_with_a_column_is_one_line(changes: dict[str, object], column: str, fault: str) -> None:
    (result,) = faults(people(**changes), column)
    assert result.startswith(fault)


def test_all_faults_of_a_frame_come_at_once() -> None:
    frame = people(sex=["male", "femal", "mal"], age_years=[1, 2, 3]).drop(columns="has_car")
    result = faults(frame, "sex", "age_years", "has_car", "education")
    assert [re.split(r"[: ]", fault)[0] for fault in result] == [
        "users.sex",
        "users.sex",
        "users.age_years",
        "users.has_car",
    ]


def test_a_generated_table_passes_its_own_check_unchanged(population: lp.Population) -> None:
    for name, frame in population.tables.items():
        pd.testing.assert_frame_equal(tables.check(frame, name, list(frame.columns)), frame, check_exact=True)


# Loan books: times, numbers that may be missing, keys


def book(**changes: object) -> pd.DataFrame:
    """Two applications as a lender might hold them."""
    return books.frames(2)["applications"].assign(**changes)


def checked(**changes: object) -> pd.DataFrame:
    return tables.check(book(**changes), "applications")


def told(table: str = "applications", **changes: object) -> list[str]:
    with pytest.raises(lp.InputError) as caught:
        tables.check(books.frames(2)[table].assign(**changes), table)
    return list(caught.value.faults)


def test_a_book_passes_its_check_unchanged() -> None:
    for name, frame in books.frames().items():
        pd.testing.assert_frame_equal(tables.check(frame, name), frame, check_exact=True)


NOON = datetime.datetime(2021, 2, 3, 12, 0, 1)


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([NOON, None]).astype("M8[ns]"),
        pd.Series([NOON, None]).astype("M8[ms]"),
        pd.Series([NOON, None], dtype=object),
        pd.Series([pd.Timestamp(NOON), pd.NaT], dtype=object),
        pd.Series([NOON, None], dtype=pd.ArrowDtype(pa.timestamp("us"))),
    ],
)
def test_times_of_any_unit_pass_as_seconds(times: pd.Series) -> None:
    result = checked(decided_at=times)["decided_at"]
    assert result.dtype == "datetime64[s]"
    assert result[0] == pd.Timestamp(NOON)
    assert result.isna().tolist() == [False, True]


@pytest.mark.parametrize("kind", [object, pd.ArrowDtype(pa.date32())])
def test_dates_pass_as_days(kind: object) -> None:
    days = pd.Series([datetime.date(2021, 2, 3), None] * 4, dtype=kind)
    result = tables.check(books.frames(2)["instalments"].assign(paid_on=days), "instalments")["paid_on"]
    assert result.dtype == "datetime64[s]"
    assert result[0] == pd.Timestamp("2021-02-03")
    assert int(result.isna().sum()) == 4


@pytest.mark.parametrize(
    "keys",
    [
        np.array([1.0, np.nan]),
        pd.array([1, None], dtype="Int16"),
        pd.array([1.0, None], dtype="Float64"),
        pd.array([1, None], dtype=pd.ArrowDtype(pa.int32())),
    ],
)
def test_whole_numbers_that_may_be_missing_come_in_many_forms(keys: object) -> None:
    people = books.frames(2)["users"].assign(referred_by=keys)
    result = tables.check(people, "users")["referred_by"]
    assert result.dtype == "Int64"
    assert result.tolist() == [1, pd.NA]


@pytest.mark.parametrize("name", ["submitted_at", "reject_reason", "risk_score", "apr"])
@pytest.mark.parametrize("none", [None, np.nan, pd.NaT])
def test_a_column_without_any_value_passes_whatever_stands_for_none(name: str, none: object) -> None:
    result = checked(**{name: pd.Series([none, none], dtype=object)})[name]
    assert result.isna().all()
    assert result.dtype == tables.table("applications").column(name).dtype


def test_nullable_truths_and_empty_books_pass() -> None:
    assert checked(diverted_to_partner=pd.array([True, False], dtype="boolean"))["diverted_to_partner"].dtype == bool
    empty = pd.DataFrame({name: [] for name in tables.table("loans").columns})
    assert len(tables.check(empty, "loans")) == 0


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"started_at": pd.Series([NOON, None]).astype("M8[s]")}, "started_at: 1 missing values. Allowed: none."),
        ({"started_at": ["2021-02-03", "2021-02-04"]}, "started_at: dtype is "),
        ({"started_at": [1, 2]}, "started_at: dtype is int64. Wanted: datetime64[s], local time without a zone; "),
        ({"started_at": pd.Series([NOON] * 2).dt.tz_localize("UTC")}, "started_at: dtype is datetime64["),
        (
            {"started_at": pd.Series([NOON] * 2).astype("M8[ns]") + pd.Timedelta(1, "ns")},
            "started_at = 2021-02-03 12:00:01.000000001: not a whole second. Wanted: datetime64[s].",
        ),
        ({"risk_score": [1_001, None]}, "risk_score = 1001.0: out of range. Allowed: 0 to 1000."),
        ({"risk_score": [1.5, None]}, "risk_score = 1.5: not whole. Wanted: Int16."),
        ({"apr": [0.25, None]}, "apr = 0.25: out of range. Allowed: 0 to 0.24."),
        ({"outcome": ["approved", None]}, "outcome: 1 missing values. Allowed: none."),
        ({"reject_reason": ["score_to_low", None]}, "reject_reason: unknown level 'score_to_low'. Did you mean"),
        ({"application_id": [-1, 2]}, "application_id = -1: out of range. Allowed: 0 or more."),
        ({"user_id": [-1, 2]}, "user_id = -1: out of range. Allowed: 0 or more."),
        ({"application_id": [2.0**53 + 2, 2]}, "application_id = 9007199254740994.0: too large to be exact as float64"),
        ({"application_id": np.array([2**63, 2], "u8")}, "application_id = 9223372036854775808: out of range."),
    ],
)
def test_what_is_wrong_with_a_book_is_one_line(changes: dict[str, object], fault: str) -> None:
    [result] = told(**changes)
    assert result.startswith(f"applications.{fault}")


def test_a_time_is_no_day() -> None:
    [result] = told("instalments", due_on=pd.Series([NOON] * 8).astype("M8[s]"))
    assert result == "instalments.due_on = 2021-02-03 12:00:01: not a whole day. Wanted: datetime64[s]."


def test_a_key_that_stands_twice_is_a_fault_where_all_of_it_is_asked_for() -> None:
    twice = books.frames(2)["instalments"].assign(number=np.array([1, 1, 1, 2, 1, 2, 1, 2], "int8"))
    with pytest.raises(lp.InputError) as caught:
        tables.check(twice, "instalments")
    assert caught.value.faults == ("instalments: 1 rows repeat loan_id and number, first 1 1. Allowed: each key once.",)
    assert len(tables.check(twice, "instalments", ["loan_id", "dpd"])) == 8


def test_the_tables_named_are_those_there_are() -> None:
    assert tables.check_names(["truth", "loans", "truth"]) == ["truth", "loans"]
    with pytest.raises(lp.InputError) as caught:
        tables.check_names(["lons", "loans", "choices"])
    assert [fault[:42] for fault in caught.value.faults] == [
        "tables: lons: unknown table. Did you mean ",
        "tables: choices: unknown table. Known: use",
    ]
    with pytest.raises(lp.InputError, match=r"^tables: names no table\. Allowed: users, applications, loans"):
        tables.check_names([])


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    with pytest.raises(lp.InputError, match=r"^tables: user: unknown table\. Did you mean 'users'\?"):
        tables.table("user")


# What is described


@pytest.mark.parametrize("word", WORDS)
def test_every_column_level_and_group_has_words_in_both_languages(word: str) -> None:
    stated = catalog.load("labels")[word]
    assert set(stated) == set(words.LANGUAGES)
    assert stated["en"].isascii()
    assert re.search(r"[\u4e00-\u9fff]", stated["zh"])
    assert words.label(word, "zh") == stated["zh"]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value))
def test_every_column_says_what_it_holds_in_both_languages(table: str, column: tables.Column) -> None:
    assert set(column.meaning) == set(words.LANGUAGES)
    assert re.search(r"[\u4e00-\u9fff]", column.meaning["zh"])
    assert column.meaning["en"][0].isupper()
    assert bool(column.levels) == (column.type == "category")
    assert not set().union(*column.groups.values()) - set(column.levels)
    assert column.dtype.name == column.type
    plain = column.type in {"category", "bool", "datetime64[s]"}
    assert column.unit or plain or column.refers or column.name in tables.table(table).key.split()
    assert not column.missing or column.type in {"category", "float64", "datetime64[s]", "Int16", "Int64"}
    assert not column.type.startswith("Int") or column.missing, "a number that is always there needs no such type"
    assert not column.type.startswith("datetime") or column.name == "at" or column.name[-3:] in {"_at", "_on"}


def test_groups_hold_every_level_once() -> None:
    grouped = [(column.levels, column.groups) for _, column in COLUMNS if column.groups]
    assert len(grouped) >= 1
    for levels, groups in grouped:
        assert sorted(level for group in groups.values() for level in group) == sorted(levels)


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_the_dictionary_covers_all_columns_of_all_tables(lang: str) -> None:
    described = tables.dictionary(lang=lang)
    assert list(zip(described["table"], described["column"], strict=True)) == [(n, c.name) for n, c in COLUMNS]
    assert described["meaning"].tolist() == [column.meaning[lang] for _, column in COLUMNS]
    assert described["label"].tolist() == [words.label(column.name, lang) for _, column in COLUMNS]
    assert described.set_index("column").loc["borrowing_rate", "hidden"]
    bare = {c.name for _, c in COLUMNS if not c.levels and not c.range and c.type != "bool" and not c.missing}
    assert set(described.query("allowed == ''")["column"]) == bare
    assert bare >= {"user_id", "loan_id", "due_on"}
    said = described.set_index(["table", "column"])["allowed"]
    assert said["applications", "risk_score"] == "0 to 1000; may be missing"
    assert said["users", "referred_by"] == "may be missing"
    assert said["applications", "reject_reason"].endswith("identity_not_proven; may be missing")
    assert "choices" not in set(described["table"])
    assert tables.dictionary([tables.table("choices")]).empty


def test_no_hidden_trait_stands_among_what_a_lender_sees(population: lp.Population) -> None:
    hidden, seen = tables.table("truth"), tables.table("users")
    assert hidden.hidden
    assert not seen.hidden
    assert set(hidden.columns) & set(population.users.columns) == {"user_id"}


def test_nobody_has_a_name_a_telephone_or_an_identity_number() -> None:
    private = r"(^|_)(name|phone|mobile|tel|email|address|identity|passport|id_card|wechat|qq)(_|$)"
    assert [column.name for _, column in COLUMNS if re.search(private, column.name)] == []
