"""Strict YAML: text stays text, every value knows its file, line and path.

YAML for people is a small language: mappings, lists, scalars. Tags, anchors, duplicate keys and second
documents are faults here, and no scalar is guessed to be a date, a boolean or a base-60 number: whoever
reads a value says what it has to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from loanpersona.core.errors import InputError

MAX_BYTES = 5_000_000
MAX_DEPTH = 32
MAX_DIGITS = 20
MAX_SIZE = 10**15
"""No number is larger, and none but 0 smaller than one divided by this: what is made of them stays finite."""

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?|\d+/0*[1-9]\d*")
_QUOTED = ("'", '"', "|", ">")
# Controls, marks of writing direction, spaces of no width, breaks of line that editors do not show, halves of
# a character: whoever reads the file would not see what the program sees.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# libyaml reads ten times faster; the pure Python parser gives the same events where it is not built in.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Node:
    """A value of a file and where it stands: `value` is a str, a tuple of nodes or a dict of nodes."""

    value: str | tuple[Node, ...] | dict[str, Node]
    file: str
    line: int
    path: str = ""
    quoted: bool = False

    def child(self, key: str) -> Node | None:
        """The node under `key` of a mapping; None where there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def shown(self) -> str:
        """The value as the reader of a message should see it: a scalar as written, else its kind."""
        if isinstance(self.value, str):
            return repr(self.value) if self.quoted or not self.value else self.value[:60]
        return "a mapping" if isinstance(self.value, dict) else "a list"


@dataclass(frozen=True, order=True)
class Fault:
    """One line for the user: where, what is wrong, what is allowed."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        # A key may hold line breaks; a fault may not.
        text = " ".join(self.text.split())
        return f"{self.file}:{self.line}: {text}" if self.line else f"{self.file}: {text}"


class Faults:
    """Collects the faults of a file, so that a user sees all of them in one run."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, node: Node, what: str, *, allowed: str = "", hint: str = "") -> None:
        """Note that `node` is wrong: what it is, what is allowed, a hint."""
        subject = f"{node.path or 'file'} = {node.shown()}" if isinstance(node.value, str) else node.path
        text = f"{subject or 'file'}: {what}."
        text += f" Allowed: {allowed}." if allowed else ""
        self.found.append(Fault(node.file, node.line, f"{text} {hint}".rstrip()))

    def stop(self) -> None:
        """Raise what was found, in file order; do nothing where nothing was."""
        if self.found:
            raise InputError(*(str(fault) for fault in sorted(set(self.found))))


def read(path: Path) -> Node:
    """Read a YAML file into nodes; raise InputError with every fault of its form."""
    return parse(_text(path), file=path.name)


def parse(text: str, *, file: str = "text") -> Node:
    """Parse YAML text into nodes.

    >>> parse("sex: {male: 0.6}").child("sex").child("male").value
    '0.6'
    """
    faults = Faults()
    root = Node({}, file, 1)
    try:
        node = _document(yaml.parse(text, Loader=_LOADER), file, faults)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # a code that no character has, in pure Python
        faults.found.append(_syntax_fault(error, text, file))
        node = root
    faults.stop()
    if not isinstance(node.value, dict):
        got = node.shown() if node.value else "nothing"
        faults.add(root, f"expected a mapping at the top, got {got}", hint=_missing_space(text))
        faults.stop()
    return node


def node_of(value: Any, *, file: str, path: str = "") -> Node:
    """Wrap plain Python values as nodes, so that changes from code meet the same checks as a file."""
    inner: Any
    if isinstance(value, Mapping):
        inner = {str(k): node_of(v, file=file, path=_join(path, str(k))) for k, v in value.items()}
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = tuple(node_of(v, file=file, path=f"{path}[{i}]") for i, v in enumerate(value))
    else:
        inner = str(value)
        faults = Faults()
        _refuse_hidden_characters(inner, Node({}, file, 0, path), faults)
        faults.stop()
    return Node(inner, file, 0, path)


def plain(node: Node) -> Any:
    """The bare dicts, lists and strings of a node.

    >>> plain(parse("a: [1, {b: x}]"))
    {'a': ['1', {'b': 'x'}]}
    """
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(child) for child in node.value]
    return node.value


def number(node: Node, faults: Faults) -> Fraction | None:
    """The exact number a node states (0.6, 1e3, 1/3), or None with a fault noted."""
    text = node.value if isinstance(node.value, str) else ""
    value = exact(text) if not node.quoted else None
    if value is not None and (not value or 1 / MAX_SIZE <= abs(value) <= MAX_SIZE):
        return value
    if value is not None:
        faults.add(node, "too large or too small", allowed=f"0, or {1 / MAX_SIZE:g} to {MAX_SIZE:g} in size")
    elif sum(c.isdigit() for c in text) > MAX_DIGITS:
        faults.add(node, "too many digits", allowed=f"at most {MAX_DIGITS}")
    else:
        faults.add(node, "not a number", allowed="a finite decimal such as 0.6", hint=_number_hint(text))
    return None


