"""Survival: Kaplan–Meier curves of durations of which some are censored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, z


def kaplan_meier(days: Any, happened: Any, level: float = LEVEL) -> pd.DataFrame:
    """The Kaplan–Meier curve of durations, `happened` being false for those censored.

    Rows: day 0 and every duration that occurs. Columns: days, at_risk, events, survival (share still waiting
    after that day), low, high (log-log interval with Greenwood's variance; before the first event both are 1,
    and where nobody is left waiting both are 0).
    Source: Kaplan and Meier (1958); Kalbfleisch and Prentice (1980) for the interval.

    >>> kaplan_meier([1, 2, 2, 3], [True, True, False, True])["survival"].tolist()
    [1.0, 0.75, 0.5, 0.0]
    """
    days, happened = np.asarray(days), np.asarray(happened, float)
    times, position = np.unique(np.concatenate([[0], days]), return_inverse=True)
    leaving, events = (np.bincount(position[1:], weights, len(times)) for weights in (None, happened))
    at_risk = len(days) - np.concatenate([[0], leaving.cumsum()[:-1]])
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    greenwood = np.cumsum(np.divide(events, at_risk * left, out=np.zeros(len(times)), where=left > 0))
    between = (survival > 0) & (survival < 1)
    logs = np.log(survival, out=np.full(len(times), -1.0), where=between)
    half = z(level) * np.sqrt(greenwood) / logs
    low, high = (np.where(between, np.exp(logs * np.exp(side * half)), survival) for side in (-1, 1))
    counts = {"days": times, "at_risk": at_risk.astype(int), "events": events.astype(int)}
    return pd.DataFrame({**counts, "survival": survival, "low": low, "high": high})


def has_happened(days: Any, happened: Any, within: Sequence[int] | None = None) -> pd.DataFrame:
    """Share to whom it has happened by each day, or by those of `within`: one less the Kaplan-Meier curve.

    Columns: days, n (durations), share, low, high, survival; of the curve at_risk and events, of `within` why a share
    is missing: it lies beyond the longest duration.

    >>> has_happened([1, 2, 4], [True, False, True])["share"].round(2).tolist()
    [0.0, 0.33, 0.33, 1.0]
    """
    if within is None:
        curve = kaplan_meier(days, happened)
        ends = {"share": 1 - curve["survival"], "low": 1 - curve["high"], "high": 1 - curve["low"]}
        curve = curve.assign(n=len(days), **ends)
        return curve[["days", "n", "share", "low", "high", "survival", "at_risk", "events"]]
    result = come_within(days, happened, within).rename(columns={"within_days": "days"})
    return result.assign(survival=1 - result["share"], why=result["share"].isna().map({True: "not_watched_so_long"}))


def come_within(days: Any, happened: Any, within: Sequence[int]) -> pd.DataFrame:
    """Share to whom it has happened within so many days, read off the Kaplan–Meier curve of the durations.

    Columns: within_days, n (durations), share, low, high; a share beyond the longest duration is missing.

    >>> come_within([1, 2, 4], [True, False, True], [1, 3])["share"].round(2).tolist()
    [0.33, 0.33]
    """
    curve = kaplan_meier(days, happened)
    reached = [curve[curve["days"] <= day].iloc[-1] for day in within]
    known = [day <= np.max(days) or row["survival"] == 0 for day, row in zip(within, reached, strict=True)]
    ends = {"share": "survival", "low": "high", "high": "low"}
    result = {
        name: [1 - row[of] if ok else np.nan for row, ok in zip(reached, known, strict=True)]
        for name, of in ends.items()
    }
    return pd.DataFrame({"within_days": list(within), "n": len(days), **result})


def median_time(curve: pd.DataFrame) -> pd.DataFrame:
    """After how long it has happened to half, read off a frame of Kaplan-Meier curves and their intervals.

    Takes a frame such as `lp.habits.time_to_next_loan` gives, whose last key is the time since the start and whose
    `share` is that of those to whom it has happened. Columns: the other keys, n, median, low, high (in the unit of the
    frame); what a curve does not reach is missing. Raises InputError for any other frame.
    Source: Brookmeyer and Crowley (1982).

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.estimates.median_time(lp.habits.time_to_next_loan(population))["ordinal"].tolist()
    [1, 2, 3]
    """
    *others, time = getattr(curve, "attrs", {}).get("keys") or [""]
    if not {time, "n", "share", "low", "high"} <= set(getattr(curve, "columns", [])):
        raise InputError("curve: no frame of curves. Allowed: a frame such as lp.habits.time_to_next_loan gives.")
    # The ends of an interval of the share are those of the time turned round.
    columns = {"median": "share", "low": "high", "high": "low"}
    parts = curve.groupby(others, sort=False, observed=True) if others else [((), curve)]
    rows = [
        {
            **dict(zip(others, names, strict=True)),
            "n": part["n"].iloc[0],
            **{name: part.loc[part[of] >= 0.5, time].min() for name, of in columns.items()},
        }
        for names, part in parts
    ]
    return pd.DataFrame(rows)
