"""Tables on disk: the digest, one file per table, and a manifest written last that loading checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import catalog, folders, manifest, table_files, tables
from loanpersona.errors import InputError, did_you_mean, together
from loanpersona.manifest import versions

__all__ = [
    "FORMATS", "SYNTHETIC", "check_folder", "check_format", "column_digest", "digest", "load", "save", "versions",
]  # fmt: skip

SYNTHETIC = "SYNTHETIC: drawn from a persona file; no row is a real person"
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
    elif values.dtype.kind == "M":
        found.update(b"time")
        numbers = values.to_numpy().astype("datetime64[s]").astype("<i8")
    elif str(values.dtype).startswith("Int"):
        found.update(b"Int")
        numbers = values.fillna(-1).to_numpy().astype("<i8")
    else:
        kind = {"b": "bool", "i": "<i8", "u": "<i8", "f": "<f8"}[values.dtype.kind]
        found.update(kind.encode())
        numbers = values.to_numpy().astype("u1" if kind == "bool" else kind)
    found.update(np.ascontiguousarray(numbers).data)
    return found.hexdigest()


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
        stated = manifest.read(folder)
    except InputError:
        return []
    return [manifest.FILE, *_WORDS, *(table["file"] for table in stated["tables"].values())]


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
        marked = {"text_mark": table_files.TEXT_MARK} if format == "csv" else {}
        whole = manifest.sealed({
            "manifest": manifest.FORM,
            **made,
            "format": format,
            **marked,
            "versions": versions(),
            "tables": stated,
            "texts": {name: table_files.sha256(new / name) for name in _WORDS},
        })  # fmt: skip
        text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
        (new / manifest.FILE).write_text(text, encoding="utf-8")
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
    """Read tables back and check them against the manifest: files, rows, columns, types, digest.

    Raises InputError with one line for each file that is missing, cut or changed, and for each column that is
    missing, of another type or not in the manifest.
    """
    if earlier := folders.set_aside(folder):
        raise InputError(
            f"{folder}: missing: a save was killed, or is under way. The earlier population lies in {earlier}. "
            "Save again, or give that folder its name back."
        )
    stated = manifest.read(folder)
    schemas = [manifest.schema(name, body) for name, body in stated["tables"].items()]
    marked = stated.get("text_mark") == table_files.TEXT_MARK  # in CSV files from before, nothing was marked
    read = together(
        *(
            partial(table_files.read, folder, stated["tables"][schema.name], schema, marked=marked)
            for schema in schemas
        ),
        *(partial(table_files.check_text, folder / name, found) for name, found in stated["texts"].items()),
    )
    frames = {schema.name: frame for schema, frame in zip(schemas, read, strict=False)}
    _check_digest(folder, stated, frames)
    made = {key: stated[key] for key in ("synthetic", "persona", "persona_digest", "n", "seed", "digest")}
    return made, frames, schemas


def _check_digest(folder: Path, stated: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> None:
    found = digest(frames)
    if found == stated["digest"]:
        return
    changed = [
        f"{name}.{column}"
        for name, table in stated["tables"].items()
        for column, body in table["columns"].items()
        if body.get("digest") != column_digest(frames[name][column])
    ]
    where = f" Changed: {', '.join(changed)}." if changed else ""
    raise InputError(
        f"{folder}: the digest is {found[:12]}, the manifest says {stated['digest'][:12]} "
        f"({manifest.between(stated)}).{where}"
    )


def _write(frame: pd.DataFrame, schema: tables.Table, folder: Path, format: str) -> dict[str, Any]:
    path = folder / f"{schema.name}.{format}"
    table_files.write(frame, path)
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
    return {"file": path.name, "rows": len(frame), "sha256": table_files.sha256(path), **described, "columns": columns}


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
