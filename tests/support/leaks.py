"""What should tell nothing of the hidden side: keys, order, the hands of the clock, and what lies beyond a value.

Of each user one row is taken, drawn by lot, so that how many there are tells nothing. Where a value matters by
right, only what remains once it is taken away is a trace; where one is missing, which may matter by right too, another
row's stands in its place.

Left out, since the persona says that they follow from the hidden side, and a lender may learn from them: what a
user is like (the hidden traits rest on income, education and class), scores, tiers, outcomes, limits and prices,
amounts and cents made of them, how and when they pay, how many rows they have, and so at what dates; whom they brought,
which shows that they would refer. The term of a later loan is left out because long loans use up the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Frames = Mapping[str, pd.DataFrame]
Named = Iterator[tuple[str, npt.ArrayLike]]

OBSERVED = ("users", "applications", "loans", "instalments", "signals")
KEYS = {"users": (1, 0), "applications": (10, 0), "loans": (10_000, 1), "signals": (100_000, 0)}
"""What the user is multiplied with in a key, and what is added for the first row."""
TIMES = {"users": "registered_at", "applications": "started_at", "loans": "borrowed_at", "signals": "at"}
"""The time in whose order the rows of a user stand."""
STEPS = {
    "income_cny_month": 100,
    "income_variation": 0.01,
    "zhima_score": 1,
    "risk_score": 1,
    "limit_cny": 500,
    "apr": 0.001,
    "requested_cny": 100,
    "amount_cny": 100,
    "principal_cny": 0.01,
    "interest_cny": 0.01,
}
"""In what steps a value comes."""
LUCK = (
    "window_percent",
    "last_step",
    "minutes_to_submit",
    "minutes_to_decide",
    "diverted_to_partner",
    "term_months",
    "minutes_to_disburse",
)
"""The variables whose values are traces, because the persona lets them rest on nothing hidden."""


def traces(frames: Frames, table: str, most: int | None = None) -> pd.DataFrame:
    """The traces of the first `most` users of a table, one row each; their numbers are the index.

    Values are ranked, for trees see no difference below 1e-7, and the last bit of a fraction is one.
    """
    luck = np.random.default_rng(5)
    frame = _owned(frames, table)
    lots = pd.DataFrame({"lot": luck.random(len(frame)), "who": frame["user_id"].to_numpy()})
    drawn = lots.sort_values("lot").drop_duplicates("who").sort_values("who")[:most]
    at, who = drawn.index.to_numpy(), drawn["who"].to_numpy()
    result = {name: np.array(values, float)[at] for name, values in (*_of_keys(frame, table), *_of_values(frame))}
    result |= {name: np.array(values, float) for name, values in _of_numbers(frames, frame, who)}
    for name, values in result.items():
        known = values[~np.isnan(values)]
        if len(known) < len(values):
            result[name] = np.where(np.isnan(values), luck.choice(known, len(values)), values)
    return pd.DataFrame(result, index=pd.Index(who, name="user_id")).rank(method="dense")


def _owned(frames: Frames, table: str) -> pd.DataFrame:
    """A table with the user of each row, and instalments with their loans too."""
    frame = frames[table].reset_index(drop=True)
    if table != "instalments":
        return frame
    loans = frames["loans"].set_index("loan_id").reindex(frame["loan_id"])
    more = {name: loans[name].to_numpy() for name in ("user_id", "amount_cny", "apr", "term_months")}
    return frame.assign(**{f"loan_{name}": values for name, values in more.items()}, user_id=more["user_id"])


def _of_keys(frame: pd.DataFrame, table: str) -> Named:
    """Keys and order of the rows, beyond whose they are and which of theirs."""
    if table == "instalments":
        yield "number beyond rank", frame["number"] - frame.groupby("loan_id").cumcount() - 1
        return
    key, who = frame.iloc[:, 0], frame["user_id"]
    base, first = KEYS[table]
    rank = frame.groupby(who).cumcount()
    yield "key beyond rank", key - base * who - first - rank
    yield "row beyond rank of key", np.arange(len(frame)) - key.rank().to_numpy()
    yield "rank in time beyond rank", frame[TIMES[table]].groupby(who).rank(method="first") - rank


def _of_numbers(frames: Frames, frame: pd.DataFrame, who: npt.NDArray[np.int64]) -> Named:
    """The number of each user, their first row, and who stands next to them."""
    first = frame["user_id"].drop_duplicates()
    row = pd.Series(first.index, first).reindex(who).to_numpy()
    yield "row", row
    yield "user_id", who
    for modulus in (2, 3, 4, 7, 10, 100, 1_024):
        yield f"user_id modulo {modulus}", who % modulus
        yield f"row modulo {modulus}", row % modulus
    gap = np.diff(who, prepend=-1, append=who[-1] + 1)
    yield "user_id beyond the one before", gap[:-1]
    yield "user_id below the one after", gap[1:]
    people = frames["users"].set_index("user_id")
    for step in (-1, 1, 4, 1_024):  # as if words of a stream were shifted; four are drawn at a time
        for name in ("zhima_score", "income_cny_month", "platforms"):
            yield f"{name} of number {step:+}", people[name].reindex(who + step).to_numpy(float)


def _of_values(frame: pd.DataFrame) -> Named:
    """What values hold beyond what they say, and those that are luck."""
    for name, column in frame.items():
        if name in STEPS:
            yield f"{name} beyond its step", _beyond(column, STEPS[str(name)])
        if str(name).endswith("_score"):  # they err by so much that the last digit is luck
            yield f"{name} modulo 10", column.to_numpy(float, na_value=np.nan) % 10
        if column.dtype.kind == "M":
            yield from _of_clock(str(name), column.dt)
    for needed, made in (
        ("registered_at", _of_registering),
        ("last_step", _of_applying),
        ("disbursed_at", _of_lending),
        ("principal_cny", _of_paying),
    ):
        if needed in frame:
            yield from made(frame)


def _beyond(values: pd.Series, step: float) -> npt.ArrayLike:
    """How far values are from the nearest number that comes in steps, to the last bit."""
    numbers = values.to_numpy(float, na_value=np.nan)
    per_one = round(1 / step)
    return numbers - (np.rint(numbers / step) * step if step >= 1 else np.rint(numbers * per_one) / per_one)


def _of_clock(name: str, time: pd.Series.dt) -> Named:
    if name.endswith("_on"):
        yield f"second of {name}", time.hour * 3600 + time.minute * 60 + time.second
        return
    for unit, value in (("second", time.second), ("minute", time.minute)):
        yield f"{unit} of {name}", value
        yield f"{unit} of {name} modulo 2", value % 2
        yield f"{unit} of {name} modulo 10", value % 10


def _of_registering(frame: pd.DataFrame) -> Named:
    at = frame["registered_at"]
    yield "registered_at", at.astype("int64")
    yield from ((f"{unit} of registered_at", getattr(at.dt, unit)) for unit in ("hour", "day_of_week", "day", "month"))
    yield "brought by somebody", frame["referred_by"].notna()
    yield "number of who brought them", frame["user_id"] - frame["referred_by"].to_numpy(float, na_value=np.nan)


def _of_applying(frame: pd.DataFrame) -> Named:
    yield "seconds to submit", (frame["submitted_at"] - frame["started_at"]).dt.total_seconds()
    yield "seconds to decide", (frame["decided_at"] - frame["submitted_at"]).dt.total_seconds()
    yield "step at which it was left", frame["last_step"].cat.codes.where(frame["outcome"] == "incomplete")
    yield "diverted once rejected", frame["diverted_to_partner"].where(frame["outcome"] == "rejected").astype(float)


def _of_lending(frame: pd.DataFrame) -> Named:
    yield "seconds to disburse", (frame["disbursed_at"] - frame["borrowed_at"]).dt.total_seconds()
    yield "term of a first loan", frame["term_months"].where(frame["ordinal"] == 1)


def _of_paying(frame: pd.DataFrame) -> Named:
    """Cents beyond those that amount, price and term make."""
    back, part = (np.rint(frame[name].to_numpy() * 100) for name in ("principal_cny", "interest_cny"))
    loan = frame["loan_id"].to_numpy()
    owed = frame["loan_amount_cny"].to_numpy() * 100 - pd.Series(back).groupby(loan).cumsum().to_numpy() + back
    yield "cents of interest", part - np.floor(owed * np.rint(frame["loan_apr"].to_numpy() * 1e6) / 12e6 + 0.5)
    level = pd.Series(back + part).groupby(loan).transform("first").to_numpy()
    last = (frame["number"] == frame["loan_term_months"]).to_numpy()
    yield "cents of principal", np.where(last, back - owed, back + part - level)
