"""From needs to the aims of the business (2.2d): which levers serve a need, and who and what stands behind each aim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import columns
from loanpersona.analysis.needs.stages import pairs, users_in_need
from loanpersona.core import catalog
from loanpersona.estimates.shares import share

AIMS = ("transactions", "fee_income")
LINKS = ("stage_to_need", "need_to_lever", "lever_to_aim")


def needs_levers() -> pd.DataFrame:
    """Every need at its stage, the levers that serve it (3.2a to 3.2g), and the aims behind each lever (2.2d).

    `stated` levers are named by the article beside the need; `assumed` ones are our reading, and so are the aims of
    all levers: `needs.yaml` has the reasons. Columns: stage, need, lever, basis (stated, assumed), statement (of the
    lever), method (statement of the usual method, 3.3a to 3.3d, if there is one), transactions, fee_income (yes, no:
    whether the lever serves the aim).
    """
    levers = catalog.load("needs")["levers"]
    rows = []
    for stage, need in pairs():
        for link in _links(stage, need):
            lever = levers[link["lever"]]
            serves = {aim: "yes" if aim in lever["aims"] else "no" for aim in AIMS}
            rows.append(
                {
                    "stage": stage,
                    "need": need,
                    "lever": link["lever"],
                    "basis": link["basis"],
                    "statement": lever["statement"],
                    "method": lever.get("method"),
                    **serves,
                }
            )
    return pd.DataFrame(rows)


def need_flow(signals: pd.DataFrame) -> pd.DataFrame:
    """The flow stage → need → lever → aim (2.2d), each user and need at a stage counted once.

    Where several levers serve a need, a user's need is divided evenly among them, and so is what a lever passes on to
    its aims: what enters a need or a lever leaves it. A need that two stages have, such as to get the loan, is one node
    for both: which stage its levers serve is not told apart. Columns: link (stage_to_need, need_to_lever,
    lever_to_aim), from, to, user_needs (users and needs, a count that may be broken), signals (how many, divided
    likewise). Raises InputError where a signal shows a need at a stage at which `needs.yaml` has none.
    """
    counts = users_in_need(signals).groupby(["stage", "need"])["signals"].agg(["size", "sum"])
    rows = []
    for stage, need in pairs():
        if (stage, need) in counts.index:
            users, seen = (float(value) for value in counts.loc[(stage, need)])
            rows += [
                {"link": link, "from": one, "to": other, "user_needs": part * users, "signals": part * seen}
                for link, one, other, part in _paths(stage, need)
            ]
    found = pd.DataFrame(rows).groupby(["link", "from", "to"], sort=False).sum().reset_index()
    return found.sort_values("link", key=lambda links: links.map(LINKS.index), kind="stable", ignore_index=True)


def aims(
    signals: pd.DataFrame, applications: pd.DataFrame, loans: pd.DataFrame, instalments: pd.DataFrame
) -> pd.DataFrame:
    """Each aim of the business as numbers (2.2d): the users whose needs a lever for it serves, and their money.

    Of the users who began an application those count who showed a need, at any stage, that is served by a lever for
    the aim; one user may count for both aims. Nothing here says that a lever would work. Interest paid stands in for
    fee income, of which no table tells. Columns: aim (transactions, fee_income), n (users), k, share, low, high,
    signals (seen of those needs), lent_cny (lent to these users in the whole window), share_of_lent (of all that was
    lent), interest_paid_cny (interest they paid), share_of_interest (of all that was paid), not_lent_cny (asked for
    beyond what was lent, over their loans; what was asked for where nothing was lent is in no table).
    """
    asked = pd.Series(columns(applications, "applications", ["user_id"])["user_id"].unique())
    taken = columns(loans, "loans", ["loan_id", "user_id", "requested_cny", "amount_cny"])
    plan = columns(instalments, "instalments", ["loan_id", "number", "interest_cny", "paid_on"])
    paid = plan.loc[plan["paid_on"].notna()].groupby("loan_id")["interest_cny"].sum()
    taken = taken.assign(
        interest=taken["loan_id"].map(paid).fillna(0),
        beyond=(taken["requested_cny"] - taken["amount_cny"]).clip(lower=0),
    )
    shown = users_in_need(signals)
    rows = []
    for aim in AIMS:
        served = shown[[_serves(stage, need, aim) for stage, need in zip(shown["stage"], shown["need"], strict=True)]]
        theirs = taken[taken["user_id"].isin(served["user_id"])]
        lent, interest = theirs["amount_cny"].sum(), theirs["interest"].sum()
        money = {
            "lent_cny": lent,
            "share_of_lent": lent / taken["amount_cny"].sum(),
            "interest_paid_cny": interest,
            "share_of_interest": interest / (taken["interest"].sum() or np.nan),
            "not_lent_cny": theirs["beyond"].sum(),
        }
        found = share(asked.isin(served["user_id"]))
        rows.append({"aim": aim, **found, "signals": int(served["signals"].sum()), **money})
    return pd.DataFrame(rows)


def _links(stage: str, need: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = catalog.load("needs")["stages"][stage]["needs"][need]
    return found


def _paths(stage: str, need: str) -> list[tuple[str, str, str, float]]:
    """The links that a user's need at a stage flows through, and which part of it through each."""
    levers = catalog.load("needs")["levers"]
    found = [("stage_to_need", stage, need, 1.0)]
    links = _links(stage, need)
    for link in links:
        lever, part = link["lever"], 1 / len(links)
        aims = levers[lever]["aims"]
        found.append(("need_to_lever", need, lever, part))
        found += [("lever_to_aim", lever, aim, part / len(aims)) for aim in aims]
    return found


def _serves(stage: str, need: str, aim: str) -> bool:
    levers = catalog.load("needs")["levers"]
    return any(aim in levers[link["lever"]]["aims"] for link in _links(stage, need))
