"""Late instalments and loans gone bad, of groups of loans and in relation to one of the groups."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from loanpersona.analysis.old_outcomes import outcomes, read
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_part, risk_ratio


def risk_by(
    lent: pd.DataFrame, by: str, levels: Sequence[str], instalments: pd.DataFrame, until: pd.Timestamp | str | None
) -> pd.DataFrame:
    """Both measures of risk of groups of loans, and the ratio of each group to the last of `levels`.

    `lent` holds loans with the group of each in the column `by`. Measures: late_first_day (of the instalments due on
    loans not behind before) and bad_12_months (of the loans old enough), as `credit.loan_outcomes` has them. Columns:
    measure, by, n, k, share, low, high, clusters, risk_ratio, risk_ratio_low, risk_ratio_high (missing for the group
    compared with). Raises InputError where no instalment was due, or no loan old enough, by the day `until`.
    """
    book = read(lent, instalments, until)
    found = outcomes(book)
    found[by] = found["loan_id"].map(lent.set_index("loan_id")[by])
    if not found["due"].any():
        raise InputError(f"instalments: none fell due before {book.day}. Allowed: at least one.")
    if found["bad"].isna().all():
        raise InputError(f"loans: none is twelve months old at {book.day}. Allowed: at least one.")
    late = found.assign(k=found["late"], n=found["due"])
    bad = found.assign(k=found["bad"].fillna(value=False).astype(int), n=found["bad"].notna().astype(int))
    parts = [
        _compared(rows[rows["n"] > 0], by, levels).assign(measure=measure)
        for measure, rows in (("late_first_day", late), ("bad_12_months", bad))
    ]
    every = pd.concat(parts, ignore_index=True)
    every.insert(0, "measure", every.pop("measure"))
    return every


def _compared(rows: pd.DataFrame, by: str, levels: Sequence[str]) -> pd.DataFrame:
    """The share of each group, and its ratio to that of the last: `k` of `n` things in each row."""
    groups = {one: rows[rows[by] == one] for one in levels}
    found = pd.DataFrame(
        [{by: one, **clustered_part(part["k"], part["n"], part["user_id"])} for one, part in groups.items()]
    )
    ratios = [
        risk_ratio(rows["k"], rows["n"], rows[by] == one, rows[by] == levels[-1], rows["user_id"])
        for one in levels[:-1]
    ]
    return found.drop(columns=["design_effect", "effective_n"]).join(pd.DataFrame(ratios))
