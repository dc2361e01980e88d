"""Who is in which segment by the rules: of process, of lifecycle as of a day, of quality (3.1a to 3.1c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from loanpersona.analysis.arguments import Day, one_of
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import NOT_KNOWN, made
from loanpersona.analysis.rows import last_applications
from loanpersona.analysis.segments.history import standing
from loanpersona.analysis.segments.rule_file import NO_LIMIT, NO_SCORE, load_rules
from loanpersona.analysis.segments.segmentation import Rules
from loanpersona.core.errors import InputError
from loanpersona.tables.book import Book

NO_SEGMENT = {"process": NOT_KNOWN, "lifecycle": NO_LIMIT, "quality": NO_SCORE}
"""The three segmentations, and what those are called who are in no segment of each."""
BASES = ("operable", "borrowed", "approved", "applied")
"""Approved and seen within a year; with a loan so far; approved by the last application; began one. Never mixed."""
APPROVED = "approved"
READS = {
    "applications": "application_id user_id started_at submitted_at decided_at outcome",
    "loans": "loan_id user_id borrowed_at disbursed_at",
    "instalments": "loan_id number principal_cny paid_on",
}
MONEY = {**READS, "loans": f"{READS['loans']} amount_cny"}
ALL = {**MONEY, "applications": f"{READS['applications']} risk_score limit_cny"}
TIMES = dict.fromkeys(("approved_at", "last_loan_at", "last_seen_at"), "day")
DAYS = dict.fromkeys(("days_since_approval", "days_idle", "days_since_last_loan"), "days")
MONIES = dict.fromkeys(("limit_cny", "balance_cny", "volume_cny", "amount_cny"), "money")


@frame(
    statements="3.1a 3.1b 3.1c",
    counts="users",
    keys="user_id",
    estimate="",
    written={**TIMES, **DAYS, **MONIES, "n_loans": "count", "operable": "flag"},
    reads=ALL,
    assumes="operable_days",
)
def snapshot(book: Book, *, at: Day = None, rules: Rules | None = None) -> pd.DataFrame:
    """Everybody who began an application or borrowed by the end of the day `at`: segments and money (3.1a to 3.1c).

    An application that was handed in by then and decided later is not known yet. Columns: user_id; process (by the
    last application), lifecycle (no_limit where never approved), quality (by the last score; no_score); operable
    (approved, seen within the days assumed, 365); approved_at, last_loan_at, last_seen_at; days_since_approval,
    days_idle (since the last loan, or the approval), days_since_last_loan; n_loans, amount_cny (all loans), volume_cny
    (paid out in the twelve months before), balance_cny (principal owed), limit_cny (of the last approval). Raises
    InputError where nobody has begun, and with the first row that no rule holds.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> int(lp.segments.snapshot(population)["operable"].sum())
    46
    """
    applications, stands = users_of(book, "applied", at, rules), standing(book, at.normalize())
    users = applications.union(stands.index)
    if users.empty:
        raise InputError(f"applications: none was begun by {at:%Y-%m-%d}. Allowed: a later day.")
    segments = {name: segments_of(book, name, users, at, rules) for name in NO_SEGMENT}
    people = pd.DataFrame(segments, index=users).join(stands)
    money = {
        "amount_cny": lent(book, at),
        "volume_cny": lent(book, at, pd.DateOffset(months=12)),
        "limit_cny": limits(book, at),
    }
    return people.assign(
        n_loans=people["n_loans"].fillna(0).astype("int64"),
        operable=users.isin(users_of(book, "operable", at, rules)),
        days_since_last_loan=people["days_idle"].where(people["n_loans"] > 0),
        balance_cny=people["balance_cny"].fillna(0.0),
        **{name: values.reindex(users).fillna(0.0) for name, values in money.items()},
    ).reset_index(names="user_id")


@made("user")
def process(book: Book, until: pd.Timestamp) -> pd.Series:
    """The process segment of whoever began an application, by the last one."""
    return segments_of(book, "process", None, until)


@made("user")
def lifecycle(book: Book, until: pd.Timestamp) -> pd.Series:
    """The lifecycle segment of whoever began an application."""
    return segments_of(book, "lifecycle", None, until)


@made("user")
def quality(book: Book, until: pd.Timestamp) -> pd.Series:
    """The quality segment of whoever began an application, by the last score."""
    return segments_of(book, "quality", None, until)


def with_rules(book: Book, rules: Rules) -> Book:
    """The book with rules of one's own: all frames use them, and its quality tiers are those of their cuts.

    Takes what `load_rules` gives. An application without a score has no tier. Raises InputError where no application
    has a score or a tier is none of the dictionary's.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.with_rules(population, lp.segments.load_rules())
    <Book of 500 users, 559 applications, 368 loans, 3,846 instalments, 533 signals, 500 truth; synthetic>
    """
    own = rules_of(book, rules)
    book.need({"applications": ("risk_score",)})
    applications = book.applications
    tiers = own.quality.assign(applications.dropna(subset="risk_score")).reindex(applications.index)
    made = Book(words=book.words, **{**book.tables, "applications": applications.assign(quality_tier=tiers)})
    made = made.with_assumptions(book.assumptions)
    made.rules = own
    return made


def rules_of(book: Book, given: Any = None) -> Rules:
    """The rules that a caller gives, or those of the book, or those that ship; raises InputError for anything else."""
    if given is not None and not isinstance(given, Rules):
        raise InputError(f"rules = {given!r}: not rules. Allowed: what lp.segments.load_rules(path) returns.")
    result: Rules = given or book.rules or load_rules()
    return result


def members(
    book: Book, names: Sequence[str], base: str, days: Sequence[pd.Timestamp], rules: Rules | None
) -> pd.DataFrame:
    """The users of a base at the end of each day, with their segments; columns: as_of, user_id, and the names.

    Raises InputError for another base, and where it is empty at the end of all days.
    """
    one_of("base", base, BASES)
    parts = []
    for at in days:
        users = users_of(book, base, at, rules)
        segments = {name: segments_of(book, name, users, at, rules) for name in names}
        parts.append(pd.DataFrame({"as_of": at.normalize(), "user_id": users, **segments}))
    result = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if result.empty:
        raise InputError(f"base = {base}: nobody is in it at the end of {days[-1]:%Y-%m-%d}. Allowed: a later day.")
    return result.assign(**{name: _without_none(result[name], NO_SEGMENT[name]) for name in names})


def users_of(book: Book, base: str, at: pd.Timestamp, rules: Rules | None) -> pd.Index:
    """The users of a base at the end of a day, in order."""
    if base in {"approved", "applied"}:
        process = _process(book, at, rules)
        if base == "approved" and APPROVED not in (names := process.cat.categories):
            raise InputError(
                f"rules: process has no segment '{APPROVED}' but {', '.join(names)}. Allowed: rules with it."
            )
        return process.index if base == "applied" else process.index[process == APPROVED]
    stands = standing(book, at.normalize())
    idle = (at.normalize() - stands["last_seen_at"].dt.normalize()).dt.days
    return stands.index[stands["n_loans"] > 0 if base == "borrowed" else idle <= book.assumptions.operable_days.value]


def segments_of(
    book: Book, name: str, users: pd.Index | None, at: pd.Timestamp, rules: Rules | None = None
) -> pd.Series:
    """The segment of each of the users (or of all who began an application), with a word for those who are in none."""
    users = users_of(book, "applied", at, rules) if users is None else users
    segment = {"process": _process, "lifecycle": _lifecycle, "quality": _quality}[name](book, at, rules)
    kind = pd.CategoricalDtype([*segment.cat.categories, NO_SEGMENT[name]], ordered=True)
    return segment.astype(kind).reindex(users).fillna(NO_SEGMENT[name])


def limits(book: Book, at: pd.Timestamp) -> pd.Series:
    """The limit of each user's last approval by a time."""
    applications = book.applications
    approved = applications[(applications["outcome"] == "approved") & (applications["decided_at"] <= at)]
    last = approved.sort_values(["decided_at", "application_id"]).drop_duplicates("user_id", keep="last")
    return last.set_index("user_id")["limit_cny"].astype(float)


