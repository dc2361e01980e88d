"""Whether the scores of later cohorts are spread as those of the first (3.1c): the population stability index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtri

from loanpersona.analysis.frames import columns
from loanpersona.analysis.old_outcomes import granted
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL

BINS = 10


def score_stability(applications: pd.DataFrame, loans: pd.DataFrame) -> pd.DataFrame:
    """The population stability index of each cohort's scores against the first cohort's (3.1c).

    Cohorts are quarters. Rows: applicants by the quarter in which they first handed in an application, with the score
    of it; and borrowers by that of their first loan, with the score of the first approved application. The bins are
    the tenths of the first cohort. Columns: counted (new_applicants, new_borrowers), quarter, n, psi, by_chance (below
    which all cohorts together stay some 19 times in 20 where nothing has changed), reading (by the rule of thumb in
    `credit.yaml`: stable, watch, shifted; too_few where only chance may have reached it; reference for the first).
    Source: Yurdakul (2018) for PSI over 1/n + 1/m being chi-squared where nothing has changed.
    """
    parts = {"new_applicants": _applicants(applications), "new_borrowers": _borrowers(applications, loans)}
    # One quarter in twenty would be odd by chance, so all of them share the twentieth.
    later = sum(quarters.nunique() - 1 for _, quarters in parts.values())
    odd = (1 - LEVEL) / max(later, 1)
    found = [_against_first(*part, odd).assign(counted=counted) for counted, part in parts.items()]
    return pd.concat(found, ignore_index=True)[["counted", "quarter", "n", "psi", "by_chance", "reading"]]


def psi(base: Any, other: Any) -> float:
    """The population stability index of counts in bins against those of the base, the bins being the same.

    The sum over bins of (q − p) · ln(q / p), p and q being the shares in a bin; an empty bin counts as half a row.

    >>> round(psi([50, 50], [25, 75]), 4)  # 0.25 · ln 1.5 + 0.25 · ln 2
    0.2747
    """
    p, q = (np.maximum(np.asarray(counts, float), 0.5) / np.sum(counts) for counts in (base, other))
    return float(((q - p) * np.log(q / p)).sum())


def _against_first(score: pd.Series, quarters: pd.Series, odd: float) -> pd.DataFrame:
    """Each quarter against the first, with what a share of `odd` such quarters exceeds by chance."""
    names = sorted(quarters.unique())
    first = score[quarters == names[0]].to_numpy(float)
    edges = np.unique(np.quantile(first, np.arange(1, BINS) / BINS))
    counts = {
        name: np.bincount(np.searchsorted(edges, score[quarters == name].to_numpy(float)), minlength=len(edges) + 1)
        for name in names
    }
    base, rows = counts[names[0]], []
    for name in names:
        value, n = psi(base, counts[name]), int(counts[name].sum())
        limit = float(chdtri(len(edges), odd)) * (1 / n + 1 / base.sum()) if name != names[0] else np.nan
        rows.append({"quarter": name, "n": n, "psi": value, "by_chance": limit, "reading": _reading(value, limit)})
    return pd.DataFrame(rows)


def _reading(value: float, by_chance: float) -> str:
    lines = catalog.load("credit")["stability_reading"]
    watch, shifted = float(lines["watch_from"]), float(lines["shifted_from"])
    if np.isnan(by_chance):
        return "reference"
    if watch <= value <= by_chance:
        return "too_few"
    return "shifted" if value >= shifted else "watch" if value >= watch else "stable"


def _applicants(applications: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    asked = columns(applications, "applications", ["application_id", "user_id", "submitted_at", "risk_score"])
    asked = asked.dropna().sort_values(["submitted_at", "application_id"]).drop_duplicates("user_id")
    if asked.empty:
        raise InputError("applications: none was handed in and has a score. Allowed: at least one.")
    return asked["risk_score"], _quarter(asked["submitted_at"])


def _borrowers(applications: pd.DataFrame, loans: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    taken = columns(loans, "loans", ["user_id", "disbursed_at"])
    first = taken.groupby("user_id")["disbursed_at"].min()
    score = granted(applications, ["risk_score"])["risk_score"].dropna()
    both = score.index.intersection(first.index)
    if both.empty:
        raise InputError("loans: no borrower has a score. Allowed: at least one.")
    return score.reindex(both), _quarter(first.reindex(both))


def _quarter(at: pd.Series) -> pd.Series:
    return at.dt.to_period("Q").astype(str)
