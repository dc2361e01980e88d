"""Strict YAML: text stays text, every value knows its file, line and path.

YAML for people is a small language: mappings, lists, scalars. Tags, anchors, duplicate keys and second
documents are faults here, and no scalar is guessed to be a date, a boolean or a base-60 number: whoever
reads a value says what it has to be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from loanpersona.core import yaml_text
from loanpersona.core.errors import InputError, full_width

MAX_BYTES = 5_000_000
MAX_DEPTH = 32
MAX_NODES = 40_000
"""Keys, scalars, lists and mappings: ten times a persona that ships, and more than its null twin, read in a moment."""
MAX_KEY = 100
MAX_PICKED = 1_000_000
"""Values that the conditions of a file may pick, added up: a short one such as `..9999` can pick thousands."""
MAX_FAULTS, MAX_TOLD, MAX_TEXT = 1_000, 100, 2_000
"""Faults that are looked for and told, and characters of each: what a stranger sends must not fill the screen."""
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
    rounded: bool = False
    """Whether code stated it as a float, which may be off in its last digit."""

    def child(self, key: str) -> Node | None:
        """The node under `key` of a mapping; None where there is none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def having(self, key: str, child: Node) -> Node:
        """This mapping with another node under `key`."""
        return replace(self, value={**(self.value if isinstance(self.value, dict) else {}), key: child})

    def shown(self) -> str:
        """The value as the reader of a message should see it: a scalar as written, else its kind."""
        if isinstance(self.value, str):
            return repr(self.value[:60]) if self.quoted or not self.value else self.value[:60]
        return "a mapping" if isinstance(self.value, dict) else "a list"


@dataclass(frozen=True, order=True)
class Fault:
    """One line for the user: where, what is wrong, what is allowed."""

    file: str
    line: int
    text: str
    path: str = field(default="", compare=False)
    kind: str = field(default="", compare=False)
    """The same in none of the file's own words."""

    def __str__(self) -> str:
        # A key may hold line breaks; a fault may not.
        text = " ".join(self.text[:MAX_TEXT].split())
        return f"{self.file}:{self.line}: {text}" if self.line else f"{self.file}: {text}"


class Faults:
    """Collects the faults of a file, so that a user sees all of them in one run."""

    def __init__(self, first: Sequence[str] = ()) -> None:
        self.collected: list[Fault] = []
        self.first = first
        """The files whose faults come before those of others, in this order."""
        self._room = MAX_PICKED

    def rank(self, fault: Fault) -> int:
        """How near the file of a fault is to the user."""
        return self.first.index(fault.file) if fault.file in self.first else len(self.first)

    def spend(self, node: Node, picked: int) -> None:
        """Count what a condition picks; raise InputError where the conditions of a file pick too much."""
        self._room -= picked
        if self._room < 0:
            self.add(node, "the conditions so far pick too much", allowed=f"{MAX_PICKED:,} values, added up")
            self.stop()

    def add(self, node: Node, what: str, *, allowed: str = "", hint: str = "") -> None:
        """Note that `node` is wrong: what it is, what is allowed, a hint. Raises InputError when they are too many."""
        hint = hint or (full_width(node.value) if isinstance(node.value, str) and not node.quoted else "")
        subject = f"{node.path or 'file'} = {node.shown()}" if isinstance(node.value, str) else node.path
        may = f". Allowed: {allowed}." if allowed else "."
        text = f"{subject or 'file'}: {what}{may} {hint}".rstrip()
        kind = what.partition(" ('")[0]
        self.collected.append(Fault(node.file, node.line, text, node.path, f"file: {kind}{may}"))
        if len(self.collected) == MAX_FAULTS:
            self.stop()

    def stop(self) -> None:
        """Raise what was found, file by file and in file order; do nothing where nothing was."""
        listed = sorted(set(self.collected), key=lambda fault: (self.rank(fault), fault))
        more = (
            [f"and {len(listed) - MAX_TOLD} or more further faults. Mend these first."]
            if len(listed) > MAX_TOLD
            else []
        )
        if listed:
            raise InputError(*map(str, listed[:MAX_TOLD]), *more)


def read(path: Path, *, ours: Collection[str] = (), file: str = "") -> Node:
    """Read a YAML file into nodes; raise InputError with every fault of its form, under the name `file` if given.

    One of the keys `ours` must stand at its top: of any other file the faults tell line and kind, and not a word of it.
    """
    return parse(yaml_text.content(path, MAX_BYTES), file=file or path.name, ours=ours)


