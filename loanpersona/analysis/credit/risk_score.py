"""How well a score tells bad borrowers from good ones: AUC, Gini and KS, ROC, distribution, calibration.

One row a borrower: the score at the first approval, and whether the borrower was bad by month on book 12 of the first
loan. Who never borrowed, has no score, or has not been watched for so long, is left out. A column `bad` of users, of
one's own, takes the place of what instalments say.
"""

from __future__ import annotations

from functools import reduce
from math import ceil, floor, log10
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day, One, Several
from loanpersona.analysis.credit.scorecards import TOO_FEW
from loanpersona.analysis.credit.scored import no_card, scored
from loanpersona.analysis.credit.sheets import LENT
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, cut_at, with_groups
from loanpersona.core.errors import InputError
from loanpersona.estimates.ranking import auc, logistic, up_to
from loanpersona.estimates.ranking import ks as greatest_lead
from loanpersona.estimates.shares import difference, share, shares, wilson
from loanpersona.tables.book import Book

TENTHS = 10
OWN_BAD = "users.bad"
MEASURES = ("auc", "gini", "ks")


@frame(
    statements="3.1c",
    counts="borrowers",
    keys="score measure",
    estimate="value",
    reads=LENT,
    unless=OWN_BAD,
    written={"value": "ratio"},
)
def discrimination(
    book: Book,
    *,
    of: Several = "risk_score",
    by: By = None,
    bands: Bands = None,
    until: Day = None,
    higher_is_riskier: bool | None = None,
) -> pd.DataFrame:
    """How well scores tell bad borrowers from good ones in one number (3.1c): AUC, Gini and KS.

    `of` names one or several scores: `risk_score` or any other number of the application, of users or hidden, or
    `scorecard`, where each borrower is scored by the card of all other fifths. Several are compared on the borrowers
    that have them all. Higher is riskier, but for the hidden capacity and the Zhima score, unless said otherwise.

    Columns: those of `by`, score, measure, n (borrowers), k (bad), value, low, high, why. AUC is the chance that a bad
    borrower has the riskier score of a bad and a good one, ties counting half; Gini is 2 AUC − 1. KS is the greatest
    lead of the share of the bad over that of the good from some score on. Interval of AUC and Gini: DeLong, DeLong and
    Clarke-Pearson (1988). That of KS is Newcombe's at the score where it was found; a maximum leans upwards, so that
    with a hundred bad borrowers it holds KS in 9 of 10 samples, not in 19 of 20. Raises InputError for a score that
    points the other way, and where there is no good or no bad borrower.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.discrimination(population)["measure"].tolist()
    ['auc', 'gini', 'ks']
    """
    there = [one for one in of if not no_card(book, one, until)]
    if not there:
        raise InputError("scorecard: too few bad borrowers for a card. Hint: of='risk_score'.")
    samples = [
        scored(book, one, until, higher_is_riskier).set_index("user_id")[["bad", "risk"]].rename(columns={"risk": one})
        for one in there
    ]
    people = reduce(lambda one, other: one.join(other.drop(columns="bad"), how="inner"), samples).reset_index()
    people = with_groups(book, people, by, "user", until, bands)
    return by_group(people, by, lambda part: pd.DataFrame([row for one in of for row in _measured(part, one)]))


def _measured(people: pd.DataFrame, score: str) -> list[dict[str, Any]]:
    """AUC, Gini and KS of a score, missing where it is not there or good or bad borrowers are not."""
    bad = people["bad"].to_numpy()
    counted = {"score": score, "n": len(bad), "k": int(bad.sum())}
    why = TOO_FEW if score not in people else None if bad.any() and not bad.all() else "no_good_or_no_bad"
    if why:
        result = dict.fromkeys(MEASURES, (np.nan,) * 3)
    else:
        area = auc(people[score], bad)
        gini = (2 * area[0] - 1, 2 * area[1] - 1, 2 * area[2] - 1)
        result = {"auc": area, "gini": gini, "ks": greatest_lead(people[score], bad)}
    return [
        {
            "score": score,
            "measure": name,
            **counted,
            **dict(zip(("value", "low", "high"), ends, strict=True)),
            "why": why,
        }
        for name, ends in result.items()
    ]


