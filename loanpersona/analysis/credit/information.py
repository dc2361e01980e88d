"""Information value: how much an attribute tells of who turns bad, its interval, and what chance gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import ncx2, random_table

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.credit.binning import Cuts, attributes
from loanpersona.analysis.credit.scorecards import APPLIED, Array, outcome_shares, sample, weight_of_evidence
from loanpersona.analysis.frame import frame
from loanpersona.analysis.rows import SEED
from loanpersona.estimates.shares import LEVEL, tails
from loanpersona.tables.book import Book

DRAWS = 1_000
"""Shuffles that tell what chance gives."""


def information(counts: Array) -> Array:
    """The information value of an attribute: the weight of evidence, weighted by how far good and bad lie apart.

    It is never below zero, for shares and weights are taken from the same numbers.

    >>> float(information(np.array([[80, 20], [5, 5]])).round(3))
    0.416
    """
    good, bad = outcome_shares(counts)
    result: Array = ((good - bad) * weight_of_evidence(counts)).sum(axis=-1)
    return result


@frame(
    statements="3.1c 3.2f",
    counts="borrowers",
    keys="attribute",
    estimate="information_value",
    reads=APPLIED,
    unless="users.bad",
    written={"information_value": "ratio", "chance": "ratio"},
)
def information_value(book: Book, *, bands: Cuts = None, until: Day = None) -> pd.DataFrame:
    """How much each attribute by itself says of being bad (3.1c, 3.2f), the most telling one first.

    Columns: attribute, n (borrowers), k (bad), information_value, low, high, chance (95 % of shuffled outcomes say
    less: below it an attribute says nothing). The value leans upward, the more the fewer are bad, so the interval
    reaches further down than up. Raises as `scorecard` does.
    Source of the interval: the value over 1/good + 1/bad is a noncentral chi-squared (Kullback, 1959, 6.4).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.information_value(population, bands={"zhima_score": [600, 650]})["n"].tolist()
    [64]
    """
    given, random = sample(book, attributes(book, bands), until), np.random.default_rng(SEED)
    counted = {"n": len(given.bad), "k": int(given.bad.sum())}
    rows = []
    for one in given.attributes:
        counts = given.counts(one)
        counts = counts[:, counts.sum(axis=0) > 0]
        value = float(information(counts))
        ends = dict(zip(("low", "high"), information_interval(value, counts), strict=True))
        chance = _by_chance(counts, random)
        rows.append({"attribute": one.name, **counted, "information_value": value, **ends, "chance": chance})
    return pd.DataFrame(rows).sort_values("information_value", ascending=False, ignore_index=True)


def information_interval(value: float, counts: Array, level: float = LEVEL) -> tuple[float, float]:
    """The interval of an information value of these counts, which holds the value itself.

    >>> [round(end, 2) for end in information_interval(0.416, np.array([[80, 20], [5, 5]]))]
    [0.0, 1.68]
    """
    even, free = float((1 / counts.sum(axis=1)).sum()), counts.shape[1] - 1
    if not free or not value:
        return (0.0, 0.0) if not free else (0.0, _centre(0.0, free, tails(level)[0]) * even)
    ends = [_centre(value / even, free, tail) * even for tail in reversed(tails(level))]
    return min(ends[0], value), max(ends[1], value)


def _centre(seen: float, free: int, tail: float) -> float:
    """The noncentrality of which a share of `tail` lies below what was seen; zero where even chance lies above."""

    def above(centre: float) -> float:
        return float(ncx2.cdf(seen, free, centre)) - tail

    return float(brentq(above, 0.0, 4 * seen + 100)) if above(0.0) > 0 else 0.0


def _by_chance(counts: Array, random: np.random.Generator) -> float:
    """What 95 % of shuffled outcomes stay below; one band says nothing however it is shuffled."""
    margins = counts.sum(axis=1), counts.sum(axis=0)
    # scipy draws negative counts where there is one band
    shuffled = counts if counts.shape[1] == 1 else random_table(*margins).rvs(DRAWS, random_state=random)
    return float(np.quantile(information(shuffled), LEVEL))
