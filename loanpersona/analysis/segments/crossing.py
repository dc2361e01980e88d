"""The three segmentations on the same people (3.1a to 3.1c), and the money that lies in each cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import columns, end_of_day
from loanpersona.analysis.membership import process, quality
from loanpersona.analysis.segment_reader import NO_LIMIT, NO_SCORE, rules_or_shipped
from loanpersona.analysis.segment_rules import Rules
from loanpersona.analysis.snapshot import as_of, history
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, share

BY = ("process", "lifecycle", "quality")
MONEY = {"limit_cny": "limit", "balance_cny": "balance_owed", "volume_cny": "year_volume"}
APPROVED = "approved"
"""The process segment of those who have a limit."""
VOLUME_MONTHS = pd.DateOffset(months=12)


def segmented(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """Everybody who began an application by the end of the day `at`, with all three segments and the money.

    An application that was handed in by then and decided later is not known yet and left out.
    Columns: user_id; process; lifecycle (of all who were ever approved by then; else no_limit); quality (no_score
    where no application was handed in); limit_cny (of the last approval), balance_cny (principal owed), volume_cny
    (paid out in the twelve months before). Raises InputError as the three segmentations do.
    """
    known = history(applications, loans, instalments)
    day = as_of(known, at)
    end = end_of_day(day, day)
    asked = _known(applications, end)
    if asked.empty:
        raise InputError(f"applications: none was begun by {day:%Y-%m-%d}. Allowed: a later day.")
    by = rules_or_shipped(rules)
    people = process(asked, by).set_index("user_id")["segment"].rename("process").to_frame()
    standing = known.standing(day).set_index("user_id")
    states = by.lifecycle.assign(standing) if len(standing) else pd.Series(dtype="object")
    tiers = quality(asked, by).set_index("user_id")["segment"]
    found = {
        "lifecycle": _named(states, people.index, by.lifecycle.segments, NO_LIMIT),
        "quality": _named(tiers, people.index, by.quality.segments, NO_SCORE),
        "limit_cny": _limits(asked, end),
        "balance_cny": standing["balance_cny"],
        "volume_cny": _volume(loans, end),
    }
    money = {name: found[name].reindex(people.index).fillna(0.0) for name in MONEY}
    return people.assign(**{**found, **money}).reset_index()


def crossed(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """How many users, and how much money, lie in each cell of process, lifecycle and quality; empty cells are left out.

    Columns: process, lifecycle, quality (words, as in `segmented`), n (all users), k (in the cell), share, low, high
    (Wilson), limit_cny, balance_cny, volume_cny (sums), share_of_limit, share_of_balance_owed, share_of_year_volume (of
    all). Users add up to everybody, and money to all there is. Raises as `segmented` does.
    """
    people = segmented(applications, loans, instalments, at, rules)
    totals = people[list(MONEY)].sum()
    rows = []
    for keys, group in people.groupby(list(BY), observed=True):
        sums = group[list(MONEY)].sum()
        parts = {f"share_of_{MONEY[name]}": _over(sums[name], totals[name]) for name in MONEY}
        inside = share(people.index.isin(group.index))
        rows.append({**dict(zip(BY, map(str, keys), strict=True)), **inside, **sums.to_dict(), **parts})
    return pd.DataFrame(rows).round({"balance_cny": 2}).astype({"limit_cny": "int64", "volume_cny": "int64"})


def crossed_approved(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    rules: Rules | None = None,
) -> pd.DataFrame:
    """Lifecycle by quality among the users who are approved: their share of users, limits, balance and volume.

    Columns: measure (of_users, of_limit, of_balance_owed, of_year_volume: of the twelve months before), lifecycle,
    quality (all cells), n (users), share, low, high (the money of a user goes together). Raises as `segmented` does,
    and where the rules have no process segment `approved` or nobody is in it.
    """
    people = segmented(applications, loans, instalments, at, rules)
    if APPROVED not in (names := people["process"].cat.categories):
        raise InputError(f"rules: process has no segment '{APPROVED}' but {', '.join(names)}. Allowed: rules with it.")
    people = people[people["process"] == APPROVED]
    if people.empty:
        raise InputError("applications: nobody is approved. Allowed: at least one user.")
    weights = {"of_users": None, **{f"of_{said}": people[name] for name, said in MONEY.items()}}
    levels = [[one for one in people[name].cat.categories if one not in {NO_LIMIT, NO_SCORE}] for name in BY[1:]]
    rows = []
    for measure, weight in weights.items():
        for state in levels[0]:
            for tier in levels[1]:
                inside = (people["lifecycle"] == state) & (people["quality"] == tier)
                found = clustered_share(inside, people["user_id"], weight)
                ends = {name: found[name] for name in ("n", "share", "low", "high")}
                rows.append({"measure": measure, "lifecycle": state, "quality": tier, **ends})
    return pd.DataFrame(rows)


def _known(applications: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    times = columns(applications, "applications", ["started_at", "decided_at"])
    return applications[((times["started_at"] <= end) & ~(times["decided_at"] > end)).to_numpy()]


def _named(segments: pd.Series, people: pd.Index, names: Any, otherwise: str) -> pd.Series:
    """The segment of each of the people as a category, with one more for those who have none."""
    return segments.astype(object).reindex(people).fillna(otherwise).astype(pd.CategoricalDtype([*names, otherwise]))


def _limits(asked: pd.DataFrame, end: pd.Timestamp) -> pd.Series:
    """The limit of each user's last approval by a time."""
    wanted = ["application_id", "user_id", "decided_at", "outcome", "limit_cny"]
    approved = columns(asked, "applications", wanted)
    approved = approved[(approved["outcome"] == "approved") & (approved["decided_at"] <= end)]
    last = approved.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id", keep="last")
    return last.set_index("user_id")["limit_cny"].astype(float)


def _volume(loans: pd.DataFrame, end: pd.Timestamp) -> pd.Series:
    """What was paid out to each borrower in the twelve months up to a time."""
    lent = columns(loans, "loans", ["loan_id", "user_id", "amount_cny", "disbursed_at"])
    lent = lent[(lent["disbursed_at"] <= end) & (lent["disbursed_at"] > end - VOLUME_MONTHS)]
    return lent.groupby("user_id")["amount_cny"].sum().astype(float)


def _over(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
