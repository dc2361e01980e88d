"""What each frame of habits, needs, segments and credit risk is made from: the tables it takes, in order."""

LOANS = ("loans",)
TAKES = {
    "hour_by_weekday": LOANS,
    "hours": LOANS,
    "hour_windows": LOANS,
    "workday_daytime": LOANS,
    "weekdays": LOANS,
    "day_of_month": LOANS,
    "parts_of_month": LOANS,
    "daily": LOANS,
    "spring_festival": LOANS,
    "around_festival": LOANS,
    "time_to_next_loan": LOANS,
    "borrowed_again": LOANS,
    "median_wait": LOANS,
    "repeat_share": LOANS,
    "revolvers": LOANS,
    "loans_per_borrower": LOANS,
    "loans_per_active_year": LOANS,
    "lorenz": LOANS,
    "concentration": LOANS,
    "limit_use": ("applications", "loans"),
    "utilisation": ("applications", "loans"),
    "caution_by_use": ("applications", "loans", "truth"),
    "referral": ("users",),
    "reproduction": ("users",),
    "referral_trees": ("users",),
    "referral_depth": ("users",),
    "referral_by_embarrassment": ("truth",),
    "interest_by_term": ("loans", "instalments"),
    "interest_by_tier": ("loans", "instalments", "applications"),
    "inquiries": ("applications", "loans"),
    "data_given": ("applications",),
    "debt_service": ("loans", "instalments", "users"),
    "debt_service_above": ("loans", "instalments", "users"),
}

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