@frame(
    statements="3.1c",
    counts="borrowers",
    keys="cut_score",
    estimate="share_of_bad",
    reads=LENT,
    unless=OWN_BAD,
    written={"share_of_bad": "share", "share_of_good": "share"},
)
def roc(
    book: Book, *, of: One = "risk_score", until: Day = None, higher_is_riskier: bool | None = None
) -> pd.DataFrame:
    """What share of the bad is refused for what share of the good, cutting at each score (3.1c).

    Columns: cut_score (refused from it on, the riskiest first), n (borrowers), k (bad), share_of_bad (with that score
    or a riskier one), low, high (Wilson, pointwise), share_of_good. The last row refuses everybody. Raises as
    `discrimination` does.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> float(lp.credit.roc(population)["share_of_bad"].iloc[-1])
    1.0
    """
    people, cut = _one(book, of, until, higher_is_riskier)
    risks, good, bad = up_to(-people["risk"].to_numpy(), people["bad"].to_numpy())
    n = _counts(people)
    ends = np.array([wilson(k, n[1]) for k in bad])
    result = {"cut_score": cut(-risks), "n": sum(n), "k": n[1], "share_of_bad": bad / n[1]}
    return pd.DataFrame({**result, "low": ends[:, 0], "high": ends[:, 1], "share_of_good": good / n[0]})


@frame(
    statements="3.1c",
    counts="borrowers",
    keys="of",
    estimate="separation",
    reads=LENT,
    unless=OWN_BAD,
    written=dict.fromkeys(("separation", "share_of_good", "share_of_bad"), "share"),
)
def ks(book: Book, *, of: One = "risk_score", until: Day = None, higher_is_riskier: bool | None = None) -> pd.DataFrame:
    """Share of good and of bad borrowers up to each score, and how far apart they are (3.1c).

    Columns: the score (every one that occurs, the safest first), n (borrowers), k (bad), separation (good less bad),
    low, high (Newcombe, pointwise), share_of_good, share_of_bad (with that score or a safer one). The greatest
    separation is KS. Raises as `discrimination` does. Source: Newcombe (1998), method 10, for the interval.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> float(lp.credit.ks(population)["separation"].iloc[-1])
    0.0
    """
    people, cut = _one(book, of, until, higher_is_riskier)
    risks, good, bad = up_to(people["risk"].to_numpy(), people["bad"].to_numpy())
    n = _counts(people)
    ends = np.array([difference((g, n[0]), (b, n[1])) for g, b in zip(good, bad, strict=True)])
    both = {"share_of_good": good / n[0], "share_of_bad": bad / n[1]}
    result = {of[0]: cut(risks), "n": sum(n), "k": n[1], "separation": both["share_of_good"] - both["share_of_bad"]}
    return pd.DataFrame({**result, "low": ends[:, 0], "high": ends[:, 1], **both})


