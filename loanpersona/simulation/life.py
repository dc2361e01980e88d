"""The decisions of a block of users: once each, or event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from loanpersona.persona.model import Persona, Variable
from loanpersona.simulation import chance, users
from loanpersona.simulation.users import Codes, Sampler, needed, samplers

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Life:
    """The users `start` to `stop` (excluded): who they are, and the luck of whatever they do.

    `who` counts users from 0 inside the block. What is drawn depends on persona, seed, user and the ordinal
    of the event alone.
    """

    def __init__(self, persona: Persona, seed: int, start: int, stop: int, wanted: Iterable[str]) -> None:
        self.persona, self.seed, self.start, self.size = persona, seed, start, stop - start
        self.samplers = needed(samplers(persona), wanted)
        people = {name: s for name, s in self.samplers.items() if s.conditional.variable.each == "user"}
        self.codes: dict[str, Codes] = users.draw(people, seed, start, stop)
        self._keys: dict[str, chance.Words] = {}
        self._first: dict[str, Integers] = {}
        self._values: dict[str, Array] = {}

    def variable(self, name: str) -> Variable:
        """The variable of that name."""
        return self.samplers[name].conditional.variable

    def words(self, decision: str, who: Integers, ordinal: Integers | int) -> chance.Words:
        """A random word per event."""
        if decision not in self._keys:
            self._keys[decision] = chance.words(self.seed, decision, self.start, self.start + self.size)
        return chance.events(self._keys[decision].take(who), ordinal)

    def cells(self, name: str, sampler: Sampler) -> Integers:
        """What the users' own variables add to the cell of each user."""
        if name not in self._first:
            own = {parent: strides for parent, strides in sampler.strides.items() if parent in self.codes}
            self._first[name] = sum(
                (strides.take(self.codes[parent]) for parent, strides in own.items()), np.zeros(self.size, np.int64)
            )
        return self._first[name]

    def values(self, name: str) -> Array:
        """The values that a variable can take, in order."""
        if name not in self._values:
            self._values[name] = np.array(self.variable(name).values)
        return self._values[name]

    def own(self, name: str) -> Array:
        """The numbers of a variable of the users, shape (users of the block,)."""
        return self.values(name).take(self.codes[name])

    def among(self, name: str, codes: Array, *values: str) -> Mask:
        """Where a variable takes one of these values; nowhere if the persona does not have them."""
        known = self.variable(name).values
        return np.isin(codes, [known.index(value) for value in values if value in known])


class Event:
    """Something that happens to some users of a block: what is decided there is drawn when asked for, once.

    `ordinals` counts, for each kind of decision made here, the events of one user. Decisions of an earlier kind
    are those of `outer`: other events, and for each event here the position of the one there that it belongs to.
    """

    def __init__(
        self,
        life: Life,
        who: Integers,
        ordinals: Mapping[str, Integers | int],
        outer: tuple[Event, Integers] | None = None,
    ) -> None:
        self.life, self.who, self.ordinals, self.outer = life, who, ordinals, outer
        self._codes: dict[str, Codes] = {}

    def codes(self, name: str) -> Codes:
        """The position of the value that a variable takes in each event."""
        each = self.life.variable(name).each
        if each == "user":
            return self.life.codes[name].take(self.who)
        if each not in self.ordinals:
            assert self.outer is not None
            outer, at = self.outer
            return outer.codes(name).take(at)
        if name not in self._codes:
            self._codes[name] = self._drawn(name, each)
        return self._codes[name]

    def _drawn(self, name: str, each: str) -> Codes:
        sampler = self.life.samplers[name]
        cells = self.life.cells(name, sampler).take(self.who)
        for parent, strides in sampler.strides.items():
            if parent not in self.life.codes:
                cells += strides.take(self.codes(parent))
        if sampler.certain is not None:
            return sampler.certain.take(cells >> sampler.bits)
        decision = f"{sampler.conditional.variable.table}.{name}"
        return sampler.draw(self.life.words(decision, self.who, self.ordinals[each]), cells)

    def numbers(self, name: str) -> Array:
        """The value that a variable takes in each event."""
        return self.life.values(name).take(self.codes(name))

    def among(self, name: str, *values: str) -> Mask:
        """In which events a variable takes one of these values."""
        return self.life.among(name, self.codes(name), *values)

    def chance(self, decision: str) -> Floats:
        """A number from 0 to below 1 for each event, for what no variable states."""
        return chance.fractions(self.life.words(decision, self.who, next(iter(self.ordinals.values()))))

    def some(self, which: Array) -> Event:
        """Some of the events, by position or mask, with what is decided already."""
        ordinals = {each: o if isinstance(o, int) else o[which] for each, o in self.ordinals.items()}
        outer = None if self.outer is None else (self.outer[0], self.outer[1][which])
        result = Event(self.life, self.who[which], ordinals, outer)
        result._codes = {name: codes[which] for name, codes in self._codes.items()}
        return result
