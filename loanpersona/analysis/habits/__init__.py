"""How they borrow: the habits of statements 1.4a to 1.4h, as tidy frames with 95 % intervals.

Every function takes frames with the columns of `tables.yaml` that it names, generated or a lender's own, and
returns a new frame. Loans of one borrower go together: `clusters` are the borrowers behind n loans, and the
design effect says how many times wider the variance is than that of as many independent loans.
Each raises InputError where there are no rows, or a column is missing or of another form.
"""

from __future__ import annotations

from loanpersona.analysis.habits.burden import (
    data_given,
    debt_service,
    debt_service_above,
    inquiries,
    interest_by_term,
    interest_by_tier,
)
from loanpersona.analysis.habits.festival import around_festival, daily, spring_festival
from loanpersona.analysis.habits.limits import caution_by_use, limit_use, utilisation
from loanpersona.analysis.habits.referrals import (
    referral,
    referral_by_embarrassment,
    referral_depth,
    referral_trees,
    reproduction,
)
from loanpersona.analysis.habits.repeat import (
    concentration,
    loans_per_active_year,
    loans_per_borrower,
    lorenz,
    repeat_share,
    revolvers,
)
from loanpersona.analysis.habits.rhythm import (
    day_of_month,
    hour_by_weekday,
    hour_windows,
    hours,
    parts_of_month,
    weekdays,
    workday_daytime,
)
from loanpersona.analysis.habits.waiting import borrowed_again, median_wait, time_to_next_loan

__all__ = [
    "around_festival",
    "borrowed_again",
    "caution_by_use",
    "concentration",
    "daily",
    "data_given",
    "day_of_month",
    "debt_service",
    "debt_service_above",
    "hour_by_weekday",
    "hour_windows",
    "hours",
    "inquiries",
    "interest_by_term",
    "interest_by_tier",
    "limit_use",
    "loans_per_active_year",
    "loans_per_borrower",
    "lorenz",
    "median_wait",
    "parts_of_month",
    "referral",
    "referral_by_embarrassment",
    "referral_depth",
    "referral_trees",
    "repeat_share",
    "reproduction",
    "revolvers",
    "spring_festival",
    "time_to_next_loan",
    "utilisation",
    "weekdays",
    "workday_daytime",
]


def __dir__() -> list[str]:
    return sorted(__all__)
