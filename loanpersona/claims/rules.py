"""The rules by which a statement holds or not: a closed list, each read off rows of a frame and their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from math import ceil, hypot, inf
from statistics import NormalDist
from typing import NamedTuple

import pandas as pd

from loanpersona.analysis.frame import declarations
from loanpersona.claims.statement import Rows, Rule, Verdict
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.estimates.shares import LEVEL as OF_FRAMES
from loanpersona.estimates.shares import wilson, z

LEVEL = 0.99
"""The confidence at which a rule decides."""
RATIOS = ("relative", "rate_ratio", "risk_ratio", "lift")
"""Columns whose intervals are those of their logs."""
SURE = 40.0
"""So many times as wide as in the frame, an interval is wide enough for any doubt."""


class Found(NamedTuple):
    """A number with its interval."""

    value: float
    low: float
    high: float


def judge(rule: Rule, frame: pd.DataFrame, *, level: float = LEVEL) -> Verdict:
    """What a rule finds in a frame: supported, contradicted or inconclusive.

    The intervals of the frame are widened from 95 % to `level`, and further so that all rows compared hold at once
    (Bonferroni). Supported: the interval lies wholly beyond the line; contradicted: wholly on the other side.
    Raises InputError where the frame has no such column or row.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> rule = lp.claims.statements()["1.2a"].claim.rule
    >>> lp.claims.judge(rule, lp.profile.shares(population, of="sex")).word
    'supported'
    """
    rows, rivals, measure, compared = _prepared(rule, frame)
    wide, counted = _width(level, compared), pd.concat([rows, rivals])
    found, word = measure(wide), _word(rule, measure(wide))
    clear = _widest(lambda width: _word(rule, measure(width)) != "inconclusive")
    n = int(counted["n"].min())
    return Verdict(
        word,
        *found,
        n=n,
        clusters=int(counted["clusters"].min()),
        line=rule.line,
        error=min(1.0, compared * 2 * (1 - NormalDist().cdf(clear * z(OF_FRAMES)))),
        needed=ceil(n * (wide / clear) ** 2) if word == "inconclusive" and clear else None,
    )


def decide(rule: Rule, frame: pd.DataFrame, *, level: float = LEVEL) -> str:
    """The word of `judge` alone, which is quicker to find."""
    _, _, measure, compared = _prepared(rule, frame)
    return _word(rule, measure(_width(level, compared)))


def lead(rule: Rule, frame: pd.DataFrame) -> float:
    """How far the number of a rule lies beyond its line, whatever the interval; below zero where it falls short."""
    value = _prepared(rule, frame)[2](0.0).value
    beyond = rule.line - value if rule.kind == "below" else value - rule.line
    return beyond if rule.top is None else min(beyond, rule.top - value)


Measure = Callable[[float], Found]


def _prepared(rule: Rule, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Measure, int]:
    """The rows, their rivals, the number of the rule by the width of intervals, and how many are compared."""
    expect(rule, Rule, "rule", "that of a claim")
    expect(frame, pd.DataFrame, "frame", "what a function such as lp.habits.timing gives")
    column = rule.column or _estimate(frame)
    rows, rivals = _looked_at(rule, frame, column)
    parts = _parts(rule, rows, rivals, column == "share")
    return rows, rivals, partial(_measured, rule, parts, column in RATIOS), _comparisons(rule, rows, rivals)


def _width(level: float, compared: int) -> float:
    """How many times as wide as in the frame intervals have to be, so that all compared hold at a level."""
    return z(1 - (1 - level) / compared) / z(OF_FRAMES)


def read_row(frame: pd.DataFrame, row: Rows, column: str = "") -> float:
    """The number of one row of a frame, in a column or in its estimate; raises InputError where it has no such row."""
    return float(frame[column or _estimate(frame)].iloc[_picked(frame, row)[0]])


def _estimate(frame: pd.DataFrame) -> str:
    declared = declarations().get(str(frame.attrs.get("frame")))
    return declared.estimate if declared else "share"


def _looked_at(rule: Rule, frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a rule and those that it compares them with, each with value, low, high, n and clusters."""
    ends = (f"{column}_low", f"{column}_high") if f"{column}_low" in frame else ("low", "high")
    if lacking := [name for name in (column, *ends, "n") if name not in frame]:
        raise InputError(f"rule: column {lacking[0]}: not in the frame. {did_you_mean(lacking[0], frame.columns)}")
    read = {"value": column, "low": ends[0], "high": ends[1], "n": "n"}
    read |= {"clusters": "clusters" if "clusters" in frame else "n"}
    read |= {"effective": "effective_n" if "effective_n" in frame else "n"}
    known = pd.DataFrame({name: frame[own].to_numpy() for name, own in read.items()})
    picked = _picked(frame, rule.row)
    others = [place for place in range(len(frame)) if place not in picked]
    rivals = _picked(frame, rule.than) if rule.than else others if rule.kind == "ahead" else []
    return known.iloc[picked], known.iloc[rivals]


