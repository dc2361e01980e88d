"""The form of a persona file as a JSON Schema, for editors that complete and check while one types.

It is made from what the reader itself goes by. It cannot tell whether shares sum to one, whether a parent stands
above, or whether margins and odds can hold together; loading can.
"""

from __future__ import annotations

from typing import Any

from loanpersona import tables
from loanpersona.core import catalog
from loanpersona.core.sourced import BASIS_KEYS, NEEDS
from loanpersona.core.words import LANGUAGES
from loanpersona.persona.laws import PARAMETERS, POSITIVE
from loanpersona.persona.reader import GRID, LAWS, SHAPES
from loanpersona.persona.resolver import CAPS, TOP
from loanpersona.persona.seasons import HOURS, PARTS, WEEKDAYS, WINDOW, ZONE
from loanpersona.tables import Column

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_VALUE: Schema = {"type": ["string", "number"]}
_CONDITION: Schema = {"anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 1}]}
_PLAIN = r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?"
_BAND = rf"^{_PLAIN}(\.\.{_PLAIN})?$"
_RANGE = rf"^({_PLAIN})?\.\.({_PLAIN})?$"
_DAYS = r"^[-+]?[0-9]+(\.\.[-+]?[0-9]+)?$"
_DATE: Schema = {"type": "string", "pattern": r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"}
_BOTH = {"dependencies": {"window": ["calendar"], "calendar": ["window"]}}
_COMMON = (*BASIS_KEYS, "label", "labels", "hidden", "unit")
_WORDS_OF = {"category", "bool"}


def persona_schema() -> Schema:
    """The JSON Schema (draft 7) of a persona file.

    >>> persona_schema()["properties"]["variables"]["properties"]["sex"]["properties"]["shares"]["propertyNames"]
    {'enum': ['male', 'female']}
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A persona of loanpersona",
        "type": "object",
        "properties": {
            "persona": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,39}$"},
            "format": {"const": 1},
            "extends": _TEXT,
            "title": _ref("words"),
            "about": _ref("words"),
            "product": _mapping({name: _product(cap) for name, cap in CAPS.items()}),
            "sources": {"type": "object", "minProperties": 1},
            "rules": {"type": "object", "minProperties": 1, "additionalProperties": _rule()},
            "window": _with_basis({"first": _DATE, "last": _DATE, "zone": {"const": ZONE}}),
            "calendar": _mapping({key: _with_basis(part) for key, part in _seasons().items()}),
            "variables": _variables(),
        },
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "else": {"required": list(TOP), "properties": {"variables": _whole(), **_whole_time()}, **_BOTH},
        "definitions": _definitions(),
    }


def _definitions() -> Schema:
    texts = dict.fromkeys(LANGUAGES, _TEXT)
    return {
        "words": {**_mapping(texts), "required": list(LANGUAGES)},
        "because": {"anyOf": [_TEXT, _ref("words")]},
        "source": {"anyOf": [_source(), {"type": "array", "items": _source(), "minItems": 1}]},
        "basis": {"enum": list(NEEDS)},
        "number": _number(),
        "share": _number(minimum=0, maximum=1),
        "factor": _number(minimum=0),
        "positive": _number(exclusiveMinimum=0),
        "condition": _CONDITION,
        "when": {
            "type": "object",
            "minProperties": 1,
            "properties": _conditions(),
            "additionalProperties": _ref("condition"),
        },
        **{family: _mapping(_parameters(family)) for family in SHAPES},
        **{key: _entries(key) for key in ("odds", "where", "times", "plus")},
        "reasons": {"allOf": [_if_basis(kind, need) for kind, need in NEEDS.items()]},
        "laws": {"allOf": [_if_law(law, further) for law, further in LAWS.items()]},
        "whole": {"required": ["basis"], "oneOf": [{"required": [law]} for law in LAWS]},
    }


def _whole() -> Schema:
    """A file that extends nothing states every block in full, and the label of each variable of its own."""
    own = {"allOf": [_ref("whole"), {"required": ["label"]}]}
    return {"properties": {name: _ref("whole") for name in _columns()}, "additionalProperties": own}


def _seasons() -> Schema:
    """The numbers of each part of a calendar."""
    weights = {"type": "array", "items": _ref("factor"), "minItems": HOURS, "maxItems": HOURS}
    named = {**_mapping(dict.fromkeys(WEEKDAYS, _ref("factor"))), "required": list(WEEKDAYS)}
    banded = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": _DAYS},
        "additionalProperties": _ref("factor"),
    }
    special = {"hour": weights, "weekday": named, "daily_noise": _number(minimum=0, maximum=1)}
    forms = {"factors": banded, "factor": _ref("factor"), "holiday": _ref("factor")}
    return {part: {key: special.get(part) or forms[key] for key in keys} for part, keys in PARTS.items()}


def _whole_time() -> Schema:
    """A file that extends nothing states the whole window and the whole calendar, if any."""
    parts = {key: {"required": [*keys, "basis"]} for key, keys in PARTS.items()}
    return {
        "window": {"required": [*WINDOW, "basis"]},
        "calendar": {"required": list(PARTS), "properties": parts},
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _number(**limits: float) -> Schema:
    """A number, or a fraction such as 1/3, which YAML takes for a text."""
    return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": r"^\d+/0*[1-9]\d*$"}]}


def _mapping(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _source() -> Schema:
    # An editor offers what is known; a file may state sources of its own.
    return {"anyOf": [{"enum": [*catalog.load("statements"), *catalog.load("sources")]}, _TEXT]}


def _with_basis(properties: Schema) -> Schema:
    """A mapping of these keys and those of a basis; each kind of basis needs its reason."""
    schema = _mapping({**properties, **{key: _ref(key) for key in BASIS_KEYS}})
    return {**schema, "allOf": [_ref("reasons")]}


def _if_basis(kind: str, need: str) -> Schema:
    return {
        "if": {"required": ["basis"], "properties": {"basis": {"const": kind}}},
        "then": {"required": [need]},
    }


def _product(cap: str) -> Schema:
    value = {"type": "number" if "." in cap else "integer", "exclusiveMinimum": 0, "maximum": float(cap)}
    return {**_with_basis({"value": value}), "required": ["value", "basis"]}


def _rule() -> Schema:
    return {**_with_basis({"never": _ref("when")}), "required": ["never", "basis"]}


def _columns() -> dict[str, Column]:
    return {name: column for name, (_, column) in tables.stated().items()}


def _conditions() -> Schema:
    """Conditions on the standard columns: levels are offered, ranges and lists are taken too."""
    return {name: _condition(column) for name, column in _columns().items()}


def _condition(column: Column) -> Schema:
    if column.type in _WORDS_OF:
        one = {"enum": list(column.levels or ("no", "yes"))} if not column.open else _VALUE
        one = {"anyOf": [one, {"type": "string", "pattern": r"\.\."}]}
    else:
        one = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _RANGE}]}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _variables() -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {name: _block(column) for name, column in _columns().items()},
        "propertyNames": {"pattern": "^[a-z_][a-z0-9_]*$", "not": {"pattern": "student|pupil|undergraduate"}},
        "additionalProperties": _block(None),
    }


def _block(column: Column | None) -> Schema:
    """What a variable may state; a standard column has its label, its table and its levels already."""
    own = {"label", "hidden"} if column is not None else set()
    laws = {law: keys for law, keys in LAWS.items() if column is None or _fits(law, column)}
    keys = {key for law, further in laws.items() for key in (law, *further)} | set(_COMMON) - own
    schema = _with_basis({key: _key(key, column) for key in sorted(keys - set(BASIS_KEYS))})
    schema["allOf"].append(_ref("laws"))
    schema["title"] = column.meaning["en"] if column is not None else "A variable of one's own"
    return schema


def _fits(law: str, column: Column) -> bool:
    return (law in {"shares", "table", "groups"}) == (column.type in _WORDS_OF)


def _if_law(law: str, further: tuple[str, ...]) -> Schema:
    """A block states one law, and of the other keys those that go with it."""
    allowed = [law, *further, *_COMMON]
    needed = [key for key in further if key in (*GRID, "given", "groups_of") and law != "bands"]
    then: Schema = {"propertyNames": {"enum": allowed}, "required": needed}
    if law in SHAPES:  # rows may give a parameter to everybody
        general = {"properties": {law: {"required": list(PARAMETERS[law])}}}
        then["anyOf"] = [{"required": ["where"]}, general]
    return {"if": {"required": [law]}, "then": then}


def _key(key: str, column: Column | None) -> Schema:
    """The schema of one key of a block."""
    if key in GRID:
        return _ref("positive" if key == "step" else "number")
    if key == "odds" and _levels(column):
        return _entries(key, {"anyOf": [_levels(column), {"pattern": r"\.\."}]})
    if key not in ("shares", "bands", "table", "groups", "given", "groups_of", "labels", "label", "hidden", "unit"):
        return _ref(key)
    names: Schema = {"propertyNames": _levels(column)}
    filled: Schema = {"type": "object", "minProperties": 1}
    result: Schema = {
        "shares": {**filled, **names, "additionalProperties": _ref("share")},
        "bands": {**filled, "propertyNames": {"pattern": _BAND}, "additionalProperties": _ref("share")},
        "table": {**filled, "additionalProperties": filled},
        "groups": {**filled, **names, "additionalProperties": _ref("condition")},
        "given": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
        "groups_of": _TEXT,
        "label": _ref("words"),
        "labels": {"type": "object", "additionalProperties": _ref("words")},
        "hidden": {"type": "boolean"},
        "unit": _TEXT,
    }[key]
    return result


def _levels(column: Column | None) -> Schema:
    if column is not None and column.type == "bool":
        return {"enum": ["yes", "no"]}
    return {"enum": list(column.levels)} if column is not None and column.levels and not column.open else {}


def _parameters(family: str) -> Schema:
    """The numbers of a distribution; spreads are above zero, and so is what a logarithm is taken of."""
    logged = family in {"lognormal", "gamma"}
    return {name: _ref("positive" if logged or name in POSITIVE else "number") for name in PARAMETERS[family]}


def _entries(key: str, values: Schema | None = None) -> Schema:
    """The entries of a list such as `odds`; `values` is the schema of the levels that they may name."""
    parameters = {name: _ref("positive" if name in POSITIVE else "number") for f in SHAPES for name in PARAMETERS[f]}
    inner: Schema = {
        "odds": {
            "multiply": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": values or {},
                "additionalProperties": _ref("factor"),
            }
        },
        "where": parameters,
        "times": {"by": _ref("factor")},
        "plus": {"by": _ref("number")},
    }[key]
    needed = {"odds": ["when", "multiply"], "where": ["when"]}.get(key, ["by"])
    entry = {**_with_basis({"when": _ref("when"), **inner}), "dependencies": {"source": ["basis"]}}
    return {"type": "array", "items": {**entry, "required": needed}}
