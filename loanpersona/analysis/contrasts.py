"""Groups against one of them, or each against the rest: differences that hold together, and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.groups import EVERYBODY, REST
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.estimates.shares import LEVEL, difference, ratio

ENDS = [f"{name}{end}" for name in ("difference", "risk_ratio") for end in ("", "_low", "_high")]


def with_contrast(shares: pd.DataFrame, by: Sequence[str], against: str | None) -> pd.DataFrame:
    """Shares of independent people in groups, with their difference from and ratio to those `against`.

    `against` is a level of `by`, or `rest`: all who are not of the row's own level. The intervals of the differences
    hold together (Bonferroni over the rows), those of the ratios one by one. Raises InputError where `by` is not one
    column, or nobody is of that level.
    """
    if against is None:
        return shares
    groups = [one for one in (shares[by[0]].unique() if len(by) == 1 else ()) if one != EVERYBODY]
    if against not in {*groups, REST}:
        hint = did_you_mean(against, [*groups, REST]) if groups else "Allowed: with one column in by=."
        raise InputError(f"against = {against}: no group. {hint}")
    compared = ~shares[by[0]].isin([EVERYBODY, against])
    keys = list(shares.columns[1 : shares.columns.get_loc("n")])
    counts = shares.set_index([by[0], *keys])[["k", "n"]].sort_index()
    level = 1 - (1 - LEVEL) / max(1, int(compared.sum()))
    rows = [
        _contrast(
            row, counts.loc[(EVERYBODY if against == REST else against, *(row[key] for key in keys))], against, level
        )
        if one
        else dict.fromkeys(ENDS, np.nan)
        for one, row in zip(compared, shares.to_dict("records"), strict=True)
    ]
    return pd.concat([shares, pd.DataFrame(rows, index=shares.index)], axis=1)


def _contrast(row: dict[Any, Any], other: pd.Series, against: str, level: float) -> dict[str, float]:
    here, there = (row["k"], row["n"]), (int(other["k"]), int(other["n"]))
    if against == REST:
        there = there[0] - here[0], there[1] - here[1]
    if not here[1] or not there[1]:
        return dict.fromkeys(ENDS, np.nan)
    one, other_share = here[0] / here[1], there[0] / there[1]
    values = [one - other_share, *difference(here, there, level), one / other_share if other_share else np.nan]
    return dict(zip(ENDS, [*values, *ratio(here, there)], strict=True))
