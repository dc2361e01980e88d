"""A thousand populations of `article` from fresh seeds: are counts spread as chance spreads them?

One seed can pass by luck, and a sampler that is too even passes every test that looks for what is too far. So for
each level (or bin of a grid) of each variable, the place of its count in its binomial distribution is noted for every
population: between the chance of fewer and that of as many, at random, because counts are whole. For variables of more
than two bins the place of their chi-square is noted too. Over the seeds, all these places must lie evenly between 0
and 1: judged by Kolmogorov and Smirnov, and by chi-square on twenty bins. Quotas heap them up in the middle or at an
end, a bias at one side; either shows. No check may have p below 1e-4 by Holm's method over all of them.

As a script it draws them, asks the whole statistical layer under twenty fresh seeds too, and looks whether twenty more
give the same sentences, headlines and titles of charts. It takes minutes and prints the seed; `make verify SEED=...`
runs the same again.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt
from agreement import LIMIT, Layer, positions, rejected, seed
from scipy import stats
from sentences import changing, said

import loanpersona as lp

POPULATIONS, USERS = 1_000, 20_000
LAYERS = 20
SENTENCES = 20
ALPHA = 1e-4
BINS = 20
SHOWN = 5
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def counted(layer: Layer, persona: lp.Persona, number: int) -> dict[str, Counts]:
    """How many of a population have each level, or lie in each bin, of each variable."""
    people = lp.sample(persona, n=USERS, seed=number)
    return {name: tally(layer, name, positions(layer.truth[name].variable, people[name])) for name in layer.names}


def tally(layer: Layer, name: str, at: Counts) -> Counts:
    """Positions of values, counted in the bins of a variable."""
    draw = layer.margins[name]
    return np.add.reduceat(np.bincount(at, minlength=len(draw.chances)), draw.starts(USERS))


def places(counts: Mapping[str, Counts], layer: Layer, luck: np.random.Generator) -> dict[str, Floats]:
    """Where the counts of populations, a row each, lie in what chance gives: per bin, and per variable as a whole."""
    result: dict[str, Floats] = {}
    for name, rows in counts.items():
        draw, starts = layer.margins[name], layer.margins[name].starts(USERS)
        chances = np.add.reduceat(draw.chances, starts)
        fewer, part = stats.binom.cdf(rows - 1, USERS, chances), luck.random(rows.shape)
        lie = fewer + part * stats.binom.pmf(rows, USERS, chances)
        result |= {f"{name} {draw.variable.values[at]}": lie[:, i] for i, at in enumerate(starts)}
        if len(chances) > 2:  # of two bins, the one says what the other says
            expected = USERS * chances
            far = ((rows - expected) ** 2 / expected).sum(axis=1)
            result[f"{name} as a whole"] = stats.chi2.cdf(far, len(chances) - 1)
    return result


def p_values(result: Mapping[str, Floats]) -> dict[str, float]:
    """The p-values of places that should lie evenly between 0 and 1, by two tests each."""
    said: dict[str, float] = {}
    for name, lie in result.items():
        said[f"{name}: Kolmogorov-Smirnov"] = float(stats.kstest(lie, "uniform").pvalue)
        in_bins = np.bincount(np.minimum(lie * BINS, BINS - 1).astype(int), minlength=BINS)
        said[f"{name}: chi-square"] = float(stats.chisquare(in_bins).pvalue)
    return said


def drawn(pool: ProcessPoolExecutor, layer: Layer, persona: lp.Persona, seeds: Iterable[int]) -> dict[str, Counts]:
    """The counts of the variables, a row per seed."""
    each = list(pool.map(partial(counted, layer, persona), seeds, chunksize=25))
    return {name: np.array([counts[name] for counts in each]) for name in layer.names}


def faults(layer: Layer, persona: lp.Persona, luck: str) -> list[str]:
    """What the statistical layer finds under other seeds than the usual ones."""
    apart = layer.dependences(persona, luck)
    return [*rejected(layer.p_values(persona, luck)), *(f"{pair}" for pair, bound in apart.items() if bound >= LIMIT)]


def main() -> int:
    """Verify `article`; 1 where anything is not as chance would have it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**12), help="to run an earlier one again")
    fresh = parser.parse_args().seed
    print(f"seed {fresh}", flush=True)
    persona = lp.load_persona("article")
    layer = Layer(persona)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        counts = drawn(pool, layer, persona, [seed(f"verify {fresh} {i}") for i in range(POPULATIONS)])
        result = p_values(places(counts, layer, np.random.default_rng(seed(f"places {fresh}"))))
        for name, p in sorted(result.items(), key=lambda item: item[1])[:SHOWN]:
            print(f"  p = {p:.2g}  {name}")
        wrong = list(rejected(result, error=ALPHA))
        print(f"{POPULATIONS} populations of {USERS}: {len(result)} checks, {len(wrong)} failed.", flush=True)
        asked = pool.map(partial(faults, layer, persona), [f"verify {fresh} {i}: " for i in range(LAYERS)])
        wrong += [f"statistical layer, turn {i}: {fault}" for i, each in enumerate(asked) for fault in each]
        each = list(pool.map(said, [seed(f"sentences {fresh} {i}") for i in range(SENTENCES)]))
        wrong += [f"sentence of {name}: {' | '.join(sorted(ways))}" for name, ways in changing(each).items()]
    print(f"{len(each[0])} headlines and titles under {SENTENCES} seeds of {USERS}.")
    print(f"{LAYERS} times the statistical layer: {layer.size} checks and {len(layer.pairs)} pairs each.")
    print(*(f"FAILED: {fault}" for fault in wrong), sep="\n", end="\n" if wrong else "")
    print(f"{len(wrong)} faults; seed {fresh}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
