"""Numbers as sentences write them: whole percents, yuan with their sign, decimals that mean something."""

from __future__ import annotations

from typing import Any

from loanpersona.analysis.written import NONE, cell

_SMALL = 0.02
"""Below this share the decimal is the point."""


def brief(form: str, value: Any, lang: str) -> str:
    """A number in a form, as a sentence or a strip writes it: shorter than `analysis.written.cell` writes tables.

    >>> brief("percent", 0.884, "en"), brief("share", 0.0123, "zh"), brief("money", 5100, "zh")
    ('88%', '1.2%', '5,100 元')
    """
    if value is None or value != value:
        return NONE
    if form in {"percent", "share"}:
        return f"{value:.1%}" if 0 < abs(value) < _SMALL else f"{value:.0%}"
    if form in {"yuan", "money"}:
        return f"¥{value:,.0f}" if lang == "en" else f"{value:,.0f} 元"
    if form == "change":
        return f"{value - 1:+.0%}".replace("-", "−")
    if form == "times":
        return f"{value:.1f}"
    return cell(form, value, lang)
