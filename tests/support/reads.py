"""What each frame of segments and credit risk is made from: the tables it takes, in order."""

LOANS = ("loans",)
BOOK = ("applications", "loans", "instalments")
SEGMENTS = {
    "process_mix": ("applications",),
    "funnel": ("users", "applications", "loans"),
    "leaks": ("applications", "loans"),
    "leak_needs": ("applications", "loans", "signals"),
    "returns": ("applications",),
    "time_to_first_loan": ("applications", "loans"),
    "first_drawdown": ("applications", "loans"),
    "lifecycle_mix": BOOK,
    "lifecycle_by_month": BOOK,
    "transitions": BOOK,
    "time_in_segment": BOOK,
    "weight_of_segments": BOOK,
    "rfm_cells": LOANS,
}
# Those without a chart, those that are crossed, and those that are learned.
RULES_AND_ROWS: dict[str, tuple[str, ...]] = {"lifecycle_rules": (), "quality_rules": (), "rfm": LOANS}
CROSSED = {"crossed": BOOK, "crossed_approved": BOOK}
CLUSTERED = {
    "choice_of_k": BOOK,
    "cluster_profiles": BOOK,
    "cluster_stability": BOOK,
    "cluster_agreement": (*BOOK, "truth"),
}

# The same for credit risk; those of one row a loan or borrower have no chart.
LENT = ("loans", "instalments")
SCORED = ("applications", *LENT)
EACH = {"scored_borrowers": SCORED}
CREDIT_TAKES = {
    "score_distribution": SCORED,
    "ks_curve": SCORED,
    "roc": SCORED,
    "discrimination": SCORED,
    "calibration": SCORED,
    "score_stability": ("applications", "loans"),
}

SCORECARD = ("users", *SCORED)
SCORECARD_TAKES = {
    "scorecard": SCORECARD,
    "information_value": SCORECARD,
    "cost_of_leaving_out": SCORECARD,
    "approval_ratios": SCORECARD,
    "scorecard_stability": SCORECARD,
    "score_comparison": (*SCORECARD, "truth"),
    "score_correlation": (*SCORECARD, "truth"),
}
