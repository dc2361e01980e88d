"""What a scorecard is worth: beside the lender's score and the hidden capacity, and without what it must not know."""

from __future__ import annotations

from collections.abc import Mapping
from math import atanh, sqrt, tanh
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from loanpersona.analysis.attributes import Attribute, Bands, attributes, protected
from loanpersona.analysis.estimates import LEVEL, z
from loanpersona.analysis.frames import SEED, columns, fold_of
from loanpersona.analysis.outcomes import granted
from loanpersona.analysis.score import auc, ks, placements, standard_error
from loanpersona.analysis.scorecard import Sample, applicants, out_of_fold, sample
from loanpersona.errors import InputError
from loanpersona.extras import need

LEFT_OUT = ("sex", "region", "marital_status")
TREES, LEAF, SEEN = 50, 10, 1 / 3
"""Of the forest: its trees, the fewest borrowers in a leaf, the share of the attributes that a cut is chosen from."""


def score_comparison(
    borrowers: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Bands] | None = None,
) -> pd.DataFrame:
    """How well the scorecard tells bad from good borrowers, beside the lender's score and the hidden capacity.

    Each borrower is scored by the card of all other fifths of the borrowers. With `truth`, the hidden repayment
    capacity is added: the nearest thing to a ceiling, for little else moves who pays late. Columns: score (scorecard,
    risk_score, repayment_capacity), measure (gini, ks), n (borrowers), k (bad), value, low, high (as
    `discrimination` has them). Raises as `scorecard` does, and where a borrower has no score.
    """
    given = sample(borrowers, applications, loans, instalments, until, attributes(bands))
    ids = given.bands.index
    scores = {
        "scorecard": out_of_fold(given, given.bands).to_numpy(),
        "risk_score": _numbers(granted(applications, ["risk_score"], until)["risk_score"], ids, "applications"),
    }
    if truth is not None:
        scores["repayment_capacity"] = -_capacity(truth, ids)
    rows = []
    for name, score in scores.items():
        area = auc(score, given.bad)
        for measure, found in (("gini", [2 * one - 1 for one in area]), ("ks", ks(score, given.bad))):
            ends = dict(zip(("value", "low", "high"), found, strict=True))
            rows.append({"score": name, "measure": measure, "n": len(ids), "k": int(given.bad.sum()), **ends})
    return pd.DataFrame(rows)


def score_correlation(
    borrowers: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    truth: pd.DataFrame | None = None,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Bands] | None = None,
) -> pd.DataFrame:
    """How alike the scores rank everybody whose application was decided: Spearman's rank correlation.

    Oriented so that higher is riskier, the hidden capacity turned round; the refused are scored too, by a card made
    from the approved. With `truth` a forest stands beside that was taught the hidden capacity of all other fifths of
    the users: about what can be read of it from the same bands. Columns: pair (scorecard_and_risk_score, and with
    `truth` scorecard_and_capacity, taught_and_capacity, risk_score_and_capacity), n (users), spearman, low, high.
    Raises as `scorecard` does, and where a score is missing or everybody has the same.
    Source: Bonett and Wright (2000) for the interval.
    """
    given = sample(borrowers, applications, loans, instalments, until, attributes(bands))
    last, inside = applicants(borrowers, applications, given.attributes, until, ["risk_score"])
    scores = {"scorecard": out_of_fold(given, inside).to_numpy(),
              "risk_score": _numbers(last["risk_score"], last.index, "applications")}  # fmt: skip
    pairs = [("scorecard_and_risk_score", "scorecard", "risk_score")]
    if truth is not None:
        scores["capacity"] = -_capacity(truth, last.index)
        scores["taught"] = taught(inside, scores["capacity"])
        pairs += [(f"{one}_and_capacity", one, "capacity") for one in ("scorecard", "taught", "risk_score")]
    for name, found in scores.items():
        if len(found) and found.min() == found.max():
            raise InputError(f"{name}: the same for everybody, so that it ranks nobody. Allowed: different values.")
    return pd.DataFrame([{"pair": name, **spearman(scores[one], scores[other])} for name, one, other in pairs])


