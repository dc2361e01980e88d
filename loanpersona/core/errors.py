"""The errors a user can meet, and what each means for the exit code.

Every message is one line a fault: where, what, what is allowed, a hint.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

MANY = 12
"""How many known words a hint lists."""


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
    found: list[Any] = []
    faults: list[str] = []
    for check in checks:
        try:
            found.append(check())
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(*dict.fromkeys(faults))
    return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Hint at the nearest known words, and say what is known.

    >>> did_you_mean("femal", ["male", "female"])
    "Did you mean 'female'? Known: male, female."
    """
    names = list(known)
    shown = ", ".join(names[:MANY]) + (", …" if len(names) > MANY else "")
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    return f"{hint}Known: {shown or 'none'}."
