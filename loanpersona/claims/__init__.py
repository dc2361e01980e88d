"""The statements of the article as claims: read, judged, and asked which number of a persona they hang on."""

from __future__ import annotations

from loanpersona.claims.reader import statements
from loanpersona.claims.rules import judge
from loanpersona.claims.statement import Check, Claim, Evidence, Rule, Statement, Verdict

__all__ = ["Check", "Claim", "Evidence", "Rule", "Statement", "Verdict", "judge", "statements"]


def __dir__() -> list[str]:
    return __all__
