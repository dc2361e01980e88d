"""Small loan books made by hand, for the frames of credit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from table_rules import read

LAST = "2024-06-30"

# Loan 11 is paid in time; 12 five days late; 21 stops with its second instalment and is 90 days past due on the very
# last of June; 31 is paid whole, 35 and 5 days late; 41 is ten days past due at the end; 32 is paid after it.
LOANS = read(
    """\
loan_id,user_id,amount_cny,disbursed_at
11,1,1500,2023-01-10 09:00
12,1,800,2023-05-31 10:00
21,2,3000,2023-02-01 11:00
31,3,1200,2023-08-15 12:00
32,3,700,2024-06-01 13:00
41,4,1000,2024-05-20 23:59
""",
    "disbursed_at",
)

INSTALMENTS = read(
    """\
loan_id,number,due_on,principal_cny,interest_cny,paid_on
11,1,2023-02-10,500,10,2023-02-10
11,2,2023-03-10,500,10,2023-03-05
11,3,2023-04-10,500,10,2023-04-10
12,1,2023-06-30,400,8,2023-07-05
12,2,2023-07-31,400,4,2023-07-31
21,1,2023-03-01,1000,30,2023-03-01
21,2,2023-04-01,1000,20,
21,3,2023-05-01,1000,10,
31,1,2023-09-15,600,12,2023-10-20
31,2,2023-10-15,600,6,2023-10-20
32,1,2024-07-01,700,7,2024-07-01
41,1,2024-06-20,500,10,
41,2,2024-07-20,500,5,
""",
    "due_on",
    "paid_on",
)

# 3 was refused, approved, and approved again with a better score; 5 was refused, 6 left, 7 is approved later on.
APPLICATIONS = read(
    """\
application_id,user_id,submitted_at,decided_at,outcome,risk_score,quality_tier,limit_cny,apr
10,1,2023-01-05 09:00,2023-01-05 09:20,approved,300,prime,10000,0.12
20,2,2023-01-20 09:00,2023-01-20 09:20,approved,650,inferior,4000,0.24
30,3,2023-03-01 09:00,2023-03-01 09:20,rejected,550,volatile,0,
31,3,2023-08-01 09:00,2023-08-01 09:20,approved,480,medium,5000,0.20
32,3,2024-01-01 09:00,2024-01-01 09:20,approved,200,prime,9000,0.10
40,4,2024-05-01 09:00,2024-05-01 09:20,approved,450,medium,6000,0.22
50,5,2023-02-01 09:00,2023-02-01 09:20,rejected,700,inferior,0,
60,6,,,incomplete,,,0,
70,7,2024-08-01 09:00,2024-08-01 09:20,approved,250,prime,8000,0.12
""",
    "submitted_at",
    "decided_at",
)
USERS = pd.DataFrame({"user_id": range(1, 8), "borrower_class": ["consumer", "owner", *["consumer"] * 5]})
HAND = {"loans": LOANS, "instalments": INSTALMENTS, "applications": APPLICATIONS, "users": USERS}


def simple(scores: list[int], bad: list[bool]) -> dict[str, pd.DataFrame]:
    """Borrowers with one loan of one instalment each, which the bad never pay; some without a score come much later."""
    n, day = len(scores), pd.Timestamp("2023-01-01")
    later = n // 50 + 1
    who, lent = np.arange(n + later), pd.Series([day] * n + [pd.Timestamp("2024-06-30")] * later)
    due = lent + pd.Timedelta(31, "D")
    asked = {"application_id": who[:n] * 10, "user_id": who[:n], "decided_at": day, "outcome": "approved"}
    return {
        "applications": pd.DataFrame({**asked, "risk_score": scores}),
        "loans": pd.DataFrame({"loan_id": who, "user_id": who, "disbursed_at": lent}),
        "instalments": pd.DataFrame(
            {"loan_id": who, "number": 1, "due_on": due, "paid_on": due.mask(np.array([*bad, *[True] * later]))}
        ),
    }


# Of three bad and five good: the bad have 700, 600, 400.
EIGHT = simple([700, 600, 400, 300, 400, 500, 600, 200], [True] * 3 + [False] * 5)


def cohorts(*scores: list[int]) -> dict[str, pd.DataFrame]:
    """Borrowers who applied and first borrowed in successive quarters."""
    at = pd.date_range("2023-02-01", periods=len(scores), freq="QS").repeat([len(part) for part in scores])
    who = np.arange(len(at))
    return {
        "applications": pd.DataFrame(
            {
                "application_id": who,
                "user_id": who,
                "submitted_at": at,
                "decided_at": at,
                "outcome": "approved",
                "risk_score": np.concatenate(scores),
            }
        ),
        "loans": pd.DataFrame({"loan_id": who, "user_id": who, "disbursed_at": at}),
    }
