"""How loans of each tier repay, as the simulation tells it, and as the persona states it."""

from __future__ import annotations

import pandas as pd
from lives import DAY, Lives

TIERS = ["prime", "near_prime", "medium", "volatile", "inferior"]

STATED = pd.DataFrame(
    {
        "late": [0.020, 0.035, 0.055, 0.085, 0.130],
        "cured": [0.95, 0.92, 0.88, 0.84, 0.77],
        "bad": [0.006, 0.014, 0.030, 0.060, 0.110],
        "apr": [0.155, 0.186, 0.220, 0.238, 0.240],
        "factor": [4.2, 3.0, 1.9, 1.1, 0.5],
    },
    index=TIERS,
)
"""Lateness on the first day, cure within 30 days, 90 days late within 12 months, price, limit over income."""


def falling_due(lives: Lives) -> pd.DataFrame:
    """Instalments that fell due, with nothing unpaid from before on their loan, and a day to see whether they came."""
    return lives.owed[lives.owed["clean"] & (lives.owed["due_on"] < lives.last)]


def with_bad(lives: Lives) -> pd.DataFrame:
    """Loans of at least 12 months, and whether an instalment was 90 days late within those."""
    loans = lives.lent.set_index("loan_id")
    year = loans["disbursed_at"].dt.normalize() + pd.DateOffset(months=12)
    seen = (lives.owed["days"] >= 90) & (
        lives.owed["due_on"] + 90 * DAY <= year.reindex(lives.owed["loan_id"]).to_numpy()
    )
    bad = seen.groupby(lives.owed["loan_id"]).any()
    return loans.assign(bad=bad)[year <= lives.last]
