"""What analyses assume where no table says it, such as costs and lines; a caller may put other numbers there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from loanpersona.core import catalog
from loanpersona.core.errors import did_you_mean, expect
from loanpersona.core.sourced import BASIS_KEYS, Basis, read_basis, read_words, sources_of
from loanpersona.core.strict_yaml import Faults, Node, node_of, number, parse, plain, read
from loanpersona.core.words import LANGUAGES, check_language, label, phrase

WHOLE = ("count", "days", "points")
RANGES = {"share": (0, 1), "ratio": (0.001, 1_000_000), "count": (0, 100), "days": (1, 3_650), "points": (1, 100_000)}
"""The units of assumptions, and the least and the most that a number in them may be."""
_LINE = re.compile(r":(\s|$)")
"""What stands in a line `name: value`, and in no path."""


@dataclass(frozen=True)
class Assumption:
    """A number that an analysis assumes."""

    name: str
    value: float
    """Whole where its unit is counted."""
    unit: str
    """One of share, ratio, count, days, points."""
    basis: Basis
    meaning: tuple[tuple[str, str], ...]
    """What it is of, per language."""
    at_most: str = ""
    """The assumption that it never exceeds."""

    def __str__(self) -> str:
        row = self.row("en")
        source = f" ({row['source']})" if row["source"] else ""
        return f"{row['value']} ({row['unit']}). {row['basis']}{source}: {row['because']}"

    def stated(self) -> dict[str, Any]:
        """The block of a file that states it."""
        because = {"because": dict(self.basis.because)} if self.basis.because else {}
        source = {"source": list(self.basis.sources)} if self.basis.sources else {}
        return {"value": self.value, "basis": self.basis.kind, **source, **because}

    def row(self, lang: str) -> dict[str, str]:
        """What it is, how much, and why, in words."""
        return {
            "assumption": dict(self.meaning)[lang],
            "value": f"{self.value:g}",
            "unit": label(f"unit_{self.unit}", lang),
            "basis": label(self.basis.kind, lang),
            "source": ", ".join(self.basis.sources),
            "because": dict(self.basis.because).get(lang, ""),
        }


@dataclass(frozen=True, repr=False)
class Assumptions:
    """The numbers that analyses assume, each with unit, basis, source and reason. Get them from `lp.assumptions`."""

    inquiries_per_application: Assumption
    inquiries_per_loan: Assumption
    debt_service_warn: Assumption
    debt_service_refuse: Assumption
    platform_burden: Assumption
    funding_cost_consumer: Assumption
    funding_cost_owner: Assumption
    operating_cost: Assumption
    recovery: Assumption
    policy_margin: Assumption
    cure_days: Assumption
    operable_days: Assumption
    psi_watch: Assumption
    psi_shifted: Assumption
    score_base: Assumption
    score_base_odds: Assumption
    score_double: Assumption
    approval_line: Assumption

    def __iter__(self) -> Iterator[Assumption]:
        return iter(vars(self).values())

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of those that are not as they ship."""
        return tuple(one.name for one in self if one != getattr(_shipped(), one.name))

    def table(self, lang: str = "en") -> pd.DataFrame:
        """The assumptions in words, by name; columns: assumption, value, unit, basis, source, because, as labels."""
        rows = {one.name: one.row(check_language(lang)) for one in self}
        return pd.DataFrame.from_dict(rows, orient="index").rename(columns=lambda word: label(word, lang))

    def stated(self) -> dict[str, dict[str, Any]]:
        """The assumptions as a file states them: what a manifest keeps, and `restored` reads."""
        return {one.name: one.stated() for one in self}

    def __repr__(self) -> str:
        return "\n".join(f"{one.name}: {one}" for one in self)

    def _repr_html_(self) -> str:
        return str(self.table().to_html(border=0, justify="left"))


NAMES = tuple(one.name for one in fields(Assumptions))


def assumptions(stated: str | PathLike[str] | None = None, /, **changed: float) -> Assumptions:
    """The numbers that analyses assume: those that ship, with what a file or the caller puts in their place.

    `stated` is the path of a file, or a text with a line `name: value` each. The file has the form of
    `catalog/assumptions.yaml`; it names what it changes, each with a `value` and, if it has one, `basis`, `source` and
    `because`; it may list sources of its own under `sources`. A changed number without a basis counts as assumed. A
    book takes them with `book.with_assumptions`. Raises InputError with all faults: an unknown name, a number that its
    unit does not allow, one beyond another that it never exceeds.

    >>> assumptions(recovery=0.3).recovery.value
    0.3
    >>> assumptions("recovery: 0.3").changed
    ('recovery',)
    """
    result = _shipped()
    if stated is not None:
        expect(stated, (str, PathLike), "assumptions", "the path of a YAML file, or a line `name: value` each")
    if stated:
        root = _lines(stated) if isinstance(stated, str) and _LINE.search(stated) else read(Path(stated))
        result = _restated(result, root, sources_of(root), (*NAMES, "sources"))
    numbers = node_of({name: {"value": value} for name, value in changed.items()}, file="assumptions")
    return _restated(result, numbers, None, NAMES)


