"""The errors a user can meet, and what each means for the exit code.

Every message is one line a fault: where, what, what is allowed, a hint.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

MANY = 12
"""How many known words a hint lists."""
_LONG = 100
_ASCII = dict(zip("：，；［］｛｝＂＇“”‘’－＃", ":,;[]{}\"'\"\"''-#", strict=True)) | {"\u3000": "a plain space"}
# Behind a word in ASCII, at either end, or behind a mark of YAML: within Chinese prose they are at home.
_FULL_WIDTH = re.compile(
    "(?<=[a-zA-Z0-9_.]) *([：，；])|^ *([［｛＂＇“‘－＃\u3000])|[-:,\\[{] *([［｛＂＇“‘\u3000])|([］｝＂＇”’]) *$"
)


class LoanpersonaError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        # What a notebook shows: the message, not the way through our code to it.
        return [f"{type(self).__name__}: {self}"]


class InputError(LoanpersonaError):
    """What the user gave is wrong: a file, a number, a name. Carries one line per fault."""

    exit_code = 2

    def __init__(self, *faults: str) -> None:
        self.faults = tuple(" ".join(fault.splitlines()) for fault in faults)
        super().__init__("\n".join(self.faults))


def expect(value: object, kind: type | tuple[type, ...], name: str, allowed: str) -> None:
    """Raise InputError where what a caller gives is of another type.

    >>> expect("article", str, "persona", "a name")
    """
    if not isinstance(value, kind):
        raise InputError(f"{name}: {type(value).__name__}. Allowed: {allowed}.")


class PersonaWarning(UserWarning):
    """What a persona file may state although it looks like a slip, such as a row that nobody is ever in."""


class ReportError(LoanpersonaError):
    """A report could not be made although its input was right: a cell failed, a kernel died."""

    exit_code = 1


class MachineError(LoanpersonaError):
    """The machine is in the way: no space, no permission, no memory, no kernel."""

    exit_code = 3


def together(*checks: Callable[[], Any]) -> list[Any]:
    """What the checks return, or one InputError with the faults of all of them.

    >>> together(lambda: 1, lambda: 2)
    [1, 2]
    """
    result: list[Any] = []
    faults: list[str] = []
    for check in checks:
        try:
            result.append(check())
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*dict.fromkeys(faults))
    return result


def full_width(text: str) -> str:
    """Name the full-width mark that a text holds where YAML reads plain ones only; nothing where it holds none.

    >>> full_width("variables：")
    "'：' (U+FF1A, full-width colon) stands where YAML reads ':' and a space."
    """
    result = _FULL_WIDTH.search(text[: 10 * _LONG])
    if not result:
        return ""
    mark = result[result.lastindex or 0]
    plain = _ASCII[mark] if mark == "\u3000" else f"'{_ASCII[mark]}'{' and a space' if mark in '：，' else ''}"
    name = unicodedata.name(mark).lower().replace("fullwidth", "full-width")
    return f"'{mark}' (U+{ord(mark):04X}, {name}) stands where YAML reads {plain}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Hint at the nearest known words, and say what is known.

    >>> did_you_mean("femal", ["male", "female"])
    "Did you mean 'female'? Known: male, female."
    """
    names = list(known)
    shown = ", ".join(names[:MANY]) + (", …" if len(names) > MANY else "")
    # What is much longer than any known word is near none, and comparing takes a while.
    near = difflib.get_close_matches(word[:_LONG], names, n=1, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    hint = f"{full_width(word)} {hint}".lstrip()
    return f"{hint}Known: {shown or 'none'}."
