"""How the users differ from the population: each trait of the article, over how often it is met elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from loanpersona.analysis import baselines
from loanpersona.analysis.frame import frame
from loanpersona.analysis.profile.people import base, known
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import share
from loanpersona.tables.book import Book


class Trait(NamedTuple):
    """Levels of a column that the article names, and whom the share of them is compared with."""

    name: str
    column: str
    levels: tuple[str, ...]
    baseline: str
    ages: tuple[int, int] | None
    """Looked at are users of these ages, where the baseline has them only."""


UP_TO_COLLEGE = ("junior_secondary", "senior_secondary", "junior_college")
TRAITS = (
    Trait("junior_college_or_below", "education", UP_TO_COLLEGE, "junior_college_or_below", None),
    Trait(
        "junior_college_or_above",
        "education",
        ("junior_college", "bachelor", "master"),
        "junior_college_or_above",
        None,
    ),
    Trait("men", "sex", ("male",), "adults", (20, 59)),
    Trait("aged_25_to_34", "age_band", ("25..29", "30..34"), "adults", (20, 59)),
    Trait("southeast_coast", "region", ("southeast_coast",), "province", None),
    Trait("never_married_25_to_29", "marital_status", ("never_married",), "never_married_25_29", (25, 29)),
)


@frame(
    statements="1.2a 1.2b 1.2c 1.3a 1.3d",
    counts="users",
    keys="trait",
    estimate="lift",
    reads={"users": "user_id"},
    written=dict.fromkeys(["share_low", "share_high", "baseline"], "share")
    | {"lift": "ratio", "compared_with": "baseline"},
)
def lift(book: Book, *, who: Sequence[str] = "registered") -> pd.DataFrame:
    """How often traits of the article are met among users, over how often in the population (1.2, 1.3a, 1.3d).

    Columns: trait; n, k; lift with low, high (Wilson's of the share over the baseline, which counts as known); share,
    share_low, share_high; baseline; ages and compared_with: whom it describes, where possible of the ages of the
    users looked at; why a trait cannot be looked at. Raises InputError where none can.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.profile.lift(population)["lift"].round(2).tolist()
    [0.99, 2.86, 1.35, 2.13, 2.62, 1.12]
    """
    rows = [{**({} if len(who) == 1 else {"who": one}), **_row(book, trait, one)} for one in who for trait in TRAITS]
    result = pd.DataFrame(rows)
    if not result["n"].any():
        raise InputError(
            f"users: no column of {', '.join(sorted({trait.column for trait in TRAITS}))}. Allowed: one of them."
        )
    return result


def _row(book: Book, trait: Trait, who: str) -> dict[str, Any]:
    values = known(book, [trait.column, *(["age_years"] if trait.ages else [])])
    if values is None:
        return _row_of(trait, pd.Series(dtype=bool), "no_column")
    values = values[values.index.isin(base(book, who))]
    inside = values[values["age_years"].between(*trait.ages)] if trait.ages else values
    return _row_of(trait, inside[trait.column].isin(trait.levels), "nobody")


def _row_of(trait: Trait, holds: pd.Series, lacking: str) -> dict[str, Any]:
    counted, over = share(holds), _baseline(trait)
    low, high = (counted[end] if len(holds) else np.nan for end in ("low", "high"))
    lifts = {"lift": counted["share"] / over, "low": low / over, "high": high / over}
    shares = {"share": counted["share"], "share_low": low, "share_high": high, "baseline": over}
    whom = {"ages": baselines.ages(trait.baseline), "compared_with": trait.baseline}
    why = {"why": None if len(holds) else lacking}
    return {"trait": trait.name, "n": counted["n"], "k": counted["k"], **lifts, **shares, **whom, **why}


def _baseline(trait: Trait) -> float:
    counted = baselines.of([trait.column])
    return sum(counted.shares[level,] for level in trait.levels) if counted else baselines.number(trait.baseline)
