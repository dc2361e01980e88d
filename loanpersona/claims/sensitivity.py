"""Which claim turns when which number of a persona moves, one number at a time, and at what value."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from loanpersona.analysis.frame import declarations
from loanpersona.claims.reader import chosen
from loanpersona.claims.rules import lead
from loanpersona.claims.statement import Claim
from loanpersona.core.errors import InputError, expect
from loanpersona.core.strict_yaml import Node, exact, plain
from loanpersona.tables.book import Book

if TYPE_CHECKING:
    from loanpersona.persona.model import Persona

ADDING_UP = ("shares", "bands")
"""Blocks whose numbers add up to one: where one moves, the others keep their ratios."""
FAR = (100.0, 10.0, 4.0, 2.0, 1.25)
"""How many times a number may grow or shrink (of a share, what is left of one); the first that the persona allows."""
STEPS, CLOSE = 12, 0.01


def sensitivity(
    persona: Persona, statements: Sequence[str] | None = None, *, n: int = 20_000, seed: int = 7
) -> pd.DataFrame:
    """Where each claim turns when a number that it rests on moves by itself, the luck being the same.

    Columns: statement, number (its path), now, here (holds or fails at that number), turns_at (the nearest value
    at which the claim changes sides; missing where no value within reach turns it). Read off `n` users
    without intervals, so good to about a point. Shares grow at the cost of the other shares; scale and
    shift move a whole variable. Tables and numbers that this persona does not state are left out. Raises InputError
    for unknown ids.

    >>> import loanpersona as lp
    >>> found = sensitivity(lp.load_persona("article"), ["1.2a"], n=2_000)
    >>> found["number"].tolist(), found["turns_at"].round(1).tolist()
    (['sex.shares.male'], [0.5])
    """
    _expect_persona(persona)
    rows = [
        {"statement": one.id, "number": path, **_turning(persona, one.claim, path, n, seed)}
        for one in chosen(statements)
        if one.claim
        for path in _leaves(persona, one.claim.rests_on)
    ]
    return pd.DataFrame(rows, columns=["statement", "number", "now", "here", "turns_at"])


def unseen(persona: Persona) -> list[str]:
    """The numbers of a persona that no claim rests on, as paths of variables and of parts of the calendar.

    >>> import loanpersona as lp
    >>> "zhima_score" in unseen(lp.load_persona("article"))
    True
    """
    _expect_persona(persona)
    seen = [path for one in chosen(None) if one.claim for path in one.claim.rests_on]
    parts = [*persona.variables, *(f"calendar.{name}" for name in plain(persona.document).get("calendar", {}))]
    return [part for part in parts if not any(path == part or path.startswith(f"{part}.") for path in seen)]


def _expect_persona(persona: object) -> None:
    from loanpersona.persona.model import Persona

    expect(persona, Persona, "persona", "a persona, such as lp.load_persona gives")


def _turning(persona: Persona, claim: Claim, path: str, n: int, seed: int) -> dict[str, Any]:
    now = _number(persona, path)
    lead_at = cache(lambda value: _lead(claim, _drawn(_moved(persona, path, value), claim, n, seed)))
    ends = [end for end in (_end(persona, path, now, up) for up in (False, True)) if end is not None]
    known = [end for end in ends if not isnan(lead_at(end))]
    turned = [_between(lead_at, now, end) for end in known if (lead_at(end) > 0) != (lead_at(now) > 0)]
    nearest = min(turned, key=lambda value: abs(value - now), default=None)
    return {"now": now, "here": "holds" if lead_at(now) > 0 else "fails", "turns_at": nearest}


def _between(lead_at: Callable[[float], float], now: float, end: float) -> float:
    """Where the lead of a claim crosses zero between now and an end at which it has (regula falsi, Illinois)."""
    (one, other), weights = (now, end), [lead_at(now), lead_at(end)]
    for _ in range(STEPS):
        middle = (one * weights[1] - other * weights[0]) / (weights[1] - weights[0])
        found = lead_at(middle)
        if abs(one - other) < CLOSE * abs(now - end) or abs(found) < CLOSE * abs(lead_at(now)):
            break
        if (found > 0) == (weights[1] > 0):
            other, weights = middle, [weights[0] / 2, found]
        else:
            one, other, weights = other, middle, [weights[1], found]
    return middle


def _lead(claim: Claim, book: Book) -> float:
    try:
        return min(lead(one.rule, declarations()[one.frame].call(book, **one.arguments)) for one in claim.checks)
    except InputError:  # nobody is left in a row that the claim looks at
        return nan


def _drawn(persona: Persona, claim: Claim, n: int, seed: int) -> Book:
    """As many users as asked for; without their lives, where the frames of a claim read none."""
    from loanpersona.simulation.generation import generate

    people_only = all(set(declarations()[one.frame].reads) == {"users"} for one in claim.checks)
    return generate(persona, n=n, seed=seed, tables=["users"] if people_only else None)


def _end(persona: Persona, path: str, now: float, up: bool) -> float | None:
    """The farthest value that a number may move to, of a few that are tried; none where the persona allows none."""
    for far in FAR:
        share = _block(path) in ADDING_UP
        value = now + far / 2 * (1 if up else -1) if path.endswith(".shift") else now * far if up else now / far
        value = 1 - (1 - now) / far if share and up else value
        try:
            _moved(persona, path, value)
        except InputError:
            continue
        return value
    return None


def _moved(persona: Persona, path: str, value: float) -> Persona:
    """The persona with one number changed; of numbers that add up to one, the others keep their ratios."""
    if value == _number(persona, path):
        return persona
    changes: dict[str, Any] = {path: value}
    if _block(path) in ADDING_UP:
        whole, key = _parent(path)
        now = {name: float(exact(str(one)) or 0) for name, one in plain(_node(persona, whole)).items()}
        rest = (1 - value) / (1 - now[key])
        changes = {whole: {name: value if name == key else one * rest for name, one in now.items()}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return persona.replace(changes)


def _number(persona: Persona, path: str) -> float:
    if path.endswith((".scale", ".shift")):
        return 1.0 if path.endswith(".scale") else 0.0
    return float(exact(str(_node(persona, path).value)) or 0)


def _leaves(persona: Persona, paths: Sequence[str]) -> Iterator[str]:
    """The single numbers among some paths, and those of blocks that add up to one."""
    for path in paths:
        try:
            node = None if path.endswith((".scale", ".shift")) else _node(persona, path)
        except InputError:  # another persona may state it in another way
            continue
        if node is None or isinstance(node.value, str):
            yield path
        elif isinstance(node.value, dict) and path.endswith(tuple(f".{name}" for name in ADDING_UP)):
            yield from (f"{path}.{name}" for name in node.value)


def _parent(path: str) -> tuple[str, str]:
    """The path of the block that a number stands in, and its key there, which may hold dots itself (25..29)."""
    whole, _, key = re.sub(r"\.\.", "\0", path).rpartition(".")
    return whole.replace("\0", ".."), key.replace("\0", "..")


def _block(path: str) -> str:
    return _parent(path)[0].rpartition(".")[2]


def _node(persona: Persona, path: str) -> Node:
    """What stands at a path of a persona's file; raises InputError where nothing does."""
    node: Node | None = persona.document
    rest = path if path.startswith("calendar.") else f"variables.{path}"
    while node is not None and rest:
        if isinstance(node.value, tuple):
            place, _, rest = rest.removeprefix("[").partition("]")
            node, rest = node.value[int(place)], rest.removeprefix(".")
        else:
            keys = [
                key
                for key in (node.value if isinstance(node.value, dict) else ())
                if re.match(rf"{re.escape(key)}(?:[.\[]|$)", rest)
            ]
            key = max(keys, key=len, default="")
            node, rest = node.child(key), rest[len(key) :].removeprefix(".")
    if node is None:
        raise InputError(f"{path}: no such number in persona {persona.name}.")
    return node
