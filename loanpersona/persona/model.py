"""A persona: frozen, resolved, every number with its basis.

A variable has finitely many values (the levels of a category, or a grid of numbers), and a law says how
likely each is, given the variables above it. Nothing downstream sees a default.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from loanpersona.core.errors import PersonaWarning
from loanpersona.core.sourced import Basis
from loanpersona.core.strict_yaml import Node
from loanpersona.core.words import label

if TYPE_CHECKING:
    from loanpersona.core.card import Card
    from loanpersona.persona.joint import Conditional
    from loanpersona.persona.reasons import Reasons
    from loanpersona.persona.seasons import Seasons, Window

Value = str | int | float
When = tuple[tuple[str, frozenset[int]], ...]
"""Variables and the positions of their values that a condition picks; all must hold."""


@dataclass(frozen=True)
class Odds:
    """What shifts the odds of the values where a condition holds: a factor per value."""

    when: When
    factors: tuple[Fraction, ...]
    basis: Basis


@dataclass(frozen=True)
class Shares:
    """The margin, exactly; `odds` say how it leans with the parents while the margin stays."""

    shares: tuple[Fraction, ...]
    odds: tuple[Odds, ...] = ()


@dataclass(frozen=True)
class Given:
    """A conditional table: shares per combination of the parents; the margin follows."""

    rows: tuple[tuple[When, tuple[Fraction, ...]], ...]


@dataclass(frozen=True)
class Effect:
    """A number that counts where a condition holds: a parameter, a factor, a shift."""

    when: When
    parameter: str
    value: Fraction
    basis: Basis


@dataclass(frozen=True)
class Shape:
    """A named distribution read on the grid of the variable's values."""

    family: str
    parameters: tuple[tuple[str, Fraction], ...]
    where: tuple[Effect, ...] = ()
    """Parameters where a condition holds, in place of the general ones."""
    moves: tuple[Effect, ...] = ()
    """Factors (`times`) or shifts (`plus`) of the location."""


@dataclass(frozen=True)
class Variable:
    """One attribute of a user: its values, its law, where the numbers come from."""

    name: str
    values: tuple[Value, ...]
    law: Shares | Given | Shape
    basis: Basis
    hidden: bool
    own_words: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Words per language of the variable and of its levels, where labels.yaml has none."""
    type: str
    """The column type of `tables.yaml`, or of the block itself for a variable of one's own."""
    unit: str = ""
    home: str = field(default="", compare=False)
    """The table that a standard column belongs to; a variable of one's own has none."""
    each: str = field(default="user", compare=False)
    """What it is decided once for: `user`, `application`, `loan` or `month`."""

    @property
    def table(self) -> str:
        """The table whose column this is."""
        return self.home or ("truth" if self.hidden else "users")

    def words(self, lang: str) -> str:
        """Its label in a language."""
        return dict(dict(self.own_words).get(self.name, ())).get(lang) or label(self.name, lang)

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """The variables its law names, each once."""
        return tuple(dict.fromkeys(name for when in self.conditions for name, _ in when))

    @cached_property
    def conditions(self) -> tuple[When, ...]:
        """All conditions of the law."""
        if isinstance(self.law, Shares):
            return tuple(odds.when for odds in self.law.odds)
        if isinstance(self.law, Given):
            return tuple(when for when, _ in self.law.rows)
        return tuple(effect.when for effect in (*self.law.where, *self.law.moves))


@dataclass(frozen=True)
class Product:
    """What the lender may offer at most."""

    apr_most: Fraction
    limit_cny_most: int


@dataclass(frozen=True)
class Rule:
    """Values that never meet in one user."""

    name: str
    never: When
    basis: Basis


