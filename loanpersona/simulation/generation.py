"""Generating a population: from samplers to tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loanpersona.errors import InputError, MachineError, did_you_mean
from loanpersona.persona.model import Persona, Variable
from loanpersona.population import Population
from loanpersona.simulation import chance
from loanpersona.simulation.borrowers import BLOCK, Sampler, draw, needed, samplers
from loanpersona.tables import Column, Table, names, table

Array = npt.NDArray[Any]


def generate(
    persona: Persona,
    *,
    n: int = 20_000,
    seed: int = 7,
    tables: Sequence[str] = ("borrowers", "truth"),
) -> Population:
    """Draw a population: `n` borrowers, numbered from 0, each depending on persona, seed and number alone.

    `tables` names what to make. Raises InputError for an `n` or seed that is no count and for unknown
    tables, MachineError where the population would not fit into memory.

    >>> import loanpersona as lp
    >>> lp.generate(lp.load_persona("article"), n=100, seed=7).borrowers.shape
    (100, 16)
    """
    if not isinstance(persona, Persona):
        raise InputError(f"persona = {persona!r}: not a persona. Allowed: what load_persona({persona!r}) returns.")
    n, seed = chance.check_count(n, "n"), chance.check_seed(seed)
    made = {schema.name: schema for schema in schemas(persona)}
    for name in tables:
        if name not in made:
            raise InputError(f"tables: {name}: unknown table. {did_you_mean(str(name), made)}")
    wanted = [variable for variable in persona.variables.values() if variable.table in tables]
    _check_memory(n, wanted)
    columns = _columns(samplers(persona), wanted, n, seed)
    kept = tuple(schema for schema in made.values() if schema.name in tables)
    frames = {schema.name: _frame(schema, columns, n) for schema in kept}
    return Population(persona.name, persona.digest, n, seed, frames, kept)


def schemas(persona: Persona) -> list[Table]:
    """The tables of a persona: the standard columns that it states, then its own."""
    return [_schema(table(name), [v for v in persona.variables.values() if v.table == name]) for name in names()]


def _schema(standard: Table, variables: Iterable[Variable]) -> Table:
    stated = {variable.name: _column(variable, standard) for variable in variables}
    order = [name for name in standard.columns if name in stated] + [
        name for name in stated if name not in standard.columns
    ]
    key = {standard.key: standard.columns[standard.key]}
    return replace(standard, columns=key | {name: stated[name] for name in order})


def _column(variable: Variable, standard: Table) -> Column:
    levels = tuple(str(value) for value in variable.values) if variable.type == "category" else ()
    words = {word: dict(texts) for word, texts in variable.own_words}
    if variable.name in standard.columns:
        return replace(standard.columns[variable.name], levels=levels, words=words)
    return Column(variable.name, variable.type, words[variable.name], variable.unit, levels, words=words)


def _columns(every: Mapping[str, Sampler], wanted: Iterable[Variable], n: int, seed: int) -> dict[str, Array]:
    """The columns of the wanted variables, filled block by block so that scratch memory stays small."""
    lookups = {variable.name: _lookup(variable) for variable in wanted}
    chosen = needed(every, lookups)
    columns = {name: np.empty(n, lookup.dtype) for name, lookup in lookups.items()}
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        codes = draw(chosen, seed, start, stop)
        for name, lookup in lookups.items():
            np.take(lookup, codes[name], out=columns[name][start:stop], mode="clip")
    return columns


def _lookup(variable: Variable) -> Array:
    """What stands in the column for each value: its code for a category, else the value itself."""
    if variable.type == "category":
        return np.arange(len(variable.values), dtype=np.int8 if len(variable.values) < 128 else np.int16)
    if variable.type == "bool":
        return np.array([value == "yes" for value in variable.values])
    return np.array(variable.values, variable.type)


def _frame(schema: Table, columns: Mapping[str, Array], n: int) -> pd.DataFrame:
    made: dict[str, Any] = {schema.key: np.arange(n, dtype=np.int64)}
    for name, column in schema.columns.items():
        if column.type == "category":
            made[name] = pd.Categorical.from_codes(columns[name], dtype=column.dtype)
        elif name != schema.key:
            made[name] = columns[name]
    return pd.DataFrame(made, copy=False)


def _check_memory(n: int, variables: Iterable[Variable]) -> None:
    """Refuse before the start what this machine cannot hold; go on where it does not say what it has."""
    need = n * (16 + sum(_lookup(variable).itemsize for variable in variables)) * 1.5
    try:
        have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return
    if need > have:
        raise MachineError(
            f"n = {n:,}: needs about {need / 2**30:,.0f} GiB of memory, this machine has {have / 2**30:,.0f}. "
            "Take a smaller n."
        )
