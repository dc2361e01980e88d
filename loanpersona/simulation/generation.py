"""Generating a population: from samplers to tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loanpersona.errors import InputError, MachineError, did_you_mean, together
from loanpersona.persona.model import Persona, Value, Variable
from loanpersona.population import Population
from loanpersona.simulation import borrowers, chance
from loanpersona.simulation.borrowers import Sampler, needed, samplers
from loanpersona.storage import SYNTHETIC
from loanpersona.tables import Column, Table, table

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
    kept = kept_tables(persona, n=n, seed=seed, tables=tables)
    n, seed = int(n), int(seed)
    wanted = _variables(persona, kept)
    _check_memory(n, wanted)
    columns = _columns(samplers(persona), wanted, (0, n), seed)
    frames = {schema.name: _frame(schema, columns, 0, n) for schema in kept}
    return Population(persona.name, persona.digest, n, seed, frames, tuple(kept))


def parts(
    persona: Persona, *, n: int, seed: int, tables: Sequence[str] | None = None
) -> Iterator[dict[str, pd.DataFrame]]:
    """The tables of a population block by block, as `generate` has them whole; no more than a block is held at once.

    Raises InputError as `generate` does, before the first block.

    >>> import loanpersona as lp
    >>> [len(part["truth"]) for part in parts(lp.load_persona("article"), n=200_000, seed=7)]
    [131072, 68928]
    """
    kept = kept_tables(persona, n=n, seed=seed, tables=tables)
    return _parts(persona, int(n), int(seed), kept)


def _parts(persona: Persona, n: int, seed: int, kept: Sequence[Table]) -> Iterator[dict[str, pd.DataFrame]]:
    wanted = _variables(persona, kept)
    for start, stop in borrowers.blocks(n):
        columns = _columns(samplers(persona), wanted, (start, stop), seed)
        yield {schema.name: _frame(schema, columns, start, stop) for schema in kept}


def kept_tables(persona: Persona, *, n: int, seed: int, tables: Sequence[str] | None = None) -> list[Table]:
    """The tables to make, with everything that can be checked before; raises InputError with all faults at once."""
    _check_persona(persona)
    made = {schema.name: schema for schema in schemas(persona)}
    together(lambda: chance.check_count(n, "n"), lambda: chance.check_seed(seed), lambda: _check_made(made, tables))
    return [schema for schema in made.values() if tables is None or schema.name in tables]


def _check_made(made: Mapping[str, Table], names: Sequence[str] | None) -> None:
    unknown = [name for name in names or () if name not in made]
    if unknown:
        raise InputError(
            *(f"tables: {name}: unknown table. {did_you_mean(str(name), made)}" for name in dict.fromkeys(unknown))
        )


def _variables(persona: Persona, kept: Iterable[Table]) -> list[Variable]:
    names = {schema.name for schema in kept}
    return [variable for variable in persona.variables.values() if variable.table in names]


def sample(
    persona: Persona,
    *,
    given: Mapping[str, Value | bool] | None = None,
    n: int = 20_000,
    seed: int = 7,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Draw people with some variables set by hand, to see what follows from them.

    `given` names a value per variable. What depends on these variables follows; what they depend on is drawn
    as ever, so this is an intervention and not a selection. Everybody keeps the luck they have in `generate`.
    Returns `n` rows with the variables of the persona (or `columns` only), observed and hidden, in its order.
    Raises InputError for unknown variables and values, MachineError where memory would not suffice.

    >>> import loanpersona as lp
    >>> couriers = lp.sample(lp.load_persona("article"), given={"occupation": "courier"}, n=2_000)
    >>> bool(couriers["sex"].eq("male").mean() > 0.9)
    True
    """
    _check_persona(persona)
    n, seed, fixed, wanted = together(
        lambda: chance.check_count(n, "n"),
        lambda: chance.check_seed(seed),
        lambda: _positions(persona, given or {}),
        lambda: _named(persona, columns),
    )
    _check_memory(n, wanted)
    drawn = _columns(samplers(persona), wanted, (0, n), seed, fixed)
    described = {name: column for schema in schemas(persona) for name, column in schema.columns.items()}
    frame = pd.DataFrame({name: _typed(described[name], values) for name, values in drawn.items()}, copy=False)
    frame.attrs["synthetic"] = SYNTHETIC
    return frame


