"""The rules of a segmentation: what they read, whom they leave out or name twice, and who is in which segment.

A rule cuts the range of each feature it reads. Between two cuts all values are alike, so a segmentation is a table
with a cell for each combination of such stretches: gaps and overlaps are found without any data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.conditions import Value, runs, written
from loanpersona.core.errors import InputError, did_you_mean, together
from loanpersona.core.sourced import Basis
from loanpersona.core.words import check_language, label

ANY = "any"
When = Mapping[str, frozenset[int]]
"""Which stretches of each feature a rule picks; a feature that it does not name may be anything."""


@dataclass(frozen=True)
class Feature:
    """What rules read: words with levels, or whole numbers in a range."""

    name: str
    levels: tuple[str, ...] = ()
    range: tuple[int, int] = (0, 0)
    at_most: str = ""
    """The feature that this one never exceeds."""
    cuts: tuple[int, ...] = ()
    """The least number of each stretch within which no rule tells numbers apart."""

    @property
    def values(self) -> tuple[Value, ...]:
        """A value of each stretch: its least number, or its level."""
        return self.levels or self.cuts

    @property
    def allowed(self) -> str:
        """What may stand in its column, in words."""
        return ", ".join(self.levels) or "{}..{}".format(*self.range)

    def condition(self, picked: frozenset[int]) -> str:
        """These stretches as a file states them, ends included."""
        if self.levels:
            return written(self.levels, picked)
        (least, most), stops = self.range, [*(cut - 1 for cut in self.cuts[1:]), self.range[1]]
        spans = [(self.cuts[first], stops[last]) for first, last in runs(sorted(picked))]
        return ", ".join(
            f"{low}" if low == high else f"{low if low > least else ''}..{high if high < most else ''}"
            for low, high in spans
        )

    def positions(self, frame: pd.DataFrame) -> np.ndarray:
        """The stretch that each row lies in, -1 where in none; raises InputError for a column of another form."""
        if self.name not in frame:
            raise InputError(f"features.{self.name}: missing column. Wanted: {self.allowed}.")
        values = frame[self.name]
        if self.levels:
            return np.asarray(pd.Index(self.levels).get_indexer(values.astype(object)))
        if not pd.api.types.is_numeric_dtype(values) or values.dtype == bool:
            raise InputError(f"features.{self.name}: dtype is {values.dtype}. Wanted: numbers in {self.allowed}.")
        whole = np.ceil(values.to_numpy(float, na_value=np.nan))
        within = (whole >= self.range[0]) & (whole <= self.range[1])
        return np.where(within, np.searchsorted(self.cuts, whole, side="right") - 1, -1)


@dataclass(frozen=True)
class Segmentation:
    """Segments with their rules; every row of features is in exactly one of them."""

    name: str
    statement: str
    basis: Basis
    features: tuple[Feature, ...]
    """What rules may read."""
    segments: Mapping[str, tuple[When, ...]]
    """The rules of each segment, in order; one of them is enough."""
    cells: np.ndarray = field(compare=False, repr=False)
    """The number of the segment by the stretches of the features that they read; -1 where no row can be."""

    @property
    def reads(self) -> tuple[Feature, ...]:
        """The features that the rules do read."""
        return named(self.features, self.segments)

    def assign(self, features: pd.DataFrame) -> pd.Series:
        """The segment of each row, as a category in the order of the rules.

        Wants a column per feature that the rules read. Raises InputError where one is missing or of another form,
        and with the first row that lies outside the declared ranges.

        >>> from loanpersona.analysis.segments.rule_file import load_rules
        >>> load_rules().quality.assign(pd.DataFrame({"risk_score": [308, 309]})).tolist()
        ['prime', 'near_prime']
        """
        places = together(*(lambda one=one: one.positions(features) for one in self.reads))
        for one, place in zip(self.reads, places, strict=True):
            if (place < 0).any():
                allowed = f"{one.name} {one.allowed}"
                raise InputError(f"{self.name}: no rule for {self._row(features, place < 0)}. Allowed: {allowed}.")
        codes = self.cells[tuple(places)]
        if (codes < 0).any():
            most = " and ".join(f"{one.name} at most {one.at_most}" for one in self.reads if one.at_most)
            raise InputError(f"{self.name}: no rule for {self._row(features, codes < 0)}. Allowed: {most}.")
        made = pd.Categorical.from_codes(codes, list(self.segments), ordered=True)
        return pd.Series(made, features.index, name="segment")

    def table(self) -> pd.DataFrame:
        """The rules, one a row; columns: segment, and a condition on each feature they read (`any` for none)."""
        rows = [(segment, when) for segment, whens in self.segments.items() for when in whens]
        conditions = {
            one.name: [one.condition(when[one.name]) if one.name in when else ANY for _, when in rows]
            for one in self.reads
        }
        return pd.DataFrame({"segment": [segment for segment, _ in rows], **conditions})

    def _row(self, features: pd.DataFrame, wrong: np.ndarray) -> str:
        first = int(np.flatnonzero(wrong)[0])
        return in_one_line({one.name: features[one.name].iloc[first] for one in self.reads})


@dataclass(frozen=True)
class Rules:
    """The rules of the three segmentations: by process, lifecycle and quality."""

    process: Segmentation
    lifecycle: Segmentation
    quality: Segmentation

    def table(self, name: str, lang: str | None = None) -> pd.DataFrame:
        """The rules of one segmentation, one a row; any one puts a user into its segment. With `lang` in words.

        Columns: segment, and a condition on each feature that rules read: a range with both ends included, words, or
        `any`. Raises InputError for another name or language.

        >>> import loanpersona as lp
        >>> lp.segments.load_rules().table("quality")["risk_score"].tolist()
        ['..308', '309..400', '401..519', '520..623', '624..']
        """
        if name not in vars(self):
            raise InputError(f"rules = {name!r}: no segmentation. {did_you_mean(str(name), vars(self))}")
        rows: pd.DataFrame = getattr(self, name).table()
        if lang is None:
            return rows
        say = check_language(lang)
        return rows.map(lambda word: label(word, say)).rename(columns=lambda word: label(word, say))


def named(features: Iterable[Feature], segments: Mapping[str, tuple[When, ...]]) -> tuple[Feature, ...]:
    """Those of the features that a rule names."""
    result = {name for whens in segments.values() for when in whens for name in when}
    return tuple(one for one in features if one.name in result)


def in_one_line(row: Mapping[str, Any]) -> str:
    """A row of features in words.

    >>> in_one_line({"n_loans": 0, "balance_cny": 1})
    'n_loans 0, balance_cny 1'
    """
    return ", ".join(f"{name} {value}" for name, value in row.items())


def solve(features: tuple[Feature, ...], segments: Mapping[str, tuple[When, ...]]) -> tuple[np.ndarray, list[str]]:
    """The number of the segment of each cell, and a line for each gap, overlap and segment that holds nobody.

    Cells that no row can be in, for a feature never exceeds another, hold -1.
    """
    possible = _possible(features)
    cells = {name: _cells(features, whens) & possible for name, whens in segments.items()}
    said = [f"nobody can be in {name}" for name, where in cells.items() if not where.any()]
    gap = possible & ~np.logical_or.reduce(list(cells.values()))
    said += [f"no segment for {row}" for row in _first(features, gap)]
    for one, other in combinations(cells, 2):
        said += [f"two segments, {one} and {other}, for {row}" for row in _first(features, cells[one] & cells[other])]
    codes = np.full(possible.shape, -1, np.int8)
    for number, where in enumerate(cells.values()):
        codes[where] = number
    return codes, said


def _possible(features: tuple[Feature, ...]) -> np.ndarray:
    """The cells that a row can be in."""
    result = np.ones([len(one.values) for one in features], bool)
    places = {one.name: place for place, one in enumerate(features)}
    for one in features:
        if one.at_most in places:
            more = features[places[one.at_most]]
            lasts = np.array([*(cut - 1 for cut in more.cuts[1:]), more.range[1]])
            result &= _along(one, features, np.array(one.cuts)) <= _along(more, features, lasts)
    return result


def _cells(features: tuple[Feature, ...], whens: tuple[When, ...]) -> np.ndarray:
    """The cells that one of the rules picks."""
    shape = [len(one.values) for one in features]
    result = np.zeros(shape, bool)
    for when in whens:
        picked = np.ones(shape, bool)
        for one in features:
            if one.name in when:
                picked &= _along(one, features, np.isin(np.arange(len(one.values)), list(when[one.name])))
        result |= picked
    return result


def _along(one: Feature, features: tuple[Feature, ...], values: np.ndarray) -> np.ndarray:
    """A value per stretch of one feature, laid out along its side of the table."""
    return values.reshape([-1 if other is one else 1 for other in features])


def _first(features: tuple[Feature, ...], cells: np.ndarray) -> Iterator[str]:
    """A row of the first of these cells, if there is one."""
    if not cells.any():
        return
    where = np.unravel_index(int(np.argmax(cells)), cells.shape)
    row = {one.name: one.values[place] for one, place in zip(features, where, strict=True)}
    for one in features:
        if one.at_most in row:
            row[one.at_most] = max(row[one.at_most], row[one.name])  # its stretch reaches as far, or no row were here
    yield in_one_line(row)
