"""A basis belongs to its number: what a change does to where numbers come from, in a file and in code alike.

A number that changed rests on the basis given with it, or counts as changed and assumed; one that did not keeps what it
rested on, though the block around it may rest on something new. Nodes that a change did not touch are the same objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import Node, exact, node_of
from loanpersona.core.words import LANGUAGES, phrase
from loanpersona.persona.scope import ENTRIES

_BLOCKS = ("product", "rules", "variables", "calendar")
_NO_NUMBERS = (*BASIS_KEYS, *ENTRIES, "label", "labels", "hidden", "unit")
Keys = dict[str, Node]


def rebased(old: Node, new: Node) -> Node:
    """`new`, which a change has made of the persona `old`, with a basis for every number that changed."""
    stated, name = _mapping(new), old.child("persona")
    if name is None or not isinstance(name.value, str):
        return new  # not a persona, which the resolver says
    whole = {key: _section(key, old.child(key), node, name.value) for key, node in stated.items()}
    return Node(whole, new.file, new.line, new.path)


def is_changed(because: tuple[tuple[str, str], ...]) -> bool:
    """Whether a reason says no more than that the number was changed."""
    texts = dict(because)
    return any(re.fullmatch(phrase("changed_from", lang, persona=".*"), texts.get(lang, "")) for lang in LANGUAGES)


def _section(key: str, old: Node | None, new: Node, persona: str) -> Node:
    if old is None or new is old or not isinstance(new.value, dict):
        return new
    if key == "window":
        return _block(old, new, persona)
    if key not in _BLOCKS:
        return new
    before = _mapping(old)
    blocks = {name: _block(before.get(name), block, persona) for name, block in new.value.items()}
    return Node(blocks, new.file, new.line, new.path)


def _block(old: Node | None, new: Node, persona: str) -> Node:
    if old is None or new is old or not isinstance(old.value, dict) or not isinstance(new.value, dict):
        return new
    was, own = _keys(old), _own(new, [old])
    changed = _numbers(old) != _numbers(new)
    given = "basis" in own
    keys = (own if changed else _keys(new)) if given else (_assumed(new, persona) if changed else was) | own
    rows = {
        key: _rows(_listed(old.child(key)), new.value[key], persona, given=given, pinned=was if changed else {})
        for key in ENTRIES
        if key in new.value
    }
    return _resting(Node({**new.value, **rows}, new.file, new.line, new.path), keys)


def _rows(before: tuple[Node, ...], new: Node, persona: str, *, given: bool, pinned: Keys) -> Node:
    """The rows of a list: `given` says that the block has a basis of its own, `pinned` is the one it no longer has."""
    if not isinstance(new.value, tuple):
        return new
    rows = tuple(_row(before, row, persona, given, pinned) for row in new.value)
    return Node(rows, new.file, new.line, new.path)


def _row(before: tuple[Node, ...], row: Node, persona: str, given: bool, pinned: Keys) -> Node:
    own = _own(row, before)
    same = next((old for old in before if old is row), None) or next(
        (old for old in before if _numbers(old) == _numbers(row)), None
    )
    if not isinstance(row.value, dict) or "basis" in own:
        return row if same is not None else _resting(row, own)
    if given and same is not row:  # stated together with the basis of its block
        return _resting(row, own)
    if same is None:
        return _resting(row, _assumed(row, persona) | own)
    return _resting(row, (_keys(same) if "basis" in _keys(same) else pinned | _keys(same)) | own)


def _mapping(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _listed(node: Node | None) -> tuple[Node, ...]:
    return node.value if node is not None and isinstance(node.value, tuple) else ()


def _keys(node: Node) -> Keys:
    return {key: below for key, below in _mapping(node).items() if key in BASIS_KEYS}


def _own(node: Node, before: Iterable[Node]) -> Keys:
    """What a node says of its basis that the nodes before the change did not."""
    taken = {id(below) for old in before for below in _keys(old).values()}
    return {key: below for key, below in _keys(node).items() if id(below) not in taken}


def _resting(node: Node, keys: Keys) -> Node:
    """The node resting on a basis in place of what it rested on."""
    rest = {key: below for key, below in _mapping(node).items() if key not in BASIS_KEYS}
    return Node({**rest, **keys}, node.file, node.line, node.path) if isinstance(node.value, dict) else node


def _assumed(at: Node, persona: str) -> Keys:
    because = {lang: phrase("changed_from", lang, persona=persona) for lang in LANGUAGES}
    stated = node_of({"basis": "assumed", "because": because}, file=at.file, path=at.path)
    return {key: Node(below.value, at.file, at.line, below.path) for key, below in _mapping(stated).items()}


def _numbers(node: Node) -> Any:
    """What a block or a row states, words and bases aside; a number is the same however it is written."""
    if isinstance(node.value, dict):
        return {key: _numbers(below) for key, below in node.value.items() if key not in _NO_NUMBERS}
    if isinstance(node.value, tuple):
        return [_numbers(below) for below in node.value]
    number = exact(node.value)
    return node.value if number is None else number
