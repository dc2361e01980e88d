"""Loan books on disk: every type comes back, in one part or many, and what does not fit is named."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import books
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from loanpersona import tables
from loanpersona.core.errors import InputError, MachineError
from loanpersona.tables import store
from loanpersona.tables.population import load_population
from loanpersona.tables.store import digests, texts, writer
from loanpersona.tables.store import files as table_files
from loanpersona.tables.store.manifest import sealed

FORMATS = store.FORMATS


@pytest.fixture(scope="module")
def book() -> dict[str, pd.DataFrame]:
    return books.frames()


def save(frames: dict[str, pd.DataFrame], folder: Path, format: str, cuts: int = 1) -> store.Saving:
    with store.saving(folder, format=format, schemas=books.schemas(*frames), made=books.MADE) as saved:
        for part in books.parts(frames, cuts):
            saved.add(part)
    return saved


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def reseal(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    """Put the tables of a folder in place of its own, so that hashes and digests all fit."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for schema in books.schemas(*frames):
        body, frame = manifest["tables"][schema.name], frames[schema.name]
        with writer.writing(folder / body["file"], schema) as add:
            add(frame)
        body.update(rows=len(frame), sha256=table_files.sha256(folder / body["file"]))
        for name in schema.columns:
            body["columns"][name]["digest"] = store.column_digest(frame[name])
    manifest["digest"] = store.digest(frames)
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")


# Every type there and back


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("cuts", [1, 7])
def test_tables_of_every_type_come_back_exactly(format: str, cuts: int, book: dict, tmp_path: Path) -> None:
    saved = save(book, tmp_path / "book", format, cuts)
    loaded = load_population(tmp_path / "book")
    assert list(loaded.tables) == list(books.NAMES)
    for name, frame in book.items():
        pd.testing.assert_frame_equal(loaded.tables[name], frame, check_exact=True)
        assert loaded.tables[name].isna().any().any() == any(c.missing for c in tables.table(name).columns.values())
        assert loaded.tables[name].attrs == {"synthetic": store.SYNTHETIC}
    assert saved.digest == loaded.digest == store.digest(book) == load_population(tmp_path / "book").made["digest"]
    assert saved.rows == {name: len(frame) for name, frame in book.items()}


@pytest.mark.parametrize("format", FORMATS)
def test_columns_without_any_value_and_tables_without_any_row_come_back(
    format: str, book: dict, tmp_path: Path
) -> None:
    none = {name: frame.head(0) for name, frame in book.items()}
    bare = {
        name: frame.assign(
            **{
                column.name: pd.Series(index=frame.index, dtype=column.dtype)
                for column in tables.table(name).columns.values()
                if column.missing
            }
        )
        for name, frame in book.items()
    }
    for number, frames in enumerate((none, bare)):
        saved = save(frames, tmp_path / str(number), format)
        loaded = load_population(tmp_path / str(number))
        for name, frame in frames.items():
            pd.testing.assert_frame_equal(loaded.tables[name], frame.reset_index(drop=True), check_exact=True)
        assert saved.digest == loaded.digest


@pytest.mark.parametrize("cuts", [2, 3, 40])
def test_in_parts_a_csv_file_is_the_same_to_the_byte_and_so_is_the_digest(
    cuts: int, book: dict, tmp_path: Path
) -> None:
    digests_ = {save(book, tmp_path / str(number), "csv", number).digest for number in (1, cuts)}
    assert len(digests_) == 1
    one, many = (files(tmp_path / str(number)) for number in (1, cuts))
    assert one == many


def test_a_csv_file_is_what_pandas_would_write(book: dict, tmp_path: Path) -> None:
    save(book, tmp_path / "book", "csv", 3)
    loans = book["loans"]
    assert (tmp_path / "book" / "loans.csv").read_text() == loans.to_csv(index=False, date_format="%Y-%m-%d %H:%M:%S")


