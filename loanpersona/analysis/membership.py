"""Who is in which segment by the rules: of process, of lifecycle as of a day, of quality (3.1a to 3.1c)."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.frames import columns, last_applications
from loanpersona.analysis.segment_reader import rules_or_shipped
from loanpersona.analysis.segment_rules import Rules
from loanpersona.analysis.snapshot import History, as_of, history, in_base, standings
from loanpersona.core.errors import InputError


def lifecycle_rules(rules: Rules | None = None) -> pd.DataFrame:
    """What puts a borrower into a lifecycle segment (3.1b): a row meets one of the rules, none of the others.

    Columns: segment, days_since_approval, days_idle, n_loans, balance_cny; each a range with both ends included, or
    `any`. With rules of one's own the columns are the features that these read.
    """
    return rules_or_shipped(rules).lifecycle.table()


def quality_rules(rules: Rules | None = None) -> pd.DataFrame:
    """What puts a borrower into a quality segment (3.1c); columns: segment, risk_score (a range)."""
    return rules_or_shipped(rules).quality.table()


def process(applications: pd.DataFrame, rules: Rules | None = None) -> pd.DataFrame:
    """The process segment of each user who began an application, by the last one (3.1a).

    Columns: user_id, segment.
    """
    by = rules_or_shipped(rules).process
    wanted = ["application_id", "user_id", "started_at", *(one.name for one in by.reads)]
    last = last_applications(columns(applications, "applications", wanted))
    return pd.DataFrame({"user_id": last["user_id"], "segment": by.assign(last)})


def lifecycle(
    applications: pd.DataFrame,
    loans: pd.DataFrame,
    instalments: pd.DataFrame,
    at: pd.Timestamp | str | None = None,
    *,
    base: str = "operable",
    rules: Rules | None = None,
) -> pd.DataFrame:
    """The lifecycle segment of each borrower of the base at the end of the day `at` (3.1b).

    The base is `operable` (approved, and seen within 365 days) or `ever_borrowers` (all with a loan so far). Columns:
    base, user_id, segment. Raises InputError where the base is empty, and as `standing` does.
    """
    known = history(applications, loans, instalments)
    found = states(known, [as_of(known, at)], base, rules)
    return found[["base", "user_id", "segment"]]


def states(known: History, days: list[pd.Timestamp], base: str, rules: Rules | None = None) -> pd.DataFrame:
    """The standings of the days with the base and its segments; columns: base, segment, and those of `standings`."""
    every = standings(known, days)
    found = every[in_base(every, base, every["as_of"])].reset_index(drop=True)
    if found.empty:
        raise InputError(f"loans: the base {base} is empty at the end of {days[-1]:%Y-%m-%d}. Allowed: a later day.")
    segment = rules_or_shipped(rules).lifecycle.assign(found)
    found.insert(0, "base", base)
    found.insert(1, "segment", segment)
    return found


def quality(applications: pd.DataFrame, rules: Rules | None = None) -> pd.DataFrame:
    """The quality segment of each user by the score of the last application that was handed in (3.1c).

    Columns: user_id, segment. Raises InputError where no application has a score.
    """
    wanted = ["application_id", "user_id", "started_at", "risk_score"]
    scored = columns(applications, "applications", wanted).dropna(subset="risk_score")
    if scored.empty:
        raise InputError("applications.risk_score: no application has one. Allowed: at least one.")
    last = last_applications(scored)
    return pd.DataFrame({"user_id": last["user_id"], "segment": _quality(last, rules)})


def retiered(applications: pd.DataFrame, rules: Rules | None = None) -> pd.DataFrame:
    """The applications with `quality_tier` as the rules have it, so that tables by tier follow cuts of one's own.

    All other columns stay; an application without a score has no tier.
    """
    scores = columns(applications, "applications", ["risk_score"])
    # by position: the rows of a lender may be numbered in any way, even twice
    return applications.assign(quality_tier=_quality(scores.dropna(), rules).reindex(scores.index).array)


def _quality(scored: pd.DataFrame, rules: Rules | None) -> pd.Series:
    return rules_or_shipped(rules).quality.assign(scored)
