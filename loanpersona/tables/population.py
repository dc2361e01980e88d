"""A population: tables and how they were made, whether just drawn or read from disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from loanpersona.core.assumptions import Assumptions, assumptions, restored
from loanpersona.core.card import Card
from loanpersona.core.errors import InputError, did_you_mean, expect
from loanpersona.tables import Table, store
from loanpersona.tables.book import Book
from loanpersona.tables.card import card


def made_from(persona: str, persona_digest: str, n: int, seed: int, given: Assumptions | None = None) -> dict[str, Any]:
    """What a population is made from, as a manifest states it, and what its analyses assume: all but its digest."""
    return {
        "synthetic": store.SYNTHETIC,
        "persona": persona,
        "persona_digest": persona_digest,
        "n": n,
        "seed": seed,
        "assumptions": (given or assumptions()).stated(),
    }


@dataclass(frozen=True, eq=False)
class Population(Book):
    """Tables drawn from a persona. Get one from `generate` or `load_population`."""

    persona: str
    """Name of the persona."""
    persona_digest: str
    """Digest of the persona's content."""
    n: int
    """Number of users."""
    seed: int
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    schemas: tuple[Table, ...] = field(repr=False)

    def __post_init__(self) -> None:
        for frame in self.tables.values():
            frame.attrs["synthetic"] = store.SYNTHETIC

    @cached_property
    def words(self) -> Mapping[str, Mapping[str, str]]:  # type: ignore[override]
        """Words that the persona adds."""
        columns = (column for schema in self.schemas for column in schema.columns.values())
        return {word: texts for column in columns for word, texts in column.words.items()}

    @property
    def synthetic(self) -> bool:  # type: ignore[override]
        """Everybody is made up."""
        return True

    @property
    def texts(self) -> Mapping[str, pd.Index]:  # type: ignore[override]
        """No key stands for a text."""
        return {}

    def _absent(self, name: str) -> str:
        return (
            f"tables: {name} was not made, or was left out. {did_you_mean(name, self.tables)} Hint: generate makes it "
            f"from the persona {self.persona} with n = {self.n} and seed = {self.seed}."
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over canonical columns, in hexadecimal: the same on every machine."""
        return store.digest(self.tables)

    @property
    def made(self) -> dict[str, Any]:
        """How it was made: persona, n, seed, the digests, that it is synthetic, and what its analyses assume."""
        return {**self._made_from, "digest": self.digest}

    @property
    def _made_from(self) -> dict[str, Any]:
        return made_from(self.persona, self.persona_digest, self.n, self.seed, self.assumptions)

    def without_truth(self) -> Population:
        """The same population without its hidden table, to hand out; the other tables are the same frames.

        Its digest is over the tables that it has, as ever. Whoever knows persona and seed, which it states, can make
        the hidden table again; who must keep it secret draws with a long seed and hands out the files of the tables
        alone. Raises InputError where no table would be left.

        >>> import loanpersona as lp
        >>> list(lp.generate(lp.load_persona(), n=10, tables=["loans", "truth"]).without_truth().tables)
        ['loans']
        """
        schemas = tuple(schema for schema in self.schemas if not schema.hidden)
        tables = {schema.name: self.tables[schema.name] for schema in schemas if schema.name in self.tables}
        if not tables:
            raise InputError(f"tables: {', '.join(self.tables)}: nothing else was made. Allowed: some other table too.")
        return replace(self, tables=tables, schemas=schemas).with_assumptions(self.assumptions)

    def save(self, folder: str | os.PathLike[str], *, format: str = "parquet") -> Path:
        """Write one file per table, dictionary, datasheet and manifest; the folder appears when it is whole.

        `format` is `parquet` (exact and small) or `csv`. An earlier population in the folder is replaced.
        Raises InputError where the folder holds anything else, MachineError where it cannot be written.
        """
        expect(folder, (str, os.PathLike), "folder", "a path")
        expect(format, str, "format", "parquet, csv")
        return store.save(self.tables, Path(folder), format=format, schemas=self.schemas, made=self._made_from)

    def __repr__(self) -> str:
        made = ", ".join(self.tables)
        return f"<Population of {self.n:,} from {self.persona}, seed {self.seed}: {made}; {self.digest[:12]}>"

    def card(self, lang: str = "en") -> Card:
        """Its business card: that it is synthetic, its tables with rows, columns and days, and its digest.

        Raises InputError for an unknown language.

        >>> import loanpersona as lp
        >>> lp.generate(lp.load_persona("article"), n=10, seed=7, tables=["users"]).card()
        <Population of 10 from article, seed 7: users; c539fcc347fe>
        """
        return card(self, lang)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return self.card()._repr_mimebundle_()


def load_population(folder: str | os.PathLike[str]) -> Population:
    """Read a saved population and check it against its manifest.

    Raises InputError where a file is missing, cut, changed, or not of the form the manifest states.
    """
    expect(folder, (str, os.PathLike), "folder", "the path of a saved population")
    made, frames, schemas = store.load(Path(folder))
    result = Population(made["persona"], made["persona_digest"], made["n"], made["seed"], frames, tuple(schemas))
    return result.with_assumptions(restored(made["assumptions"], str(Path(folder) / store.manifest.FILE)))
