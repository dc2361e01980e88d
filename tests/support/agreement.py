"""Whether people are as a persona says: the statistical layer of the proof.

What to expect comes from the persona as it is calibrated (the exact layer holds that to its text), what is seen from
drawing people, and the persona drawn from may be another one: then the layer must notice.

- **Margins**: each variable is drawn anew with its ancestors, and counted against the margin that follows.
- **Cells**: each variable is drawn with its parents set (`lp.sample(persona, given=...)`), once with the first and
  once with the last values that fall into the cell, so that an end of a condition that moved shows too.
- **Within**: in one population, each variable is counted within the cells of its parents as they came.
- **Pairs**: no two variables may hang together but as stated. A user's *luck* in a variable is where the draw
  fell between 0 and 1: the share of people in the same cell with a smaller value, plus a random part of the share
  with the same value. If everything is as written, the lucks of a user are independent and even, for related
  variables as for unrelated ones. So the luck of each pair is counted in eight by eight fields, and Cramér's V has to
  be *shown* small: the upper 99.9 % bound below 0.02 is what passes, not the lack of a proof of the contrary. Luck
  within a common level is mere chance and dilutes a shift between levels, so the levels themselves are asked too: what
  a level (or group of levels) exceeds its chance by, given the parents, is correlated over people for any two
  variables, and the bound of that correlation has to lie below 0.02 as well.

Counts are judged by the likelihood ratio, which keeps its level far out in the tails where Pearson's sum does not.
A value that cannot be and is there has p = 0. Seeds are hashes of the names of the checks. The chance that any check
errs is held at one in a million by Holm's method, over all of them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, stats

import loanpersona as lp
from loanpersona.persona.joint import ONE, Conditional
from loanpersona.persona.model import Value, Variable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

N = 131_072
"""Users of a draw: enough to see two points in a share, or a tenth on the log-odds."""
ERROR = 1e-6
"""Chance that the layer as a whole finds fault with people who are as they should be."""
LIMIT = 0.02
"""Largest dependence, as Cramér's V, that may be left open between two variables."""
DOUBT = 0.001
"""What the bound of a dependence leaves out."""
FEW, NUMBER_BINS = 50, 20
"""Up to how many numbers are counted one by one; the bins of a longer grid."""
FIELDS = 8
LEAST_COUNT = 20
"""Smallest expected count: below it, the tails of a count are not those of a chi-square."""
GROUPS, TURNS = 5, 2
"""Into how many groups at the most the levels of a variable are put, and in how many populations they are asked."""
RARE = 2e-5
"""An end of a grid that fewer than this share of people reach in every cell is left to the exact layer."""


def seed(text: str) -> int:
    """The seed of a check: its name, hashed."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def positions(variable: Variable, column: pd.Series) -> Integers:
    """Where each value of a column stands among the values of the variable; -1 where it does not."""
    words = {value: i for i, value in enumerate(variable.values)}
    if isinstance(column.dtype, pd.CategoricalDtype):
        lookup = np.array([words.get(level, -1) for level in column.cat.categories])
        return lookup[column.cat.codes.to_numpy()]
    if column.dtype == bool:
        return np.array([words["no"], words["yes"]])[column.to_numpy().astype(int)]
    values = np.array(variable.values, float)
    result = np.minimum(np.searchsorted(values, column.to_numpy()), len(values) - 1)
    return np.where(values[result] == column.to_numpy(), result, -1)


def bins(chances: Floats, least: float) -> Integers:
    """First position of each bin: values in their order, put together until they make up `least`."""
    starts, total = [0], 0.0
    for position, chance in enumerate(chances.tolist()):
        if total >= least:
            starts.append(position)
            total = 0.0
        total += chance
    return np.array(starts if total >= least or len(starts) == 1 else starts[:-1])


def rejected(result: Mapping[str, float], family: int = 0, error: float = ERROR) -> dict[str, float]:
    """The p-values that are too small by Holm's method, for a family of checks of which these are some or all."""
    left, small = family or len(result), dict[str, float]()
    for name, p in sorted(result.items(), key=lambda item: item[1]):
        if p > error / left:
            break
        small[name] = p
        left -= 1  # what is rejected no longer counts
    return small


def p_value(counts: Integers, chances: Floats) -> float:
    """How often chance alone gives counts that fit as badly; 0 where what cannot be was counted."""
    if counts[chances == 0].any():
        return 0.0
    seen, expected = counts[chances > 0], counts.sum() * chances[chances > 0]
    return float(stats.chi2.sf(ratio(seen, expected), len(seen) - 1)) if len(seen) > 1 else 1.0


def ratio(seen: Integers, expected: Floats) -> float:
    """The likelihood ratio of counts, which chance spreads as a chi-square."""
    return max(0.0, float(2 * np.sum(seen * np.log(np.maximum(seen, 1) / expected))))


