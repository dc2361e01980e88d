"""A persona told back in words and tables, so that it can be checked without reading YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from loanpersona.core import catalog
from loanpersona.core.conditions import runs
from loanpersona.core.markdown import as_words, table
from loanpersona.core.sourced import Basis
from loanpersona.core.words import check_language, label, phrase
from loanpersona.persona.bases import is_changed
from loanpersona.persona.idle import idle_paths
from loanpersona.persona.joint import Conditional, Floats, holds, total
from loanpersona.persona.laws import PARAMETERS
from loanpersona.persona.model import Effect, Given, Odds, Persona, Shape, Shares, Value, Variable, When
from loanpersona.persona.season_words import seasons_in_words

Row = list[str]

_FEW = 4
"""Up to so many levels are listed; of more, those left out, if they are fewer."""


def describe(persona: Persona, lang: str = "en") -> str:
    """The persona in words and Markdown tables.

    >>> from loanpersona.persona.resolver import load_persona
    >>> print(describe(load_persona("article"))[:30])
    # The borrowers of the article
    """
    return "\n".join(_Teller(persona, check_language(lang)).lines()) + "\n"


def changed_rows(persona: Persona, name: str, lang: str) -> Iterator[tuple[str, Basis]]:
    """The rows of a variable's law that were changed and rest on nothing else, each with whom it is for."""
    variable = persona.variables.get(name)
    if variable is None:  # a part of the calendar, which has no rows
        return
    teller, law = _Teller(persona, lang), variable.law
    rows = law.odds if isinstance(law, Shares) else (*law.where, *law.moves) if isinstance(law, Shape) else ()
    for row in rows:
        if row.basis != variable.basis and is_changed(row.basis.because):
            yield f"{variable.words(lang)} ({teller.where(row.when)})", row.basis


