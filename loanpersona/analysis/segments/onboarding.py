"""The way from registration to the first loan (3.1a): a funnel, where users leak, what they needed, who comes back.

Where a time is set, only users who were watched for all of it count, whatever became of them: leaving out those who
have not come through yet would make every rate too good. Days are whole ones: within 14 days means that no more than
14 have gone by in full. The day `until`, by default that of the last thing seen, is looked at to its end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import (
    ONE_DAY,
    SECOND,
    asked_for,
    columns,
    end_of_day,
    last_applications,
    whole,
    wholes,
)
from loanpersona.analysis.membership import process
from loanpersona.analysis.segment_rules import Rules
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import share, shares
from loanpersona.estimates.survival import come_within, kaplan_meier

TO_DRAW = (14, 90)
"""Days from approval within which a first drawdown is looked for."""
WITHIN = (14, 30, 90, 180, 365)


def process_mix(applications: pd.DataFrame, rules: Rules | None = None) -> pd.DataFrame:
    """Share of users in each process segment, by the last application (3.1a).

    Columns: segment, n (users who began an application), k, share, low, high.
    """
    return shares(process(applications, rules)["segment"])


def funnel(
    users: pd.DataFrame,
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    days: int = 30,
) -> pd.DataFrame:
    """How many of the registered come how far (3.1a), of the stage before and of the registered.

    Stages: registered; began an application; passed the steps identity, profile, bank_card, face_check; submission
    (handed in); approved: all within `days` days of registration. Then the first drawdown within 14 and within 90 days
    of approval, and so far: each of the approved. Only users count who were watched for `days` + 91 days by the end of
    `until`. Columns: stage, counted (of_stage_before, of_registered), n, k, share, low, high. Raises InputError where
    nobody was watched for so long or `days` is not a whole number from 0 on.
    """
    days = whole("days", days, 0)
    people = columns(users, "users", ["user_id", "registered_at"]).set_index("user_id")["registered_at"]
    asked = asked_for(applications, _ASKED)
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    end = end_of_day(until, _last(asked, taken["borrowed_at"]))
    watched = days + 1 + max(TO_DRAW)  # whoever is approved late on the last day is watched as long
    people = people[_watched(people, watched, end)]
    if people.empty:
        raise InputError(f"users: nobody was watched for {watched} days by {end:%Y-%m-%d}. Allowed: at least one.")
    came = _came(people, asked, taken[taken["borrowed_at"] <= end], days)
    rows = []
    for place, (stage, held) in enumerate(came.items()):
        before = list(came.values())[max(place - 1, 0)] if stage not in _DRAWN else came["approved"]
        rows.append({"stage": stage, "counted": "of_stage_before", **share(held[before])})
        rows.append({"stage": stage, "counted": "of_registered", **share(held)})
    return pd.DataFrame(rows)


_ASKED = ("application_id", "user_id", "started_at", "last_step", "submitted_at", "decided_at", "outcome")
_STEPS = tables.table("applications").columns["last_step"].levels
_DRAWN = ("drew_within_14", "drew_within_90", "drew_so_far")


def _came(people: pd.Series, asked: pd.DataFrame, taken: pd.DataFrame, days: int) -> dict[str, pd.Series]:
    """Which of the people came to each stage."""
    asked = asked[asked["user_id"].isin(people.index)]
    limit = _over(asked["user_id"].map(people), days)
    begun = asked[asked["started_at"] < limit]
    furthest = begun["last_step"].cat.codes.groupby(begun["user_id"]).max().reindex(people.index, fill_value=-1)
    handed = people.index.isin(asked.loc[asked["submitted_at"] < limit, "user_id"])
    approved = asked.loc[(asked["outcome"] == "approved") & (asked["decided_at"] < limit)]
    since = approved.groupby("user_id")["decided_at"].min().reindex(people.index)
    wait = taken.groupby("user_id")["borrowed_at"].min().reindex(people.index) - since
    passed = {step: furthest > place for place, step in enumerate(_STEPS[:-1])}
    drawn = {f"drew_within_{most}": wait < (most + 1) * ONE_DAY for most in TO_DRAW}
    return {
        "registered": people.notna(),
        "began": furthest >= 0,
        **passed,
        _STEPS[-1]: pd.Series(handed, people.index),
        "approved": since.notna(),
        **drawn,
        "drew_so_far": wait.notna(),
    }


def leaks(applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None = None) -> pd.DataFrame:
    """Where users leave, of those who came there (3.1a), by the last application.

    Places: the steps of the form; the decision (rejected); the drawdown (no loan within 90 days of approval; only those
    approved so long before the end of `until` count). Columns: place, n (users who came there), k, share, low, high.
    """
    left = _left(applications, loans, until)
    return pd.DataFrame([{"place": place, **share(part["left"])} for place, part in left.items()])


def leak_needs(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    signals: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """What those who left at each place needed (2.2a, 2.2b), as far as signals show it.

    A need counts if a sign of it was seen from the beginning of the last application on, or, of those who do not
    draw, within 90 days of approval; a user may show several. Columns: place, need (those that anybody showed,
    and none_seen), n (users who left there), k, share, low, high. Places that nobody left have no rows.
    Raises InputError where nobody left anywhere.
    """
    left = {place: part[part["left"]] for place, part in _left(applications, loans, until).items()}
    signs = columns(signals, "signals", ["user_id", "need", "at"])
    seen = {place: _seen(part, signs) for place, part in left.items() if len(part)}
    if not seen:
        raise InputError("applications: nobody left anywhere. Allowed: at least one user.")
    found = set().union(*(part.columns for part in seen.values()))
    needs = [need for need in (*signs["need"].cat.categories, "none_seen") if need in found]
    rows = [
        {"place": place, "need": need, **share(part[need] if need in part else pd.Series(False, part.index))}
        for place, part in seen.items()
        for need in needs
    ]
    return pd.DataFrame(rows)


def _left(applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None) -> dict[str, pd.DataFrame]:
    """The users who came to each place, and whether they left there; with the span in which they showed it."""
    asked = asked_for(applications, _ASKED)
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    end = end_of_day(until, _last(asked, taken["borrowed_at"]))
    last = last_applications(asked[asked["started_at"] <= end])
    last = last.assign(since=last["started_at"], to=end)
    step = last["last_step"].cat.codes
    found = {name: last[step >= place].assign(left=step == place) for place, name in enumerate(_STEPS[:-1])}
    decided = last[last["decided_at"] <= end]
    found["decision"] = decided.assign(left=decided["outcome"] == "rejected")
    since, approved = decided["decided_at"], decided["outcome"] == "approved"
    held = decided.assign(since=since, to=_over(since, max(TO_DRAW)))[approved & _watched(since, max(TO_DRAW), end)]
    first = held["user_id"].map(taken.groupby("user_id")["borrowed_at"].min())
    found["drawdown"] = held.assign(left=~(first < held["to"]))
    return found


def _seen(left: pd.DataFrame, signs: pd.DataFrame) -> pd.DataFrame:
    """Which needs each of the users showed in the span, by borrower; and who showed none."""
    near = signs.merge(left[["user_id", "since", "to"]], on="user_id")
    near = near[(near["at"] >= near["since"]) & (near["at"] <= near["to"])]
    found = pd.crosstab(near["user_id"], near["need"].astype(str)).reindex(left["user_id"], fill_value=0) > 0
    return found.assign(none_seen=~found.any(axis=1))


def returns(applications: pd.DataFrame, until: pd.Timestamp | str | None = None, days: int = 90) -> pd.DataFrame:
    """Who comes back within `days` days after a first application that was left or rejected (3.1a), and is approved.

    Counted from the decision, or from the beginning where there is none; only those watched for so long count.
    Columns: outcome (of the first application), within_days, measure (applied_again, approved_then), n, k, share,
    low, high.
    """
    days = whole("days", days, 0)
    asked = asked_for(applications, _ASKED).sort_values(["user_id", "started_at", "application_id"])
    end = end_of_day(until, _last(asked, asked["started_at"]))
    first = asked.drop_duplicates("user_id").set_index("user_id")
    later = asked[asked["user_id"].duplicated()]
    since = first["decided_at"].fillna(first["started_at"])
    limit, watched = _over(since, days), first[_watched(since, days, end)]
    again = later.groupby("user_id")["started_at"].min().reindex(watched.index) < limit[watched.index]
    granted = later[later["outcome"] == "approved"].groupby("user_id")["decided_at"].min()
    then = granted.reindex(watched.index) < limit[watched.index]
    measures = {"applied_again": again, "approved_then": then}
    rows = [
        {"outcome": outcome, "within_days": days, "measure": measure, **share(held[watched["outcome"] == outcome])}
        for outcome in ("incomplete", "rejected")
        for measure, held in measures.items()
    ]
    return pd.DataFrame(rows)


def time_to_first_loan(
    applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None = None
) -> pd.DataFrame:
    """Share of approved users who have not drawn yet, by days since approval: the Kaplan–Meier curve (3.1a).

    Who has not drawn by the end of `until` is censored there. Columns: days, at_risk, drew,
    not_drawn, low, high.
    """
    days, happened = _waits(applications, loans, until)
    return kaplan_meier(days, happened).rename(columns={"events": "drew", "survival": "not_drawn"})


def first_drawdown(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    until: pd.Timestamp | str | None = None,
    within: Sequence[int] = WITHIN,
) -> pd.DataFrame:
    """Share of approved users who have drawn within so many days (3.1a), read off the Kaplan–Meier curve.

    Columns: within_days, n (approved users), share, low, high; a share beyond the longest wait that was watched is
    missing.
    """
    days, happened = _waits(applications, loans, until)
    return come_within(days, happened, wholes("within", within, 0))


def _waits(
    applications: pd.DataFrame, loans: pd.DataFrame, until: pd.Timestamp | str | None
) -> tuple[np.ndarray, np.ndarray]:
    asked = asked_for(applications, _ASKED)
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    end = end_of_day(until, _last(asked, taken["borrowed_at"]))
    approved = asked[(asked["outcome"] == "approved") & (asked["decided_at"] <= end)]
    if approved.empty:
        raise InputError(f"applications: nobody was approved by {end:%Y-%m-%d}. Allowed: at least one.")
    since = approved.groupby("user_id")["decided_at"].min()
    first = taken[taken["borrowed_at"] <= end].groupby("user_id")["borrowed_at"].min().reindex(since.index)
    return ((first.fillna(end) - since) // ONE_DAY).clip(lower=0).to_numpy(), first.notna().to_numpy()


def _over(since: pd.Series, days: int) -> pd.Series:
    """When more than so many whole days have gone by."""
    return since + (days + 1) * ONE_DAY


def _watched(since: pd.Series, days: int, end: pd.Timestamp) -> pd.Series:
    """Whether so many whole days, and the rest of the next, had gone by at the end of a day."""
    return _over(since, days) <= end + SECOND


def _last(asked: pd.DataFrame, others: pd.Series) -> pd.Timestamp:
    return max(asked[["started_at", "submitted_at", "decided_at"]].max().max(), others.max())
