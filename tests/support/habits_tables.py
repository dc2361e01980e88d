"""Six loans, seven users and their applications, small enough to count by hand; and half a year around a festival."""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd

import loanpersona as lp

FESTIVAL_2023 = pd.Timestamp("2023-01-22")


def read(text: str, *times: str) -> pd.DataFrame:
    """A table written down in a test."""
    return pd.read_csv(StringIO(text), parse_dates=list(times))


# Three borrowers with three, two and one loan; 2023-01-02 was a Monday. They lent 10,000 CNY in all.
LOANS = read(
    """\
loan_id,user_id,ordinal,amount_cny,term_months,apr,borrowed_at,disbursed_at
11,1,1,1000,1,0.24,2023-01-02 09:00,2023-01-02 09:10
12,1,2,3000,2,0.20,2023-01-12 10:30,2023-01-12 10:40
13,1,3,1000,1,0.20,2023-03-13 20:00,2023-03-13 20:10
21,2,1,2000,2,0.18,2023-01-07 10:00,2023-01-07 10:05
22,2,2,500,1,0.18,2023-01-07 23:00,2023-01-07 23:05
31,3,1,2500,2,0.24,2024-02-29 08:15,2024-02-29 08:20
""",
    "borrowed_at",
    "disbursed_at",
)
INSTALMENTS = read(
    """\
loan_id,number,due_on,principal_cny,interest_cny
11,1,2023-02-02,1000,20
12,1,2023-02-12,1500,50
12,2,2023-03-12,1500,30
13,1,2023-04-13,1000,15
21,1,2023-02-07,1000,30
21,2,2023-03-07,1000,15
22,1,2023-02-07,500,5
31,1,2024-03-29,1250,50
31,2,2024-04-29,1250,25
""",
    "due_on",
)
# Borrower 4 never drew; 5 was rejected and then approved; 6 was approved and then rejected; 7 left at the bank card.
APPLICATIONS = read(
    """\
application_id,user_id,started_at,last_step,submitted_at,decided_at,outcome,quality_tier,limit_cny
10,1,2022-12-01 09:00,submission,2022-12-01 09:10,2022-12-01 09:20,approved,prime,3000
20,2,2022-12-02 09:00,submission,2022-12-02 09:10,2022-12-02 09:20,approved,inferior,2000
30,3,2023-01-01 09:00,submission,2023-01-01 09:10,2023-01-01 09:20,approved,prime,10000
40,4,2023-02-01 09:00,submission,2023-02-01 09:10,2023-02-01 09:20,approved,medium,5000
50,5,2023-02-01 09:00,submission,2023-02-01 09:10,2023-02-01 09:20,rejected,volatile,0
51,5,2023-12-01 09:00,submission,2023-12-01 09:10,2023-12-01 09:20,approved,medium,4000
60,6,2022-12-01 09:00,submission,2022-12-01 09:10,2022-12-01 09:20,approved,medium,4000
61,6,2023-06-01 09:00,submission,2023-06-01 09:10,2023-06-01 09:20,rejected,inferior,0
70,7,2023-06-01 09:00,bank_card,,,incomplete,,0
""",
    "started_at",
    "submitted_at",
    "decided_at",
)
# 1 brought 2 and 3, 2 brought 4.
USERS = read(
    """\
user_id,registered_at,income_cny_month,platforms,referred_by
1,2022-11-01 08:00,5000,1,
2,2022-12-01 08:00,2000,3,1
3,2022-12-15 08:00,0,1,1
4,2023-01-20 08:00,4000,1,2
5,2023-01-20 08:00,4000,1,
6,2022-11-20 08:00,4000,1,
7,2024-01-20 08:00,4000,1,
""",
    "registered_at",
)
TRUTH = read(
    """\
user_id,caution,embarrassment,would_refer
1,0.2,0.10,True
2,0.4,0.19,False
3,0.5,0.20,True
4,0.9,0.85,False
5,0.8,1.00,False
6,0.7,0.50,False
7,0.6,0.50,True
"""
)
HAND = {"loans": LOANS, "instalments": INSTALMENTS, "applications": APPLICATIONS, "users": USERS, "truth": TRUTH}


def hand(**other: pd.DataFrame) -> lp.Book:
    """The book of these tables, some of them replaced."""
    return lp.Book(**{**HAND, **other})


def taken(days: pd.DatetimeIndex) -> pd.DataFrame:
    """Loans of these times, each of another user."""
    return pd.DataFrame({"loan_id": range(len(days)), "user_id": range(len(days)), "borrowed_at": days})


def half_year() -> pd.DatetimeIndex:
    """One loan a day in the month after the festival of 2023, two a day around it, and in the rest of the time."""
    days = pd.date_range(FESTIVAL_2023 - pd.Timedelta(days=90), FESTIVAL_2023 + pd.Timedelta(days=90))
    after = (days - FESTIVAL_2023).days
    return days.repeat(np.where((after >= 1) & (after <= 30), 1, 2)) + pd.Timedelta(hours=9)
