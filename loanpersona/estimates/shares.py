"""Estimates with intervals: shares, quantiles, lifts, and shares and ratios of loans clustered by borrower."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, sqrt
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError

LEVEL = 0.95
"""Confidence level of the intervals."""


def z(level: float = LEVEL) -> float:
    """How many standard errors an interval reaches to each side.

    >>> round(z(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf(tails(level)[1])


def tails(level: float = LEVEL) -> tuple[float, float]:
    """The shares below the lower and the upper end of an interval; raises InputError where the level is none.

    >>> tails(0.5)
    (0.25, 0.75)
    """
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        raise InputError(f"level = {level!r}: not a confidence level. Allowed: between 0 and 1, such as 0.95.")
    return (1 - level) / 2, (1 + level) / 2


def wilson(k: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson score interval of a share of `k` among `n`; (0, 1) where nobody was asked.

    Source: Wilson (1927); at n = 100 and a share of 2 % it covers 94.8 % where Wald covers 86.8 %.

    >>> [round(end, 3) for end in wilson(60, 100)]
    [0.502, 0.691]
    """
    if n == 0:
        return 0.0, 1.0
    at = z(level)
    share, spread = k / n, at * at / n
    middle = (share + spread / 2) / (1 + spread)
    half = at / (1 + spread) * sqrt(share * (1 - share) / n + spread / (4 * n))
    # The ends are exact at none and at all; rounding must not push them past zero and one.
    return (0.0 if k == 0 else middle - half), (1.0 if k == n else middle + half)


def share(holds: pd.Series, level: float = LEVEL) -> dict[str, float]:
    """Share of rows where `holds` is true: n, k, share, low, high."""
    k, n = int(holds.sum()), len(holds)
    low, high = wilson(k, n, level)
    return {"n": n, "k": k, "share": k / n if n else np.nan, "low": low, "high": high}


def shares(values: pd.Series, level: float = LEVEL) -> pd.DataFrame:
    """Share of each level of a category among its rows; columns: the category, n, k, share, low, high.

    >>> shares(pd.Series(["a", "b", "a"], dtype="category", name="kind"))[["kind", "k"]].to_numpy().tolist()
    [['a', 2], ['b', 1]]
    """
    rows = [{values.name: one, **share(values == one, level)} for one in values.cat.categories]
    return _typed(pd.DataFrame(rows), values)


Counted = tuple[float, float]
"""How many of a group hold, and how many there are."""


def difference(one: Counted, other: Counted, level: float = LEVEL) -> tuple[float, float]:
    """Interval of the share of one group less that of another, from the Wilson intervals of both.

    Source: Newcombe (1998), method 10.

    >>> [round(end, 4) for end in difference((56, 70), (48, 80))]
    [0.0524, 0.3339]
    """
    (k, n), (k_other, n_other) = one, other
    here, there = k / n, k_other / n_other
    (low, high), (low_there, high_there) = wilson(k, n, level), wilson(k_other, n_other, level)
    lead = here - there
    return lead - hypot(here - low, high_there - there), lead + hypot(high - here, there - low_there)


def ratio(one: Counted, other: Counted, level: float = LEVEL) -> tuple[float, float]:
    """Interval of the share of one group over that of another (log normal); missing where none holds.

    Source: Katz et al. (1978).

    >>> [round(end, 3) for end in ratio((27, 122), (44, 487))]
    [1.584, 3.789]
    """
    (k, n), (k_other, n_other) = one, other
    if not k or not k_other:
        return np.nan, np.nan
    value, half = k / n * n_other / k_other, exp(z(level) * sqrt(1 / k - 1 / n + 1 / k_other - 1 / n_other))
    return value / half, value * half


class Days(NamedTuple):
    """The day of each row, where days have a luck of their own that all rows of a day share."""

    of_row: Any
    """The number of its day, from 0 on."""
    kinds: Any
    """Of every day, those without a row included, which others it is like but for its luck."""

    def luck(self, pulls: Any) -> float:
        """The variance of the sum of what rows pull that is owed to the luck of days: beyond that of single rows.

        >>> Days([0, 0, 1, 1], [0, 0]).luck(np.array([1.0, 1.0, -1.0, -1.0]))
        12.0
        """
        sums, (codes, names) = np.bincount(self.of_row, pulls, len(self.kinds)), pd.factorize(np.asarray(self.kinds))
        many = np.bincount(codes, minlength=len(names))
        apart = np.square(sums - (np.bincount(codes, sums) / many)[codes])
        spread = (np.bincount(codes, apart) * many / np.maximum(many - 1, 1)).sum()
        return max(0.0, float(spread - np.square(pulls).sum()))


def summed_error(pulls: Any, clusters: Any, days: Days | None = None) -> float:
    """The standard error of the sum of what rows pull, rows of one cluster going together, and those of a day.

    Missing with one cluster.

    >>> summed_error(np.array([1.0, 1.0, -1.0, -1.0]), [1, 2, 3, 4], Days([0, 0, 1, 1], [0, 0])) ** 2
    17.333333333333332
    """
    sums = np.bincount(pd.factorize(np.asarray(clusters))[0], pulls)
    if len(sums) < 2:
        return np.nan
    shared = 0.0 if days is None else days.luck(pulls)
    return sqrt(len(sums) / (len(sums) - 1) * float(np.square(sums).sum()) + shared)


def clustered_ratio(
    top: Any, bottom: Any, clusters: Any, level: float = LEVEL, days: Days | None = None
) -> dict[str, float]:
    """Sum of `top` over sum of `bottom`, rows of one cluster (a borrower's loans) going together, and those of a day.

    Keys: n (rows), value, low, high, clusters, error (linearised standard error; missing with one cluster).
    Source: Cochran, Sampling Techniques (1977), 6.3: the ratio estimator over clusters.

    >>> round(clustered_ratio([1.0, 3.0, 2.0], [2.0, 4.0, 4.0], [7, 7, 8])["value"], 3)
    0.6
    """
    codes, names = pd.factorize(np.asarray(clusters))
    tops, bottoms = (np.bincount(codes, np.asarray(part, float), len(names)) for part in (top, bottom))
    groups, whole = len(names), float(bottoms.sum())
    value = float(tops.sum() / whole) if whole else np.nan
    error = np.nan
    if groups > 1 and whole:
        error = summed_error(np.asarray(top, float) - value * np.asarray(bottom, float), codes, days) / whole
    half = z(level) * error
    ends = {"low": value - half, "high": value + half}
    return {"n": len(codes), "value": value, **ends, "clusters": groups, "error": error}


def clustered_share(
    holds: Any, clusters: Any, weights: Any = None, level: float = LEVEL, days: Days | None = None
) -> dict[str, float]:
    """Share of rows (or of their weights) where `holds` is true, rows of one cluster going together, and of one day.

    Keys: n, k, share, low, high, clusters, design_effect (variance over that of as many independent rows) and
    effective_n (n over the design effect). The interval is Wilson's with the effective n, so it stays inside
    zero and one. Where none or all hold, the rows tell no variance: a cluster then counts as one row.

    >>> found = clustered_share([True, True, False, False], [1, 1, 2, 2])
    >>> found["share"], found["clusters"], found["design_effect"]
    (0.5, 2, 4.0)
    """
    weight = np.ones(len(clusters)) if weights is None else np.asarray(weights, float)
    counted = np.asarray(holds, bool) * weight
    k = counted.sum() if weights is not None else int(counted.sum())
    return _as_share(clustered_ratio(counted, weight, clusters, level, days), len(weight), k, level)


def clustered_part(some: Any, of: Any, clusters: Any, level: float = LEVEL) -> dict[str, float]:
    """Share of what each row counts: `some` things `of` so many, such as late instalments of those of a loan.

    Keys and interval are those of `clustered_share`, n and k being numbers of things.

    >>> found = clustered_part([1, 0], [4, 6], [7, 8])
    >>> found["n"], found["k"], found["share"]
    (10, 1, 0.1)
    """
    n, k = (int(np.sum(part)) for part in (of, some))
    return _as_share(clustered_ratio(some, of, clusters, level), n, k, level)


def contrast(
    some: Any, of: Any, one: Any, other: Any, clusters: Any, comparisons: int = 1, level: float = LEVEL
) -> dict[str, float]:
    """The share `some` of `of` in the rows of `one` against that in the rows of `other`, rows of a cluster together.

    Keys: difference, difference_low, difference_high (holding together over so many `comparisons`: Bonferroni),
    risk_ratio, risk_ratio_low, risk_ratio_high (by itself, of the log ratio; missing where a share is 0). Linearised
    over clusters, so that borrowers with rows in both groups count rightly.
    Source: Cochran, Sampling Techniques (1977), 6.3.

    >>> found = contrast([1, 0, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 2, 3, 4])
    >>> found["difference"], found["risk_ratio"], round(found["risk_ratio_high"], 2)
    (0.0, 1.0, 9.61)
    """
    codes, names = pd.factorize(np.asarray(clusters))
    shares, pulls = [], []
    for part in (one, other):
        n, k = (np.bincount(codes, np.asarray(part, bool) * np.asarray(each, float), len(names)) for each in (of, some))
        shares.append(float(k.sum() / n.sum()) if n.sum() else np.nan)
        pulls.append((k - shares[-1] * n) / n.sum() if n.sum() else k)
    half = z(1 - (1 - level) / comparisons) * _error(pulls[0] - pulls[1])
    difference = shares[0] - shares[1]
    result = {"difference": difference, "difference_low": difference - half, "difference_high": difference + half}
    if not min(shares) > 0:
        return result | dict.fromkeys(("risk_ratio", "risk_ratio_low", "risk_ratio_high"), np.nan)
    ratio, times = shares[0] / shares[1], exp(z(level) * _error(pulls[0] / shares[0] - pulls[1] / shares[1]))
    return result | {"risk_ratio": ratio, "risk_ratio_low": ratio / times, "risk_ratio_high": ratio * times}


def _error(pulls: Any) -> float:
    """The standard error of what is the sum of what each cluster pulls; missing with one cluster or without spread."""
    groups, spread = len(pulls), float(np.square(pulls).sum())
    return sqrt(groups / (groups - 1) * spread) if groups > 1 and spread else np.nan


def _as_share(result: dict[str, float], n: int, k: float, level: float) -> dict[str, float]:
    """A clustered ratio that is a share: Wilson's interval with as many rows as would tell as much."""
    share, spread = result["value"], result["value"] * (1 - result["value"])
    known = result["error"] > 0 and spread > 0
    effective = spread / result["error"] ** 2 if known else float(result["clusters"])
    low, high = wilson(share * effective, effective, level) if n else (0.0, 1.0)
    effect = n / effective if effective else np.nan
    return {
        "n": n,
        "k": k,
        "share": share,
        "low": low,
        "high": high,
        "clusters": result["clusters"],
        "design_effect": effect,
        "effective_n": effective,
    }


def clustered_total(values: Any, clusters: Any, level: float = LEVEL) -> dict[str, float]:
    """The sum of rows, those of one cluster going together: n (rows), value, low, high (normal, over as many clusters).

    >>> clustered_total([1, 2, 3], [7, 7, 8])["value"]
    6.0
    """
    sums = np.bincount(pd.factorize(np.asarray(clusters))[0], np.asarray(values, float))
    half = z(level) * sqrt(len(sums)) * (sums.std(ddof=1) if len(sums) > 1 else np.nan)
    value = float(sums.sum())
    return {"n": len(np.asarray(values)), "value": value, "low": value - half, "high": value + half}


def clustered_shares(frame: pd.DataFrame, by: str, levels: Sequence[Any], level: float = LEVEL) -> pd.DataFrame:
    """Share of the rows at each level of `by`, clustered by `user_id`; columns: by, and those of a share."""
    rows = [{by: one, **clustered_share(frame[by] == one, frame["user_id"], level=level)} for one in levels]
    return pd.DataFrame(rows)


def mean(values: pd.Series, level: float = LEVEL) -> dict[str, float]:
    """Mean of independent values: n, value, low, high (normal; missing ends where there are fewer than two)."""
    n = len(values)
    half = z(level) * values.std() / sqrt(n) if n > 1 else np.nan
    value = values.mean() if n else np.nan
    return {"n": n, "value": value, "low": value - half, "high": value + half}


def quantiles(values: pd.Series, at: Sequence[float], level: float = LEVEL) -> pd.DataFrame:
    """Quantiles with distribution-free intervals from order statistics; columns: quantile, n, value, low, high.

    The rank of the ends follows the normal approximation of the binomial, so n should be some dozens.
    """
    ordered, n = np.sort(values.to_numpy()), len(values)
    rows = []
    for q in at:
        half = z(level) * sqrt(n * q * (1 - q))
        ranks = [q * n - half, q * n, q * n + half]
        ends = [ordered[min(max(int(np.ceil(rank)) - 1, 0), n - 1)] for rank in ranks]
        rows.append({"quantile": q, "n": n, "value": ends[1], "low": ends[0], "high": ends[2]})
    return pd.DataFrame(rows)


def with_lift(frame: pd.DataFrame, baseline: Sequence[float]) -> pd.DataFrame:
    """The frame with `baseline` beside its shares, and the lift: share over baseline, with its interval.

    The baseline counts as known: published totals rest on far more people than the sample.
    """
    base = np.asarray(baseline, float)
    lifts = {"lift": frame["share"] / base, "lift_low": frame["low"] / base, "lift_high": frame["high"] / base}
    return frame.assign(baseline=base, **lifts)


def _typed(result: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    return result.astype({values.name: values.dtype})
