"""Days off, make-up workdays and New Year's Days of China, from the package `holidays`, and how far it knows them.

The package is imported when a day is first asked for, so that importing ours stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

FIRST, LAST = 2008, 2099
"""The years that can be asked for: since the reform of 2008, as far as the package reckons."""
_SURELY_ANNOUNCED = 2024  # known to every version that may be installed
LONGEST_YEAR = 385
"""Days from one New Year's Day to the next at most, with a leap month."""
_NEW_YEAR = "Chinese New Year (Spring Festival)"


@dataclass(frozen=True)
class Year:
    """The days of one year that are not what their weekday says."""

    off: frozenset[date]
    """Public holidays, and days swapped for a weekend; weekends beside them are not among them."""
    make_up: frozenset[date]
    """Weekend days on which people work."""
    new_year: date
    """The first day of the Spring Festival."""


def version() -> str:
    """Which table of days this is, as a message names it."""
    from importlib.metadata import version

    return f"holidays {version('holidays')}"


@cache
def year(number: int) -> Year:
    """The days of a year; those of a year beyond `announced()` are reckoned, without swaps.

    >>> year(2024).new_year, len(year(2024).make_up)
    (datetime.date(2024, 2, 10), 8)
    """
    result = _china()(years=number, language="en_US")
    new_year = min(day for day, name in result.items() if _NEW_YEAR in name and "observed" not in name)
    # The package keeps a few make-up workdays of other years beside those of the year asked for.
    make_up = frozenset(day for day in result.weekend_workdays if day.year == number)
    return Year(frozenset(result), make_up, new_year)


def projected(number: int) -> bool:
    """Whether the days off of a year have not been announced, as far as the package knows."""
    return number > _SURELY_ANNOUNCED and number > announced()


@cache
def _china() -> Any:
    """The class of the Chinese days, from its own file: the package of countries imports all of them at once."""
    import holidays

    spec = PathFinder.find_spec("china", [str(Path(holidays.__file__).parent / "countries")])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.China


@cache
def announced() -> int:
    """The last year whose days off have been announced, as far as the package knows.

    Every announced year since 2008 has make-up workdays; what the package reckons has none.
    """
    return next(number for number in range(_SURELY_ANNOUNCED, LAST) if not year(number + 1).make_up)
