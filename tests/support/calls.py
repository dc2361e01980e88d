"""What a frame must be told in a call, or is told so that a small book is enough."""

from __future__ import annotations

from typing import Any

CALLS: dict[str, dict[str, Any]] = {
    "profile.shares": {"of": "education", "by": "occupation"},
    "credit.fairness_cost": {"of": "sex", "bands": {"zhima_score": [600, 650]}},
    "credit.scorecard_resampling": {"bands": {"zhima_score": [600, 650]}},
    "profile.spread": {"of": "income_cny_month", "by": "occupation"},
}
