"""What a statement of the article is: its words, the claim that tests it, and what published figures say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Words = Mapping[str, str]
"""One text per language."""
Rows = Mapping[str, tuple[str, ...]]
"""Rows of a frame: for each column named, the levels that are meant."""

ORIGINS = ("encoded", "conditional", "emergent")
"""Put in; a written dependence that is read back; what follows from behaviour."""
OPINIONS = ("agrees", "in_part", "disagrees", "silent")
"""What published evidence says of a statement."""
FORMS = ("percent", "points", "change", "times", "ratio", "money")
"""How a figure is written: 70%, 7 points, +14% (of a ratio, against 1), 2.7 times, 1.01, ¥5,100."""


@dataclass(frozen=True)
class Rule:
    """What must hold of rows of a frame for a statement to hold."""

    kind: str
    """One of `lp.claims.rules.KINDS`."""
    row: Rows
    line: float
    """Where the sentence turns: it holds beyond this."""
    because: Words
    """Why the line is there."""
    top: float | None = None
    """The other end, where a statement holds between two."""
    than: Rows | None = None
    """The rows that it is compared with; all others where none is named."""
    column: str = ""
    """The column that is looked at; the estimate of the frame where none is named."""
    each: bool = False
    """Whether every row by itself must lie beyond the line, and not all of them taken together."""


@dataclass(frozen=True)
class Check:
    """A frame, its arguments, and the rule that its rows must follow."""

    frame: str
    arguments: Mapping[str, Any]
    rule: Rule


@dataclass(frozen=True)
class Claim:
    """A statement as something that a population can contradict."""

    checks: tuple[Check, ...]
    """All must hold; the first is the one that is shown."""
    origin: str
    """One of ORIGINS."""
    rests_on: tuple[str, ...]
    """Paths of the persona whose numbers decide it."""
    origin_note: Words
    """What was put in, or what it follows from."""
    figure: Words
    """How its number is written, such as `{value} men`."""
    form: str = "percent"
    """One of FORMS."""
    axis: tuple[float, float] = (0.0, 1.0)
    """The ends of the strip on which its number lies."""
    cells: Mapping[str, Rows] = field(default_factory=dict)
    """Further numbers of the same frame that the figure names, each by its row."""

    @property
    def frame(self) -> str:
        """The frame of the check that is shown."""
        return self.checks[0].frame

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of that frame."""
        return self.checks[0].arguments

    @property
    def rule(self) -> Rule:
        """The rule of the check that is shown."""
        return self.checks[0].rule


@dataclass(frozen=True)
class Evidence:
    """What published figures say of a statement."""

    verdict: str
    """One of OPINIONS."""
    note: Words
    low: float | None = None
    """The published range, in the unit of the claim's number; none where no figure is published."""
    high: float | None = None
    source: Words | None = None
    """Who published it and when, in words."""
    cites: tuple[str, ...] = ()
    """Entries of `sources.yaml`."""


@dataclass(frozen=True)
class Statement:
    """A sentence of the article."""

    id: str
    sentence: Words
    short: Words
    """The title of its row."""
    chapter: str
    claim: Claim | None
    missing: Words | None
    """What must be there before it can be tested."""
    not_testable: Words | None
    """Why it never can be."""
    evidence: Evidence

    @property
    def origin(self) -> str:
        """Where its number comes from: one of ORIGINS, `not_built` or `not_testable`."""
        return self.claim.origin if self.claim else "not_built" if self.missing else "not_testable"


@dataclass(frozen=True)
class Verdict:
    """What a rule finds in a frame."""

    word: str
    """`supported`, `contradicted` or `inconclusive`."""
    value: float
    low: float
    high: float
    """The 99 % interval, over all rows compared at once."""
    n: int
    clusters: int
    line: float
    error: float
    """The chance of so clear a result where the truth lies on the line."""
    needed: int | None
    """What `n` would have to be to settle it; none where it is settled, or where the number lies on the line."""
