"""Small loan books made by hand, for the frames of segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import loanpersona as lp

OURS = "basis: assumed\n  because: ours\n"
LIFECYCLE = ["new", "active", "loyal", "silent", "dormant"]

APPLIED = [
    "application_id",
    "user_id",
    "started_at",
    "last_step",
    "submitted_at",
    "decided_at",
    "outcome",
    "risk_score",
]
A, J, R = "approved", "rejected", "incomplete"

APPLICATIONS = [
    # 1: approved on 1 January, two loans. 2: left at the bank card, came back and was approved, never drew.
    # 3: rejected. 4: left at the profile. 5: approved on 1 June, one loan that is repaid.
    (10, 1, "2024-01-01 08:00", "submission", "2024-01-01 08:05", "2024-01-01 08:10", A, 300),
    (20, 2, "2024-01-05 09:00", "bank_card", None, None, R, None),
    (21, 2, "2024-02-01 09:00", "submission", "2024-02-01 09:05", "2024-02-01 09:10", A, 450),
    (30, 3, "2024-01-10 09:00", "submission", "2024-01-10 09:05", "2024-01-10 09:10", J, 700),
    (40, 4, "2024-03-10 09:00", "profile", None, None, R, None),
    (50, 5, "2024-06-01 09:00", "submission", "2024-06-01 09:05", "2024-06-01 09:10", A, 624),
]

LOANS = [
    (11, 1, 1000, "2024-01-15 10:00", "2024-01-15 10:30"),
    (12, 1, 600, "2024-04-20 23:50", "2024-04-21 00:10"),
    (51, 5, 500, "2024-06-10 12:00", "2024-06-10 12:10"),
]

INSTALMENTS = [
    (11, 1, 500.0, "2024-02-15"),
    (11, 2, 500.0, "2024-03-20"),
    (12, 1, 300.25, "2024-05-21"),
    (12, 2, 299.75, None),
    (51, 1, 500.0, "2024-07-10"),
]


def times(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        **{name: pd.to_datetime(frame[name]) for name in frame if name.endswith(("_at", "_on")) or name == "at"}
    )


def tiny() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    applications = times(pd.DataFrame(APPLICATIONS, columns=APPLIED)).astype({"risk_score": "Int16"})
    loans = times(pd.DataFrame(LOANS, columns=["loan_id", "user_id", "amount_cny", "borrowed_at", "disbursed_at"]))
    plan = times(pd.DataFrame(INSTALMENTS, columns=["loan_id", "number", "principal_cny", "paid_on"]))
    return applications, loans, plan


def registered() -> pd.DataFrame:
    at_ = [
        "2024-01-01 07:00",
        "2024-01-05 08:00",
        "2024-01-10 08:00",
        "2024-03-09 08:00",
        "2024-06-01 08:00",
        "2024-01-20 08:00",
    ]
    return times(pd.DataFrame({"user_id": [1, 2, 3, 4, 5, 6], "registered_at": at_}))


def tiny_book(**changed: Any) -> lp.Book:
    """The hand-made book; tables may be changed, or left out with None."""
    applications, loans, plan = tiny()
    asked = applications.assign(limit_cny=(applications["outcome"] == A) * 1_000)
    plan = plan.assign(due_on=plan["paid_on"].fillna(pd.Timestamp("2024-06-21")))
    return lp.Book(**{"users": registered(), "applications": asked, "loans": loans, "instalments": plan, **changed})


def written(folder: Path, text: str) -> Path:
    """A file of rules of one's own."""
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path
