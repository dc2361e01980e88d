"""Changing a persona from code or from the command line: dotted paths, checked as a file is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from loanpersona.core import strict_yaml
from loanpersona.core.errors import InputError, did_you_mean, together
from loanpersona.core.strict_yaml import Node, exact, node_of
from loanpersona.persona import moves
from loanpersona.persona.bases import rebased
from loanpersona.persona.difference import differing
from loanpersona.persona.float_shares import summing
from loanpersona.persona.model import Persona
from loanpersona.persona.resolver import OPTIONAL, TOP, resolve

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
    document, origin = persona.document, persona.origin or persona
    for path, node in nodes.items():
        document = _set(document, _whole(path), node, path)
    # Under the name it started from, or the hash of chained changes would depend on their order.
    old = persona.document.having("persona", node_of(origin.name, file="change", path="persona"))
    return replace(resolve(rebased(old, summing(document, persona.document)), persona), origin=origin)


def _named(changed: Persona, origin: Persona) -> Persona:
    """The changed persona under the name that it started from and a hash of all that differs since then."""
    differences = {path: new for path, _, new in differing(origin.document, changed.document) if path != "persona"}
    if not differences:
        return origin
    rows = sorted(
        (path, str(exact(new)) if new and exact(new) is not None else new) for path, new in differences.items()
    )
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


def _set(node: Node, rest: str, value: Node, change: str) -> Node:
    """`node` with `value` at the path `rest` below it; `change` is the whole path, as the user wrote it."""
    if not rest:
        return value
    if isinstance(node.value, tuple):
        return _set_entry(node, node.value, rest, value, change)
    if rest == _APPENDED:
        raise _refused(change, f"'{node.path}' is no list.")
    if not isinstance(node.value, dict):
        raise _refused(change, f"nothing stands below '{node.path}'.")
    key, below = _split(rest, node.value)
    if key not in node.value and below not in ("", _APPENDED):
        raise _refused(change, f"unknown path '{key}'. {did_you_mean(key, node.value)}")
    at = node.value.get(key, Node((), value.file, value.line, value.path))
    inner = {**node.value, key: _set(at, below, value, change)}
    return Node(inner, node.file, node.line, node.path)


def _set_entry(node: Node, entries: tuple[Node, ...], rest: str, value: Node, change: str) -> Node:
    if rest == _APPENDED:
        more = value.value if isinstance(value.value, tuple) else (value,)
        return replace(node, value=(*entries, *more))
    result = re.match(r"\[?(\d{1,4})\]?(?:\.|$|(?=\[))", rest)
    if not result or int(result[1]) >= len(entries):
        last = f"[0] to [{len(entries) - 1}], [+] for one more"
        raise _refused(change, f"no entry '{rest}' of '{node.path}'. Allowed: {last}.")
    at = int(result[1])
    new = _set(entries[at], rest[result.end() :], value, change)
    return Node((*entries[:at], new, *entries[at + 1 :]), node.file, node.line, node.path)


def _refused(path: str, what: str) -> InputError:
    return InputError(f"change: {path}: {what}")


def _split(rest: str, keys: Mapping[str, Node]) -> tuple[str, str]:
    """The key that a path starts with, and the rest; a key such as 20..24 holds dots itself."""
    fitting = [key for key in keys if rest == key or rest.startswith((f"{key}.", f"{key}["))]
    key = max(fitting, key=len, default=re.split(r"[.\[]", rest)[0])
    return key, rest[len(key) :].removeprefix(".")
