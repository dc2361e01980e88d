"""Users by process (3.1a): how far they come, where they leave and what they need there, who comes back and draws.

Where a time is set, only users who were watched for all of it count, whatever became of them: leaving out those who
have not come through yet would make every rate too good. Days are whole ones: within 14 days means that no more than
14 have gone by in full.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from loanpersona import tables
from loanpersona.analysis.arguments import DAY, SECOND, By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups, with_why
from loanpersona.analysis.rows import first_times, last_applications
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import share
from loanpersona.estimates.survival import has_happened
from loanpersona.tables.book import Book

TO_DRAW = (14, 90)
"""Days from approval within which a first drawdown is looked for."""
STEPS = tables.table("applications").columns["last_step"].levels
DRAWN = ("drew_within_14", "drew_within_90", "drew_so_far")
ASKED = "application_id user_id started_at last_step submitted_at decided_at outcome"
READS = {"applications": ASKED, "loans": "user_id borrowed_at"}


@frame(
    statements="3.1a 3.2a 3.2b",
    counts="users",
    keys="stage counted",
    reads={"users": "user_id registered_at", **READS},
)
def funnel(book: Book, *, by: By = None, until: Day = None, days: int = 30) -> pd.DataFrame:
    """How many of the registered come how far (3.1a), of the stage before and of the registered.

    Stages: registered; began an application; passed the steps identity, profile, bank_card, face_check; submission
    (handed in); approved: all within `days` days of registration. Then the first drawdown within 14 and within 90 days
    of approval, and so far: each of the approved. Only users count who were watched for `days` + 91 days. Columns:
    stage, counted (of_stage_before, of_registered), n, k, share, low, high (Wilson). Raises InputError where nobody
    was watched for so long.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.funnel(population)["n"].head(1).tolist()
    [479]
    """
    people = book.users.set_index("user_id")["registered_at"]
    watched = days + 1 + max(TO_DRAW)  # whoever is approved late on the last day is watched as long
    people = people[_watched(people, watched, until)]
    if people.empty:
        raise InputError(f"users: nobody was watched for {watched} days by {until:%Y-%m-%d}. Allowed: at least one.")
    rows = with_groups(book, _came(book, people, until, days).reset_index(), by, "user", until)
    return with_why(by_group(rows, by, _stages))


@frame(statements="3.1a 3.2a 3.2b 3.2c", counts="users", keys="place", reads=READS)
def leaks(book: Book, *, by: By = None, until: Day = None) -> pd.DataFrame:
    """Where users leave, of those who came there, by the last application (3.1a).

    Places: the steps of the form; the decision (rejected); the drawdown (no loan within 90 days of approval; only those
    approved so long before `until` count). Columns: place, n (users who came there), k, share, low, high (Wilson).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.leaks(population)["place"].tolist()
    ['identity', 'profile', 'bank_card', 'face_check', 'decision', 'drawdown']
    """
    return with_why(by_group(_left(book, by, until), by, _leaks))


@frame(
    statements="2.2a 2.2b 3.2a 3.2b 3.2c",
    counts="users",
    keys="place need",
    reads={**READS, "signals": "user_id need at"},
)
def leak_needs(book: Book, *, by: By = None, until: Day = None) -> pd.DataFrame:
    """What those who left at each place needed, as far as signals show it (2.2a, 2.2b).

    A need counts if a sign of it was seen from the beginning of the last application on, or, of those who do not
    draw, within 90 days of approval; a user may show several. Columns: place, need (those that anybody showed,
    and none_seen), n (users who left there), k, share, low, high (Wilson). Places that nobody left have no rows.
    Raises InputError where nobody left anywhere.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.leak_needs(population)["need"].iloc[-1]
    'none_seen'
    """
    came = _left(book, by, until)
    left = came[came["left"]].reset_index(drop=True)
    if left.empty:
        raise InputError("applications: nobody left anywhere. Allowed: at least one user.")
    return by_group(left.join(_seen(left, book.signals)), by, _needs)


@frame(
    statements="3.1a 3.2c",
    counts="users",
    keys="outcome came_back",
    written={"within_days": "days"},
    reads={"applications": "application_id user_id started_at decided_at outcome"},
)
def reapplications(book: Book, *, by: By = None, until: Day = None, days: int = 90) -> pd.DataFrame:
    """Who comes back within `days` days after a first application that was left or rejected, and is approved (3.1a).

    Counted from the decision, or from the beginning where there is none; only those watched for so long count.
    Columns: outcome (of the first application), came_back (applied_again, approved_then), within_days, n, k, share,
    low, high (Wilson).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.reapplications(population)["came_back"].tolist()
    ['applied_again', 'approved_then', 'applied_again', 'approved_then']
    """
    applications = book.applications[book.applications["started_at"] <= until]
    applications = applications.sort_values(["user_id", "started_at", "application_id"])
    first, later = applications.drop_duplicates("user_id"), applications[applications["user_id"].duplicated()]
    since = first["decided_at"].fillna(first["started_at"])
    granted = later[later["outcome"] == "approved"]
    came = {
        "applied_again": first_times(first["user_id"], later, "started_at"),
        "approved_then": first_times(first["user_id"], granted, "decided_at"),
    }
    limit = _over(since, days)
    rows = first.assign(**{name: when < limit for name, when in came.items()})[_watched(since, days, until)]
    if rows.empty:
        raise InputError(f"applications: nobody was watched for {days} days by {until:%Y-%m-%d}. Allowed: somebody.")
    rows = with_groups(book, rows, by, "application", until)
    return with_why(by_group(rows, by, lambda part: _returns(part, days)))


@frame(
    statements="3.1a 3.3b",
    counts="approved",
    keys="days",
    written={"days": "days", "survival": "share", "at_risk": "count", "events": "count"},
    reads={"applications": "application_id user_id decided_at outcome", "loans": "user_id borrowed_at"},
)
def time_to_first_loan(
    book: Book, *, by: By = None, within: Sequence[int] | None = None, until: Day = None
) -> pd.DataFrame:
    """Share of approved users who have drawn, by days since approval: one less the Kaplan-Meier curve (3.1a).

    Who has not drawn by `until` is censored there. `within` keeps these days only. Columns: days, n (approved users),
    share, low, high (Greenwood, log-log), survival (share still waiting); without `within` at_risk and events of the
    day. Beyond the longest wait watched a share is missing. Raises InputError where nobody was approved by then.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.time_to_first_loan(population, within=[14, 90])["n"].tolist()
    [110, 110]
    """
    applications, loans = book.applications, book.loans
    since = applications[(applications["outcome"] == "approved") & (applications["decided_at"] <= until)]
    if since.empty:
        raise InputError(f"applications: nobody was approved by {until:%Y-%m-%d}. Allowed: at least one.")
    rows = since.groupby("user_id")["decided_at"].min().reset_index(name="since")
    first = first_times(rows["user_id"], loans[loans["borrowed_at"] <= until], "borrowed_at")
    waited = ((first.fillna(until) - rows["since"]) // DAY).clip(lower=0)
    rows = with_groups(book, rows.assign(waited=waited, drew=first.notna()), by, "user", until)
    return by_group(rows, by, lambda part: has_happened(part["waited"], part["drew"], within))


def _came(book: Book, people: pd.Series, until: pd.Timestamp, days: int) -> pd.DataFrame:
    """Which of the people came to each stage, by user."""
    loans, applications = book.loans, book.applications
    applications = applications[applications["user_id"].isin(people.index)]
    limit = _over(applications["user_id"].map(people), days)
    begun = applications[applications["started_at"] < limit]
    furthest = begun["last_step"].cat.codes.groupby(begun["user_id"]).max().reindex(people.index, fill_value=-1)
    approved = applications[(applications["outcome"] == "approved") & (applications["decided_at"] < limit)]
    since = approved.groupby("user_id")["decided_at"].min().reindex(people.index)
    drew = loans[loans["borrowed_at"] <= until].groupby("user_id")["borrowed_at"].min().reindex(people.index)
    came = {
        "registered": people.notna(),
        "began": people.index.isin(begun["user_id"]),
        **{step: furthest > place for place, step in enumerate(STEPS[:-1])},
        STEPS[-1]: people.index.isin(applications.loc[applications["submitted_at"] < limit, "user_id"]),
        "approved": since.notna(),
        **{f"drew_within_{most}": drew - since < (most + 1) * DAY for most in TO_DRAW},
        "drew_so_far": (drew - since).notna(),
    }
    return pd.DataFrame(came, index=people.index)


def _stages(came: pd.DataFrame) -> pd.DataFrame:
    rows, before = [], came["registered"]
    for stage in ("registered", "began", *STEPS, "approved", *DRAWN):
        of = {"of_stage_before": came["approved"] if stage in DRAWN else before, "of_registered": came["registered"]}
        rows += [{"stage": stage, "counted": name, **share(came.loc[base, stage])} for name, base in of.items()]
        before = came[stage]
    return pd.DataFrame(rows)


def _left(book: Book, by: Sequence[str], until: pd.Timestamp) -> pd.DataFrame:
    """A row for each place that a user came to, and whether he or she left there; with the span that needs count in."""
    applications, loans = book.applications, book.loans
    last = last_applications(applications[applications["started_at"] <= until])
    if last.empty:
        raise InputError(f"applications: none was begun by {until:%Y-%m-%d}. Allowed: a day after the first.")
    last = with_groups(book, last, by, "application", until).assign(since=last["started_at"], to=until)
    step, decided = last["last_step"].cat.codes, last["decided_at"] <= until
    parts = [last[step >= place].assign(place=name, left=step == place) for place, name in enumerate(STEPS[:-1])]
    parts.append(last[decided].assign(place="decision", left=last["outcome"] == "rejected"))
    since, drawing = last["decided_at"], decided & (last["outcome"] == "approved")
    holds = last.assign(since=since, to=_over(since, max(TO_DRAW)))[drawing & _watched(since, max(TO_DRAW), until)]
    first = first_times(holds["user_id"], loans, "borrowed_at")
    parts.append(holds.assign(place="drawdown", left=~(first < holds["to"])))
    places = pd.CategoricalDtype([*STEPS[:-1], "decision", "drawdown"])
    return pd.concat(parts, ignore_index=True).astype({"place": places, "left": bool})


def _leaks(came: pd.DataFrame) -> pd.DataFrame:
    parts = came.groupby("place", observed=False)
    return pd.DataFrame([{"place": place, **share(part["left"])} for place, part in parts])


def _seen(left: pd.DataFrame, signs: pd.DataFrame) -> pd.DataFrame:
    """Which needs those who left showed in the span, a column each, and who showed none."""
    rows = left[["user_id", "since", "to"]].assign(row=left.index)
    near = signs[["user_id", "need", "at"]].merge(rows, on="user_id")
    near = near[(near["at"] >= near["since"]) & (near["at"] <= near["to"])]
    needs = [need for need in signs["need"].cat.categories if (near["need"] == need).any()]
    seen = {need: left.index.isin(near.loc[near["need"] == need, "row"]) for need in needs}
    result = pd.DataFrame(seen, index=left.index)
    return result.assign(none_seen=~result.any(axis=1)).add_prefix("need ")


def _needs(left: pd.DataFrame) -> pd.DataFrame:
    needs = [name for name in left if name.startswith("need ")]
    parts = left.groupby("place", observed=True)
    rows = [
        {"place": place, "need": need.removeprefix("need "), **share(part[need])}
        for place, part in parts
        for need in needs
    ]
    return pd.DataFrame(rows)


def _returns(first: pd.DataFrame, days: int) -> pd.DataFrame:
    rows = [
        {
            "outcome": outcome,
            "came_back": how,
            "within_days": days,
            **share(first.loc[first["outcome"] == outcome, how]),
        }
        for outcome in ("incomplete", "rejected")
        for how in ("applied_again", "approved_then")
    ]
    return pd.DataFrame(rows)


def _over(since: pd.Series, days: int) -> pd.Series:
    """When more than so many whole days have gone by."""
    return since + (days + 1) * DAY


def _watched(since: pd.Series, days: int, until: pd.Timestamp) -> pd.Series:
    """Whether so many whole days, and the rest of the next, had gone by at the end of a day."""
    return _over(since, days) <= until + SECOND
