"""Loans as they age: vintage curves by month on book, and how loans roll between buckets of days past due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day, one_of
from loanpersona.analysis.credit.sheets import LENT
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups, with_why
from loanpersona.analysis.outcomes import BUCKETS, STATES, UNREACHED, Tape, Whole, buckets, months_later, tape
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share
from loanpersona.tables.book import Book

LINES = {"30+": 30, "90+": 90}
"""Days past due that a curve tells of."""
PERIODS = {"month": "M", "quarter": "Q", "year": "Y"}
MONTHS = 24


@frame(
    statements="3.1c",
    counts="loans",
    keys="ever_past_due counted vintage month_on_book",
    reads={**LENT, "loans": f"{LENT['loans']} amount_cny"},
    written={"month_on_book": "count"},
)
def vintages(
    book: Book,
    *,
    by: By = None,
    bands: Bands = None,
    until: Day = None,
    months: int = MONTHS,
    every: str = "quarter",
) -> pd.DataFrame:
    """Share of the loans of each vintage ever 30 and ever 90 days past due, by month on book (3.1c).

    A vintage is the loans disbursed in a month, quarter or year (`every`). Month on book m ends m months after the
    money came. A cell is missing, not zero, unless every loan of the vintage had its month by the day `until`. Loans
    of a borrower go together.
    Columns: those of `by`, ever_past_due (30+, 90+: days), counted (of_loans; of_volume: loans weighted by the amount
    lent), vintage, month_on_book, n (loans), k (loans, or CNY), share, low, high, clusters, design_effect, effective_n,
    why. Raises InputError where no loan was disbursed by then.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.vintages(population, every="year", months=12)["vintage"].unique().tolist()
    ['2021', '2022', '2023', '2024']
    """
    period = PERIODS[one_of("every", every, PERIODS)]
    lent = tape(book, until)
    vintage = pd.to_datetime(lent.lent, unit="D").to_period(period).astype(str)
    came = {line: _month_reached(lent, days) for line, days in LINES.items()}
    loans = with_groups(
        book, lent.loans.assign(vintage=vintage, lent_cny=lent.loans["amount_cny"], **came), by, "loan", until, bands
    )
    return by_group(loans, by, lambda part: pd.DataFrame(_cells(part, lent.end, months)))


@frame(
    statements="3.1c",
    counts="loan_months",
    keys="dpd_bucket next_bucket",
    reads=LENT,
)
def roll_rates(book: Book, *, by: By = None, bands: Bands = None, until: Day = None) -> pd.DataFrame:
    """Where loans in each bucket of days past due at the end of a month are at the end of the next (3.1c).

    Counted are loans with something left to pay at the end of a month, each month anew, up to the last month end
    by the day `until`. Loans of a borrower go together in the intervals.
    Columns: those of `by`, dpd_bucket (current, 1-29, 30-59, 60-89, 90+), next_bucket (these and paid_off), n
    (month ends of loans), k, share (of the row), low, high, clusters, design_effect, effective_n, why. A bucket that
    no loan was in has no share. Raises InputError where fewer than two month ends lie between the first loan and that
    day.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.roll_rates(population).groupby("dpd_bucket", sort=False)["share"].sum().round(6).tolist()[:2]
    [1.0, 1.0]
    """
    rows = with_groups(book, _month_ends(tape(book, until)), by, "loan", until, bands)
    return with_why(by_group(rows, by, lambda part: pd.DataFrame(_rolled(part))))


def month_on_book(lent: Whole, day: Whole) -> Whole:
    """The month on book by whose end a day has come: the least m with the same day m months later not before it.

    >>> month_on_book(np.array([0, 0]), np.array([31, 32])).tolist()  # 1970-01-01 to 1970-02-01 and to 1970-02-02
    [1, 2]
    """
    month, other = (each.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) for each in (lent, day))
    between = other - month
    return between + (months_later(lent, between) < day)


def _month_reached(lent: Tape, days: int) -> Whole:
    """The month on book by which each loan was so many days past due."""
    reached = lent.reached(days)
    return np.where(reached < UNREACHED, month_on_book(lent.lent, np.minimum(reached, lent.end)), UNREACHED)


def _cells(loans: pd.DataFrame, end: int, months: int) -> Iterator[dict[str, Any]]:
    """Every line, way of counting, vintage and month."""
    vintages = [(name, part, min(_seen(part, end), months)) for name, part in loans.groupby("vintage")]
    for line in LINES:
        for counted in ("of_loans", "of_volume"):
            for vintage, part, seen in vintages:
                keys = {"ever_past_due": line, "counted": counted, "vintage": vintage}
                for month, result in enumerate(_curve(part, line, counted, seen, months)):
                    yield {**keys, "month_on_book": month, **result}


def _curve(vintage: pd.DataFrame, line: str, counted: str, seen: int, months: int) -> Iterator[dict[str, Any]]:
    """The shares of one vintage, month by month; months of which not all is seen are missing."""
    who, came = pd.factorize(vintage["user_id"])[0], vintage[line].to_numpy()
    weights = None if counted == "of_loans" else vintage["lent_cny"].fillna(0).to_numpy()
    result = dict[str, Any]()
    for month in range(months + 1):
        if month <= seen:
            result = {**clustered_share(came <= month, who, weights), "why": None}
        else:
            missing = dict.fromkeys(("k", "share", "low", "high", "design_effect", "effective_n"), np.nan)
            result = result | missing | {"why": "too_young"}
        yield result


def _seen(vintage: pd.DataFrame, end: int) -> int:
    """The last month on book that every loan of a vintage had by the last day."""
    return int(month_on_book(vintage["lent"].to_numpy(), np.full(len(vintage), end + 1)).min()) - 1


def _month_ends(lent: Tape) -> pd.DataFrame:
    """Every open loan at each month end: loan_id, user_id, its bucket then and at the next, as codes of STATES."""
    first, last = (np.datetime64(int(day), "D") for day in (lent.lent.min(), lent.end + 1))
    ends = np.arange(first.astype("datetime64[M]") + 1, last.astype("datetime64[M]") + 1)
    ends = ends.astype("datetime64[D]").astype(np.int64) - 1
    if len(ends) < 2:
        raise InputError("loans: fewer than two month ends from the first loan to the last day. Allowed: two or more.")
    states = [buckets(lent.past_due(int(end))) for end in ends]
    parts = []
    for end, now, later in zip(ends, states, states[1:], strict=False):
        here = np.flatnonzero((lent.lent <= end) & (now < len(BUCKETS)))
        parts.append(lent.loans[["loan_id", "user_id"]].iloc[here].assign(now=now[here], later=later[here]))
    return pd.concat(parts, ignore_index=True)


def _rolled(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for code, bucket in enumerate(BUCKETS):
        here = rows[rows["now"] == code]
        clusters = pd.factorize(here["user_id"])[0]
        for other, state in enumerate(STATES):
            yield {"dpd_bucket": bucket, "next_bucket": state, **clustered_share(here["later"] == other, clusters)}
