"""Tables on disk: the digest, one file per table, and a manifest written last that loading checks."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import catalog, folders, tables
from loanpersona.errors import InputError, did_you_mean

SYNTHETIC = "SYNTHETIC: drawn from a persona file; no row is a real person"
MANIFEST = "manifest.json"
_STATED = {
    "synthetic": str, "persona": str, "persona_digest": str, "n": int, "seed": int, "digest": str, "format": str,
    "tables": dict,
}  # fmt: skip
FORMATS = ("parquet", "csv")
_WORDS = ("dictionary.md", "datasheet.md")


def digest(frames: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256 over the canonical columns of all tables, in hexadecimal; file formats and dtypes do not count.

    >>> frame = pd.DataFrame({"a": [1, 2]})
    >>> digest({"t": frame}) == digest({"t": frame.astype("int8")})
    True
    """
    lines = [f"{name}.{column} {column_digest(frames[name][column])}\n" for name in sorted(frames)
             for column in sorted(frames[name].columns)]  # fmt: skip
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def column_digest(values: pd.Series) -> str:
    """SHA-256 of one column: its kind, the words of its levels, its values as little-endian numbers."""
    found = hashlib.sha256()
    if isinstance(values.dtype, pd.CategoricalDtype):
        found.update(b"category")
        for level in values.cat.categories:
            word = str(level).encode()
            found.update(len(word).to_bytes(8, "little") + word)
        numbers = values.cat.codes.to_numpy().astype("<i4")
    else:
        kind = {"b": "bool", "i": "<i8", "u": "<i8", "f": "<f8"}[values.dtype.kind]
        found.update(kind.encode())
        numbers = values.to_numpy().astype("u1" if kind == "bool" else kind)
    found.update(np.ascontiguousarray(numbers).data)
    return found.hexdigest()


