"""Lifecycle segments over time (3.1b): how users move between them, and how long they stay.

All is read off standings at the end of days, by one of two bases that are never mixed: every frame names its own.
"""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.arguments import DAY, By, Day, one_of, whole
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups
from loanpersona.analysis.segments.history import history
from loanpersona.analysis.segments.membership import READS, members
from loanpersona.analysis.segments.mixes import month_ends
from loanpersona.analysis.segments.rule_file import LEFT
from loanpersona.analysis.segments.segmentation import Rules
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share
from loanpersona.estimates.survival import kaplan_meier
from loanpersona.tables.book import Book

LASTING = ("operable", "borrowed")
"""Bases whose users all have a lifecycle segment."""


@frame(
    statements="3.1b 3.2d 3.2e",
    counts="stays",
    keys="base segment segment_after",
    written={"within_days": "days"},
    reads=READS,
    assumes="operable_days",
)
def transitions(
    book: Book,
    *,
    by: By = None,
    at: Day = None,
    days: int = 90,
    rules: Rules | None = None,
    base: str = "operable",
    pairs: int = 4,
) -> pd.DataFrame:
    """From which lifecycle segment to which users move in `days` days, the last `pairs` such spans together (3.1b).

    The base is `operable` or `borrowed`, as in `mix`. Columns: base, segment (before), segment_after (a segment, or
    left_base), within_days, n (users and spans), k, share (of the row), low, high (clustered by user), clusters,
    design_effect, effective_n. Segments that nobody was in have no rows. Raises InputError where the base was empty at
    the beginning of all spans.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.transitions(population, days=30)["within_days"].unique().tolist()
    [30]
    """
    moved = with_groups(book, _spans(book, at, whole("days", days, 1), rules, base, pairs), by, "user", at)
    result = by_group(moved, by, _moves).assign(base=base, within_days=days)
    return result[[*by, "base", "segment", "segment_after", "within_days", *result.loc[:, "n":"effective_n"]]]


@frame(
    statements="3.1b",
    counts="stays",
    keys="base segment months_there",
    written={"months_there": "count", "at_risk": "count", "events": "count"},
    reads=READS,
    assumes="operable_days",
)
def time_in_segment(
    book: Book, *, by: By = None, at: Day = None, rules: Rules | None = None, base: str = "operable"
) -> pd.DataFrame:
    """Share still in a lifecycle segment after so many months: a Kaplan-Meier curve each, read off month ends (3.1b).

    A stay begins at the first month end in the segment and ends at the first one out of it, or out of the base; one
    that has not ended by the last month is censored there, one that began before the first is left out. Of each user
    the first stay in a segment counts. The base is `operable` or `borrowed`. Columns: base, segment, months_there, n
    (stays), at_risk, events (stays that ended), share, low, high (Greenwood, log-log). Raises InputError where none
    began.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.time_in_segment(population)["share"].head(1).tolist()
    [1.0]
    """
    one_of("base", base, LASTING)
    stays = _stays(members(book, ["lifecycle"], base, month_ends(book, at), rules))
    if stays.empty:
        raise InputError("loans: no stay in a segment began after the first month end. Allowed: at least one.")
    result = by_group(with_groups(book, stays, by, "user", at), by, _curves)
    result.insert(len(by), "base", base)
    return result


def _spans(book: Book, at: pd.Timestamp, days: int, rules: Rules | None, base: str, pairs: int) -> pd.DataFrame:
    """Everybody in the base at the beginning of a span, with the segments before and after."""
    one_of("base", base, LASTING)
    # Before the first approval there is nobody, however many spans are wanted.
    most = min(pairs, max((at - history(book).first_approval).days // days, 0))
    stops = [at - back * days * DAY for back in range(most, -1, -1)]
    rows = members(book, ["lifecycle"], base, stops, rules).rename(columns={"lifecycle": "segment"})
    after = rows.assign(as_of=rows["as_of"] - days * DAY).rename(columns={"segment": "segment_after"})
    moved = rows[rows["as_of"] < at.normalize()].merge(after, on=["as_of", "user_id"], how="left")
    if moved.empty:
        raise InputError(f"base = {base}: nobody was in it {days} days before {at:%Y-%m-%d}. Allowed: a later day.")
    to = [*rows["segment"].cat.categories, LEFT]
    return moved.assign(segment_after=moved["segment_after"].cat.set_categories(to).fillna(LEFT))


def _moves(moved: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"segment": one, "segment_after": other, **clustered_share(part["segment_after"] == other, part["user_id"])}
        for one, part in moved.groupby("segment", observed=True)
        for other in part["segment_after"].cat.categories
    ]
    return pd.DataFrame(rows)


def _stays(rows: pd.DataFrame) -> pd.DataFrame:
    """The first stay of each user in each segment that was seen to begin: user_id, segment, months, ended."""
    month = rows["as_of"].dt.year * 12 + rows["as_of"].dt.month
    rows = rows.rename(columns={"lifecycle": "segment"}).assign(month=month).sort_values(["user_id", "month"])
    follows = (
        rows["user_id"].eq(rows["user_id"].shift())
        & rows["segment"].eq(rows["segment"].shift())
        & rows["month"].eq(rows["month"].shift() + 1)
    )
    stay = rows.groupby((~follows).cumsum().rename("stay"))
    first = stay[["user_id", "segment", "month"]].first()
    months = stay.size()
    every = first.assign(months=months, ended=first["month"] + months - 1 < month.max())
    return every[every["month"] > month.min()].drop_duplicates(["user_id", "segment"]).reset_index(drop=True)


def _curves(stays: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for segment, part in stays.groupby("segment", observed=True):
        curve = kaplan_meier(part["months"], part["ended"]).rename(
            columns={"days": "months_there", "survival": "share"}
        )
        parts.append(curve.assign(segment=segment, n=len(part)))
    return pd.concat(parts, ignore_index=True)[
        ["segment", "months_there", "n", "at_risk", "events", "share", "low", "high"]
    ]
