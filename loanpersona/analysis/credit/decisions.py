"""What becomes of applications that are decided: how many are approved, and why others are refused."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import CONTRAST, by_group, with_contrast, with_groups
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, clustered_shares
from loanpersona.tables.book import Book

DECIDED = "application_id user_id decided_at outcome"


@frame(
    statements="1.1d 2.1c 3.1c 3.2g",
    counts="decided_applications",
    reads={"applications": DECIDED},
    written=CONTRAST,
)
def approval(
    book: Book, *, by: By = None, against: str | None = None, bands: Bands = None, until: Day = None
) -> pd.DataFrame:
    """Share of applications decided by `until` that are approved (1.1d, 2.1c), those of one user together.

    Columns: those of `by`, n, k, share, low, high, clusters (users), design_effect, effective_n; with `against` also
    difference (in points, ends holding together) and risk_ratio. Users by their last decision: `fairness`.
    Raises InputError where none was decided.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.approval(population, by="platforms", bands=(1, 2, 3))["platforms"].tolist()
    ['everybody', '1', '2', '3..']
    """
    applications = with_groups(book, _decided(book, until), by, "application", until, bands).assign(one=1)
    result = by_group(applications, by, lambda part: clustered_share(part["approved"], part["user_id"]))
    return with_contrast(result, applications, by, against, "approved", "one")


@frame(
    statements="2.1c 3.2c",
    counts="refused_applications",
    keys="reject_reason",
    reads={"applications": f"{DECIDED} reject_reason"},
)
def reject_reasons(book: Book, *, by: By = None, bands: Bands = None, until: Day = None) -> pd.DataFrame:
    """Why applications are refused (2.1c, 3.2c): share of those refused by `until`, those of one user together.

    Columns: those of `by`, reject_reason, n, k, share, low, high, clusters (users), design_effect, effective_n.
    Raises InputError where none was refused for a known reason.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.reject_reasons(population)["reject_reason"].tolist()[:2]
    ['score_too_low', 'too_many_platforms']
    """
    applications = _decided(book, until)
    refused = applications[~applications["approved"]].dropna(subset=["reject_reason"])
    if refused.empty:
        raise InputError(f"applications: none was rejected by {until:%Y-%m-%d}. Allowed: at least one with its reason.")
    refused = with_groups(book, refused, by, "application", until, bands)
    levels = refused["reject_reason"].cat.categories
    return by_group(refused, by, lambda part: clustered_shares(part, "reject_reason", levels))


def _decided(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    applications = book.applications
    decided = applications[
        applications["outcome"].isin(["approved", "rejected"]) & (applications["decided_at"] <= until)
    ]
    if decided.empty:
        raise InputError(f"applications: none was handed in and decided by {until:%Y-%m-%d}. Allowed: at least one.")
    return decided.assign(approved=decided["outcome"] == "approved")