@dataclass(frozen=True)
class Draw:
    """A check: one variable is drawn with some others set, and counted; or as ever, with nothing set."""

    name: str
    variable: Variable
    given: tuple[dict[str, Value], ...]
    """What to set; the draws are counted together."""
    chances: Floats

    def starts(self, count: int) -> Integers:
        """First position of each bin to count that many people in."""
        least = LEAST_COUNT / count
        if isinstance(self.variable.values[0], str) or len(self.chances) <= FEW:
            return bins(self.chances, least)
        last = len(self.chances) - 1
        ends = [at for at, end in ((1, 0), (last, last)) if self.chances[end] >= least]
        starts = np.unique([*bins(self.chances, 1 / NUMBER_BINS), *ends])  # what a grid cuts off heaps up at its ends
        return starts[(np.add.reduceat(self.chances, starts) >= least) | (starts == 0)]

    def p(self, persona: lp.Persona, luck: str = "") -> float:
        """The p-value of the people of a persona; `luck` names other seeds than the usual ones."""
        counts = np.zeros(len(self.chances), np.int64)
        for turn, given in enumerate(self.given):
            try:
                people = lp.sample(
                    persona, given=given, n=N, seed=seed(f"{luck}{self.name} {turn}"), columns=[self.variable.name]
                )
            except lp.InputError:  # a value that there should be is no value of this persona
                return 0.0
            result = positions(self.variable, people[self.variable.name])
            if (result < 0).any():
                return 0.0
            counts += np.bincount(result, minlength=len(counts))
        if counts[self.chances == 0].any():
            return 0.0
        starts = self.starts(N * len(self.given))
        return p_value(np.add.reduceat(counts, starts), np.add.reduceat(self.chances, starts))


class Lucks:
    """The people of one population and their luck in every variable, measured by what a persona says."""

    def __init__(self, truth: Mapping[str, Conditional], persona: lp.Persona, names: Sequence[str], luck: str) -> None:
        rest = [parent for name in names for parent in truth[name].variable.parents]
        people = lp.sample(persona, n=N, seed=seed(f"{luck}people"), columns=[*names, *rest])
        self.at = {name: positions(truth[name].variable, people[name]) for name in people}
        self._truth, self._luck, self._found = truth, luck, dict[str, Integers]()

    def cells(self, name: str) -> Integers:
        """The cell of its parents that each user is in."""
        cells = np.zeros(N, np.int64)
        for parent, bands in self._truth[name].bands.items():
            cells = cells * len(bands) + bands.of_value[self.at[parent]]
        return cells

    def possible(self, name: str) -> bool:
        """Whether nobody has a value that the persona rules out for them."""
        low, high = self._ends(name)
        return bool((self.at[name] >= 0).all() and (low < high).all())

    def _ends(self, name: str) -> tuple[Integers, Integers]:
        thresholds = self._truth[name].thresholds
        ends = np.pad(thresholds, ((0, 0), (1, 0))), np.pad(thresholds, ((0, 0), (0, 1)), constant_values=ONE)
        cells, at = self.cells(name), self.at[name]
        return ends[0][cells, at], ends[1][cells, at]

    def fields(self, name: str) -> Integers:
        """In which eighth the luck of each user lies."""
        if name not in self._found:
            low, high = self._ends(name)
            part = np.random.default_rng(seed(f"{self._luck}part {name}")).random(N)
            self._found[name] = np.minimum((low + part * (high - low)) / ONE * FIELDS, FIELDS - 1).astype(np.int64)
        return self._found[name]

    def excess(self, name: str) -> Floats:
        """By how much each group of levels exceeds its chance in each user, scaled to a mean square of one."""
        result = self._truth[name]
        few = len(result.margin) <= GROUPS
        starts = np.arange(len(result.margin)) if few else bins(result.margin, 1 / GROUPS)
        chances = np.add.reduceat(result.probabilities, starts, axis=1)[self.cells(name)]
        group = np.searchsorted(starts, self.at[name], side="right") - 1
        over = (group[:, None] == np.arange(len(starts))) - chances
        spread = np.sqrt((over**2).mean(axis=0))
        return over[:, spread > 0] / spread[spread > 0]


def within(lucks: Lucks, name: str) -> float:
    """The p-value of a variable within the cells of its parents: everywhere, luck has to be even."""
    if not lucks.possible(name):
        return 0.0
    cells = lucks.cells(name)
    sizes = np.bincount(cells)
    small = sizes < LEAST_COUNT * FIELDS  # these are counted together
    numbers = np.where(small, len(sizes), np.arange(len(sizes)))[cells]
    kept, numbers = np.unique(numbers, return_inverse=True)
    counts = np.bincount(numbers * FIELDS + lucks.fields(name), minlength=len(kept) * FIELDS).reshape(-1, FIELDS)
    expected = counts.sum(axis=1, keepdims=True) / FIELDS
    return float(stats.chi2.sf(ratio(counts, expected), len(kept) * (FIELDS - 1)))


