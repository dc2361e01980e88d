"""What the tests of histories share: whole populations, their blocks from inside, and variants of a persona."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

import loanpersona as lp
from loanpersona.core.strict_yaml import Node
from loanpersona.persona.resolver import resolve
from loanpersona.simulation import frames as made
from loanpersona.simulation.calendar import Clock, clock
from loanpersona.simulation.histories import NEEDED, Block

SEED = 20240601
SIZE = 1 << 16
ALL = ("users", "applications", "loans", "instalments", "signals", "truth")
NEVER = pd.Timestamp("2261-01-01")
WORKED = ("applications", "loans", "instalments", "signals")
DAY = np.timedelta64(1, "D")


def block(persona: lp.Persona, start: int, stop: int, seed: int = SEED) -> Block:
    """A block of users with all their variables drawn."""
    assert set(NEEDED["signals"]) <= set(persona.variables)
    return Block(persona, seed, start, stop, list(persona.variables), clock(persona, seed))


@dataclass(frozen=True)
class Lives:
    """A population with what its tables say of each other, and the wishes it was made of."""

    population: lp.Population
    persona: lp.Persona

    def __getattr__(self, name: str) -> pd.DataFrame:
        return self.population.tables[name]

    @cached_property
    def clock(self) -> Clock:
        return clock(self.persona, self.population.seed)

    @cached_property
    def last(self) -> pd.Timestamp:
        """The last day of the window."""
        return pd.Timestamp(self.persona.window.last)

    @cached_property
    def granted(self) -> pd.DataFrame:
        """The approved applications, by user."""
        result = self.applications[self.applications["outcome"] == "approved"].set_index("user_id")
        assert result.index.is_unique
        return result

    @cached_property
    def lent(self) -> pd.DataFrame:
        """The loans with what was granted to their users."""
        granted = self.granted.reindex(self.loans["user_id"])
        more = {name: granted[name].to_numpy() for name in ("limit_cny", "decided_at", "quality_tier")}
        more |= {"risk_score": granted["risk_score"].to_numpy(float), "granted_apr": granted["apr"].to_numpy()}
        return self.loans.assign(**more)

    @cached_property
    def owed(self) -> pd.DataFrame:
        """The instalments with the loan they belong to, in cents, and the day paid or `NEVER`."""
        loan = self.lent.set_index("loan_id").reindex(self.instalments["loan_id"])
        more = {
            name: loan[name].to_numpy()
            for name in ("user_id", "disbursed_at", "amount_cny", "apr", "term_months", "quality_tier")
        }
        paid = self.instalments["paid_on"].fillna(NEVER)
        before = paid.groupby(self.instalments["loan_id"]).shift(1)
        result = self.instalments.assign(**more, paid=paid)
        result["principal"] = np.rint(result["principal_cny"] * 100).astype(np.int64)
        result["interest"] = np.rint(result["interest_cny"] * 100).astype(np.int64)
        result["days"] = (paid - result["due_on"]).dt.days
        result["clean"] = (result["number"] == 1) | (before <= result["due_on"])
        return result

    @cached_property
    def wishes(self) -> pd.DataFrame:
        """Everybody's wishes to borrow, in order."""
        return pd.concat([self._wishes(block) for block in self.blocks], ignore_index=True)

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks, made again from inside."""
        n, seed = self.population.n, self.population.seed
        return [block(self.persona, start, min(start + SIZE, n), seed) for start in range(0, n, SIZE)]

    @staticmethod
    def _wishes(block: Block) -> pd.DataFrame:
        books = block.drawdowns
        result = pd.DataFrame(books.wishes)
        never = books.payments.on >= 1 << 40
        stops = pd.Series(books.payments.due[never]).groupby(books.schedule.loan[never]).min()
        lent = np.flatnonzero(result["ordinal"] > 0)
        result["stops"] = np.inf
        result.loc[lent[stops.index], "stops"] = stops.to_numpy(float)
        return result.assign(user_id=result.pop("who") + block.start)


def unstated(persona: lp.Persona, *paths: str) -> lp.Persona:
    """The persona without some parts of its file, such as `window` or `variables.payment`."""
    document = persona.document
    for path in paths:
        document = _less(document, path.split("."))
    return resolve(document)


def _less(node: Node, path: list[str]) -> Node:
    first, *rest = path
    kept = {
        key: _less(value, rest) if key == first else value for key, value in node.value.items() if rest or key != first
    }
    return replace(node, value=kept)


def frames(persona: lp.Persona, part: Block) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables of a block that follow from what happens."""
    schemas = [schema for schema in made.schemas(persona) if schema.name in WORKED]
    yield from made.frames(persona, part, schemas).items()
