"""Finding persona files and merging what extends what, before anything is resolved."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

from loanpersona.core import catalog, strict_yaml
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.core.strict_yaml import Fault, Node
from loanpersona.persona.bases import rebased

MAX_EXTENDED = 8
# The keys that go with each way of stating a variable; restating the way drops the keys of the other.
SHAPES = ("lognormal", "normal", "logistic", "gamma")
GRID = ("least", "most", "step")
LAWS: dict[str, tuple[str, ...]] = {
    "shares": ("odds",),
    "bands": ("odds", "step"),
    "table": ("given",),
    "groups": ("groups_of",),
    "lognormal": ("where", "times", *GRID),
    "normal": ("where", "plus", *GRID),
    "logistic": ("where", "plus", *GRID),
    "gamma": ("where", "times", *GRID),
}
_LAW_KEYS = {*LAWS, *(key for keys in LAWS.values() for key in keys)}


def find(name: str | PathLike[str], *, beside: Path | None = None, said: str = "persona") -> Path:
    """The file of a persona, by its shipped name or by a path; raises InputError naming the nearest name."""
    expect(name, (str, PathLike), said, "a name, or the path of a file")
    shipped = catalog.persona_files()
    if str(name) in shipped:
        return shipped[str(name)]
    if "\0" in str(name):
        raise InputError(f"{said}: holds the invisible character U+0000. Remove it.")
    path = (beside or Path()) / name
    if os.path.exists(path) or path.suffix in {".yaml", ".yml"} or len(path.parts) > 1 + len((beside or Path()).parts):
        return path
    raise InputError(f"{said} = {name}: unknown persona. {did_you_mean(str(name), shipped)} A path works too.")


def document(path: Path, *, extends_anywhere: bool = False, above: tuple[Path, ...] = ()) -> Node:
    """The text of a persona with what it extends merged in; the order of the base is kept."""
    file = str(path) if path.name in {p.name for p in above} else path.name
    if os.path.realpath(path) in map(os.path.realpath, above):
        chain = " → ".join(p.name for p in (*above, path))
        raise InputError(f"{path.name}: extends: personas extend one another in a circle ({chain}).")
    if len(above) > MAX_EXTENDED:
        raise InputError(f"{above[0].name}: extends: too deep. Allowed: {MAX_EXTENDED} personas below one another.")
    node = strict_yaml.read(path, ours=["persona"], file=file)
    base = node.child("extends")
    if base is None:
        return node
    result = _base(base, path, extends_anywhere)
    below = document(result, extends_anywhere=extends_anywhere, above=(*above, path))
    whole = rebased(below, merged(below, node))
    if strict_yaml.size(whole) > strict_yaml.MAX_NODES:
        allowed = f"{strict_yaml.MAX_NODES:,} keys and values with what it extends"
        raise InputError(str(Fault(base.file, base.line, f"extends: holds too much. Allowed: {allowed}.")))
    return whole


def _base(base: Node, path: Path, anywhere: bool) -> Path:
    """The file that a persona extends: one that ships, or one in the persona's own folder unless `anywhere`."""
    if not isinstance(base.value, str) or not base.value:
        raise InputError(str(Fault(base.file, base.line, "extends: expected the name or path of one persona.")))
    if base.value in catalog.persona_files():
        return catalog.persona_files()[base.value]
    result = find(base.value, beside=path.parent, said=f"{base.file}:{base.line}: extends")
    folder = os.path.realpath(path.parent)
    # A file from a stranger must not make us read another's.
    if not anywhere and os.path.commonpath([folder, os.path.realpath(result)]) != folder:
        said = f"extends = {base.shown()}: outside the folder of {path.name}. Allowed: a persona that ships, or a file"
        hint = "Load it with extends_anywhere=True (describe --extends-anywhere) if you trust it."
        raise InputError(str(Fault(base.file, base.line, f"{said} in that folder. {hint}")))
    return result


def merged(base: Node, change: Node) -> Node:
    """`base` with the values of `change` in place of its own, block by block."""
    mine, theirs = base.value, change.value
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return change
    whole = dict(mine)
    for key, node in theirs.items():
        if key in {"product", "sources", "rules"} and key in mine:
            whole[key] = _updated(mine[key], node)
        elif key in {"variables", "calendar"} and key in mine:
            whole[key] = _merged_blocks(mine[key], node)
        elif key == "window" and key in mine:
            whole[key] = _merged_block(mine[key], node)
        elif key != "extends":
            whole[key] = node
    return Node(whole, change.file, change.line, change.path)


def _updated(base: Node, change: Node) -> Node:
    if not isinstance(base.value, dict) or not isinstance(change.value, dict):
        return change
    return Node({**base.value, **change.value}, change.file, change.line, change.path)


def _merged_blocks(base: Node, change: Node) -> Node:
    if not isinstance(base.value, dict) or not isinstance(change.value, dict):
        return change
    whole = dict(base.value)
    for name, block in change.value.items():
        whole[name] = _merged_block(whole[name], block) if name in whole else block
    return Node(whole, change.file, change.line, change.path)


def _merged_block(base: Node, change: Node) -> Node:
    if not isinstance(base.value, dict) or not isinstance(change.value, dict):
        return change
    kept = base.value
    law = next((key for key in change.value if key in LAWS), None)
    if law is not None and law not in kept:
        kept = {key: node for key, node in kept.items() if key not in _LAW_KEYS}
    if "basis" in change.value:  # a new basis comes with its own reasons
        kept = {key: node for key, node in kept.items() if key not in {"source", "because"}}
    return Node({**kept, **change.value}, change.file, change.line, change.path)