def test_times_and_days_stand_so_in_csv_that_no_part_changes_them(tmp_path: Path) -> None:
    whole = {name: frame.iloc[:2] for name, frame in books.frames().items()}
    at = pd.Series(np.array(["2021-02-03T00:00:00", "2021-02-03T04:05:06"], "M8[s]"))
    whole["applications"] = whole["applications"].assign(started_at=at, submitted_at=at.mask([True, False]))
    whole["instalments"] = whole["instalments"].assign(paid_on=at.dt.normalize().mask([False, True]))
    save({"applications": whole["applications"], "instalments": whole["instalments"]}, tmp_path / "book", "csv", 2)
    cells = {
        name: pd.read_csv(tmp_path / "book" / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("applications", "instalments")
    }
    assert cells["applications"]["started_at"].tolist() == ["2021-02-03 00:00:00", "2021-02-03 04:05:06"]
    assert cells["applications"]["submitted_at"].tolist() == ["", "2021-02-03 04:05:06"]
    assert cells["instalments"]["paid_on"].tolist() == ["2021-02-03", ""]


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_word_is_not_a_missing_one_and_a_mark_is_neither(format: str, tmp_path: Path) -> None:
    said, levels = {"en": "x", "zh": "甲"}, ("", "'", "NA", "a;b")
    frame = pd.DataFrame({"k": [0, 1, 2, 3, 4], "word": pd.Categorical(["", None, "'", "NA", "a;b"], levels)})
    columns = {
        "k": tables.Column("k", "int64", said),
        "word": tables.Column("word", "category", said, levels=levels, missing=True),
    }
    schema = tables.Table("t", said, "k", False, columns)
    with store.saving(tmp_path / "t", format=format, schemas=[schema], made=books.MADE) as saved:
        saved.add({"t": frame})
    pd.testing.assert_frame_equal(store.load(tmp_path / "t")[1]["t"], frame, check_exact=True)


@pytest.mark.parametrize("format", FORMATS)
def test_the_ends_of_numbers_and_times_come_back(format: str, tmp_path: Path) -> None:
    said = {"en": "x", "zh": "甲"}
    values = {
        "k": np.array([-(2**63), 2**63 - 1, 0]),
        "big": pd.array([2**63 - 1, None, -(2**63) + 1], dtype="Int64"),
        "small": pd.array([None, 32_767, -32_768], dtype="Int16"),
        "part": np.array([np.nan, 5e-324, -0.0]),
        "at": np.array(["0001-01-01T00:00:00", "NaT", "9999-12-31T23:59:59"], "M8[s]"),
    }
    types = {"k": "int64", "big": "Int64", "small": "Int16", "part": "float64", "at": "datetime64[s]"}
    columns = {name: tables.Column(name, kind, said, missing=name != "k") for name, kind in types.items()}
    frame = pd.DataFrame(values)
    with store.saving(
        tmp_path / "t", format=format, schemas=[tables.Table("t", said, "k", False, columns)], made=books.MADE
    ) as saved:
        saved.add({"t": frame})
    loaded = store.load(tmp_path / "t")[1]["t"]
    pd.testing.assert_frame_equal(loaded, frame, check_exact=True)
    assert np.signbit(loaded["part"][2])


# The digest


def test_the_digest_of_each_kind_is_what_is_written_down() -> None:
    least = (-(2**63)).to_bytes(8, "little", signed=True)
    one = (1).to_bytes(8, "little")
    expected = {
        b"time" + one + least: pd.Series(np.array([1, "NaT"], "M8[s]")),
        b"Int" + one + least: pd.Series([1, None], dtype="Int16"),
        b"<f8" + np.array([1.5, np.nan], "<f8").tobytes(): pd.Series([1.5, np.nan]),
        b"<i8" + one: pd.Series([1], dtype="int8"),
        b"bool\x01\x00": pd.Series([True, False]),
        b"category" + one + b"a" + b"\0\0\0\0\xff\xff\xff\xff": pd.Series(pd.Categorical(["a", None])),
    }
    for canonical, values in expected.items():
        assert store.column_digest(values) == hashlib.sha256(canonical).hexdigest(), canonical


def test_whatever_marks_a_number_as_none_has_one_digest() -> None:
    quiet, other = np.array([0x7FF8000000000000, 0xFFF8000000000123], "<u8").view("<f8")
    assert store.column_digest(pd.Series([quiet])) == store.column_digest(pd.Series([other]))
    assert store.column_digest(pd.Series([1, 2], dtype="Int64")) != store.column_digest(pd.Series([1, 2]))
    fine = pd.Series(np.array(["2021-01-01"], "M8[s]"))
    assert store.column_digest(fine) == store.column_digest(fine.astype("M8[ns]"))


@pytest.mark.parametrize("cuts", [1, 2, 13])
def test_a_column_digest_does_not_see_the_parts(cuts: int, book: dict) -> None:
    for name, frame in book.items():
        for column in frame:
            result = digests.ColumnDigest(frame[column].dtype)
            for part in books.parts({name: frame}, cuts):
                result.add(part[name][column])
            assert result.hexdigest() == store.column_digest(frame[column])


# Parquet


def test_parquet_tells_numbers_by_differences_words_by_codes_and_groups_are_bounded(
    book: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP", 25)
    save(book, tmp_path / "book", "parquet", 3)
    file = pq.ParquetFile(tmp_path / "book" / "applications.parquet")
    ways = {"category": "RLE_DICTIONARY", "float64": "RLE_DICTIONARY", "bool": "PLAIN"}
    for group in range(file.num_row_groups):
        assert 0 < file.metadata.row_group(group).num_rows <= 25
        for number, column in enumerate(tables.table("applications").columns.values()):
            chunk = file.metadata.row_group(group).column(number)
            assert ways.get(column.type, "DELTA_BINARY_PACKED") in chunk.encodings, column.name
            assert chunk.has_dictionary_page == (column.type in {"category", "float64"})
            assert chunk.is_stats_set == (column.name == "application_id" or column.name.endswith("_at"))
            assert chunk.compression == "SNAPPY"
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [13, 13, 14]
    long = pq.ParquetFile(tmp_path / "book" / "instalments.parquet").metadata
    assert "BYTE_STREAM_SPLIT" in long.row_group(0).column(3).encodings
    assert max(long.row_group(group).num_rows for group in range(long.num_row_groups)) == 25


def test_parquet_says_that_all_is_made_up_and_pandas_alone_reads_it(book: dict, tmp_path: Path) -> None:
    save(book, tmp_path / "book", "parquet", 2)
    path = tmp_path / "book" / "applications.parquet"
    assert pq.ParquetFile(path).schema_arrow.metadata[b"synthetic"].decode() == store.SYNTHETIC
    frame = pd.read_parquet(path)
    assert frame.attrs == {"synthetic": store.SYNTHETIC}
    assert list(frame["last_step"].cat.categories) == list(tables.table("applications").column("last_step").levels)
    assert frame["last_step"].cat.ordered
    assert not frame["outcome"].cat.ordered
    assert frame["risk_score"].dtype == "Int16"
    pd.testing.assert_frame_equal(
        frame.astype({name: column.dtype for name, column in tables.table("applications").columns.items()}),
        book["applications"],
        check_exact=True,
    )


def test_parquet_of_many_parts_holds_what_parquet_of_one_holds(book: dict, tmp_path: Path) -> None:
    for cuts in (1, 5):
        save(book, tmp_path / str(cuts), "parquet", cuts)
    for name in book:
        one, many = (pq.read_table(tmp_path / str(cuts) / f"{name}.parquet") for cuts in (1, 5))
        assert one.combine_chunks().unify_dictionaries().equals(many.combine_chunks().unify_dictionaries())
        assert one.schema.equals(many.schema, check_metadata=True)


# What a part must be


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda f: f.drop(columns="apr"), "loans.apr: expected float64, got no such column."),
        (lambda f: f.assign(apr="x"), "loans.apr: expected float64, got text."),
        (
            lambda f: f.assign(borrowed_at=f["borrowed_at"].astype("M8[ns]")),
            "loans.borrowed_at: expected datetime64[s], got datetime64[ns].",
        ),
        (lambda f: f.assign(ordinal=f["ordinal"].astype("Int16")), "loans.ordinal: expected int16, got Int16."),
        (lambda f: f.assign(reason=f["reason"].cat.as_ordered()), "loans.reason: expected category, got ordered cat"),
        (lambda f: f.assign(reason=f["reason"].cat.add_categories("x")), "loans.reason: other levels than its table"),
    ],
)
def test_a_part_of_another_form_is_named_and_nothing_is_left(
    edit: Callable, fault: str, book: dict, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:  # noqa: PT012, SIM117
        with store.saving(
            tmp_path / "x", format="csv", schemas=books.schemas("loans", "truth"), made=books.MADE
        ) as saved:
            saved.add({"loans": book["loans"], "truth": book["truth"]})
            saved.add({"loans": edit(book["loans"])})
    assert len(caught.value.faults) == 2
    assert caught.value.faults[0].startswith(fault)
    assert caught.value.faults[1].startswith("tables: truth: not in this part.")
    assert list(tmp_path.iterdir()) == []


# What is damaged, or of somebody else


@pytest.fixture(params=FORMATS)
def saved(request: pytest.FixtureRequest, book: dict, tmp_path: Path) -> Path:
    save(book, tmp_path / "book", request.param)
    return tmp_path / "book"


def refused(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_population(folder)
    return list(caught.value.faults)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_table_cut_anywhere_is_refused(share: float, saved: Path) -> None:
    [path] = saved.glob("instalments.*")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert refused(saved)[0] == f"{path}: changed or cut since it was saved (its SHA-256 is not that of the manifest)."
    manifest = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))
    manifest["tables"]["instalments"]["sha256"] = table_files.sha256(path)
    (saved / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    assert all(fault.startswith(f"{path}: ") for fault in refused(saved))


def rewrite(folder: Path, table: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """Write a table anew as pandas does, and make its hash fit."""
    [path] = folder.glob(f"{table}.*")
    if path.suffix == ".csv":
        edit(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)
    else:
        edit(pd.read_parquet(path)).to_parquet(path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["tables"][table]["sha256"] = table_files.sha256(path)
    (folder / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("edit", "faults"),
    [
        (
            lambda f: f.drop(columns=["apr", "due_on"], errors="ignore").rename(columns={"decided_at": "decided"}),
            [
                "decided_at: expected datetime64[s], got no such column.",
                "apr: expected float64, got no such column.",
                "decided: expected no such column, got ",
            ],
        ),
        (lambda f: f.assign(started_at="yesterday"), ["started_at: expected datetime64[s], got text."]),
        (lambda f: f.assign(started_at=1), ["started_at: expected datetime64[s], got "]),
        (lambda f: f.assign(risk_score="high"), ["risk_score: expected Int16, got text."]),
        (lambda f: f.assign(apr="low"), ["apr: expected float64, got text."]),
        (lambda f: f.assign(limit_cny=[np.nan, *f["limit_cny"][1:]]), ["limit_cny: expected int32, got "]),
        (lambda f: f.assign(outcome=f["outcome"].mask(f.index == 3)), ["outcome: expected "]),
        (lambda f: f.assign(started_at=pd.Series([pd.NaT, *f["started_at"][1:]])), ["started_at: expected "]),
    ],
)
def test_a_table_of_another_form_is_named_with_expected_and_got(edit: Callable, faults: list[str], saved: Path) -> None:
    path = rewrite(saved, "applications", edit)
    result = refused(saved)
    assert len(result) == len(faults)
    for line, fault in zip(result, faults, strict=True):
        assert line.startswith(f"{path}: {fault}")


def test_parquet_with_finer_or_zoned_times_is_named(book: dict, tmp_path: Path) -> None:
    save(book, tmp_path / "book", "parquet")

    def fine(f: pd.DataFrame) -> pd.DataFrame:
        finer = f["started_at"].astype("M8[ns]") + pd.Timedelta(5, "ns")
        return f.assign(started_at=finer, decided_at=f["decided_at"].dt.tz_localize("Asia/Shanghai"))

    path = rewrite(tmp_path / "book", "applications", fine)
    started, decided = refused(tmp_path / "book")
    assert started == f"{path}: started_at: expected datetime64[s], got datetime64[ns]."
    assert decided.startswith(f"{path}: decided_at: expected datetime64[s], got datetime64[")
    assert decided.endswith(", Asia/Shanghai].")


KEYS: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame], str]] = [
    (
        "loans",
        lambda f: f.assign(user_id=f["user_id"].replace(7, 4_000)),
        "loans.user_id = 4000: no such user_id in users (2 rows point to nothing). ",
    ),
    (
        "loans",
        lambda f: pd.concat([f, f.tail(1)], ignore_index=True),
        "loans: 1 rows repeat loan_id, first 790001. Allowed: each key once.",
    ),
    (
        "instalments",
        lambda f: f.assign(loan_id=f["loan_id"].replace(1, 2)),
        "instalments.loan_id = 2: no such loan_id in loans (2 rows point to nothing). ",
    ),
    (
        "instalments",
        lambda f: f.assign(number=f["number"].mask(f.index == 1, 1).astype("int8")),
        "instalments: 1 rows repeat loan_id and number, first 1 1. ",
    ),
    (
        "applications",
        lambda f: f.assign(user_id=f["user_id"] - 1),
        "applications.user_id = -1: no such user_id in users (1 rows point to nothing). ",
    ),
    (
        "users",
        lambda f: f.assign(referred_by=pd.array([None, 99, *[None] * 38], dtype="Int64")),
        "users.referred_by = 99: no such user_id in users (1 rows point to nothing). ",
    ),
    (
        "truth",
        lambda f: f.assign(user_id=f["user_id"] + 1),
        "truth.user_id = 40: no such user_id in users (1 rows point to nothing). ",
    ),
]


