"""What a scorecard may look at, and the bands that it cuts each attribute into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.groups import KEY, NOT_KNOWN, band_names, levels
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.sourced import load
from loanpersona.tables.book import Book

Cuts = Any
"""`bands` of a scorecard: a caller gives a mapping of attributes to where each begins a band (numbers, or words such
as `..24`, `25..`) or to the levels that each name of a band stands for; none for those of `scorecard.yaml`."""
STRANGE = "Allowed: {'column': [lower ends]} or {'column': {'band': ['level', …]}}."


@dataclass(frozen=True)
class Attribute:
    """A column that is cut into bands; whoever misses a value is in a band of their own."""

    name: str
    bands: tuple[str, ...]
    levels: tuple[tuple[str, int], ...] = ()
    """The number of the band of each level of a category; empty for numbers."""
    table: str = "users"

    def codes(self, values: pd.Series) -> np.ndarray[Any, np.dtype[Any]]:
        """The number of the band of each value; raises InputError for a level that no band holds."""
        missing = values.isna().to_numpy()
        if not self.levels:
            numbers = self._numbers(values)
            return np.where(missing, len(self.bands) - 1, np.searchsorted(self._starts, numbers, side="right"))
        known = dict(self.levels)
        words = levels(values, self.name).astype(str)
        if len(lost := words[~words.isin(known) & ~missing]):
            hint = did_you_mean(lost.iloc[0], known)
            raise InputError(f"scorecard.{self.name}: no band for '{lost.iloc[0]}'. {hint}")
        return np.asarray(words.map(known).fillna(len(self.bands) - 1), int)

    @property
    def _starts(self) -> list[float]:
        return [float(band.partition("..")[0]) for band in self.bands[1:] if band != NOT_KNOWN]

    def _numbers(self, values: pd.Series) -> Any:
        if values.dtype.kind not in "iuf":
            raise InputError(
                f"scorecard.{self.name}: {values.dtype} cut as numbers. Allowed: {{'band': ['level', …]}} for words."
            )
        return values.astype("float64").to_numpy()


def attributes(book: Book, given: Cuts = None) -> tuple[Attribute, ...]:
    """The attributes of the scorecard with their bands: those of `scorecard.yaml`, or those given.

    Raises InputError with a line per attribute that is never used (sex, marital status, place), that is not known
    when a user applies, that the book has not, or whose bands are none.
    """
    rules = load("scorecard")
    wanted = {name: body["bands"] for name, body in rules["attributes"].items()} if given is None else given
    if not isinstance(wanted, Mapping) or not all(isinstance(name, str) for name in wanted):
        raise InputError(f"bands = {given!r}: no attributes. {STRANGE}")
    barred, known = rules["left_out"]["attributes"], _known(book)
    faults = [
        f"scorecard.{name}: never used: a score must not know it. Allowed: {', '.join(rules['attributes'])}."
        for name in wanted
        if name in barred
    ]
    faults += [
        f"scorecard.{name}: not known when a user applies. {did_you_mean(name, list(known))}"
        for name in wanted
        if name not in {*barred, *known}
    ]
    if faults or not wanted:
        raise InputError(*(faults or ["scorecard: names no attribute. Allowed: at least one."]))
    cut = [attribute(name, bands, known[name]) for name, bands in wanted.items()]
    for table in ("users", "applications"):
        if own := [one.name for one in cut if one.table == table]:
            book.need({table: tuple(own)})
    return tuple(_with_missing(one, book.table(one.table)[one.name]) for one in cut)


def attribute(name: str, bands: Any, table: str = "users") -> Attribute:
    """An attribute with its bands; raises InputError where a band of numbers does not begin above the one before."""
    if isinstance(bands, Mapping):
        own = {str(band): [kept] if isinstance(kept, str) else kept for band, kept in bands.items()}
        if len(own) < 2 or not all(isinstance(kept, Sequence) and kept for kept in own.values()):
            raise InputError(f"scorecard.{name}: has {len(own)} bands with levels. Allowed: at least two.")
        places = [(str(level), place) for place, kept in enumerate(own.values()) for level in kept]
        return Attribute(name, tuple(own), tuple(places), table)
    words = _words(name, bands)
    starts = [_start(name, band) for band in words[1:]]
    if len(words) < 2:
        raise InputError(f"scorecard.{name}: has {len(words)} bands. Allowed: at least two.")
    if starts != sorted(set(starts)):
        raise InputError(f"scorecard.{name}: bands {', '.join(words)} do not rise. Allowed: each above the one before.")
    return Attribute(name, words, (), table)


def protected(book: Book, name: str) -> Attribute:
    """A column that no score may know, a band for each level: only to tell what leaving it out costs."""
    book.need({"users": (name,)})
    result = levels(book.users[name], name).cat.categories
    return Attribute(name, tuple(result), tuple((level, place) for place, level in enumerate(result)))


def banded(book: Book, applications: pd.DataFrame, wanted: Sequence[Attribute]) -> pd.DataFrame:
    """The number of the band of every attribute; `asked` has an application of each person, by user_id."""
    users = book.users.set_index("user_id") if "users" in book.tables else applications
    values = {one.name: (applications if one.table == "applications" else users)[one.name] for one in wanted}
    return pd.DataFrame(
        {one.name: one.codes(values[one.name].reindex(applications.index)) for one in wanted}, applications.index
    )


def _with_missing(one: Attribute, values: pd.Series) -> Attribute:
    if not values.isna().any() or NOT_KNOWN in one.bands:
        return one
    return Attribute(one.name, (*one.bands, NOT_KNOWN), one.levels, one.table)


def _words(name: str, bands: Any) -> tuple[str, ...]:
    """Bands as words; numbers are where they begin, and one lies below the first."""
    if not isinstance(bands, Sequence) or isinstance(bands, str) or not bands:
        raise InputError(f"scorecard.{name} = {bands!r}: no bands. {STRANGE}")
    if all(isinstance(one, str) for one in bands):
        return tuple(bands)
    if not all(isinstance(one, int | float | np.number) and np.isfinite(one) for one in bands):
        raise InputError(f"scorecard.{name} = {bands!r}: no bands. {STRANGE}")
    return tuple(band_names(bands))


def _start(name: str, band: str) -> float:
    try:
        return float(band.partition("..")[0])
    except ValueError as error:
        raise InputError(f"scorecard.{name}: band {band} has no start. Allowed: 25..29, 30.. or 2.") from error


def _known(book: Book) -> dict[str, str]:
    """The columns that are known when a user applies, each with its table.

    They are what borrowers say of themselves, the proofs they show, and whatever the lender has of its own.
    """
    barred = load("scorecard")["left_out"]["attributes"]
    schema = tables.table("users")
    plain = [name for name, column in schema.columns.items() if not column.made and name != schema.key]
    result = {**dict.fromkeys((name for name in plain if name not in barred), "users"), "proofs": "applications"}
    for table in ("users", "applications"):
        own = [name for name in book.tables.get(table, ()) if name not in tables.table(table).columns]
        result |= dict.fromkeys((name for name in own if name not in {*KEY.values(), *result}), table)
    return result
