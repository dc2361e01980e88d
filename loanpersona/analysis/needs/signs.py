"""Needs before, during and after borrowing (2.2a to 2.2c), and the levers that serve them (2.2d).

A user shows a need where a signal of it was seen. The signals say what was seen, not what is felt: who wants safer
data and goes on all the same is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, with_groups
from loanpersona.analysis.outcomes import first_approved
from loanpersona.core.errors import InputError
from loanpersona.core.sourced import load
from loanpersona.estimates.shares import share
from loanpersona.tables.book import Book

AIMS = ("transactions", "fee_income")
READS = {
    "signals": "user_id stage need at",
    "applications": "application_id user_id started_at decided_at outcome",
    "loans": "user_id borrowed_at",
}
Pair = tuple[str, str]


@frame(statements="2.2a 2.2b 2.2c 3.1a", counts="users", keys="stage need", reads=READS)
def stages(book: Book, *, by: By = None, bands: Bands = None, until: Day = None) -> pd.DataFrame:
    """Share of users who show each need at each stage (2.2a to 2.2c), of all or within each group of `by`.

    Before: of the users who began an application. During: of those who were ever approved. After: of those with a
    loan. Each user counts once. Columns: stage, need, n (users), k, share, low, high (Wilson). Numbers of `by` are cut
    where `bands` begin. Raises InputError where a signal shows a need at a stage at which `needs.yaml` has none.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.needs.stages(population)[["stage", "need"]].iloc[0].tolist()
    ['before', 'get_loan']
    """
    showing = _showing(book, until)
    return by_group(
        with_groups(book, _reached(book, until), by, "user", until, bands), by, lambda part: _counted(part, showing)
    )


@frame(
    statements="2.2d 3.2a 3.2b 3.2c 3.2d 3.2e 3.2f 3.2g 3.3a 3.3b 3.3c 3.3d",
    counts="users",
    keys="stage need lever",
    written=dict.fromkeys(AIMS, "flag"),
    reads=READS,
)
def levers(book: Book) -> pd.DataFrame:
    """Every need at its stage, the levers that serve it (3.2a to 3.2g), and the aims behind each lever (2.2d).

    `stated` levers are named by the article beside the need; `assumed` ones are our reading, and so are the aims of
    all levers: `needs.yaml` has the reasons. Nothing here says that a lever works. Columns: stage, need, lever, basis
    (stated, assumed), statement (of the lever), method (statement of the usual method, 3.3a to 3.3d, if there is one),
    transactions, fee_income (whether the lever serves the aim), n, k, share, low, high (of `needs.stages`).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> len(lp.needs.levers(population))
    15
    """
    content = load("needs")
    rows = []
    for stage, need in pairs():
        for link in content["stages"][stage]["needs"][need]:
            lever = content["levers"][link["lever"]]
            about = {"basis": link["basis"].kind, "statement": lever["statement"], "method": lever.get("method")}
            serves = {aim: aim in lever["aims"] for aim in AIMS}
            rows.append({"stage": stage, "need": need, "lever": link["lever"], **about, **serves})
    return pd.DataFrame(rows).merge(stages(book), how="left", on=["stage", "need"])


def pairs() -> list[Pair]:
    """The stages and needs of the article, in its order.

    >>> pairs()[:2]
    [('before', 'get_loan'), ('before', 'data_safety')]
    """
    content = load("needs")["stages"]
    return [(stage, need) for stage, body in content.items() for need in body["needs"]]


def _showing(book: Book, until: pd.Timestamp) -> dict[Pair, pd.Index]:
    """The users who showed each need at each stage by a day."""
    seen = book.signals[book.signals["at"] <= until].astype({"stage": str, "need": str})
    shown = {
        (str(stage), str(need)): pd.Index(rows) for (stage, need), rows in seen.groupby(["stage", "need"])["user_id"]
    }
    for stage, need in shown:
        if (stage, need) not in pairs():
            needs = ", ".join(one for at, one in pairs() if at == stage)
            raise InputError(f"signals.need: '{need}' at stage '{stage}'. Allowed at that stage: {needs}.")
    return shown


def _reached(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """The users who could show needs of each stage by a day; raises InputError where there are none."""
    began = book.applications.loc[book.applications["started_at"] <= until, "user_id"]
    lent = book.loans.loc[book.loans["borrowed_at"] <= until, "user_id"]
    users = {"before": began, "during": first_approved(book, until).index, "after": lent}
    parts = [pd.DataFrame({"stage": stage, "user_id": pd.unique(one)}) for stage, one in users.items()]
    if began.empty:
        raise InputError(f"applications: none was begun by {until:%Y-%m-%d}. Allowed: a day after the first.")
    return pd.concat(parts, ignore_index=True)


def _counted(reached: pd.DataFrame, showing: Mapping[Pair, pd.Index]) -> pd.DataFrame:
    """The share of every need among those who could show it; stages that nobody reached are left out."""
    rows = []
    for stage, need in pairs():
        users = reached.loc[reached["stage"] == stage, "user_id"]
        if len(users):
            rows.append({"stage": stage, "need": need, **share(users.isin(showing.get((stage, need), [])))})
    return pd.DataFrame(rows)
