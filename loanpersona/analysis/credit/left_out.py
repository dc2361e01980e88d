"""Who is approved how often: approval rates of groups over one another, by the lender and by the scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.credit.binning import Cuts, attributes
from loanpersona.analysis.credit.challengers import LEFT_OUT
from loanpersona.analysis.credit.scorecards import applicants, out_of_fold, sample
from loanpersona.analysis.frames import columns
from loanpersona.core import catalog
from loanpersona.estimates.shares import LEVEL, share, z


def approval_ratios(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    bands: Mapping[str, Cuts] | None = None,
) -> pd.DataFrame:
    """Approval rates by sex, region and marital status, and their ratio to that of the largest group of each.

    Of everybody whose application was decided (the last one). The scorecard approves as many users as the lender did,
    those with the least risk, each scored by a card made without them. Columns: trait, group, decided_by (lender,
    scorecard), n (users), k (approved), share, low, high (Wilson), approval_ratio, approval_ratio_low,
    approval_ratio_high (missing for the largest group), line (four fifths, see `scorecard.yaml`). Raises as
    `scorecard` does.
    """
    given = sample(users, applications, loans, instalments, until, attributes(bands))
    last, inside = applicants(users, applications, given.attributes, until)
    people = columns(users, "users", ["user_id", *LEFT_OUT]).set_index("user_id").loc[last.index]
    approved = (last["outcome"] == "approved").to_numpy()
    decisions = {"lender": approved, "scorecard": least_risky(out_of_fold(given, inside), int(approved.sum()))}
    rows = []
    for trait in LEFT_OUT:
        sizes = people[trait].value_counts(sort=False)
        for group in sizes.index[sizes > 0]:
            for name, decision in decisions.items():
                found = _compared(decision, people[trait] == group, people[trait] == sizes.idxmax())
                rows.append({"trait": trait, "group": str(group), "decided_by": name, **found})
    return pd.DataFrame(rows).assign(line=float(catalog.load("scorecard")["approval_ratio"]["line"]))


def least_risky(risk: pd.Series, many: int) -> Any:
    """Whether each borrower is among so many with the least risk; of equals a hash of the id decides.

    >>> least_risky(pd.Series([0.3, 0.1, 0.2], index=[7, 8, 9]), 2).tolist()
    [False, True, True]
    """
    order = np.lexsort((pd.util.hash_array(risk.index.to_numpy("int64")), risk.to_numpy()))
    found = np.zeros(len(risk), bool)
    found[order[:many]] = True
    return found


def _compared(approved: Any, inside: pd.Series, reference: pd.Series) -> dict[str, float]:
    """The approval rate of a group, and its ratio to that of the reference."""
    one, other = (share(pd.Series(approved[group.to_numpy()])) for group in (inside, reference))
    ends = (np.nan,) * 3 if inside.equals(reference) else rate_ratio(one["k"], one["n"], other["k"], other["n"])
    return {**one, **dict(zip(("approval_ratio", "approval_ratio_low", "approval_ratio_high"), ends, strict=True))}


def rate_ratio(k: float, n: float, other_k: float, other_n: float, level: float = LEVEL) -> tuple[float, float, float]:
    """The ratio of two shares of different people, with its interval; missing where nobody counts in one of them.

    Source: Katz, Baptista, Azen and Pike (1978).

    >>> [round(end, 3) for end in rate_ratio(30, 100, 40, 100)]
    [0.75, 0.511, 1.101]
    """
    if not (k and other_k):
        return (np.nan,) * 3
    value = (k / n) / (other_k / other_n)
    half = z(level) * sqrt(1 / k - 1 / n + 1 / other_k - 1 / other_n)
    return value, exp(log(value) - half), exp(log(value) + half)
