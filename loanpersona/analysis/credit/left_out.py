"""What a score that must not know some traits costs, and who is approved how often by the lender and by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.arguments import Day, Several
from loanpersona.analysis.credit.binning import Cuts, attributes, protected
from loanpersona.analysis.credit.scorecards import (
    APPLIED,
    TOO_FEW,
    applicants,
    for_a_card,
    lacking,
    out_of_fold,
    sample,
)
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import levels, values_of
from loanpersona.core.errors import InputError
from loanpersona.estimates.ranking import auc, placements, standard_error
from loanpersona.estimates.shares import LEVEL, ratio, share, z
from loanpersona.tables.book import Book

LEFT_OUT = ("sex", "region", "marital_status")


@frame(
    statements="3.2g",
    counts="users",
    keys="trait group decided_by",
    reads=APPLIED,
    written={
        **dict.fromkeys(("approval_ratio", "approval_ratio_low", "approval_ratio_high"), "ratio"),
        "line": "ratio",
    },
    assumes="approval_line",
)
def fairness(book: Book, *, of: Several = LEFT_OUT, bands: Cuts = None, until: Day = None) -> pd.DataFrame:
    """Approval rates by sex, region and marital status, and their ratio to that of the largest group of each (3.2g).

    Of everybody whose application was decided (the last one); `of` names other traits. The scorecard approves as many
    users as the lender did, those with the least risk, each scored by a card made without them. Columns: trait, group,
    decided_by (lender, scorecard), n (users), k (approved), share, low, high (Wilson), approval_ratio,
    approval_ratio_low, approval_ratio_high (missing for the largest group), line (four fifths, as assumed),
    why. Raises InputError as `scorecard` does.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.fairness(population, of="sex")["group"].unique().tolist()
    ['male', 'female']
    """
    given = sample(book, attributes(book, bands), until)
    last, inside = applicants(book, given.attributes, until)
    approved = (last["outcome"] == "approved").to_numpy()
    card = None if lacking(given) else least_risky(out_of_fold(given, inside), int(approved.sum()))
    rows = []
    for trait in of:
        groups = levels(values_of(book, trait, "user", until).reindex(last.index), trait)
        sizes = groups.value_counts(sort=False)
        for group in sizes.index[sizes > 0]:
            for name, decision in (("lender", approved), ("scorecard", card)):
                result = _compared(decision, groups == group, groups == sizes.idxmax())
                rows.append({"trait": trait, "group": str(group), "decided_by": name, **result})
    return pd.DataFrame(rows).assign(line=book.assumptions.approval_line.value)


def least_risky(risk: pd.Series, many: int) -> Any:
    """Whether each borrower is among so many with the least risk; of equals a hash of the id decides.

    >>> least_risky(pd.Series([0.3, 0.1, 0.2], index=[7, 8, 9]), 2).tolist()
    [False, True, True]
    """
    order = np.lexsort((pd.util.hash_array(risk.index.to_numpy("int64")), risk.to_numpy()))
    result = np.zeros(len(risk), bool)
    result[order[:many]] = True
    return result


def _compared(approved: Any, inside: pd.Series, reference: pd.Series) -> dict[str, Any]:
    """The approval rate of a group, and its ratio to that of the reference; missing where nobody decided."""
    names = ("approval_ratio", "approval_ratio_low", "approval_ratio_high")
    if approved is None:
        none = dict.fromkeys(("share", "low", "high", *names), np.nan)
        return {"n": int(inside.sum()), "k": pd.NA, **none, "why": TOO_FEW}
    one, other = (share(pd.Series(approved[group.to_numpy()])) for group in (inside, reference))
    ends = (np.nan,) * 3
    if not inside.equals(reference) and one["k"] and other["k"]:
        ends = (one["share"] / other["share"], *ratio((one["k"], one["n"]), (other["k"], other["n"])))
    return {**one, **dict(zip(names, ends, strict=True)), "why": None}


@frame(
    statements="3.2g",
    counts="borrowers",
    keys="added",
    estimate="gain",
    reads=APPLIED,
    unless="users.bad",
    written={"gain": "points", **dict.fromkeys(("gini", "gini_low", "gini_high"), "ratio")},
)
def fairness_cost(book: Book, *, of: Several = LEFT_OUT, bands: Cuts = None, until: Day = None) -> pd.DataFrame:
    """What a scorecard would gain by knowing sex, region and marital status: its Gini with and without (3.2g).

    `of` names other traits. Columns: added (nothing, each trait, all_added), n (borrowers), k (bad), gain (over
    nothing added, in Gini), low, high (DeLong; same borrowers, the cards as they are), gini, gini_low, gini_high, why.
    Every borrower is scored by the card of all other fifths, so an attribute that says nothing costs a little. Raises
    InputError as `scorecard` does, and where a card cannot be made.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=3_000, seed=7)
    >>> lp.credit.fairness_cost(population, of="sex", bands={"zhima_score": [600, 650]})["added"].tolist()
    ['nothing', 'sex']
    """
    fair, more = attributes(book, bands), tuple(protected(book, name) for name in of)
    if known := {one.name for one in fair} & set(of):
        raise InputError(f"of = {min(known)!r}: the card knows it already. Allowed: a column that is not in its bands.")
    whole = for_a_card(sample(book, (*fair, *more), until))
    added = {"nothing": (), **{one.name: (one,) for one in more}, **({"all_added": more} if len(more) > 1 else {})}
    cards = {name: out_of_fold(part := whole.of((*fair, *some)), part.bands).to_numpy() for name, some in added.items()}
    rows = []
    for name, risk in cards.items():
        first = name == "nothing"
        gain = (np.nan,) * 3 if first else gini_gain(risk, cards["nothing"], whole.bad)
        gini = [2 * one - 1 for one in auc(risk, whole.bad)]
        numbers = dict(zip(("gain", "low", "high", "gini", "gini_low", "gini_high"), (*gain, *gini), strict=True))
        why = "reference" if first else None
        rows.append({"added": name, "n": len(risk), "k": int(whole.bad.sum()), **numbers, "why": why})
    return pd.DataFrame(rows)


def gini_gain(risk: Any, than: Any, bad: Any, level: float = LEVEL) -> tuple[float, float, float]:
    """How much larger the Gini coefficient of one score is than that of another on the same borrowers, with interval.

    Source: DeLong, DeLong and Clarke-Pearson (1988), for areas of the same rows.

    >>> gini_gain([3, 2, 1, 4], [1, 2, 3, 4], [True, False, False, True])[0]
    1.0
    """
    moved = [one - other for one, other in zip(placements(risk, bad), placements(than, bad), strict=True)]
    value, half = 2 * float(moved[0].mean()), 2 * z(level) * standard_error(moved)
    return value, value - half, value + half
