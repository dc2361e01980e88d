"""Tables as they stood at a time: what came later is gone, so that nothing made of them can look ahead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loanpersona.tables.schema import Table, table

Frames = Mapping[str, pd.DataFrame]


def known_by(tables: Frames, end: pd.Timestamp) -> Frames:
    """The rows that had begun by a time, with what was known of them then.

    A row begins with the first of its times that every row has, and goes with the row that its key points to. What is
    known later is missing; an application that is decided later is left out, since nothing says where it stood.
    """
    result: dict[str, pd.DataFrame] = {}
    for name, frame in tables.items():
        there = ~_later(frame, _begins(table(name)), end)
        if name == "applications":
            there &= ~(_later(frame, "submitted_at", end) | _later(frame, "decided_at", end))
        for column in table(name).columns.values():
            key = table(column.refers).key if column.refers else ""
            if column.refers in result and key in result[column.refers] and column.name == key in frame:
                lost = set(tables[column.refers][key]) - set(result[column.refers][key])
                there &= ~frame[key].isin(lost)
        result[name] = _not_yet(table(name), frame[there], end)
    return result


def _begins(schema: Table) -> str:
    return next((one.name for one in schema.columns.values() if one.happened and not one.missing), "")


def _later(frame: pd.DataFrame, name: str, end: pd.Timestamp) -> pd.Series:
    return frame[name] > end if name in frame else pd.Series(np.full(len(frame), False), frame.index)


def _not_yet(schema: Table, frame: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Without what happens later to rows that are there: unpaid, not disbursed; days past due are those of the time."""
    times = [one.name for one in schema.columns.values() if one.happened and one.name in frame]
    frame = frame.assign(**{name: frame[name].mask(frame[name] > end) for name in times})
    if {"dpd", "due_on", "paid_on"} <= set(frame):
        past = (end.normalize() - frame["due_on"]).dt.days.clip(lower=0)
        frame = frame.assign(dpd=frame["dpd"].mask(frame["paid_on"].isna(), past).astype(frame["dpd"].dtype))
    return frame
