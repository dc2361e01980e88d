"""Who they are (1.1 to 1.3): shares and spreads of any column, and how far users differ from the population."""

from __future__ import annotations

from typing import Any

from loanpersona.analysis.frame import public

_FRAMES = public(__name__)
__all__ = sorted(_FRAMES)


def __getattr__(name: str) -> Any:
    if name in _FRAMES:
        return _FRAMES[name]
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
