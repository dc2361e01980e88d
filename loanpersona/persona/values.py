"""The values a variable can take: the levels of a category, the numbers of bands, a grid."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from loanpersona.errors import did_you_mean
from loanpersona.persona.model import Value
from loanpersona.persona.reader import GRID, SHAPES
from loanpersona.persona.scope import BrokenBlockError, Scope
from loanpersona.strict_yaml import Node
from loanpersona.tables import Column

MAX_VALUES = 10_000
MAX_NUMBER = 10**12


def read_values(scope: Scope, name: str, node: Node, law: str, column: Column | None) -> tuple[Value, ...]:
    """The values of a block, in order; `column` is the standard column of that name, if there is one."""
    if law == "bands":
        return _bands(scope, scope.child(node, law))
    if law in SHAPES:
        return _grid(scope, node)
    body = scope.child(node, law)
    leaves = list(_leaves(body, len(scope.given(node)))) if law == "table" else [body]
    stated: dict[str, Node] = {}
    for leaf in leaves:
        stated = {**scope.mapping(leaf, "a share per level"), **stated}
    if not 0 < len(stated) <= MAX_VALUES:
        scope.stop(body, f"names {len(stated) or 'no'} levels", allowed=f"1 to {MAX_VALUES}")
    return _levels(scope, name, node, stated, column)


def _leaves(node: Node, depth: int) -> Iterable[Node]:
    if depth == 0:
        yield node
    elif isinstance(node.value, dict):
        for child in node.value.values():
            yield from _leaves(child, depth - 1)


def _levels(scope: Scope, name: str, node: Node, stated: dict[str, Node], column: Column | None) -> tuple[Value, ...]:
    own = node.child("labels")
    labelled = scope.mapping(own, "a text per level") if own is not None else {}
    for text in labelled.values():
        scope.words(text)
    standard = _standard(stated, column)
    may_add = column is None or column.open
    unknown = [level for level in stated if level not in standard and not (may_add and level in labelled)]
    for level in unknown:
        example = f" A new level needs words: labels: {{{level}: {{en: …, zh: …}}}}." if may_add else ""
        hint = did_you_mean(level, [*standard, *labelled])
        scope.faults.add(stated[level], f"unknown level '{level}' of {name}", hint=hint + example)
    if unknown:
        raise BrokenBlockError  # what follows from a misspelt level is no fault of its own
    # Standard levels keep the order of the schema, so that the order in a file changes no draw.
    return (
        *(level for level in standard if level in stated),
        *(level for level in stated if level not in standard),
    )


def _standard(stated: Iterable[str], column: Column | None) -> tuple[str, ...]:
    if column is not None and column.levels:
        return column.levels
    yes_or_no = column.type == "bool" if column is not None else set(stated) <= {"no", "yes"}
    return ("no", "yes") if yes_or_no else ()


def _grid(scope: Scope, node: Node) -> tuple[Value, ...]:
    least, most, step = scope.numbers({key: scope.child(node, key) for key in GRID}).values()
    if step <= 0 or least >= most or (most - least) % step:
        scope.stop(node, "least, most and step make no grid", allowed="least < most with whole steps between")
    if max(abs(least), abs(most)) > MAX_NUMBER:
        scope.stop(node, f"a grid from {float(least):g} to {float(most):g}", allowed=f"up to {MAX_NUMBER:g} in size")
    count = int((most - least) / step) + 1
    if count > MAX_VALUES:
        scope.stop(node, f"{count} values", allowed=f"at most {MAX_VALUES}", hint="Take a larger step.")
    return tuple(_plain(least + step * i) for i in range(count))


def _bands(scope: Scope, node: Node) -> tuple[Value, ...]:
    ends = [_ends(scope, key, child) for key, child in scope.mapping(node, "bands such as 20..24").items()]
    if not ends:
        scope.stop(node, "names no band", allowed="bands such as 20..24")
    for (first, last), (start, stop) in pairwise(ends):
        if start != last + 1:
            what = "overlap or stand in the wrong order" if start <= last else "leave a gap"
            scope.stop(node, f"the bands {first}..{last} and {start}..{stop} {what}", hint="Both ends count.")
    return tuple(range(ends[0][0], ends[-1][1] + 1))


def _ends(scope: Scope, key: str, at: Node) -> tuple[int, int]:
    first, dots, last = key.partition("..")
    if not (first.isascii() and first.isdecimal()) or (dots and not (last.isascii() and last.isdecimal())):
        scope.stop(at, f"'{key}' is no band", allowed="20..24 with both ends included, or one number")
    ends = int(first[:9]), int((last or first)[:9])
    if ends[0] > ends[1]:
        scope.stop(at, f"the band {key} is reversed", hint=f"Write {last}..{first}.")
    if ends[1] > MAX_VALUES:
        scope.stop(at, f"the band {key} reaches too far", allowed=f"numbers up to {MAX_VALUES}")
    return ends


def _plain(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
