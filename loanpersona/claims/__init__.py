"""The statements of the article as claims: read, judged, and asked which number of a persona they hang on."""

from __future__ import annotations

from loanpersona.claims.characteristics import operating_characteristics
from loanpersona.claims.figures import figure
from loanpersona.claims.reader import statements
from loanpersona.claims.rules import judge
from loanpersona.claims.sensitivity import sensitivity, unseen
from loanpersona.claims.statement import Check, Claim, Evidence, Rule, Statement, Verdict

__all__ = [
    "Check",
    "Claim",
    "Evidence",
    "Rule",
    "Statement",
    "Verdict",
    "figure",
    "judge",
    "operating_characteristics",
    "sensitivity",
    "statements",
    "unseen",
]


def __dir__() -> list[str]:
    return __all__
