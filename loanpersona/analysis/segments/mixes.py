"""How users, limits, balances and volume lie over the segments (3.1a to 3.1c), and over recency and frequency."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import DAY, By, Day, Three, lower_ends, one_of
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, cut_at, with_groups
from loanpersona.analysis.segments.history import history, standing
from loanpersona.analysis.segments.membership import ALL, MONEY, NO_SEGMENT, READS, lent, limits, members
from loanpersona.analysis.segments.segmentation import Rules
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_share, shares
from loanpersona.tables.book import Book

BANDS = {"days_since_last_loan": (0, 31, 91, 181, 366), "n_loans": (1, 2, 4, 7)}
"""Where the bands of recency and of frequency begin."""
VOLUME = re.compile(r"([1-9]\d{0,3}) (days|months)")


@frame(
    statements="3.1a 3.1b 3.1c",
    counts="users",
    keys="base as_of of",
    written={"as_of": "day"},
    reads=READS,
    assumes="operable_days",
)
def mix(
    book: Book,
    *,
    of: str = "lifecycle",
    by: By = None,
    at: Day = None,
    rules: Rules | None = None,
    base: str | None = None,
    every: str | None = None,
) -> pd.DataFrame:
    """Share of users in each segment at the end of the day `at` (3.1a to 3.1c), or `every="month"` up to it.

    `of` is process, lifecycle or quality. The base is whoever is `operable` (approved, seen within the days assumed,
    365), has `borrowed`, is `approved` by the last application or has `applied`; by default operable for the lifecycle
    and applied otherwise. Columns: base, as_of, the segments, n (users of the base), k, share, low, high (Wilson).
    Raises InputError where the base is empty or no month has ended, for other words, and where no rule holds somebody.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.mix(population, of="process")["k"].tolist()
    [277, 110, 113]
    """
    [name] = segmentations(tuple(of), most=1)
    base = base or ("operable" if name == "lifecycle" else "applied")
    days = [at] if every is None else month_ends(book, at, every)
    rows = with_groups(book, members(book, [name], base, days, rules), by, "user", at)
    return by_group(rows, by, lambda part: _mix(part, name, base))


@frame(
    statements="3.1a 3.1b 3.1c 3.2g",
    counts="users",
    keys="base measure of",
    written={"volume_from": "day"},
    reads=ALL,
    assumes="operable_days",
)
def matrix(
    book: Book,
    *,
    of: Three = ("lifecycle", "quality"),
    at: Day = None,
    rules: Rules | None = None,
    base: str = "approved",
    volume: str = "12 months",
) -> pd.DataFrame:
    """What share of users, limits, balance and volume lies in each cell of one to three segmentations (3.1a to 3.1c).

    The bases are those of `mix`; `volume` is what was paid out in the days or months before. Columns: base, measure
    (of_users, of_limit, of_balance, of_volume), volume_from, the segments, n (users), k (users, or CNY), share, low,
    high (the money of a user goes together), clusters, design_effect, effective_n. Of three, only the
    pairs of the first two that somebody is in. Raises InputError as `mix` does, and for a volume that is none.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> found = lp.segments.matrix(population, of="quality", base="applied")
    >>> found.groupby("measure")["share"].sum().round(9).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    names = segmentations(tuple(of), most=3)
    span = _span(volume)
    people = members(book, names, base, [at], rules)
    money = {
        "of_limit": limits(book, at),
        "of_balance": standing(book, at.normalize())["balance_cny"],
        "of_volume": lent(book, at, span),
    }
    weights = {"of_users": None, **{key: people["user_id"].map(one).fillna(0.0) for key, one in money.items()}}
    cells = _cells(people, names)
    rows = [
        {"measure": measure, **cell, **clustered_share(_inside(people, cell), people["user_id"], weight)}
        for measure, weight in weights.items()
        for cell in cells
    ]
    result = pd.DataFrame(rows)
    result.insert(0, "base", base)
    result.insert(2, "volume_from", (at - span).normalize() + DAY)
    return result.assign(why=result["share"].isna().map({True: "no_such_money", False: None}))


