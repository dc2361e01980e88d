"""Numbers of claims as people write them, in both languages."""

from __future__ import annotations

from math import isnan

import pandas as pd

from loanpersona.claims.rules import read_row
from loanpersona.claims.statement import Claim, Verdict
from loanpersona.core.words import phrase

MINUS = "−"


def figure(claim: Claim, verdict: Verdict, frame: pd.DataFrame, lang: str) -> str:
    """The number of a claim in words, such as "70% men"; the frame gives the further numbers that it names.

    >>> import loanpersona as lp
    >>> claim = lp.claims.statements()["1.2a"].claim
    >>> frame = lp.profile.shares(lp.generate(lp.load_persona("article"), n=500, seed=7), of="sex")
    >>> figure(claim, lp.claims.judge(claim.rule, frame), frame, "zh")
    '男性占 69%'
    """
    numbers = {name: getattr(verdict, name) for name in ("value", "low", "high")}
    numbers |= {name: read_row(frame, row, claim.rule.column) for name, row in claim.cells.items()}
    return claim.figure[lang].format(**{name: written(value, claim.form, lang) for name, value in numbers.items()})


def written(value: float, form: str, lang: str) -> str:
    """A number as a form of figures writes it; a dash where there is none.

    >>> written(0.698, "percent", "en"), written(1.14, "change", "en"), written(2.67, "times", "zh")
    ('70%', '+14%', '2.7 倍')
    """
    if isnan(value):
        return "–"
    if form == "percent":
        return f"{value:.0%}" if value >= 0.0195 or value == 0 else f"{value:.1%}"
    texts = {
        "points": f"{100 * value:+.0f}",
        "change": f"{value - 1:+.0%}",
        "times": f"{value:.1f}",
        "ratio": f"{value:.2f}",
        "money": f"{round(value, -2 if value >= 1000 else 0):,.0f}",
    }
    return phrase(f"form_{form}", lang, value=texts[form].replace("-", MINUS))
