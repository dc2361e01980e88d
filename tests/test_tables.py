"""Tables: described once, in both languages, and checked wherever a frame comes from."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import loanpersona as lp
from loanpersona import catalog, labels, tables

COLUMNS = [(name, column) for name in tables.names() for column in tables.table(name).columns.values()]
WORDS = sorted({c.name for _, c in COLUMNS} | {w for _, c in COLUMNS for w in (*c.levels, *c.groups)})


def people(**changes: object) -> pd.DataFrame:
    """Three borrowers as a lender might hold them: plain strings and numbers."""
    frame = {"sex": ["male", "female", "male"], "age_years": [25, 30, 41], "income_cny_month": [4_000, 5_000, 12_000],
             "education": ["bachelor", "master", "bachelor"], "province": ["guangdong", "xizang", "guangdong"],
             "has_car": [True, False, False], "income_variation": [0.1, 0.2, 0.3]}  # fmt: skip
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
        column = lp.tables.table("borrowers").column(name)
        assert checked[name].tolist() == frame[name].tolist()
        assert checked[name].dtype.name == column.dtype.name
    assert checked["education"].cat.ordered
    assert list(checked["education"].cat.categories) == list(lp.tables.table("borrowers").column("education").levels)
    assert checked["note"].tolist() == ["a", "b", "c"], "columns that nobody asked for stay"
    assert frame["sex"].dtype != "category", "the frame itself is not changed"


def test_whole_floats_and_nullable_numbers_pass_as_whole_numbers() -> None:
    for ages in (np.array([25.0, 30.0, 41.0]), pd.array([25, 30, 41], dtype="Int64")):
        assert lp.tables.check(people(age_years=ages), columns=["age_years"])["age_years"].dtype == "int8"


def test_an_open_column_takes_levels_of_its_own_in_words() -> None:
    for provinces, levels in ((["guangdong", "taipa", "xizang"], ["guangdong", "xizang", "taipa"]),
                              ([44, 54, 44], ["44", "54"])):  # fmt: skip
        checked = lp.tables.check(people(province=provinces), columns=["province"])["province"]
        assert checked.tolist() == [str(province) for province in provinces]
        assert list(checked.cat.categories) == levels


@pytest.mark.parametrize(
    ("changes", "column", "fault"),
    [
        ({"sex": ["male", "femal", "male"]}, "sex", "borrowers.sex: unknown level 'femal'. Did you mean 'female'?"),
        ({"sex": [1, 1, 1]}, "sex", "borrowers.sex: unknown level '1'. Known: male, female."),
        ({"sex": ["male", None, "male"]}, "sex", "borrowers.sex: 1 missing values. Allowed: none."),
        ({"age_years": [25.0, np.nan, 41.0]}, "age_years", "borrowers.age_years: 1 missing values. Allowed: none."),
        ({"age_years": ["25", "30", "41"]}, "age_years", "borrowers.age_years: dtype is "),
        ({"age_years": [True, False, True]}, "age_years", "borrowers.age_years: dtype is bool. Wanted: int8."),
        ({"age_years": [25, 17, 41]}, "age_years", "borrowers.age_years = 17: out of range. Allowed: 18 to 100."),
        ({"age_years": [25, 300, 41]}, "age_years", "borrowers.age_years = 300: out of range. Allowed: 18 to 100."),
        ({"age_years": [25.0, 30.5, 41.0]}, "age_years", "borrowers.age_years = 30.5: not whole. Wanted: int8."),
        (
            {"income_cny_month": [1.0, np.inf, 2.0]},
            "income_cny_month",
            "borrowers.income_cny_month = inf: out of range.",
        ),
        ({"has_car": ["yes", "no", "no"]}, "has_car", "borrowers.has_car: dtype is "),
        ({"has_car": [1, 0, 0]}, "has_car", "borrowers.has_car: dtype is int64. Wanted: bool."),
        ({}, "marital_status", "borrowers.marital_status: missing column. Wanted: category, Marital status."),
        ({}, "marital_sttus", "borrowers.marital_sttus: unknown column. Did you mean 'marital_status'?"),
    ],
)
def test_what_is_wrong_with_a_column_is_one_line(changes: dict[str, object], column: str, fault: str) -> None:
    (found,) = faults(people(**changes), column)
    assert found.startswith(fault)


def test_all_faults_of_a_frame_come_at_once() -> None:
    frame = people(sex=["male", "femal", "mal"], age_years=[1, 2, 3]).drop(columns="has_car")
    found = faults(frame, "sex", "age_years", "has_car", "education")
    assert [re.split(r"[: ]", fault)[0] for fault in found] == [
        "borrowers.sex", "borrowers.sex", "borrowers.age_years", "borrowers.has_car"
    ]  # fmt: skip


def test_a_generated_table_passes_its_own_check_unchanged(population: lp.Population) -> None:
    for name, frame in population.tables.items():
        pd.testing.assert_frame_equal(tables.check(frame, name, list(frame.columns)), frame, check_exact=True)


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    with pytest.raises(lp.InputError, match=r"^tables: borrower: unknown table\. Did you mean 'borrowers'\?"):
        tables.table("borrower")


# What is described


@pytest.mark.parametrize("word", WORDS)
def test_every_column_level_and_group_has_words_in_both_languages(word: str) -> None:
    stated = catalog.load("labels")[word]
    assert set(stated) == set(labels.LANGUAGES)
    assert stated["en"].isascii()
    assert re.search(r"[\u4e00-\u9fff]", stated["zh"])
    assert labels.label(word, "zh") == stated["zh"]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value))
def test_every_column_says_what_it_holds_in_both_languages(table: str, column: tables.Column) -> None:
    assert set(column.meaning) == set(labels.LANGUAGES)
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


@pytest.mark.parametrize("lang", labels.LANGUAGES)
def test_the_dictionary_covers_all_columns_of_all_tables(lang: str) -> None:
    described = tables.dictionary(lang=lang)
    assert list(zip(described["table"], described["column"], strict=True)) == [(n, c.name) for n, c in COLUMNS]
    assert described["meaning"].tolist() == [column.meaning[lang] for _, column in COLUMNS]
    assert described["label"].tolist() == [labels.label(column.name, lang) for _, column in COLUMNS]
    assert described.set_index("column").loc["borrowing_rate", "hidden"]
    bare = {c.name for _, c in COLUMNS if not c.levels and not c.range and c.type != "bool" and not c.missing}
    assert set(described.query("allowed == ''")["column"]) == bare
    assert bare >= {"borrower_id", "loan_id", "due_on"}
    said = described.set_index(["table", "column"])["allowed"]
    assert said["applications", "risk_score"] == "0 to 1000; may be missing"
    assert said["borrowers", "referred_by"] == "may be missing"
    assert said["applications", "reject_reason"].endswith("identity_not_proven; may be missing")
    assert "choices" not in set(described["table"])
    assert tables.dictionary([tables.table("choices")]).empty


def test_no_hidden_trait_stands_among_what_a_lender_sees(population: lp.Population) -> None:
    hidden, seen = tables.table("truth"), tables.table("borrowers")
    assert hidden.hidden
    assert not seen.hidden
    assert set(hidden.columns) & set(population.borrowers.columns) == {"borrower_id"}


def test_nobody_has_a_name_a_telephone_or_an_identity_number() -> None:
    private = r"(^|_)(name|phone|mobile|tel|email|address|identity|passport|id_card|wechat|qq)(_|$)"
    assert [column.name for _, column in COLUMNS if re.search(private, column.name)] == []
