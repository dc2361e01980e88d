"""Who they are: shares of the levels of any column, and how numbers spread, of all users or of a part of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis import baselines
from loanpersona.analysis.arguments import By, end_of_day
from loanpersona.analysis.contrasts import with_contrast
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import MOST_LEVELS, by_group, column_of, levels, values_of, with_groups
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import mean, quantiles, share, with_lift
from loanpersona.tables.book import Book, kept

LARGEST = 20
"""Of a text that nearly everybody words in a way of their own, so many levels are shown."""
OTHERS = "other_levels"
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@frame(
    statements="1.1a 1.1b 1.1d 1.2a 1.2b 1.2c 1.2d 1.3a 1.3b 1.3c 1.3d 1.4f 2.1c",
    counts="users",
    keys="of",
    reads={"users": "user_id"},
    written=dict.fromkeys(["baseline", "share_at_most", "difference", "difference_low", "difference_high"], "share")
    | dict.fromkeys(["lift", "lift_low", "lift_high", "risk_ratio", "risk_ratio_low", "risk_ratio_high"], "ratio")
    | {"compared_with": "baseline"},
)
def shares(
    book: Book,
    *,
    of: Sequence[str],
    by: By = None,
    who: Sequence[str] = "registered",
    against: str | None = None,
    bands: tuple[float, ...] | None = None,
) -> pd.DataFrame:
    """How many users are of each level of a column (1.1 to 1.3), or of each pair of two, within each group of `by`.

    `who` are all registered, those ever approved, those who borrowed, or several of these. Numbers are cut where
    `bands` begin; users without a value are left out. Columns: share with its Wilson interval; share_at_most where
    levels have an order; baseline, lift, ages and compared_with where a census counts the same (age bands are then
    shares of those aged 20 to 59); with `against` (a level of `by`, or `rest`) difference and risk_ratio. Of more than
    60 texts the 20 most frequent stand for themselves. Raises InputError where nobody has a value.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.profile.shares(population, of="sex", by="work")["share"].round(2).tolist()[:2]
    [0.69, 0.31]
    """
    rows, baseline = _looked_at(book, of, by, bands), None if by else baselines.of(of)
    if baseline and baselines.AGED in of:
        rows = _of_ages(rows, baseline)
    result = _of_each_base(book, rows, by, who, bands, lambda part: _counted(part, tuple(of)))
    if len(of) == 1 and rows[of[0]].cat.ordered:
        groups = [*(by or ()), *(["who"] if "who" in result else [])]
        whole = result.groupby(groups, observed=True, sort=False)["k"] if groups else result["k"]
        result = result.assign(share_at_most=whole.cumsum() / result["n"])
    if baseline:
        shares_there = [baseline.shares.get(level, np.nan) for level in zip(*(result[one] for one in of), strict=True)]
        result = with_lift(result, shares_there).assign(ages=baseline.ages, compared_with=baseline.name)
    return with_contrast(result, by or (), against)


@frame(
    statements="1.1b 1.1c 1.3c 1.4g",
    counts="users",
    estimate="p50",
    reads={"users": "user_id"},
    written=dict.fromkeys(["p50", "p10", "p25", "p75", "p90", "mean", "mean_low", "mean_high", "below"], "of")
    | {"share_below": "share"},
)
def spread(
    book: Book, *, of: str, by: By = None, who: Sequence[str] = "registered", below: float | None = None
) -> pd.DataFrame:
    """How a number spreads over users (1.1b, 1.1c, 1.3c, 1.4g), of all or of each group of `by`.

    Columns, in the unit of `of`: p50 with its distribution-free interval low, high; p10, p25, p75, p90; mean with
    mean_low, mean_high; share_below where `below` is given. Users without a value are left out. Raises InputError
    where `of` is no number or nobody has one.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.profile.spread(population, of="income_cny_month", by="borrower_class", below=10_000)["p50"].tolist()
    [5400, 5300, 6700]
    """
    values = values_of(book, of[0], "user", _last(book))
    if len(of) > 1 or values.dtype.kind not in "iuf":
        raise InputError(
            f"of = {', '.join(of)}: not a number. Allowed: one column of numbers, such as income_cny_month."
        )
    rows = pd.DataFrame({"user_id": values.index, "value": values.to_numpy()}).dropna()
    return _of_each_base(book, _some(rows, *of), by, who, None, lambda part: _quantiles(part["value"], below))


@kept
def base(book: Book, who: str) -> pd.Index:
    """The users that a profile is of: all, those ever approved, or those who borrowed."""
    if who == "registered":
        return pd.Index(book.users["user_id"])
    table, columns = {"approved": ("applications", ("user_id", "outcome")), "borrowed": ("loans", ("user_id",))}[who]
    book.need({table: columns})
    rows = book.table(table)
    return pd.Index((rows[rows["outcome"] == "approved"] if who == "approved" else rows)["user_id"].unique())


def known(book: Book, columns: Sequence[str]) -> pd.DataFrame | None:
    """These columns of the users who have a value in each; none where the book lacks a column."""
    try:
        values = {name: values_of(book, name, "user", _last(book)) for name in columns}
    except InputError:
        return None
    return pd.DataFrame(values).dropna()


def _of_each_base(
    book: Book, rows: pd.DataFrame, by: Any, who: Any, bands: Any, estimate: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """What `estimate` makes of every group of every base; several bases are named."""
    rows = with_groups(book, rows, by, "user", _last(book), bands)
    parts = []
    for one in who:
        result = by_group(_some(rows[rows["user_id"].isin(base(book, one))], one), by, estimate)
        if len(who) > 1:
            result.insert(len(by), "who", one)
        parts.append(result)
    return pd.concat(parts, ignore_index=True)


def _looked_at(book: Book, of: Any, by: Any, bands: Any) -> pd.DataFrame:
    """Users with their level of every column looked at; whoever has none is left out."""
    columns = [*of, *map(column_of, by)]
    if bands and not any(values_of(book, name, "user", _last(book)).dtype.kind in "iuf" for name in columns):
        raise InputError(f"bands = {bands!r}: neither {' nor '.join(columns)} is a number. Allowed: none here.")
    values = {name: _most_frequent(values_of(book, name, "user", _last(book), bands)) for name in of}
    rows = _some(pd.DataFrame(values).dropna().rename_axis("user_id").reset_index(), *of)
    return rows.assign(**{name: levels(rows[name], name) for name in of})


def _most_frequent(values: pd.Series) -> pd.Series:
    """Texts that are too many: the most frequent, and the others together."""
    if values.dtype.kind in "iufbM" or values.nunique() <= MOST_LEVELS:
        return values
    first = list(values.value_counts().index[:LARGEST])
    texts = values.astype(object)
    return texts.where(texts.isin(first) | texts.isna(), OTHERS).astype(pd.CategoricalDtype([*first, OTHERS]))


def _of_ages(rows: pd.DataFrame, baseline: baselines.Baseline) -> pd.DataFrame:
    """The users of the ages that the baseline counts."""
    bands = list(dict.fromkeys(band for level in baseline.shares for band in level if band[0].isdigit()))
    inside = rows[rows[baselines.AGED].isin(bands)]
    if inside.empty:
        raise InputError("users.age_years: nobody is aged 20 to 59. Allowed: at least one user of that age.")
    return inside.assign(age_band=inside[baselines.AGED].cat.set_categories(bands))


def _some(rows: pd.DataFrame, *what: str) -> pd.DataFrame:
    if rows.empty:
        raise InputError(f"{', '.join(what)}: nobody. Allowed: at least one user.")
    return rows


def _counted(rows: pd.DataFrame, of: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame([{**level, **share(holds)} for level, holds in _levels(rows, of)]).astype(
        {name: rows[name].dtype for name in of}
    )


def _levels(rows: pd.DataFrame, of: tuple[str, ...]) -> Iterator[tuple[dict[str, str], pd.Series]]:
    for level in product(*(rows[name].cat.categories for name in of)):
        holds = np.logical_and.reduce([rows[name] == one for name, one in zip(of, level, strict=True)])
        yield dict(zip(of, level, strict=True)), pd.Series(holds)


def _quantiles(values: pd.Series, below: float | None) -> dict[str, Any]:
    at = quantiles(values, QUANTILES).set_index("quantile")
    average = mean(values)
    middle = {"p50": at.loc[0.5, "value"], "low": at.loc[0.5, "low"], "high": at.loc[0.5, "high"]}
    others = {f"p{100 * one:.0f}": at.loc[one, "value"] for one in QUANTILES if one != 0.5}
    means = {"mean": average["value"], "mean_low": average["low"], "mean_high": average["high"]}
    under = {} if below is None else {"below": below, "share_below": (values < below).mean()}
    return {"n": len(values), **middle, **others, **means, **under}


@kept
def _last(book: Book) -> pd.Timestamp:
    """The end of the last day; a table of users alone may know no time, and needs none."""
    try:
        return end_of_day(book.last_day)
    except InputError:
        return pd.Timestamp.max