@frame(
    statements="3.1b",
    counts="borrowers",
    keys="recency_band loans_band measure",
    reads=MONEY,
)
def rfm(
    book: Book, *, by: By = None, bands: Mapping[str, Sequence[float]] | None = None, at: Day = None
) -> pd.DataFrame:
    """Borrowers by recency and frequency, with the money in each cell, at the end of the day `at` (3.1b).

    A loan counts from the day its money arrives; `bands` says where those of `days_since_last_loan` and of `n_loans`
    begin. Columns: recency_band, loans_band, measure (of_borrowers, of_volume: all loans), n (borrowers), k (borrowers,
    or CNY), share, low, high, clusters, design_effect, effective_n. Raises InputError where nobody has by
    then.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.segments.rfm(population, bands={"n_loans": (1, 4)})["loans_band"].unique().tolist()
    ['1..3', '4..']
    """
    starts = {**BANDS, **_starts(bands)}
    borrowers = members(book, [], "borrowed", [at], None)
    stands = standing(book, at.normalize()).loc[borrowers["user_id"]]
    rows = borrowers.assign(
        recency_band=cut_at(stands["days_idle"], starts["days_since_last_loan"]).array,
        loans_band=cut_at(stands["n_loans"], starts["n_loans"]).array,
        amount_cny=borrowers["user_id"].map(lent(book, at)).fillna(0.0),
    )
    return by_group(with_groups(book, rows, by, "user", at), by, _rfm)


def segmentations(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    """The segmentations that a caller names; raises InputError for any other word, and for too many."""
    if len(names) > most:
        raise InputError(f"of = {names!r}: too many. Allowed: {most} of {', '.join(NO_SEGMENT)}.")
    return tuple(one_of("of", name, NO_SEGMENT) for name in names)


def month_ends(book: Book, at: pd.Timestamp, every: str = "month") -> list[pd.Timestamp]:
    """The last moments of the months from the first approval up to a day; raises InputError where none has ended."""
    one_of("every", every, ["month"])
    first = history(book).first_approval
    ends = pd.date_range(first, at.normalize(), freq="ME").as_unit("s") if first <= at else []
    if not len(ends):
        raise InputError(f"applications: no month has ended by {at:%Y-%m-%d}. Allowed: a later day.")
    return [day + (at - at.normalize()) for day in ends]


def _mix(rows: pd.DataFrame, name: str, base: str) -> pd.DataFrame:
    parts = [shares(part[name]).assign(base=base, as_of=day) for day, part in rows.groupby("as_of")]
    result = pd.concat(parts, ignore_index=True)
    return result[["base", "as_of", *(one for one in result if one not in {"base", "as_of"})]]


def _cells(people: pd.DataFrame, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Every combination of segments; of three segmentations the pairs of the first two that somebody is in."""
    cells = [dict(zip(names, one, strict=True)) for one in product(*(people[name].cat.categories for name in names))]
    pairs = set(zip(*(people[name] for name in names[:2]), strict=True))
    return [one for one in cells if len(names) < 3 or (one[names[0]], one[names[1]]) in pairs]


def _inside(people: pd.DataFrame, cell: Mapping[str, str]) -> Any:
    return np.logical_and.reduce([people[name] == segment for name, segment in cell.items()])


def _span(volume: Any) -> pd.DateOffset:
    given = VOLUME.fullmatch(volume) if isinstance(volume, str) else None
    if given is None:
        raise InputError(f"volume = {volume!r}: not a time. Allowed: such as '12 months' or '90 days'.")
    return pd.DateOffset(**{given[2]: int(given[1])})


def _starts(bands: Any) -> dict[str, tuple[float, ...]]:
    if bands is not None and not isinstance(bands, Mapping):
        raise InputError(f"bands = {bands!r}: of what. Allowed: {{name: where each begins}} of {', '.join(BANDS)}.")
    return {one_of("bands", name, BANDS): lower_ends(f"bands.{name}", ends) for name, ends in (bands or {}).items()}


def _rfm(people: pd.DataFrame) -> pd.DataFrame:
    weights = {"of_borrowers": None, "of_volume": people["amount_cny"]}
    cells = product(*(people[name].cat.categories for name in ("recency_band", "loans_band")))
    rows = [
        {**cell, "measure": measure, **clustered_share(_inside(people, cell), people["user_id"], weight)}
        for cell in ({"recency_band": late, "loans_band": many} for late, many in cells)
        for measure, weight in weights.items()
    ]
    return pd.DataFrame(rows)
