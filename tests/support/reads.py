"""What each frame of credit risk is made from: the tables it takes, in order."""

# Those of one row a loan or borrower have no chart.
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
