"""Changing a persona from code or from the command line: dotted paths, checked as a file is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from loanpersona import strict_yaml
from loanpersona.errors import InputError, did_you_mean, together
from loanpersona.labels import LANGUAGES, phrase
from loanpersona.persona import moves
from loanpersona.persona.difference import differing
from loanpersona.persona.float_shares import summing
from loanpersona.persona.model import Persona
from loanpersona.persona.resolver import OPTIONAL, TOP, resolve
from loanpersona.persona.scope import BASIS_KEYS
from loanpersona.strict_yaml import Node, exact, node_of

_NO_NUMBERS = (*BASIS_KEYS, "label", "labels", "hidden", "unit")
_NAME_KEPT = 33
_APPENDED = "[+]"
"""What stands in a path for the place behind the last entry of a list."""


def replaced(persona: Persona, changes: Mapping[str, Any] | str, name: str | None = None) -> Persona:
    """The persona with the values at some dotted paths changed, then with some variables scaled, then shifted."""
    nodes = _nodes(changes) | ({} if name is None else {"persona": node_of(name, file="change", path="persona")})
    if "extends" in nodes:
        raise InputError("change: extends: only a file extends another. Load that persona and change it.")
    moving = [partial(moves.read, path, nodes.pop(path)) for path in [*nodes] if moves.PATH.fullmatch(path)]
    read = together(*moving)
    changed = _changed(persona, nodes)
    for move in sorted((move for rows in read for move in rows), key=lambda move: move.way):
        before, further = changed, moves.changes(changed, move)
        changed = _changed(before, {path: node_of(value, file="change", path=path) for path, value in further.items()})
        moves.check_ends(before, changed, move)
    return replace(changed, origin=None) if "persona" in nodes else _named(changed, persona.origin or persona)


def _changed(persona: Persona, nodes: Mapping[str, Node]) -> Persona:
    if not nodes:
        return persona
    kept = frozenset(_whole(path) for path in nodes if path.endswith(".basis"))
    document, origin = persona.document, persona.origin or persona
    for path, node in nodes.items():
        document = _set(document, _whole(path), node, _Change(path, origin.name, kept))
    return replace(resolve(summing(document, persona.document)), origin=origin)


def _named(changed: Persona, origin: Persona) -> Persona:
    """The changed persona under the name that it started from and a hash of all that differs since then."""
    told = {path: new for path, _, new in differing(origin.document, changed.document) if path != "persona"}
    if not told:
        return origin
    rows = sorted((path, str(exact(new)) if new and exact(new) is not None else new) for path, new in told.items())
    name = f"{origin.name[:_NAME_KEPT]}-{hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:6]}"
    document = changed.document.having("persona", node_of(name, file="change", path="persona"))
    return replace(changed, name=name, document=document, origin=origin)


def _nodes(changes: Mapping[str, Any] | str) -> dict[str, Node]:
    if not isinstance(changes, str):
        return {str(path): node_of(value, file="change", path=str(path)) for path, value in changes.items()}
    stated = strict_yaml.parse(changes, file="changes").value if changes.strip() else {}
    assert isinstance(stated, dict)
    return stated


def _whole(path: str) -> str:
    """The path from the top of the file; a path may start at a variable too."""
    return path if re.split(r"[.\[]", path)[0] in {*TOP, *OPTIONAL} else f"variables.{path}"


class _Change:
    """A change on its way down: what the user wrote, whose persona it is, bases that are changed themselves."""

    def __init__(self, path: str, persona: str, kept: frozenset[str]) -> None:
        self.path, self.persona, self.kept = path, persona, kept

    def refuse(self, what: str) -> InputError:
        return InputError(f"change: {self.path}: {what}")


def _set(node: Node, rest: str, value: Node, change: _Change) -> Node:
    """`node` with `value` at the path `rest` below it."""
    if not rest:
        return value
    if isinstance(node.value, tuple):
        return _set_entry(node, node.value, rest, value, change)
    if rest == _APPENDED:
        raise change.refuse(f"'{node.path}' is no list.")
    if not isinstance(node.value, dict):
        raise change.refuse(f"nothing stands below '{node.path}'.")
    key, below = _split(rest, node.value)
    if key not in node.value and below not in ("", _APPENDED):
        raise change.refuse(f"unknown path '{key}'. {did_you_mean(key, node.value)}")
    at = node.value.get(key, Node((), value.file, value.line, value.path))
    inner = {**node.value, key: _set(at, below, value, change)}
    own = value.child("basis") is not None  # a basis given with the number is that of the number
    if "basis" in node.value and key not in _NO_NUMBERS and not own and f"{node.path}.basis" not in change.kept:
        inner = _assumed(inner, node, change.persona)
    return Node(inner, node.file, node.line, node.path)


def _set_entry(node: Node, entries: tuple[Node, ...], rest: str, value: Node, change: _Change) -> Node:
    if rest == _APPENDED:
        more = value.value if isinstance(value.value, tuple) else (value,)
        return replace(node, value=(*entries, *more))
    found = re.match(r"\[?(\d{1,4})\]?(?:\.|$|(?=\[))", rest)
    if not found or int(found[1]) >= len(entries):
        last = f"[0] to [{len(entries) - 1}], [+] for one more"
        raise change.refuse(f"no entry '{rest}' of '{node.path}'. Allowed: {last}.")
    at = int(found[1])
    new = _set(entries[at], rest[found.end() :], value, change)
    return Node((*entries[:at], new, *entries[at + 1 :]), node.file, node.line, node.path)


def _split(rest: str, keys: Mapping[str, Node]) -> tuple[str, str]:
    """The key that a path starts with, and the rest; a key such as 20..24 holds dots itself."""
    fitting = [key for key in keys if rest == key or rest.startswith((f"{key}.", f"{key}["))]
    key = max(fitting, key=len, default=re.split(r"[.\[]", rest)[0])
    return key, rest[len(key) :].removeprefix(".")


def _assumed(block: Mapping[str, Node], at: Node, persona: str) -> dict[str, Node]:
    """A block whose numbers were changed no longer rests on what its old numbers rested on."""
    because = {lang: phrase("changed_from", lang, persona=persona) for lang in LANGUAGES}
    kept = {key: node for key, node in block.items() if key not in BASIS_KEYS}
    return kept | {
        "basis": Node("assumed", at.file, at.line, f"{at.path}.basis"),
        "because": node_of(because, file=at.file, path=f"{at.path}.because"),
    }
