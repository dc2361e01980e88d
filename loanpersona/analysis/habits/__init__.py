"""How they borrow: the habits of statements 1.4a to 1.4h, as frames of a book with 95 % intervals.

Loans of one user go together: `clusters` are the users behind n loans, and the design effect says how many times
wider the variance is than that of as many independent loans.
"""

from __future__ import annotations

from typing import Any

from loanpersona.analysis.frame import public

_FRAMES = public(__name__)
__all__ = sorted(_FRAMES)


def __getattr__(name: str) -> Any:
    if name not in _FRAMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return _FRAMES[name]


def __dir__() -> list[str]:
    return __all__
