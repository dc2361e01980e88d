"""Published figures of the population that the users are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loanpersona.core.sourced import load
from loanpersona.tables.schema import table

AGED = "age_band"
_ADULTS, _PROVINCES = "adults", "province"


@dataclass(frozen=True)
class Baseline:
    """Shares of a population by the levels of one column or two."""

    name: str
    """Its entry in `baselines.yaml`."""
    shares: Mapping[tuple[str, ...], float]

    @property
    def ages(self) -> str:
        """The ages of the people it describes."""
        return str(load("baselines")[self.name]["ages"])


def of(columns: Sequence[str]) -> Baseline | None:
    """The population by sex and age, or by province or region; none where no count is published.

    >>> round(of(["sex"]).shares["male",], 4)
    0.5129
    """
    if set(columns) <= {"sex", AGED}:
        return Baseline(_ADULTS, _adults(columns))
    places = _places().get(columns[0]) if len(columns) == 1 else None
    return Baseline(_PROVINCES, {(level,): share for level, share in places.items()}) if places else None


def number(name: str) -> float:
    """A single published share.

    >>> number("never_married_25_29")
    0.513
    """
    return float(load("baselines")[name]["share"])


def ages(name: str) -> str:
    """The ages of the people that a baseline describes."""
    return Baseline(name, {}).ages


def population(name: str, lang: str = "en") -> str:
    """Whom a baseline describes, in words."""
    return str(load("baselines")[name]["population"][lang])


def _adults(columns: Sequence[str]) -> dict[tuple[str, ...], float]:
    """Shares of all people aged 20 to 59."""
    counts = {(sex, band): count for sex in ("male", "female") for band, count in _stated(sex).items()}
    shares: dict[tuple[str, ...], float] = {}
    for (sex, band), count in counts.items():
        level = tuple({"sex": sex, AGED: band}[name] for name in columns)
        shares[level] = shares.get(level, 0) + count / sum(counts.values())
    return shares


def _stated(sex: str) -> dict[str, int]:
    return {band: int(count) for band, count in load("baselines")[_ADULTS][sex].items()}


def _places() -> dict[str, dict[str, float]]:
    provinces = {name: float(value) / 100 for name, value in load("baselines")[_PROVINCES]["percent"].items()}
    groups = table("users").column("province").groups.items()
    return {"province": provinces, "region": {one: sum(provinces[name] for name in names) for one, names in groups}}
