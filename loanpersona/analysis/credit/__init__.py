"""How good they are: the quality segments of statements 3.1c and 3.2g, what loans earn, and scores.

Every frame takes a book first, all else by keyword. Nothing after the day `until` (by default the last day of the
book) is looked at. A loan or borrower is bad if ever 90 days past due by month on book 12, and missing if younger: a
loan from its own money on (`loan_outcomes`), a borrower from the first loan on (`borrower_outcomes`). Higher scores
are riskier, and so are higher KS and Gini.
"""

from __future__ import annotations

from typing import Any

from loanpersona.analysis.frame import public

_FRAMES = public(__name__)
__all__ = sorted(_FRAMES)


def __getattr__(name: str) -> Any:
    if name not in _FRAMES:
        raise AttributeError(f"module 'loanpersona.analysis.credit' has no attribute '{name}'")
    return _FRAMES[name]


def __dir__() -> list[str]:
    return sorted(__all__)
