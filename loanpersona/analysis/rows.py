"""Rows that several rooms pick in the same way: last applications, instalments of loans, folds of users."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError

FOLDS = 5
SEED = 20230301
"""Of all that is drawn in an analysis, so that a frame is the same every time."""


def last_applications(applications: pd.DataFrame) -> pd.DataFrame:
    """The last application of each user, borrower by borrower; wants `application_id`, `user_id`, `started_at`."""
    ordered = applications.sort_values(["user_id", "started_at", "application_id"])
    return ordered.drop_duplicates("user_id", keep="last").reset_index(drop=True)


def first_times(of: pd.Series, events: pd.DataFrame, name: str) -> pd.Series:
    """The first time in a column of events of each of these users, missing where there is none, or no event at all."""
    return events.groupby("user_id")[name].min().reindex(of).set_axis(of.index)


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


def fold_of(ids: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The fold (0 to 4) of each borrower, by a hash of the id: it is the same whoever else is in the book.

    >>> fold_of([0, 1, 2, 3, 4]).tolist()
    [0, 4, 0, 1, 2]
    """
    result: np.ndarray[Any, np.dtype[np.int64]] = (pd.util.hash_array(np.asarray(ids, "int64")) % FOLDS).astype("int64")
    return result