def versions() -> dict[str, str]:
    """The versions that made something: this package, Python and what the numbers pass through."""
    found = {"python": platform.python_version()}
    for name in ("loanpersona", "numpy", "pandas", "pyarrow", "matplotlib"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def check_format(format: str) -> str:
    """Return `format` if tables can be written so; raise InputError otherwise."""
    if format not in FORMATS:
        raise InputError(f"format = {format}: unknown format. {did_you_mean(str(format), FORMATS)}")
    return format


def check_folder(folder: Path, needed: Callable[[], int] | None = None) -> None:
    """Raise before any work is done if a population cannot be written to `folder`, or would replace other files.

    `needed` counts the bytes to name where there is no space.
    """
    folders.check_folder(folder, _own, needed)


def _own(folder: Path) -> list[str]:
    """The files of a saved population, which may be replaced."""
    try:
        manifest = _manifest(folder)
    except InputError:
        return []
    return [MANIFEST, *_WORDS, *(stated["file"] for stated in manifest["tables"].values())]


def save(
    frames: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    format: str,
    schemas: Iterable[tables.Table],
    made: Mapping[str, Any],
) -> Path:
    """Write the tables with dictionary, datasheet and manifest; `folder` appears at once, or not at all."""
    check_format(format)
    needed = partial(_needed, frames, format)
    check_folder(folder, needed)
    kept = [schema for schema in schemas if schema.name in frames]
    with folders.said(folder, needed), folders.replaced(folder) as new:
        stated = {schema.name: _write(frames[schema.name], schema, new, format) for schema in kept}
        (new / "dictionary.md").write_text(_dictionary(kept), encoding="utf-8")
        (new / "datasheet.md").write_text(_datasheet(made), encoding="utf-8")
        manifest = {**made, "format": format, "versions": versions(), "tables": stated}
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (new / MANIFEST).write_text(text, encoding="utf-8")
    return folder


def _needed(frames: Mapping[str, pd.DataFrame], format: str) -> int:
    """About how many bytes the files of the tables take."""
    columns = [frame[name] for frame in frames.values() for name in frame]
    if format == "csv":
        return int(sum(_text_bytes(column.head(1_000)) / min(len(column), 1_000) * len(column) for column in columns))
    # Parquet writes the distinct values of a column once, and then a number of so many bits per row.
    distinct = [(len(column), int(column.nunique())) for column in columns]
    return sum(rows * kinds.bit_length() // 8 + 8 * kinds for rows, kinds in distinct)


def _text_bytes(values: pd.Series) -> int:
    return sum(len(str(value).encode()) + 1 for value in values)


def load(folder: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame], list[tables.Table]]:
    """Read tables back and check them against the manifest: files, rows, columns, digest.

    Raises InputError naming the first file that is missing, cut, changed or of another form.
    """
    if earlier := folders.set_aside(folder):
        raise InputError(
            f"{folder}: missing: a save was killed, or is under way. The earlier population lies in {earlier}. "
            "Save again, or give that folder its name back."
        )
    manifest = _manifest(folder)
    schemas = [_schema(name, stated) for name, stated in manifest["tables"].items()]
    frames = {schema.name: _read(folder, manifest["tables"][schema.name], schema) for schema in schemas}
    found = digest(frames)
    if found != manifest["digest"]:
        raise InputError(f"{folder}: the digest is {found[:12]}, the manifest says {manifest['digest'][:12]}.")
    made = {key: manifest[key] for key in ("synthetic", "persona", "persona_digest", "n", "seed", "digest")}
    return made, frames, schemas


def _write(frame: pd.DataFrame, schema: tables.Table, folder: Path, format: str) -> dict[str, Any]:
    path = folder / f"{schema.name}.{format}"
    if format == "csv":
        frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    else:
        with path.open("wb") as file:  # pyarrow cannot name every folder itself where the locale is C
            frame.to_parquet(file, index=False)
    columns = {
        name: {
            "type": column.type,
            **({"levels": list(column.levels), "ordered": column.ordered} if column.levels else {}),
            "unit": column.unit,
            "meaning": column.meaning,
            **({"words": column.words} if column.words else {}),
            "digest": column_digest(frame[name]),
        }
        for name, column in schema.columns.items()
    }
    described = {"row": schema.row, "key": schema.key, "hidden": schema.hidden}
    return {"file": path.name, "rows": len(frame), "sha256": _hash(path), **described, "columns": columns}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dictionary(schemas: Iterable[tables.Table]) -> str:
    kept = list(schemas)
    english, chinese = tables.dictionary(kept), tables.dictionary(kept, lang="zh")
    lines = ["# Data dictionary 数据字典", "", f"{SYNTHETIC}.", ""]
    lines.append("| table | column | type | unit | allowed | label | 名称 | meaning | 含义 |")
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for en, zh in zip(english.to_dict("records"), chinese.to_dict("records"), strict=True):
        hidden = " (hidden)" if en["hidden"] else ""
        cells = [en["table"] + hidden, en["column"], en["type"], en["unit"], en["allowed"], en["label"], zh["label"],
                 en["meaning"], zh["meaning"]]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _datasheet(made: Mapping[str, Any]) -> str:
    text = (catalog.FOLDER / "datasheet.md").read_text(encoding="utf-8")
    return text.format(**made)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file: no saved population, or one cut short.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as a manifest ({error}).") from None
    stated = manifest if isinstance(manifest, dict) else {}
    wrong = [key for key, kind in _STATED.items() if type(stated.get(key)) is not kind]
    if wrong:
        raise InputError(f"{path}: no {', '.join(wrong)}. Allowed: a manifest as saving writes it.")
    for name, body in stated["tables"].items():
        _check_stated(path, name, body)
    return stated


def _check_stated(path: Path, name: str, body: Any) -> None:
    """Raise where a manifest does not describe a table as saving does; a file must stand beside it."""
    try:
        kinds = [column.dtype for column in _schema(name, body).columns.values()]
        whole = kinds and Path(body["file"]).name == body["file"] and type(body["rows"]) is int and body["sha256"]
    except (AttributeError, KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise InputError(f"{path}: tables.{name} is not whole. Allowed: a manifest as saving writes it.")


def _schema(name: str, stated: Mapping[str, Any]) -> tables.Table:
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


def _read(folder: Path, stated: Mapping[str, Any], schema: tables.Table) -> pd.DataFrame:
    path = folder / stated["file"]
    if not path.is_file():
        raise InputError(f"{path}: missing, though the manifest lists it.")
    if _hash(path) != stated["sha256"]:
        raise InputError(f"{path}: changed or cut since it was saved (its SHA-256 is not that of the manifest).")
    frame = _read_csv(path, schema) if path.suffix == ".csv" else _read_parquet(path)
    if list(frame.columns) != list(schema.columns) or len(frame) != stated["rows"]:
        raise InputError(f"{path}: {len(frame)} rows of {', '.join(frame.columns)}; the manifest says otherwise.")
    try:
        return frame.astype({key: column.dtype for key, column in schema.columns.items()})
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: not of the types that the manifest states ({error}).") from None


def _read_parquet(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return pd.read_parquet(file)


def _read_csv(path: Path, schema: tables.Table) -> pd.DataFrame:
    """The table as it was: words stay words ("1", "NA"), and fractions are left to `float`, exact to the last bit."""
    texts = {name: str for name, column in schema.columns.items() if column.type in {"category", "float64"}}
    return pd.read_csv(path, dtype=texts, keep_default_na=False)
