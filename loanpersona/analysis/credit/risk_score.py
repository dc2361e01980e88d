"""How well the risk score tells bad borrowers from good ones: distribution, KS, ROC, Gini, calibration.

One row a borrower: the score of the first approved application, and whether the borrower was bad by month on book 12
of the first loan. Higher is riskier. Who never borrowed, or has not been watched for so long, is left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import banded
from loanpersona.analysis.old_outcomes import BAD_DAYS, BAD_MONTHS, borrower_outcomes, granted
from loanpersona.core.errors import InputError
from loanpersona.estimates.ranking import _difference, auc, ks, logistic, up_to
from loanpersona.estimates.shares import share, shares, wilson

SCORE_BANDS = (*(f"{low}..{low + 99}" for low in range(0, 900, 100)), "900..1000")
TENTHS = 10


def scored_borrowers(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    months: int = BAD_MONTHS,
    days: int = BAD_DAYS,
) -> pd.DataFrame:
    """The borrowers whose score and outcome are known; columns: user_id, risk_score, bad.

    Bad is ever `days` past due by month on book `months` of the first loan, as in `borrower_outcomes`.
    Raises InputError where there is no good or no bad borrower among them.
    """
    people = borrower_outcomes(loans, instalments, until, months, days)[["user_id", "bad"]]
    scores = granted(applications, ["risk_score"], until)["risk_score"]
    found = people.assign(risk_score=people["user_id"].map(scores)).dropna()
    found = found[["user_id", "risk_score", "bad"]].astype({"risk_score": "int64", "bad": bool})
    if found["bad"].nunique() < 2:
        raise InputError(
            f"loans: of {len(found):,} borrowers with a score who were watched for {months} months, "
            f"{int(found['bad'].sum()):,} are bad. Allowed: at least one bad and one good."
        )
    return found.reset_index(drop=True)


def score_distribution(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Where the scores of good and bad borrowers lie, and the bad rate of every band (3.1c).

    Columns: measure (of_good, of_bad: share of the good or of the bad in a band; bad_rate: share of the band that
    is bad), score_band (from the lowest to the highest that occurs), n, k, share, low, high (Wilson).
    Raises InputError where there is no good or no bad borrower.
    """
    people = scored_borrowers(applications, loans, instalments, until)
    band = banded(people["risk_score"], SCORE_BANDS)
    bands = list(SCORE_BANDS[band.cat.codes.min() : band.cat.codes.max() + 1])
    people = people.assign(score_band=band.cat.set_categories(bands))
    parts = [
        shares(people.loc[people["bad"] == bad, "score_band"]).assign(measure=measure)
        for measure, bad in (("of_good", False), ("of_bad", True))
    ]
    rates = [{"score_band": one, **share(people.loc[people["score_band"] == one, "bad"])} for one in bands]
    found = pd.concat([*parts, pd.DataFrame(rates).assign(measure="bad_rate")], ignore_index=True)
    return found.astype({"score_band": str})[["measure", "score_band", "n", "k", "share", "low", "high"]]


def ks_curve(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Share of good and of bad borrowers up to each score, and how far apart they are (3.1c).

    Columns: risk_score (every one that occurs), share_of_good, share_of_bad (with that score or a lower one),
    separation (good less bad), low, high (of it: Newcombe, pointwise). The greatest separation is KS.
    Source: Newcombe (1998), method 10, for the interval.
    """
    people = scored_borrowers(applications, loans, instalments, until)
    scores, good, bad = up_to(people["risk_score"].to_numpy(float), people["bad"].to_numpy())
    n = _counts(people)
    ends = [_difference(g, b, n) for g, b in zip(good, bad, strict=True)]
    found = pd.DataFrame({"risk_score": scores.astype(int), "share_of_good": good / n[0], "share_of_bad": bad / n[1]})
    found["separation"] = found["share_of_good"] - found["share_of_bad"]
    return found.assign(low=[low for low, _ in ends], high=[high for _, high in ends])


def roc(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What share of the bad is refused for what share of the good, cutting at each score (3.1c).

    Columns: cut_score (refused from it on), share_of_good, share_of_bad (with that score or a higher one), low, high
    (of the share of the bad: Wilson, pointwise). The last row refuses everybody.
    """
    people = scored_borrowers(applications, loans, instalments, until)
    scores, good, bad = up_to(-people["risk_score"].to_numpy(float), people["bad"].to_numpy())
    n = _counts(people)
    ends = np.array([wilson(k, n[1]) for k in bad])
    return pd.DataFrame(
        {
            "cut_score": -scores.astype(int),
            "share_of_good": good / n[0],
            "share_of_bad": bad / n[1],
            "low": ends[:, 0],
            "high": ends[:, 1],
        }
    )


def discrimination(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """How well the score tells bad from good in one number (3.1c): AUC, Gini and KS.

    Columns: measure (auc, gini, ks), n (borrowers), k (bad), value, low, high. AUC is the chance that a bad borrower
    has the higher score of a bad and a good one, ties counting half; Gini is 2 AUC − 1. KS is the greatest lead of
    the share of the bad over that of the good from some score on. Interval of AUC and Gini: DeLong, DeLong and
    Clarke-Pearson (1988). That of KS is Newcombe's at the score where it was found; a maximum
    leans upwards, so that with a hundred bad borrowers it holds KS in 9 of 10 samples, not in 19 of 20.
    """
    people = scored_borrowers(applications, loans, instalments, until)
    score, bad = people["risk_score"].to_numpy(float), people["bad"].to_numpy()
    area, low, high = auc(score, bad)
    rows = {"auc": (area, low, high), "gini": tuple(2 * one - 1 for one in (area, low, high)), "ks": ks(score, bad)}
    n, k = len(people), int(bad.sum())
    return pd.DataFrame(
        [
            {"measure": name, "n": n, "k": k, **dict(zip(("value", "low", "high"), found, strict=True))}
            for name, found in rows.items()
        ]
    )


def calibration(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """The bad rate seen in every tenth of the scores beside the one a logistic curve expects (3.1c).

    Columns: score_band (lowest and highest score of the tenth), n, k (bad), share, low, high (Wilson),
    share_expected (mean of the curve over the tenth). The curve is fitted by maximum likelihood to the same
    borrowers: it shows whether the odds rise evenly with the score, not whether they stay so. Equal scores stay
    together, so there may be fewer than ten rows. Raises InputError where the scores of good and bad do not overlap, or
    all are equal.
    """
    people = scored_borrowers(applications, loans, instalments, until)
    people = people.assign(share_expected=logistic(people["risk_score"].to_numpy(float), people["bad"].to_numpy()))
    tenth = pd.qcut(people["risk_score"], TENTHS, duplicates="drop")
    rows = []
    for _, part in people.groupby(tenth, observed=True):
        band = f"{part['risk_score'].min()}..{part['risk_score'].max()}"
        rows.append({"score_band": band, **share(part["bad"]), "share_expected": part["share_expected"].mean()})
    return pd.DataFrame(rows)


def _counts(people: pd.DataFrame) -> tuple[int, int]:
    return int((~people["bad"]).sum()), int(people["bad"].sum())
