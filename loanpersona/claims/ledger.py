"""The ledger: every statement of the article judged on a book, with the error of all of them together kept small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import pandas as pd

from loanpersona.analysis.frame import declarations
from loanpersona.claims.figures import figure
from loanpersona.claims.reader import chosen
from loanpersona.claims.rules import LEVEL, judge
from loanpersona.claims.statement import Check, Statement, Verdict
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES
from loanpersona.tables.book import Book

Judged = list[tuple[Verdict, pd.DataFrame]]


def check_claims(book: Book, statements: Sequence[str] | Mapping[str, Statement] | None = None) -> pd.DataFrame:
    """Every statement of the article, or those of some ids, held against a book: the ledger.

    Columns: statement (id); here: supported, contradicted, inconclusive, not_built, not_testable, or no_column where
    the book lacks what it needs; value with low, high (99 %, over all rows compared), n, clusters, line; figure_en,
    figure_zh (the number in words); error (the chance of so clear a result where the truth lies on the line) and
    allowed (what Holm's procedure lets it be); needed (users that would settle what is inconclusive; missing where
    none would); origin (encoded, conditional, emergent; missing for a book of one's own); evidence (agrees, in_part,
    disagrees, silent), evidence_low, evidence_high; why (what is missing).
    Over all claims together, the chance of one that is wrongly contradicted is at most 1 % (Holm 1979): whatever
    exceeds `allowed` is inconclusive. Raises InputError for what is no book and for unknown ids.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.check_claims(population, ["1.2a", "2.2d"])["here"].tolist()
    ['supported', 'not_testable']
    """
    if not isinstance(book, Book):
        raise InputError(f"check_claims: {type(book).__name__} in place of a book. Allowed: a population or lp.Book.")
    rows = [_row(book, one) for one in chosen(statements)]
    return _with_holm(pd.DataFrame(rows, columns=["statement", *COLUMNS])).convert_dtypes()


def _row(book: Book, one: Statement) -> dict[str, Any]:
    evidence = {"evidence": one.evidence.verdict, "evidence_low": one.evidence.low, "evidence_high": one.evidence.high}
    origin = {"origin": one.origin if one.claim and book.synthetic else None}
    row = {"statement": one.id, **dict.fromkeys(COLUMNS), **origin, **evidence}
    if one.claim is None:
        return row | {"here": one.origin}
    try:
        judged = [_judged(book, check) for check in one.claim.checks]
    except InputError as error:
        return row | {"here": "no_column", "why": error.faults[0]}
    return row | _found(book, one, judged)


COLUMNS = ("here", "value", "low", "high", "n", "clusters", "line", *(f"figure_{lang}" for lang in LANGUAGES))
COLUMNS += ("error", "allowed", "needed", "origin", "evidence", "evidence_low", "evidence_high", "why")


def _judged(book: Book, check: Check) -> tuple[Verdict, pd.DataFrame]:
    frame = declarations()[check.frame].call(book, **check.arguments)
    return judge(check.rule, frame), frame


def _found(book: Book, one: Statement, judged: Judged) -> dict[str, Any]:
    """What the checks of a claim say together: it holds where all do, and fails where one does."""
    assert one.claim is not None
    shown, frame = judged[0]
    words = [verdict.word for verdict, _ in judged]
    here = "supported" if set(words) == {"supported"} else "contradicted" if "contradicted" in words else "inconclusive"
    broken = [verdict.error * len(judged) for verdict, _ in judged if verdict.word == "contradicted"]
    numbers = {name: getattr(shown, name) for name in ("value", "low", "high", "n", "clusters", "line")}
    figures = {f"figure_{lang}": figure(one.claim, shown, frame, lang) for lang in LANGUAGES}
    error = min(broken) if broken else max(verdict.error for verdict, _ in judged)
    return {"here": here, **numbers, **figures, "error": min(1.0, error), "needed": _needed(book, judged)}


def _needed(book: Book, judged: Judged) -> int | None:
    """How many users would settle every check that is open, if as many rows come of each user as here."""
    users = max(map(len, book.tables.values())) if "users" not in book.tables else len(book.users)
    open_ones = [verdict for verdict, _ in judged if verdict.word == "inconclusive"]
    if not open_ones or not all(one.needed and one.n for one in open_ones):
        return None
    return max(ceil(users * (one.needed or 0) / one.n) for one in open_ones)


def _with_holm(ledger: pd.DataFrame) -> pd.DataFrame:
    """The ledger in which what is contradicted is so at 1 % over all claims; the rest of it becomes inconclusive."""
    claims = ledger["here"].isin(["supported", "contradicted", "inconclusive"])
    broken = ledger.loc[ledger["here"] == "contradicted", "error"].astype(float).sort_values()
    allowed = [(1 - LEVEL) / (int(claims.sum()) - place) for place in range(len(broken))]
    ledger.loc[broken.index, "allowed"] = allowed
    ledger.loc[broken.index[(broken > allowed).cummax()], "here"] = "inconclusive"
    ledger.loc[ledger["here"] == "supported", "allowed"] = 1 - LEVEL
    return ledger