@dataclass(frozen=True)
class Persona:
    """Who borrows, as numbers with sources. Get one from `load_persona`; change one with `replace`."""

    name: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    product: Product
    variables: Mapping[str, Variable]
    rules: Mapping[str, Rule]
    document: Node
    """The text it was resolved from; `replace` edits this and resolves again."""
    conditionals: Mapping[str, Conditional]
    """Its variables, calibrated: how likely each value is in each cell of the parents."""
    window: Window | None = None
    """The days that are told of; a persona of people only has neither window nor calendar."""
    calendar: Seasons | None = None
    """How borrowing falls on hours and days."""
    notes: tuple[str, ...] = ()
    """What is allowed but looks like a slip, such as a row that nobody is ever in; one line each."""
    origin: Persona | None = None
    """The persona that it was changed from without a name of its own."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the resolved content, in hexadecimal; layout and comments do not count.

        >>> import loanpersona as lp
        >>> len(lp.load_persona("article").digest)
        64
        """
        content = {
            "name": self.name,
            "title": dict(self.title),
            "about": dict(self.about),
            "product": self.product,
            "variables": list(self.variables.values()),
            "rules": list(self.rules.values()),
        }
        if self.window is not None:  # what a persona does not state is not in its digest either
            content |= {"window": self.window, "calendar": self.calendar}
        text = json.dumps(content, default=_canonical, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def replace(self, changes: Mapping[str, Any] | str, *, name: str | None = None) -> Persona:
        """The persona with some values changed; a path starts at a variable and its steps are separated by dots.

        Entries of a list are counted from zero: `sex.odds[0].multiply.male`; `sex.odds[+]` appends one. A variable is
        scaled and shifted by `income_cny_month.scale` and `age_years.shift`. Text holds a line `path: value` per
        change. What changed counts as assumed unless its basis is given too. Without a name of its own
        (`name`, or the path `persona`) the result has the old one with a hash of what differs. Raises InputError as
        loading a file would: also where a rule is broken or shares cannot hold together. Float shares may miss one by
        the rounding of floats; the largest takes the rest.

        >>> import loanpersona as lp
        >>> even = lp.load_persona("article").replace({"sex.shares": {"male": 0.5, "female": 0.5}}, name="half_women")
        >>> even.name, even.variables["sex"].law.shares
        ('half_women', (Fraction(1, 2), Fraction(1, 2)))
        """
        from loanpersona.persona.changes import replaced

        return replaced(self, changes, name).warned()

    def scale(
        self, variable: str, by: Any, *, when: Mapping[str, Any] | None = None, name: str | None = None
    ) -> Persona:
        """The persona with the values of a variable times `by`, for all people or those whom `when` picks.

        The grid of a distribution stays: whoever would lie beyond an end stands at that end, and more than 1 % of those
        moved is refused. Bands move exactly, their grid grows, and rows that reached its end reach the new one. Raises
        InputError as `replace` does, for words, and for what cannot be exact: off the grid, beyond the range of the
        column, or bands or a normal for some people only.

        >>> import loanpersona as lp
        >>> poorer = lp.load_persona("article").scale("income_cny_month", 0.8, when={"occupation": "courier"})
        >>> poorer.variables["income_cny_month"].law.moves[-1].value
        Fraction(4, 5)
        """
        from loanpersona.persona.changes import replaced

        row = {"by": by} if when is None else {"when": when, "by": by}
        return replaced(self, {f"{variable}.scale": row}, name).warned()

    def shift(
        self, variable: str, by: Any, *, when: Mapping[str, Any] | None = None, name: str | None = None
    ) -> Persona:
        """The persona with `by` added to the values of a variable, for all people or those whom `when` picks.

        What is refused and what happens at the ends of the grid is told under `scale`. A log-normal or gamma is scaled,
        not shifted.

        >>> import loanpersona as lp
        >>> older = lp.load_persona("article").shift("age_years", 2)
        >>> older.variables["age_years"].values[-1]
        61
        """
        from loanpersona.persona.changes import replaced

        row = {"by": by} if when is None else {"when": when, "by": by}
        return replaced(self, {f"{variable}.shift": row}, name).warned()

    def warned(self) -> Persona:
        """The persona itself, after a warning for each of its notes."""
        for note in self.notes:
            warnings.warn(PersonaWarning(note), stacklevel=3)
        return self

    def null(self) -> Persona:
        """Its null twin: the same margins and every dependence removed, definitions and rules included.

        >>> import loanpersona as lp
        >>> lp.load_persona("article").null().variables["sex"].parents
        ()
        """
        from loanpersona.persona.writing import null_twin

        return null_twin(self)

    def to_yaml(self) -> str:
        """One file that gives the same persona when read, with what it extends merged in.

        >>> import loanpersona as lp
        >>> lp.load_persona("evidence").to_yaml().splitlines()[0]
        'persona: evidence'
        """
        from loanpersona.persona.writing import to_yaml

        return to_yaml(self)

    def describe(self, lang: str = "en") -> str:
        """In words and Markdown tables: what is stated, what follows from it, and where the numbers come from.

        Raises InputError for an unknown language.

        >>> import loanpersona as lp
        >>> lp.load_persona("article").describe("zh").splitlines()[0]
        '# 文章所述的借钱用户'
        """
        from loanpersona.persona.description import describe

        return describe(self, lang)

    def diff(self, other: Persona, lang: str = "en") -> str:
        """What differs from another persona, number by number, with where each comes from, as a Markdown table.

        Raises InputError for an unknown language.

        >>> import loanpersona as lp
        >>> "province.shares.guangdong" in lp.load_persona("article").diff(lp.load_persona("evidence"))
        True
        """
        from loanpersona.persona.difference import difference

        return difference(self, other, lang)

    @staticmethod
    def schema() -> dict[str, Any]:
        """The JSON Schema (draft 7) of persona files, for editors."""
        from loanpersona.persona.schema import persona_schema

        return persona_schema()

    def basis(self, *names: str, lang: str = "en") -> Reasons:
        """Where the numbers of some variables or parts of the calendar come from, and why; of all if none is named.

        Rows changed without a basis stand below their variable. Raises InputError for an unknown name or language.

        >>> import loanpersona as lp
        >>> lp.load_persona("article").basis("borrower_class")
        Class of user: Stated by the article (1.1a)
        """
        from loanpersona.persona.reasons import reasons

        return reasons(self, names, lang)

    def __repr__(self) -> str:
        return f"<Persona {self.name}: {len(self.variables)} variables, digest {self.digest[:12]}>"

    def __hash__(self) -> int:
        return int(self.digest[:16], 16)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Persona) and self.digest == other.digest

    def card(self, lang: str = "en") -> Card:
        """Its business card: five sentences, and the shares of a few variables with their basis.

        Raises InputError for an unknown language.

        >>> import loanpersona as lp
        >>> lp.load_persona("article").card("zh").html[:33]
        '<p><strong>文章所述的借钱用户</strong></p>'
        """
        from loanpersona.persona.card import card

        return card(self, lang)

    def _repr_html_(self) -> str:
        return self.card().html


def _canonical(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value) if each.compare}
    return sorted(value) if isinstance(value, frozenset) else str(value)
