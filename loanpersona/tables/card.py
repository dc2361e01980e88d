"""The business card of a population: that it is synthetic, its tables, and from when to when they tell."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from loanpersona.core.card import Card, grid, head
from loanpersona.core.words import check_language, label, phrase

if TYPE_CHECKING:
    from loanpersona.tables.population import Population

HEADS = ("card_table", "card_row", "card_rows", "card_columns", "card_from", "card_to")


def card(population: Population, lang: str) -> Card:
    """What was drawn: a row per table, then how to draw it again."""
    check_language(lang)
    title = phrase("card_population", lang, n=f"{population.n:,}", persona=population.persona, seed=population.seed)
    heads = tuple(label(word, lang) for word in HEADS)
    html = head(title, phrase("card_synthetic", lang)) + grid(heads, list(_tables(population, lang)))
    return Card(repr(population), html + _foot(population, lang), {"loanpersona": population.made})


def _tables(population: Population, lang: str) -> Iterator[tuple[str, ...]]:
    for schema in population.schemas:
        if schema.name in population.tables:
            frame = population.tables[schema.name]
            size = (f"{len(frame):,}", f"{len(frame.columns)}")
            yield (schema.name, schema.row[lang], *size, *_span(population, schema.name))


def _span(population: Population, name: str) -> tuple[str, str]:
    """The first and the last day that a table tells of; nothing where it tells of none."""
    frame = population.tables[name].select_dtypes("datetime")
    days = [day for column in frame for day in (frame[column].min(), frame[column].max()) if day == day]
    return (f"{min(days):%Y-%m-%d}", f"{max(days):%Y-%m-%d}") if days else ("", "")


def _foot(population: Population, lang: str) -> str:
    given = population.assumptions
    changed = ", ".join(f"{name} = {getattr(given, name).value:g}" for name in given.changed)
    lines = [phrase("card_digest", lang, digest=population.digest)]
    lines += [phrase("card_assumptions", lang, changed=changed)] if changed else []
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
