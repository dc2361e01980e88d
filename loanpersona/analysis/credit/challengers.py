"""How alike scores rank people: the scorecard beside the lender's score, the hidden capacity and a taught forest."""

from __future__ import annotations

from math import atanh, sqrt, tanh
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.credit.binning import Cuts, attributes
from loanpersona.analysis.credit.scorecards import APPLIED, TOO_FEW, applicants, lacking, out_of_fold, sample
from loanpersona.analysis.frame import frame
from loanpersona.analysis.rows import SEED, fold_of
from loanpersona.core.extras import need
from loanpersona.estimates.shares import LEVEL, z
from loanpersona.tables.book import Book

TREES, LEAF, SEEN = 50, 10, 1 / 3
"""Of the forest: its trees, the fewest borrowers in a leaf, the share of the attributes that a cut is chosen from."""


@frame(
    statements="3.1c",
    counts="users",
    keys="pair",
    estimate="spearman",
    reads={**APPLIED, "applications": f"{APPLIED['applications']} risk_score"},
    written={"spearman": "ratio"},
)
def rank_correlation(book: Book, *, bands: Cuts = None, until: Day = None) -> pd.DataFrame:
    """How alike the scores rank everybody whose application was decided (3.1c): Spearman's rank correlation.

    Oriented so that higher is riskier, the hidden capacity turned round; the refused are scored too, by a card made
    from the approved. Where the book has `truth`, a forest stands beside that was taught the hidden capacity of all
    other fifths of the users: about what can be read of it from the same bands. Columns: pair
    (scorecard_and_risk_score, and with `truth` scorecard_and_capacity, taught_and_capacity, risk_score_and_capacity),
    n (users with both), spearman, low, high, why. Raises InputError as `scorecard` does.
    Source: Bonett and Wright (2000) for the interval.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.rank_correlation(population)["pair"].tolist()[1:]
    ['scorecard_and_capacity', 'taught_and_capacity', 'risk_score_and_capacity']
    """
    given = sample(book, attributes(book, bands), until)
    last, inside = applicants(book, given.attributes, until)
    card = pd.Series(np.nan, last.index) if lacking(given) else out_of_fold(given, inside)
    scores = {"scorecard": card, "risk_score": last["risk_score"].astype("float64")}
    pairs = [("scorecard_and_risk_score", "scorecard", "risk_score")]
    if "repayment_capacity" in book.tables.get("truth", ()):
        scores["capacity"] = -book.truth.set_index("user_id")["repayment_capacity"].reindex(last.index)
        scores["taught"] = taught(inside, scores["capacity"])
        pairs += [(f"{one}_and_capacity", one, "capacity") for one in ("scorecard", "taught", "risk_score")]
    both = pd.DataFrame(scores)
    return pd.DataFrame([{"pair": name, **_alike(both[[one, other]].dropna())} for name, one, other in pairs])


def _alike(both: pd.DataFrame) -> dict[str, Any]:
    """How alike two scores rank; what everybody has alike ranks nobody."""
    if both.empty or both.nunique().min() < 2:
        none = dict.fromkeys(("spearman", "low", "high"), np.nan)
        return {"n": len(both), **none, "why": TOO_FEW if both.empty else "all_alike"}
    return {**spearman(*both.to_numpy().T), "why": None}


def taught(bands: pd.DataFrame, target: pd.Series) -> pd.Series:
    """What a random forest says of a number of each borrower that was taught it on all other fifths, from their bands.

    About what any method can read from the bands; no strict bound, for more people would teach it more.
    Raises MachineError where scikit-learn is not installed.
    """
    need("learn")
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    known = bands[target.notna()]
    folds = fold_of(known.index)
    if len(set(folds)) < 2:
        return pd.Series(np.nan, bands.index)
    forest = RandomForestRegressor(TREES, min_samples_leaf=LEAF, max_features=SEEN, random_state=SEED)
    with threadpool_limits(limits=1):
        said = cross_val_predict(forest, known.to_numpy(), target[known.index], cv=PredefinedSplit(folds))
    return pd.Series(said, known.index).reindex(bands.index)


def spearman(one: Any, other: Any, level: float = LEVEL) -> dict[str, float]:
    """Spearman's rank correlation with its interval; keys: n, spearman, low, high (missing below four rows).

    >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30])["spearman"], 3)
    0.8
    """
    value, n = float(spearmanr(one, other).statistic), len(one)
    half = z(level) * sqrt((1 + value**2 / 2) / (n - 3)) if n > 3 else np.nan
    middle = atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    return {"n": n, "spearman": value, "low": tanh(middle - half), "high": tanh(middle + half)}
