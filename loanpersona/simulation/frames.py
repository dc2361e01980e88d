"""From what the simulation makes to tables: which columns a persona's tables have, and in what form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.persona.model import Persona, Variable
from loanpersona.simulation.histories import NEEDED, Block
from loanpersona.simulation.life import Array
from loanpersona.tables import Column, Table

_TIMED = ("registered_at", "referred_by")
"""Columns of the users that a persona without a window does not have."""


def schemas(persona: Persona) -> list[Table]:
    """The tables that a persona states enough for: the standard columns, then its own."""
    return [_schema(tables.table(name), persona) for name in tables.names() if not lacking(persona, name)]


def lacking(persona: Persona, name: str) -> list[str]:
    """What a persona would have to state for a table: sections and variables; nothing for its people."""
    if name in ("users", "truth"):
        return []
    sections = [] if persona.window else ["window", "calendar"]
    return sections + [variable for variable in NEEDED[name] if variable not in persona.variables]


def _schema(standard: Table, persona: Persona) -> Table:
    stated = {v.name: column(v) for v in persona.variables.values() if v.table == standard.name}
    timed = persona.window is not None and all(name in persona.variables for name in NEEDED["users"])
    made = {
        name: each
        for name, each in standard.columns.items()
        if (each.made or name in standard.key.split()) and (timed or name not in _TIMED)
    }
    result = {**made, **stated}
    order = [name for name in standard.columns if name in result]
    order += [name for name in stated if name not in standard.columns]
    return replace(standard, columns={name: result[name] for name in order})


def column(variable: Variable) -> Column:
    """The column of a variable: that of `tables.yaml` with the persona's levels, or one of its own."""
    levels = tuple(str(value) for value in variable.values) if variable.type == "category" else ()
    words = {word: dict(texts) for word, texts in variable.own_words}
    if variable.home:
        return replace(tables.table(variable.home).columns[variable.name], levels=levels, words=words)
    return Column(variable.name, variable.type, words[variable.name], variable.unit, levels, words=words)


def lookup(variable: Variable) -> Array:
    """What stands in the column for each value: its code for a category, else the value itself."""
    if variable.type == "category":
        return np.arange(len(variable.values), dtype=np.int8 if len(variable.values) < 128 else np.int16)
    if variable.type == "bool":
        return np.array([value == "yes" for value in variable.values])
    kind = variable.type.lower() if variable.type.startswith("Int") else variable.type
    return np.array(variable.values, kind)


def frames(persona: Persona, block: Block, kept: Iterable[Table]) -> dict[str, pd.DataFrame]:
    """The tables of a block."""
    return {schema.name: _frame(schema, persona.variables, block) for schema in kept}


def _frame(schema: Table, variables: Mapping[str, Variable], block: Block) -> pd.DataFrame:
    made = block.columns(schema.name)
    columns = {
        name: made[name] if name in made else lookup(variables[name]).take(block.life.codes[name])
        for name in schema.columns
    }
    return pd.DataFrame({name: typed(schema.columns[name], values) for name, values in columns.items()}, copy=False)


def typed(column: Column, values: Array) -> object:
    """Codes, numbers or times as a column of its type; a negative number is none where some may be missing."""
    if column.type == "category":
        return pd.Categorical.from_codes(values, dtype=column.dtype)
    if column.type.startswith("Int"):
        return pd.arrays.IntegerArray(values.astype(column.type.lower()), values < 0)
    return values.astype(column.type, copy=False)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts of a table as one, column by column, so that no more than one column is held twice."""
    if len(parts) == 1:
        return parts[0]
    made = {}
    for name in parts[0].columns:
        made[name] = pd.concat([part.pop(name) for part in parts], ignore_index=True)
    return pd.DataFrame(made, copy=False)