@pytest.mark.parametrize(("table", "edit", "fault"), KEYS)
def test_keys_that_point_to_nothing_or_stand_twice_are_refused_though_all_hashes_fit(
    table: str, edit: Callable, fault: str, book: dict, saved: Path
) -> None:
    reseal(saved, {**book, table: edit(book[table])})
    [result] = refused(saved)
    assert result.startswith(f"{saved}: {fault}")
    with pytest.raises(InputError) as caught:
        tables.check_keys({**book, table: edit(book[table])})
    assert [f"{saved}: {line}" for line in caught.value.faults] == [result]


def test_all_wrong_keys_are_told_at_once(book: dict) -> None:
    wrong = {
        **book,
        "loans": book["loans"].iloc[2:],
        "users": book["users"].iloc[:-1].assign(referred_by=pd.NA),
    }
    with pytest.raises(InputError) as caught:
        tables.check_keys(wrong)
    assert [fault.partition(" ")[0] for fault in caught.value.faults] == [
        "applications.user_id",
        "loans.user_id",
        "instalments.loan_id",
        "signals.user_id",
        "truth.user_id",
    ]


def test_keys_in_any_order_are_checked_and_tables_that_are_not_there_are_not_asked(book: dict) -> None:
    mixed = {name: frame.sample(frac=1, random_state=1) for name, frame in book.items()}
    tables.check_keys(mixed)
    tables.check_keys({"instalments": book["instalments"]})
    lost = mixed["instalments"].assign(loan_id=mixed["instalments"]["loan_id"].replace(10_001, 5))
    with pytest.raises(InputError, match=r"^instalments\.loan_id = 5: no such loan_id in loans \(2 rows point"):
        tables.check_keys({**mixed, "instalments": lost})


