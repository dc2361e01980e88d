"""The cases on disk: whole personas that load, and broken ones with their faults."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parents[1] / "cases"
TINY = (CASES / "valid" / "tiny.yaml").read_text(encoding="utf-8")