def _picked(frame: pd.DataFrame, rows: Rows) -> list[int]:
    """The positions of rows, in the order in which their levels are named."""
    result = list(range(len(frame)))
    for name, levels in rows.items():
        there = frame[name].astype(str).tolist() if name in frame else []
        if missing := [level for level in levels if level not in there]:
            raise InputError(f"rule: {name} = {missing[0]}: no such row. {did_you_mean(missing[0], set(there))}")
        # Stable, so that the columns named later are the ones whose order counts.
        result = sorted((place for place in result if there[place] in levels), key=lambda at: levels.index(there[at]))
    return result


def _comparisons(rule: Rule, rows: pd.DataFrame, rivals: pd.DataFrame) -> int:
    if rule.kind == "ahead":
        return max(1, len(rows) * len(rivals))
    return max(1, len(rows) - 1) if rule.kind == "rising" else len(rows) if rule.each else 1


def _parts(rule: Rule, rows: pd.DataFrame, rivals: pd.DataFrame, shares: bool) -> tuple[list[Found], list[Found]]:
    """The numbers of the rows and of their rivals, one by one or taken together, as the kind of rule wants them."""
    apart, together = rule.kind in APART, partial(_together, shares=shares)
    return (_apart if apart or rule.each else together)(rows), (_apart if apart else together)(rivals)


def _measured(rule: Rule, parts: tuple[list[Found], list[Found]], ratio: bool, wide: float) -> Found:
    """The number of a rule, with intervals so many times as wide as in the frame."""
    rows, rivals = ([_widened(one, ratio, wide) for one in part] for part in parts)
    if rule.kind == "within":  # of several rows the one that lies the farthest out, or the nearest to an end
        top = inf if rule.top is None else rule.top
        rows = [min(rows, key=lambda one: min(one.low - rule.line, top - one.high))]
    return KINDS[rule.kind](rows, rivals)


def _apart(rows: pd.DataFrame) -> list[Found]:
    return [Found(*row) for row in zip(*(rows[name].tolist() for name in Found._fields), strict=True)]


def _together(rows: pd.DataFrame, shares: bool) -> list[Found]:
    """Shares of one whole added up, or the mean of numbers of different days."""
    found = _apart(rows)
    if len(found) < 2:
        return found
    if shares:
        share, effective = min(1.0, float(rows["value"].sum())), float(rows["effective"].min())
        return [Found(share, *wilson(share * effective, effective))]
    value = float(rows["value"].mean())
    sides = (hypot(*(one.value - one.low for one in found)), hypot(*(one.high - one.value for one in found)))
    return [Found(value, value - sides[0] / len(found), value + sides[1] / len(found))]


def _widened(one: Found, ratio: bool, wide: float) -> Found:
    if ratio and one.low > 0:
        return Found(one.value, one.value * (one.low / one.value) ** wide, one.value * (one.high / one.value) ** wide)
    return Found(one.value, one.value - wide * (one.value - one.low), one.value + wide * (one.high - one.value))


def _least(rows: Sequence[Found], _: Sequence[Found]) -> Found:
    """The least of the rows: where it lies above the line, all do."""
    return Found(*(min(each) for each in zip(*rows, strict=True)))


def _greatest(rows: Sequence[Found], _: Sequence[Found]) -> Found:
    return Found(*(max(each) for each in zip(*rows, strict=True)))


def _ahead(rows: Sequence[Found], rivals: Sequence[Found]) -> Found:
    """How far the least of the rows lies above the greatest of the others."""
    least, most = _least(rows, ()), _greatest(rivals, ())
    return Found(least.value - most.value, least.low - most.high, least.high - most.low)


def _times(rows: Sequence[Found], rivals: Sequence[Found]) -> Found:
    """How many times the rows are the others."""
    one, other = rows[0], rivals[0]
    return Found(one.value / other.value, one.low / other.high, one.high / other.low if other.low > 0 else inf)


def _rising(rows: Sequence[Found], _: Sequence[Found]) -> Found:
    """The smallest step from a row to the next."""
    return _least([_ahead([after], [before]) for before, after in pairwise(rows)], ())


KINDS: Mapping[str, Callable[[Sequence[Found], Sequence[Found]], Found]] = {
    "above": _least,
    "below": _greatest,
    "within": _least,
    "ahead": _ahead,
    "times": _times,
    "rising": _rising,
}
"""What rules there are, and the number that each holds against its line."""
APART = ("ahead", "rising")
"""Kinds that look at every row by itself."""


def _word(rule: Rule, found: Found) -> str:
    """Where the interval lies: beyond the line (and within the other end), on the other side, or across."""
    least = -inf if rule.kind == "below" else rule.line
    most = rule.line if rule.kind == "below" else inf if rule.top is None else rule.top
    if least < found.low and found.high < most:
        return "supported"
    return "contradicted" if found.high < least or found.low > most else "inconclusive"


def _widest(clear: Callable[[float], bool]) -> float:
    """How many times as wide as in the frame the interval may be and still decide; 0 where it never does."""
    low, high = 0.0, SURE
    if clear(high):
        return high
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if clear(middle) else (low, middle)
    return low if low > 1e-3 else 0.0
