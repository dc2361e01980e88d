"""A book cut at a day, table by table and by hand: what a lender who looked on that evening would have had."""

from __future__ import annotations

import pandas as pd

import loanpersona as lp


def cut_at(book: lp.Book, day: pd.Timestamp) -> lp.Book:
    """Rows that came later are gone, and what happened later has not happened.

    An application that was begun and not yet decided is left out: nothing tells how far it had come.
    """
    end = day + pd.Timedelta(days=1)
    tables = dict(book.tables)
    tables["users"] = tables["users"][tables["users"]["registered_at"] < end]
    asked = tables["applications"][tables["applications"]["started_at"] < end]
    tables["applications"] = asked[~((asked["decided_at"] >= end) | (asked["submitted_at"] >= end))]
    lent = tables["loans"][tables["loans"]["borrowed_at"] < end]
    tables["loans"] = lent.assign(disbursed_at=lent["disbursed_at"].mask(lent["disbursed_at"] >= end))
    plan = tables["instalments"][tables["instalments"]["loan_id"].isin(lent["loan_id"])]
    unpaid = ~(plan["paid_on"] < end)
    past_due = (day - plan["due_on"]).dt.days.clip(lower=0)
    tables["instalments"] = plan.assign(
        paid_on=plan["paid_on"].mask(unpaid), dpd=plan["dpd"].mask(unpaid, past_due).astype("int16")
    )
    tables["signals"] = tables["signals"][tables["signals"]["at"] < end]
    tables["truth"] = tables["truth"][tables["truth"]["user_id"].isin(tables["users"]["user_id"])]
    return lp.Book(**tables)
