"""The statements of the article, read from `catalog/statements.yaml`, the one source of rows, claims and evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from loanpersona.analysis.frame import declarations
from loanpersona.claims.rules import KINDS
from loanpersona.claims.statement import FORMS, OPINIONS, ORIGINS, Check, Claim, Evidence, Rows, Rule, Statement, Words
from loanpersona.core import catalog
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.core.sourced import read_words
from loanpersona.core.strict_yaml import Faults, Node, number, plain, read

CHAPTERS = ("profile", "habits", "needs", "segments", "levers", "reflections")


@cache
def statements() -> Mapping[str, Statement]:
    """Every statement of the article by its id, in the article's order.

    >>> statements()["1.2a"].short["en"], len(statements())
    ('Most borrowers are men', 46)
    """
    return read_statements(catalog.FOLDER / "statements.yaml")


def chosen(wanted: Sequence[str] | Mapping[str, Statement] | None) -> list[Statement]:
    """The statements of some ids, of a mapping of one's own, or all; raises InputError for unknown ids."""
    known = statements()
    if wanted is None or isinstance(wanted, Mapping):
        result = list((known if wanted is None else wanted).values())
        for one in result:
            expect(one, Statement, "statements", "ids, or statements by id")
        return result
    expect(wanted, (str, list, tuple), "statements", "ids such as 1.2a")
    ids = [wanted] if isinstance(wanted, str) else wanted
    if unknown := [one for one in ids if one not in known]:
        raise InputError(*(f"statements: {one}: unknown. {did_you_mean(str(one), known)}" for one in unknown))
    return [known[one] for one in ids]


def read_statements(path: str | PathLike[str]) -> Mapping[str, Statement]:
    """The statements of a file of the form of `catalog/statements.yaml`; raises InputError with all its faults."""
    root, faults = read(Path(path)), Faults()
    assert isinstance(root.value, dict)
    result = {key: _statement(key, node, faults) for key, node in root.value.items()}
    faults.stop()
    return result


def _statement(key: str, node: Node, faults: Faults) -> Statement:
    kinds = ("claim", "missing", "not_testable")
    known = _known(node, faults, ("sentence", "short", "chapter", "evidence"), kinds)
    if len(known.keys() & set(kinds)) != 1:
        faults.add(node, "is it tested, open or not testable", allowed=f"one of {', '.join(kinds)}")
    return Statement(
        id=key,
        sentence=_words(known.get("sentence"), faults),
        short=_words(known.get("short"), faults),
        chapter=_one_of(known.get("chapter"), CHAPTERS, faults),
        claim=_claim(known["claim"], faults) if "claim" in known else None,
        missing=_words(known["missing"], faults) if "missing" in known else None,
        not_testable=_words(known["not_testable"], faults) if "not_testable" in known else None,
        evidence=_evidence(known.get("evidence"), faults),
    )


def _claim(node: Node, faults: Faults) -> Claim:
    wanted = ("frame", "rule", "origin", "rests_on", "origin_note", "figure")
    known = _known(node, faults, wanted, ("arguments", "form", "axis", "cells", "also"))
    also = known.get("also", Node((), node.file, node.line))
    further = also.value if isinstance(also.value, tuple) else ()
    axis = [_number(end, faults) for end in _list(known.get("axis"))]
    if axis and len(axis) != 2:
        faults.add(known["axis"], "not two ends", allowed="such as [0, 1]")
    return Claim(
        checks=tuple(_check(one, faults) for one in (node, *further)),
        origin=_one_of(known.get("origin"), ORIGINS, faults),
        rests_on=_texts(known.get("rests_on")),
        origin_note=_words(known.get("origin_note"), faults),
        figure=_words(known.get("figure"), faults),
        form=_one_of(known["form"], FORMS, faults) if "form" in known else "percent",
        axis=(axis[0], axis[1]) if len(axis) == 2 else (0.0, 1.0),
        cells={name: _rows(cell, faults) for name, cell in _below(known.get("cells")).items()},
    )


