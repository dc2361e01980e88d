"""Small loan books made by hand from the description of the tables: every type, missing values, extremes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from loanpersona import tables
from loanpersona.tables import Column, Table, store

NAMES = ("users", "applications", "loans", "instalments", "signals", "truth")
MADE = {"synthetic": store.SYNTHETIC, "persona": "p", "persona_digest": "d", "n": 1, "seed": 1}
START = np.datetime64("2021-01-01T00:00:00", "s")


def schemas(*names: str) -> list[Table]:
    return [tables.table(name) for name in names or NAMES]


def frames(n: int = 40, seed: int = 1) -> dict[str, pd.DataFrame]:
    """A user, an application, two loans and four instalments for each of `n`, with keys that fit."""
    luck = np.random.default_rng(seed)
    user, loan = np.arange(n), np.arange(2 * n)
    keys = {
        "users": {"user_id": user},
        "applications": {"application_id": user * 10, "user_id": user},
        "loans": {"loan_id": loan * 10_000 + 1, "user_id": loan // 2},
        "instalments": {"loan_id": np.repeat(loan * 10_000 + 1, 2), "number": np.tile([1, 2], 2 * n)},
        "signals": {"user_id": loan // 2, "at": START + np.arange(2 * n)},
        "truth": {"user_id": user},
    }
    return {name: _frame(tables.table(name), key, luck) for name, key in keys.items()}


def _frame(schema: Table, keys: Mapping[str, np.ndarray], luck: np.random.Generator) -> pd.DataFrame:
    rows = len(next(iter(keys.values())))
    made = {
        name: pd.Series(keys[name]).astype(column.dtype) if name in keys else _values(column, rows, luck)
        for name, column in schema.columns.items()
    }
    return pd.DataFrame(made)


def _values(column: Column, rows: int, luck: np.random.Generator) -> pd.Series:
    if column.refers:
        values = pd.Series(luck.integers(0, rows, rows)).astype(column.dtype)
    elif column.type == "category":
        values = pd.Series(pd.Categorical.from_codes(luck.integers(0, len(column.levels), rows), dtype=column.dtype))
    elif column.type == "bool":
        values = pd.Series(luck.random(rows) < 0.5)
    elif column.type.startswith("datetime64"):
        values = pd.Series(START + luck.integers(0, 4 * 365 * 86_400, rows))
        values = (values.dt.normalize() if column.day else values).astype(column.dtype)
    else:
        low, high = column.range or (0, 2**53 + 1)
        numbers = luck.random(rows) * (high - low) + low
        values = pd.Series(numbers if column.type == "float64" else numbers.astype("int64")).astype(column.dtype)
    return values.mask(luck.random(rows) < 0.3) if column.missing else values


def parts(whole: Mapping[str, pd.DataFrame], cuts: int) -> list[dict[str, pd.DataFrame]]:
    """The tables cut into so many parts of consecutive rows, some of them without any."""
    result: list[dict[str, pd.DataFrame]] = []
    for number in range(cuts):
        ends = {name: (len(f) * number // cuts, len(f) * (number + 1) // cuts) for name, f in whole.items()}
        result.append({name: f.iloc[slice(*ends[name])] for name, f in whole.items()})
    return result
