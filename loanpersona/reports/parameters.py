"""What a notebook lets its caller choose, and whether what the caller gave fits.

Papermill only warns about an unknown name and never looks at types, so a typing error would silently
render the default. Here everything is checked before a kernel starts, and nothing but plain numbers,
text and truth values ever reaches the translator that writes them into code.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.words import LANGUAGES

_TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")
_PACKAGE = Path(__file__).resolve().parent.parent
# A wheel carries the notebooks inside the package; in the repository they lie beside it.
_FOLDERS = (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks")

Cell = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell: `name: type = default  # help`."""

    name: str
    type: type
    default: Any
    help: str


def notebook_names() -> list[str]:
    """Return the names of the notebooks that come with loanpersona, in reading order."""
    return sorted(path.stem for path in _folder().glob("*.ipynb"))


def find_notebook(notebook: str | Path) -> Path:
    """Return the file of a notebook given by name or by path; raise `InputError` if there is none."""
    given = Path(notebook)
    if given.suffix == ".ipynb" and given.is_file():
        return given.resolve()
    names = notebook_names()
    if str(notebook) in names:
        return _folder() / f"{notebook}.ipynb"
    raise InputError(f"{notebook}: no such notebook. {did_you_mean(given.stem, names)}")


def declared_parameters(notebook: str | Path) -> dict[str, Parameter]:
    """Return the parameters a notebook declares, in its own order.

    Raises `InputError` if the notebook is missing, is no notebook of version 4 for Python, or has not
    exactly one cell tagged `parameters` made of lines `name: type = default  # help`.
    """
    path = find_notebook(notebook)
    return _parse(path.stem, _parameters_cell(path.stem, _python_cells(path)))


def check_values(notebook: str | Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a notebook, as given or else by default.

    Raises `InputError` with one line for each unknown name and each value of another type than declared.
    Numpy scalars are taken as the plain number they hold; a bool is not an int, an int is not a float.
    """
    where = Path(notebook).stem
    declared = declared_parameters(notebook)
    values = {name: _plain(value) for name, value in given.items()}
    faults = [fault for name, value in values.items() if (fault := _fault(where, name, value, declared))]
    if faults:
        raise InputError(*faults)
    return {name: parameter.default for name, parameter in declared.items()} | values


def _folder() -> Path:
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])


def _plain(value: Any) -> Any:
    """Take a numpy scalar out of its box; papermill would write np.bool_(False) as the true text 'False'."""
    numpy = sys.modules.get("numpy")  # whoever hands over a numpy scalar has loaded numpy
    return value.item() if numpy is not None and isinstance(value, numpy.generic) else value


def _fault(where: str, name: str, value: object, declared: Mapping[str, Parameter]) -> str | None:
    """Say in one line what is wrong with one given parameter, or nothing."""
    at = f"{where}: {name} = {_short(value)}"
    if name not in declared:
        return f"{at}: unknown parameter. {did_you_mean(name, declared)}"
    wanted = declared[name].type
    if type(value) is not wanted:  # no subclasses: one with its own __format__ could write code
        return f"{at}: wrong type {type(value).__name__}. Allowed: {wanted.__name__}{_hint(value, wanted)}."
    if name == "lang" and value not in LANGUAGES:
        return f"{at}: unknown language. {did_you_mean(str(value), LANGUAGES)}"
    return None


def _hint(value: object, wanted: type) -> str:
    if type(value) is int and wanted is float:
        return f"; write {value}.0"
    return f", such as {wanted(0)!r}" if wanted in (int, float) else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _python_cells(path: Path) -> list[Cell]:
    """Read the cells of a notebook, or say why it is none that can run here."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:  # broken JSON and broken UTF-8 alike
        raise InputError(f"{path.stem}: not a notebook: {fault}.") from None
    if not _is_notebook(content):
        raise InputError(f"{path.stem}: not a notebook of version 4. Hint: save it in JupyterLab.")
    kernel = content["metadata"].get("kernelspec", {}).get("name", "python3")
    if kernel != "python3":
        raise InputError(f"{path.stem}: kernel '{kernel}': unknown kernel. Allowed: python3.")
    cells: list[Cell] = content["cells"]
    return cells


def _is_notebook(content: Any) -> bool:
    match content:
        case {"nbformat": 4, "metadata": dict(), "cells": [*cells]}:
            return all(isinstance(cell, dict) and isinstance(cell.get("metadata"), dict) for cell in cells)
    return False


def _parameters_cell(where: str, cells: list[Cell]) -> str:
    """Return the source of the one cell tagged `parameters`."""
    result = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    if len(result) != 1:
        raise InputError(
            f"{where}: {len(result) or 'no'} cells tagged 'parameters'. Allowed: exactly one. "
            "Hint: in JupyterLab, open the property inspector and add the tag."
        )
    source = result[0].get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _parse(where: str, source: str) -> dict[str, Parameter]:
    try:
        lines = ast.parse(source).body
    except SyntaxError as fault:
        raise InputError(f"{where}: parameters cell line {fault.lineno}: {fault.msg}.") from None
    parameters = [_parameter(line, source) for line in lines]
    faults = [
        f"{where}: parameters cell line {line.lineno}: not a parameter. "
        "Allowed: `name: type = default  # help` with int, float, str or bool, and a name in a-z, 0-9, _ that neither "
        "Python nor papermill uses."
        for line, parameter in zip(lines, parameters, strict=True)
        if parameter is None
    ]
    if faults:
        raise InputError(*faults)
    return {parameter.name: parameter for parameter in parameters if parameter}


def _parameter(line: ast.stmt, source: str) -> Parameter | None:
    """Read `name: type = default  # help`, or nothing if the line is something else."""
    match line:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=word), value=ast.expr() as value):
            wanted, default = _TYPES.get(word), _literal(value)
            if wanted is None or type(default) is not wanted or not _is_name(name):
                return None
            last = source.splitlines()[(line.end_lineno or 1) - 1]
            comment = last.encode()[line.end_col_offset or 0 :].decode()  # offsets count bytes
            return Parameter(name, wanted, default, comment.strip(" #\t"))
    return None


def _is_name(name: str) -> bool:
    """Tell whether a parameter may be called so; `pm` is what papermill calls itself."""
    return bool(_NAME.fullmatch(name)) and name != "pm" and not hasattr(builtins, name)


def _literal(expression: ast.expr) -> Any:
    try:
        return ast.literal_eval(expression)
    except ValueError:
        return None
