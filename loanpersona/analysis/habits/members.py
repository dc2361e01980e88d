"""What becomes of a limit (1.4g), and whom users bring (1.4f)."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.arguments import By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups
from loanpersona.analysis.habits.columns import HELD_DAYS, USES, brought, uses
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import mean, share
from loanpersona.tables.book import Book

YEAR = pd.DateOffset(years=1)


@frame(
    statements="1.4g",
    counts="limit_holders",
    keys="limit_use",
    reads={
        "applications": "application_id user_id started_at decided_at outcome",
        "loans": "loan_id user_id borrowed_at",
    },
)
def limit_use(book: Book, *, by: By = None, until: Day = None, days: int = HELD_DAYS) -> pd.DataFrame:
    """What users did with a limit they have had for at least `days` days by `until` (1.4g).

    A user holds a limit whose last application was approved.
    Columns: limit_use (never_drew, drew_once, drew_again), n (users), k, share, low, high (Wilson).
    Raises InputError where nobody has held a limit for so long.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.limit_use(population, days=365)["limit_use"].tolist()
    ['never_drew', 'drew_once', 'drew_again']
    """
    holders = uses(book, until, days).rename("use").rename_axis("user_id").reset_index()
    if holders.empty:
        raise InputError(
            f"applications: nobody has held a limit for {days} days by {until:%Y-%m-%d}. Allowed: at least one user."
        )
    holders = with_groups(book, holders, by, "user", until)
    return by_group(holders, by, _shares_of_uses)


def _shares_of_uses(holders: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame([{"limit_use": use, **share(holders["use"] == use)} for use in USES])


@frame(
    statements="1.4f",
    counts="users",
    estimate="per_user",
    written={
        "per_user": "ratio",
        "brought": "count",
        "share_ever": "share",
        "share_low": "share",
        "share_high": "share",
    },
    reads={"users": "user_id registered_at referred_by"},
)
def referral(book: Book, *, by: By = None, until: Day = None) -> pd.DataFrame:
    """The reproduction number: how many users a user has brought, of those registered a year before `until` (1.4f).

    Below one, referral alone dies out.
    Columns: n (users), per_user, low, high (of a mean), brought (users), share_ever (who brought any; Wilson),
    share_low, share_high. Raises InputError where nobody registered a year before, and where users brought one another
    in a circle.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.referral(population, by="cohort")["cohort"].tolist()
    ['everybody', '2021', '2022', '2023']
    """
    users = book.users[["user_id"]].assign(brought=book.users["user_id"].map(brought(book, until)))
    users = users[book.users["registered_at"] <= until - YEAR]
    if users.empty:
        raise InputError(
            f"users.registered_at: nobody registered a year before {until:%Y-%m-%d}. Allowed: at least one user."
        )
    return by_group(with_groups(book, users, by, "user", until), by, _brings)


def _brings(users: pd.DataFrame) -> dict[str, float]:
    result, ever = mean(users["brought"]), share(users["brought"] > 0)
    return {
        "n": result["n"],
        "per_user": result["value"],
        "low": max(result["low"], 0.0),
        "high": result["high"],
        "brought": int(users["brought"].sum()),
        "share_ever": ever["share"],
        "share_low": ever["low"],
        "share_high": ever["high"],
    }
