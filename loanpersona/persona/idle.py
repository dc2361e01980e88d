"""Numbers that change nobody, and why, so that neither a file nor a change misleads.

A number is idle where no user's chances depend on it: rows stand in its place for everybody, a factor of 0 leaves
it nothing to move, or the shares come out the same whatever it says. The bounds of a grid say which values there are
and are never idle; rows that nobody is ever in are told by `never_drawn`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loanpersona.core.conditions import pick_key, written
from loanpersona.core.strict_yaml import Fault, Faults, Node
from loanpersona.persona.joint import Conditional, holds
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Effect, Given, Odds, Persona, Shape, Shares, When

_SHOWN = 5
Flags = npt.NDArray[np.bool_]


class Idle(NamedTuple):
    """A number that changes nobody."""

    path: str
    """From its variable on, such as `apr.normal.mean`."""
    node: Node
    why: str

    def __str__(self) -> str:
        text = f"{self.node.path} = {self.node.shown()}: changes nobody: {self.why}."
        return str(Fault(self.node.file, self.node.line, text))


class _Row(NamedTuple):
    """A number of a list such as `where`, and the cells of people that it speaks of."""

    at: str
    key: str
    node: Node
    when: When
    applies: Flags
    zero: bool


def idle(above: Mapping[str, Conditional], blocks: Mapping[str, Node]) -> Iterator[Idle]:
    """The idle numbers of the variables of a persona.

    >>> from loanpersona.persona.resolver import load_persona
    >>> article = load_persona("article")
    >>> list(idle(article.conditionals, article.document.child("variables").value))
    []
    """
    for name, conditional in above.items():
        law, teller = conditional.variable.law, _Teller(conditional, blocks[name], above)
        if isinstance(law, Shape):
            yield from teller.shape(law)
        elif isinstance(law, Shares) and law.odds:
            yield from teller.odds(law)


def idle_paths(persona: Persona) -> set[str]:
    """The paths of idle numbers, and of rows that nobody is ever in."""
    above, blocks = persona.conditionals, _mapping(persona.document.child("variables"))
    empty = {
        f"{name}.{path}"
        for name, conditional in above.items()
        for path, applies in _Teller(conditional, blocks[name], above).rows()
        if not applies.any()
    }
    return {result.path for result in idle(above, blocks)} | empty


class _Teller:
    """Tells the idle numbers of one variable."""

    def __init__(self, conditional: Conditional, block: Node, above: Mapping[str, Conditional]) -> None:
        self.conditional, self.block, self.above = conditional, block, above
        self.alive: Flags = conditional.weights > 0

    def shape(self, law: Shape) -> Iterator[Idle]:
        """A parameter is read where no row gives it and no factor makes everything 0."""
        where = self.effects("where", law.where, PARAMETERS[law.family])
        moves = self.effects(law.moves[0].parameter, law.moves, ("by",)) if law.moves else []
        zeros = [row for row in moves if row.zero]
        for name, node in _mapping(self.block.child(law.family)).items():
            yield from self.covered(
                f"{law.family}.{name}", node, self.alive, [*(row for row in where if row.key == name), *zeros]
            )
        for row in (*where, *moves):
            yield from self.covered(
                f"{row.at}.{row.key}", row.node, row.applies, [other for other in zeros if other.at != row.at]
            )

    def odds(self, law: Shares) -> Iterator[Idle]:
        """Factors count by how they set values apart; base odds make up for what they do to all alike."""
        rows, happens = self.factors(law.odds), np.array([share > 0 for share in law.shares])
        ruled_out = np.zeros((len(self.alive), len(happens)), np.int16)
        for row, picked in rows:
            ruled_out += row.zero * np.outer(row.applies, picked)
        possible = (ruled_out == 0) & happens & self.alive[:, None]
        for row, picked in rows:
            path, moved = f"{row.at}.multiply.{row.key}", picked & happens
            others = [other for other, theirs in rows if other.zero and other is not row and (theirs & picked).any()]
            if not row.applies.any():
                continue
            if not moved.any():
                yield self.entry(path, row.node, "its share is 0")
            elif not (ruled_out[row.applies][:, moved] == row.zero).any():
                yield from self.covered(path, row.node, row.applies, others)
            elif not row.zero and _made_up_for(possible[self.alive], row.applies[self.alive], moved):
                yield self.entry(path, row.node, "the shares stay as stated, and it sets nobody apart")

    def rows(self) -> Iterator[tuple[str, Flags]]:
        """The path of every row of the law, and the cells of people that it speaks of."""
        law = self.conditional.variable.law
        if isinstance(law, Given):
            paths = _paths(self.block.child("table"), "table", len(law.rows[0][0]))
            yield from ((path, self.applies(when)) for path, (when, _) in zip(paths, law.rows, strict=False))
        elif isinstance(law, Shares):
            yield from ((f"odds[{i}]", self.applies(odds.when)) for i, odds in enumerate(law.odds))
        else:
            moves = self.effects(law.moves[0].parameter, law.moves, ("by",)) if law.moves else []
            where = self.effects("where", law.where, PARAMETERS[law.family])
            yield from ((row.at, row.applies) for row in (*where, *moves))

    def effects(self, key: str, effects: Sequence[Effect], names: Sequence[str]) -> list[_Row]:
        """The numbers of `where`, `times` or `plus`."""
        stated = [
            (f"{key}[{i}]", name, row.value[name])
            for i, row in enumerate(_listed(self.block.child(key)))
            for name in names
            if isinstance(row.value, dict) and name in row.value
        ]
        return [
            _Row(*number, effect.when, self.applies(effect.when), effect.parameter == "times" and not effect.value)
            for number, effect in zip(stated, effects, strict=True)
        ]

    def factors(self, odds: Sequence[Odds]) -> list[tuple[_Row, Flags]]:
        """The factors of `odds`, each with the values that it multiplies."""
        values, result = self.conditional.variable.values, []
        for i, (row, entry) in enumerate(zip(_listed(self.block.child("odds")), odds, strict=True)):
            applies = self.applies(entry.when)
            for key, node in _mapping(row.child("multiply")).items():
                picked = np.zeros(len(values), bool)
                picked[list(pick_key(key, node, values, Faults()))] = True
                zero = not entry.factors[int(picked.argmax())]
                result.append((_Row(f"odds[{i}]", key, node, entry.when, applies, zero), picked))
        return result

    def applies(self, when: When) -> Flags:
        return self.alive & holds(when, self.conditional.bands)

    def covered(self, path: str, node: Node, cells: Flags, rows: Sequence[_Row]) -> Iterator[Idle]:
        """The number, if rows cover all the cells in which it would be read."""
        over = [row for row in rows if (row.applies & cells).any()]
        if over and not (cells & ~np.any([row.applies for row in over], axis=0)).any():
            yield self.entry(path, node, f"covered by {self.said(over)}")

    def said(self, rows: Sequence[_Row]) -> str:
        """Rows in words, such as `where[0] (sex male)`."""
        said = list(dict.fromkeys(f"{row.at} ({self.met(row.when)})" for row in rows))
        return ", ".join(said[:_SHOWN]) + (f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else "")

    def met(self, when: When) -> str:
        return " with ".join(f"{name} {written(self.above[name].variable.values, picked)}" for name, picked in when)

    def entry(self, path: str, node: Node, why: str) -> Idle:
        return Idle(f"{self.conditional.variable.name}.{path}", node, why)


def _made_up_for(possible: Flags, applies: Flags, moved: Flags) -> bool:
    """Whether moving these values in these cells is the same as moving whole values and whole cells.

    Base odds take up what a value gains everywhere, and what all values of a cell gain is no gain. So the question is
    whether levels of values and cells add up to the move wherever a value is possible.
    """
    happens, full = possible.any(axis=0), (possible == possible.any(axis=0)).all(axis=1)
    if (full & applies).any() and (full & ~applies).any() and (happens & ~moved).any():
        return False  # four corners, of which one alone moves
    cells = np.unique(np.column_stack([possible, applies]), axis=0)
    open_, moves = cells[:, :-1], cells[:, -1:] & moved
    values, levels = open_.shape[1], dict[int, int]()
    for start in range(values):
        ways = [] if start in levels else [(start, 0)]
        while ways:
            at, level = ways.pop()
            if at in levels:
                if levels[at] != level:
                    return False
                continue
            levels[at] = level
            if at < values:
                ways += [(values + c, level - int(moves[c, at])) for c in np.flatnonzero(open_[:, at]).tolist()]
            else:
                ways += [(i, level + int(moves[at - values, i])) for i in np.flatnonzero(open_[at - values]).tolist()]
    return True


def _paths(node: Node | None, path: str, depth: int) -> Iterator[str]:
    """The paths of the rows of a table; groups, which hold no number, have none."""
    if depth == 0 and node is not None:
        yield path
    for key, below in _mapping(node).items() if depth else ():
        yield from _paths(below, f"{path}.{key}", depth - 1)


def _mapping(node: Node | None) -> Mapping[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _listed(node: Node | None) -> Iterable[Node]:
    return node.value if node is not None and isinstance(node.value, tuple) else ()
