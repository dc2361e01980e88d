"""The chart room: `plot_<frame>(frame, *, ax=None, lang="en")` draws a frame of the analysis room.

Every chart shows intervals, carries alt text (`alt`) and the mark that the data are synthetic.
"""

from __future__ import annotations

from loanpersona.charts.profile import (
    plot_age,
    plot_age_by_sex,
    plot_bank_credit,
    plot_borrower_class,
    plot_city_tier,
    plot_education,
    plot_education_by_occupation,
    plot_income,
    plot_income_below,
    plot_income_by_occupation,
    plot_income_stability,
    plot_lift,
    plot_marital_by_age_and_sex,
    plot_marital_status,
    plot_occupation,
    plot_province,
    plot_region,
    plot_sex,
    plot_work,
)
from loanpersona.charts.style import alt, show

__all__ = [
    "alt",
    "plot_age",
    "plot_age_by_sex",
    "plot_bank_credit",
    "plot_borrower_class",
    "plot_city_tier",
    "plot_education",
    "plot_education_by_occupation",
    "plot_income",
    "plot_income_below",
    "plot_income_by_occupation",
    "plot_income_stability",
    "plot_lift",
    "plot_marital_by_age_and_sex",
    "plot_marital_status",
    "plot_occupation",
    "plot_province",
    "plot_region",
    "plot_sex",
    "plot_work",
    "show",
]


def __dir__() -> list[str]:
    return sorted(__all__)
