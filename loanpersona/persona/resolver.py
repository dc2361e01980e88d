"""From the text of a persona to the frozen persona, with every fault of the file in one run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from os import PathLike
from typing import Any

from loanpersona import catalog
from loanpersona.errors import InputError, did_you_mean
from loanpersona.persona import reader
from loanpersona.persona.blocks import read_blocks
from loanpersona.persona.model import Persona, Product
from loanpersona.persona.scope import BASIS_KEYS, BrokenBlockError, Scope
from loanpersona.strict_yaml import Faults, Node, node_of

LEAST_AGE = 18
_CAPS = {"apr_most": "0.24", "limit_cny_most": "200000"}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_STUDENTS = re.compile(r"student|pupil|undergraduate|学生", re.IGNORECASE)
_TOP = {
    "persona": "a name such as young_city",
    "format": "1",
    "title": "{en: …, zh: …}",
    "about": "{en: …, zh: …}",
    "product": "{apr_most: …, limit_cny_most: …}",
    "variables": "a block per variable",
}


def load_persona(name: str | PathLike[str] = "article") -> Persona:
    """Read a persona by its name or by the path of its file.

    Raises InputError with one line per fault of the file, each with line, path, value and what is allowed.

    >>> load_persona("article").name
    'article'
    """
    return resolve(reader.document(reader.find(name)))


def replaced(persona: Persona, changes: Mapping[str, Any]) -> Persona:
    """The persona with the values at some dotted paths changed, checked as a file is."""
    document = persona.document
    for path, value in changes.items():
        document = _with(document, str(path), value)
    return resolve(document)


def _with(document: Node, path: str, value: Any) -> Node:
    steps = path.split(".")
    at_top = steps[0] in _TOP
    return _set(document, steps if at_top else ["variables", *steps], node_of(value, file="change", path=path))


def _set(node: Node, steps: list[str], value: Node) -> Node:
    if not steps:
        return value
    if not isinstance(node.value, dict):
        raise InputError(f"change: {value.path}: nothing stands below '{node.path}'.")
    below = node.child(steps[0])
    if below is None and len(steps) > 1:
        hint = did_you_mean(steps[0], node.value)
        raise InputError(f"change: {value.path}: unknown path '{steps[0]}'. {hint}")
    inner = {**node.value, steps[0]: _set(below or value, steps[1:], value)}
    return Node(inner, node.file, node.line, node.path)


def resolve(document: Node) -> Persona:
    """Check the text of a persona and freeze it; raises InputError with all its faults."""
    faults = Faults()
    scope = Scope(_entries(document, "variables"), _sources(document), faults)
    _check_top(document, scope)
    product = _product(document, scope)
    variables = read_blocks(scope)
    _check_people(scope)
    faults.stop()
    words = {key: scope.words(scope.child(document, key)) for key in ("title", "about")}
    name = str(scope.child(document, "persona").value)
    return Persona(name, words["title"], words["about"], product, variables, document)


def _entries(document: Node, key: str) -> dict[str, Node]:
    node = document.child(key)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _sources(document: Node) -> set[str]:
    return {*_entries(document, "sources"), *catalog.load("sources")}


def _check_top(document: Node, scope: Scope) -> None:
    faults = scope.faults
    scope.only(document, (*_TOP, "extends", "sources"))
    for key, example in _TOP.items():
        if document.child(key) is None:
            faults.add(Node({}, document.file, document.line, key), "missing", allowed=example)
    name, form = document.child("persona"), document.child("format")
    if name is not None and not _NAME.fullmatch(str(name.value)):
        faults.add(name, "not a name", allowed="lower-case letters, digits, _ and -, at most 40")
    if form is not None and form.value != "1":
        faults.add(form, "unknown format", allowed="1", hint="A newer file needs a newer loanpersona.")
    for key in ("title", "about"):
        if document.child(key) is not None:
            scope.words(scope.child(document, key))
    for key in ("variables", "product", "sources"):
        node = document.child(key)
        if node is not None and (not isinstance(node.value, dict) or not node.value):
            faults.add(node, "expected a mapping", allowed=_TOP.get(key, "a block per source"))


def _product(document: Node, scope: Scope) -> Product:
    stated = _entries(document, "product")
    for key, node in stated.items():
        if key not in _CAPS:
            scope.faults.add(node, f"unknown key '{key}'", hint=did_you_mean(key, _CAPS))
    if not stated:  # noted already, as is everything that follows from it
        return Product(Fraction(_CAPS["apr_most"]), int(_CAPS["limit_cny_most"]))
    found = {key: _capped(document, key, stated.get(key), scope) for key in _CAPS}
    return Product(found["apr_most"], int(found["limit_cny_most"]))


def _capped(document: Node, key: str, node: Node | None, scope: Scope) -> Fraction:
    cap = Fraction(_CAPS[key])
    try:
        entry = node or Node({}, document.file, document.line, f"product.{key}")
        scope.only(entry, ("value", *BASIS_KEYS))
        scope.basis(entry)
        value = scope.number(scope.child(entry, "value"))
    except BrokenBlockError:
        return cap
    if not 0 < value <= cap:
        scope.faults.add(
            scope.child(entry, "value"), "no persona may go beyond", allowed=f"above 0, at most {_CAPS[key]}"
        )
    elif key == "limit_cny_most" and value.denominator != 1:
        scope.faults.add(scope.child(entry, "value"), "not a whole number", allowed=f"1 to {_CAPS[key]}")
    return value


def _check_people(scope: Scope) -> None:
    """No students, nobody under age: rules that no persona may break."""
    for name, variable in scope.known.items():
        levels = [value for value in variable.values if isinstance(value, str)]
        texts = [text for _, words in variable.own_words for _, text in words]
        if any(_STUDENTS.search(word) for word in (name, *levels, *texts)):
            scope.faults.add(
                scope.blocks[name], "no persona may hold students", hint="Remove the level or the variable."
            )
        if name == "age_years" and float(variable.values[0]) < LEAST_AGE:
            scope.faults.add(scope.blocks[name], f"starts at age {variable.values[0]}", allowed=f"{LEAST_AGE} or older")
