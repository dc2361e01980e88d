"""Would other borrowers have given the same scorecard? Its points, and how it ranks people, over resamples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loanpersona.analysis.credit.binning import Cuts, attributes
from loanpersona.analysis.credit.challengers import spearman
from loanpersona.analysis.credit.scorecards import Array, Sample, fit, sample
from loanpersona.analysis.frames import SEED

RESAMPLES = 20


def scorecard_stability(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Cuts] | None = None,
) -> pd.DataFrame:
    """How far the points of an attribute hang on who happened to borrow: 20 cards made from resamples.

    As many good and as many bad borrowers are drawn anew each time. Columns: attribute, resamples, n (borrowers), k
    (bad), points_apart (the band with most points less that with fewest, of the card made from all), median_apart, low,
    high (the same two bands on the cards of the resamples: median, least and greatest; below zero they are turned
    round), rank_median, rank_low, rank_high (Spearman's correlation of the scores of all borrowers by those cards and
    by the card; the same in each row). Raises as `scorecard` does.
    """
    given = sample(users, applications, loans, instalments, until, attributes(bands))
    cards = [fit(given, rows) for rows in [np.arange(len(given.bad)), *_drawn_anew(given)]]
    risks = [card.risk(given.bands) for card in cards]
    ranks = [spearman(risks[0], other)["spearman"] for other in risks[1:]]
    points = [card.points() for card in cards]
    rows = []
    for name in given.attributes:
        most, fewest = points[0][name].argmax(), points[0][name].argmin()
        apart, *again = (int(one[name][most] - one[name][fewest]) for one in points)
        rows.append(
            {
                "attribute": name,
                "resamples": RESAMPLES,
                "n": len(given.bad),
                "k": int(given.bad.sum()),
                "points_apart": apart,
                "median_apart": round(float(np.median(again))),
                "low": min(again),
                "high": max(again),
            }
        )
    return pd.DataFrame(rows).assign(rank_median=float(np.median(ranks)), rank_low=min(ranks), rank_high=max(ranks))


def _drawn_anew(given: Sample) -> list[Array]:
    """The places of as many good and as many bad borrowers, drawn with replacement."""
    random = np.random.default_rng(SEED)
    kinds = [np.flatnonzero(kind) for kind in (~given.bad, given.bad)]
    return [np.concatenate([random.choice(kind, len(kind)) for kind in kinds]) for _ in range(RESAMPLES)]