@frame(statements="3.1c", counts="borrowers", keys="measure score_band", reads=LENT, unless=OWN_BAD)
def score_bands(
    book: Book,
    *,
    of: One = "risk_score",
    bands: Bands = None,
    until: Day = None,
    higher_is_riskier: bool | None = None,
) -> pd.DataFrame:
    """Where the scores of good and bad borrowers lie, and the bad rate of every band (3.1c).

    Bands begin at `bands`, or are a hundred points of the risk score wide, and ten or fewer of any other score.
    Columns: measure (of_good, of_bad: share of the good or of the bad in a band; bad_rate: share of the band that
    is bad), score_band (from the lowest to the highest that occurs), n, k, share, low, high (Wilson). Raises as
    `discrimination` does.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.score_bands(population, bands=(300, 500))["score_band"].unique().tolist()
    ['..299', '300..499', '500..']
    """
    people, _ = _one(book, of, until, higher_is_riskier)
    starts = bands or (tuple(range(100, 1_000, 100)) if of == ("risk_score",) else _even(people["score"]))
    band = cut_at(people["score"], starts)
    names = list(band.cat.categories[band.cat.codes.min() : band.cat.codes.max() + 1])
    people = people.assign(score_band=band.cat.set_categories(names, ordered=True))
    parts = [
        shares(people.loc[people["bad"] == bad, "score_band"]).assign(measure=measure)
        for measure, bad in (("of_good", False), ("of_bad", True))
    ]
    rates = [{"score_band": one, **share(people.loc[people["score_band"] == one, "bad"])} for one in names]
    parts.append(pd.DataFrame(rates).astype({"score_band": people["score_band"].dtype}).assign(measure="bad_rate"))
    return pd.concat(parts, ignore_index=True)[["measure", "score_band", "n", "k", "share", "low", "high"]]


@frame(
    statements="3.1c",
    counts="borrowers",
    keys="score_band",
    reads=LENT,
    unless=OWN_BAD,
    written={"share_expected": "share"},
)
def calibration(
    book: Book, *, of: One = "risk_score", until: Day = None, higher_is_riskier: bool | None = None
) -> pd.DataFrame:
    """The bad rate seen in every tenth of the scores beside the one a logistic curve expects (3.1c).

    Columns: score_band (lowest and highest score of the tenth), n, k (bad), share, low, high (Wilson),
    share_expected (mean of the curve over the tenth). The curve is fitted by maximum likelihood to the same
    borrowers: it shows whether the odds rise evenly with the score, not whether they stay so. Equal scores stay
    together, so there may be fewer than ten rows. Raises as `discrimination` does, and where the scores of good and bad
    do not overlap, or all are equal.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> int(lp.credit.calibration(population)["n"].sum())
    64
    """
    people, _ = _one(book, of, until, higher_is_riskier)
    people = people.assign(share_expected=logistic(people["score"].to_numpy(), people["bad"].to_numpy(), of[0]))
    rows = []
    for _, part in people.groupby(pd.qcut(people["score"], TENTHS, duplicates="drop"), observed=True):
        low, high = (f"{end:.6g}" for end in (part["score"].min(), part["score"].max()))
        band = low if low == high else f"{low}..{high}"
        rows.append({"score_band": band, **share(part["bad"]), "share_expected": part["share_expected"].mean()})
    result = pd.DataFrame(rows)
    return result.assign(score_band=pd.Categorical(result["score_band"], list(result["score_band"]), ordered=True))


def _one(book: Book, of: tuple[str, ...], until: pd.Timestamp, riskier: bool | None) -> tuple[pd.DataFrame, Any]:
    """The borrowers with one score, and how a risk is written as that score."""
    if no_card(book, of[0], until):
        raise InputError("scorecard: too few bad borrowers for a card. Hint: of='risk_score'.")
    people = scored(book, of[0], until, riskier)
    sign = 1 if people["score"].equals(people["risk"]) else -1
    kind = int if (people["score"] % 1 == 0).all() else float
    return people, lambda risks: (sign * risks).astype(kind)


def _even(score: pd.Series) -> tuple[float, ...]:
    """Where at most ten bands of an even width of one, two or five begin above the lowest score."""
    reach = float(score.max() - score.min()) or 1.0
    power = 10.0 ** floor(log10(reach / 10))
    width = next(step * power for step in (1, 2, 5, 10) if reach <= 10 * step * power)
    first, last = floor(score.min() / width) + 1, ceil(score.max() / width)
    return tuple(float(f"{place * width:.12g}") for place in range(first, max(last, first + 1)))


def _counts(people: pd.DataFrame) -> tuple[int, int]:
    return int((~people["bad"]).sum()), int(people["bad"].sum())