def lent(book: Book, at: pd.Timestamp, span: pd.DateOffset | None = None) -> pd.Series:
    """What was paid out to each borrower by a time, or in the span before it."""
    loans = book.loans[book.loans["disbursed_at"] <= at]
    recent = loans if span is None else loans[loans["disbursed_at"] > at - span]
    return recent.groupby("user_id")["amount_cny"].sum().astype(float)


def _process(book: Book, at: pd.Timestamp, rules: Rules | None) -> pd.Series:
    by, applications = rules_of(book, rules).process, _known(book, at)
    applications = applications.dropna(subset=[one.name for one in by.reads if one.name in applications])
    last = last_applications(applications).set_index("user_id")
    return by.assign(last) if len(last) else _nobody(by.segments)


def _lifecycle(book: Book, at: pd.Timestamp, rules: Rules | None) -> pd.Series:
    by, stands = rules_of(book, rules).lifecycle, standing(book, at.normalize())
    return by.assign(stands) if len(stands) else _nobody(by.segments)


def _quality(book: Book, at: pd.Timestamp, rules: Rules | None) -> pd.Series:
    book.need({"applications": ("risk_score",)})
    by, scored = rules_of(book, rules).quality, _known(book, at).dropna(subset="risk_score")
    return by.assign(last_applications(scored).set_index("user_id")) if len(scored) else _nobody(by.segments)


def _nobody(segments: Any) -> pd.Series:
    return pd.Series(pd.Categorical([], list(segments), ordered=True), pd.Index([], dtype="int64", name="user_id"))


def _known(book: Book, at: pd.Timestamp) -> pd.DataFrame:
    """The applications that were begun by a time, without those that are decided later."""
    applications = book.applications
    return applications[(applications["started_at"] <= at) & ~(applications["decided_at"] > at)]


def _without_none(segment: pd.Series, none: str) -> pd.Series:
    """Without the word for those who are in no segment, where nobody is that."""
    return segment if (segment == none).any() else segment.cat.remove_categories(none)