def dependence(one: Integers, other: Integers) -> float:
    """The upper bound of Cramér's V between two lucks, by inverting the noncentral chi-square."""
    counts = np.bincount(one * FIELDS + other, minlength=FIELDS**2).reshape(FIELDS, FIELDS)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    result, free = float(((counts - expected) ** 2 / expected).sum()), (FIELDS - 1) ** 2
    most = 2 * result + 200.0  # a larger one would have shown
    if stats.chi2.cdf(result, free) <= DOUBT:
        return 0.0
    shift = optimize.brentq(lambda shift: stats.ncx2.cdf(result, free, shift) - DOUBT, 1e-9, most)
    return float(np.sqrt(shift / (counts.sum() * (FIELDS - 1))))


class Layer:
    """All checks of a persona as it is written."""

    def __init__(self, persona: lp.Persona) -> None:
        self.truth = dict(persona.conditionals)
        self.margins = {name: _margin(name, self.truth) for name in self.truth}
        self.cells = {name: _reaching(list(_cells(name, self.truth))) for name in self.truth if self.truth[name].bands}
        self.draws = [*self.margins.values(), *(draw for name in self.cells for draw in self.cells[name])]
        self.names = list(self.truth)
        self.pairs = list(combinations(self.names, 2))

    @property
    def size(self) -> int:
        """The number of p-values."""
        return len(self.draws) + len(self.cells)

    def p_values(self, persona: lp.Persona, luck: str = "") -> dict[str, float]:
        """The p-value of every check but the pairs, for the people of a persona."""
        lucks = self.lucks(persona, luck)
        return {draw.name: draw.p(persona, luck) for draw in self.draws} | {
            f"within {name}": within(lucks, name) for name in self.cells
        }

    def lucks(self, persona: lp.Persona, luck: str = "", names: Sequence[str] | None = None) -> Lucks:
        """One population of a persona and its luck."""
        return Lucks(self.truth, persona, names or self.names, luck)

    def dependences(self, persona: lp.Persona, luck: str = "") -> dict[tuple[str, str], float]:
        """The bound of the dependence of every pair of variables."""
        lucks = self.lucks(persona, luck)
        correlated = self.correlations(persona, luck)
        return {
            (one, other): max(dependence(lucks.fields(one), lucks.fields(other)), correlated[one, other])
            for one, other in self.pairs
        }

    def correlations(self, persona: lp.Persona, luck: str = "") -> dict[tuple[str, str], float]:
        """The bound of the largest correlation between any levels of two variables beyond what is stated."""
        every, names = 0.0, list[str]()
        for turn in range(TURNS):
            lucks = self.lucks(persona, f"{luck}turn {turn} ")
            parts = [lucks.excess(name) for name in self.names]
            names = [name for name, part in zip(self.names, parts, strict=True) for _ in range(part.shape[1])]
            whole = np.concatenate(parts, axis=1, dtype=np.float32)
            every = every + whole.T @ whole / (N * TURNS)
        at = {name: [i for i, other in enumerate(names) if other == name] for name in self.names}
        doubt = float(stats.norm.isf(DOUBT / 2)) / math.sqrt(N * TURNS)
        return {
            (one, other): float(np.abs(every[np.ix_(at[one], at[other])]).max(initial=0.0)) + doubt
            for one, other in self.pairs
        }


def _margin(name: str, truth: Mapping[str, Conditional]) -> Draw:
    result = truth[name]
    draw = Draw(f"margin {name}", result.variable, ({},), result.margin)
    return draw if result.bands else _reaching([draw])[0]


def _cells(name: str, truth: Mapping[str, Conditional]) -> Iterator[Draw]:
    """A draw per cell that anybody is in, with the first and with the last values of its parents."""
    result = truth[name]
    corners = product(*(range(len(bands)) for bands in result.bands.values()))
    for chances, weight, corner in zip(result.probabilities, result.weights, corners, strict=True):
        first, last = dict[str, Value](), dict[str, Value]()
        for (parent, bands), number in zip(result.bands.items(), corner, strict=True):
            inside, values = np.flatnonzero(bands.of_value == number), truth[parent].variable.values
            first[parent], last[parent] = values[inside[0]], values[inside[-1]]
        if weight > 0:
            said = ", ".join(f"{parent} {value}" for parent, value in first.items())
            yield Draw(f"{name} where {said}", result.variable, (first,) if first == last else (first, last), chances)


def _reaching(draws: list[Draw]) -> list[Draw]:
    """The draws, with more people where most of them reach an end of the grid, so that some do."""
    if isinstance(draws[0].variable.values[0], str) or len(draws[0].chances) <= FEW:
        return draws
    for end in (0, -1):
        at = max(range(len(draws)), key=lambda i: draws[i].chances[end])
        share, given = draws[at].chances[end], draws[at].given
        if share >= RARE:
            times = math.ceil(2 * LEAST_COUNT / (share * N * len(given)))
            draws[at] = replace(draws[at], given=given * times)
    return draws
