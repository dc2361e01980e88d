"""Who borrows: the profile of statements 1.1 to 1.3, as tidy frames with 95 % intervals.

Every function takes a frame with the columns of `tables.yaml` that it names, generated or a lender's own,
and returns a new frame. Shares carry n (people asked), k (people counted), low and high (Wilson).
Each raises InputError where a column is missing or of another form.
"""

from __future__ import annotations

from loanpersona.analysis.profile.traits import (
    age,
    age_by_sex,
    bank_credit,
    borrower_class,
    city_tier,
    education,
    education_by_occupation,
    income,
    income_below,
    income_by_occupation,
    income_stability,
    lift,
    marital_by_age_and_sex,
    marital_status,
    occupation,
    province,
    region,
    sex,
    work,
)

__all__ = [
    "age",
    "age_by_sex",
    "bank_credit",
    "borrower_class",
    "city_tier",
    "education",
    "education_by_occupation",
    "income",
    "income_below",
    "income_by_occupation",
    "income_stability",
    "lift",
    "marital_by_age_and_sex",
    "marital_status",
    "occupation",
    "province",
    "region",
    "sex",
    "work",
]


def __dir__() -> list[str]:
    return sorted(__all__)
