"""Personas that are wrong by a little, to see whether the statistical layer notices: its teeth.

A mutant is the persona with one thing changed in its text. Kinds:

- **share**: a share, or the share of a band, two points up or down, the others rescaled;
- **cell**: the same in a row of a table;
- **effect**: a factor of odds or of a location times e^0.1 or e^-0.1 (a factor of zero becomes 0.1), a shift 0.1 up
  or down;
- **parameter**: median, mean, spread or shape moved either way until two points of the probability lie elsewhere;
- **rows**: two neighbouring rows of a table swapped, where they differ;
- **end**: an end of a condition, of a band or of a grid moved by one step;
- **stream**: a variable drawn with the random words of another.

The caps of the product and the words of a persona touch no user, and a group holds no number: the schema and the
golden digests hold these. `teeth.py` tries them.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, combinations, pairwise, zip_longest
from typing import Any

import numpy as np
from scipy import optimize

import loanpersona as lp
from loanpersona.core.strict_yaml import plain
from loanpersona.persona.distributions import cumulative
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Variable
from loanpersona.simulation import users

POINTS = Fraction(2, 100)
LEAN = 0.1
Block = Mapping[str, Any]


@dataclass(frozen=True)
class Mutant:
    """A persona that is wrong: in a value of its text, or by a stream that serves two variables."""

    kind: str
    name: str
    """Where it is wrong, and how."""
    variable: str
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """As `Persona.replace` takes them."""
    twin: str = ""
    """The variable whose stream is used again."""


def mutants(persona: lp.Persona) -> list[Mutant]:
    """All mutants of a persona."""
    result: list[Mutant] = []
    for name, block in plain(persona.document)["variables"].items():
        made = chain(
            _shares(block),
            _effects(block),
            _parameters(persona.variables[name], block),
            _rows(block),
            _ends(persona, block),
        )
        for kind, path, how, value in made:
            changed = _put(block[path[0]], path[1:], value)
            said = ".".join(map(str, path))
            result.append(Mutant(kind, f"{name}.{said} {how}", name, {f"{name}.{path[0]}": changed}))
    return result + list(_streams(persona))


def sampled(result: list[Mutant], count: int) -> list[Mutant]:
    """Some mutants of every kind in turn, picked by the hash of their names."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in sorted(result, key=lambda mutant: hashlib.sha256(mutant.name.encode()).digest()):
        kinds.setdefault(mutant.kind, []).append(mutant)
    in_turn = chain.from_iterable(zip_longest(*kinds.values()))
    return [mutant for mutant in in_turn if mutant is not None][:count]


