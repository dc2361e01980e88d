"""Changing a persona from code or from the command line: dotted paths, checked as a file is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loanpersona.core import strict_yaml
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.strict_yaml import Node, node_of
from loanpersona.core.words import LANGUAGES, phrase
from loanpersona.persona.model import Persona
from loanpersona.persona.resolver import OPTIONAL, TOP, resolve
from loanpersona.persona.scope import BASIS_KEYS

_NO_NUMBERS = (*BASIS_KEYS, "label", "labels", "hidden", "unit")


def replaced(persona: Persona, changes: Mapping[str, Any] | str) -> Persona:
    """The persona with the values at some dotted paths changed."""
    nodes = _nodes(changes)
    kept = frozenset(_whole(path) for path in nodes if path.endswith(".basis"))
    if "extends" in nodes:
        raise InputError("change: extends: only a file extends another. Load that persona and change it.")
    document = persona.document
    for path, node in nodes.items():
        document = _set(document, _whole(path), node, _Change(path, persona.name, kept))
    return resolve(document)


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
    if not isinstance(node.value, dict):
        raise change.refuse(f"nothing stands below '{node.path}'.")
    key, below = _split(rest, node.value)
    if key not in node.value and below:
        raise change.refuse(f"unknown path '{key}'. {did_you_mean(key, node.value)}")
    inner = {**node.value, key: _set(node.value.get(key, value), below, value, change)}
    if "basis" in node.value and key not in _NO_NUMBERS and f"{node.path}.basis" not in change.kept:
        inner = _assumed(inner, node, change.persona)
    return Node(inner, node.file, node.line, node.path)


def _set_entry(node: Node, entries: tuple[Node, ...], rest: str, value: Node, change: _Change) -> Node:
    found = re.match(r"\[?(\d{1,4})\]?(?:\.|$|(?=\[))", rest)
    if not found or int(found[1]) >= len(entries):
        raise change.refuse(f"no entry '{rest}' of '{node.path}'. Allowed: [0] to [{len(entries) - 1}].")
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
