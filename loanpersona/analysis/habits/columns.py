"""Columns that habits make of a book, to group users by: referral, and the use of a limit."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.arguments import DAY
from loanpersona.analysis.groups import made
from loanpersona.core.errors import InputError
from loanpersona.tables.book import Book, kept

USES = ("never_drew", "drew_once", "drew_again")
HELD_DAYS = 180


@made("user")
def referred(book: Book, _: pd.Timestamp) -> pd.Series:
    """Whether a user was brought by another."""
    return referrers(book).notna()


@made("user", ahead=True)
def ever_referred(book: Book, until: pd.Timestamp) -> pd.Series:
    """Whether a user has brought another by a day."""
    return brought(book, until) > 0


@kept
def brought(book: Book, until: pd.Timestamp) -> pd.Series:
    """How many users each user has brought by a day, by user."""
    registered = _users(book, "registered_at")["registered_at"]
    counts = referrers(book)[registered <= until].value_counts()
    return counts.reindex(registered.index, fill_value=0).astype(int)


@kept
def referrers(book: Book) -> pd.Series:
    """Who brought each user; raises InputError where a chain runs in a circle, and names one who stands in it."""
    by = _users(book, "referred_by")["referred_by"]
    step = by.dropna()
    for _ in range(len(step).bit_length()):  # each round doubles the steps; then only circles go on
        step = step.map(step).dropna()
    if len(step):
        raise InputError(
            f"users.referred_by = {step.iloc[0]}: this user stands in a circle of users who brought one another. "
            "Allowed: somebody who was there before."
        )
    return by


@kept
def limits(book: Book, until: pd.Timestamp) -> pd.Series:
    """Users whose last application begun by a day was approved: the time of the decision, by user."""
    book.need({"applications": ("user_id", "started_at", "decided_at", "outcome")})
    begun = book.applications[book.applications["started_at"] <= until]
    last = begun.sort_values(["user_id", "started_at", "application_id"]).drop_duplicates("user_id", keep="last")
    return last[last["outcome"] == "approved"].set_index("user_id")["decided_at"]


@kept
def uses(book: Book, until: pd.Timestamp, days: int) -> pd.Series:
    """What each user did who has held a limit for so many days, by user."""
    book.need({"loans": ("user_id", "borrowed_at")})
    decided = limits(book, until)
    holders = decided[decided <= until - days * DAY]
    drawn = book.loans.loc[book.loans["borrowed_at"] <= until, "user_id"].value_counts()
    many = drawn.reindex(holders.index, fill_value=0).clip(upper=2)
    return pd.Series(pd.Categorical.from_codes(many, list(USES), ordered=True), holders.index)


@made("user", ahead=True)
def limit_use(book: Book, until: pd.Timestamp) -> pd.Series:
    """What users with a limit of half a year or more did with it: never drew, drew once, drew again."""
    return uses(book, until, HELD_DAYS)


def _users(book: Book, column: str) -> pd.DataFrame:
    book.need({"users": (column,)})
    return book.users.set_index("user_id")
