"""Grouping: how far two groupings of the same people agree (adjusted Rand index)."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def adjusted_rand(tables: Any) -> Any:
    """The adjusted Rand index of a table of counts (one grouping down, the other across), or of a stack of tables.

    Source: Hubert and Arabie (1985).

    >>> float(adjusted_rand([[3, 0], [0, 2]]))
    1.0
    """
    table = np.asarray(tables, float)
    pairs = (table * (table - 1)).sum(axis=(-2, -1))
    down, across = (_pairs(table.sum(axis=axis)) for axis in (-1, -2))
    whole = _pairs(table.sum(axis=(-2, -1))[..., None])
    expected = down * across / np.maximum(whole, 1)
    most = (down + across) / 2
    # Where each grouping is one group, or nobody shares one, both say the same.
    return np.divide(pairs - expected, most - expected, out=np.ones_like(pairs), where=most != expected)


def _pairs(counts: Array) -> Array:
    result: Array = (counts * (counts - 1)).sum(axis=-1)
    return result


def counted(one: Any, other: Any) -> Array:
    """How often each group of one grouping meets each group of the other."""
    down, across = (np.unique(labels, return_inverse=True)[1] for labels in (np.asarray(one), np.asarray(other)))
    result: Array = np.bincount(down * (across.max() + 1) + across, minlength=(down.max() + 1) * (across.max() + 1))
    return result.reshape(down.max() + 1, across.max() + 1)
