"""What they need (2.1a to 2.2d): what loans are for, how large they are, what is owed, needs at each stage."""

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
