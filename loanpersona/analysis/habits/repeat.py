"""Borrowing again and again (1.4e): when, how often, and who holds the loans and the volume."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import DAY, By, Day
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import by_group, cut_at, with_groups
from loanpersona.analysis.habits.moments import known_loans, numbered
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_ratio, clustered_share, z
from loanpersona.estimates.survival import come_within, kaplan_meier
from loanpersona.tables.book import Book

POINTS = 100
WARM_UP = pd.DateOffset(years=2)


@frame(
    statements="1.4e",
    counts="borrowers",
    keys="ordinal days",
    written={"days": "days", "survival": "share", "at_risk": "count", "events": "count"},
    reads={"loans": "loan_id user_id borrowed_at"},
)
def time_to_next_loan(
    book: Book,
    *,
    by: By = None,
    within: Sequence[int] | None = None,
    until: Day = None,
    after: Sequence[int] = (1, 2, 3),
) -> pd.DataFrame:
    """Share who have borrowed again, by days since a loan: one less the Kaplan-Meier curve (1.4e).

    `after` are the ordinals of the loans that waits begin with: whoever has not borrowed again by `until` is censored
    then, not dropped, and has one wait in each curve. `within` keeps these days only.
    Columns: ordinal, days, n (borrowers with such a loan), share, low, high (Greenwood, log-log), survival (share
    still waiting); without `within` at_risk and events of the day. Beyond the longest wait watched a share is missing.
    Raises InputError where no loan has such a number. `lp.estimates.median_time` reads the median off this frame.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.time_to_next_loan(population, after=[1], within=[90, 365])["days"].tolist()
    [90, 365]
    """
    waits = spells(book, until)
    waits = with_groups(book, waits[waits["ordinal"].isin(after)], by, "loan", until)
    if waits.empty:
        raise InputError(f"loans: none is number {', '.join(map(str, after))} of its user by {until:%Y-%m-%d}.")
    return by_group(waits, by, partial(_curves, after=after, within=within))


def spells(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """From each loan to the next one of its user, or to `until`: ordinal, whole days, and whether the next came."""
    loans = numbered(book)
    loans = loans[loans["borrowed_at"] <= until]
    following = loans.groupby("user_id")["borrowed_at"].shift(-1)
    waited = (following.fillna(until) - loans["borrowed_at"]) // DAY
    result = loans[["loan_id", "user_id"]].assign(ordinal=loans["number"], days=waited, happened=following.notna())
    return result.reset_index(drop=True)


def _curves(waits: pd.DataFrame, after: Sequence[int], within: Sequence[int] | None) -> pd.DataFrame:
    parts = [(one, waits[waits["ordinal"] == one]) for one in after]
    result = pd.concat([_curve(part, within).assign(ordinal=one) for one, part in parts if len(part)])
    first = ["ordinal", "days", "n", "share", "low", "high", "survival"]
    return result[[*first, *(name for name in result if name not in first)]]


def _curve(waits: pd.DataFrame, within: Sequence[int] | None) -> pd.DataFrame:
    days, happened = waits["days"], waits["happened"]
    if within is None:
        curve = kaplan_meier(days, happened)
        ends = {"share": 1 - curve["survival"], "low": 1 - curve["high"], "high": 1 - curve["low"]}
        return curve.assign(n=len(waits), **ends)
    result = come_within(days, happened, within).rename(columns={"within_days": "days"})
    return result.assign(survival=1 - result["share"], why=result["share"].isna().map({True: "not_watched_so_long"}))


@frame(
    statements="1.4e",
    counts="loans",
    keys="period measure",
    reads={"loans": "loan_id user_id amount_cny borrowed_at disbursed_at"},
)
def repeat_share(book: Book, *, by: By = None, since: Day = None) -> pd.DataFrame:
    """Share of loans and of volume that go to users with an earlier disbursed loan (1.4e), year by year.

    The period `after_warm_up` is the time from `since` on (by default the last two years): in the first years of a
    product nearly everybody is new. Loans are not money, so measure says of what.
    Columns: period, measure (of_loans, of_volume), n (loans), k (loans, or CNY), share, low, high (clustered by user),
    clusters, design_effect, effective_n. Raises InputError where no loan was taken from `since` on.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.repeat_share(population, since="2024-01-01")["period"].iloc[-1]
    'after_warm_up'
    """
    loans = known_loans(book, "amount_cny", "borrowed_at", "disbursed_at")
    first = loans.groupby("user_id")["disbursed_at"].transform("min")
    loans = with_groups(book, loans.assign(again=first < loans["borrowed_at"]), by, "loan", book.last_day)
    start = loans["borrowed_at"].max() - WARM_UP if since is None else since
    if (loans["borrowed_at"] < start).all():
        raise InputError(f"loans: none was taken since {start:%Y-%m-%d}. Allowed: a time before the last loan.")
    return by_group(loans, by, partial(_repeats, start=start))


def _repeats(loans: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    years = loans["borrowed_at"].dt.year
    periods = {str(year): loans[years == year] for year in sorted(years.unique())}
    periods["after_warm_up"] = loans[loans["borrowed_at"] >= start]
    rows = []
    for period, part in periods.items():
        for measure, weights in (("of_loans", None), ("of_volume", part["amount_cny"])):
            result = clustered_share(part["again"], part["user_id"], weights)
            rows.append({"period": period, "measure": measure, **result})
    return pd.DataFrame(rows)


@frame(
    statements="1.4e",
    counts="borrowers",
    keys="loans measure",
    written={"loans": "word"},
    reads={"loans": "loan_id user_id amount_cny borrowed_at"},
)
def loan_counts(
    book: Book, *, by: By = None, bands: Sequence[float] = (2, 3, 4, 6, 11, 21), until: Day = None
) -> pd.DataFrame:
    """Users with so many loans: their share of borrowers, of loans and of volume (1.4e).

    Who registered lately has had little time: these are the loans taken by `until`. `bands` is where bands begin,
    the first holding those with fewer; bands=(2,) tells those who came back.
    Columns: loans (band), measure (of_borrowers, of_loans, of_volume), n (borrowers, or loans), k (borrowers, loans,
    or CNY), share, low, high (clustered by user), clusters, design_effect, effective_n.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.loan_counts(population, bands=(2,))["loans"].unique().tolist()
    ['1', '2..']
    """
    loans = known_loans(book, "amount_cny", "borrowed_at")
    loans = with_groups(book, _taken(loans, until), by, "user", until)
    counts = loans.groupby("user_id")["user_id"].transform("size")
    starts = bands if bands[0] <= 1 else (1, *bands)
    return by_group(loans.assign(band=cut_at(counts, starts)), by, _counts)


def _counts(loans: pd.DataFrame) -> pd.DataFrame:
    once = loans[~loans["user_id"].duplicated()]
    measures = {"of_borrowers": (once, None), "of_loans": (loans, None), "of_volume": (loans, loans["amount_cny"])}
    return pd.DataFrame(
        [
            {"loans": band, "measure": name, **clustered_share(part["band"] == band, part["user_id"], weights)}
            for band in loans["band"].cat.categories
            for name, (part, weights) in measures.items()
        ]
    )


@frame(
    statements="1.4e 2.1c",
    counts="active_years",
    estimate="loans_per_year",
    written={"loans_per_year": "ratio"},
    reads={"loans": "loan_id user_id borrowed_at"},
)
def loans_a_year(book: Book, *, by: By = None, until: Day = None) -> pd.DataFrame:
    """How many loans a user takes in a calendar year with at least one (1.4e, 2.1c).

    Columns: n (a user and a year), loans_per_year (mean), low, high (clustered by user), clusters.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.habits.loans_a_year(population, by="debt_first")["debt_first"].tolist()
    ['everybody', 'yes', 'no']
    """
    loans = _taken(known_loans(book, "borrowed_at"), until)
    years = loans.groupby(["user_id", loans["borrowed_at"].dt.year]).size().rename("count").reset_index()
    return by_group(with_groups(book, years, by, "user", until), by, _yearly)


def _yearly(years: pd.DataFrame) -> dict[str, float]:
    result = clustered_ratio(years["count"], np.ones(len(years)), years["user_id"])
    return {
        "n": result["n"],
        "loans_per_year": result["value"],
        "low": result["low"],
        "high": result["high"],
        "clusters": result["clusters"],
    }


def _taken(loans: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """The loans taken by a day; raises InputError where there are none."""
    result = loans[loans["borrowed_at"] <= until]
    if result.empty:
        raise InputError(f"loans: none was taken by {until:%Y-%m-%d}. Allowed: a day from the first loan on.")
    return result


@frame(
    statements="1.4e",
    counts="borrowers",
    keys="share_of_borrowers",
    estimate="share_of_volume",
    written={
        "share_of_borrowers": "share",
        "share_of_volume": "share",
        "gini": "ratio",
        "gini_low": "ratio",
        "gini_high": "ratio",
    },
    reads={"loans": "loan_id user_id amount_cny borrowed_at"},
)
def lorenz(book: Book, *, by: By = None, until: Day = None) -> pd.DataFrame:
    """The Lorenz curve of volume over borrowers, those who borrowed least first, and its Gini coefficient (1.4e).

    Of the loans taken by `until`. What the top tenth hold is one less the row 0.9. The intervals are linearised over
    borrowers: Kovačević and Binder (1997).
    Columns: share_of_borrowers (0 to 1 in hundredths), n (borrowers), share_of_volume, low, high (pointwise), and, the
    same in every row, gini (0: all borrowed the same), gini_low, gini_high.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> len(lp.habits.lorenz(population))
    101
    """
    loans = _taken(known_loans(book, "amount_cny", "borrowed_at"), until)
    volumes = loans.groupby("user_id")["amount_cny"].sum().reset_index()
    return by_group(with_groups(book, volumes, by, "user", until), by, curve_of_volume)


def curve_of_volume(users: pd.DataFrame) -> pd.DataFrame:
    """The Lorenz curve and the Gini coefficient of the `amount_cny` of users."""
    volume = np.sort(users["amount_cny"].to_numpy(float))
    n, steps = len(volume), np.arange(POINTS + 1) / POINTS
    curve = np.interp(steps * n, np.arange(n + 1), np.concatenate([[0.0], volume.cumsum() / volume.sum()]))
    half = z() * np.array([_lorenz_error(volume, *point) for point in zip(steps, curve, strict=True)])
    ends = {"low": (curve - half).clip(0, steps), "high": np.minimum(curve + half, steps)}
    return pd.DataFrame({"share_of_borrowers": steps, "n": n, "share_of_volume": curve, **ends, **_gini(volume)})


def _gini(volume: np.ndarray) -> dict[str, float]:
    """Half the mean distance between two borrowers over the mean, from rising volumes."""
    n, mean, rank = len(volume), volume.mean(), np.arange(len(volume))
    sums = np.concatenate([[0.0], volume.cumsum()])
    # mean distance of each borrower's volume from everybody's
    away = (volume * (2 * rank + 1 - n) + sums[-1] - sums[1:] - sums[:-1]) / n
    gini = away.mean() / (2 * mean)
    influence = away / mean - gini * (1 + volume / mean)
    half = z() * influence.std() / np.sqrt(n) if n > 1 else np.nan
    return {"gini": gini, "gini_low": max(gini - half, 0.0), "gini_high": min(gini + half, 1.0)}


def _lorenz_error(volume: np.ndarray, step: float, ordinate: float) -> float:
    """Standard error of one point of the curve, from the influence of each borrower on it."""
    n = len(volume)
    if not 0 < step < 1:
        return 0.0
    if n < 2:
        return np.nan
    edge = volume[min(int(np.ceil(step * n)), n) - 1]
    influence = np.minimum(volume - edge, 0) + step * edge - ordinate * volume
    return float(influence.std() / volume.mean() / np.sqrt(n))
