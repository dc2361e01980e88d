"""The manifest of a saved population: what it must state, which loanpersona wrote it, and the tables it describes."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from loanpersona import tables
from loanpersona.core.errors import InputError

FILE = "manifest.json"
FORM = 1
"""The form of manifest that is written, and the newest that can be read."""
_STATED = {
    "manifest": int,
    "synthetic": str,
    "persona": str,
    "persona_digest": str,
    "n": int,
    "seed": int,
    "digest": str,
    "format": str,
    "versions": dict,
    "tables": dict,
    "texts": dict,
    "sha256": str,
}


def versions() -> dict[str, str]:
    """The versions that made something: this package, Python and what the numbers pass through.

    `holidays` is among them because it reckons the days off of years that nobody has announced yet.
    """
    names = ("loanpersona", "numpy", "pandas", "pyarrow", "holidays", "matplotlib")
    return {"python": platform.python_version(), **{name: _version(name) for name in names}}


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with the SHA-256 of all else in it as its last key, so that a change of itself shows too.

    >>> sealed({"n": 5}) == sealed(sealed({"n": 5}))
    True
    """
    rest = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False)
    return {**rest, "sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()}


def between(stated: Mapping[str, Any]) -> str:
    """Which loanpersona saved a population and which one reads it now; they may differ in what they do.

    >>> between({"versions": {"loanpersona": "9.1"}}).partition(",")[0]
    'saved by loanpersona 9.1'
    """
    made = stated.get("versions")
    saved = made.get("loanpersona", "unknown") if isinstance(made, dict) else "unknown"
    return f"saved by loanpersona {saved}, read by loanpersona {versions()['loanpersona']}"


def read(folder: Path) -> dict[str, Any]:
    """The manifest in a folder; raises InputError where it is missing, damaged, not whole or of a newer form."""
    path = folder / FILE
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file: no saved population, or one cut short.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as a manifest ({error}).") from None
    stated = result if isinstance(result, dict) else {}
    if "manifest" not in stated:  # the first manifests did not state their form, nor vouch for themselves
        stated = sealed({"manifest": FORM, "texts": {}, **stated})
    _check_form(path, stated)
    wrong = [key for key, kind in _STATED.items() if type(stated.get(key)) is not kind]
    if wrong:
        raise InputError(f"{path}: no {', '.join(wrong)}. Allowed: a manifest as saving writes it.")
    if sealed(stated) != stated:
        raise InputError(f"{path}: changed or cut since it was saved (its SHA-256 is not the one it states).")
    for name, body in stated["tables"].items():
        _check_table(path, name, body)
    return stated


def _check_form(path: Path, stated: Mapping[str, Any]) -> None:
    """Raise before anything else is asked of a form that this version does not know."""
    form = stated.get("manifest")
    if type(form) is int and form != FORM:
        fault = f"needs a newer loanpersona ({between(stated)})" if form > FORM else "unknown form"
        raise InputError(f"{path}: manifest = {form}: {fault}. Allowed: {FORM}.")


def _check_table(path: Path, name: str, body: Any) -> None:
    """Raise where a manifest does not describe a table as saving does; a file must stand beside it."""
    try:
        columns = schema(name, body).columns.values()
        kinds = [column.dtype for column in columns if _in_words(column)]
        whole = (
            kinds
            and len(kinds) == len(columns)
            and Path(body["file"]).name == body["file"]
            and type(body["rows"]) is int
            and body["sha256"]
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise InputError(f"{path}: tables.{name} is not whole. Allowed: a manifest as saving writes it.")


def _in_words(column: tables.Column) -> bool:
    """Whether the words that go with a column are words, and what is yes or no is that."""
    texts = [column.meaning, *column.words.values()]
    said = all(isinstance(text, str) for each in texts for text in each.values()) and isinstance(column.unit, str)
    return said and all(isinstance(flag, bool) for flag in (column.ordered, column.made, column.missing))


def described(column: tables.Column) -> dict[str, Any]:
    """What a manifest says of a column: enough to read it back without this package's own tables."""
    return {
        "type": column.type,
        **({"levels": list(column.levels), "ordered": column.ordered} if column.levels else {}),
        **{flag: True for flag in ("made", "missing") if getattr(column, flag)},
        "unit": column.unit,
        "meaning": column.meaning,
        **({"words": column.words} if column.words else {}),
    }


def schema(name: str, stated: Mapping[str, Any]) -> tables.Table:
    """The table that a manifest describes under a name."""
    columns = {
        key: tables.Column(
            key,
            body["type"],
            body["meaning"],
            body["unit"],
            tuple(body.get("levels", ())),
            body.get("ordered", False),
            made=body.get("made", False),
            missing=body.get("missing", False),
            words=body.get("words", {}),
        )
        for key, body in stated["columns"].items()
    }
    return tables.Table(name, stated["row"], stated["key"], stated["hidden"], columns)
