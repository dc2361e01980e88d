"""Generating a population: from a persona to tables, block by block."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from loanpersona import tables as standard
from loanpersona.core.errors import InputError, MachineError, did_you_mean, expect, together
from loanpersona.persona.model import Persona, Value, Variable
from loanpersona.simulation import chance, users
from loanpersona.simulation.calendar import clock
from loanpersona.simulation.expectation import check_events, rows
from loanpersona.simulation.frames import column, frames, joined, lacking, lookup, schemas, typed
from loanpersona.simulation.histories import NEEDED, Block
from loanpersona.simulation.users import needed, samplers
from loanpersona.tables import Table
from loanpersona.tables.population import Population
from loanpersona.tables.store import SYNTHETIC

__all__ = ["generate", "kept_tables", "memory", "parts", "sample", "schemas"]


def generate(
    persona: Persona,
    *,
    n: int = 20_000,
    seed: int = 7,
    tables: str | Sequence[str] | None = None,
) -> Population:
    """Draw a population: `n` users, numbered from 0, each depending on persona, seed and number alone.

    `tables` names what to make; by default every table that the persona states enough for. Raises InputError for an
    `n` or seed that is no count, for unknown tables and for more loans and instalments than can be wanted,
    MachineError where the population would not fit into memory.

    >>> import loanpersona as lp
    >>> lp.generate(lp.load_persona("article"), n=100, seed=7, tables=["users"]).users.shape
    (100, 18)
    """
    kept = kept_tables(persona, n=n, seed=seed, tables=tables)
    _check_memory(n, memory(persona, n, kept))
    blocks = zip(users.blocks(n), _parts(persona, int(n), int(seed), kept), strict=True)
    made = [part for _, part in sorted(blocks, key=lambda block: block[0])]
    result = {schema.name: joined([part.pop(schema.name) for part in made]) for schema in kept}
    return Population(persona.name, persona.digest, int(n), int(seed), result, tuple(kept))


def memory(persona: Persona, n: int, kept: Sequence[Table] | None = None) -> int:
    """About how many bytes the tables of a population take, all of them or those that are kept.

    >>> import loanpersona as lp
    >>> 10**6 < memory(lp.load_persona("article"), 20_000) < 10**8
    True
    """
    tables = schemas(persona) if kept is None else kept
    return round(sum(rows(persona, n, schema) * _row_bytes(schema) for schema in tables))


def parts(
    persona: Persona, *, n: int, seed: int, tables: str | Sequence[str] | None = None
) -> Iterator[dict[str, pd.DataFrame]]:
    """The tables of a population block by block, as `generate` joins them; no more than a block is held at once.

    Raises InputError as `generate` does, before the first block.
    """
    kept = kept_tables(persona, n=n, seed=seed, tables=tables)
    return _parts(persona, int(n), int(seed), kept)


def _parts(persona: Persona, n: int, seed: int, kept: Sequence[Table]) -> Iterator[dict[str, pd.DataFrame]]:
    time = clock(persona, seed) if persona.window is not None else None
    wanted = [name for name, variable in persona.variables.items() if variable.table in {s.name for s in kept}]
    wanted += [name for schema in kept for name in NEEDED[schema.name] if name in persona.variables]
    for start, stop in users.blocks(n):
        yield frames(persona, Block(persona, seed, start, stop, wanted, time), kept)


def kept_tables(persona: Persona, *, n: int, seed: int, tables: str | Sequence[str] | None = None) -> list[Table]:
    """The tables to make, with everything that can be checked before; raises InputError with all faults at once."""
    _check_persona(persona)
    names = [tables] if isinstance(tables, str) else tables
    together(lambda: chance.check_count(n, "n"), lambda: chance.check_seed(seed), lambda: _check_tables(persona, names))
    kept = [schema for schema in schemas(persona) if names is None or schema.name in names]
    check_events(persona, n, kept)
    return kept


def _check_tables(persona: Persona, names: Sequence[str] | None) -> None:
    wanted = standard.check_names(names) if names is not None else []
    faults = [
        f"tables: {name}: the persona {persona.name} does not state {', '.join(missing)}."
        for name in wanted
        if (missing := lacking(persona, name))
    ]
    if faults:
        raise InputError(*faults)


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
    Returns `n` rows with the variables of the persona (or `columns` only), observed and hidden, in its order; of what
    is decided often, such as the term of each loan, one decision per person.
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
        lambda: _positions(persona, {} if given is None else given),
        lambda: _named(persona, columns),
    )
    _check_memory(n, n * sum(lookup(variable).itemsize for variable in wanted))
    drawn = _columns(persona, wanted, n, seed, fixed)
    frame = pd.DataFrame({v.name: typed(column(v), drawn[v.name]) for v in wanted}, copy=False)
    frame.attrs["synthetic"] = SYNTHETIC
    return frame


def _check_persona(persona: object) -> None:
    if not isinstance(persona, Persona):
        raise InputError(f"persona = {persona!r}: not a persona. Allowed: what load_persona({persona!r}) returns.")


def _named(persona: Persona, names: Sequence[str] | None) -> list[Variable]:
    expect(names, (Iterable, type(None)), "columns", "names of variables")
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
    expect(given, Mapping, "given", "a value per variable")
    faults, result = [], {}
    for name, value in given.items():
        values = persona.variables[name].values if name in persona.variables else ()
        expect(value, (str, int, float, np.number, np.bool_), f"given: {name}", "a value of this variable")
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
            result[name] = values.index(plain)
    if faults:
        raise InputError(*faults)
    return result


def _shown(values: Sequence[Value]) -> str:
    step = f" in steps of {float(values[1]) - float(values[0]):g}" if len(values) > 1 else ""
    return f"{values[0]} to {values[-1]}{step}"


def _columns(
    persona: Persona, wanted: Sequence[Variable], n: int, seed: int, given: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """The columns of the wanted variables, filled block by block so that scratch memory stays small."""
    lookups = {variable.name: lookup(variable) for variable in wanted}
    chosen = needed(samplers(persona), lookups, given)
    columns = {name: np.empty(n, values.dtype) for name, values in lookups.items()}
    for start, stop in users.blocks(n):
        codes = users.draw(chosen, seed, start, stop, given)
        for name, values in lookups.items():
            np.take(values, codes[name], out=columns[name][start:stop], mode="clip")
    return columns


def _row_bytes(schema: Table) -> int:
    return sum(2 if column.levels else int(column.dtype.itemsize) for column in schema.columns.values())


def _check_memory(n: int, size: float) -> None:
    """Refuse before the start what this machine cannot hold; go on where it does not say what it has."""
    need = 1.5 * (size + 16 * n)
    try:
        have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return
    if need > have:
        raise MachineError(
            f"n = {n:,}: needs about {need / 2**30:,.0f} GiB of memory, this machine has {have / 2**30:,.0f}. "
            "Take a smaller n."
        )
