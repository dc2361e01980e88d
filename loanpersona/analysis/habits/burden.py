"""What a loan costs its borrower (1.4h): interest, the credit record, data given away, debt service."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from loanpersona import tables
from loanpersona.analysis.arguments import By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, cut_at, with_groups
from loanpersona.analysis.habits.moments import known_loans
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_shares, share
from loanpersona.tables.book import Book

INQUIRIES = (1, 2, 3, 6, 11, 21)
COUNTED = ("this_platform", "all_platforms")


@frame(
    statements="1.4h 3.2g",
    counts="loans",
    estimate="per_1000",
    written={"per_1000": "money", "mean_apr": "share"},
    reads={"loans": "loan_id user_id amount_cny apr borrowed_at", "instalments": "loan_id number interest_cny"},
)
def cost_of_credit(book: Book, *, by: By = "term_months", until: Day = None) -> pd.DataFrame:
    """Interest of a loan paid to its plan, per 1,000 CNY lent (1.4h).

    Columns: n (loans with a plan, taken by `until`), per_1000 (CNY), low, high (clustered by user), mean_apr, clusters.
    At one yearly rate a longer term costs more, so the rate stands beside the sum.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.cost_of_credit(population)["term_months"].tolist()[:2]
    ['everybody', '1']
    """
    loans = known_loans(book, "amount_cny", "apr", "borrowed_at")
    interest = book.instalments.dropna(subset=["interest_cny"]).groupby("loan_id")["interest_cny"].sum()
    loans = loans.assign(interest=loans["loan_id"].map(interest))[loans["borrowed_at"] <= until]
    loans = loans.dropna(subset=["interest"])
    if loans.empty:
        raise InputError(f"instalments: none of a loan taken by {until:%Y-%m-%d}. Allowed: at least one.")
    return by_group(with_groups(book, loans, by, "loan", until), by, _cost)


def _cost(loans: pd.DataFrame) -> dict[str, float]:
    result = clustered_ratio(1000 * loans["interest"], loans["amount_cny"], loans["user_id"])
    ends = {"per_1000": result["value"], "low": result["low"], "high": result["high"]}
    return {"n": result["n"], **ends, "mean_apr": loans["apr"].mean(), "clusters": result["clusters"]}


@frame(
    statements="1.4h",
    counts="applicants",
    keys="measure item",
    reads={"applications": "application_id user_id last_step submitted_at", "loans": "loan_id user_id"},
    assumes="inquiries_per_application inquiries_per_loan",
)
def footprint(book: Book, *, by: By = None) -> pd.DataFrame:
    """What users who began an application have left behind (1.4h): inquiries at the credit bureau, and data given.

    Assumed: the bureau is asked once per application handed in and once per loan. A step at which an
    application was left was not completed.
    Columns: measure (inquiries, data_given), item (how often; identity, profile, bank_card, face_check), n (users), k,
    share, low, high (Wilson).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.footprint(population)["item"].tolist()[-2:]
    ['bank_card', 'face_check']
    """
    users = book.applications.groupby("user_id")
    handed = book.applications["submitted_at"].notna().groupby(book.applications["user_id"]).sum()
    loans = book.loans["user_id"].value_counts().reindex(handed.index, fill_value=0)
    assumed = book.assumptions
    counts = assumed.inquiries_per_application.value * handed + assumed.inquiries_per_loan.value * loans
    reached = users["last_step"].max()
    result = pd.DataFrame({"inquiries": cut_at(counts, (0, *INQUIRIES)), "reached": reached}).reset_index()
    return by_group(with_groups(book, result, by, "user", book.last_day), by, _left_behind)


def _left_behind(users: pd.DataFrame) -> pd.DataFrame:
    known = users.dropna(subset=["reached"])
    rows = [("inquiries", one, users["inquiries"] == one) for one in users["inquiries"].cat.categories]
    rows += [("data_given", step, known["reached"] > step) for step in _steps()[:-1]]
    return pd.DataFrame([{"measure": measure, "item": item, **share(holds)} for measure, item, holds in rows])


def _steps() -> list[str]:
    return list(tables.table("applications").columns["last_step"].levels)


@frame(
    statements="1.4h 1.1c",
    counts="borrower_months",
    keys="counted service_band",
    reads={
        "loans": "loan_id user_id borrowed_at",
        "instalments": "loan_id number due_on principal_cny interest_cny",
        "users": "user_id income_cny_month platforms",
    },
    assumes="platform_burden debt_service_warn debt_service_refuse",
)
def debt_service(book: Book, *, by: By = None, bands: Sequence[float] | None = None, until: Day = None) -> pd.DataFrame:
    """What falls due in a month over the month's income, in percent, in months with an instalment due (1.4h).

    `all_platforms` adds what is assumed for each further platform: 8 % of income. Months after that of `until` are left
    out, and so are users without income. `bands` is where bands begin; if not given at 10, 20, 30 and 40 % and at the
    lines assumed, where to warn (50 %) and where to refuse (55 %).
    Columns: counted (this_platform, all_platforms), service_band (percent of income), n (a borrower and a month), k,
    share, low, high (clustered by user), clusters, design_effect, effective_n.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.debt_service(population, bands=(50,))["service_band"].tolist()
    ['0..49', '50..', '0..49', '50..']
    """
    months = with_groups(book, _months(book, until), by, "user", until)
    starts = _lines(book) if bands is None else bands
    starts = starts if starts[0] <= 0 else (0, *starts)
    # A share that is just a band's beginning in the tables must not fall below it by rounding.
    banded = {counted: cut_at(100 * months[counted] + 1e-9, starts) for counted in COUNTED}
    return by_group(months.assign(**banded), by, _service)


def _lines(book: Book) -> tuple[float, ...]:
    """Tenths of the income that raise no question, and the lines that are assumed, in percent."""
    lines = (book.assumptions.debt_service_warn, book.assumptions.debt_service_refuse)
    return tuple(sorted({10, 20, 30, 40, *(float(f"{100 * line.value:g}") for line in lines)}))


def _service(months: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for counted in COUNTED:
        known = months.dropna(subset=[counted]).rename(columns={counted: "service_band"})
        result = clustered_shares(known, "service_band", known["service_band"].cat.categories)
        result.insert(0, "counted", counted)
        parts.append(result)
    return pd.concat(parts)


def _months(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """Each borrower and month with something due: debt service over income, here and with further platforms."""
    plan = book.instalments.dropna(subset=["due_on", "principal_cny", "interest_cny"])
    due = pd.DataFrame(
        {
            "user_id": plan["loan_id"].map(book.loans.set_index("loan_id")["user_id"]),
            "month": plan["due_on"].dt.to_period("M"),
            "due": plan["principal_cny"] + plan["interest_cny"],
        }
    )
    sums = due[due["month"] <= until.to_period("M")].groupby(["user_id", "month"])["due"].sum().reset_index()
    people = book.users[["user_id", "income_cny_month", "platforms"]]
    result = sums.merge(people[people["income_cny_month"] > 0], on="user_id")
    if result.empty:
        raise InputError(f"instalments: none of a borrower with income is due by {until:%Y-%m}. Allowed: at least one.")
    here = result["due"] / result["income_cny_month"]
    elsewhere = book.assumptions.platform_burden.value * (result["platforms"] - 1)
    return result.assign(this_platform=here, all_platforms=here + elsewhere)