def test_the_keys_of_a_large_book_are_checked_in_a_moment() -> None:
    loan = np.arange(1_000_000) * 10_000 + 1
    big = {
        "loans": pd.DataFrame({"loan_id": loan, "user_id": np.arange(1_000_000) // 2}),
        "instalments": pd.DataFrame(
            {"loan_id": np.repeat(loan, 10), "number": np.tile(np.arange(10, dtype="int8"), 1_000_000)}
        ),
        "users": pd.DataFrame({"user_id": np.arange(500_000)}),
    }
    start = time.perf_counter()
    tables.check_keys(big)
    assert time.perf_counter() - start < 2


# What goes wrong midway


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_parts_that_stop_coming_leave_what_was_there(
    format: str, fault: BaseException, book: dict, tmp_path: Path
) -> None:
    save(book, tmp_path / "book", format)
    before = files(tmp_path)
    wanted = MachineError if isinstance(fault, OSError) else KeyboardInterrupt
    for folder in ("book", "other"):
        with (  # noqa: PT012
            pytest.raises(wanted),
            store.saving(
                tmp_path / folder, format=format, schemas=books.schemas(), made=books.MADE, needed=lambda: 10**9
            ) as saved,
        ):
            saved.add(books.parts(book, 2)[0])
            raise fault
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["book"]


KILLED = """
import os, signal, sys
from pathlib import Path
import books
from loanpersona.tables import store

with store.saving(Path(sys.argv[1]), format=sys.argv[2], schemas=books.schemas(), made=books.MADE) as saved:
    saved.add(books.frames(seed=2))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such kill on this system")
@pytest.mark.parametrize("format", FORMATS)
def test_a_kill_between_two_parts_leaves_the_earlier_book_and_the_next_save_tidies_up(
    format: str, book: dict, tmp_path: Path
) -> None:
    first = save(book, tmp_path / "book", format)
    places = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(books.__file__).parent), *sys.path])}
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "book"), format], env=places, check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2, "what was written so far lies beside it"
    assert load_population(tmp_path / "book").digest == first.digest
    second = save(books.frames(seed=3), tmp_path / "book", format)
    assert [path.name for path in tmp_path.iterdir()] == ["book"]
    assert load_population(tmp_path / "book").digest == second.digest != first.digest


# Cells


@pytest.mark.parametrize("text", ["2021-2-3", "2021-02-03T04:05:06", "2021-02-03 04:05", "20210203", "NaT", "x", " "])
def test_a_time_that_does_not_stand_as_we_write_it_is_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        texts.to_times(pd.Series(["2021-02-03", text]))


@pytest.mark.parametrize("text", ["1.0", "1_0", " 1", "+1", "01", "32768", "x", "1e3", str(2**64)])
def test_a_number_that_does_not_stand_as_we_write_it_is_none(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        texts.to_numbers(pd.Series(["5", text]), pd.Int16Dtype())
