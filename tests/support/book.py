"""A small random loan book with the columns of tables.yaml, for tests only. Its truth is written down here.

Users register evenly over the first three and a half of four years. Each approved one draws at a gamma rate of
mean 2.5 a year (shape 0.8) until the window ends, so loans are clustered by user; one in five never draws, one in
five draws once. Days are drawn with WEEKDAY × PART × FESTIVAL, hours with HOUR, independent of all else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.analysis.habits.calendar import new_years

START, END = pd.Timestamp("2021-01-01"), pd.Timestamp("2024-12-31 23:59:59")
HOUR = np.array(
    [
        0.9,
        0.5,
        0.4,
        0.3,
        0.4,
        0.8,
        1.8,
        3.4,
        6.0,
        8.6,
        9.6,
        8.4,
        6.2,
        6.4,
        6.8,
        6.6,
        6.0,
        5.4,
        4.6,
        4.2,
        4.2,
        4.0,
        2.8,
        1.7,
    ]
)
WEEKDAY = np.array([1.10, 1.08, 1.06, 1.05, 1.03, 0.86, 0.82])
PART = {1: 1.25, 6: 1.12, 11: 1.00, 21: 0.92, 26: 0.88}
FESTIVAL = 0.8  # days 1 to 30 after Spring Festival
APPROVED, NEVER, ONCE = 0.6, 0.2, 0.2
REFERRED = 0.05


def day_weights() -> pd.Series:
    """How likely a loan is on each day, relative to the mean day."""
    days = pd.date_range(START.normalize(), END.normalize())
    weight = WEEKDAY[days.day_of_week]
    for start, factor in PART.items():
        weight = np.where(days.day >= start, WEEKDAY[days.day_of_week] * factor, weight)
    for day in new_years(days).values():
        after = (days - day).days
        weight = np.where((after >= 1) & (after <= 30), weight * FESTIVAL, weight)
    return pd.Series(weight / weight.mean(), days)


def book(seed: int, n: int = 2_000) -> dict[str, pd.DataFrame]:
    """The tables of `n` users: users, applications, loans, instalments, truth."""
    random = np.random.default_rng(seed)
    users, truth = _people(random, n)
    applications = _applications(random, users)
    loans = _loans(random, applications, truth)
    made = {
        "users": users,
        "applications": applications,
        "loans": loans,
        "instalments": _instalments(random, loans),
        "truth": truth,
    }
    return {name: _typed(name, frame) for name, frame in made.items()}


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    schema = tables.table(name)
    return frame.astype({column: schema.columns[column].dtype for column in frame.columns})


def _people(random: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = np.arange(n)
    registered = np.sort(random.integers(0, int(3.5 * 365 * 86_400), n))
    brought = (random.random(n) < REFERRED) & (ids > 0)
    by = np.floor(random.random(n) * np.maximum(ids, 1)).astype(int)
    users = pd.DataFrame(
        {
            "user_id": ids,
            "registered_at": START + pd.to_timedelta(registered, unit="s"),
            "income_cny_month": np.round(random.lognormal(8.6, 0.4, n)).astype(int),
            "platforms": random.choice([1, 2, 3, 4, 5], n, p=[0.65, 0.2, 0.08, 0.03, 0.04]),
            "referred_by": pd.Series(by, dtype="Int64").mask(~brought),
        }
    )
    kind = random.choice(["never", "one_off", "revolver"], n, p=[NEVER, ONCE, 1 - NEVER - ONCE])
    shift = pd.Series(kind).map({"never": 3.0, "one_off": 1.5, "revolver": 0.0}).to_numpy()
    embarrassment = random.beta(4, 2, n)
    truth = pd.DataFrame(
        {
            "user_id": ids,
            "borrower_type": kind,
            "borrowing_rate": random.gamma(0.8, 2.5 / 0.8, n),
            "caution": random.beta(2 + shift, 3),
            "embarrassment": embarrassment,
            "would_refer": random.random(n) < 0.5 * (1 - embarrassment),
        }
    )
    return users, truth


def _applications(random: np.random.Generator, users: pd.DataFrame) -> pd.DataFrame:
    n = len(users)
    step = random.choice(5, n, p=[0.05, 0.1, 0.05, 0.05, 0.75])
    started = users["registered_at"] + pd.to_timedelta(random.integers(60, 86_400, n), unit="s")
    handed = step == 4
    approved = handed & (random.random(n) < APPROVED / 0.75)
    submitted = (started + pd.Timedelta(minutes=10)).where(handed)
    tier = random.choice(["prime", "near_prime", "medium", "volatile", "inferior"], n)
    return pd.DataFrame(
        {
            "application_id": users["user_id"] * 10,
            "user_id": users["user_id"],
            "started_at": started,
            "last_step": np.array(["identity", "profile", "bank_card", "face_check", "submission"])[step],
            "submitted_at": submitted,
            "decided_at": submitted + pd.Timedelta(minutes=20),
            "outcome": np.where(approved, "approved", np.where(handed, "rejected", "incomplete")),
            "quality_tier": pd.Series(tier).where(handed),
            "limit_cny": np.where(approved, random.integers(20, 300, n) * 100, 0),
        }
    )


def _loans(random: np.random.Generator, applications: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    people = applications[applications["outcome"] == "approved"].merge(truth, on="user_id")
    people = people[people["borrower_type"] != "never"].reset_index(drop=True)
    span = (END - people["decided_at"]).dt.total_seconds() / 86_400 / 365
    many = random.poisson(people["borrowing_rate"] * span)
    count = np.where(people["borrower_type"] == "one_off", np.minimum(many, 1), many)
    rows = people.loc[people.index.repeat(count)].reset_index(drop=True)
    weights = day_weights()
    cumulative = np.concatenate([[0.0], weights.cumsum()])
    # From the day after the decision to the last day, by the weights of the days.
    first = cumulative[(rows["decided_at"].dt.normalize() - START).dt.days.to_numpy() + 1]
    at = first + random.random(len(rows)) * (cumulative[-1] - first)
    day = weights.index[np.minimum(np.searchsorted(cumulative, at, side="right") - 1, len(weights) - 1)]
    hour = random.choice(24, len(rows), p=HOUR / HOUR.sum())
    second = random.integers(0, 3_600, len(rows))
    rows = rows.assign(borrowed_at=day + pd.to_timedelta(hour * 3_600 + second, unit="s"))
    rows = rows.sort_values(["user_id", "borrowed_at"], kind="stable").reset_index(drop=True)
    ordinal = rows.groupby("user_id").cumcount() + 1
    asked = np.round(random.lognormal(8.1, 0.7, len(rows)), -2).clip(100, 200_000)
    return pd.DataFrame(
        {
            "loan_id": rows["user_id"] * 10_000 + ordinal,
            "user_id": rows["user_id"],
            "ordinal": ordinal,
            "requested_cny": asked,
            "amount_cny": np.minimum(asked, rows["limit_cny"]),
            "term_months": random.choice(
                [1, 3, 6, 9, 12, 18, 24], len(rows), p=[0.02, 0.1, 0.25, 0.05, 0.5, 0.04, 0.04]
            ),
            "apr": np.round(random.uniform(0.15, 0.24, len(rows)), 4),
            "borrowed_at": rows["borrowed_at"],
            "disbursed_at": rows["borrowed_at"] + pd.to_timedelta(random.integers(60, 7_200, len(rows)), unit="s"),
        }
    )


def _instalments(random: np.random.Generator, loans: pd.DataFrame) -> pd.DataFrame:
    rows = loans.loc[loans.index.repeat(loans["term_months"])].reset_index(drop=True)
    number = rows.groupby("loan_id").cumcount() + 1
    monthly = rows["apr"] / 12
    payment = rows["amount_cny"] * monthly / (1 - (1 + monthly) ** -rows["term_months"])
    principal = (payment - rows["amount_cny"] * monthly) * (1 + monthly) ** (number - 1)
    due = rows["borrowed_at"].dt.normalize() + pd.to_timedelta(number * 30, unit="D")
    paid = due.where((due <= END) & (random.random(len(rows)) < 0.97))
    return pd.DataFrame(
        {
            "loan_id": rows["loan_id"],
            "number": number,
            "due_on": due,
            "principal_cny": principal.round(2),
            "interest_cny": (payment - principal).round(2),
            "paid_on": paid,
            "dpd": 0,
        }
    )
