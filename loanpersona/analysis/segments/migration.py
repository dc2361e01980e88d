"""Lifecycle segments over time (3.1b): the mix, how borrowers move, how long they stay, what they bring.

All is read off standings at the end of days, by one of two bases that are never mixed: every frame names its own.
"""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.frames import ONE_DAY, columns, whole
from loanpersona.analysis.membership import lifecycle, states
from loanpersona.analysis.segment_reader import LEFT
from loanpersona.analysis.segment_rules import Rules
from loanpersona.analysis.snapshot import History, as_of, history
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, shares
from loanpersona.estimates.survival import kaplan_meier

RECENT = 90
PAIRS = 4
"""Pairs of days that transitions are pooled over: with 90 days between, a year."""


def lifecycle_mix(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
) -> pd.DataFrame:
    """Share of the base in each lifecycle segment at the end of the day `at` (3.1b).

    Columns: base, segment, n (borrowers of the base), k, share, low, high. Raises as `lifecycle` does.
    """
    found = lifecycle(applications, loans, instalments, at, base=base, rules=rules)
    return _with_base(shares(found["segment"]), base)


def lifecycle_by_month(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
) -> pd.DataFrame:
    """Share of the base in each lifecycle segment at the end of each month up to the day `at` (3.1b).

    Columns: base, as_of, segment, n (borrowers of the base), k, share, low, high; from the first month with anybody
    in the base on. Raises as `lifecycle` does, and where no month has ended.
    """
    found = _monthly(history(applications, loans, instalments), at, base, rules)
    parts = [shares(part["segment"]).assign(as_of=day) for day, part in found.groupby("as_of")]
    every = pd.concat(parts, ignore_index=True)
    every.insert(0, "as_of", every.pop("as_of"))
    return _with_base(every, base)


def transitions(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
    days: int = 90,
    pairs: int = PAIRS,
) -> pd.DataFrame:
    """From which segment to which borrowers move in `days` days (3.1b), the last `pairs` such spans taken together.

    Columns: base, segment (before), within_days, segment_after (a segment, or left_base), n (borrowers and spans), k,
    share (of the row), low, high, clusters, design_effect, effective_n: a borrower's spans go together. Segments that
    nobody was in have no rows. Raises InputError where the base was empty at the beginning of all spans, or `days` or
    `pairs` is not a whole number from 1 on.
    """
    days, pairs = whole("days", days, 1), whole("pairs", pairs, 1)
    known = history(applications, loans, instalments)
    last = as_of(known, at)
    stops = [last - back * days * ONE_DAY for back in range(pairs, -1, -1)]
    found = states(known, stops, base, rules)[["as_of", "user_id", "segment"]]
    after = found.assign(as_of=found["as_of"] - days * ONE_DAY).rename(columns={"segment": "segment_after"})
    moved = found[found["as_of"] < last].merge(after, on=["as_of", "user_id"], how="left")
    if moved.empty:
        raise InputError(f"loans: the base {base} was empty {days} days before {last:%Y-%m-%d}. Allowed: a later day.")
    to = [*found["segment"].cat.categories, LEFT]
    moved["segment_after"] = moved["segment_after"].cat.set_categories(to).fillna(LEFT)
    rows = [
        {
            "segment": one,
            "within_days": days,
            "segment_after": other,
            **clustered_share(part["segment_after"] == other, part["user_id"]),
        }
        for one, part in moved.groupby("segment", observed=True)
        for other in to
    ]
    return _with_base(pd.DataFrame(rows), base)


def time_in_segment(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
) -> pd.DataFrame:
    """How long borrowers stay in a segment, in months (3.1b): a Kaplan–Meier curve each, read off month ends.

    A stay begins at the first month end in the segment and ends at the first one out of it, or out of the base; a stay
    that has not ended by the last month is censored there, and one that began before the first month is left out. Each
    borrower gives a curve the first stay only. Columns: base, segment, months_there, at_risk, moved_on, still_there,
    low, high. Raises as `lifecycle_by_month` does.
    """
    stays = _stays(_monthly(history(applications, loans, instalments), at, base, rules))
    parts = []
    for segment, part in stays.groupby("segment", observed=True):
        curve = kaplan_meier(part["months"], part["ended"]).assign(segment=segment)
        parts.append(curve.rename(columns={"days": "months_there", "events": "moved_on", "survival": "still_there"}))
    if not parts:
        raise InputError("loans: no stay in a segment began after the first month end. Allowed: at least one.")
    found = pd.concat(parts, ignore_index=True)
    found.insert(0, "segment", found.pop("segment"))
    return _with_base(found, base)


def weight_of_segments(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
) -> pd.DataFrame:
    """What share of borrowers, of the balance and of the volume lent in the last 90 days each segment holds (3.1b).

    Columns: base, segment, measure (of_borrowers, of_balance, of_recent_volume), n (borrowers), k (borrowers, or CNY),
    share, low, high, clusters, design_effect, effective_n.
    """
    known = history(applications, loans, instalments)
    last = as_of(known, at)
    found = states(known, [last], base, rules)
    taken = columns(loans, "loans", ["loan_id", "user_id", "amount_cny", "disbursed_at"])
    day = taken["disbursed_at"].dt.normalize()
    lately = taken[(day <= last) & (day > last - RECENT * ONE_DAY)].groupby("user_id")["amount_cny"].sum()
    weights = {
        "of_borrowers": None,
        "of_balance": found["balance_cny"],
        "of_recent_volume": found["user_id"].map(lately).fillna(0),
    }
    rows = [
        {"segment": one, "measure": measure, **clustered_share(found["segment"] == one, found["user_id"], weight)}
        for one in found["segment"].cat.categories
        for measure, weight in weights.items()
    ]
    return _with_base(pd.DataFrame(rows), base)


def _monthly(known: History, at: pd.Timestamp | str | None, base: str, rules: Rules | None) -> pd.DataFrame:
    """The states at all month ends up to a day."""
    last = as_of(known, at)
    days = list(pd.date_range(known.first_approval, last, freq="ME"))
    if not days:
        raise InputError(f"applications: no month has ended by {last:%Y-%m-%d}. Allowed: a later day.")
    return states(known, days, base, rules)


def _stays(found: pd.DataFrame) -> pd.DataFrame:
    """The first stay of each borrower in each segment that was seen to begin: user_id, segment, months, ended."""
    month = found["as_of"].dt.year * 12 + found["as_of"].dt.month
    rows = found.assign(month=month).sort_values(["user_id", "month"])
    follows = (
        rows["user_id"].eq(rows["user_id"].shift())
        & rows["segment"].eq(rows["segment"].shift())
        & rows["month"].eq(rows["month"].shift() + 1)
    )
    stay = rows.groupby((~follows).cumsum().rename("stay"))
    first = stay[["user_id", "segment", "month"]].first()
    months = stay.size()
    every = first.assign(months=months, ended=first["month"] + months - 1 < month.max())
    every = every[every["month"] > month.min()]
    return every.drop_duplicates(["user_id", "segment"])


def _with_base(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    frame.insert(0, "base", base)
    return frame
