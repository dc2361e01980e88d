"""Changing a persona from code or from the command line: dotted paths, checked as a file is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loanpersona import strict_yaml
from loanpersona.errors import InputError, did_you_mean
from loanpersona.persona.bases import rebased
from loanpersona.persona.model import Persona
from loanpersona.persona.resolver import OPTIONAL, TOP, resolve
from loanpersona.strict_yaml import Node, node_of


def replaced(persona: Persona, changes: Mapping[str, Any] | str) -> Persona:
    """The persona with the values at some dotted paths changed."""
    nodes = _nodes(changes)
    if "extends" in nodes:
        raise InputError("change: extends: only a file extends another. Load that persona and change it.")
    document = persona.document
    for path, node in nodes.items():
        document = _set(document, _whole(path), node, path)
    return resolve(rebased(persona.document, document), persona)


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
    if not isinstance(node.value, dict):
        raise _refused(change, f"nothing stands below '{node.path}'.")
    key, below = _split(rest, node.value)
    if key not in node.value and below:
        raise _refused(change, f"unknown path '{key}'. {did_you_mean(key, node.value)}")
    inner = {**node.value, key: _set(node.value.get(key, value), below, value, change)}
    return Node(inner, node.file, node.line, node.path)


def _set_entry(node: Node, entries: tuple[Node, ...], rest: str, value: Node, change: str) -> Node:
    found = re.match(r"\[?(\d{1,4})\]?(?:\.|$|(?=\[))", rest)
    if not found or int(found[1]) >= len(entries):
        raise _refused(change, f"no entry '{rest}' of '{node.path}'. Allowed: [0] to [{len(entries) - 1}].")
    at = int(found[1])
    new = _set(entries[at], rest[found.end() :], value, change)
    return Node((*entries[:at], new, *entries[at + 1 :]), node.file, node.line, node.path)


def _refused(path: str, what: str) -> InputError:
    return InputError(f"change: {path}: {what}")


def _split(rest: str, keys: Mapping[str, Node]) -> tuple[str, str]:
    """The key that a path starts with, and the rest; a key such as 20..24 holds dots itself."""
    fitting = [key for key in keys if rest == key or rest.startswith((f"{key}.", f"{key}["))]
    key = max(fitting, key=len, default=re.split(r"[.\[]", rest)[0])
    return key, rest[len(key) :].removeprefix(".")
