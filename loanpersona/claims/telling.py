"""The ledger as lines for a terminal, and as JSON for other programs (`catalog/ledger.schema.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from loanpersona.claims.reader import statements
from loanpersona.claims.rules import LEVEL
from loanpersona.core.words import LANGUAGES, label, phrase


def lines(ledger: pd.DataFrame, lang: str = "en") -> list[str]:
    """A line per statement, with what it lacks below it, and what holds of all of them together.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> print(lines(lp.check_claims(population, ["1.2a"]))[0])
    1.2a  Holds            69% men. Put in. Published: Agrees
    """
    result = [line for row in _records(ledger) for line in _in_lines(row, lang)]
    counts = ledger["here"].value_counts()
    words = ("supported", "contradicted", "inconclusive", "no_column", "not_testable", "not_built")
    result += [", ".join(f"{label(f'report_verdict_{word}', lang)} {counts[word]}" for word in words if word in counts)]
    claims = int(ledger["here"].isin(words[:3]).sum())
    return [*result, phrase("ledger_error", lang, claims=claims), phrase("ledger_caveat", lang)]


def _in_lines(row: Mapping[str, Any], lang: str) -> list[str]:
    word = label(f"report_verdict_{row['here']}", lang)
    figure = row[f"figure_{lang}"] or statements()[row["statement"]].short[lang]
    origin = f" {label('report_origin_' + row['origin'], lang)}." if row["origin"] else ""
    evidence = f"{label('report_published', lang)} {label('report_evidence_' + row['evidence'], lang)}"
    further = [row["why"]]
    if row["here"] == "inconclusive":
        needed = row["needed"]
        further.append(phrase("ledger_needed", lang, n=f"{needed:,}") if needed else label("ledger_never", lang))
    return [
        f"{row['statement']:4}  {word:15}  {figure}.{origin} {evidence}",
        *(f"      {line}" for line in further if line),
    ]


def as_json(ledger: pd.DataFrame, **made_of: Any) -> dict[str, Any]:
    """What other programs read: what the book was made of, the level, counts, and every statement with its row."""
    return {
        "format": 1,
        **made_of,
        "level": LEVEL,
        "counts": {word: int(many) for word, many in ledger["here"].value_counts().items()},
        "statements": [_entry(row) for row in _records(ledger)],
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row, with the words of its statement."""
    one = statements()[row["statement"]]
    figure = {lang: row[f"figure_{lang}"] for lang in LANGUAGES}
    words = {"short": one.short, "sentence": one.sentence, "note": one.evidence.note, "chapter": one.chapter}
    rest = {name: value for name, value in row.items() if not name.startswith("figure_")}
    return rest | {"figure": figure if figure["en"] else None} | words


def _records(ledger: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of the ledger as plain Python, with None for what is missing."""
    columns = {name: [None if pd.isna(one) else one for one in values.tolist()] for name, values in ledger.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
