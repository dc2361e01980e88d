"""A thousand populations of `article` from fresh seeds: are counts spread as chance spreads them?

One seed can pass by luck, and a sampler that is too even passes every test that looks for what is too far. So for
each level (or bin of a grid) of each variable, the place of its count in its binomial distribution is noted for every
population: between the chance of fewer and that of as many, at random, because counts are whole. For variables of more
than two bins the place of their chi-square is noted too. Over the seeds, all these places must lie evenly between 0
and 1: judged by Kolmogorov and Smirnov, and by chi-square on twenty bins. Quotas heap them up in the middle or at an
end, a bias at one side; either shows. No check may have p below 1e-4 by Holm's method over all of them.

As a script it draws them, takes minutes and prints the seed; `make verify SEED=...` runs the same again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
from agreement import Layer, positions
from scipy import stats

import loanpersona as lp

POPULATIONS, BORROWERS = 1_000, 20_000
ALPHA = 1e-4
BINS = 20
SHOWN = 5
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def counted(layer: Layer, persona: lp.Persona, number: int) -> dict[str, Counts]:
    """How many of a population have each level, or lie in each bin, of each variable."""
    people = lp.sample(persona, n=BORROWERS, seed=number)
    return {name: tally(layer, name, positions(layer.truth[name].variable, people[name])) for name in layer.names}


def tally(layer: Layer, name: str, at: Counts) -> Counts:
    """Positions of values, counted in the bins of a variable."""
    draw = layer.margins[name]
    return np.add.reduceat(np.bincount(at, minlength=len(draw.chances)), draw.starts)


def places(counts: Mapping[str, Counts], layer: Layer, luck: np.random.Generator) -> dict[str, Floats]:
    """Where the counts of populations, a row each, lie in what chance gives: for every bin, and for all of a variable."""
    found: dict[str, Floats] = {}
    for name, rows in counts.items():
        draw, n = layer.margins[name], int(rows[0].sum())
        chances = np.add.reduceat(draw.chances, draw.starts)
        fewer, part = stats.binom.cdf(rows - 1, n, chances), luck.random(rows.shape)
        lie = fewer + part * stats.binom.pmf(rows, n, chances)
        found |= {f"{name} {draw.variable.values[at]}": lie[:, i] for i, at in enumerate(draw.starts)}
        if len(chances) > 2:  # of two bins, the one says what the other says
            far = ((rows - n * chances) ** 2 / (n * chances)).sum(axis=1)
            found[f"{name} as a whole"] = stats.chi2.cdf(far, len(chances) - 1)
    return found


def p_values(found: Mapping[str, Floats]) -> dict[str, float]:
    """The p-values of places that should lie evenly between 0 and 1, by two tests each."""
    said: dict[str, float] = {}
    for name, lie in found.items():
        said[f"{name}: Kolmogorov-Smirnov"] = float(stats.kstest(lie, "uniform").pvalue)
        in_bins = np.bincount(np.minimum(lie * BINS, BINS - 1).astype(int), minlength=BINS)
        said[f"{name}: chi-square"] = float(stats.chisquare(in_bins).pvalue)
    return said


def drawn(layer: Layer, persona: lp.Persona, seeds: Iterable[int]) -> dict[str, Counts]:
    """The counts of a population per seed, drawn in as many processes as there are processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        each = list(pool.map(partial(counted, layer, persona), seeds, chunksize=25))
    return {name: np.array([counts[name] for counts in each]) for name in layer.names}