def _check_persona(persona: object) -> None:
    if not isinstance(persona, Persona):
        raise InputError(f"persona = {persona!r}: not a persona. Allowed: what load_persona({persona!r}) returns.")


def _named(persona: Persona, names: Sequence[str] | None) -> list[Variable]:
    chosen = list(persona.variables) if names is None else [names] if isinstance(names, str) else list(names)
    unknown = [name for name in chosen if name not in persona.variables]
    if unknown or not chosen:
        faults = [
            f"columns: {name}: unknown variable. {did_you_mean(str(name), persona.variables)}" for name in unknown
        ]
        raise InputError(*(faults or ["columns: names no variable. Allowed: at least one."]))
    return [variable for name, variable in persona.variables.items() if name in chosen]


def _positions(persona: Persona, given: Mapping[str, Value | bool]) -> dict[str, int]:
    """The position of each given value among the values of its variable."""
    faults, found = [], {}
    for name, value in given.items():
        values = persona.variables[name].values if name in persona.variables else ()
        plain = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool | np.bool_) else value
        if not values:
            faults.append(f"given: {name}: unknown variable. {did_you_mean(str(name), persona.variables)}")
        elif plain not in values:
            hint = (
                f"Allowed: {_shown(values)}."
                if not isinstance(values[0], str)
                else did_you_mean(str(value), map(str, values))
            )
            faults.append(f"given: {name} = {value}: no value of this variable. {hint}")
        else:
            found[name] = values.index(plain)
    if faults:
        raise InputError(*faults)
    return found


def _shown(values: Sequence[Value]) -> str:
    step = f" in steps of {float(values[1]) - float(values[0]):g}" if len(values) > 1 else ""
    return f"{values[0]} to {values[-1]}{step}"


def schemas(persona: Persona) -> list[Table]:
    """The tables of a persona: the standard columns that it states, then its own."""
    people = ("borrowers", "truth")
    return [_schema(table(name), [v for v in persona.variables.values() if v.table == name]) for name in people]


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


def _columns(
    every: Mapping[str, Sampler],
    wanted: Sequence[Variable],
    span: tuple[int, int],
    seed: int,
    given: Mapping[str, int] | None = None,
) -> dict[str, Array]:
    """The columns of the wanted variables of a span of borrowers, filled block by block so that scratch stays small."""
    first, last = span
    lookups = {variable.name: _lookup(variable) for variable in wanted}
    categories = {variable.name for variable in wanted if variable.type == "category"}
    chosen = needed(every, lookups, given or ())
    columns = {name: np.empty(last - first, lookup.dtype) for name, lookup in lookups.items()}
    for start, stop in borrowers.blocks(last - first):
        codes = borrowers.draw(chosen, seed, first + start, first + stop, given)
        for name, lookup in lookups.items():
            column = columns[name][start:stop]
            if name in categories:  # their columns hold the codes as drawn
                column[:] = codes[name]
            else:
                np.take(lookup, codes[name], out=column, mode="clip")
    return columns


def _lookup(variable: Variable) -> Array:
    """What stands in the column for each value: its code for a category, else the value itself."""
    if variable.type == "category":
        return np.arange(len(variable.values), dtype=np.int8 if len(variable.values) < 128 else np.int16)
    if variable.type == "bool":
        return np.array([value == "yes" for value in variable.values])
    return np.array(variable.values, variable.type)


def _frame(schema: Table, columns: Mapping[str, Array], start: int, stop: int) -> pd.DataFrame:
    made: dict[str, Any] = {schema.key: np.arange(start, stop, dtype=np.int64)}
    for name, column in schema.columns.items():
        if name != schema.key:
            made[name] = _typed(column, columns[name])
    return pd.DataFrame(made, copy=False)


def _typed(column: Column, values: Array) -> Any:
    return pd.Categorical.from_codes(values, dtype=column.dtype) if column.type == "category" else values


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
