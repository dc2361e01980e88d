"""Frames as the analyses take them: the named columns, checked, their rows numbered anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.core.errors import InputError
from loanpersona.tables import keys

ONE_DAY, SECOND = pd.Timedelta(days=1).as_unit("s"), pd.Timedelta(seconds=1).as_unit("s")
FOLDS = 5
SEED = 20230301
"""Of all that is drawn in an analysis, so that a frame is the same every time."""
CLASSES = tables.table("users").column("borrower_class").levels


def columns(frame: pd.DataFrame, name: str, wanted: Sequence[str]) -> pd.DataFrame:
    """These columns of a table, checked; a lender's rows may be numbered in any way, even twice.

    Raises InputError where there is no frame or no rows, or a column is missing or of another form.

    >>> columns(pd.DataFrame({"user_id": [3], "amount_cny": [500]}), "loans", ["amount_cny"]).to_dict("list")
    {'amount_cny': [500]}
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{name}: {type(frame).__name__} in place of a table. Allowed: a DataFrame.")
    if frame.empty:
        raise InputError(f"{name}: no rows. Allowed: at least one.")
    return tables.check(frame.reset_index(drop=True), name, wanted)[list(wanted)]


def with_users(
    rows: pd.DataFrame, users: pd.DataFrame, wanted: Sequence[str], of: Sequence[str], table: str = "loans"
) -> pd.DataFrame:
    """Rows of a table with columns of their borrowers; raises InputError where a borrower is missing."""
    kept = columns(rows, table, ["user_id", *wanted])
    people = columns(users, "users", ["user_id", *of]).set_index("user_id")
    if lost := keys.dangling(kept["user_id"], people.index.to_series()):
        raise InputError(f"{table}.user_id = {lost[1]}: no such user_id in users. Allowed: one of them.")
    return kept.assign(**{name: kept["user_id"].map(people[name]) for name in of})


def asked_for(applications: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """Columns of applications, `application_id`, `decided_at` and `outcome` among them.

    Raises InputError as `columns` does, and where one is approved without a time at which it was decided.
    """
    asked = columns(applications, "applications", wanted)
    timeless = asked.loc[(asked["outcome"] == "approved") & asked["decided_at"].isna(), "application_id"]
    if len(timeless):
        raise InputError(
            f"applications.decided_at: missing, but application {timeless.iloc[0]} is approved. "
            "Allowed: the time of the decision."
        )
    return asked


def last_applications(applications: pd.DataFrame) -> pd.DataFrame:
    """The last application of each user, borrower by borrower; wants `application_id`, `user_id`, `started_at`."""
    ordered = applications.sort_values(["user_id", "started_at", "application_id"])
    return ordered.drop_duplicates("user_id", keep="last").reset_index(drop=True)


def of_loans(instalments: pd.DataFrame, loan_ids: pd.Series) -> pd.DataFrame:
    """The instalments of these loans, with the position of the loan of each in a column `loan`; others are left out.

    Raises InputError where a loan has none.
    """
    place = pd.Index(loan_ids).get_indexer(instalments["loan_id"])
    bare = np.setdiff1d(np.arange(len(loan_ids)), place)
    if len(bare):
        missing = loan_ids.iloc[bare[0]]
        raise InputError(f"instalments: loan {missing} has none. Wanted: all instalments of every loan.")
    return instalments.assign(loan=place)[place >= 0].reset_index(drop=True)


def moment(given: pd.Timestamp | str | None, otherwise: pd.Timestamp) -> pd.Timestamp:
    """A local time that a caller may give as words or leave out; raises InputError for anything that is no time.

    A bare number is none: pandas would take 20241231 for a moment of 1970.
    """
    if given is None:
        return otherwise
    try:
        found = pd.NaT if isinstance(given, int | float) else pd.Timestamp(given)
    except (TypeError, ValueError) as error:
        raise _no_time(given) from error
    if pd.isna(found) or found.tz is not None:
        raise _no_time(given)
    return found


def _no_time(given: Any) -> InputError:
    return InputError(f"{given}: not a time. Allowed: a date such as 2024-12-31, local and without a zone.")


def end_of_day(given: pd.Timestamp | str | None, otherwise: pd.Timestamp) -> pd.Timestamp:
    """The last second of the day that a caller names, or of the day of `otherwise`: all of that day is looked at.

    Every `until` and `at` of an analysis is read here. Raises as `moment` does.

    >>> str(end_of_day("2024-12-31", pd.Timestamp("2025-03-01")))
    '2024-12-31 23:59:59'
    """
    return moment(given, otherwise).as_unit("s").normalize() + ONE_DAY - SECOND


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that a caller gives, such as a count of days; raises InputError below `least` or if it is none.

    Truth values, words and 12.0 are none; whole numbers of numpy are.

    >>> whole("days", 90, 1)
    90
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} = {value!r}: not a whole number from {least} on. Allowed: {least} or more.")
    return int(value)


def wholes(name: str, values: Any, least: int) -> list[int]:
    """Several whole numbers that a caller gives; raises as `whole` does, and where there is none.

    >>> wholes("within", (30, 90), 0)
    [30, 90]
    """
    if isinstance(values, str) or not isinstance(values, Iterable) or not (given := list(values)):
        raise InputError(
            f"{name} = {values!r}: not a list of whole numbers. Allowed: one or more, each from {least} on."
        )
    return [whole(name, value, least) for value in given]


def banded(values: pd.Series, bands: Sequence[str]) -> pd.Series:
    """Each whole number as the band it lies in; bands are words such as `6..10`, `21..` or `3`, in rising order.

    A first band such as `..2999` begins at zero.
    """
    starts = [int(band.partition("..")[0] or 0) for band in bands]
    return pd.cut(values, [*(start - 0.5 for start in starts), float("inf")], labels=list(bands))


def fold_of(ids: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The fold (0 to 4) of each borrower, by a hash of the id: it is the same whoever else is in the book.

    >>> fold_of([0, 1, 2, 3, 4]).tolist()
    [0, 4, 0, 1, 2]
    """
    found: np.ndarray[Any, np.dtype[np.int64]] = (pd.util.hash_array(np.asarray(ids, "int64")) % FOLDS).astype("int64")
    return found
