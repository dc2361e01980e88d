"""Synthetic borrowers of Chinese micro-loan apps, from a sourced persona file to bilingual reports.

>>> import loanpersona as lp
>>> population = lp.generate(lp.load_persona("article"), n=1_000, seed=7)
>>> bool(population.users["sex"].eq("male").mean() > 0.6)
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loanpersona import charts, claims, estimates, tables
    from loanpersona.analysis import credit, habits, needs, profile, segments
    from loanpersona.analysis.frame import frames
    from loanpersona.analysis.written import in_words
    from loanpersona.charts.plot import plot
    from loanpersona.claims.ledger import check_claims
    from loanpersona.core import words as labels
    from loanpersona.core.assumptions import assumptions
    from loanpersona.core.errors import InputError, LoanpersonaError, MachineError, PersonaWarning, ReportError
    from loanpersona.persona.model import Persona
    from loanpersona.persona.resolver import load_persona
    from loanpersona.rendering import render_report, render_reports
    from loanpersona.reports.chapter import chapter
    from loanpersona.reports.found import finding
    from loanpersona.reports.ledger import ledger
    from loanpersona.reports.shown import show
    from loanpersona.simulation.generation import generate, sample
    from loanpersona.simulation.parameters import check_parameters
    from loanpersona.tables.book import Book
    from loanpersona.tables.population import Population, load_population

# Where each public name lives. Names load when first used, so that importing the package stays cheap.
_HOMES = {
    "Book": "loanpersona.tables.book:Book",
    "InputError": "loanpersona.core.errors:InputError",
    "LoanpersonaError": "loanpersona.core.errors:LoanpersonaError",
    "MachineError": "loanpersona.core.errors:MachineError",
    "Persona": "loanpersona.persona.model:Persona",
    "PersonaWarning": "loanpersona.core.errors:PersonaWarning",
    "Population": "loanpersona.tables.population:Population",
    "ReportError": "loanpersona.core.errors:ReportError",
    "assumptions": "loanpersona.core.assumptions:assumptions",
    "chapter": "loanpersona.reports.chapter:chapter",
    "charts": "loanpersona.charts",
    "claims": "loanpersona.claims",
    "check_claims": "loanpersona.claims.ledger:check_claims",
    "check_parameters": "loanpersona.simulation.parameters:check_parameters",
    "credit": "loanpersona.analysis.credit",
    "estimates": "loanpersona.estimates",
    "finding": "loanpersona.reports.found:finding",
    "frames": "loanpersona.analysis.frame:frames",
    "generate": "loanpersona.simulation.generation:generate",
    "habits": "loanpersona.analysis.habits",
    "in_words": "loanpersona.analysis.written:in_words",
    "labels": "loanpersona.core.words",
    "ledger": "loanpersona.reports.ledger:ledger",
    "load_persona": "loanpersona.persona.resolver:load_persona",
    "load_population": "loanpersona.tables.population:load_population",
    "needs": "loanpersona.analysis.needs",
    "plot": "loanpersona.charts.plot:plot",
    "profile": "loanpersona.analysis.profile",
    "render_report": "loanpersona.rendering:render_report",
    "render_reports": "loanpersona.rendering:render_reports",
    "sample": "loanpersona.simulation.generation:sample",
    "segments": "loanpersona.analysis.segments",
    "show": "loanpersona.reports.shown:show",
    "tables": "loanpersona.tables",
}

__all__ = [
    "Book",
    "InputError",
    "LoanpersonaError",
    "MachineError",
    "Persona",
    "PersonaWarning",
    "Population",
    "ReportError",
    "assumptions",
    "chapter",
    "charts",
    "check_claims",
    "check_parameters",
    "claims",
    "credit",
    "estimates",
    "finding",
    "frames",
    "generate",
    "habits",
    "in_words",
    "labels",
    "ledger",
    "load_persona",
    "load_population",
    "needs",
    "plot",
    "profile",
    "render_report",
    "render_reports",
    "sample",
    "segments",
    "show",
    "tables",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'loanpersona' has no attribute '{name}'")
    module, _, attribute = _HOMES[name].partition(":")
    result = import_module(module)
    value = getattr(result, attribute) if attribute else result
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # Tab completion shows what is meant to be used, not the rooms behind it.
    return sorted(__all__)
