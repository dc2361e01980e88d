"""How a lender segments its users: by process, lifecycle and quality (3.1a to 3.1c), as frames of a book.

The rules stand in `catalog/segments.yaml`; a file of one's own takes their place: `load_rules`, `with_rules`.
"""

from __future__ import annotations

from typing import Any

from loanpersona.analysis.frame import public
from loanpersona.analysis.segments.membership import with_rules
from loanpersona.analysis.segments.rule_file import load_rules

_PUBLIC = {**public(__name__), "load_rules": load_rules, "with_rules": with_rules}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return _PUBLIC[name]


def __dir__() -> list[str]:
    return __all__
