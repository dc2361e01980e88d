"""Where the numbers of a persona come from, as text and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.sourced import Basis
from loanpersona.core.words import check_language, label
from loanpersona.persona.description import changed_rows
from loanpersona.persona.model import Persona


@dataclass(frozen=True, repr=False)
class Reasons:
    """The bases of some variables and parts of the calendar, as text and as a table."""

    bases: tuple[tuple[str, Basis], ...]
    """Each with its label."""
    lang: str

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Per variable or part: its label, the kind of basis, the sources, the reason."""
        return [
            (name, label(basis.kind, self.lang), ", ".join(basis.sources), dict(basis.because).get(self.lang, ""))
            for name, basis in self.bases
        ]

    def __repr__(self) -> str:
        colon, before, behind = ("：", "（", "）") if self.lang == "zh" else (": ", " (", ")")
        lines = (
            f"{name}{colon}{kind}{f'{before}{sources}{behind}' if sources else ''}{f'{colon}{why}' if why else ''}"
            for name, kind, sources, why in self.rows()
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = (label(word, self.lang) for word in ("variable", "basis", "source", "because"))
        head = "".join(f"<th>{escape(word)}</th>" for word in heads)
        left = ' style="text-align: left"'  # JupyterLab sets cells to the right
        body = "".join(
            f"<tr><th>{escape(name)}</th>{''.join(f'<td{left}>{escape(cell)}</td>' for cell in rest)}</tr>"
            for name, *rest in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def reasons(persona: Persona, names: Sequence[str], lang: str) -> Reasons:
    """Those of some variables or parts of the calendar; of all if none is named."""
    check_language(lang)
    known = {name: (variable.words(lang), variable.basis) for name, variable in persona.variables.items()}
    if persona.calendar is not None:
        known |= {name: (label(name, lang), basis) for name, basis in persona.calendar.bases}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(*(f"{name}: unknown variable. {did_you_mean(name, known)}" for name in unknown))
    rows = (each for name in names or known for each in (known[name], *changed_rows(persona, name, lang)))
    return Reasons(tuple(rows), lang)
