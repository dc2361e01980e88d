"""A persona written down: with what it extends merged in, and its null twin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import yaml

from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import node_of, plain
from loanpersona.core.words import LANGUAGES, phrase
from loanpersona.persona.joint import Conditional, Floats
from loanpersona.persona.model import Persona, Shares
from loanpersona.persona.resolver import resolve

_WIDTH = 116
_DECIMALS = 12
_ONE = 10**_DECIMALS
_OWN_KEYS = ("label", "labels", "hidden", "unit")


class _Dumper(yaml.SafeDumper):
    """Writes text as text: our reader guesses no types, so nothing needs quotes to stay a word."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Dumper.yaml_implicit_resolvers = {}


def to_yaml(persona: Persona) -> str:
    """The persona as a file of its own, which reads back as the same persona."""
    content = plain(persona.document)
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def null_twin(persona: Persona) -> Persona:
    """The persona with the same margins and every dependence removed, rules included."""
    content = plain(persona.document)
    content["persona"] = f"{persona.name[:35]}_null"
    for key, texts in (("title", persona.title), ("about", persona.about)):
        content[key] = {lang: phrase(f"null_{key}", lang, said=texts[lang]) for lang in LANGUAGES}
    blocks = content["variables"]
    content["variables"] = {name: _alone(persona, name, blocks[name]) for name in blocks}
    content.pop("rules", None)
    return resolve(node_of(content, file=content["persona"]))


def _alone(persona: Persona, name: str, block: dict[str, Any]) -> dict[str, Any]:
    """The block of a variable that depends on nothing and has the margin it had."""
    conditional = persona.conditionals[name]
    if not conditional.variable.parents:
        return block
    if isinstance(conditional.variable.law, Shares):
        return {key: value for key, value in block.items() if key != "odds"}
    kept = {key: value for key, value in block.items() if key in (*_OWN_KEYS, *BASIS_KEYS)}
    because = {lang: phrase("margin_of", lang, persona=persona.name) for lang in LANGUAGES}
    kept |= {"basis": "assumed", "because": because}
    kept.pop("source", None)
    return _margin(conditional, block) | kept


def _margin(conditional: Conditional, block: dict[str, Any]) -> dict[str, Any]:
    values = conditional.variable.values
    shares = {str(value): share for value, share in zip(values, _decimals(conditional.margin), strict=True)}
    return {"shares": shares} if isinstance(values[0], str) else {"bands": shares, "step": block["step"]}


def _decimals(shares: Floats) -> Iterator[str]:
    """Shares as decimals that sum to one exactly: the sums so far are rounded, not the shares."""
    ends = [0, *(round(share * _ONE) for share in np.add.accumulate(shares)[:-1].tolist()), _ONE]
    return (f"{(end - start) / _ONE:.{_DECIMALS}f}".rstrip("0").rstrip(".") for start, end in pairwise(ends))
