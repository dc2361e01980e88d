"""Would other borrowers have given the same scorecard? Its points, and how it ranks people, over resamples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.credit.binning import Cuts, attributes
from loanpersona.analysis.credit.challengers import spearman
from loanpersona.analysis.credit.scorecards import APPLIED, SCALE, Array, Sample, fit, for_a_card, sample
from loanpersona.analysis.frame import frame
from loanpersona.analysis.rows import SEED
from loanpersona.tables.book import Book


@frame(
    statements="3.1c",
    counts="borrowers",
    keys="attribute",
    estimate="points_apart",
    reads=APPLIED,
    unless="users.bad",
    written={
        **dict.fromkeys(("points_apart", "median_apart", "resamples"), "count"),
        **dict.fromkeys(("rank_median", "rank_least", "rank_greatest"), "ratio"),
    },
    assumes=SCALE,
)
def scorecard_resampling(book: Book, *, bands: Cuts = None, until: Day = None, resamples: int = 20) -> pd.DataFrame:
    """How far the points of an attribute hang on who happened to borrow: cards made from resamples (3.1c).

    As many good and as many bad borrowers are drawn anew each time. Columns: attribute, n (borrowers), k (bad),
    points_apart (the band with most points less that with fewest, of the card made from all), median_apart, least,
    greatest (the same two bands on the cards of the resamples; below zero they are turned round), rank_median,
    rank_least, rank_greatest (Spearman's correlation of the scores of all borrowers by those cards and by the card; the
    same in each row), resamples. Raises InputError as `scorecard` does, and where a card cannot be made.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=3_000, seed=7)
    >>> lp.credit.scorecard_resampling(population, bands={"zhima_score": [600, 650]})["attribute"].tolist()
    ['zhima_score']
    """
    given = for_a_card(sample(book, attributes(book, bands), until))
    cards = [fit(given, rows) for rows in [np.arange(len(given.bad)), *_drawn_anew(given, resamples)]]
    risks, points = [card.risk(given.bands) for card in cards], [card.points(book.assumptions) for card in cards]
    ranks = [spearman(risks[0], other)["spearman"] for other in risks[1:]]
    rows = []
    for one in given.attributes:
        first = points[0][one.name]
        apart, *again = (int(drawn[one.name][first.argmax()] - drawn[one.name][first.argmin()]) for drawn in points)
        drawn_apart = {"median_apart": round(float(np.median(again))), "least": min(again), "greatest": max(again)}
        rows.append({"attribute": one.name, "points_apart": apart, **drawn_apart})
    result = pd.DataFrame(rows)
    result.insert(1, "n", len(given.bad))
    result.insert(2, "k", int(given.bad.sum()))
    ranked = {"rank_median": float(np.median(ranks)), "rank_least": min(ranks), "rank_greatest": max(ranks)}
    return result.assign(**ranked, resamples=resamples)


def _drawn_anew(given: Sample, resamples: int) -> list[Array]:
    """The places of as many good and as many bad borrowers, drawn with replacement."""
    random = np.random.default_rng(SEED)
    kinds = [np.flatnonzero(kind) for kind in (~given.bad, given.bad)]
    return [np.concatenate([random.choice(kind, len(kind)) for kind in kinds]) for _ in range(resamples)]