class _Teller:
    """Tells one persona in one language."""

    def __init__(self, persona: Persona, lang: str) -> None:
        self.persona, self.lang = persona, lang

    @cached_property
    def nobody(self) -> set[str]:
        """The paths of numbers that change nobody."""
        return idle_paths(self.persona)

    def lines(self) -> Iterator[str]:
        persona = self.persona
        yield from (f"# {as_words(persona.title[self.lang])}", "", as_words(persona.about[self.lang]), "")
        yield from (self.say("told_digest", name=persona.name, digest=persona.digest[:12]), "")
        yield from (self._counts(), "", f"## {self.word('product')}", "")
        yield from (f"- {line}" for line in self._product())
        if persona.rules:
            yield from ("", f"## {self.word('rules')}", "")
            yield from (f"- {self.where(rule.never)} ({self.reason(rule.basis)})" for rule in persona.rules.values())
        if persona.window is not None and persona.calendar is not None:
            yield from seasons_in_words(persona.window, persona.calendar, self.lang, self.reason)
        for conditional in persona.conditionals.values():
            yield from self._variable(conditional)
        if persona.notes:
            yield from ("", f"## {self.word('notes')}", "", *(f"- {as_words(note)}" for note in persona.notes))

    def say(self, key: str, **values: object) -> str:
        return phrase(key, self.lang, **values)

    def word(self, word: str, of: Variable | None = None) -> str:
        own = dict(dict(of.own_words).get(word, ())) if of is not None else {}
        return as_words(own.get(self.lang) or label(word, self.lang))

    def _counts(self) -> str:
        kinds = [variable.basis.kind for variable in self.persona.variables.values()]
        counts = {kind: kinds.count(kind) for kind in ("stated", "published", "assumed")}
        return self.say("told_counts", n=len(kinds), **counts)

    def _product(self) -> Iterator[str]:
        yield self.say("told_apr", percent=f"{float(self.persona.product.apr_most):.1%}")
        yield self.say("told_limit", most=f"{self.persona.product.limit_cny_most:,}")

    # A variable

    def _variable(self, conditional: Conditional) -> Iterator[str]:
        variable = conditional.variable
        hidden = f" · {self.word('hidden')}" if variable.hidden else ""
        hidden += f" · {self.word(f'told_each_{variable.each}')}" if variable.each != "user" else ""
        yield from ("", f"## {self.word(variable.name, variable)} (`{variable.name}`){hidden}", "")
        if variable.parents:
            parents = ", ".join(self.name(parent) for parent in variable.parents)
            yield from (self.say("told_parents", parents=parents), "")
        if isinstance(variable.law, Shape):
            yield from (self._stated(variable, variable.law), "", self._quantiles(conditional, variable.law))
        elif isinstance(variable.law, Given):
            yield self._groups_of(conditional) if _certain(variable.law) else self._cells(conditional)
        else:
            yield self._margin(conditional)
            if variable.law.odds:
                yield from ("", self._leaning(conditional, variable.law))
        yield from ("", self.reason(variable.basis))

    def name(self, variable: str) -> str:
        return self.word(variable, self.persona.variables[variable])

    def _margin(self, conditional: Conditional) -> str:
        """Every level with its share; the bands of a number as the file states them."""
        variable, margin = conditional.variable, conditional.margin
        if isinstance(variable.values[0], str):
            return " · ".join(
                f"{self.word(str(v), variable)} {p:.1%}" for v, p in zip(variable.values, margin, strict=True)
            )
        heads = [self.word(variable.name, variable), self.word("share")]
        return _table(
            heads,
            [[self.range(variable, low, high), f"{margin[low : high + 1].sum():.1%}"] for low, high in _even(margin)],
        )

    def _leaning(self, conditional: Conditional, law: Shares) -> str:
        """What the odds say, and the shares that follow from them."""
        variable = conditional.variable
        leaning = [i for i in range(len(law.shares)) if any(odds.factors[i] != 1 for odds in law.odds)]
        groups = _groups(leaning, law.odds)
        heads = [self.word("told_where"), self.word("told_people"), self.word("told_factor")]
        heads += [self.level(variable, group) for group in groups]
        every = [self.word("everybody"), "100.0%", "", *_shares(conditional.margin, groups)]
        return _table(
            heads,
            [every, *(self._lean(conditional, odds, groups) for odds in law.odds)],
            self.marks([o.basis for o in law.odds], variable.basis),
        )

    def _lean(self, conditional: Conditional, odds: Odds, groups: Sequence[Sequence[int]]) -> Row:
        variable = conditional.variable
        factors = ", ".join(
            f"{self.level(variable, g)} × {float(odds.factors[g[0]]):g}" for g in groups if odds.factors[g[0]] != 1
        )
        people, shares = _among(conditional, odds.when)
        return [self.where(odds.when), f"{people:.1%}", factors, *_shares(shares, groups)]

    def _groups_of(self, conditional: Conditional) -> str:
        """What each level consists of, where nothing is left to chance."""
        variable, margin = conditional.variable, conditional.margin
        assert isinstance(variable.law, Given)
        return "\n".join(
            f"- {self.word(str(variable.values[i]), variable)} {margin[i]:.1%}: {self.where(when)}"
            for when, shares in variable.law.rows
            for i in [shares.index(1)]
        )

    def _cells(self, conditional: Conditional) -> str:
        """A table of shares, a row per cell as the file states it."""
        variable = conditional.variable
        heads = [
            self.word("told_where"),
            self.word("told_people"),
            *(self.word(str(v), variable) for v in variable.values),
        ]
        rows = [[self.word("everybody"), "100.0%", *(f"{p:.1%}" for p in conditional.margin)]]
        for when in variable.conditions:
            people, shares = _among(conditional, when)
            rows.append([self.where(when), f"{people:.1%}", *(f"{share:.1%}" for share in shares)])
        return _table(heads, rows)

    def _stated(self, variable: Variable, law: Shape) -> str:
        said = {name: f"{float(value):g}" for name, value in law.parameters if self.acts(variable, law, name)}
        below, names = self.word("told_below"), PARAMETERS[law.family]
        parameters = ", ".join(f"{self.word(f'told_{name}')} {said.get(name, below)}" for name in names)
        least, most = (f"{value:,}" for value in (variable.values[0], variable.values[-1]))
        step = f"{float(variable.values[1]) - float(variable.values[0]):g}"
        family, unit = self.word(f"told_{law.family}"), self.word(variable.unit)
        return self.say(
            "told_distribution",
            family=family,
            parameters=parameters,
            least=least,
            most=most,
            step=step,
            unit=unit,
        ).rstrip()

    def acts(self, variable: Variable, law: Shape, parameter: str) -> bool:
        return f"{variable.name}.{law.family}.{parameter}" not in self.nobody

    def _quantiles(self, conditional: Conditional, law: Shape) -> str:
        """Tenth, half, ninetieth and mean, for everybody and wherever something is stated."""
        variable, effects = conditional.variable, (*law.where, *law.moves)
        heads = [
            self.word(key) for key in ("told_where", "told_people", "told_effect", "p10", "p50", "p90", "told_average")
        ]
        rows = [[self.word("everybody"), "100.0%", "", *_summary(variable.values, conditional.margin)]]
        for effect in effects:
            people, shares = _among(conditional, effect.when)
            rows.append(
                [self.where(effect.when), f"{people:.1%}", self.effect(effect), *_summary(variable.values, shares)]
            )
        return _table(heads, rows, self.marks([effect.basis for effect in effects], variable.basis))

    # Words

    def effect(self, effect: Effect) -> str:
        value = float(effect.value)
        if effect.parameter in ("times", "plus"):
            return f"× {value:g}" if effect.parameter == "times" else f"{value:+g}"
        return f"{self.word(f'told_{effect.parameter}')} {value:g}"

    def where(self, when: When) -> str:
        if not when:
            return self.word("everybody")
        parts = ((self.persona.variables[name], picked) for name, picked in when)
        return "; ".join(f"{self.word(v.name, v)}: {self.level(v, sorted(picked))}" for v, picked in parts)

    def level(self, variable: Variable, picked: Sequence[int]) -> str:
        """The picked values in words: levels one by one, or those left out; numbers as ranges."""
        if isinstance(variable.values[0], str):
            others = [i for i in range(len(variable.values)) if i not in picked]
            if _FEW < len(picked) > len(others) > 0:
                return self.say("told_but", others=self.level(variable, others))
            return ", ".join(self.word(str(variable.values[i]), variable) for i in picked)
        return ", ".join(self.range(variable, low, high) for low, high in runs(picked))

    def range(self, variable: Variable, low: int, high: int) -> str:
        """Numbers from one position to another; an end of the whole grid is left open."""
        values, last = variable.values, len(variable.values) - 1
        if low == high:
            return f"{values[low]:,}"
        key = "told_range" if (low == 0) == (high == last) else "range_from" if low else "range_to"
        return self.say(key, low=f"{values[low]:,}", high=f"{values[high]:,}")

    def reason(self, basis: Basis) -> str:
        titles = catalog.load("sources")
        cited = as_words(", ".join(f"{titles[s]['title']} [{s}]" if s in titles else s for s in basis.sources))
        because = as_words(dict(basis.because).get(self.lang, ""))
        said = self.say("told_basis", kind=self.word(basis.kind), cited=cited) if cited else self.word(basis.kind)
        return self.say("told_because", said=said, because=because) if because else said

    def marks(self, bases: Iterable[Basis], general: Basis) -> list[str]:
        """A reason per row that has one of its own; the first row is everybody's."""
        return ["", *("" if basis == general else self.reason(basis) for basis in bases)]


