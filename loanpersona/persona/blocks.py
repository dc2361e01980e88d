"""The variable blocks of a persona: from nodes to variables, in file order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from loanpersona import tables
from loanpersona.core.errors import did_you_mean
from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import Node
from loanpersona.persona.laws import read_law
from loanpersona.persona.model import Persona, Value, Variable
from loanpersona.persona.reader import LAWS
from loanpersona.persona.scope import BrokenBlockError, Scope
from loanpersona.persona.values import read_values
from loanpersona.tables import Column

_COMMON = (*BASIS_KEYS, "label", "labels", "hidden", "unit")
_WORDS = {"category", "bool"}
_SETTLED = {
    "user": ("user",),
    "application": ("user", "application"),
    "loan": ("user", "application", "loan"),
    "month": ("user", "month"),
}
"""What is settled when something is decided."""
MAX_VARIABLES = 120
OwnWord = tuple[str, tuple[tuple[str, str], ...]]


def read_blocks(scope: Scope, before: Persona | None = None) -> dict[str, Variable]:
    """The variables that can be read, from top to bottom, each seeing those above it; all faults are noted."""
    if len(scope.blocks) > MAX_VARIABLES:
        at = replace(next(iter(scope.blocks.values())), value={}, path="variables")
        scope.faults.add(at, f"{len(scope.blocks)} variables", allowed=f"at most {MAX_VARIABLES}")
        scope.faults.stop()
    for name, block in scope.blocks.items():
        scope.tried.add(name)
        so_far = len(scope.faults.collected)
        try:
            scope.known[name] = _as_before(scope, name, block, before) or _variable(scope, name, block)
        except BrokenBlockError:
            continue
        if len(scope.faults.collected) == so_far:
            scope.sound[name] = scope.known[name]
    return scope.known


def _as_before(scope: Scope, name: str, block: Node, before: Persona | None) -> Variable | None:
    """The variable that its block gave before, where neither the block nor what it sees of those above is new."""
    if before is None or _entry(before.document, name) is not block:
        return None
    result = before.variables[name]
    if any(scope.values.get(parent) != before.variables[parent].values for parent in result.parents):
        return None
    scope.values[name] = result.values
    return result


def _entry(document: Node, name: str) -> Node | None:
    variables = document.child("variables")
    return variables.child(name) if variables is not None else None


def _variable(scope: Scope, name: str, node: Node) -> Variable:
    block = scope.mapping(node, "a block with a law and its basis")
    if not name.isidentifier() or not name.isascii() or name != name.lower():
        scope.stop(node, f"'{name}' is no column name", allowed="lower-case letters, digits and _")
    laws = [key for key in block if key in LAWS]
    if len(laws) != 1:
        scope.only(node, (*_COMMON, *LAWS, *(key for keys in LAWS.values() for key in keys)))
        scope.stop(node, f"states {' and '.join(laws) or 'no law'}", allowed=f"one of {', '.join(LAWS)}")
    scope.only(node, (*_COMMON, laws[0], *LAWS[laws[0]]))
    basis = scope.basis(node)
    column = _column(name)
    values, words = scope.each(
        lambda: read_values(scope, name, node, laws[0], column), lambda: tuple(_own_words(scope, name, node, column))
    )
    try:
        law_read = read_law(scope, node, laws[0], values, basis)
    finally:
        scope.values[name] = values  # those below can be read whether or not the law could
    variable = Variable(
        name=name,
        values=values,
        law=law_read,
        basis=basis,
        hidden=_hidden(scope, name, node),
        own_words=words,
        type=column.type if column is not None else _type(values),
        unit=column.unit if column is not None else _unit(scope, name, node, values),
        home=tables.stated()[name][0] if column is not None else "",
        each=column.each if column is not None else "user",
    )
    _check_column(scope, node, variable, column)
    _check_moment(scope, node, variable)
    return variable


def _column(name: str) -> Column | None:
    """The standard column of that name, if there is one."""
    return tables.stated()[name][1] if name in tables.stated() else None


def _hidden(scope: Scope, name: str, node: Node) -> bool:
    stated = node.child("hidden")
    if stated is not None and stated.value not in ("true", "false"):
        scope.faults.add(stated, "not true or false", allowed="true, false")
    if stated is not None and _column(name) is not None:
        scope.faults.add(stated, "the table of this column is fixed", hint="Remove the key.")
    return name in tables.table("truth").columns or (stated is not None and stated.value == "true")


def _unit(scope: Scope, name: str, node: Node, values: tuple[Value, ...]) -> str:
    """What the numbers of a variable of one's own count; words need no unit."""
    stated = node.child("unit")
    if stated is None and not isinstance(values[0], str):
        scope.faults.add(node, f"'{name}' holds numbers and has no unit", allowed="unit: years, or unit: count")
    elif stated is not None and not isinstance(stated.value, str):
        scope.faults.add(stated, "not a unit", allowed="a text such as CNY per month")
    return str(stated.value) if stated is not None else ""


def _own_words(scope: Scope, name: str, node: Node, column: Column | None) -> Iterator[OwnWord]:
    """The label of a variable of one's own, and the words of one's own levels."""
    stated, levels = node.child("label"), node.child("labels")
    if stated is None and column is None:
        hint = did_you_mean(name, tables.stated())
        scope.faults.add(node, f"'{name}' is new and has no label", allowed="label: {en: …, zh: …}", hint=hint)
    elif stated is not None and column is not None:
        scope.faults.add(stated, "this column has its label already", hint="Remove the key.")
    elif stated is not None:
        yield name, tuple(sorted(scope.words(stated).items()))
    for level, words in scope.mapping(levels, "a text per level").items() if levels is not None else ():
        yield level, tuple(sorted(scope.words(words).items()))


def _type(values: tuple[Value, ...]) -> str:
    if isinstance(values[0], str):
        return "bool" if set(values) == {"yes", "no"} else "category"
    return "int64" if all(isinstance(value, int) for value in values) else "float64"


def _check_moment(scope: Scope, node: Node, variable: Variable) -> None:
    """What is decided for an application cannot depend on what is decided for each loan."""
    settled = _SETTLED[variable.each]
    for parent in variable.parents:
        each = scope.known[parent].each if parent in scope.known else variable.each
        if each not in settled:
            what = f"is decided for each {variable.each} and cannot depend on '{parent}', decided for each {each}"
            scope.faults.add(
                node, f"'{variable.name}' {what}", allowed=f"what is decided for each {', '.join(settled)}"
            )


def _check_column(scope: Scope, node: Node, variable: Variable, column: Column | None) -> None:
    """A standard column keeps its type and its range."""
    if column is None:
        return
    if isinstance(variable.values[0], str) != (column.type in _WORDS):
        wanted = "levels" if column.type in _WORDS else "numbers"
        scope.faults.add(node, f"'{variable.name}' holds {wanted}", hint=f"Its type is {column.type}.")
    elif column.type == "bool" and set(variable.values) != {"yes", "no"}:
        scope.faults.add(node, "a yes-or-no variable", allowed="the levels yes and no")
    elif column.type.startswith("int") and not all(isinstance(value, int) for value in variable.values):
        scope.faults.add(node, f"'{variable.name}' holds whole numbers", hint="Take a whole least and step.")
    elif (
        column.range
        and not column.range[0] <= float(variable.values[0]) <= float(variable.values[-1]) <= column.range[1]
    ):
        allowed = f"{column.range[0]:g} to {column.range[1]:g} {column.unit}".rstrip()
        scope.faults.add(node, f"values from {variable.values[0]} to {variable.values[-1]}", allowed=allowed)
