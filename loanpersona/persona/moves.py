"""Scaling and shifting a variable, as changes of a persona's text.

A log-normal or gamma is scaled, a normal or logistic shifted, by one row more in `times` or `plus`. The grid stays,
and what would lie beyond an end of it stands at that end, as ever; more than a few people there are refused.
Bands move value by value, so each person moves exactly. Their grid grows by what it needs, and rows of other blocks
that reached its end reach the new end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any, NamedTuple

from loanpersona import tables
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.strict_yaml import Faults, Node, exact, number, plain
from loanpersona.core.words import LANGUAGES, phrase
from loanpersona.persona.joint import holds
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Persona, Shape, Shares, Variable
from loanpersona.persona.reader import LAWS
from loanpersona.persona.values import MAX_VALUES
from loanpersona.tables import Column

MOST_AT_END = 0.01
"""So many of the people that a distribution moves may come to stand at an end of its grid."""
PATH = re.compile(r"(?:variables\.)?(\w+)\.(scale|shift)")
Ends = tuple[Fraction, Fraction]


class Move(NamedTuple):
    """How the values of a variable move, and for whom."""

    name: str
    way: str
    by: Fraction
    when: dict[str, Any]
    """The condition, as a file states it; empty for everybody."""

    def of(self, value: Fraction) -> Fraction:
        """Where a value moves to."""
        return value * self.by if self.way == "scale" else value + self.by

    def refuse(self, what: str) -> InputError:
        """The error that says why it cannot be."""
        return InputError(f"change: {self.name}.{self.way}: {what}")


def read(path: str, node: Node) -> list[Move]:
    """The moves stated at a path such as `age_years.shift`: a number, a row `{when: …, by: …}` or rows."""
    faults = Faults()
    rows = node.value if isinstance(node.value, tuple) else (node,)
    name, way = path.split(".")[-2:]
    result = [move for row in rows if (move := _read(name, way, row, faults))]
    faults.stop()
    return result


def _read(name: str, way: str, row: Node, faults: Faults) -> Move | None:
    stated = row.value if isinstance(row.value, dict) else {"by": row}
    when = stated.get("when")
    if (
        "by" not in stated
        or set(stated) - {"by", "when"}
        or (when and not (isinstance(when.value, dict) and when.value))
    ):
        faults.add(row, "not a move", allowed="a number, or {when: {occupation: courier}, by: 0.8}")
        return None
    by = number(stated["by"], faults)
    if by is not None and way == "scale" and by <= 0:
        faults.add(stated["by"], "not a factor", allowed="a number above 0")
    return None if by is None else Move(name, way, by, plain(when) if when else {})


def changes(persona: Persona, move: Move) -> dict[str, Any]:
    """The changes of the text that make a move, by their paths."""
    variable = persona.variables.get(move.name)
    if variable is None:
        raise move.refuse(f"unknown variable. {did_you_mean(move.name, persona.variables)}")
    if isinstance(variable.values[0], str):
        raise move.refuse("it holds words. Allowed: a variable that holds numbers.")
    if move.by == (move.way == "scale"):  # by one, or by nothing
        return {}
    return (
        _of_shape(persona, variable.law, move)
        if isinstance(variable.law, Shape)
        else _of_bands(persona, variable, move)
    )


def text_of(value: Fraction) -> str:
    """A number as a file states it: a decimal where it has an end, else a fraction.

    >>> text_of(Fraction(3, 5)), text_of(Fraction(1, 3))
    ('0.6', '1/3')
    """
    decimal = f"{Decimal(value.numerator) / value.denominator:f}"
    return decimal if Fraction(decimal) == value else str(value)


# Distributions


def _of_shape(persona: Persona, law: Shape, move: Move) -> dict[str, Any]:
    key = "times" if "times" in LAWS[law.family] else "plus"
    if (key == "times") == (move.way == "scale"):
        because = {lang: phrase("changed_from", lang, persona=(persona.origin or persona).name) for lang in LANGUAGES}
        row = {"by": text_of(move.by), "basis": "assumed", "because": because}
        return {f"{move.name}.{key}[+]": {"when": move.when, **row} if move.when else row}
    if key == "times":
        raise move.refuse(f"a {law.family} shifted is none any more. Hint: {move.name}.scale.")
    if move.when:
        raise move.refuse(f"a {law.family} is scaled for everybody only. Hint: shift it, or restate `where`.")
    block = plain(persona.document)["variables"][move.name]
    return {f"{move.name}.{path}": text_of(move.of(Fraction(text))) for path, text in _numbers(block, law.family)}


def _numbers(block: Mapping[str, Any], family: str) -> Iterator[tuple[str, str]]:
    """Path and text of every number of a normal or logistic: all of them scale as its values do."""
    rows = [(family, block[family])]
    rows += [(f"{key}[{i}]", row) for key in ("where", "plus") for i, row in enumerate(block.get(key, ()))]
    yield from ((f"{at}.{key}", row[key]) for at, row in rows for key in (*PARAMETERS[family], "by") if key in row)


def check_ends(before: Persona, after: Persona, move: Move) -> None:
    """Raise where too many of those who moved stand at an end of the grid now and did not before."""
    law = after.variables[move.name].law
    if not isinstance(law, Shape):
        return
    now, then = after.conditionals[move.name], before.conditionals[move.name]
    touched = now.weights[holds(law.moves[-1].when, now.bands)].sum() if move.when else 1.0
    for end, key in ((0, "least"), (-1, "most")):
        more = now.margin[end] - then.margin[end]
        if more > MOST_AT_END * touched:
            value = now.variable.values[end]
            what = f"moves {more / touched:.1%} of them to the end {value} of the grid. Allowed: {MOST_AT_END:.0%}."
            column = _column(move.name)
            wider = column is None or column.range is None or float(value) != column.range[end]
            raise move.refuse(f"{what} Hint: take less{f', or widen the grid first: {move.name}.{key}' * wider}.")


# Bands


def _of_bands(persona: Persona, variable: Variable, move: Move) -> dict[str, Any]:
    if move.when:
        raise move.refuse("bands move for everybody only. Hint: let them lean with `odds`.")
    assert isinstance(variable.law, Shares)
    block = plain(persona.document)["variables"][move.name]
    step = exact(block.get("step", "1")) or Fraction(1)
    values = [Fraction(str(value)) for value in variable.values]
    moved = {move.of(value): share for value, share in zip(values, variable.law.shares, strict=True) if share}
    old = values[0], values[-1]
    new = min(old[0], *moved), max(old[1], *moved)
    _check_grid(move, [*values, *moved], step)
    grid = [new[0] + step * i for i in range(int((new[1] - new[0]) / step) + 1)]
    odds = [row | {"multiply": dict(_factors(row["multiply"], move, old, new))} for row in block.get("odds", ())]
    bands = {f"{move.name}.bands": dict(_bands(grid, moved))} | ({f"{move.name}.odds": odds} if odds else {})
    return bands | (dict(_reaching(plain(persona.document), move.name, old, new)) if old != new else {})


def _check_grid(move: Move, values: list[Fraction], step: Fraction) -> None:
    off = next((value for value in values if (value - values[0]) % step), None)
    if off is not None:
        raise move.refuse(
            f"leads to {text_of(off)}. Allowed: whole steps of {text_of(step)} from {text_of(values[0])}."
        )
    column = _column(move.name)
    least, most = min(values), max(values)
    if column is not None and column.range and not column.range[0] <= least <= most <= column.range[1]:
        allowed = f"{column.range[0]:g} to {column.range[1]:g} {column.unit}".rstrip()
        raise move.refuse(f"reaches from {text_of(least)} to {text_of(most)}. Allowed: {allowed}.")
    if (most - least) / step >= MAX_VALUES:
        raise move.refuse(f"needs a grid from {text_of(least)} to {text_of(most)}. Allowed: {MAX_VALUES} values.")


def _column(name: str) -> Column | None:
    return tables.stated()[name][1] if name in tables.stated() else None


def _bands(grid: list[Fraction], shares: Mapping[Fraction, Fraction]) -> Iterator[tuple[str, str]]:
    """Neighbours of the same share as one band."""
    for share, run in groupby(grid, key=lambda value: shares.get(value, Fraction(0))):
        inside = list(run)
        yield _range(text_of(inside[0]), text_of(inside[-1])), text_of(share * len(inside))


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"


def _factors(stated: Mapping[str, str], move: Move, old: Ends, new: Ends) -> Iterator[tuple[str, str]]:
    """The factors of `multiply` at the values that moved; some of those that nobody had are on the grid no more."""
    for key, factor in stated.items():
        first, dots, last = key.strip().partition("..")
        ends = (exact(first), exact(last if dots else first))
        low, high = (move.of(edge if end is None else end) for end, edge in zip(ends, old, strict=True))
        if low <= new[1] and high >= new[0]:
            yield _range(text_of(low), text_of(high)), factor


def _reaching(document: Mapping[str, Any], name: str, old: Ends, new: Ends) -> Iterator[tuple[str, Any]]:
    """Conditions on a variable that reach an end of its old grid, reaching the new end, by their paths."""
    for at, condition in _conditions(document, name):
        listed = isinstance(condition, list)
        reached = [_reach(text, old, new) for text in condition] if listed else _reach(condition, old, new)
        if reached != condition:
            yield at, reached
    for other, block in document["variables"].items():
        given = block.get("given", [])
        given = given if isinstance(given, list) else [given]
        renamed = _renamed(block["table"], given.index(name), old, new) if name in given else {}
        if renamed and renamed != block["table"]:
            yield f"{other}.table", renamed


def _conditions(document: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Path and text of every condition on a variable, but for the keys of tables."""
    for other, block in document["variables"].items():
        for key in ("odds", "where", "times", "plus"):
            for i, row in enumerate(block.get(key, ())):
                yield f"{other}.{key}[{i}].when.{name}", row.get("when", {}).get(name, [])
        if block.get("groups_of") == name:
            yield from ((f"{other}.groups.{level}", picked) for level, picked in block["groups"].items())
    for rule, row in document.get("rules", {}).items():
        yield f"rules.{rule}.never.{name}", row["never"].get(name, [])


def _renamed(table: Mapping[str, Any], depth: int, old: Ends, new: Ends) -> dict[str, Any]:
    if depth:
        return {key: _renamed(below, depth - 1, old, new) for key, below in table.items()}
    return {_reach(key, old, new): below for key, below in table.items()}


def _reach(text: str, old: Ends, new: Ends) -> str:
    first, dots, last = text.strip().partition("..")
    last = last if dots else first
    first = text_of(new[0]) if exact(first) == old[0] else first
    return _range(first, text_of(new[1]) if exact(last) == old[1] else last)
