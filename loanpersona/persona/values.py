"""The values a variable can take: the levels of a category, the numbers of bands, a grid."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import lcm

from loanpersona.core.errors import did_you_mean
from loanpersona.core.strict_yaml import Node, exact
from loanpersona.persona.model import Value
from loanpersona.persona.reader import GRID, SHAPES
from loanpersona.persona.scope import BrokenBlockError, Scope
from loanpersona.tables import Column

MAX_VALUES = 10_000
MAX_NUMBER = 10**12
_EXAMPLE = "20..24"


def read_values(scope: Scope, name: str, node: Node, law: str, column: Column | None) -> tuple[Value, ...]:
    """The values of a block, in order; `column` is the standard column of that name, if there is one."""
    if law == "bands":
        return _bands(scope, scope.child(node, law), node.child("step"))
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
    return _steps(least, step, count)


def _steps(least: Fraction, step: Fraction, count: int) -> tuple[int | float, ...]:
    """`count` numbers from `least` on; a fraction is the float nearest to it."""
    one = lcm(least.denominator, step.denominator)
    start, width = int(least * one), int(step * one)
    return tuple(_plain(start + width * i, one) for i in range(count))


def _plain(part: int, one: int) -> int | float:
    return part / one if part % one else part // one


def _bands(scope: Scope, node: Node, stepped: Node | None) -> tuple[Value, ...]:
    step = scope.number(stepped) if stepped is not None else Fraction(1)
    if stepped is not None and step <= 0:
        scope.stop(stepped, "not a step", allowed="a number above 0")
    ends = [
        band_ends(scope, key, child, step) for key, child in scope.mapping(node, f"bands such as {_EXAMPLE}").items()
    ]
    if not ends:
        scope.stop(node, "names no band", allowed=f"bands such as {_EXAMPLE}")
    for (first, last), (start, stop) in pairwise(ends):
        if start != last + step:
            what = "overlap or stand in the wrong order" if start <= last else "leave a gap"
            shown = f"{_text(first)}..{_text(last)} and {_text(start)}..{_text(stop)}"
            scope.stop(node, f"the bands {shown} {what}", hint=f"Both ends count, in steps of {_text(step)}.")
    count = int((ends[-1][1] - ends[0][0]) / step) + 1
    if count > MAX_VALUES:
        scope.stop(node, f"{count} values", allowed=f"at most {MAX_VALUES}", hint="Take a larger step.")
    return _steps(ends[0][0], step, count)


def band_ends(scope: Scope, key: str, at: Node, step: Fraction) -> tuple[Fraction, Fraction]:
    """First and last value of the band that a key such as `20..24` names."""
    first, dots, last = key.partition("..")
    low, high = exact(first), exact(last if dots else first)
    if low is None or high is None or last.startswith("."):
        scope.stop(at, f"'{key}' is no band", allowed=f"{_EXAMPLE} with both ends included, or one number")
    if low > high:
        scope.stop(at, f"the band {key} is reversed", hint=f"Write {last}..{first}.")
    if max(abs(low), abs(high)) > MAX_NUMBER:
        scope.stop(at, f"the band {key} reaches too far", allowed=f"numbers up to {MAX_NUMBER:g} in size")
    if (high - low) % step:
        scope.stop(at, f"the band {key} is not whole in steps of {_text(step)}", allowed="ends a whole step apart")
    return low, high


def _text(value: Fraction) -> str:
    return f"{float(value):.12g}"
