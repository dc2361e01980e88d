"""What a scorecard may look at, and the bands that it cuts each attribute into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import with_users
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean

Cuts = Sequence[str] | Mapping[str, Sequence[str]]
"""Ranges of a number in rising order, such as `..24`, `25..`; or the levels that each name of a band stands for."""


@dataclass(frozen=True)
class Attribute:
    """A column that is cut into bands."""

    name: str
    bands: tuple[str, ...]
    levels: Mapping[str, int]
    """The number of the band of each level of a category; empty for numbers."""

    def codes(self, values: pd.Series) -> np.ndarray[Any, np.dtype[Any]]:
        """The number of the band of each value; raises InputError for a level that no band holds."""
        if not self.levels:
            starts = [float(band.partition("..")[0]) for band in self.bands[1:]]
            return np.asarray(np.searchsorted(starts, values.to_numpy(float), side="right"))
        words = values.map({True: "yes", False: "no"}) if values.dtype == bool else values.astype(str)
        found = words.map(self.levels)
        if found.isna().any():
            level = words[found.isna()].iloc[0]
            raise InputError(f"scorecard.{self.name}: no band for '{level}'. {did_you_mean(level, self.levels)}")
        return np.asarray(found, int)


def attributes(given: Mapping[str, Cuts] | None = None) -> dict[str, Attribute]:
    """The attributes of the scorecard with their bands: those of `scorecard.yaml`, or those given.

    Raises InputError with a line per attribute that is never used (sex, marital status, place), that is not known
    when a user applies, or whose bands are none.

    >>> attributes({"platforms": ["1", "2.."]})["platforms"].codes(pd.Series([1, 5])).tolist()
    [0, 1]
    """
    stated = catalog.load("scorecard")["attributes"]
    wanted = {name: body["bands"] for name, body in stated.items()} if given is None else given
    barred = catalog.load("scorecard")["left_out"]["attributes"]
    faults = [
        f"scorecard.{name}: never used: a score must not know it. Allowed: {', '.join(stated)}."
        for name in wanted
        if name in barred
    ]
    faults += [
        f"scorecard.{name}: not known when a user applies. {did_you_mean(name, _known())}"
        for name in wanted
        if name not in {*barred, *_known()}
    ]
    faults += [
        f"scorecard.{name}: has {len(bands)} bands. Allowed: at least two."
        for name, bands in wanted.items()
        if len(bands) < 2
    ]
    if faults or not wanted:
        raise InputError(*(faults or ["scorecard: names no attribute. Allowed: at least one."]))
    return {name: attribute(name, bands) for name, bands in wanted.items()}


def attribute(name: str, bands: Cuts) -> Attribute:
    """An attribute with its bands; raises InputError where a band of numbers does not begin above the one before."""
    if isinstance(bands, Mapping):
        levels = {level: place for place, kept in enumerate(bands.values()) for level in kept}
        return Attribute(name, tuple(bands), levels)
    starts = [_start(name, band) for band in bands[1:]]
    if starts != sorted(set(starts)):
        raise InputError(f"scorecard.{name}: bands {', '.join(bands)} do not rise. Allowed: each above the one before.")
    return Attribute(name, tuple(bands), {})


def protected(name: str) -> Attribute:
    """A column that no score may know, a band for each level: only to tell what leaving it out costs."""
    return attribute(name, {level: [level] for level in tables.table("users").column(name).levels})


def _start(name: str, band: str) -> float:
    try:
        return float(band.partition("..")[0])
    except ValueError as error:
        raise InputError(f"scorecard.{name}: band {band} has no start. Allowed: 25..29, 30.. or 2.") from error


def _known() -> list[str]:
    """The columns that are known when a user applies: what borrowers say of themselves, and the proofs they show."""
    schema = tables.table("users")
    barred = catalog.load("scorecard")["left_out"]["attributes"]
    plain = [name for name, column in schema.columns.items() if not column.made and name != schema.key]
    return [*(name for name in plain if name not in barred), "proofs"]


def banded_people(users: pd.DataFrame, asked: pd.DataFrame, wanted: Mapping[str, Attribute]) -> pd.DataFrame:
    """The number of the band of every attribute, by user_id, for the borrowers of `asked`.

    `asked` has an application each, by user_id. Raises InputError where one of them is not in `users`.
    """
    own = [name for name in wanted if name != "proofs"]
    people = with_users(asked.index.to_frame(), users, [], own, "applications").set_index("user_id")
    values = {name: asked["proofs"] if name == "proofs" else people[name] for name in wanted}
    return pd.DataFrame({name: one.codes(values[name]) for name, one in wanted.items()}, index=asked.index)
