"""Whether the statistical layer bites: every mutant of a persona has to be caught by it.

As a script it tries all mutants of `article`, counts them, prints the survivors, and fails if there is one that
survivors.yaml does not name.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import yaml
from agreement import ERROR, LIMIT, Draw, Layer, dependence
from mutants import Mutant, mutants

import loanpersona as lp
from loanpersona.core.strict_yaml import node_of, plain
from loanpersona.persona.joint import Conditional
from loanpersona.persona.model import Value
from loanpersona.persona.resolver import resolve
from loanpersona.simulation import chance

SURVIVORS = Path(__file__).parent / "survivors.yaml"


def verdict(layer: Layer, persona: lp.Persona, mutant: Mutant) -> str:
    """`refused` by the package, `caught` by the layer, or `survived`, with what it looked like."""
    try:
        changed = persona.replace(mutant.changes) if mutant.changes else persona
    except lp.InputError:
        return "refused"
    with twin_streams(changed, mutant):
        return "caught" if _caught(layer, changed, changed.conditionals, mutant) else "survived"


def _caught(layer: Layer, changed: lp.Persona, result: Mapping[str, Conditional], mutant: Mutant) -> bool:
    """The likeliest checks first; what they do not see is put to the whole layer."""
    bound = ERROR / layer.size
    if mutant.twin:
        lucks = layer.lucks(changed, names=[mutant.variable, mutant.twin])
        if dependence(lucks.fields(mutant.variable), lucks.fields(mutant.twin)) >= LIMIT:
            return True
    else:
        draws = layer.cells.get(mutant.variable) or [layer.margins[mutant.variable]]
        moved = sorted(draws, key=lambda draw: distance(draw, result), reverse=True)
        if any(draw.p(changed) < bound for draw in moved[:5]):
            return True
    return min(layer.p_values(changed).values()) < bound or max(layer.dependences(changed).values()) >= LIMIT


def distance(draw: Draw, result: Mapping[str, Conditional]) -> float:
    """The share of people whom a draw from another persona gives other values, in the mean over what is set."""
    far = 0.0
    for given in draw.given:
        theirs = _chances(result[draw.variable.name], given, result)
        mine = dict(zip(draw.variable.values, draw.chances.tolist(), strict=True))
        far += sum(abs(theirs.get(value, 0) - mine.get(value, 0)) for value in {**mine, **theirs}) / 2
    return far / len(draw.given)


def _chances(
    conditional: Conditional, given: Mapping[str, Value], result: Mapping[str, Conditional]
) -> dict[Value, float]:
    """The chance of each value where the parents are set; nothing where they cannot be."""
    cell = 0
    for parent, bands in conditional.bands.items():
        values = result[parent].variable.values
        if given[parent] not in values:
            return {}
        cell = cell * len(bands) + int(bands.of_value[values.index(given[parent])])
    return dict(zip(conditional.variable.values, conditional.probabilities[cell].tolist(), strict=True))


@contextmanager
def twin_streams(persona: lp.Persona, mutant: Mutant) -> Iterator[None]:
    """Within it, the words of one variable serve another too."""
    pair = [persona.variables[name] for name in (mutant.variable, mutant.twin) if name]
    mine, twin = f"{pair[0].table}.{pair[0].name}", f"{pair[-1].table}.{pair[-1].name}"
    words = chance.words
    chance.words = lambda seed, decision, start, stop: words(seed, twin if decision == mine else decision, start, stop)
    try:
        yield
    finally:
        chance.words = words


@lru_cache
def _original() -> tuple[lp.Persona, Layer]:
    """The persona `article` without its rules, which would refuse some mutants before anybody is counted."""
    content = plain(lp.load_persona("article").document)
    del content["rules"]
    persona = resolve(node_of(content, file="article without rules"))
    return persona, Layer(persona)


def _judged(mutant: Mutant) -> str:
    persona, layer = _original()
    return verdict(layer, persona, mutant)


def judged(result: list[Mutant]) -> list[str]:
    """The verdict on each mutant of `article`."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_judged, result, chunksize=8))


def main() -> int:
    """Try every mutant of `article`; 1 where one survives that survivors.yaml does not name."""
    result = mutants(_original()[0])
    verdicts = dict(zip(result, judged(result), strict=True))
    for (kind, said), count in sorted(Counter((mutant.kind, said) for mutant, said in verdicts.items()).items()):
        print(f"{kind:10} {said:9} {count:5}")
    print(*(f"refused by the package: {mutant.name}" for mutant in result if verdicts[mutant] == "refused"), sep="\n")
    left = [mutant for mutant in result if verdicts[mutant] == "survived"]
    explained = named()
    for mutant in left:
        said = "explained" if mutant.name in explained else "NOT EXPLAINED in survivors.yaml"
        print(f"survived: {mutant.name}: {_moves(mutant):.2g} of a million people have other values; {said}")
    print(f"{len(result)} mutants, {len(left)} survived.")
    return 1 if any(mutant.name not in explained for mutant in left) else 0


def named() -> set[str]:
    """The mutants that are known to survive, and why."""
    groups = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8"))
    return {name for group in groups.values() for name in group["mutants"]}


def _moves(mutant: Mutant) -> float:
    """How many people of a million a mutant gives other values, in the cell where it gives most."""
    persona, layer = _original()
    result, name = persona.replace(mutant.changes).conditionals, mutant.variable
    return 1e6 * max(distance(draw, result) for draw in layer.cells.get(name, [layer.margins[name]]))


if __name__ == "__main__":
    sys.exit(main())
