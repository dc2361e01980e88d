"""The one `when:` grammar: which values of a variable a condition picks.

A condition is a value (`owner`), a list (`[owner, courier]`) or a range with both ends included
(`20..24`, `8000..`, `..2999`, `tier1..tier2`). Ranges of words follow the order of the levels.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from loanpersona.core.errors import did_you_mean
from loanpersona.core.strict_yaml import Faults, Node, exact

Value = str | int | float


def select(node: Node, values: Sequence[Value], faults: Faults) -> frozenset[int]:
    """Positions in `values` that the condition picks; faults are noted and the rest goes on."""
    parts = node.value if isinstance(node.value, tuple) else (node,)
    if not parts:
        faults.add(node, "names no value", allowed="at least one")
    picked: set[int] = set()
    for part in parts:
        picked |= _pick(part, values, faults)
    return frozenset(picked)


def ends(node: Node) -> Iterator[Fraction]:
    """The numbers that a condition names: where its ranges begin and end."""
    for part in node.value if isinstance(node.value, tuple) else (node,):
        words = part.value.strip().partition("..") if isinstance(part.value, str) else ()
        yield from (end for end in map(exact, words) if end is not None)


def pick_key(key: str, at: Node, values: Sequence[Value], faults: Faults) -> frozenset[int]:
    """Like `select` for a key of a mapping (a level or a range), reported at the node it leads to."""
    return _pick(Node(key, at.file, at.line, at.path), values, faults)


def _pick(node: Node, values: Sequence[Value], faults: Faults) -> frozenset[int]:
    if not isinstance(node.value, str):
        faults.add(node, "not a condition", allowed="a value, a list of values or a range such as 20..24")
        return frozenset()
    text, in_words = node.value.strip(), isinstance(values[0], str)
    picked = (_pick_levels if in_words else _pick_numbers)(node, text, values, faults)
    faults.spend(node, len(picked))
    return picked


def _pick_levels(node: Node, text: str, values: Sequence[Value], faults: Faults) -> frozenset[int]:
    levels = [str(value) for value in values]
    first, dots, last = text.partition("..")
    ends = [end for end in (first, last) if end]
    unknown = [end for end in ends if end not in levels]
    if unknown or not ends:
        faults.add(
            node,
            f"unknown level '{(unknown or [text])[0]}'",
            hint=did_you_mean((unknown or [text])[0], levels),
        )
        return frozenset()
    start = levels.index(first) if first else 0
    stop = levels.index(last) if last else (len(levels) - 1 if dots else start)
    return _between(node, start, stop, faults)


def _pick_numbers(node: Node, text: str, numbers: Sequence[Value], faults: Faults) -> frozenset[int]:
    first, dots, last = text.partition("..")
    low = exact(first) if first else _stated(numbers[0])
    high = exact(last) if last else _stated(numbers[-1]) if dots else low
    if low is None or high is None or not first + last:
        hint = "Write two dots between the ends." if any(c in text for c in "-–—~～") else ""
        faults.add(node, "not a number or a range", allowed="20, 20..24, 20.. or ..24, ends included", hint=hint)
        return frozenset()
    if first and last and low > high:
        faults.add(node, "the range is reversed", hint=f"Write {last}..{first}.")
        return frozenset()
    picked = range(bisect_left(numbers, low, key=_stated), bisect_right(numbers, high, key=_stated))
    if not picked:
        faults.add(node, "picks nothing", allowed=f"{float(numbers[0]):g} to {float(numbers[-1]):g}")
    return frozenset(picked)


@lru_cache(maxsize=4096)
def _stated(value: Value) -> Fraction:
    """A number of a grid as the file states it: 0.1 is a tenth, and not the float next to it."""
    return Fraction(str(value))


def _between(node: Node, start: int, stop: int, faults: Faults) -> frozenset[int]:
    if start > stop:
        faults.add(node, "the range is reversed", hint="Ranges follow the order of the levels.")
    return frozenset(range(start, stop + 1))


def written(values: Sequence[Value], picked: Collection[int]) -> str:
    """A condition that picks these positions, as a file would write it.

    >>> written(range(18, 30), {2, 3, 4, 7})
    '20..22, 25'
    """
    return ", ".join(_run(values, start, stop) for start, stop in runs(sorted(picked)))


def runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch of neighbours."""
    start = 0
    for i in range(1, len(positions) + 1):
        if i == len(positions) or positions[i] != positions[i - 1] + 1:
            yield positions[start], positions[i - 1]
            start = i


def _run(values: Sequence[Value], first: int, last: int) -> str:
    return f"{values[first]}" if first == last else f"{values[first]}..{values[last]}"