def _check(node: Node, faults: Faults) -> Check:
    known = _below(node)
    arguments = plain(known["arguments"]) if "arguments" in known else {}
    return Check(
        frame=_one_of(known.get("frame"), tuple(declarations()), faults),
        arguments={name: _argument(value) for name, value in arguments.items()},
        rule=read_rule(known.get("rule", Node({}, node.file, node.line, node.path)), faults),
    )


def _argument(value: Any) -> Any:
    """What a frame is called with: texts stay, whole numbers become numbers, lists tuples."""
    if isinstance(value, list):
        return tuple(_argument(one) for one in value)
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def read_rule(node: Node, faults: Faults) -> Rule:
    """The rule that a node states."""
    known = _known(node, faults, ("kind", "row", "line", "because"), ("top", "than", "column", "each"))
    each = known.get("each")
    return Rule(
        kind=_one_of(known.get("kind"), tuple(KINDS), faults),
        row=_rows(known.get("row"), faults),
        line=_number(known.get("line"), faults),
        because=_words(known.get("because"), faults),
        top=_number(known["top"], faults) if "top" in known else None,
        than=_rows(known["than"], faults) if "than" in known else None,
        column=str(known["column"].value) if "column" in known else "",
        each=each is not None and _one_of(each, ("yes",), faults) == "yes",
    )


def _evidence(node: Node | None, faults: Faults) -> Evidence:
    if node is None:
        return Evidence("silent", {})
    known = _known(node, faults, ("verdict", "note"), ("low", "high", "source", "cites"))
    sources = catalog.load("sources")
    for one in _list(known.get("cites")):
        if one.value not in sources:
            faults.add(one, "unknown source", hint=did_you_mean(str(one.value), sources))
        elif sources[one.value]["status"] == "recalled":
            faults.add(one, "recalled, not read", allowed="a source that was read")
    if ("low" in known or "high" in known) and not {"low", "high", "source", "cites"} <= known.keys():
        faults.add(node, "a range without both ends and a source", allowed="low, high, source and cites")
    return Evidence(
        verdict=_one_of(known.get("verdict"), OPINIONS, faults),
        note=_words(known.get("note"), faults),
        low=_number(known["low"], faults) if "low" in known else None,
        high=_number(known["high"], faults) if "high" in known else None,
        source=_words(known["source"], faults) if "source" in known else None,
        cites=_texts(known.get("cites")),
    )


def _known(node: Node, faults: Faults, wanted: Collection[str], further: Collection[str]) -> dict[str, Node]:
    """The parts of a mapping, after noting what is missing and what nobody knows."""
    known = _below(node)
    for name in wanted:
        if name not in known:
            faults.add(node, f"without `{name}`", allowed=", ".join((*wanted, *further)))
    for name, child in known.items():
        if name not in (*wanted, *further):
            faults.add(child, "unknown key", hint=did_you_mean(name, (*wanted, *further)))
    return known


def _words(node: Node | None, faults: Faults) -> Words:
    return read_words(node, faults) if node is not None else {}


def _below(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _list(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else node.value if isinstance(node.value, tuple) else (node,)


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(str(one.value) for one in _list(node))


def _rows(node: Node | None, faults: Faults) -> Rows:
    if node is not None and not isinstance(node.value, dict):
        faults.add(node, "names no row", allowed="{column: level} or {column: [levels]}")
    return {column: _texts(levels) for column, levels in _below(node).items()}


def _number(node: Node | None, faults: Faults) -> float:
    value = None if node is None else number(node, faults)
    return 0.0 if value is None else float(value)


def _one_of(node: Node | None, allowed: tuple[str, ...], faults: Faults) -> str:
    word = "" if node is None else str(node.value)
    if node is not None and word not in allowed:
        faults.add(node, "unknown", hint=did_you_mean(word, allowed))
    return word
