"""Shares that code states as floats: they miss one by rounding, and are made to sum to it exactly."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from loanpersona.core.strict_yaml import MAX_SIZE, Node, exact
from loanpersona.persona.moves import text_of

_STATED = ("shares", "bands", "table")
_DECIMALS = 18
_ROUNDING = Fraction(1, 2**52)
"""How far a float share may be off: the gap between one and the next float."""


def summing(document: Node, before: Node) -> Node:
    """A document whose changed blocks hold float shares that sum to one exactly, where they do but for rounding."""
    blocks, known = document.child("variables"), before.child("variables")
    if blocks is None or not isinstance(blocks.value, dict):
        return document
    same = known.value if known is not None and isinstance(known.value, dict) else {}
    inner = {name: block if block is same.get(name) else _block(block) for name, block in blocks.value.items()}
    return document.having("variables", replace(blocks, value=inner))


def _block(block: Node) -> Node:
    for key in _STATED:
        stated = block.child(key)
        block = block if stated is None else block.having(key, _shares(stated))
    return block


def _shares(node: Node) -> Node:
    """The shares of one or, in a table, of every row; those that no float states stay as they are."""
    rows = node.value if isinstance(node.value, dict) else {}
    if any(isinstance(child.value, dict) for child in rows.values()):
        return replace(node, value={key: _shares(child) for key, child in rows.items()})
    shares = {key: _share(child) for key, child in rows.items()}
    known = {key: share for key, share in shares.items() if share is not None}
    off = abs(1 - sum(known.values(), Fraction(0)))
    if len(known) < len(shares) or off > len(shares) * _ROUNDING or not any(row.rounded for row in rows.values()):
        return node
    whole = _to_one({key: _readable(share) if rows[key].rounded else share for key, share in known.items()})
    return replace(node, value={key: replace(rows[key], value=text_of(whole[key]), rounded=False) for key in rows})


def _share(node: Node) -> Fraction | None:
    if node.rounded and math.isfinite(float(str(node.value))):
        return Fraction(str(node.value))
    return exact(node.value) if isinstance(node.value, str) and not node.quoted else None


def _readable(share: Fraction) -> Fraction:
    """A share with as many digits as a file may hold; what is smaller than any number of a file is nothing."""
    return round(share, _DECIMALS) if abs(share) * MAX_SIZE >= 1 else Fraction(0)


def _to_one(shares: dict[str, Fraction]) -> dict[str, Fraction]:
    """The largest share takes the rest; of equal ones the last by name, so that their order does not matter."""
    most = max(shares, key=lambda key: (shares[key], key))
    return shares | {most: 1 - sum((share for key, share in shares.items() if key != most), Fraction(0))}
