"""What callers give to frames beside the book, read once: days, whole numbers, groups, bands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.tables.book import Book

SECOND, DAY = pd.Timedelta(seconds=1).as_unit("s"), pd.Timedelta(days=1).as_unit("s")
WHO = ("registered", "approved", "borrowed")
By = Any
"""`by` of a frame: a caller gives a column, a pair of columns or none, and the frame gets a tuple of names."""
Bands = Any
"""`bands` of a frame: a caller gives where bands begin, rising, or none, and the frame gets a tuple of numbers."""
Three = Any
"""`of` of a frame that takes up to three columns, where others take two."""
One = Any
"""`of` where one column may stand; the frame gets a tuple of its name."""
Several = Any
"""`of` where any number of columns may stand; the frame gets a tuple of names."""
Day = Any
"""`until` or `at`: a caller gives a day, or none for the last day of the book, and the frame gets its last second."""


def checked_arguments(book: Book, given: Mapping[str, Any], signature: inspect.Signature) -> dict[str, Any]:
    """Every argument of a frame but the book, read by its name; `until` and `at` become the end of a day."""
    wanted = list(signature.parameters.values())[1:]
    if missing := [one.name for one in wanted if one.default is one.empty and one.name not in given]:
        raise InputError(*(f"{name}: missing argument." for name in missing))
    values = {one.name: given.get(one.name, one.default) for one in wanted}
    if "bands" in values and signature.parameters["bands"].annotation.startswith(("Bands", "Sequence")):
        usual = signature.parameters["bands"].default
        values["bands"] = None if values["bands"] is usual is None else lower_ends("bands", values["bands"])
    checks = {one.name: _CHECKS.get(str(one.annotation)) or _CHECKS.get(one.name) for one in wanted}
    return {name: check(book, name, values[name]) if check else values[name] for name, check in checks.items()}


def one_of(name: str, value: Any, allowed: Iterable[str]) -> str:
    """A word that a caller chooses; raises InputError naming the nearest."""
    known = list(allowed)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} = {value!r}: not known. {did_you_mean(str(value), known)}")
    return value


def moment(given: Any) -> pd.Timestamp:
    """A local time that a caller gives; raises InputError for anything that is no time.

    A bare number is none: pandas would take 20241231 for a moment of 1970.
    """
    try:
        result = pd.NaT if isinstance(given, int | float | np.number) else pd.Timestamp(given)
    except (TypeError, ValueError, OverflowError):
        result = pd.NaT
    if not isinstance(result, pd.Timestamp) or result.tz is not None:
        raise InputError(f"{given!r}: not a time. Allowed: a date such as 2024-12-31, local and without a zone.")
    return result


def end_of_day(given: Any) -> pd.Timestamp:
    """The last second of a day: all of the day that a caller names is looked at.

    >>> str(end_of_day("2024-12-31"))
    '2024-12-31 23:59:59'
    """
    try:
        return moment(given).as_unit("s").normalize() + DAY - SECOND
    except (OverflowError, pd.errors.OutOfBoundsDatetime) as error:
        raise InputError(f"{given!r}: too far away. Allowed: a date such as 2024-12-31.") from error


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that a caller gives; raises InputError below `least` or if it is none.

    Truth values, words and 12.0 are none; whole numbers of numpy are.

    >>> whole("days", 90, 1)
    90
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 10**6:
        raise InputError(f"{name} = {value!r}: not a whole number from {least} on. Allowed: {least} or more.")
    return int(value)


def wholes(name: str, values: Any, least: int) -> tuple[int, ...]:
    """Several whole numbers that a caller gives; raises as `whole` does, and where there is none.

    >>> wholes("within", (30, 90), 0)
    (30, 90)
    """
    if isinstance(values, str) or not isinstance(values, Iterable) or not (given := list(values)):
        raise InputError(f"{name} = {values!r}: not a list of whole numbers. Allowed: one or more from {least} on.")
    return tuple(whole(name, value, least) for value in given)


def names_of(name: str, value: Any, most: int = 2) -> tuple[str, ...]:
    """The column, or the few different columns, that a caller names."""
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Sequence) or not 1 <= len(given) <= most or not all(isinstance(one, str) for one in given):
        raise InputError(f"{name} = {value!r}: no column. Allowed: the names of 1 to {most} columns.")
    if len(set(given)) < len(given):
        raise InputError(f"{name} = {value!r}: names a column twice. Allowed: different columns.")
    return tuple(given)


def _until(book: Book, _: str, value: Any) -> pd.Timestamp:
    return end_of_day(book.last_day if value is None else value)


def _since(_book: Book, _: str, value: Any) -> pd.Timestamp | None:
    return None if value is None else moment(value)


def _by(_: Book, name: str, value: Any) -> tuple[str, ...]:
    return () if value is None else names_of(name, value)


def _who(_: Book, name: str, value: Any) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Sequence) or not given:
        raise InputError(f"{name} = {value!r}: nobody. Allowed: one or more of {', '.join(WHO)}.")
    return tuple(dict.fromkeys(one_of(name, one, WHO) for one in given))


def _bands(_: Book, name: str, value: Any) -> Any:
    """The lower ends of bands; a frame that cuts several things takes a mapping, which it reads itself."""
    return value if value is None or isinstance(value, Mapping) else lower_ends(name, value)


def lower_ends(name: str, value: Any) -> tuple[float, ...]:
    """Where the bands of a number begin, rising."""
    numbers = isinstance(value, Sequence) and not isinstance(value, str)
    if not numbers or not value or not all(_is_number(one) for one in value) or sorted(set(value)) != list(value):
        raise InputError(f"{name} = {value!r}: no bands. Allowed: where each begins, rising, such as (3000, 6000).")
    return tuple(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))


def _number(name: str, value: Any) -> Any:
    if not _is_number(value):
        raise InputError(f"{name} = {value!r}: not a number. Allowed: one such as 10000.")
    return value


def _whole(least: int) -> Callable[[Book, str, Any], int]:
    return lambda _, name, value: whole(name, value, least)


def _maybe(read: Callable[[str, Any], Any]) -> Callable[[Book, str, Any], Any]:
    return lambda _, name, value: None if value is None else read(name, value)


def _flag(_: Book, name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} = {value!r}: neither true nor false. Allowed: True or False.")
    return None if value is None else bool(value)


_CHECKS: dict[str, Callable[[Book, str, Any], Any]] = {
    "One": lambda _, name, value: names_of(name, value, most=1),
    "Several": lambda _, name, value: names_of(name, value, most=12),
    "higher_is_riskier": _flag,
    "until": _until,
    "at": _until,
    "since": _since,
    "by": _by,
    "of": lambda _, name, value: names_of(name, value),
    "Three": lambda _, name, value: names_of(name, value, 3),
    "who": _who,
    "bands": _bands,
    "below": _maybe(_number),
    "days": _whole(0),
    "months": _whole(1),
    "width": _whole(1),
    "shift": _whole(0),
    "pairs": _whole(1),
    "resamples": _whole(2),
    "bins": _whole(2),
    "k": _maybe(lambda name, value: whole(name, value, 2)),
    "numbers": lambda _, name, value: wholes(name, value, 2),
    "within": _maybe(lambda name, value: wholes(name, value, 0)),
    "after": lambda _, name, value: wholes(name, value, 1),
    "against": _maybe(lambda name, value: value if isinstance(value, str) else one_of(name, value, ["rest"])),
}