def restored(stated: Any, file: str) -> Assumptions:
    """The assumptions that a manifest states, cited as they were; what it does not state is as it ships.

    A name that this version has not is passed over: no frame of it leans on such a number.
    """
    root = node_of(stated, file=file, path="assumptions")
    names = (*NAMES, *root.value) if isinstance(root.value, dict) else NAMES
    return _restated(_shipped(), root, None, names)


def _lines(text: str) -> Node:
    """A text of names and numbers as the document that a file would hold."""
    root = parse(text, file="assumptions")
    stated = root.value if isinstance(root.value, dict) else {}
    blocks = {
        name: replace(node, value={"value": node}) for name, node in stated.items() if isinstance(node.value, str)
    }
    return replace(root, value=stated | blocks) if stated else root


@cache
def _shipped() -> Assumptions:
    faults, root = Faults(), read(catalog.FOLDER / "assumptions.yaml")
    result = {name: _first(name, root.child(name) or root, sources_of(root), faults) for name in NAMES}
    faults.stop()
    return Assumptions(**result)


def _first(name: str, node: Node, sources: set[str], faults: Faults) -> Assumption:
    """An assumption as it ships, with its unit and meaning."""
    meaning = tuple(sorted(read_words(node.child("meaning") or node, faults).items()))
    unit, most = (str(plain(child)) if (child := node.child(key)) else "" for key in ("unit", "at_most"))
    blank = Assumption(name, 0, unit, Basis(""), meaning, most)
    return replace(blank, value=_value(node, blank, faults), basis=read_basis(node, faults, sources))


def _restated(before: Assumptions, root: Node, sources: set[str] | None, names: tuple[str, ...]) -> Assumptions:
    """The assumptions with what a document puts in their place; raises InputError with all its faults."""
    faults = Faults()
    if not isinstance(root.value, dict):
        faults.add(root, "expected a mapping", allowed="{recovery: {value: 0.3}}")
    stated = root.value if isinstance(root.value, dict) else {}
    for name, node in stated.items():
        if name not in names:
            faults.add(node, f"unknown assumption '{name}'", hint=did_you_mean(name, NAMES))
    new = {one.name: _changed(one, stated[one.name], sources, faults) for one in before if one.name in stated}
    result = replace(before, **new)
    for one in result:
        _check_order(one, result, stated, faults)
    faults.stop()
    return result


def _changed(before: Assumption, node: Node, sources: set[str] | None, faults: Faults) -> Assumption:
    """An assumption as a block restates it; a number that stays the same keeps what it rests on."""
    for key, child in (node.value if isinstance(node.value, dict) else {}).items():
        if key not in (allowed := ("value", *BASIS_KEYS)):
            faults.add(child, f"unknown key '{key}'", hint=did_you_mean(key, allowed))
    value = _value(node, before, faults)
    because = {lang: phrase("changed_from_value", lang, value=f"{before.value:g}") for lang in LANGUAGES}
    general = before.basis if value == before.value else Basis("assumed", because=tuple(sorted(because.items())))
    return replace(before, value=value, basis=read_basis(node, faults, sources, general))


def _value(node: Node, one: Assumption, faults: Faults) -> float:
    """The number that a block states; with a fault noted, the number before."""
    stated = node.child("value")
    if stated is None:
        faults.add(node, "no `value`", allowed=f"{one.name}: {{value: {one.value:g}}}")
        return one.value
    value, (least, most) = number(stated, faults), RANGES[one.unit]
    if value is None:
        return one.value
    if not least <= value <= most or (one.unit in WHOLE and value.denominator != 1):
        kind = "a whole number" if one.unit in WHOLE else "a number"
        faults.add(stated, "out of range", allowed=f"{kind} from {least:,} to {most:,}")
        return one.value
    return int(value) if one.unit in WHOLE else float(value)


def _check_order(one: Assumption, every: Assumptions, stated: Mapping[str, Node], faults: Faults) -> None:
    """Note an assumption that is above the one that it never exceeds, if the document states one of the two."""
    node = stated.get(one.name) or stated.get(one.at_most)
    most = getattr(every, one.at_most) if one.at_most else one
    if node is not None and one.value > most.value:
        faults.add(
            node, f"{one.name} ({one.value:g}) is above {most.name} ({most.value:g})", allowed=f"at most {most.name}"
        )
