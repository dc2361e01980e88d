"""The manifest of a saved population: what it must state, which loanpersona wrote it, and the tables it describes."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from loanpersona import tables
from loanpersona.errors import InputError

FILE = "manifest.json"
FORM = 1
"""The form of manifest that is written, and the newest that can be read."""
_STATED = {
    "manifest": int, "synthetic": str, "persona": str, "persona_digest": str, "n": int, "seed": int, "digest": str,
    "format": str, "versions": dict, "tables": dict,
}  # fmt: skip


def versions() -> dict[str, str]:
    """The versions that made something: this package, Python and what the numbers pass through."""
    found = {"python": platform.python_version()}
    for name in ("loanpersona", "numpy", "pandas", "pyarrow", "matplotlib"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


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
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file: no saved population, or one cut short.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as a manifest ({error}).") from None
    # The first manifests did not state their form. They are whole by the same rules, so nothing is guessed.
    stated = {"manifest": 1, **found} if isinstance(found, dict) else {}
    _check_form(path, stated)
    wrong = [key for key, kind in _STATED.items() if type(stated.get(key)) is not kind]
    if wrong:
        raise InputError(f"{path}: no {', '.join(wrong)}. Allowed: a manifest as saving writes it.")
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
        kinds = [column.dtype for column in schema(name, body).columns.values()]
        whole = kinds and Path(body["file"]).name == body["file"] and type(body["rows"]) is int and body["sha256"]
    except (AttributeError, KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise InputError(f"{path}: tables.{name} is not whole. Allowed: a manifest as saving writes it.")


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
            words=body.get("words", {}),
        )
        for key, body in stated["columns"].items()
    }
    return tables.Table(name, stated["row"], stated["key"], stated["hidden"], columns)
