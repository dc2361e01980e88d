"""The business card of a persona: five sentences, and the shares of its first few variables with their basis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from loanpersona.core.card import Card, head
from loanpersona.core.words import check_language, label, phrase
from loanpersona.persona.model import Persona, Variable

BARS = 5
"""So many variables are drawn."""
MOST_LEVELS = 6
WIDE = 12
"""How wide the bar of everybody is, in letters."""


def card(persona: Persona, lang: str) -> Card:
    """Who the persona is, in words and a few bars."""
    check_language(lang)
    said = tuple(_sentences(persona, lang))
    drawn = [one for one in persona.variables.values() if _is_drawn(one)][:BARS]
    bars = "".join(_bars(persona, one, lang) for one in drawn)
    html = f"{head(persona.title[lang], *said)}<table><tbody>{bars}</tbody></table>"
    return Card(repr(persona), f"{html}<p>{escape(persona.name)} · {persona.digest[:12]}</p>")


def _sentences(persona: Persona, lang: str) -> Iterator[str]:
    variables = persona.variables.values()
    kinds = Counter(one.basis.kind for one in variables)
    counts = {kind: kinds[kind] for kind in ("stated", "published", "assumed")}
    yield persona.about[lang].rstrip(".。") + phrase("card_stop", lang)
    yield phrase("card_counts", lang, n=len(variables), **counts)
    linked, hidden = (sum(map(bool, flags)) for flags in zip(*((v.parents, v.hidden) for v in variables), strict=True))
    yield phrase("card_links", lang, linked=linked, hidden=hidden)
    product = persona.product
    yield phrase("card_offer", lang, percent=f"{float(product.apr_most):.0%}", most=f"{product.limit_cny_most:,}")
    if persona.window is not None:
        yield phrase("card_window", lang, first=persona.window.first, last=persona.window.last)


def _is_drawn(variable: Variable) -> bool:
    words = isinstance(variable.values[0], str)
    return words and variable.table == "users" and len(variable.values) <= MOST_LEVELS


def _bars(persona: Persona, variable: Variable, lang: str) -> str:
    """A row per level; the name and the basis of the variable stand beside the first."""
    margin, own, count = persona.conditionals[variable.name].margin, dict(variable.own_words), len(variable.values)
    name = f'<th scope="rowgroup" rowspan="{count}">{escape(variable.words(lang))}</th>'
    basis = f'<td rowspan="{count}" style="text-align: left">{escape(_basis(variable, lang))}</td>'
    rows = ""
    for place, (level, share) in enumerate(zip(map(str, variable.values), margin, strict=True)):
        word = escape(dict(own.get(level, ())).get(lang) or label(level, lang))
        cells = f'<td>{word}</td><td style="text-align: left">{_bar(share)} {share:.0%}</td>'
        rows += f"<tr>{cells}</tr>" if place else f"<tr>{name}{cells}{basis}</tr>"
    return rows


def _bar(share: float) -> str:
    width = f"width: {share * WIDE:.2f}em"
    return f'<span style="display: inline-block; height: .7em; {width}; background: #0b5c8a"></span>'


def _basis(variable: Variable, lang: str) -> str:
    kind, sources = label(variable.basis.kind, lang), ", ".join(variable.basis.sources)
    return phrase("card_basis", lang, kind=kind, sources=sources) if sources else kind