def exact(text: str) -> Fraction | None:
    """The number that a text states, exactly; None where it is none or has too many digits.

    >>> exact("0.6"), exact("1/3"), exact("60%")
    (Fraction(3, 5), Fraction(1, 3), None)
    """
    bare = text.strip()
    if not bare.isascii() or not _NUMBER.fullmatch(bare) or sum(c.isdigit() for c in bare) > MAX_DIGITS:
        return None
    return Fraction(bare)


def _number_hint(text: str) -> str:
    if text.strip().endswith(("%", "％")):
        return "Write 0.6 for 60%."
    if "," in text or "，" in text:
        return "Write a point: 0.6."
    if not text.isascii():
        return "Write plain digits: 0.6."
    return ""


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory. Allowed: a YAML file.") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}).") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path.name}: too large. Allowed: at most {MAX_BYTES:,} bytes.")
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


def _document(events: Iterator[Any], file: str, faults: Faults) -> Node:
    next(events)  # the stream starts
    event = next(events)
    if isinstance(event, yaml.StreamEndEvent):
        return Node("", file, 1)
    node = _node(next(events), events, Node({}, file, 1), faults, depth=1)
    next(events)  # the document ends
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        second = Node({}, file, after.start_mark.line + 1)
        faults.add(second, "a second document starts here", allowed="one document a file")
    return node


def _node(event: Any, events: Iterator[Any], at: Node, faults: Faults, depth: int) -> Node:
    here = Node({}, at.file, event.start_mark.line + 1, at.path)
    if depth > MAX_DEPTH:
        faults.add(here, "nested too deeply", allowed=f"{MAX_DEPTH} levels")
        faults.stop()
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        faults.add(here, f"anchors and aliases are off ('{event.anchor}')", hint="Write the value out.")
    elif event.tag:
        faults.add(here, f"tags are off ('{event.tag}')", hint="Remove the tag.")
    if isinstance(event, yaml.MappingStartEvent):
        return Node(_mapping(events, here, faults, depth), here.file, here.line, here.path)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(_sequence(events, here, faults, depth), here.file, here.line, here.path)
    value = getattr(event, "value", "")
    _refuse_hidden_characters(value, here, faults)
    return Node(value, here.file, here.line, here.path, getattr(event, "style", None) in _QUOTED)


def _mapping(events: Iterator[Any], at: Node, faults: Faults, depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(event, events, at, faults, depth + 1)
        name = key.value if isinstance(key.value, str) else "?"
        below = Node({}, at.file, key.line, _join(at.path, name))
        if name == "?":
            faults.add(key, "a key that is no word", allowed="plain words as keys")
        value = _node(next(events), events, below, faults, depth + 1)
        if value.value == "" and not value.quoted:
            faults.add(below, "has no value", hint="Quote a text that holds a comma or a colon.")
        if name in found:
            faults.add(below, f"stated twice, first in line {found[name].line}", hint="Remove one.")
        else:
            found[name] = Node(value.value, at.file, key.line, below.path, value.quoted)
    return found


def _sequence(events: Iterator[Any], at: Node, faults: Faults, depth: int) -> tuple[Node, ...]:
    found: list[Node] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        below = Node({}, at.file, at.line, f"{at.path}[{len(found)}]")
        found.append(_node(event, events, below, faults, depth + 1))
    return tuple(found)


def _refuse_hidden_characters(text: str, at: Node, faults: Faults) -> None:
    found = _HIDDEN.search(text)
    if found:
        faults.add(at, f"holds the invisible character U+{ord(found[0]):04X}", hint="Remove it.")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _syntax_fault(error: Exception, text: str, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # the reader of characters has no mark, only what it would not read
        return Fault(file, 1, f"not YAML: {str(error).splitlines()[0]}. {_missing_space(text)}".rstrip())
    what = getattr(error, "problem", None) or "cannot be parsed"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else "the end of the file"
    shown, indent = line.strip()[:60], line[: -len(line.lstrip())]
    hint = "Indent with spaces, not tabs." if "\t" in indent else _missing_space(text)
    return Fault(file, mark.line + 1, f"not YAML: {what}, at column {mark.column + 1}: {shown}. {hint}".rstrip())


def _missing_space(text: str) -> str:
    for index, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*[\w-]+(：|:(?=\S))", line) and not re.match(r"\s*[\w-]+:\s", line):
            return f"Line {index} looks like 'key:value'; write 'key: value' with a plain colon and a space."
    return ""
