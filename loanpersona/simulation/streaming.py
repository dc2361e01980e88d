"""Generating straight to disk: each block is written and forgotten, so that memory does not grow with `n`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from loanpersona import tables as standard
from loanpersona.core.errors import InputError, MachineError
from loanpersona.persona.model import Persona
from loanpersona.simulation import users
from loanpersona.simulation.generation import kept_tables, parts, schemas
from loanpersona.tables import store
from loanpersona.tables.population import made_from

_TRIED = 2_000
"""Users by whom the space that all take is told."""

Watch = Callable[[Iterable[Any], int], Iterable[Any]]
"""Gives back the parts that it is given, whose number it is told, and may show how far they are."""


def stream(
    persona: Persona,
    folder: Path,
    *,
    n: int,
    seed: int,
    tables: Sequence[str] | None = None,
    format: str = "parquet",
    watch: Watch = lambda parts, _: parts,
) -> store.Saving:
    """Generate a population into a folder, as `generate` and `save` do, without ever holding more than a block.

    Returns what was saved: its digest and the rows of each table. Raises InputError as both do, MachineError where
    the folder cannot be written or the disk has no room for so many.
    """
    kept = kept_tables(persona, n=n, seed=seed, tables=tables)
    names = [schema.name for schema in kept]
    store.check_format(format)
    store.check_folder(folder)
    tried = min(n, _TRIED, users.BLOCK)
    [few] = parts(persona, n=tried, seed=seed, tables=names)
    needed = store.needed(few, kept, format, n / tried)
    _check_room(folder, n, needed)
    made = made_from(persona.name, persona.digest, n, seed)
    with store.saving(folder, format=format, schemas=kept, made=made, needed=lambda: needed) as saved:
        blocks = sum(1 for _ in users.blocks(n))
        for part in watch(parts(persona, n=n, seed=seed, tables=names), blocks):
            saved.add(part)
    return saved


def observed(persona: Persona) -> list[str]:
    """The tables of a persona that can be handed out: all but the hidden one."""
    return [schema.name for schema in schemas(persona) if not schema.hidden]


def check_observed(names: Iterable[str]) -> None:
    """Raise InputError where a table that is asked for is hidden; names that no table has are left to others."""
    if hidden := [name for name in names if name in standard.names() and standard.table(name).hidden]:
        raise InputError(f"tables: {', '.join(hidden)}: left out by --without-truth. Allowed: one of the two.")


def _check_room(folder: Path, n: int, needed: int) -> None:
    """Refuse before the start what the disk surely cannot hold: the first few tell the need only about."""
    free = shutil.disk_usage(folder.resolve().parent).free
    if needed > 2 * free:
        raise MachineError(
            f"n = {n:,}: needs about {needed / 2**30:,.0f} GiB in {folder}, there are {free / 2**30:,.0f} free. "
            "Take a smaller n."
        )
