"""What is published about the rows of a frame, and whether its numbers were put in: read from the claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from loanpersona.analysis.frame import declaration
from loanpersona.claims import statements
from loanpersona.claims.statement import Claim, Statement
from loanpersona.core import catalog
from loanpersona.tables.book import SYNTHETIC_MARK

KINDS = {"above", "below", "within"}
"""Rules of which the number is that of a row, as the published range is then too."""


@dataclass(frozen=True)
class Known:
    """What the claims say about a frame, by the places of its rows."""

    bands: Mapping[Any, tuple[float, float]] = field(default_factory=dict)
    """The published range of a row."""
    rows: frozenset[int] = frozenset()
    """The rows that a statement speaks of."""
    put_in: bool = False
    """Whether the numbers were put in, which a hollow mark says."""
    statements: tuple[Statement, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    """Who published what no claim is about, in each language; nothing where nobody did."""


def known(frame: pd.DataFrame) -> Known:
    """What the claims that look at a frame say about its rows."""
    spoken = [(one, _rows(one.claim, frame)) for one in statements().values() if one.claim and _of(one.claim, frame)]
    put_in = any(one.origin == "encoded" for one, _ in spoken)
    spoken = [(one, rows) for one, rows in spoken if rows]
    told, others = _beyond_claims(frame)
    bands = others | {rows[0]: (low, high) for one, rows in spoken if len(rows) == 1 for low, high in _range(one)}
    return Known(
        bands=bands,
        rows=frozenset(row for _, rows in spoken for row in rows),
        put_in=put_in and bool(frame.attrs[SYNTHETIC_MARK]),
        statements=tuple(one for one, _ in spoken),
        told=told if others else {},
    )


def _beyond_claims(frame: pd.DataFrame) -> tuple[Mapping[str, str], dict[int, tuple[float, float]]]:
    """Who published figures about rows of a frame beyond its claims, and these by the places of their rows."""
    for one in _published().values():
        asked = all(frame.attrs[name] == ([one[name]] if name in one else []) for name in ("of", "by"))
        if asked and one["frame"] == declaration(frame).name:
            return one["told"], dict(_placed(one["rows"], frame))
    return {}, {}


def _placed(rows: list[dict[str, Any]], frame: pd.DataFrame) -> Iterator[tuple[int, tuple[float, float]]]:
    """The places of published rows, with their lowest and highest figure."""
    for row in rows:
        meant = [frame[name].astype(str) == level for name, level in row["row"].items()]
        for place in pd.concat(meant, axis=1).all(axis=1).to_numpy().nonzero()[0]:
            yield int(place), (float(row["low"]), float(row.get("high", row["low"])))


@cache
def _published() -> dict[str, Any]:
    return catalog.load("published")


def _of(claim: Claim, frame: pd.DataFrame) -> bool:
    """Whether a claim looks at this frame, whatever else it was told."""
    asked = {name: claim.arguments.get(name, ()) for name in ("of", "by", "who")}
    asked = {name: [one] if isinstance(one, str) else list(one) for name, one in asked.items()}
    given = {name: frame.attrs[name] for name in asked if asked[name] or name == "by"}
    return claim.frame == declaration(frame).name and all(given[name] == asked[name] for name in given)


def _rows(claim: Claim, frame: pd.DataFrame) -> list[int]:
    """The places of the rows that the rule of a claim speaks of; none where it looks at another column."""
    if claim.rule.column or claim.rule.kind not in KINDS or not set(claim.rule.row) <= set(frame):
        return []
    meant = [frame[name].astype(str).isin(levels) for name, levels in claim.rule.row.items()]
    return [int(place) for place in pd.concat(meant, axis=1).all(axis=1).to_numpy().nonzero()[0]] if meant else []


def _range(statement: Statement) -> list[tuple[float, float]]:
    """The published range of a statement, where there is one."""
    low, high = statement.evidence.low, statement.evidence.high
    return [] if low is None or high is None else [(low, high)]
