"""Tables on disk: one file per table, written part by part, and a manifest written last that loading checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from loanpersona import tables
from loanpersona.core import catalog, words
from loanpersona.core.errors import InputError, did_you_mean, together
from loanpersona.core.markdown import as_words
from loanpersona.tables.store import files, folders, manifest, writer
from loanpersona.tables.store.digests import ColumnDigest, column_digest, combined, digest
from loanpersona.tables.store.manifest import versions
from loanpersona.tables.store.texts import TEXT_MARK
from loanpersona.tables.store.writer import SYNTHETIC

__all__ = [
    "FORMATS",
    "SYNTHETIC",
    "Saving",
    "check_folder",
    "check_format",
    "column_digest",
    "digest",
    "load",
    "needed",
    "save",
    "saving",
    "versions",
]

FORMATS = ("parquet", "csv")
_WORDS = ("dictionary.md", "datasheet.md")
_TRIED = {"parquet": 20_000, "csv": 1_000}
"""Rows by which the space that a table needs is told."""


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


@dataclass
class Saving:
    """Tables on their way to disk, part by part. Get one from `saving`."""

    schemas: tuple[tables.Table, ...]
    rows: dict[str, int] = field(default_factory=dict)
    """Rows of each table so far."""
    digest: str = ""
    """The digest of the population, once all is written."""
    _writers: dict[str, writer.Add] = field(default_factory=dict, repr=False)
    _digests: dict[str, dict[str, ColumnDigest]] = field(default_factory=dict, repr=False)

    def add(self, part: Mapping[str, pd.DataFrame]) -> None:
        """Write the next rows of every table; raises InputError where a part lacks a table or is of another form."""
        faults = [fault for schema in self.schemas for fault in _unfit(part, schema)]
        if faults:
            raise InputError(*faults)
        for schema in self.schemas:
            frame = part[schema.name]
            if len(frame):
                self._writers[schema.name](frame)
            for name, result in self._digests[schema.name].items():
                result.add(frame[name])
            self.rows[schema.name] += len(frame)

    def columns(self, table: str) -> dict[str, str]:
        """The digest of each column of a table."""
        return {name: result.hexdigest() for name, result in self._digests[table].items()}


def _unfit(part: Mapping[str, pd.DataFrame], schema: tables.Table) -> Iterator[str]:
    """What keeps a part of a table from being written: loading would not find what the manifest says."""
    if schema.name not in part:
        yield f"tables: {schema.name}: not in this part. Allowed: rows of every table, or a table without rows."
        return
    for name, column in schema.columns.items():
        got = part[schema.name][name].dtype if name in part[schema.name] else None
        if got is None or files.kind(got) != files.kind(column.dtype):
            result = "no such column" if got is None else files.kind(got)
            yield f"{schema.name}.{name}: expected {files.kind(column.dtype)}, got {result}."
        elif column.levels and list(got.categories) != list(column.levels):
            yield f"{schema.name}.{name}: other levels than its table has. Allowed: {', '.join(column.levels)}."


@contextmanager
def saving(
    folder: Path,
    *,
    format: str,
    schemas: Iterable[tables.Table],
    made: Mapping[str, Any],
    needed: Callable[[], int] | None = None,
) -> Iterator[Saving]:
    """Save tables part by part, with dictionary, datasheet and manifest, without ever holding them.

    `folder` appears when the block ends well, or not at all. Each part holds the next rows of every table; how they
    are cut changes neither digest nor values, nor a byte of CSV. `made` says what they are made from, `needed`
    counts the bytes to name where there is no space. Raises InputError where the folder holds anything else,
    MachineError where it cannot be written.
    """
    check_format(format)
    check_folder(folder, needed)
    kept = tuple(schemas)
    digests = {
        schema.name: {name: ColumnDigest(column.dtype) for name, column in schema.columns.items()} for schema in kept
    }
    saved = Saving(kept, dict.fromkeys(digests, 0), _digests=digests)
    with folders.said(folder, needed), folders.replaced(folder) as new:
        with ExitStack() as files:
            for schema in kept:
                path = new / f"{schema.name}.{format}"
                saved._writers[schema.name] = files.enter_context(writer.writing(path, schema))
            yield saved
        saved.digest = combined({schema.name: saved.columns(schema.name) for schema in kept})
        _write_words(new, saved, format, {**made, "digest": saved.digest})


def _write_words(new: Path, saved: Saving, format: str, made: Mapping[str, Any]) -> None:
    """Dictionary, datasheet and, last, the manifest of tables that are written."""
    (new / "dictionary.md").write_text(_dictionary(saved.schemas), encoding="utf-8")
    (new / "datasheet.md").write_text(_datasheet(made, saved.schemas), encoding="utf-8")
    marked = {"text_mark": TEXT_MARK} if format == "csv" else {}
    whole = manifest.sealed(
        {
            "manifest": manifest.FORM,
            **made,
            "format": format,
            **marked,
            "versions": versions(),
            "tables": {
                schema.name: _stated(saved, schema, new / f"{schema.name}.{format}") for schema in saved.schemas
            },
            "texts": {name: files.sha256(new / name) for name in _WORDS},
        }
    )
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    (new / manifest.FILE).write_text(text, encoding="utf-8")


def _stated(saved: Saving, schema: tables.Table, path: Path) -> dict[str, Any]:
    """What the manifest says of a table."""
    digests = saved.columns(schema.name)
    columns = {name: {**manifest.described(column), "digest": digests[name]} for name, column in schema.columns.items()}
    described = {"row": schema.row, "key": schema.key, "hidden": schema.hidden}
    result = {"file": path.name, "rows": saved.rows[schema.name], "sha256": files.sha256(path)}
    return {**result, **described, "columns": columns}


def save(
    frames: Mapping[str, pd.DataFrame],
    folder: Path,
    *,
    format: str,
    schemas: Iterable[tables.Table],
    made: Mapping[str, Any],
) -> Path:
    """Write tables that are there whole, as `saving` does; `folder` appears at once, or not at all."""
    kept = [schema for schema in schemas if schema.name in frames]
    space = partial(needed, frames, kept, format)
    with saving(folder, format=format, schemas=kept, made=made, needed=space) as saved:
        saved.add(frames)
    return folder


def needed(frames: Mapping[str, pd.DataFrame], schemas: Iterable[tables.Table], format: str, times: float = 1) -> int:
    """About how many bytes the files of these tables take, if each had so many `times` the rows it has."""
    result = 0.0
    for schema in schemas:
        frame = frames[schema.name]
        head = frame.head(_TRIED[format])
        empty, some = (writer.size(rows, schema, format) for rows in (head.head(0), head))
        result += empty + (some - empty) * times * len(frame) / max(len(head), 1)
    return int(result)


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
    marked = stated.get("text_mark") == TEXT_MARK  # in CSV files from before, nothing was marked
    read = together(
        *(partial(files.read, folder, stated["tables"][schema.name], schema, marked=marked) for schema in schemas),
        *(partial(files.check_text, folder / name, result) for name, result in stated["texts"].items()),
    )
    frames = {schema.name: frame for schema, frame in zip(schemas, read, strict=False)}
    together(partial(_check_digest, folder, stated, frames), partial(_check_keys, folder, frames))
    made = {key: stated[key] for key in ("synthetic", "persona", "persona_digest", "n", "seed", "digest")}
    made["assumptions"] = stated.get("assumptions", {})  # the first manifests stated none
    return made, frames, schemas


def _check_digest(folder: Path, stated: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> None:
    result = digest(frames)
    if result == stated["digest"]:
        return
    changed = [
        f"{name}.{column}"
        for name, table in stated["tables"].items()
        for column, body in table["columns"].items()
        if body.get("digest") != column_digest(frames[name][column])
    ]
    where = f" Changed: {', '.join(changed)}." if changed else ""
    raise InputError(
        f"{folder}: the digest is {result[:12]}, the manifest says {stated['digest'][:12]} "
        f"({manifest.between(stated)}).{where}"
    )


def _check_keys(folder: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    try:
        tables.check_keys(frames)
    except InputError as error:
        raise InputError(*(f"{folder}: {fault}" for fault in error.faults)) from None


def _dictionary(schemas: Iterable[tables.Table]) -> str:
    kept = list(schemas)
    english, chinese = tables.dictionary(kept), tables.dictionary(kept, lang="zh")
    lines = ["# Data dictionary 数据字典", "", f"{SYNTHETIC}.", ""]
    lines.append("| table | column | type | unit | allowed | label | 名称 | meaning | 含义 |")
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for en, zh in zip(english.to_dict("records"), chinese.to_dict("records"), strict=True):
        hidden = " (hidden)" if en["hidden"] else ""
        cells = [
            en["table"] + hidden,
            en["column"],
            en["type"],
            en["unit"],
            en["allowed"],
            en["label"],
            zh["label"],
            en["meaning"],
            zh["meaning"],
        ]
        lines.append("| " + " | ".join(map(as_words, cells)) + " |")
    return "\n".join(lines) + "\n"


def _datasheet(made: Mapping[str, Any], schemas: Iterable[tables.Table]) -> str:
    """What the population is made from and good for, and whether its hidden side lies here."""
    text = (catalog.FOLDER / "datasheet.md").read_text(encoding="utf-8")
    said = "datasheet_truth" if any(schema.hidden for schema in schemas) else "datasheet_without_truth"
    origin = {key: as_words(str(value)) for key, value in made.items()}
    return text.format(**origin, **{f"truth_{lang}": words.phrase(said, lang) for lang in words.LANGUAGES})
