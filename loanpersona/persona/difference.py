"""What differs between two personas, number by number, each with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from loanpersona.core.markdown import as_words, table
from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import Node, exact
from loanpersona.core.words import check_language, label, phrase
from loanpersona.persona.idle import idle_paths
from loanpersona.persona.model import Persona
from loanpersona.persona.seasons import idle_days

_TEXT = re.compile(r"^persona$|(^|\.)(basis|source|because|en|zh)(\[|\.|$)")
"""Paths that hold no number: names, words, and where a number comes from."""
_ROW_BASIS = re.compile(r"\]\.(basis|source|because)")
"""Where a row of a list says what it rests on; one that follows its block says nothing."""


def difference(one: Persona, other: Persona, lang: str = "en") -> str:
    """The numbers that differ as a Markdown table, with their bases; below it, which texts differ.

    >>> from loanpersona.persona.resolver import load_persona
    >>> difference(load_persona("article"), load_persona("article"))
    'article and article: no difference.\\n'
    """
    check_language(lang)
    result = list(differing(one.document, other.document))
    if not result:
        return phrase("told_same", lang, one=one.name, other=other.name) + "\n"
    texts = [path for path, *_ in result if _TEXT.search(path)]
    still = _still(one, {path: mine for path, mine, _ in result})
    still &= _still(other, {path: theirs for path, _, theirs in result}) - {*texts}
    rows = [
        [path, mine or "–", theirs or "–", _basis(one.document, path), _basis(other.document, path)]
        for path, mine, theirs in result
        if path not in {*texts, *still}
    ]
    said = [table(_heads(one, other, lang), [[as_words(cell) for cell in row] for row in rows])] if rows else []
    said += (
        [phrase("told_nobody", lang, paths=as_words(", ".join(path for path, *_ in result if path in still)))]
        if still
        else []
    )
    added = {path for path, *both in result if None in both and _ROW_BASIS.search(path)}
    texts = [path for path in texts if path not in added]
    said += [phrase("told_texts", lang, paths=as_words(", ".join(texts)))] if texts else []
    return "\n\n".join(said) + "\n"


def _still(persona: Persona, stated: Mapping[str, str | None]) -> set[str]:
    """Those of the paths at which a persona states nothing, or nothing that changes anybody."""
    nobody = idle_paths(persona) | {
        result.path for result in idle_days(persona.document.child("calendar"), persona.window, persona.calendar)
    }
    below = tuple(f"{path}{step}" for path in nobody for step in ".[")
    return {path for path, text in stated.items() if text is None or path in nobody or path.startswith(below)}


def _heads(one: Persona, other: Persona, lang: str) -> list[str]:
    names = [one.name, other.name]
    if one.name == other.name:
        names = [f"{persona.name} {persona.digest[:6]}" for persona in (one, other)]
    return [label("told_value", lang), *names, *(f"{label('basis', lang)}: {name}" for name in names)]


def differing(one: Node | None, other: Node | None, path: str = "") -> Iterator[tuple[str, str | None, str | None]]:
    """Path and both texts of every scalar that differs; variables without the word `variables` before them."""
    if one is other:
        return
    mine, theirs = (dict(_children(node)) if node is not None else {} for node in (one, other))
    for step in {**mine, **theirs}:
        whole = f"{path}.{step}" if path and not step.startswith("[") else f"{path}{step}"
        yield from differing(mine.get(step), theirs.get(step), whole)
    old, new = (node.value if node is not None and isinstance(node.value, str) else None for node in (one, other))
    if not _same(old, new):
        yield path.removeprefix("variables."), old, new


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
