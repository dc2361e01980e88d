"""A scorecard rebuilt from what is known when a user applies: weight of evidence of bands, logistic regression, points.

One row a borrower, as for the lender's own score: the attributes of the first approved application, and whether the
borrower was bad by month on book 12 of the first loan. Weight of evidence is the logarithm of how many times as
frequent a band is among the good as among the bad: below zero is riskier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import random_table
from threadpoolctl import threadpool_limits

from loanpersona.analysis.credit.binning import Attribute, Cuts, attributes, banded_people
from loanpersona.analysis.frames import FOLDS, SEED, columns, fold_of, last_applications
from loanpersona.analysis.old_outcomes import borrower_outcomes, day_after, granted
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, tails, wilson, z

Array = np.ndarray[Any, np.dtype[Any]]
DRAWS = 1_000
PRIOR = 1.0
"""The variance of the normal prior of the weights."""
PER_ATTRIBUTE = 1
"""So many bad and so many good borrowers an attribute needs, or its points say more of the prior than of people."""


@dataclass(frozen=True)
class Sample:
    """The borrowers whose outcome is known, with the bands they are in."""

    bands: pd.DataFrame
    """The number of the band of each attribute, by user_id."""
    bad: Array
    attributes: Mapping[str, Attribute]

    @property
    def folds(self) -> Array:
        """The fold of each borrower."""
        return fold_of(self.bands.index)

    def counts(self, name: str) -> Array:
        """How many good (first row) and bad borrowers each band of an attribute holds."""
        many = len(self.attributes[name].bands)
        return np.stack([np.bincount(self.bands[name][kind], minlength=many) for kind in (~self.bad, self.bad)])


@dataclass(frozen=True)
class Card:
    """A fitted scorecard: weight of evidence of every band, and the weight of every attribute."""

    woe: Mapping[str, Array]
    weights: Mapping[str, float]
    """Change of the log-odds of being bad per unit of weight of evidence: −1 for an attribute by itself."""
    intercept: float

    def risk(self, bands: pd.DataFrame) -> Array:
        """The log-odds of being bad of each row."""
        parts = [self.weights[name] * self.woe[name][bands[name].to_numpy()] for name in self.weights]
        found: Array = self.intercept + np.sum(parts, axis=0)
        return found

    def points(self) -> dict[str, Array]:
        """The points of every band, whole numbers; their sum over the attributes is the score, higher being safer."""
        scale = catalog.load("scorecard")["points"]
        factor = float(scale["double"]) / log(2)
        even = (float(scale["base"]) - factor * (log(float(scale["base_odds"])) + self.intercept)) / len(self.weights)
        return {
            name: np.rint(even - factor * weight * self.woe[name]).astype(int) for name, weight in self.weights.items()
        }


def sample(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None,
    wanted: Mapping[str, Attribute],
) -> Sample:
    """The borrowers that a card is made from; raises InputError where its points are not estimable from them.

    That is where fewer are bad, or good, than there are attributes.
    """
    found = watched(users, applications, loans, instalments, until, wanted)
    n, bad, least = len(found.bad), int(found.bad.sum()), PER_ATTRIBUTE * len(wanted)
    if min(bad, n - bad) < least:
        raise InputError(
            f"loans: of {n:,} borrowers watched for a year, {bad:,} are bad: the points of "
            f"{len(wanted)} attributes are not estimable. "
            f"Allowed: at least {least} bad and as many good ones."
        )
    return found


def watched(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None,
    wanted: Mapping[str, Attribute],
) -> Sample:
    """The borrowers whose outcome is known by `until`; raises InputError where a fold would leave no good or no bad."""
    outcomes = borrower_outcomes(loans, instalments, until).dropna(subset="bad").set_index("user_id")["bad"]
    asked = granted(applications, ["proofs"] if "proofs" in wanted else [], until)
    known = outcomes.index.intersection(asked.index).sort_values()
    found = Sample(banded_people(users, asked.loc[known], wanted), outcomes[known].to_numpy(bool), wanted)
    inside = [found.bad[found.folds != fold] for fold in range(FOLDS)]
    if not all(part.any() and not part.all() for part in inside):
        raise InputError(
            f"loans: of {len(known):,} borrowers watched for a year, {int(found.bad.sum()):,} are bad. "
            f"Allowed: some good and some bad ones when any fifth is left out."
        )
    return found


def weight_of_evidence(counts: Array) -> Array:
    """The weight of evidence of each band, from its good (first row) and bad borrowers.

    A band without good or without bad ones counts half a borrower more of the rarer kind, and as many of the other as
    go with it among all: so a small band without bad ones never looks riskier than all. One without anybody says
    nothing.

    >>> weight_of_evidence(np.array([[80, 20], [5, 5]])).round(3).tolist()
    [0.47, -0.916]
    """
    good, bad = _shares(counts)
    found: Array = np.log(good / bad)
    return np.where(counts.sum(axis=-2) > 0, found, 0.0)


def _shares(counts: Array) -> tuple[Array, Array]:
    """The share of the good and of the bad in each band, none of them zero."""
    whole = np.maximum(counts.sum(axis=-1, keepdims=True), 0.5)
    more = whole / whole.min(axis=-2, keepdims=True) / 2
    shares = np.where((counts == 0).any(axis=-2, keepdims=True), counts + more, counts) / whole
    return shares[..., 0, :], shares[..., 1, :]


def fit(given: Sample, rows: Array) -> Card:
    """The scorecard of some of the borrowers (whether each counts, or their places)."""
    part = Sample(given.bands.iloc[rows], given.bad[rows], given.attributes)
    woe, values = _coded(part)
    with threadpool_limits(limits=1):
        intercept, *weights = _likeliest(values, part.bad).tolist()
    return Card(woe, dict(zip(woe, weights, strict=True)), intercept)


def _likeliest(values: Array, bad: Array) -> Array:
    """Intercept and weights of a logistic regression with a normal prior around weights of minus one.

    An attribute by itself has the weight minus one, and so have all where they tell different things. Without the
    prior few bad borrowers make weights of any size. Source: le Cessie and van Houwelingen (1992).
    """
    rows = np.column_stack([np.ones(len(bad)), values])
    around, held = (np.concatenate([[0.0], np.full(values.shape[1], value)]) for value in (-1.0, 1 / PRIOR))

    def unlikely(weights: Array) -> tuple[float, Array]:
        logits, away = rows @ weights, weights - around
        loss = np.logaddexp(0, logits).sum() - logits[bad].sum() + (held * away**2).sum() / 2
        return float(loss), rows.T @ (expit(logits) - bad) + held * away

    def curved(weights: Array) -> Array:
        chance = expit(rows @ weights)
        found: Array = (rows.T * (chance * (1 - chance))) @ rows + np.diag(held)
        return found

    found: Array = minimize(unlikely, around, jac=True, hess=curved, method="trust-exact", options={"gtol": 1e-8}).x
    return found


def _coded(part: Sample) -> tuple[dict[str, Array], Array]:
    """The weight of evidence of every band, and that of the band of each borrower in every attribute."""
    woe = {name: weight_of_evidence(part.counts(name)) for name in part.attributes}
    return woe, np.column_stack([woe[name][part.bands[name].to_numpy()] for name in woe])


def out_of_fold(given: Sample, bands: pd.DataFrame) -> pd.Series:
    """The risk of people by user_id, each by the card of all other folds of the sample.

    It is the log-odds of being bad less those of all the borrowers that the card was made from: where a fold happens
    to hold many bad ones, the others hold few, and without that they would seem the safer for it.
    """
    folds = fold_of(bands.index)
    found = np.empty(len(bands))
    for fold in range(FOLDS):
        rows = given.folds != fold
        many = given.bad[rows].mean()
        found[folds == fold] = fit(given, rows).risk(bands[folds == fold]) - log(many / (1 - many))
    return pd.Series(found, index=bands.index)


def scorecard(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Cuts] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """The scorecard: bad rate, weight of evidence and points of every band of every attribute.

    `bands` takes the place of the attributes of `scorecard.yaml`. Columns: attribute, band (words), n (borrowers), k
    (bad), share (bad rate), low, high (Wilson), woe, woe_low, woe_high (delta method), score_points (of the card fitted
    to all; 600 in sum where 30 are good per bad one, 50 more where the odds double).
    Raises InputError for an attribute that a score must not know, or that is not known when a user applies, and where
    points are not estimable: fewer bad, or good, borrowers than attributes.
    """
    given = sample(users, applications, loans, instalments, until, attributes(bands))
    card = fit(given, np.ones(len(given.bad), bool))
    points = card.points()
    rows = []
    for name, one in given.attributes.items():
        counts = given.counts(name)
        spread = z(level) * _woe_error(counts)
        for place, band in enumerate(one.bands):
            n, k, woe = int(counts[:, place].sum()), int(counts[1, place]), card.woe[name][place]
            low, high = wilson(k, n, level)
            rows.append(
                {
                    "attribute": name,
                    "band": band,
                    "n": n,
                    "k": k,
                    "share": k / n if n else np.nan,
                    "low": low,
                    "high": high,
                    "woe": woe,
                    "woe_low": woe - spread[place],
                    "woe_high": woe + spread[place],
                    "score_points": points[name][place],
                }
            )
    return pd.DataFrame(rows)


def _woe_error(counts: Array) -> Array:
    """The standard error of each weight of evidence; of a band without good or bad ones as if it had half a one."""
    inside = 1 / np.maximum(counts, 0.5) - 1 / counts.sum(axis=1, keepdims=True)
    found: Array = np.sqrt(inside.sum(axis=0))
    return found


def information(counts: Array) -> Array:
    """The information value of an attribute: the weight of evidence, weighted by how far good and bad lie apart.

    It is never below zero, for shares and weights are taken from the same numbers.

    >>> float(information(np.array([[80, 20], [5, 5]])).round(3))
    0.416
    """
    good, bad = _shares(counts)
    found: Array = ((good - bad) * weight_of_evidence(counts)).sum(axis=-1)
    return found


def information_value(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Cuts] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """How much each attribute by itself says of being bad, the most telling one first.

    Columns: attribute, n (borrowers), k (bad), information_value, low, high (borrowers drawn anew), chance (95 % of
    shuffled outcomes say less: below it an attribute says nothing). Raises as `scorecard` does, but takes any number
    of bad borrowers of which not all are in one fold.
    """
    given, ends = watched(users, applications, loans, instalments, until, attributes(bands)), tails(level)
    random = np.random.default_rng(SEED)
    rows = []
    for name in given.attributes:
        counts = given.counts(name)
        kept = counts[:, counts.sum(axis=0) > 0]
        again = random.multinomial(kept.sum(), kept.ravel() / kept.sum(), size=DRAWS).reshape(DRAWS, *kept.shape)
        low, high = np.quantile(information(again), ends)
        # scipy draws negative counts where there is one band; it says nothing however it is shuffled
        shuffled = kept if kept.shape[1] == 1 else random_table(*_margins(kept)).rvs(DRAWS, random_state=random)
        rows.append(
            {
                "attribute": name,
                "n": len(given.bad),
                "k": int(given.bad.sum()),
                "information_value": float(information(kept)),
                "low": low,
                "high": high,
                "chance": float(np.quantile(information(shuffled), level)),
            }
        )
    return pd.DataFrame(rows).sort_values("information_value", ascending=False, ignore_index=True)


def _margins(counts: Array) -> tuple[Array, Array]:
    return counts.sum(axis=1), counts.sum(axis=0)


def applicants(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    wanted: Mapping[str, Attribute],
    until: pd.Timestamp | str | None = None,
    more: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Everybody whose application was decided by `until`: the last one by user_id, and the bands they are in.

    `more` names further columns of the applications. Raises InputError where none was decided by then.
    """
    read = ["application_id", "user_id", "started_at", "decided_at", "outcome", *more]
    asked = columns(applications, "applications", [*read, *(["proofs"] if "proofs" in wanted else [])])
    asked = asked[asked["decided_at"] < day_after(until)]
    if asked.empty:
        raise InputError("applications: none was decided. Allowed: at least one.")
    last = last_applications(asked).set_index("user_id")
    return last, banded_people(users, last, wanted)
