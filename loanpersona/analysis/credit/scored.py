"""The scored sample: borrowers whose score at approval and whose outcome are known, made once a book."""

from __future__ import annotations

from math import sqrt

import pandas as pd

from loanpersona import tables
from loanpersona.analysis.credit.binning import attributes
from loanpersona.analysis.credit.scorecards import known_bad, lacking, out_of_fold, sample
from loanpersona.analysis.groups import KEY, values_of
from loanpersona.analysis.outcomes import first_approved
from loanpersona.core.errors import InputError
from loanpersona.estimates.ranking import auc
from loanpersona.tables.book import Book, kept

SCORECARD = "scorecard"
SAFER = ("repayment_capacity", "zhima_score")
"""Columns of which a higher value is safer, so that they are turned round unless a caller says otherwise."""
CLEARLY = 3.0
"""So many standard errors below one half an AUC is no chance: a score that tells nothing gets there once in 700."""


@kept
def scored(book: Book, of: str, until: pd.Timestamp, higher_is_riskier: bool | None) -> pd.DataFrame:
    """The borrowers whose score and outcome are known, by user_id: score, risk (score, higher being riskier), bad.

    Raises InputError where there is no good or no bad borrower among them, and for a score that clearly points the
    other way.
    """
    bad = known_bad(book, until)
    result = pd.DataFrame({"bad": bad, "score": score_at_approval(book, of, until).reindex(bad.index)})
    result = result.dropna().astype({"bad": bool, "score": float}).reset_index()
    if result["bad"].nunique() < 2:
        raise InputError(
            f"loans: of {len(result):,} borrowers with a score who were watched for 12 months, "
            f"{int(result['bad'].sum()):,} are bad. Allowed: at least one bad and one good."
        )
    riskier = (of not in SAFER) if higher_is_riskier is None else higher_is_riskier
    result = result.assign(risk=result["score"] if riskier else -result["score"])
    if of != SCORECARD:
        _refuse_reversed(result, of, riskier)
    return result


def score_at_approval(book: Book, of: str, until: pd.Timestamp) -> pd.Series:
    """A score of each user: of the first approved application, of users, hidden or made, or the scorecard's.

    The scorecard is fitted to the other fifths of the borrowers. Raises InputError for what is no column of numbers.
    """
    if of == SCORECARD:
        given = sample(book, attributes(book), until)
        return out_of_fold(given, given.bands)
    applications = book.tables.get("applications", pd.DataFrame())
    if (of in applications or of in tables.table("applications").columns) and of not in KEY.values():
        book.need({"applications": ("application_id", "user_id", "decided_at", "outcome", of)})
        values = first_approved(book, until)[of]
    else:
        values = values_of(book, of, "user", until)
    if values.dtype.kind not in "iuf":
        raise InputError(f"of = {of!r}: {values.dtype} in place of numbers. Allowed: a score, such as risk_score.")
    return values.astype("float64")


def no_card(book: Book, of: str, until: pd.Timestamp) -> bool:
    """Whether a score is the scorecard's and there are too few borrowers for a card."""
    return of == SCORECARD and bool(lacking(sample(book, attributes(book), until)))


def _refuse_reversed(people: pd.DataFrame, of: str, riskier: bool) -> None:
    bad = people["bad"].to_numpy()
    area, k = auc(people["risk"], bad)[0], int(bad.sum())
    by_chance = sqrt((len(bad) + 1) / (12 * k * (len(bad) - k)))  # Mann and Whitney (1947)
    if area < 0.5 - CLEARLY * by_chance:
        side = "lower" if riskier else "higher"
        raise InputError(
            f"of = {of!r}: its AUC is {area:.2f}, for bad borrowers have the {side} scores. "
            f"Hint: higher_is_riskier={not riskier}."
        )
