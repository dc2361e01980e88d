"""Tables of the shapes of a population, as plain numpy would draw them: the floor that generation is held against.

Every column is drawn on its own, by its margin, as fast as numpy's own generator and a search in cumulative shares
allow. Nothing depends on anything, nobody's limit is looked at, and no calendar stretches the hours.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from borrowers import people, plain

import loanpersona as lp

Tables = dict[str, dict[str, np.ndarray]]

_DAY, _WINDOW = 86_400, 1_461 * 86_400
_START = np.datetime64("2021-01-01", "s")


def floor(persona: lp.Persona, rows: Mapping[str, int]) -> Tables:
    """The tables with `rows` rows each; people as `users.plain` draws them."""
    stream = np.random.default_rng(7)
    who = plain(people(persona), rows["users"])
    return {
        "people": {name: who[name].to_numpy() for name in who},
        "applications": _applications(persona, stream, rows["applications"], rows["users"]),
        "loans": (loans := _loans(persona, stream, rows["loans"], rows["users"])),
        "instalments": _instalments(persona, stream, loans, rows["instalments"]),
        "signals": _signals(stream, rows["signals"], rows["users"]),
    }


def _drawn(persona: lp.Persona, stream: np.random.Generator, name: str, n: int) -> np.ndarray:
    """A column by its margin: codes of a category, or numbers."""
    conditional = persona.conditionals[name]
    codes = np.searchsorted(np.cumsum(conditional.margin)[:-1], stream.random(n), side="right").astype(np.int16)
    values = conditional.variable.values
    return codes if isinstance(values[0], str) else np.array(values).take(codes)


def _times(stream: np.random.Generator, n: int) -> np.ndarray:
    return _START + (stream.random(n) * _WINDOW).astype("timedelta64[s]")


def _keys(stream: np.random.Generator, n: int, people: int) -> np.ndarray:
    return np.sort(stream.integers(0, people, n))


def _applications(persona: lp.Persona, stream: np.random.Generator, n: int, people: int) -> dict[str, np.ndarray]:
    drawn = ("last_step", "reject_reason", "risk_score", "quality_tier", "apr", "proofs", "diverted_to_partner")
    result = {name: _drawn(persona, stream, name, n) for name in drawn}
    started = _times(stream, n)
    submitted = started + (60 * _drawn(persona, stream, "minutes_to_submit", n)).astype("timedelta64[s]")
    decided = submitted + (60 * _drawn(persona, stream, "minutes_to_decide", n)).astype("timedelta64[s]")
    income = _drawn(persona, stream, "income_cny_month", n) * _drawn(persona, stream, "limit_factor", n)
    limit = np.clip(np.rint(income / 500) * 500, 500, 200_000).astype(np.int32)
    ids = {"application_id": np.arange(n), "user_id": _keys(stream, n, people)}
    outcome = np.searchsorted([0.55, 0.78], stream.random(n), side="right").astype(np.int8)
    times = {"started_at": started, "submitted_at": submitted, "decided_at": decided}
    return {**ids, **times, **result, "limit_cny": limit, "outcome": outcome}


def _loans(persona: lp.Persona, stream: np.random.Generator, n: int, people: int) -> dict[str, np.ndarray]:
    drawn = ("requested_cny", "term_months", "apr", "reason", "price_reaction", "complains_of_wait")
    result = {name: _drawn(persona, stream, name, n) for name in drawn}
    gap = stream.standard_exponential(n) / stream.gamma(1.5, 3.0, n).clip(0.1)
    borrowed = _times(stream, n) + (gap * _DAY).astype("timedelta64[s]")
    disbursed = borrowed + (60 * _drawn(persona, stream, "minutes_to_disburse", n)).astype("timedelta64[s]")
    amount = np.minimum(result["requested_cny"], stream.integers(5, 300, n) * 100).astype(np.int32)
    ids = {"loan_id": np.arange(n), "user_id": _keys(stream, n, people), "ordinal": stream.integers(1, 9, n)}
    return {**ids, **result, "amount_cny": amount, "borrowed_at": borrowed, "disbursed_at": disbursed}


def _instalments(
    persona: lp.Persona, stream: np.random.Generator, loans: Mapping[str, np.ndarray], n: int
) -> dict[str, np.ndarray]:
    """Equal instalments in closed form; each loan has as many as its term, cut or filled up to `n` rows."""
    term = loans["term_months"].astype(np.int64)
    loan = np.resize(np.repeat(np.arange(len(term)), term), n)
    number = np.resize(np.arange(term.sum()) - np.repeat(np.cumsum(term) - term, term) + 1, n)
    rate = loans["apr"] / 12
    level = loans["amount_cny"] * rate / (1 - (1 + rate) ** -term)
    interest = level[loan] * (1 - (1 + rate[loan]) ** (number - 1 - term[loan]))
    month = loans["disbursed_at"].astype("datetime64[M]")
    day = (loans["disbursed_at"].astype("datetime64[D]") - month.astype("datetime64[D]"))[loan]
    first, after = (month[loan] + number + more for more in (0, 1))
    due = np.minimum(first.astype("datetime64[D]") + day, after.astype("datetime64[D]") - 1)
    manner = _drawn(persona, stream, "payment", n)
    moved = np.where(manner == 0, -_drawn(persona, stream, "days_early", n), 0)
    moved = np.where(manner == 2, _drawn(persona, stream, "days_late", n), moved)
    _drawn(persona, stream, "month_income", n), _drawn(persona, stream, "asks_for", n)
    return {
        "loan_id": loans["loan_id"][loan],
        "number": number.astype(np.int8),
        "due_on": due.astype("datetime64[s]"),
        "principal_cny": np.rint((level[loan] - interest) * 100) / 100,
        "interest_cny": np.rint(interest * 100) / 100,
        "paid_on": (due + moved).astype("datetime64[s]"),
        "dpd": np.maximum(moved, 0).astype(np.int16),
    }


def _signals(stream: np.random.Generator, n: int, people: int) -> dict[str, np.ndarray]:
    source = stream.integers(0, 10, n).astype(np.int8)
    return {
        "user_id": _keys(stream, n, people),
        "stage": source % 3,
        "need": source % 8,
        "source": source,
        "at": _times(stream, n),
    }
