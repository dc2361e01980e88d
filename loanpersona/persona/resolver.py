"""From the text of a persona to the frozen persona, with every fault of the file in one run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from os import PathLike

from loanpersona.core import catalog
from loanpersona.core.errors import did_you_mean
from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import Fault, Faults, Node
from loanpersona.persona import reader
from loanpersona.persona.behaviour import check_rates, rate_notes
from loanpersona.persona.blocks import read_blocks
from loanpersona.persona.calibration import calibrate
from loanpersona.persona.idle import idle
from loanpersona.persona.model import Persona, Product
from loanpersona.persona.rules import never_drawn, read_rules
from loanpersona.persona.scope import BrokenBlockError, Scope, mentions
from loanpersona.persona.seasons import idle_days, notes, read_seasons

LEAST_AGE = 18
CHANGES = ("change", "changes")
"""The names under which faults of changes from code are told."""
CAPS = {"apr_most": "0.24", "limit_cny_most": "200000"}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_STUDENTS = re.compile(r"student|pupil|undergraduate|学生", re.IGNORECASE)
TOP = {
    "persona": "a name such as young_city",
    "format": "1",
    "title": "{en: …, zh: …}",
    "about": "{en: …, zh: …}",
    "product": "{apr_most: …, limit_cny_most: …}",
    "variables": "a block per variable",
}
OPTIONAL = ("extends", "sources", "rules", "window", "calendar")


def load_persona(name: str | PathLike[str] = "article", *, extends_anywhere: bool = False) -> Persona:
    """Read a persona by its name or by the path of its file.

    Raises InputError with one line per fault of the file, each with line, path, value and what is allowed;
    shares that cannot hold together and rules that somebody would break are faults too. Warns (PersonaWarning)
    of what is allowed but looks like a slip. A file extends personas that ship and files in its own folder, at most
    eight deep; `extends_anywhere` lets it name any file.

    >>> load_persona("article").name
    'article'
    """
    return resolve(reader.document(reader.find(name), extends_anywhere=extends_anywhere)).warned()


def resolve(document: Node, before: Persona | None = None) -> Persona:
    """Check the text of a persona and freeze it; raises InputError with all its faults.

    What the text shares with that of the persona it was `before` is taken over, and gives the same as reading it anew.
    """
    faults = Faults(first=(*CHANGES, document.file))
    scope = Scope(_entries(document, "variables"), _sources(document), faults)
    if before is not None and document.child("sources") is not before.document.child("sources"):
        before = None  # a basis may name what is gone
    _check_top(document, scope)
    product = _product(document, scope)
    window, calendar = read_seasons(document, scope)
    variables = read_blocks(scope, before)
    _check_people(scope)
    conditionals = calibrate(scope.sound, scope.blocks, faults, before.conditionals if before else None)
    check_rates(conditionals, scope.blocks, faults)
    rules = read_rules(scope, _entries(document, "rules"), conditionals)
    faults.collected = list(_without_consequences(document, faults))
    faults.stop()
    words = {key: scope.words(scope.child(document, key)) for key in ("title", "about")}
    return Persona(
        name=str(scope.child(document, "persona").value),
        title=words["title"],
        about=words["about"],
        product=product,
        variables=variables,
        rules=rules,
        window=window,
        calendar=calendar,
        document=document,
        conditionals=conditionals,
        notes=(
            *notes(document.child("window"), window),
            *rate_notes(conditionals, scope.blocks),
            *never_drawn(conditionals, scope.blocks),
            *map(str, idle_days(document.child("calendar"), window, calendar)),
            *map(str, idle(conditionals, scope.blocks)),
        ),
    )


def _without_consequences(document: Node, faults: Faults) -> Iterator[Fault]:
    """The faults but for those in what the user did not write now, where a block that they lean on has a nearer one."""
    result = faults.collected
    for rank in range(len(faults.first)):
        broken = {_block(fault) for fault in result if faults.rank(fault) == rank}
        for name, block in {**_entries(document, "variables"), **_entries(document, "rules")}.items():
            if broken & mentions(block):
                broken.add(name)
        result = [fault for fault in result if faults.rank(fault) <= rank or _block(fault) not in broken]
    yield from result


def _block(fault: Fault) -> str:
    """The variable or rule that a fault stands in."""
    return re.split(r"[.\[]", fault.path.removeprefix("variables.").removeprefix("rules."))[0]


def _entries(document: Node, key: str) -> dict[str, Node]:
    node = document.child(key)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _sources(document: Node) -> set[str]:
    return {*_entries(document, "sources"), *catalog.load("sources")}


def _check_top(document: Node, scope: Scope) -> None:
    faults = scope.faults
    scope.only(document, (*TOP, *OPTIONAL))
    for key, example in TOP.items():
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
    for key in ("variables", "product", "sources", "rules"):
        node = document.child(key)
        if node is not None and (not isinstance(node.value, dict) or not node.value):
            faults.add(node, "expected a mapping", allowed=TOP.get(key) or f"a block per {key.removesuffix('s')}")


def _product(document: Node, scope: Scope) -> Product:
    stated = _entries(document, "product")
    for key, node in stated.items():
        if key not in CAPS:
            scope.faults.add(node, f"unknown key '{key}'", hint=did_you_mean(key, CAPS))
    if not stated:  # noted already, as is everything that follows from it
        return Product(Fraction(CAPS["apr_most"]), int(CAPS["limit_cny_most"]))
    result = {key: _capped(document, key, stated.get(key), scope) for key in CAPS}
    return Product(result["apr_most"], int(result["limit_cny_most"]))


def _capped(document: Node, key: str, node: Node | None, scope: Scope) -> Fraction:
    cap = Fraction(CAPS[key])
    try:
        entry = node or Node({}, document.file, document.line, f"product.{key}")
        scope.only(entry, ("value", *BASIS_KEYS))
        scope.basis(entry)
        value = scope.number(scope.child(entry, "value"))
    except BrokenBlockError:
        return cap
    if not 0 < value <= cap:
        scope.faults.add(
            scope.child(entry, "value"), "no persona may go beyond", allowed=f"above 0, at most {CAPS[key]}"
        )
    elif key == "limit_cny_most" and value.denominator != 1:
        scope.faults.add(scope.child(entry, "value"), "not a whole number", allowed=f"1 to {CAPS[key]}")
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
