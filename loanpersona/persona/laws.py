"""The laws of a block: shares with odds, tables, groups, shapes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from loanpersona.core.conditions import pick_key, select
from loanpersona.core.sourced import Basis
from loanpersona.core.strict_yaml import Node
from loanpersona.persona.model import Effect, Given, Odds, Shape, Shares, Value, When
from loanpersona.persona.reader import LAWS
from loanpersona.persona.scope import Parent, Scope

PARAMETERS = {
    "lognormal": ("median", "sigma"),
    "normal": ("mean", "sd"),
    "logistic": ("median", "scale"),
    "gamma": ("mean", "shape"),
}
POSITIVE = {"sigma", "sd", "scale", "shape"}
_SHOWN = 8
Rows = list[tuple[When, tuple[Fraction, ...]]]


def read_law(scope: Scope, node: Node, law: str, values: Sequence[Value], basis: Basis) -> Shares | Given | Shape:
    """The law that a block states under the key `law`."""
    body = scope.child(node, law)
    if law in ("shares", "bands"):
        read = _shares if law == "shares" else _band_shares
        return Shares(*scope.each(lambda: read(scope, body, values), lambda: _odds(scope, node, values, basis)))
    if law == "table":
        parents = [scope.named(at) for at in scope.given(node)]
        return Given(tuple(_rows(scope, body, parents, (), values)))
    if law == "groups":
        return _groups(scope, body, scope.child(node, "groups_of"), values)
    return _shape(scope, node, law, basis)


def _shares(scope: Scope, node: Node, values: Sequence[Value]) -> tuple[Fraction, ...]:
    body = scope.mapping(node, "a share per level")
    missing = [str(value) for value in values if value not in body]
    if missing:
        scope.stop(node, f"no share for {', '.join(missing)}", allowed="every level; 0 if it never happens")
    shares = _summing_to_one(scope, node, body)
    return tuple(shares[str(value)] for value in values)


def _summing_to_one(scope: Scope, node: Node, body: dict[str, Node]) -> dict[str, Fraction]:
    shares = scope.numbers(body)
    outside = [key for key, share in shares.items() if not 0 <= share <= 1]
    for key in outside:
        hint = "Write 0.6 for 60 %." if shares[key] > 1 else ""
        scope.faults.add(body[key], "not a share", allowed="0 to 1", hint=hint)
    total = sum(shares.values())
    if not outside and total != 1:
        terms = " + ".join(f"{key} {body[key].shown()}" for key in list(shares)[:_SHOWN])
        more = " + …" if len(shares) > _SHOWN else ""
        sum_ = Decimal(total.numerator) / total.denominator
        scope.stop(node, f"the shares sum to {sum_}, not 1", allowed="exactly 1", hint=f"{terms}{more}.")
    return shares


def _band_shares(scope: Scope, node: Node, values: Sequence[Value]) -> tuple[Fraction, ...]:
    """The share of each value: that of its band, evenly spread over the values in it."""
    step = Fraction(str(values[1])) - Fraction(str(values[0])) if len(values) > 1 else Fraction(1)
    even: list[Fraction] = []
    for key, share in _summing_to_one(scope, node, scope.mapping(node, "a share per band")).items():
        first, _, last = key.partition("..")
        inside = int((Fraction(last or first) - Fraction(first)) / step) + 1
        even += [share / inside] * inside
    return tuple(even)


def _odds(scope: Scope, node: Node, values: Sequence[Value], basis: Basis) -> tuple[Odds, ...]:
    entries = scope.entries(node, "odds", ("multiply",))
    factors = scope.each(
        *(lambda entry=entry: _factors(scope, scope.child(entry, "multiply"), values) for entry, _ in entries)
    )
    bases = [scope.basis(entry, basis) for entry, _ in entries]
    return tuple(Odds(when, *rest) for (_, when), *rest in zip(entries, factors, bases, strict=True))


def _factors(scope: Scope, node: Node, values: Sequence[Value]) -> tuple[Fraction, ...]:
    stated = scope.mapping(node, "a factor per level")
    factors = [Fraction(1)] * len(values)
    for key, factor in scope.numbers(stated).items():
        if factor < 0:
            scope.faults.add(stated[key], "negative odds", allowed="0 or more")
        for position in pick_key(key, stated[key], values, scope.faults):
            factors[position] = factor
    return tuple(factors)


def _rows(scope: Scope, node: Node, parents: list[Parent], above: When, values: Sequence[Value]) -> Rows:
    if not parents:
        return [(above, _shares(scope, node, values))]
    parent, *rest = parents
    rows = scope.mapping(node, f"a row per value of {parent.name}")
    picked = {key: pick_key(key, child, parent.values, scope.faults) for key, child in rows.items()}
    _check_cover(scope, node, parent, picked, rows)
    below = scope.each(
        *(
            lambda key=key, child=child: _rows(scope, child, rest, (*above, (parent.name, picked[key])), values)
            for key, child in rows.items()
        )
    )
    return [row for result in below for row in result]


def _groups(scope: Scope, node: Node, of: Node, values: Sequence[Value]) -> Given:
    parent = scope.named(of)
    groups = scope.mapping(node, "a list per group")
    picked = {level: select(child, parent.values, scope.faults) for level, child in groups.items()}
    _check_cover(scope, node, parent, picked, groups)
    rows = ((((parent.name, picked[level]),), tuple(Fraction(int(v == level)) for v in values)) for level in groups)
    return Given(tuple(rows))


def _check_cover(
    scope: Scope, node: Node, parent: Parent, picked: dict[str, frozenset[int]], at: dict[str, Node]
) -> None:
    """Every value of the parent must be picked exactly once."""
    left = set(range(len(parent.values)))
    for key, positions in picked.items():
        if not positions <= left:
            twice = ", ".join(str(parent.values[i]) for i in sorted(positions - left)[:_SHOWN])
            scope.faults.add(at[key], f"{parent.name} {twice} is covered twice", hint="Each value stands once.")
        left -= positions
    if left and all(picked.values()):  # a key that picks nothing has been noted, and leaves the gap
        gap = ", ".join(str(parent.values[i]) for i in sorted(left)[:_SHOWN])
        scope.faults.add(node, f"nothing for {parent.name} {gap}", allowed="every value once")


def _shape(scope: Scope, node: Node, family: str, basis: Basis) -> Shape:
    body, wanted = scope.child(node, family), PARAMETERS[family]
    scope.only(body, wanted)
    key = "times" if "times" in LAWS[family] else "plus"
    where = node.child("where")
    rows = where.value if where is not None and isinstance(where.value, tuple) else ()
    needed = [name for name in wanted if body.child(name) or not any(row.child(name) for row in rows)]
    general, effects, moves = scope.each(
        lambda: scope.each(*(lambda name=name: (name, _parameter(scope, body, family, name)) for name in needed)),
        lambda: _where(scope, node, family, basis),
        lambda: _moves(scope, node, key, basis),
    )
    return Shape(family, tuple(general), tuple(effects), tuple(moves))


def _where(scope: Scope, node: Node, family: str, basis: Basis) -> list[Effect]:
    """Parameters where a condition holds."""
    entries = scope.entries(node, "where", PARAMETERS[family])
    stated = [(entry, when, name) for entry, when in entries for name in PARAMETERS[family] if entry.child(name)]
    values = scope.each(
        *(lambda entry=entry, name=name: _parameter(scope, entry, family, name) for entry, _, name in stated)
    )
    return [Effect(when, name, v, scope.basis(at, basis)) for (at, when, name), v in zip(stated, values, strict=True)]


def _moves(scope: Scope, node: Node, key: str, basis: Basis) -> list[Effect]:
    """Factors or shifts of the location where a condition holds."""
    entries = scope.entries(node, key, ("by",))
    values = scope.each(*(lambda entry=entry: _move(scope, scope.child(entry, "by"), key) for entry, _ in entries))
    return [Effect(when, key, v, scope.basis(at, basis)) for (at, when), v in zip(entries, values, strict=True)]


def _parameter(scope: Scope, node: Node, family: str, name: str) -> Fraction:
    stated = scope.child(node, name)
    value = scope.number(stated)
    if value <= 0 and (name in POSITIVE or family in {"lognormal", "gamma"}):
        scope.stop(stated, f"{name} is not above 0", allowed="a positive number")
    return value


def _move(scope: Scope, node: Node, key: str) -> Fraction:
    value = scope.number(node)
    if key == "times" and value < 0:
        scope.stop(node, "a negative factor", allowed="0 or more")
    return value
