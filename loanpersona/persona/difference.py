"""What differs between two personas, number by number, each with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from loanpersona.labels import check_language, label, phrase
from loanpersona.persona.markdown import table
from loanpersona.persona.model import Persona
from loanpersona.persona.scope import BASIS_KEYS
from loanpersona.strict_yaml import Node, exact

_TEXT = re.compile(r"^persona$|(^|\.)(basis|source|because|en|zh)(\[|\.|$)")
"""Paths that hold no number: names, words, and where a number comes from."""


def difference(one: Persona, other: Persona, lang: str = "en") -> str:
    """The numbers that differ as a Markdown table, with their bases; below it, which texts differ.

    >>> from loanpersona.persona.resolver import load_persona
    >>> difference(load_persona("article"), load_persona("article"))
    'article and article: no difference.\\n'
    """
    check_language(lang)
    mine, theirs = dict(_leaves(one.document)), dict(_leaves(other.document))
    paths = [path for path in {**mine, **theirs} if not _same(mine.get(path), theirs.get(path))]
    if not paths:
        return phrase("told_same", lang, one=one.name, other=other.name) + "\n"
    texts = [path for path in paths if _TEXT.search(path)]
    rows = [
        [path, mine.get(path, "–"), theirs.get(path, "–"), _basis(one.document, path), _basis(other.document, path)]
        for path in paths
        if path not in texts
    ]
    said = [table(_heads(one, other, lang), rows)] if rows else []
    said += [phrase("told_texts", lang, paths=", ".join(texts))] if texts else []
    return "\n\n".join(said) + "\n"


def _heads(one: Persona, other: Persona, lang: str) -> list[str]:
    names = [one.name, other.name]
    if one.name == other.name:
        names = [f"{persona.name} {persona.digest[:6]}" for persona in (one, other)]
    return [label("told_value", lang), *names, *(f"{label('basis', lang)}: {name}" for name in names)]


def _leaves(node: Node) -> Iterator[tuple[str, str]]:
    """Path and text of every scalar, variables without the word `variables` before them."""
    for step, child in _children(node):
        for path, text in [("", child.value)] if isinstance(child.value, str) else _leaves(child):
            whole = f"{step}.{path}" if path and not path.startswith("[") else f"{step}{path}"
            yield whole.removeprefix("variables."), str(text)


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif isinstance(node.value, tuple):
        yield from ((f"[{i}]", child) for i, child in enumerate(node.value))


def _same(one: str | None, other: str | None) -> bool:
    """Whether two texts say the same; numbers may be written differently."""
    if one == other:
        return True
    return None not in (one, other) and exact(str(one)) is not None and exact(str(one)) == exact(str(other))


def _basis(document: Node, path: str) -> str:
    """The basis that the number at a path rests on: that of the innermost block which states one."""
    said, nodes = "", [document, document.child("variables") or document]
    for node in nodes:
        for block in _on_the_way(node, path):
            kind = block.child("basis")
            said = f"{kind.value} ({_cited(block)})".replace(" ()", "") if kind is not None else said
    return said


def _on_the_way(node: Node, path: str) -> Iterator[Node]:
    """The nodes that a path leads through."""
    for step, child in _children(node):
        rest = path.removeprefix(step)
        if rest != path and (not rest or rest[0] in ".["):
            yield child
            yield from _on_the_way(child, rest.removeprefix("."))


def _cited(block: Node) -> str:
    stated: Mapping[str, Node] = block.value if isinstance(block.value, dict) else {}
    source = stated.get(BASIS_KEYS[1])
    parts = source.value if source is not None and isinstance(source.value, tuple) else (source,)
    return ", ".join(str(part.value) for part in parts if part is not None)
