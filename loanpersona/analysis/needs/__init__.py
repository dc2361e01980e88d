"""What they need: statements 2.1a to 2.2d as tidy frames with 95 % intervals.

Every function takes frames with the columns of `tables.yaml` that it names, generated or a lender's own, and returns
a new frame. Loans of one borrower go together: `clusters` are the borrowers behind n loans. Users are counted once.
Each raises InputError where there are no rows, or a column is missing or of another form.
"""

from __future__ import annotations

from loanpersona.analysis.needs.debt import (
    debt_borrowers,
    debt_risk,
    loans_a_year,
    platforms_of_debt_borrowers,
    refusals_by_platforms,
    reject_reasons_by_platforms,
    risk_by_platforms,
)
from loanpersona.analysis.needs.flow import aims, need_flow, needs_levers
from loanpersona.analysis.needs.owners import owner_price, owner_risk
from loanpersona.analysis.needs.purposes import (
    amount_by_reason,
    reasons,
    reasons_around_festival,
    reasons_by_class,
    reasons_by_income,
    reasons_by_month,
    reasons_by_platforms,
)
from loanpersona.analysis.needs.spiral import debt_by_loan_number, owed_when_borrowing, still_owing
from loanpersona.analysis.needs.stages import need_sources, needs_by_segment, needs_by_stage

__all__ = [
    "aims",
    "amount_by_reason",
    "debt_borrowers",
    "debt_by_loan_number",
    "debt_risk",
    "loans_a_year",
    "need_flow",
    "need_sources",
    "needs_by_segment",
    "needs_by_stage",
    "needs_levers",
    "owed_when_borrowing",
    "owner_price",
    "owner_risk",
    "platforms_of_debt_borrowers",
    "reasons",
    "reasons_around_festival",
    "reasons_by_class",
    "reasons_by_income",
    "reasons_by_month",
    "reasons_by_platforms",
    "refusals_by_platforms",
    "reject_reasons_by_platforms",
    "risk_by_platforms",
    "still_owing",
]


def __dir__() -> list[str]:
    return sorted(__all__)
