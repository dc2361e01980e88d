"""How often each kind of rule errs, by simulation: with the truth on its line, and with that of the article."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from loanpersona.analysis.rows import SEED
from loanpersona.claims.rules import decide
from loanpersona.claims.statement import Rule
from loanpersona.estimates.shares import wilson

USERS = 100_000
"""The number of users that `loanpersona check` makes unless told otherwise; the rows of cases are those of so many."""
Shares = tuple[float, ...]


class Case(NamedTuple):
    """A rule, how many rows its frame counts, and the shares of its levels on its line and as the article has them."""

    rule: Rule
    n: int
    at_line: Shares
    as_stated: Shares
    apart: bool = False
    """Whether each level is a group of its own that some share of holds, and not a part of one whole."""


def _rule(kind: str, line: float, *levels: str, than: str = "", top: float | None = None, each: bool = False) -> Rule:
    rivals = {"level": (than,)} if than else None
    return Rule(kind, {"level": levels}, line, {}, top=top, than=rivals, each=each)


CASES = {
    "above": Case(_rule("above", 0.5, "0"), USERS, (0.5, 0.5), (0.698, 0.302)),
    "below": Case(_rule("below", 0.5, "0"), USERS, (0.5, 0.5), (0.32, 0.68)),
    "within": Case(_rule("within", 0.05, "0", top=0.5), USERS, (0.5, 0.5), (0.22, 0.78)),
    "times": Case(_rule("times", 1.05, "0", than="1", top=2), USERS, (0.497, 0.4733, 0.0297), (0.576, 0.392, 0.032)),
    "above, each": Case(_rule("above", 0.05, "0", "1", each=True), USERS, (0.05, 0.95), (0.16, 0.84)),
    "ahead": Case(
        _rule("ahead", 0.02, "2"),
        72_000,
        (0.02, 0.07, 0.28, 0.26, 0.24, 0.13),
        (0.017, 0.065, 0.33, 0.263, 0.2, 0.125),
    ),
    "rising": Case(
        _rule("rising", 0, *"01234"),
        15_000,
        (0.019, 0.035, 0.035, 0.085, 0.13),
        (0.019, 0.035, 0.054, 0.086, 0.13),
        apart=True,
    ),
}
"""One case for every kind of rule, on numbers of the ledger."""


def operating_characteristics(*, draws: int = 500, cases: Sequence[str] = tuple(CASES)) -> pd.DataFrame:
    """How often a rule of each kind decides how, for the truth on its line and for the truth as the article has it.

    Columns: rule, truth (at_line, as_stated), n (rows of the frame), draws, supported, contradicted, inconclusive
    (shares of the draws). On the line, a decision is an error: each may happen in 1 % of draws at most, because the
    intervals hold at 99 %. As stated, at least 95 % are to be supported.

    >>> operating_characteristics(draws=20, cases=["above"])["supported"].tolist()
    [0.0, 1.0]
    """
    random = np.random.default_rng(SEED)
    rows = []
    for name in cases:
        case = CASES[name]
        for truth in ("at_line", "as_stated"):
            words = [decide(case.rule, _drawn(case, getattr(case, truth), random)) for _ in range(draws)]
            found = {word: words.count(word) / draws for word in ("supported", "contradicted", "inconclusive")}
            rows.append({"rule": name, "truth": truth, "n": case.n, "draws": draws, **found})
    return pd.DataFrame(rows)


def _drawn(case: Case, truth: Shares, random: np.random.Generator) -> pd.DataFrame:
    """A frame of shares as it would come of so many rows."""
    levels = [str(level) for level in range(len(truth))]
    counts = random.binomial(case.n, truth) if case.apart else random.multinomial(case.n, truth)
    low, high = zip(*(wilson(int(k), case.n) for k in counts), strict=True)
    return pd.DataFrame({"level": levels, "n": case.n, "share": counts / case.n, "low": low, "high": high})
