"""Tables of a lender that groups and scorecards are learned from."""

from __future__ import annotations

import numpy as np
import pandas as pd

GROUPED = ["choice_of_k", "cluster_profiles", "cluster_stability", "cluster_agreement", "crossed", "crossed_approved"]


def lent() -> dict[str, pd.DataFrame]:
    """Of 85 borrowers with one platform 5 are bad, of 25 with two 5; of the 40 refused 10 have one platform."""
    n = 150
    platforms = np.repeat([1, 2, 1, 2], [85, 25, 10, 30])
    bad = np.zeros(110, bool)
    bad[[0, 1, 2, 3, 4, 85, 86, 87, 88, 89]] = True
    approved = np.arange(n) < 110
    begun = pd.Timestamp("2022-01-10 09:00")
    users = pd.DataFrame(
        {
            "user_id": np.arange(n),
            "platforms": platforms,
            "sex": np.where(np.arange(n) % 3 == 0, "female", "male"),
            "region": np.where(np.arange(n) % 2 == 0, "inland", "southeast_coast"),
            "marital_status": "married",
        }
    )
    applications = pd.DataFrame(
        {
            "application_id": np.arange(n) * 10,
            "user_id": np.arange(n),
            "started_at": begun,
            "submitted_at": begun,
            "decided_at": begun,
            "outcome": np.where(approved, "approved", "rejected"),
            "last_step": "submission",
            "risk_score": 300 + 100 * platforms,
            "proofs": 0,
            "limit_cny": np.where(approved, 2_000, 0),
        }
    )
    lent_on = pd.to_datetime(["2022-02-01"] * 110 + ["2023-12-01"] * 3)
    loans = pd.DataFrame(
        {
            "loan_id": np.arange(113),
            "user_id": [*range(110), 10, 11, 12],
            "amount_cny": 1_000,
            "borrowed_at": lent_on + pd.Timedelta(10, "h"),
            "disbursed_at": lent_on + pd.Timedelta(11, "h"),
        }
    )
    due = pd.Series(lent_on + pd.Timedelta(28, "D"))
    instalments = pd.DataFrame(
        {
            "loan_id": np.arange(113),
            "number": 1,
            "due_on": due,
            "principal_cny": 1_000.0,
            "interest_cny": 20.0,
            "paid_on": due.mask(np.append(bad, [False] * 3)),
        }
    )
    return {"users": users, "applications": applications, "loans": loans, "instalments": instalments}


def twice(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same book with everybody in it twice, for cards of more attributes."""
    moved = {"user_id": 1_000, "loan_id": 1_000, "application_id": 10_000}
    others = {
        name: table.assign(**{key: table[key] + by for key, by in moved.items() if key in table})
        for name, table in tables.items()
    }
    return {name: pd.concat([table, others[name]], ignore_index=True) for name, table in tables.items()}
