"""Published figures of the population that the users are compared with."""

from __future__ import annotations

from loanpersona.core import catalog


def shares(name: str) -> dict[str, float]:
    """Baseline share per level.

    >>> shares("sex")["male"]
    0.5124
    """
    stated = catalog.load("baselines")[name]
    if "percent" in stated:
        return {level: float(value) / 100 for level, value in stated["percent"].items()}
    return {level: float(value) for level, value in stated["shares"].items()}


def number(name: str, key: str) -> float:
    """A single baseline figure.

    >>> number("never_married_25_29", "share")
    0.513
    """
    return float(catalog.load("baselines")[name][key])


def ages() -> dict[str, dict[str, float]]:
    """Share of all people aged 20 to 59 by sex and five-year band: sex → band → share."""
    stated = catalog.load("baselines")["age_band"]
    total = sum(float(count) for sex in ("male", "female") for count in stated[sex].values())
    return {sex: {band: float(count) / total for band, count in stated[sex].items()} for sex in ("male", "female")}


def population(name: str, lang: str = "en") -> str:
    """Whom a baseline describes, in words."""
    return str(catalog.load("baselines")[name]["population"][lang])
