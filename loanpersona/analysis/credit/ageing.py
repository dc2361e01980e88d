"""Loans as they age: vintage curves by month on book, and how loans roll between buckets of days past due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import whole
from loanpersona.analysis.old_outcomes import BUCKETS, STATES, UNREACHED, LoanTape, Whole, buckets, months_later, read
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share

LINES = {"30+": 30, "90+": 90}
"""Days past due that a curve tells of."""
MONTHS = 24


def vintages(
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    months: int = MONTHS,
) -> pd.DataFrame:
    """Share of the loans of each vintage ever 30 and ever 90 days past due, by month on book (3.1c).

    A vintage is the loans disbursed in a month; here those of a quarter are pooled. Month on book m ends m months
    after the money came. A cell is missing, not zero, unless every loan of the vintage had its month by the day
    `until` (by default the last payment or loan). Loans of a borrower go together.

    Columns: ever_past_due (30+, 90+: days), counted (of_loans; of_volume: loans weighted by the amount lent), vintage,
    month_on_book, n (loans), k (loans, or CNY), share, low, high, clusters, design_effect, effective_n.
    Raises InputError where no loan was disbursed by then, or `months` is no whole number from 1 on.
    """
    months = whole("months", months, 1)
    book = read(loans, instalments, until, lent=["amount_cny"])
    quarters = book.loans["lent"].to_numpy().astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // 3
    rows: list[dict[str, Any]] = []
    for line, days in LINES.items():
        reached = book.reached(days)
        came = np.where(reached < UNREACHED, month_on_book(book.lent, np.minimum(reached, book.end)), UNREACHED)
        for _, vintage in book.loans.assign(came=came).groupby(quarters):
            seen = min(_seen(vintage, book.end), months)
            for counted in ("of_loans", "of_volume"):
                keys = {"ever_past_due": line, "counted": counted, "vintage": _quarter(vintage)}
                rows += [
                    {**keys, "month_on_book": month, **found}
                    for month, found in enumerate(_curve(vintage, counted, seen, months))
                ]
    return pd.DataFrame(rows).sort_values(["ever_past_due", "counted", "vintage", "month_on_book"], ignore_index=True)


def roll_rates(loans: pd.DataFrame, instalments: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Where loans in each bucket of days past due at the end of a month are at the end of the next (3.1c).

    Counted are loans with something left to pay at the end of a month, each month anew, up to the last month end
    by the day `until` (by default the last payment or loan). Loans of a borrower go together in the intervals.

    Columns: dpd_bucket (current, 1-29, 30-59, 60-89, 90+), next_bucket (these and paid_off), loan_months, k, share
    (of the row), low, high, clusters, design_effect, effective_n. A bucket that no loan was in has no share.
    Raises InputError where less than two month ends lie between the first loan and that day.
    """
    book = read(loans, instalments, until)
    who, now, later = _months(book)
    rows = []
    for code, bucket in enumerate(BUCKETS):
        here = now == code
        clusters, after = pd.factorize(who[here])[0], later[here]
        rows += [
            {"dpd_bucket": bucket, "next_bucket": state, **clustered_share(after == other, clusters)}
            for other, state in enumerate(STATES)
        ]
    return pd.DataFrame(rows).rename(columns={"n": "loan_months"})


def month_on_book(lent: Whole, day: Whole) -> Whole:
    """The month on book by whose end a day has come: the least m with the same day m months later not before it.

    >>> month_on_book(np.array([0, 0]), np.array([31, 32])).tolist()  # 1970-01-01 to 1970-02-01 and to 1970-02-02
    [1, 2]
    """
    month, other = (each.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) for each in (lent, day))
    between = other - month
    return between + (months_later(lent, between) < day)


def _curve(vintage: pd.DataFrame, counted: str, seen: int, months: int) -> Iterator[dict[str, Any]]:
    """The shares of one vintage, month by month; months of which not all is seen are missing."""
    who, came = pd.factorize(vintage["user_id"])[0], vintage["came"].to_numpy()
    weights = None if counted == "of_loans" else vintage["amount_cny"].to_numpy()
    found = dict[str, Any]()
    for month in range(months + 1):
        if month <= seen:
            found = clustered_share(came <= month, who, weights)
        else:
            found = found | dict.fromkeys(("k", "share", "low", "high", "design_effect", "effective_n"), np.nan)
        yield found


def _seen(vintage: pd.DataFrame, end: int) -> int:
    """The last month on book that every loan of a vintage had by the last day."""
    return int(month_on_book(vintage["lent"].to_numpy(), np.full(len(vintage), end + 1)).min()) - 1


def _quarter(vintage: pd.DataFrame) -> str:
    return str(pd.Timestamp(vintage["lent"].iloc[0], unit="D").to_period("Q"))


def _months(book: LoanTape) -> tuple[Any, Any, Any]:
    """The borrower of each open loan at each month end, its bucket then and at the next, as codes of STATES."""
    first, last = (np.datetime64(int(day), "D") for day in (book.lent.min(), book.end + 1))
    ends = np.arange(first.astype("datetime64[M]") + 1, last.astype("datetime64[M]") + 1)
    ends = ends.astype("datetime64[D]").astype(np.int64) - 1
    if len(ends) < 2:
        raise InputError("loans: fewer than two month ends from the first loan to the last day. Allowed: two or more.")
    states = [buckets(book.past_due(int(end))) for end in ends]
    parts = []
    for end, now, later in zip(ends, states, states[1:], strict=False):
        here = np.flatnonzero((book.lent <= end) & (now < len(BUCKETS)))
        parts.append((book.users[here], now[here], later[here]))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))  # type: ignore[return-value]
