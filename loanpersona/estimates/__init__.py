"""Estimates with intervals, from plain arrays; `median_time` reads the median off a frame of curves."""

from __future__ import annotations

from loanpersona.estimates.survival import median_time

__all__ = ["median_time"]


def __dir__() -> list[str]:
    return __all__
