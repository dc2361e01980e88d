"""The parameters that every notebook and command shares, checked together."""

from __future__ import annotations

from os import PathLike

from loanpersona.core.assumptions import assumptions as read_assumptions
from loanpersona.core.errors import together
from loanpersona.core.words import check_language
from loanpersona.persona.model import Persona
from loanpersona.persona.resolver import load_persona
from loanpersona.simulation.chance import check_count, check_seed


def check_parameters(
    *,
    persona: str | PathLike[str] = "article",
    changes: str = "",
    n: int = 20_000,
    seed: int = 7,
    lang: str = "en",
    assumptions: str = "",
    extends_anywhere: bool = False,
) -> Persona:
    """Check the parameters of a notebook and return the persona they name, with the changes they state.

    `changes` holds a line `path: value` per change, as `Persona.replace` takes it; `assumptions` is what
    `lp.assumptions` takes, a path or a line `name: value` each; `extends_anywhere` is that of `load_persona`. Raises
    InputError with the faults of all parameters at once.

    >>> check_parameters(persona="article", changes="persona: older\\nage_years.shift: 2", n=500, seed=1).name
    'older'
    """
    loaded, *_ = together(
        lambda: _changed(load_persona(persona, extends_anywhere=extends_anywhere), changes),
        lambda: check_count(n, "n"),
        lambda: check_seed(seed),
        lambda: check_language(lang),
        lambda: read_assumptions(assumptions),
    )
    assert isinstance(loaded, Persona)
    return loaded


def _changed(persona: Persona, changes: str) -> Persona:
    return persona.replace(changes) if changes.strip() else persona
