"""Needs before, during and after borrowing (2.2a to 2.2c): which users show them, and what was seen.

A user shows a need where a signal of it was seen. The signals say what was seen, not what is felt: who wants safer
data and goes on all the same is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from loanpersona import tables
from loanpersona.analysis.frames import CLASSES, columns
from loanpersona.analysis.membership import process
from loanpersona.analysis.segment_rules import Rules
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, share


def needs_by_stage(
    signals: pd.DataFrame, applications: pd.DataFrame, loans: pd.DataFrame, users: pd.DataFrame
) -> pd.DataFrame:
    """Share of users who show each need at each stage (2.2a to 2.2c), of all and within each class.

    Before: of the users who began an application. During: of those who were ever approved. After: of those with a
    loan. Each user counts once. Columns: borrower_class (everybody, consumer, owner), stage, need, n (users), k,
    share, low, high. Raises InputError where a signal shows a need at a stage at which `needs.yaml` has none.
    """
    people = columns(users, "users", ["user_id", "borrower_class"])
    classes = people.set_index("user_id")["borrower_class"]
    everybody = pd.Series("everybody", index=classes.index, name="borrower_class")
    parts = [
        _within(group, levels, signals, applications, loans)
        for group, levels in ((everybody, ("everybody",)), (classes, CLASSES))
    ]
    return pd.concat(parts, ignore_index=True)


def needs_by_segment(
    signals: pd.DataFrame, applications: pd.DataFrame, loans: pd.DataFrame, rules: Rules | None = None
) -> pd.DataFrame:
    """The same within each process segment (3.1a), by a user's last application.

    A user whose last application was rejected may have had a limit before, so that every segment can show needs of
    every stage. Columns: segment, and those of `needs_by_stage`; stages of which a segment has no user are left out.
    """
    segments = process(applications, rules).set_index("user_id")["segment"]
    return _within(segments, segments.cat.categories, signals, applications, loans)


def need_sources(signals: pd.DataFrame) -> pd.DataFrame:
    """What was seen of each need: the share of all signals with each source, clustered by user.

    Columns: stage, need, source, users (of whom it was seen), n (signals), k, share, low, high, clusters (users with
    any signal), design_effect, effective_n. Sources that were never seen of a need are left out.
    """
    seen = columns(signals, "signals", ["user_id", "stage", "need", "source"])
    rows = []
    for stage, need in pairs():
        of = (seen["stage"] == stage) & (seen["need"] == need)
        for source in tables.table("signals").columns["source"].levels:
            here = of & (seen["source"] == source)
            if here.any():
                about = {"source": source, "users": seen.loc[here, "user_id"].nunique()}
                rows.append({"stage": stage, "need": need, **about, **clustered_share(here, seen["user_id"])})
    return pd.DataFrame(rows)


def pairs() -> list[tuple[str, str]]:
    """The stages and needs of the article, in its order.

    >>> pairs()[:2]
    [('before', 'get_loan'), ('before', 'data_safety')]
    """
    stages = catalog.load("needs")["stages"]
    return [(stage, need) for stage, body in stages.items() for need in body["needs"]]


def users_in_need(signals: pd.DataFrame) -> pd.DataFrame:
    """Each user, stage and need once; columns: stage, need, user_id, signals (how many were seen).

    Raises InputError where a signal shows a need at a stage at which `needs.yaml` has none.
    """
    seen = columns(signals, "signals", ["user_id", "stage", "need"])
    counts = seen.astype({"stage": str, "need": str}).groupby(["stage", "need", "user_id"]).size()
    shown = counts.rename("signals").reset_index()
    for stage, need in dict.fromkeys(zip(shown["stage"], shown["need"], strict=True)):
        if (stage, need) not in pairs():
            needs = ", ".join(one for at, one in pairs() if at == stage)
            raise InputError(f"signals.need: '{need}' at stage '{stage}'. Allowed at that stage: {needs}.")
    return shown


def _asked(applications: pd.DataFrame, loans: pd.DataFrame) -> dict[str, pd.Index]:
    """The users who can show a need at each stage."""
    began = columns(applications, "applications", ["user_id", "outcome"])
    approved = began.loc[began["outcome"] == "approved", "user_id"]
    lent = columns(loans, "loans", ["user_id"])["user_id"]
    found = {"before": began["user_id"], "during": approved, "after": lent}
    return {stage: pd.Index(users.unique()) for stage, users in found.items()}


def _rows(shown: pd.DataFrame, asked: dict[str, pd.Index]) -> Iterator[dict[str, object]]:
    for stage, need in pairs():
        users = asked[stage]
        if len(users):
            who = shown.loc[(shown["stage"] == stage) & (shown["need"] == need), "user_id"]
            yield {"stage": stage, "need": need, **share(pd.Series(users.isin(who)))}


def _within(
    group: pd.Series, levels: Iterable[str], signals: pd.DataFrame, applications: pd.DataFrame, loans: pd.DataFrame
) -> pd.DataFrame:
    """The rows of `needs_by_stage` within each level of `group`, a level of each user by user_id."""
    shown, asked = users_in_need(signals), _asked(applications, loans)
    rows = []
    for one in levels:
        members = group.index[group == one]
        part = {stage: users.intersection(members) for stage, users in asked.items()}
        rows += [{group.name: one, **row} for row in _rows(shown, part)]
    return pd.DataFrame(rows)
