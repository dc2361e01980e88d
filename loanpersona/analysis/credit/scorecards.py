"""A scorecard rebuilt from what is known when a user applies: weight of evidence of bands, logistic regression, points.

One row a borrower, as for the lender's own score: the attributes of the first approved application, and whether the
borrower was bad by month on book 12 of the first loan. Weight of evidence is the logarithm of how many times as
frequent a band is among the good as among the bad: below zero is riskier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits

from loanpersona.analysis.arguments import Day
from loanpersona.analysis.credit.binning import Attribute, Cuts, attributes, banded
from loanpersona.analysis.credit.sheets import LENT
from loanpersona.analysis.frame import frame
from loanpersona.analysis.outcomes import first_approved, outcomes_of_borrowers
from loanpersona.analysis.rows import FOLDS, fold_of, last_applications
from loanpersona.core.assumptions import Assumptions
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import wilson, z
from loanpersona.tables.book import Book, kept

Array = np.ndarray[Any, np.dtype[Any]]
PRIOR = 1.0
"""The variance of the normal prior of the weights."""
PER_ATTRIBUTE = 1
"""So many bad and so many good borrowers an attribute needs, or its points say more of the prior than of people."""
TOO_FEW = "too_few_bad_for_a_card"
APPLIED = {**LENT, "applications": "application_id user_id started_at decided_at outcome"}
"""What a card and its applicants are made of, beside the attributes."""
SCALE = "score_base score_base_odds score_double"
"""The assumptions that points lean on."""


@dataclass(frozen=True)
class Sample:
    """The borrowers whose outcome is known, with the bands they are in."""

    bands: pd.DataFrame
    """The number of the band of each attribute, by user_id."""
    bad: Array
    attributes: tuple[Attribute, ...]

    @property
    def folds(self) -> Array:
        """The fold of each borrower."""
        return fold_of(self.bands.index)

    def counts(self, one: Attribute) -> Array:
        """How many good (first row) and bad borrowers each band of an attribute holds."""
        kinds = (~self.bad, self.bad)
        return np.stack([np.bincount(self.bands[one.name][kind], minlength=len(one.bands)) for kind in kinds])

    def of(self, some: tuple[Attribute, ...]) -> Sample:
        """The same borrowers with some of the attributes."""
        return Sample(self.bands[[one.name for one in some]], self.bad, some)

    @cached_property
    def cards(self) -> list[tuple[Card, float]]:
        """The card of all folds but each one, with the log-odds of being bad of those it was made from."""
        parts = [self.folds != fold for fold in range(FOLDS)]
        shares = [float(self.bad[part].mean()) for part in parts]
        return [(fit(self, part), log(many / (1 - many))) for part, many in zip(parts, shares, strict=True)]


@dataclass(frozen=True)
class Card:
    """A fitted scorecard: weight of evidence of every band, and the weight of every attribute."""

    woe: dict[str, Array]
    weights: dict[str, float]
    """Change of the log-odds of being bad per unit of weight of evidence: −1 for an attribute by itself."""
    intercept: float

    def risk(self, bands: pd.DataFrame) -> Array:
        """The log-odds of being bad of each row."""
        parts = [self.weights[name] * self.woe[name][bands[name].to_numpy()] for name in self.weights]
        result: Array = self.intercept + np.sum(parts, axis=0)
        return result

    def points(self, scale: Assumptions) -> dict[str, Array]:
        """The points of every band, whole numbers; their sum over the attributes is the score, higher being safer."""
        factor = scale.score_double.value / log(2)
        even = scale.score_base.value - factor * (log(scale.score_base_odds.value) + self.intercept)
        even /= len(self.weights)
        return {
            name: np.rint(even - factor * weight * self.woe[name]).astype(int) for name, weight in self.weights.items()
        }


def known_bad(book: Book, until: pd.Timestamp) -> pd.Series:
    """Whether each borrower was bad by month on book 12, by user_id, those left out who were not watched so long.

    A column `bad` of users, of one's own, takes its place. Raises InputError where it is neither true nor false.
    """
    if "bad" not in book.tables.get("users", ()):
        return outcomes_of_borrowers(book, until).dropna(subset="bad").set_index("user_id")["bad"].astype(bool)
    own = book.users.set_index("user_id")["bad"].dropna()
    if strange := [one for one in own.unique() if one not in (0, 1)]:
        raise InputError(f"users.bad = {strange[0]}: not known. Allowed: true and false.")
    return own.astype(bool)


@kept
def sample(book: Book, wanted: tuple[Attribute, ...], until: pd.Timestamp) -> Sample:
    """The borrowers whose outcome is known by a day; raises InputError where there is no good or no bad one."""
    outcomes = known_bad(book, until)
    applications = _first_applications(book, until, outcomes.index)
    known = outcomes.index.intersection(applications.index).sort_values()
    bad = outcomes[known].to_numpy(bool)
    if not bad.any() or bad.all():
        raise InputError(
            f"loans: of {len(known):,} borrowers watched for a year, {int(bad.sum()):,} are bad. "
            "Allowed: at least one bad and one good."
        )
    return Sample(banded(book, applications.loc[known], wanted), bad, wanted)


def _first_applications(book: Book, until: pd.Timestamp, ids: pd.Index) -> pd.DataFrame:
    """The first approved application of each; a book that has no applications has its users alone."""
    if "applications" not in book.tables:
        return pd.DataFrame(index=ids)
    return first_approved(book, until)


def lacking(given: Sample) -> str:
    """What a sample lacks for a card whose points say more of people than of the prior; empty where it has it all."""
    bad, n, least = int(given.bad.sum()), len(given.bad), PER_ATTRIBUTE * len(given.attributes)
    if min(bad, n - bad) < least:
        kind, many = ("bad", bad) if bad < least else ("good", n - bad)
        return f"{many:,} {kind} borrowers, {least} needed"
    inside = [given.bad[given.folds != fold] for fold in range(FOLDS)]
    apart = all(part.any() and not part.all() for part in inside)
    return "" if apart else f"all {bad:,} bad borrowers are in one fifth, some needed when it is left out"


def for_a_card(given: Sample) -> Sample:
    """The sample, where a card can be made of it; raises InputError that says what is needed otherwise."""
    if lacks := lacking(given):
        raise InputError(f"scorecard: {lacks}. Hint: a larger book, or fewer attributes in bands={{…}}.")
    return given


def weight_of_evidence(counts: Array) -> Array:
    """The weight of evidence of each band, from its good (first row) and bad borrowers.

    A band without good or without bad ones counts half a borrower more of the rarer kind, and as many of the other as
    go with it among all: so a small band without bad ones never looks riskier than all. One without anybody says
    nothing.

    >>> weight_of_evidence(np.array([[80, 20], [5, 5]])).round(3).tolist()
    [0.47, -0.916]
    """
    good, bad = outcome_shares(counts)
    result: Array = np.log(good / bad)
    return np.where(counts.sum(axis=-2) > 0, result, 0.0)


def outcome_shares(counts: Array) -> tuple[Array, Array]:
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
    around, penalty = (np.concatenate([[0.0], np.full(values.shape[1], value)]) for value in (-1.0, 1 / PRIOR))

    def unlikely(weights: Array) -> tuple[float, Array]:
        logits, away = rows @ weights, weights - around
        loss = np.logaddexp(0, logits).sum() - logits[bad].sum() + (penalty * away**2).sum() / 2
        return float(loss), rows.T @ (expit(logits) - bad) + penalty * away

    def curved(weights: Array) -> Array:
        chance = expit(rows @ weights)
        result: Array = (rows.T * (chance * (1 - chance))) @ rows + np.diag(penalty)
        return result

    result: Array = minimize(unlikely, around, jac=True, hess=curved, method="trust-exact", options={"gtol": 1e-8}).x
    return result


def _coded(part: Sample) -> tuple[dict[str, Array], Array]:
    """The weight of evidence of every band, and that of the band of each borrower in every attribute."""
    woe = {one.name: weight_of_evidence(part.counts(one)) for one in part.attributes}
    return woe, np.column_stack([woe[name][part.bands[name].to_numpy()] for name in woe])


def out_of_fold(given: Sample, bands: pd.DataFrame) -> pd.Series:
    """The risk of people by user_id, each by the card of all other folds of the sample.

    It is the log-odds of being bad less those of all the borrowers that the card was made from: where a fold happens
    to hold many bad ones, the others hold few, and without that they would seem the safer for it.
    """
    folds, result = fold_of(bands.index), np.empty(len(bands))
    for fold, (card, even) in enumerate(given.cards):
        result[folds == fold] = card.risk(bands[folds == fold]) - even
    return pd.Series(result, index=bands.index)


@frame(
    statements="3.1c 3.2f",
    counts="borrowers",
    keys="attribute band",
    estimate="woe",
    reads=APPLIED,
    unless="users.bad",
    written={"woe": "ratio", "score_points": "count", **dict.fromkeys(("share_low", "share_high"), "share")},
    assumes=SCALE,
)
def scorecard(book: Book, *, bands: Cuts = None, until: Day = None) -> pd.DataFrame:
    """The scorecard (3.1c, 3.2f): bad rate, weight of evidence and points of every band of every attribute.

    `bands` takes the place of the attributes of `scorecard.yaml`: any column of users or applications that is known
    when a user applies, one's own too; whoever misses a value is in a band of their own. Columns: attribute, band
    (words), n (borrowers), k (bad), woe, low, high (delta method), share (bad rate), share_low, share_high (Wilson),
    score_points (of the card fitted to all; as assumed 600 in sum where 30 are good per bad one, 50 more where the odds
    double; missing, with `why`, where fewer are bad, or good, than there are attributes).
    Raises InputError for an attribute that a score must not know, or that is not known when a user applies, and where
    no borrower is bad, or good.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.scorecard(population, bands={"zhima_score": [600, 650]})["band"].tolist()
    ['..599', '600..649', '650..']
    """
    given = sample(book, attributes(book, bands), until)
    card, few = fit(given, np.ones(len(given.bad), bool)), bool(lacking(given))
    points = card.points(book.assumptions)
    rows = [row for one in given.attributes for row in _bands_of(given, one, card.woe[one.name], points[one.name])]
    result = pd.DataFrame(rows)
    if few:
        result["score_points"] = pd.array([pd.NA] * len(result), "Int64")
    return result.assign(why=TOO_FEW if few else None)


def _bands_of(given: Sample, one: Attribute, woe: Array, points: Array) -> list[dict[str, Any]]:
    counts = given.counts(one)
    half = z() * _woe_error(counts)
    rows = []
    for place, band in enumerate(one.bands):
        n, k = int(counts[:, place].sum()), int(counts[1, place])
        rows.append(
            {
                "attribute": one.name,
                "band": band,
                "n": n,
                "k": k,
                "woe": woe[place],
                "low": woe[place] - half[place],
                "high": woe[place] + half[place],
                "share": k / n if n else np.nan,
                **dict(zip(("share_low", "share_high"), wilson(k, n), strict=True)),
                "score_points": points[place],
            }
        )
    return rows


def _woe_error(counts: Array) -> Array:
    """The standard error of each weight of evidence; of a band without good or bad ones as if it had half a one."""
    inside = 1 / np.maximum(counts, 0.5) - 1 / counts.sum(axis=1, keepdims=True)
    result: Array = np.sqrt(inside.sum(axis=0))
    return result


def applicants(book: Book, wanted: Sequence[Attribute], until: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Everybody whose application was decided by a day: the last one by user_id, and the bands they are in.

    Raises InputError where none was decided by then.
    """
    applications = book.applications[book.applications["decided_at"] <= until]
    if applications.empty:
        raise InputError(f"applications: none was decided by {until:%Y-%m-%d}. Allowed: at least one.")
    last = last_applications(applications).set_index("user_id")
    return last, banded(book, last, wanted)