def _put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of nested mappings and lists with one value changed."""
    if not path:
        return value
    copy = list(tree) if isinstance(tree, list) else dict(tree)
    copy[path[0]] = _put(tree[path[0]], path[1:], value)
    return copy


Change = tuple[str, tuple[Any, ...], str, Any]
"""Kind, path inside the block, what is done there in words, the new value."""


def _leaves(tree: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], dict[str, str]]]:
    """The rows of a table, or the one row that shares are."""
    if all(isinstance(value, str) for value in tree.values()):
        yield path, tree
    else:
        for key, below in tree.items():
            yield from _leaves(below, (*path, key))


def _rows_of(block: Block) -> list[tuple[tuple[Any, ...], dict[str, str]]]:
    return [row for law in ("shares", "bands", "table") if law in block for row in _leaves(block[law], (law,))]


def _shares(block: Block) -> Iterator[Change]:
    for path, row in _rows_of(block):
        for key in row:
            for points in (POINTS, -POINTS):
                if 0 <= Fraction(row[key]) + points <= 1:
                    kind = "cell" if path[0] == "table" else "share"
                    yield kind, path, f"{key} {float(points):+g}", _moved(row, key, points)


def _moved(row: Mapping[str, str], key: str, points: Fraction) -> dict[str, str]:
    """A row with one share moved and the others rescaled, so that the sum stays exactly one."""
    before = {level: Fraction(share) for level, share in row.items()}
    others = (1 - before[key] - points) / (1 - before[key])
    return {level: str(share + points if level == key else share * others) for level, share in before.items()}


def _effects(block: Block) -> Iterator[Change]:
    for law in ("odds", "times", "plus"):
        for i, entry in enumerate(block.get(law, [])):
            for path in [("multiply", key) for key in entry["multiply"]] if law == "odds" else [("by",)]:
                before = float(entry["by"] if law != "odds" else entry["multiply"][path[1]])
                for after in _leaned(before, law):
                    yield "effect", (law, i, *path), f"{before:g} -> {after:.6g}", f"{after:.12g}"


def _leaned(before: float, law: str) -> tuple[float, ...]:
    if law == "plus":
        return before + LEAN, before - LEAN
    return (before * math.exp(LEAN), before * math.exp(-LEAN)) if before else (LEAN,)


def _parameters(variable: Variable, block: Block) -> Iterator[Change]:
    family = next((law for law in block if law in PARAMETERS), "")
    stated = [((family,), block[family])] if family else []
    stated += [(("where", i), entry) for i, entry in enumerate(block.get("where", []))]
    # What is not stated in general is taken from the first row that states it.
    general = {key: float(row[key]) for _, row in reversed(stated) for key in PARAMETERS[family] if key in row}
    for path, row in stated:
        here = general | {key: float(row[key]) for key in general if key in row}
        for key in [key for key in general if key in row]:
            for way in (1, -1):
                after = _shifted(variable, family, here, key, way)
                yield "parameter", (*path, key), f"{here[key]:g} -> {after:.6g}", f"{after:.12g}"


def _shifted(variable: Variable, family: str, here: Mapping[str, float], key: str, way: int) -> float:
    """A parameter moved until two points of the probability lie at other values of the grid."""
    grid = np.array(variable.values, float)
    located = key in ("mean", "median") and family in ("normal", "logistic")
    spread = here[PARAMETERS[family][1]]

    def at(step: float) -> float:
        return here[key] + way * step * spread if located else here[key] * math.exp(way * step)

    def chances(value: float) -> Any:
        parameters = {name: np.array([value if name == key else number]) for name, number in here.items()}
        still = np.ones(1) if family in ("lognormal", "gamma") else np.zeros(1)
        return np.diff(cumulative(family, (grid[1:] + grid[:-1]) / 2, parameters, still)[0], prepend=0, append=1)

    def elsewhere(step: float) -> float:
        return float(np.abs(chances(at(step)) - chances(here[key])).sum()) / 2 - float(POINTS)

    return at(optimize.brentq(elsewhere, 0, 2))


def _rows(block: Block) -> Iterator[Change]:
    rows = list(_leaves(block["table"], ("table",))) if "table" in block else []
    for (path, row), (other_path, other) in pairwise(rows):
        if row != other:
            swapped = _put(_put(block["table"], path[1:], other), other_path[1:], row)
            yield "rows", ("table",), f"{'.'.join(path[1:])} <-> {'.'.join(other_path[1:])}", swapped


def _streams(persona: lp.Persona) -> Iterator[Mutant]:
    drawn = [name for name, sampler in users.samplers(persona).items() if sampler.certain is None]
    for one, other in combinations(drawn, 2):
        yield Mutant("stream", f"{other} with the words of {one}", other, twin=one)


# Ends


def _ends(persona: lp.Persona, block: Block) -> Iterator[Change]:
    yield from _grid_ends(block)
    if "bands" in block:
        for how, moved in _moved_keys(block["bands"], Fraction(1)):
            yield "end", ("bands",), how, moved
    for law in ("odds", "where", "times", "plus"):
        for i, entry in enumerate(block.get(law, [])):
            for parent, condition in entry["when"].items():
                for moved in _moved_range(condition, persona.variables[parent]):
                    yield "end", (law, i, "when", parent), f"{condition} -> {moved}", moved
    for path, parent in _levels(block, persona):
        table = block["table"]
        for key in path:
            table = table[key]
        for how, moved in _moved_keys(table, _step(parent)):
            yield "end", ("table", *path), how, moved


def _grid_ends(block: Block) -> Iterator[Change]:
    for end in ("least", "most") if "step" in block else ():
        for way in (1, -1):
            after = Fraction(block[end]) + way * Fraction(block["step"])
            yield "end", (end,), f"{block[end]} -> {float(after):g}", f"{float(after):.12g}"


def _levels(block: Block, persona: lp.Persona) -> Iterator[tuple[tuple[str, ...], Variable]]:
    """Each mapping of a table whose keys are ranges of numbers: the way there, and the parent."""
    paths: list[tuple[str, ...]] = [()]
    for name in block.get("given", ()) if "table" in block else ():
        parent, below = persona.variables[name], list[tuple[str, ...]]()
        for path in paths:
            if not isinstance(parent.values[0], str):
                yield path, parent
            table = block["table"]
            for key in path:
                table = table[key]
            below += [(*path, key) for key in table]
        paths = below


def _step(variable: Variable) -> Fraction:
    return Fraction(str(variable.values[1])) - Fraction(str(variable.values[0]))


def _moved_keys(row: Mapping[str, Any], step: Fraction) -> Iterator[tuple[str, dict[str, Any]]]:
    """A mapping by bands with the border between two neighbours moved."""
    for key, after in pairwise(row):
        (low, high), (low_after, high_after) = _parts(key), _parts(after)
        for way, shrinks in ((step, low_after != high_after), (-step, low != high)):
            first = f"{low}..{_said(Fraction(high) + way)}"
            names = {key: first, after: f"{_said(Fraction(low_after) + way)}..{high_after}"}
            if shrinks:
                yield f"{key} -> {first}", {names.get(k, k): v for k, v in row.items()}


def _parts(band: str) -> tuple[str, str]:
    low, _, high = band.partition("..")
    return low, high or low


def _moved_range(condition: Any, parent: Variable) -> Iterator[str]:
    """A range of numbers with one of its ends moved by a step, but not beyond all values."""
    if isinstance(parent.values[0], str) or not re.fullmatch(r"[-\d.]*\.\.[-\d.]*", str(condition)):
        return
    low, _, high = condition.partition("..")
    least, most = (Fraction(str(parent.values[end])) for end in (0, -1))
    for way in (_step(parent), -_step(parent)):
        if low and Fraction(low) + way >= least:
            yield f"{_said(Fraction(low) + way)}..{high}"
        if high and Fraction(high) + way <= most:
            yield f"{low}..{_said(Fraction(high) + way)}"


def _said(value: Fraction) -> str:
    return f"{float(value):.12g}"
