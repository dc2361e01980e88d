"""The strip of a ledger row: where its number lies, beside what is published and where the sentence would turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loanpersona.claims import Claim, Evidence
from loanpersona.claims.figures import MINUS, written

LEFT, RIGHT = 8.0, 202.0
"""The ends of the rail, in pixels."""


@dataclass(frozen=True)
class Strip:
    """A strip in pixels; what is None is not drawn."""

    dots: tuple[float, ...]
    """The number of each book."""
    hollow: bool
    """Whether the number was put in."""
    band: tuple[float, float] | None
    """What is published."""
    line: float | None
    """Where the sentence turns."""
    axis: tuple[tuple[float, str, str], ...]
    """Place, anchor and text of its ends and its middle."""


def strip_of(claim: Claim, evidence: Evidence, values: Sequence[float | None], lang: str) -> Strip | None:
    """The strip of a claim whose number has these values; None where no book gives one."""
    known = [value for value in values if value is not None and value == value]
    if not known:
        return None
    low, high = claim.axis

    def place(value: float) -> float:
        inside = min(max(value, low), high)
        return round(LEFT + (inside - low) / (high - low) * (RIGHT - LEFT), 1)

    published = None if evidence.low is None or evidence.high is None else (place(evidence.low), place(evidence.high))
    return Strip(
        dots=tuple(place(known[0] if value is None or value != value else value) for value in values),
        hollow=claim.origin != "emergent",
        band=published and (published[0], max(published[1] - published[0], 3.0)),
        line=place(claim.rule.line) if low < claim.rule.line < high else None,
        axis=_axis(claim, lang, place),
    )


def _axis(claim: Claim, lang: str, place: Callable[[float], float]) -> tuple[tuple[float, str, str], ...]:
    low, high = claim.axis
    ends = ((low, "start"), ((low + high) / 2, "middle"), (high, "end"))
    return tuple((place(value), anchor, _short(value, claim.form, lang)) for value, anchor in ends)


def _short(value: float, form: str, lang: str) -> str:
    """A number of the axis, where its unit stands beside the figure already."""
    bare = {"points": f"{100 * value:+.0f}".replace("-", MINUS), "times": f"{value:g}×", "ratio": f"{value:g}"}
    said = bare.get(form) or written(value, form, lang)
    return said if value else said.removeprefix("+")
