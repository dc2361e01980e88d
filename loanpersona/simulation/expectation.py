"""How many rows are to be expected, before any is made."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from loanpersona.core.errors import InputError
from loanpersona.persona.model import Persona
from loanpersona.simulation.applications import ATTEMPTS
from loanpersona.tables import Table

MOST_ROWS = 1_000_000_000
"""Rows of one table that are still made."""
_DAYS = 365.25


def rows(persona: Persona, n: int, schema: Table) -> float:
    """About how many rows a table has: upper estimates, from the persona's exact margins."""
    if schema.name in ("users", "truth"):
        return n
    applications = min(ATTEMPTS, 1 / max(_share(persona, "applies_again", "never_again"), 1 / ATTEMPTS)) * n
    if schema.name == "applications":
        return applications
    approved = applications * _share(persona, "last_step", "submission") * _share(persona, "approved", "yes")
    assert persona.window is not None
    years = ((persona.window.last - persona.window.first).days + 1) / _DAYS
    loans = approved * (1 + _mean(persona, "borrowing_rate") * years / 2)
    return {"loans": loans, "instalments": loans * _mean(persona, "term_months"), "signals": applications + loans}[
        schema.name
    ]


def _share(persona: Persona, name: str, value: str) -> float:
    values = persona.variables[name].values
    return float(persona.conditionals[name].margin[values.index(value)]) if value in values else 0.0


def _mean(persona: Persona, name: str) -> float:
    return float(persona.conditionals[name].margin @ np.array(persona.variables[name].values, float))


def check_events(persona: Persona, n: int, kept: Iterable[Table]) -> None:
    """Raise InputError, before anything is made, where a table would have more rows than can be wanted."""
    faults = [
        f"n = {n:,}: about {expected:,.0f} {schema.name} are to be expected. Allowed: at most {MOST_ROWS:,} rows. "
        "Take a smaller n, a lower borrowing_rate or a shorter window."
        for schema in kept
        if (expected := rows(persona, n, schema)) > MOST_ROWS and schema.name not in ("users", "truth")
    ]
    if faults:
        raise InputError(*faults)
