"""What must never happen, checked exactly, and what never happens though the file speaks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from loanpersona.core.conditions import written
from loanpersona.core.sourced import BASIS_KEYS
from loanpersona.core.strict_yaml import Node
from loanpersona.persona.joint import Conditional, RefusedError, band, holds, joint
from loanpersona.persona.model import Rule, When
from loanpersona.persona.scope import BrokenBlockError, Scope

_SHOWN = 3


def read_rules(scope: Scope, stated: Mapping[str, Node], above: Mapping[str, Conditional]) -> dict[str, Rule]:
    """The rules of a persona; each that some users would break is noted with their share."""
    result: dict[str, Rule] = {}
    for name, node in stated.items() if scope.blocks else ():  # without variables all is said already
        try:
            scope.only(node, ("never", *BASIS_KEYS))
            result[name] = Rule(name, scope.when(scope.child(node, "never")), scope.basis(node))
            _check(scope, scope.child(node, "never"), result[name].never, above)
        except BrokenBlockError:
            continue
    return result


def _check(scope: Scope, node: Node, never: When, above: Mapping[str, Conditional]) -> None:
    names = [name for name, _ in never]
    if not set(names) <= set(above):
        return  # what is wrong with the variable has been noted
    bands = {name: band(above[name].variable, [never]) for name in names}
    try:
        share = joint(bands, above).ravel()[holds(never, bands)].sum()
    except RefusedError as refused:
        scope.stop(node, refused.what, allowed=refused.allowed)
    if share > 0:
        hint = "Rule it out by odds or shares of 0, or drop the rule."
        scope.stop(node, f"{share:.2%} of people are {_met(never, above)}", allowed="nobody", hint=hint)


def never_drawn(above: Mapping[str, Conditional], blocks: Mapping[str, Node]) -> Iterator[str]:
    """A line per block that states numbers for people whom nobody is."""
    for name, conditional in above.items():
        conditions, weights = conditional.variable.conditions, conditional.weights
        empty = [when for when in conditions if not weights[holds(when, conditional.bands)].any()]
        said = list(dict.fromkeys(_cause(when, above) for when in empty))
        if said:
            more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
            at = f"{blocks[name].file}:{blocks[name].line}" if blocks[name].line else blocks[name].file
            yield f"{at}: variables.{name}: never drawn: {'; '.join(said[:_SHOWN])}{more}."


def _cause(empty: When, above: Mapping[str, Conditional]) -> str:
    """The part of a condition that is never met, or all of it where only the parts together are not."""
    alone = [(name, picked) for name, picked in empty if not above[name].margin[sorted(picked)].any()]
    return _met(alone or empty, above)


def _met(when: Iterable[tuple[str, frozenset[int]]], above: Mapping[str, Conditional]) -> str:
    return " with ".join(f"{name} {written(above[name].variable.values, picked)}" for name, picked in when)
