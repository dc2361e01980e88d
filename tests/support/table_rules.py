"""What every frame of a room asks of the tables that it is made from: inherit from `TableRules`.

class TestNeedsTables(TableRules):
    room, takes, reads = needs, NEEDS_TAKE, READS

    @staticmethod
    def hand(name: str) -> Tables: ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from types import ModuleType
from typing import Any, ClassVar

import pandas as pd
import pytest

from loanpersona.core.errors import InputError

Tables = Mapping[str, pd.DataFrame]
Reads = Mapping[str, Mapping[str, Sequence[str]]]


def read(text: str, *times: str) -> pd.DataFrame:
    """A table written down in a test."""
    return pd.read_csv(StringIO(text), parse_dates=list(times))


class TableRules:
    """The frames of a room against tables that lack something; a subclass says which ones it takes."""

    room: ClassVar[ModuleType]
    takes: ClassVar[Mapping[str, Sequence[str]]]
    """The tables of each frame, in order."""
    reads: ClassVar[Reads]
    """The columns that each frame reads, and no other."""

    @staticmethod
    def hand(name: str) -> Tables:
        """Small tables that the frame can be made from."""
        raise NotImplementedError

    @classmethod
    def made(cls, name: str, tables: Tables, **more: Any) -> pd.DataFrame:
        function: Callable[..., pd.DataFrame] = getattr(cls.room, name)
        return function(*[tables[table] for table in cls.takes[name]], **more)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        wanted = [one for one in ("name", "table", "column") if one in metafunc.fixturenames]
        if wanted:
            metafunc.parametrize(wanted, self._rows(len(wanted)))

    @classmethod
    def _rows(cls, depth: int) -> list[tuple[str, ...]]:
        """Every frame, or every frame and table, or these and every column."""
        if depth == 1:
            return [(name,) for name in cls.reads]
        rows = [
            (name, table, column)
            for name in cls.reads
            for table, columns in cls.reads[name].items()
            for column in columns
        ]
        return list(dict.fromkeys(row[:depth] for row in rows))

    def test_every_frame_names_the_columns_of_the_tables_that_it_takes(self) -> None:
        assert sorted(self.reads) == sorted(self.takes)
        assert all(set(self.reads[name]) == set(self.takes[name]) for name in self.reads)

    def test_nothing_but_the_named_columns_is_needed(self, name: str) -> None:
        given = self.hand(name)
        needed = {table: given[table][list(wanted)] for table, wanted in self.reads[name].items()}
        pd.testing.assert_frame_equal(self.made(name, needed), self.made(name, given))

    def test_a_missing_column_or_one_of_another_form_is_named(self, name: str, table: str, column: str) -> None:
        given = self.hand(name)
        with pytest.raises(InputError, match=rf"^{table}\.{column}: missing column"):
            self.made(name, {**given, table: given[table].drop(columns=column)})
        with pytest.raises(InputError, match=rf"^{table}\.{column}(:| =) "):
            self.made(name, {**given, table: given[table].assign(**{column: ["perhaps"] * len(given[table])})})

    def test_an_empty_table_is_refused_by_its_name(self, name: str, table: str) -> None:
        given = self.hand(name)
        with pytest.raises(InputError, match=rf"^{table}: no rows"):
            self.made(name, {**given, table: given[table].head(0)})

    def test_how_rows_are_numbered_and_ordered_does_not_count_and_the_input_stays(self, name: str) -> None:
        given = {table: frame.iloc[::-1].set_axis([5] * len(frame)) for table, frame in self.hand(name).items()}
        kept = {table: frame.copy(deep=True) for table, frame in given.items()}
        pd.testing.assert_frame_equal(self.made(name, given), self.made(name, self.hand(name)))
        for table, frame in kept.items():
            pd.testing.assert_frame_equal(given[table], frame)
