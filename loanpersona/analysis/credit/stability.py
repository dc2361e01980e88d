"""Whether the scores of later cohorts are spread as those of the first (3.1c): the population stability index."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtri

from loanpersona.analysis.arguments import Day, One
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import values_of
from loanpersona.analysis.outcomes import first_approved
from loanpersona.core.assumptions import Assumptions
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL
from loanpersona.tables.book import Book


@frame(
    statements="3.1c",
    counts="users",
    keys="counted quarter",
    estimate="psi",
    reads={
        "applications": "application_id user_id submitted_at decided_at outcome",
        "loans": "user_id disbursed_at",
    },
    written={"psi": "ratio", "by_chance": "ratio"},
    assumes="psi_watch psi_shifted",
)
def population_stability(book: Book, *, of: One = "risk_score", bins: int = 10, until: Day = None) -> pd.DataFrame:
    """The population stability index of each cohort's scores against the first cohort's (3.1c).

    `of` is the risk score or any other column of applications or users, words too. Cohorts are quarters. Rows:
    applicants by the quarter in which they first handed in an application, with the score of it; and borrowers by that
    of their first loan, with the score of the first approved application. Numbers are cut at `bins` even parts of the
    first cohort. Columns: counted (new_applicants, new_borrowers), quarter, n, psi, by_chance (below which all cohorts
    together stay some 19 times in 20 where nothing has changed), reading (by the lines assumed, a rule of thumb:
    stable, watch, shifted; too_few where only chance may have reached it; reference for the first).
    Source: Yurdakul (2018) for PSI over 1/n + 1/m being chi-squared where nothing has changed.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.population_stability(population)["reading"].iloc[0]
    'reference'
    """
    parts = {"new_applicants": _applicants(book, of[0], until), "new_borrowers": _borrowers(book, of[0], until)}
    for counted, (score, _) in parts.items():
        if score.empty:
            raise InputError(f"applications.{of[0]}: not known of any of {counted}. Allowed: at least one.")
    # One quarter in twenty would be odd by chance, so all of them share the twentieth.
    later = sum(quarters.nunique() - 1 for _, quarters in parts.values())
    odd = (1 - LEVEL) / max(later, 1)
    result = pd.concat(
        [_against_first(*part, odd, bins).assign(counted=counted) for counted, part in parts.items()], ignore_index=True
    )
    readings = [_reading(book.assumptions, *each) for each in zip(result["psi"], result["by_chance"], strict=True)]
    return result.assign(reading=readings)[["counted", "quarter", "n", "psi", "by_chance", "reading"]]


def psi(base: Any, other: Any) -> float:
    """The population stability index of counts in bins against those of the base, the bins being the same.

    The sum over bins of (q − p) · ln(q / p), p and q being the shares in a bin; an empty bin counts as half a row.

    >>> round(psi([50, 50], [25, 75]), 4)  # 0.25 · ln 1.5 + 0.25 · ln 2
    0.2747
    """
    p, q = (np.maximum(np.asarray(counts, float), 0.5) / np.sum(counts) for counts in (base, other))
    return float(((q - p) * np.log(q / p)).sum())


def _against_first(score: pd.Series, quarters: pd.Series, odd: float, bins: int) -> pd.DataFrame:
    """Each quarter against the first, with what a share of `odd` such quarters exceeds by chance."""
    names = sorted(quarters.unique())
    codes, many = _binned(score, quarters == names[0], bins)
    counts = {name: np.bincount(codes[(quarters == name).to_numpy()], minlength=many) for name in names}
    base, rows = counts[names[0]], []
    for name in names:
        value, n = psi(base, counts[name]), int(counts[name].sum())
        limit = float(chdtri(many - 1, odd)) * (1 / n + 1 / base.sum()) if name != names[0] else np.nan
        rows.append({"quarter": name, "n": n, "psi": value, "by_chance": limit})
    return pd.DataFrame(rows)


def _binned(score: pd.Series, first: pd.Series, bins: int) -> tuple[Any, int]:
    """The bin of each score and how many there are; words are their own bins."""
    if score.dtype.kind not in "iuf":
        codes, names = pd.factorize(score.astype(str), sort=True)
        return codes, len(names)
    numbers = score.to_numpy(float)
    edges = np.unique(np.quantile(numbers[first.to_numpy()], np.arange(1, bins) / bins))
    return np.searchsorted(edges, numbers), len(edges) + 1


def _reading(assumed: Assumptions, value: float, by_chance: float) -> str:
    watch, shifted = assumed.psi_watch.value, assumed.psi_shifted.value
    if np.isnan(by_chance):
        return "reference"
    if watch <= value <= by_chance:
        return "too_few"
    return "shifted" if value >= shifted else "watch" if value >= watch else "stable"


def _applicants(book: Book, of: str, until: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    applications = book.applications[book.applications["submitted_at"] <= until]
    applications = applications.assign(score=_column(book, applications, of, until)).dropna(subset=["score"])
    first = applications.sort_values(["submitted_at", "application_id"]).drop_duplicates("user_id")
    return first["score"], _quarter(first["submitted_at"])


def _borrowers(book: Book, of: str, until: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    taken = book.loans[book.loans["disbursed_at"] <= until].groupby("user_id")["disbursed_at"].min()
    applications = first_approved(book, until).reset_index()
    score = applications.assign(score=_column(book, applications, of, until)).set_index("user_id")["score"].dropna()
    both = score.index.intersection(taken.index)
    return score.reindex(both), _quarter(taken.reindex(both))


def _column(book: Book, applications: pd.DataFrame, of: str, until: pd.Timestamp) -> pd.Series:
    """A column of applications, or of their users."""
    return applications[of] if of in applications else applications["user_id"].map(values_of(book, of, "user", until))


def _quarter(at: pd.Series) -> pd.Series:
    return at.dt.to_period("Q").astype(str)
