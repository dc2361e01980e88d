"""Charts of the needs (2.1a to 2.2d)."""

from __future__ import annotations

from loanpersona.charts.needs import drawings as drawings