def parse(text: str, *, file: str = "text", ours: Collection[str] = ()) -> Node:
    """Parse YAML text into nodes, as `read` does.

    >>> parse("sex: {male: 0.6}").child("sex").child("male").value
    '0.6'
    """
    form = _Form(file)
    node = root = Node({}, file, 1)
    try:
        node = form.document(yaml.parse(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # a code that no character has, in pure Python
        form.faults.collected.append(Fault(file, *yaml_text.stumbled(error, text)))
    except InputError:  # too deep, too large or too many faults: those found are told below
        pass
    form.stop(ours)
    if not isinstance(node.value, dict):
        got = "a list" if isinstance(node.value, tuple) else "words" if node.value else "nothing"
        form.faults.add(root, f"expected a mapping at the top, got {got}", hint=yaml_text.no_colon(text.splitlines()))
    elif ours and not any(key in node.value for key in ours):
        form.faults.add(Node({}, file, 1, " or ".join(ours)), "missing at the top of the file")
    form.faults.stop()
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
    return Node(inner, file, 0, path, rounded=isinstance(value, float))


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


def size(node: Node) -> int:
    """How many keys and values a node holds, itself included.

    >>> size(parse("a: [1, 2]"))
    5
    """
    if isinstance(node.value, dict):
        return 1 + len(node.value) + sum(map(size, node.value.values()))
    return 1 + sum(map(size, node.value)) if isinstance(node.value, tuple) else 1


def number(node: Node, faults: Faults) -> Fraction | None:
    """The exact number a node states (0.6, 1e3, 1/3), or None with a fault noted."""
    text = node.value if isinstance(node.value, str) else ""
    value = exact(text) if not node.quoted else None
    if value is not None and (not value or 1 <= abs(value) * MAX_SIZE <= MAX_SIZE**2):
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


class _Form:
    """Makes nodes of the events of a file, within its budget, and notes the faults of its form."""

    def __init__(self, file: str) -> None:
        self.file, self.faults = file, Faults()
        self.room = MAX_NODES
        self.top: dict[str, Node] = {}

    def stop(self, ours: Collection[str]) -> None:
        """Raise the faults; of a file that none of the keys `ours` was met in, what they are and no more."""
        if ours and not any(key in self.top for key in ours):
            self.faults.collected = [replace(fault, text=fault.kind or fault.text) for fault in self.faults.collected]
        self.faults.stop()

    def document(self, events: Iterator[Any]) -> Node:
        next(events)  # the stream starts
        event = next(events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node("", self.file, 1)
        node = self.node(next(events), events, Node({}, self.file, 1), depth=1)
        next(events)  # the document ends
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            second = Node({}, self.file, after.start_mark.line + 1)
            self.faults.add(second, "a second document starts here", allowed="one document a file")
        return node

    def node(self, event: Any, events: Iterator[Any], at: Node, depth: int) -> Node:
        here = Node({}, at.file, event.start_mark.line + 1, at.path)
        self.room -= 1
        if depth > MAX_DEPTH:
            self.refuse(here, "nested too deeply", f"{MAX_DEPTH} levels")
        if self.room < 0:
            self.refuse(Node({}, at.file, here.line), "holds too much", f"{MAX_NODES:,} keys and values")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.faults.add(here, f"anchors and aliases are off ('{event.anchor}')", hint="Write the value out.")
        elif event.tag:
            self.faults.add(here, f"tags are off ('{event.tag}')", hint="Remove the tag.")
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self.mapping(events, here, depth), here.file, here.line, here.path)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self.sequence(events, here, depth), here.file, here.line, here.path)
        value = getattr(event, "value", "")
        _refuse_hidden_characters(value, here, self.faults)
        return Node(value, here.file, here.line, here.path, getattr(event, "style", None) in _QUOTED)

    def refuse(self, at: Node, what: str, allowed: str) -> None:
        """Note a fault that ends the reading."""
        self.faults.add(at, what, allowed=allowed)
        self.faults.stop()

    def mapping(self, events: Iterator[Any], at: Node, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        if depth == 1:
            self.top = result
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events, at, depth + 1)
            name = key.value if isinstance(key.value, str) else "?"
            if len(name) > MAX_KEY:  # it would stand in the path of all that is below it
                self.refuse(key, "a key that is too long", f"{MAX_KEY} characters")
            below = Node({}, at.file, key.line, _join(at.path, name))
            if name == "?":
                self.faults.add(key, "a key that is no word", allowed="plain words as keys")
            value = self.node(next(events), events, below, depth + 1)
            if value.value == "" and not value.quoted:
                hint = full_width(name) or "Quote a text that holds a comma or a colon."
                self.faults.add(below, "has no value", hint=hint)
            if name in result:
                self.faults.add(below, f"stated twice, first in line {result[name].line}", hint="Remove one.")
            else:
                result[name] = Node(value.value, at.file, key.line, below.path, value.quoted)
        return result

    def sequence(self, events: Iterator[Any], at: Node, depth: int) -> tuple[Node, ...]:
        result: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            below = Node({}, at.file, at.line, f"{at.path}[{len(result)}]")
            result.append(self.node(event, events, below, depth + 1))
        return tuple(result)


def _refuse_hidden_characters(text: str, at: Node, faults: Faults) -> None:
    result = _HIDDEN.search(text)
    if result:
        faults.add(at, f"holds the invisible character U+{ord(result[0]):04X}", hint="Remove it.")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
