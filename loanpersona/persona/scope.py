"""What a block can see while it is read, and how it says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from loanpersona.core.conditions import select
from loanpersona.core.errors import did_you_mean
from loanpersona.core.sourced import BASIS_KEYS, Basis, read_basis, read_words
from loanpersona.core.strict_yaml import Faults, Node, number
from loanpersona.persona.model import Value, Variable, When

ENTRIES = ("odds", "where", "times", "plus")
"""The keys that hold a list of rows, each of which may have a basis of its own."""
EXAMPLES = {
    "value": "value: 0.24",
    "when": "when: {age_years: 20..24}",
    "multiply": "multiply: {owner: 0.5}",
    "by": "by: 1.2",
    "given": "given: [occupation]",
    "groups_of": "groups_of: occupation",
    "least": "least: 0",
    "most": "most: 100",
    "step": "step: 1",
    "median": "median: 5200",
    "mean": "mean: 640",
    "sigma": "sigma: 0.3",
    "sd": "sd: 25",
    "scale": "scale: 1",
    "shape": "shape: 1.5",
    "first": "first: 2021-01-01",
    "last": "last: 2024-12-31",
    "zone": "zone: Asia/Shanghai",
    "hour": "hour: {weights: [0.9, 0.5, …], …}",
    "weekday": "weekday: {factors: {monday: 1.1, …}, …}",
    "public_holiday": "public_holiday: {factor: 0.65, …}",
    "day_of_month": "day_of_month: {factors: {1..5: 1.25, …}, …}",
    "spring_festival": "spring_festival: {holiday: 0.55, factors: {0..30: 0.8, …}, …}",
    "daily_noise": "daily_noise: {sigma: 0.2, …}",
    "weights": "weights: [0.9, 0.5, …]",
    "factors": "factors: {…}",
    "factor": "factor: 0.65",
    "holiday": "holiday: 0.55",
    "never": "never: {age_years: ..21, education: master}",
}
"""What a missing key would look like."""
_MOST_STEPS = 200
"""Blocks that are looked through for a circle."""


class BrokenBlockError(Exception):
    """A block too broken to go on with; its faults are noted already."""


class Parent(NamedTuple):
    """What a block can see of one above it, whose law may be broken."""

    name: str
    values: tuple[Value, ...]


@dataclass
class Scope:
    """The blocks of a document, the variables read so far, and the faults found."""

    blocks: dict[str, Node]
    sources: set[str]
    faults: Faults
    known: dict[str, Variable] = field(default_factory=dict)
    sound: dict[str, Variable] = field(default_factory=dict)
    """Those of them without a fault: what can be calibrated."""
    tried: set[str] = field(default_factory=set)
    """Those read so far, with or without success."""
    values: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """The values of each variable as soon as they are read."""

    def each(self, *reads: Callable[[], Any]) -> list[Any]:
        """What the reads return; all of them are tried before giving up on the block."""
        result, broken = [], False
        for read in reads:
            try:
                result.append(read())
            except BrokenBlockError:
                broken = True
        if broken:
            raise BrokenBlockError
        return result

    def stop(self, node: Node, what: str, *, allowed: str = "", hint: str = "") -> NoReturn:
        """Note a fault and give up on the block."""
        self.faults.add(node, what, allowed=allowed, hint=hint)
        raise BrokenBlockError

    def child(self, node: Node, key: str) -> Node:
        """The node under `key`, which must be there."""
        result = node.child(key)
        return result if result is not None else self.stop(node, f"`{key}` is missing", allowed=EXAMPLES.get(key, ""))

    def mapping(self, node: Node, what: str) -> dict[str, Node]:
        """The entries of a mapping; `what` says what was expected."""
        if not isinstance(node.value, dict):
            self.stop(node, f"expected {what}, got {node.shown() or 'nothing'}")
        return node.value

    def number(self, node: Node) -> Fraction:
        """The number a node states."""
        value = number(node, self.faults)
        if value is None:
            raise BrokenBlockError
        return value

    def numbers(self, nodes: dict[str, Node]) -> dict[str, Fraction]:
        """The numbers of a mapping; all that are none are noted before giving up."""
        result = {key: number(node, self.faults) for key, node in nodes.items()}
        if any(value is None for value in result.values()):
            raise BrokenBlockError
        return {key: value for key, value in result.items() if value is not None}

    def only(self, node: Node, allowed: tuple[str, ...]) -> None:
        """Note every key that is not allowed."""
        for key, child in self.mapping(node, "a mapping").items():
            if key not in allowed:
                self.faults.add(child, f"unknown key '{key}'", hint=did_you_mean(key, allowed))

    def words(self, node: Node) -> dict[str, str]:
        """One text per language."""
        return read_words(node, self.faults)

    def basis(self, node: Node, general: Basis | None = None) -> Basis:
        """Where the numbers of a node come from; without a word of its own, where those of `general` do."""
        return read_basis(node, self.faults, self.sources, general)

    def entries(self, node: Node, key: str, wanted: tuple[str, ...]) -> list[tuple[Node, When]]:
        """The entries of a list such as `odds`, each with its condition; empty where there is no such list."""
        stated = node.child(key)
        if stated is None:
            return []
        if not isinstance(stated.value, tuple):
            self.stop(stated, "not a list", allowed=f"- {{when: …, {wanted[0]}: …}}")
        self.each(*(lambda entry=entry: self._entry(entry, wanted) for entry in stated.value))
        whens = self.each(*(lambda entry=entry: self._whom(entry, wanted) for entry in stated.value))
        return list(zip(stated.value, whens, strict=True))

    def _entry(self, entry: Node, wanted: tuple[str, ...]) -> None:
        self.only(entry, ("when", *wanted, *BASIS_KEYS))
        if not any(entry.child(name) is not None for name in wanted):
            self.stop(entry, f"no {' or '.join(wanted)}", allowed=EXAMPLES[wanted[0]])

    def _whom(self, entry: Node, wanted: tuple[str, ...]) -> When:
        """The condition of an entry; a factor or shift without one is everybody's."""
        everybody = wanted == ("by",) and entry.child("when") is None
        return () if everybody else self.when(self.child(entry, "when"))

    def when(self, node: Node) -> When:
        """The condition that a node states."""
        stated = self.mapping(node, "a condition per variable")
        if not stated:
            self.stop(node, "names no variable", allowed="at least one, such as {age_years: 20..24}")
        return tuple((name, select(at, self.parent(at, name).values, self.faults)) for name, at in stated.items())

    def given(self, node: Node) -> list[Node]:
        """The parents that a table names."""
        stated = self.child(node, "given")
        if isinstance(stated.value, dict) or not stated.value:
            self.stop(stated, "not a list of variables", allowed="given: [occupation]")
        return list(stated.value) if isinstance(stated.value, tuple) else [stated]

    def named(self, at: Node) -> Parent:
        """The variable above that a node names."""
        if not isinstance(at.value, str):
            self.stop(at, "not a variable", allowed="the name of one variable above")
        return self.parent(at, at.value)

    def parent(self, at: Node, name: str) -> Parent:
        """The variable above of that name; notes what is wrong where there is none."""
        if name in self.values:
            return Parent(name, self.values[name])
        own = at.path.removeprefix("variables.").split(".")[0].split("[")[0]
        if name not in self.blocks:
            self.stop(at, f"unknown variable '{name}'", hint=did_you_mean(name, self.values or self.blocks))
        if name in self.tried and name != own:
            raise BrokenBlockError  # the parent stands above but is broken itself, and said so
        if circle := _circle(own, name, self.blocks):
            self.stop(at, f"depends on itself: {' → '.join(circle)}", hint="Break the circle.")
        return self.stop(at, f"'{name}' stands below", hint=f"Move it above {own}: blocks are drawn in their order.")


def _circle(own: str, parent: str, blocks: dict[str, Node]) -> list[str]:
    """The shortest way from `parent` back to `own` along what the blocks name, or nothing."""
    if parent == own:
        return [own, own]
    named_by = {parent: ""}
    for block in islice(ways := [parent], _MOST_STEPS):
        for name in sorted(mentions(blocks[block])) if block in blocks else ():
            if name not in named_by:
                named_by[name] = block
                ways.append(name)
    way = [own]
    while way[-1] != parent and own in named_by:
        way.append(named_by[way[-1]])
    return [own, *reversed(way)] if own in named_by else []


def mentions(node: Node) -> set[str]:
    """The variables that a block or a rule names."""
    never = node.child("never")
    result = set(never.value) if never is not None and isinstance(never.value, dict) else set[str]()
    for key in ("given", "groups_of"):
        stated = node.child(key)
        parts = () if stated is None else stated.value if isinstance(stated.value, tuple) else (stated,)
        result |= {str(part.value) for part in parts}
    for key in ENTRIES:
        stated = node.child(key)
        for entry in stated.value if stated is not None and isinstance(stated.value, tuple) else ():
            when = entry.child("when")
            result |= set(when.value) if when is not None and isinstance(when.value, dict) else set()
    return result
