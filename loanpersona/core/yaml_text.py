"""The text of a YAML file: read from disk, and what a parser stumbled over in it."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from pathlib import Path

from loanpersona.core.errors import InputError, full_width

# Where YAML wants a key and a plain colon: a wide space before it, a full-width colon, or no space behind it.
_NO_COLON = re.compile(r"[ \t]*(\u3000|(?:- +)*[\w-]+[ \t]*(：|:(?=\S)))")
_NEAR = 100
"""How many lines above a fault may hold its cause."""
# What the pure Python parser quotes of the text it cannot read; names of its own tokens begin with <.
_QUOTES = re.compile(r"""(['"])[^<\s'"][^\s'"]+\1""")


def content(path: Path, most: int) -> str:
    """The text of a regular file of at most so many bytes; raises InputError for any other."""
    try:
        if not stat.S_ISREG(kind := path.stat().st_mode):  # reading a pipe waits for ever, a device never ends
            what = "is a directory" if stat.S_ISDIR(kind) else "is no regular file"
            raise InputError(f"{path}: {what}. Allowed: a YAML file.")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}).") from None
    if len(data) > most:
        raise InputError(f"{path.name}: too large. Allowed: at most {most:,} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: {_encoding(data)} at byte {error.start}. Save it as UTF-8.") from None


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "not UTF-8 but UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return "not UTF-8"
    return "not UTF-8 (GBK perhaps)"


def stumbled(error: Exception, text: str) -> tuple[int, str]:
    """The line that a parser stumbled in, and over what, in no word of the file."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # the reader of characters has no mark, only what it would not read
        return 1, f"not YAML: {str(error).splitlines()[0]}."
    what = _QUOTES.sub("…", getattr(error, "problem", None) or "cannot be parsed")
    lines = text.splitlines()[: mark.line + 1]
    line = lines[mark.line] if mark.line < len(lines) else ""
    tabs = "\t" in line[: -len(line.lstrip()) or None]
    hint = "Indent with spaces, not tabs." if tabs else no_colon(lines) or _odd_mark(lines)
    return mark.line + 1, f"not YAML: {what}, at column {mark.column + 1}. {hint}".rstrip()


def no_colon(lines: Sequence[str]) -> str:
    """The line that keeps a key and its value apart as YAML does not, the last of them."""
    for line in range(len(lines), max(len(lines) - _NEAR, 0), -1):
        result = _NO_COLON.match(lines[line - 1])
        if result:
            said = full_width(result[0]) or "No space after the colon. Write 'key: value'."
            return f"Line {line}: {said}"
    return ""


def _odd_mark(lines: Sequence[str]) -> str:
    """A full-width mark in the last lines that were read."""
    near = list(enumerate(lines, start=1))[-2:]
    return next((f"Line {at}: {full_width(line)}" for at, line in reversed(near) if full_width(line)), "")
