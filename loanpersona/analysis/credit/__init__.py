"""How good they are: the quality segments of statements 3.1c and 3.2g, as tidy frames with 95 % intervals.

Every function takes frames with the columns of `tables.yaml` that it names, generated or a lender's own, and
returns a new frame. Nothing after the day `until` (by default the last payment or loan) is looked at. The quality
tier is always that of the table `applications`, so that other cuts of the score need another table and no option.
A loan or borrower is bad if ever 90 days past due by month on book 12, and missing if younger. Higher scores are
riskier, and so are higher KS and Gini. Each raises InputError where there are no rows, or a column is missing or of
another form. `loan_outcomes`, `borrower_outcomes` and `scored_borrowers` give one row a loan or borrower, to build on.
"""

from __future__ import annotations

from loanpersona.analysis.credit import columns as columns
from loanpersona.analysis.credit.ageing import roll_rates, vintages
from loanpersona.analysis.credit.challengers import cost_of_leaving_out, score_comparison, score_correlation
from loanpersona.analysis.credit.fairness import approval_ratios
from loanpersona.analysis.credit.population_stability import score_stability
from loanpersona.analysis.credit.resampling import scorecard_stability
from loanpersona.analysis.credit.risk_score import (
    calibration,
    discrimination,
    ks_curve,
    roc,
    score_distribution,
    scored_borrowers,
)
from loanpersona.analysis.credit.scorecards import information_value, scorecard
from loanpersona.analysis.credit.tiers import tier_table
from loanpersona.analysis.credit.unit_economics import tier_income
from loanpersona.analysis.old_outcomes import borrower_outcomes, loan_outcomes

__all__ = [
    "approval_ratios",
    "borrower_outcomes",
    "calibration",
    "cost_of_leaving_out",
    "discrimination",
    "information_value",
    "ks_curve",
    "loan_outcomes",
    "roc",
    "roll_rates",
    "score_comparison",
    "score_correlation",
    "score_distribution",
    "score_stability",
    "scorecard",
    "scorecard_stability",
    "scored_borrowers",
    "tier_income",
    "tier_table",
    "vintages",
]


def __dir__() -> list[str]:
    return sorted(__all__)
