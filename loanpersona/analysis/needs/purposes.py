"""Why they borrow (2.1a to 2.1d): what loans are for, how large they are, and what is owed when one is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day, one_of
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import CONTRAST, by_group, values_of, with_contrast, with_groups
from loanpersona.analysis.needs.columns import borrowed
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_share, clustered_shares
from loanpersona.tables.book import Book

AMOUNTS = {
    "requested_cny": "money",
    "amount_cny": "money",
    "term_months": "months",
    "apr": "share",
    "share_of_limit": "share",
}
OWED = {"owed_months": "number", "still_owing": "share"}
QUARTERS = (0.25, 0.5, 0.75)


@frame(
    statements="2.1a 2.1b 2.1c 2.1d",
    counts="loans",
    keys="reason",
    reads={"loans": "loan_id user_id reason borrowed_at"},
    written=CONTRAST,
)
def reasons(
    book: Book, *, by: By = None, against: str | None = None, bands: Bands = None, until: Day = None
) -> pd.DataFrame:
    """What loans are for (2.1a to 2.1d), of all or within each group of `by`.

    Columns: reason, n (loans), k, share, low, high (clustered by borrower), clusters, design_effect, effective_n;
    with `against` (a level of `by`, or `rest`) also difference (its ends hold together over all rows) and risk_ratio.
    Numbers of `by` are cut where `bands` begin. Loans without a reason are left out.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> int(lp.needs.reasons(population)["k"].sum()) == len(population.loans)
    True
    """
    rows = with_groups(book, borrowed(book, until).dropna(subset=["reason"]), by, "loan", until, bands)
    levels = rows["reason"].cat.categories
    result = by_group(rows, by, partial(clustered_shares, by="reason", levels=levels))
    if against is None:
        return result
    parts = [
        with_contrast(
            result[result["reason"] == one],
            rows.assign(some=rows["reason"] == one, of=1),
            by,
            against,
            "some",
            "of",
            len(levels),
        )
        for one in levels
    ]
    return pd.concat(parts).sort_index()


@frame(
    statements="2.1b 1.4g",
    counts="loans",
    keys="measure",
    estimate="mean",
    written={"mean": "number", **AMOUNTS},
    reads={"loans": "loan_id user_id borrowed_at"},
)
def amounts(
    book: Book,
    *,
    of: str = "requested_cny",
    by: By = ("borrower_class", "reason"),
    bands: Bands = None,
    until: Day = None,
) -> pd.DataFrame:
    """How large loans are (2.1b, 1.4g): does an emergency need a large sum at once?

    `of` is requested_cny, amount_cny, term_months, apr or share_of_limit. Columns: measure (of),
    n (loans), mean, low, high (clustered by borrower), p25, p50, p75, clusters. Numbers of `by` are cut where `bands`
    begin. Loans of which it is not known are left out.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.needs.amounts(population, of="term_months", by="reason")["measure"].unique().tolist()
    ['term_months']
    """
    rows = _measured(book, of, AMOUNTS, until)
    return by_group(with_groups(book, rows, by, "loan", until, bands), by, _spread)


@frame(
    statements="2.1c",
    counts="loans",
    keys="loan_number measure",
    estimate="value",
    written={"value": "number", **OWED},
    reads={"loans": "loan_id user_id borrowed_at amount_cny", "instalments": "loan_id principal_cny paid_on"},
)
def debt_buildup(book: Book, *, of: str = "owed_months", by: By = "debt_first", until: Day = None) -> pd.DataFrame:
    """What is still owed here when a loan is taken (2.1c), by the number of the loan and the group of its borrower.

    `of` is owed_months (mean, in months of income; borrowers without income are left out) or still_owing (share of
    loans taken while something is owed). Who reaches a high number is another person than who stops at one, so a rise
    is not only one of each borrower. Columns: loan_number (band), measure (of), n (loans), value, low, high (clustered
    by borrower), clusters; of a share also k, design_effect, effective_n.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> float(lp.needs.debt_buildup(population, of="still_owing", by=None)["value"].iloc[0])
    0.0
    """
    rows = _measured(book, of, OWED, until)
    return by_group(with_groups(book, rows, [*by, "loan_number"], "loan", until), by, _by_number)


def _measured(book: Book, of: Sequence[str], allowed: Mapping[str, str], until: pd.Timestamp) -> pd.DataFrame:
    """The loans of which it is known, with the name of what is measured and its `value`."""
    measure = one_of("of", of[0] if len(of) == 1 else of, allowed)
    rows = borrowed(book, until)
    values = rows["loan_id"].map(values_of(book, measure, "loan", until))
    rows = rows.assign(measure=measure, value=values).dropna(subset=["value"])
    if rows.empty:
        raise InputError(f"{measure}: not known of any loan. Allowed: at least one.")
    return rows


def _spread(loans: pd.DataFrame) -> dict[str, Any]:
    """The mean of loans with its interval, and their quarters."""
    result = clustered_ratio(loans["value"], np.ones(len(loans)), loans["user_id"])
    about = {"measure": loans["measure"].iloc[0], "n": result["n"], "mean": result["value"]}
    quarters = {f"p{100 * one:.0f}": loans["value"].quantile(one) for one in QUARTERS}
    return {**about, "low": result["low"], "high": result["high"], **quarters, "clusters": result["clusters"]}


def _by_number(loans: pd.DataFrame) -> pd.DataFrame:
    """What is owed at every number of a loan, without that of all numbers together."""
    return by_group(loans, ["loan_number"], _owed).iloc[1:].reset_index(drop=True)


def _owed(loans: pd.DataFrame) -> dict[str, Any]:
    measure = loans["measure"].iloc[0]
    if OWED[measure] == "share":
        result = clustered_share(loans["value"], loans["user_id"])
        ends = {"n": result.pop("n"), "k": result.pop("k"), "value": result.pop("share")}
        return {"measure": measure, **ends, **result}
    spread = _spread(loans)
    names = {"n": "n", "mean": "value", "low": "low", "high": "high", "clusters": "clusters"}
    return {"measure": measure, **{name: spread[one] for one, name in names.items()}}
