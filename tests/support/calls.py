"""What a frame must be told in a call; all others have an answer of their own."""

from __future__ import annotations

from typing import Any

CALLS: dict[str, dict[str, Any]] = {
    "profile.shares": {"of": "education", "by": "occupation"},
    "profile.spread": {"of": "income_cny_month", "by": "occupation"},
}