def _table(heads: Sequence[str], rows: Sequence[Row], marks: Sequence[str] = ()) -> str:
    """A Markdown table; `marks` make a last column where there are any."""
    if any(marks):
        heads, rows = [*heads, ""], [[*row, mark] for row, mark in zip(rows, marks, strict=True)]
    return table(heads, rows)


def _certain(law: Given) -> bool:
    return all(share in (0, 1) for _, shares in law.rows for share in shares)


def _among(conditional: Conditional, when: When) -> tuple[float, Floats]:
    """Share of people for whom a condition holds, and the shares of the values among them."""
    weights = conditional.weights * holds(when, conditional.bands)
    people = float(weights.sum())
    return people, total(conditional.probabilities * weights[:, None]) / (people or 1.0)


def _groups(leaning: Sequence[int], odds: Sequence[Odds]) -> list[list[int]]:
    """Leaning values, together where every condition treats them alike."""
    result: dict[tuple[object, ...], list[int]] = {}
    for i in leaning:
        result.setdefault(tuple(entry.factors[i] for entry in odds), []).append(i)
    return list(result.values())


def _shares(shares: Floats, groups: Sequence[Sequence[int]]) -> Row:
    return [f"{shares[list(group)].sum():.1%}" for group in groups]


def _even(margin: Floats) -> Iterator[tuple[int, int]]:
    """First and last of each stretch of equal shares."""
    edges = np.flatnonzero(np.abs(np.diff(margin)) > 1e-15) + 1
    starts = [0, *edges.tolist()]
    yield from zip(starts, [*(start - 1 for start in starts[1:]), len(margin) - 1], strict=True)


def _summary(values: Sequence[Value], shares: Floats) -> Row:
    numbers, below = np.array(values, float), np.add.accumulate(shares)
    quantiles = [numbers[min(int(np.searchsorted(below, p)), len(numbers) - 1)] for p in (0.1, 0.5, 0.9)]
    return [_number(value) for value in (*quantiles, float(numbers @ shares))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