def taught(bands: pd.DataFrame, target: Any) -> Any:
    """What a random forest says of a number of each borrower that was taught it on all other fifths, from their bands.

    About what any method can read from the bands; no strict bound, for more people would teach it more.
    """
    need("learn")
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    forest = RandomForestRegressor(TREES, min_samples_leaf=LEAF, max_features=SEEN, random_state=SEED)
    with threadpool_limits(limits=1):
        return cross_val_predict(forest, bands.to_numpy(), target, cv=PredefinedSplit(fold_of(bands.index)))


def spearman(one: Any, other: Any, level: float = LEVEL) -> dict[str, float]:
    """Spearman's rank correlation with its interval; keys: n, spearman, low, high (missing below four rows).

    >>> round(spearman([1, 2, 3, 4], [10, 20, 40, 30])["spearman"], 3)
    0.8
    """
    value, n = float(spearmanr(one, other).statistic), len(one)
    half = z(level) * sqrt((1 + value**2 / 2) / (n - 3)) if n > 3 else np.nan
    middle = atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    return {"n": n, "spearman": value, "low": tanh(middle - half), "high": tanh(middle + half)}


def cost_of_leaving_out(
    borrowers: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Bands] | None = None,
) -> pd.DataFrame:
    """What a scorecard would gain by knowing sex, region and marital status: its Gini with and without.

    Columns: added (nothing, sex, region, marital_status, all_three), n (borrowers), k (bad), gini, low, high, gain
    (over nothing added, in Gini), gain_low, gain_high (DeLong; same borrowers, the cards as they are). Every borrower
    is scored by the card of all other fifths, so an attribute that says nothing costs a little. Raises as `scorecard`
    does.
    """
    fair, more = attributes(bands), {name: protected(name) for name in LEFT_OUT}
    whole = sample(borrowers, applications, loans, instalments, until, {**fair, **more})
    added = {"nothing": [], **{name: [name] for name in LEFT_OUT}, "all_three": list(LEFT_OUT)}
    cards = {name: _risk(whole, {**fair, **{one: more[one] for one in names}}) for name, names in added.items()}
    rows = []
    for name, risk in cards.items():
        gini, low, high = (2 * one - 1 for one in auc(risk, whole.bad))
        ends = gini_gain(risk, cards["nothing"], whole.bad) if name != "nothing" else (np.nan,) * 3
        gain = dict(zip(("gain", "gain_low", "gain_high"), ends, strict=True))
        rows.append({"added": name, "n": len(risk), "k": int(whole.bad.sum()), "gini": gini, "low": low, "high": high,
                     **gain})  # fmt: skip
    return pd.DataFrame(rows)


def gini_gain(risk: Any, than: Any, bad: Any, level: float = LEVEL) -> tuple[float, float, float]:
    """How much larger the Gini coefficient of one score is than that of another on the same borrowers, with interval.

    Source: DeLong, DeLong and Clarke-Pearson (1988), for areas of the same rows.

    >>> gini_gain([3, 2, 1, 4], [1, 2, 3, 4], [True, False, False, True])[0]
    1.0
    """
    moved = [one - other for one, other in zip(placements(risk, bad), placements(than, bad), strict=True)]
    value, half = 2 * float(moved[0].mean()), 2 * z(level) * standard_error(moved)
    return value, value - half, value + half


def _risk(whole: Sample, kept: Mapping[str, Attribute]) -> Any:
    part = Sample(whole.bands[list(kept)], whole.bad, kept)
    return out_of_fold(part, part.bands).to_numpy()


def _capacity(truth: pd.DataFrame, ids: pd.Index) -> Any:
    hidden = columns(truth, "truth", ["borrower_id", "repayment_capacity"])
    return _numbers(hidden.set_index("borrower_id")["repayment_capacity"], ids, "truth")


def _numbers(values: pd.Series, ids: pd.Index, table: str) -> Any:
    """The value of each borrower; raises InputError where one has none."""
    found = values.reindex(ids)
    if found.isna().any():
        raise InputError(f"{table}.{values.name}: none for borrower {ids[found.isna()][0]}. Wanted: one for each.")
    return found.to_numpy(float)
