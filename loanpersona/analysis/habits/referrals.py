"""Member-get-member (1.4f): who was brought by another, how many a user brings, how the trees grow."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.frames import banded, columns, end_of_day
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import mean, share

TREES = ("1", "2", "3..5", "6..10", "11..")
EMBARRASSMENT = ("0..19", "20..39", "40..59", "60..79", "80..100")
"""Bands of embarrassment, in hundredths."""
YEAR = pd.DateOffset(years=1)


def referral(users: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Share of users brought by another, and of users who ever brought anyone (1.4f).

    Users registered by the end of the day `until` (by default that of the last registration) count; the second looks
    at those of them registered at least a year before.
    Columns: measure (brought_by_another, ever_brought), n (users), k, share, low, high.
    """
    users = _users(users, until)
    old = _cohort(users, until)
    rows = [("brought_by_another", users["referred_by"].notna()), ("ever_brought", old["brought"] > 0)]
    return pd.DataFrame([{"measure": measure, **share(holds)} for measure, holds in rows])


def reproduction(users: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """The reproduction number (1.4f): users that a user has brought, among those registered a year before `until`.

    Below one, referral alone dies out. Rows: each year of registration, and `everybody`. Columns: cohort (words),
    n (users), brought (users they brought by `until`), per_user, low, high.
    """
    users = _cohort(_users(users, until), until)
    years = users["registered_at"].dt.year
    cohorts = [*((str(year), users[years == year]) for year in sorted(years.unique())), ("everybody", users)]
    rows = []
    for cohort, part in cohorts:
        found = mean(part["brought"])
        ends = {"per_user": found["value"], "low": max(found["low"], 0.0), "high": found["high"]}
        rows.append({"cohort": cohort, "n": found["n"], "brought": int(part["brought"].sum()), **ends})
    return pd.DataFrame(rows)


def referral_trees(users: pd.DataFrame) -> pd.DataFrame:
    """Sizes of the trees that grow from users whom nobody brought (1.4f); 1 is a user who brought nobody.

    Columns: tree_size (band of users), trees, k, share, low, high, and users (in trees of that size).
    """
    sizes = _roots(_users(users)).value_counts()
    bands = banded(sizes, TREES)
    rows = [{"tree_size": band, **share(bands == band), "users": int(sizes[bands == band].sum())} for band in TREES]
    return pd.DataFrame(rows).rename(columns={"n": "trees"})


def referral_depth(users: pd.DataFrame) -> pd.DataFrame:
    """How far users are from one whom nobody brought (1.4f); generation 0 came by itself.

    Columns: generation, n (users), k, share, low, high.
    """
    depth = _depth(_users(users))
    return pd.DataFrame([{"generation": one, **share(depth == one)} for one in range(int(depth.max()) + 1)])


def referral_by_embarrassment(truth: pd.DataFrame) -> pd.DataFrame:
    """Willingness to bring an acquaintance by embarrassment (1.4f); needs the hidden table `truth`.

    Columns: embarrassment_band (hundredths), n (users), k (willing), share, low, high.
    """
    hidden = columns(truth, "truth", ["embarrassment", "would_refer"])
    bands = banded((100 * hidden["embarrassment"]).astype(int), EMBARRASSMENT)
    rows = [{"embarrassment_band": band, **share(hidden.loc[bands == band, "would_refer"])} for band in EMBARRASSMENT]
    return pd.DataFrame(rows)


def _users(users: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Users registered by the end of a day, with the number of users each had brought by then.

    Raises InputError where somebody was brought by a user who is not there, or a chain runs in a circle.
    """
    users = columns(users, "users", ["user_id", "registered_at", "referred_by"])
    by = users["referred_by"].dropna().astype("int64")
    strangers = by[~by.isin(users["user_id"])]
    if len(strangers):
        raise InputError(f"users.referred_by = {strangers.iloc[0]}: no such user. Allowed: a user_id.")
    users = users[users["registered_at"] <= end_of_day(until, users["registered_at"].max())]
    brought = users["user_id"].map(users["referred_by"].value_counts())
    return users.assign(brought=brought.fillna(0).astype(int))


def _cohort(users: pd.DataFrame, until: pd.Timestamp | str | None) -> pd.DataFrame:
    end = end_of_day(until, users["registered_at"].max())
    old = users[users["registered_at"] <= end - YEAR]
    if old.empty:
        raise InputError(
            f"users.registered_at: nobody registered a year before {end:%Y-%m-%d}. Allowed: at least one user."
        )
    return old


def _chain(users: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The root of every user's tree and the steps to it, by user; walked step by step for all at once."""
    ids = pd.Index(users["user_id"])
    by = pd.Series(users["referred_by"].to_numpy(dtype=object, na_value=None), ids)
    root, depth = pd.Series(ids, ids), pd.Series(0, ids)
    for _ in range(len(ids)):
        above = root.map(by)
        going = above.notna()
        if not going.any():
            return root, depth
        root = root.where(~going, above).astype("int64")
        depth = depth + going
    raise InputError("users.referred_by: users brought one another in a circle. Allowed: a tree.")


def _roots(users: pd.DataFrame) -> pd.Series:
    return _chain(users)[0]


def _depth(users: pd.DataFrame) -> pd.Series:
    return _chain(users)[1]
