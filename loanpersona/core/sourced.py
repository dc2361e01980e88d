"""Where a number comes from: `basis`, `source` and `because`, read here for every file that states numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from loanpersona.core import catalog
from loanpersona.core.errors import did_you_mean
from loanpersona.core.strict_yaml import Faults, Node, plain, read
from loanpersona.core.words import LANGUAGES

BASIS_KEYS = ("basis", "source", "because")
NEEDS = {"stated": "source", "published": "source", "assumed": "because"}
"""What each basis cannot be without."""


@dataclass(frozen=True)
class Basis:
    """Where a number comes from."""

    kind: str
    """`stated` (the article), `published` (a source) or `assumed` (ours)."""
    sources: tuple[str, ...] = ()
    """Ids of statements or of entries of `sources.yaml`."""
    because: tuple[tuple[str, str], ...] = ()
    """Why this value, in words per language; always there for an assumption."""


@cache
def load(name: str) -> dict[str, Any]:
    """A catalog file as `catalog.load` gives it, with a `Basis` under `basis` in place of what states one."""
    root, faults = read(catalog.FOLDER / f"{name}.yaml"), Faults()
    result = _with_bases(root, faults, sources_of(root), None)
    faults.stop()
    assert isinstance(result, dict)
    return result


def _with_bases(node: Node, faults: Faults, sources: set[str], general: Basis | None) -> Any:
    if isinstance(node.value, tuple):
        return [_with_bases(below, faults, sources, general) for below in node.value]
    if not isinstance(node.value, dict):
        return node.value
    own = any(key in node.value for key in BASIS_KEYS)
    statement = plain(node.value["statement"]) if "statement" in node.value else ""
    basis = read_basis(node, faults, sources, general, statement=statement) if own else general
    rest = {key: below for key, below in node.value.items() if key not in BASIS_KEYS}
    result = {key: _with_bases(below, faults, sources, basis) for key, below in rest.items()}
    return {**result, "basis": basis} if own else result


def sources_of(document: Node) -> set[str]:
    """What the numbers of a file may cite: the sources of the catalog, and those that it lists under `sources`."""
    own = document.child("sources")
    return {*catalog.load("sources"), *(own.value if own is not None and isinstance(own.value, dict) else ())}


def read_basis(
    node: Node, faults: Faults, sources: Collection[str] | None, general: Basis | None = None, *, statement: str = ""
) -> Basis:
    """Where the numbers of a node come from; without a word of its own, where those of `general` do.

    It may cite `sources`; without a list of them, what it cites was checked before and is taken as it stands.
    A node that says elsewhere which statement it serves need not cite that `statement` once more.
    """
    stated, because = node.child("basis"), read_because(node.child("because"), faults)
    if stated is None:
        source = node.child("source")
        if general is None:
            faults.add(node, "no number without a basis", allowed=f"basis: {', '.join(NEEDS)}")
        elif source is not None:
            faults.add(source, "a source without a basis", allowed="basis: stated, published")
        return Basis(general.kind, general.sources, because or general.because) if general else Basis("")
    kind = stated.value if isinstance(stated.value, str) else ""
    if kind not in NEEDS:
        faults.add(stated, "unknown basis", hint=did_you_mean(kind, NEEDS))
        return Basis("")
    serves = (statement,) if kind == "stated" and statement else ()
    if node.child(NEEDS[kind]) is None and not serves:
        faults.add(node, f"basis {kind} without `{NEEDS[kind]}`", allowed=f"{NEEDS[kind]}: …")
    return Basis(kind, _cited(node.child("source"), kind, sources, faults) or serves, because)


def read_because(node: Node | None, faults: Faults) -> tuple[tuple[str, str], ...]:
    """Why, in words: one text for both languages, or one each."""
    if node is None:
        return ()
    if isinstance(node.value, dict):
        return tuple(sorted(read_words(node, faults).items()))
    if not isinstance(node.value, str) or not node.value.strip():
        faults.add(node, "not a reason", allowed="a text, or {en: …, zh: …}")
    return tuple((lang, str(node.value)) for lang in LANGUAGES)


def read_words(node: Node, faults: Faults) -> dict[str, str]:
    """One text per language."""
    stated = node.value if isinstance(node.value, dict) else {}
    texts = {lang: text.value for lang, text in stated.items() if isinstance(text.value, str) and text.value}
    if set(stated) != set(LANGUAGES) or len(texts) != len(LANGUAGES):
        faults.add(node, "not a text in both languages", allowed="{en: …, zh: …}")
    return texts


def _cited(stated: Node | None, kind: str, sources: Collection[str] | None, faults: Faults) -> tuple[str, ...]:
    if stated is None:
        return ()
    cited = stated.value if isinstance(stated.value, tuple) else (stated,)
    if sources is None:
        return tuple(str(source.value) for source in cited)
    known = sorted(catalog.load("statements") if kind == "stated" else sources)
    what = "statement" if kind == "stated" else "source"
    if not cited:
        faults.add(stated, f"names no {what}", allowed="at least one")
    for source in cited:
        word = source.value if isinstance(source.value, str) else ""
        if word not in known:
            faults.add(source, f"unknown {what}", hint=did_you_mean(word, known))
        elif kind == "published" and catalog.load("sources").get(word, {}).get("status") == "recalled":
            faults.add(source, "recalled, not read", allowed="basis: assumed")
    return tuple(str(source.value) for source in cited)
