"""The rules of the segmentations as a file states them: the one that ships, or the user's own in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import ceil, floor, prod
from pathlib import Path

from loanpersona.analysis.segments.segmentation import Feature, Rules, Segmentation, When, named, solve
from loanpersona.core import catalog
from loanpersona.core.conditions import ends, select
from loanpersona.core.errors import InputError, did_you_mean
from loanpersona.core.sourced import BASIS_KEYS, read_basis, sources_of
from loanpersona.core.strict_yaml import Faults, Node, exact, plain, read

NAMES = ("process", "lifecycle", "quality")
KEYS = ("statement", *BASIS_KEYS, "features", "segments")
NO_LIMIT, NO_SCORE, LEFT = "no_limit", "no_score", "left_base"
TAKEN = (NO_LIMIT, NO_SCORE, LEFT)
"""Words for people who are in no segment, which therefore cannot name one."""
MOST_SEGMENTS = 100
MOST_CELLS = 1_000_000
Stated = dict[str, list[dict[str, Node]]]
"""The conditions of each rule of each segment, as they stand in the file."""


def load_rules(path: str | Path | None = None) -> Rules:
    """The rules of the three segmentations (3.1a to 3.1c): those that ship, or those of a file of one's own.

    The file has the form of `catalog/segments.yaml`; what it does not name stays as it ships, and it may list sources
    of its own under `sources`. Raises InputError with all faults of the file: unknown words, values out of range, rows
    that no segment or two segments hold.

    >>> list(load_rules().lifecycle.segments)
    ['new', 'active', 'loyal', 'silent', 'dormant']
    """
    if path is None:
        return _shipped()
    if not isinstance(path, str | Path):
        raise InputError(f"path = {path}: not a path. Allowed: the path of a YAML file.")
    return replace(_shipped(), **_read(Path(path), vars(_shipped())))


@cache
def _shipped() -> Rules:
    return Rules(**_read(catalog.FOLDER / "segments.yaml", {}))


def _read(path: Path, shipped: Mapping[str, Segmentation]) -> dict[str, Segmentation]:
    faults, root = Faults(), read(path)
    stated, sources = _mapping(root, (*NAMES, "sources"), faults, "segmentation"), sources_of(root)
    result = {
        name: _segmentation(name, stated[name], shipped.get(name), sources, faults) for name in NAMES if name in stated
    }
    faults.stop()
    return {name: one for name, one in result.items() if one is not None}


def _segmentation(
    name: str, node: Node, shipped: Segmentation | None, sources: set[str], faults: Faults
) -> Segmentation | None:
    before = len(faults.collected)
    if not (keys := _mapping(node, KEYS, faults)):
        return None
    features = _features(keys.get("features"), shipped, faults)
    stated = _stated(node, features, faults)
    statement = _statement(keys.get("statement"), shipped, faults)
    basis = read_basis(node, faults, sources, statement=statement)
    cut = tuple(_cut(one, stated) for one in features.values() if one)
    segments = {segment: tuple(_picked(when, cut, faults) for when in whens) for segment, whens in stated.items()}
    if len(faults.collected) > before:
        return None  # rules that cannot be read would only seem to leave people out
    result = named(cut, segments)
    if (cells := prod(len(one.values) for one in result)) > MOST_CELLS:
        faults.add(node, f"the rules cut too finely, into {cells:,} cells", allowed=f"at most {MOST_CELLS:,}")
        return None
    codes, said = solve(result, segments)
    codes.setflags(write=False)
    for what in said:
        faults.add(keys["segments"], what, allowed="each row in exactly one segment")
    return Segmentation(name, statement, basis, cut, segments, codes)


def _mapping(node: Node | None, allowed: Sequence[str], faults: Faults, what: str = "key") -> dict[str, Node]:
    """The entries of a mapping that are allowed; every other key is noted, and so is what is no mapping or empty."""
    if node is None:
        return {}
    if not isinstance(node.value, dict) or not node.value:
        faults.add(node, "not a mapping" if node.value else "names nothing", allowed=", ".join(allowed))
        return {}
    for key, child in node.value.items():
        if key not in allowed:
            faults.add(child, f"unknown {what} '{key}'", hint=did_you_mean(key, allowed))
    return {key: child for key, child in node.value.items() if key in allowed}


def _features(node: Node | None, shipped: Segmentation | None, faults: Faults) -> dict[str, Feature | None]:
    """The features that rules may read: those that ship, with what the file says of them in its place.

    One that cannot be read is None: conditions on it would seem wrong for no fault of their own.
    """
    known: dict[str, Feature | None] = {one.name: one for one in shipped.features} if shipped else {}
    names = list(known) if shipped else list(plain(node)) if node else []
    return known | {
        name: _feature(name, at, names, faults) for name, at in _mapping(node, names, faults, "feature").items()
    }


def _feature(name: str, node: Node, names: list[str], faults: Faults) -> Feature | None:
    keys = _mapping(node, ("levels", "range", "at_most"), faults)
    if ("levels" in keys) == ("range" in keys):
        faults.add(node, "of no kind", allowed="levels: [a, b], or range: 0..100")
        return None
    if "levels" in keys:
        levels = _levels(keys["levels"], faults)
        return Feature(name, levels=levels) if levels else None
    most = _text(keys.get("at_most"), faults)
    if most and most not in names:
        faults.add(keys["at_most"], f"unknown feature '{most}'", hint=did_you_mean(most, names))
    span = _range(keys["range"], faults)
    return Feature(name, range=span, at_most=most) if span else None


def _levels(node: Node, faults: Faults) -> tuple[str, ...]:
    parts = node.value if isinstance(node.value, tuple) else ()
    result = tuple(part.value for part in parts if isinstance(part.value, str))
    if not result or len(set(result)) != len(parts):
        faults.add(node, "not a list of levels", allowed="[a, b], each once")
        return ()
    return result


def _range(node: Node, faults: Faults) -> tuple[int, int] | None:
    low, _, high = str(node.value).partition("..")
    first, last = exact(low), exact(high)
    if first is None or last is None or first.denominator * last.denominator != 1 or first > last:
        faults.add(node, "not a range", allowed="whole numbers such as 0..100")
        return None
    return int(first), int(last)


def _stated(node: Node, features: Iterable[str], faults: Faults) -> Stated:
    """The conditions of the segments; what is no condition on a known feature is noted and left out."""
    segments = node.child("segments")
    if segments is None or not isinstance(segments.value, dict) or not segments.value:
        at = node if segments is None else segments
        faults.add(at, "no segments", allowed=f"segments: {{name: [{{when: …}}]}}, at most {MOST_SEGMENTS}")
        return {}
    if len(segments.value) > MOST_SEGMENTS:
        faults.add(segments, f"{len(segments.value):,} segments", allowed=f"at most {MOST_SEGMENTS}")
        return {}
    for name, each in segments.value.items():
        if name in TAKEN:
            faults.add(each, f"segment '{name}' means people in no segment", allowed="another name")
    return {name: list(_rules(each, features, faults)) for name, each in segments.value.items()}


def _rules(node: Node, features: Iterable[str], faults: Faults) -> Iterable[dict[str, Node]]:
    if not isinstance(node.value, tuple) or not node.value:
        faults.add(node, "not a list of rules", allowed="- when: {…}")
        return
    for rule in node.value:
        when = _mapping(rule, ("when",), faults).get("when")
        yield _mapping(when, list(features), faults, "feature")


def _cut(feature: Feature, stated: Stated) -> Feature:
    """The feature with a cut wherever a rule begins or ends."""
    if feature.levels:
        return feature
    low, high = feature.range
    edges = [
        end for whens in stated.values() for when in whens if feature.name in when for end in ends(when[feature.name])
    ]
    starts = {start for end in edges for start in (ceil(end), floor(end) + 1) if low <= start <= high}
    return replace(feature, cuts=tuple(sorted({low, high} | starts)))


def _picked(when: Mapping[str, Node], features: Iterable[Feature], faults: Faults) -> When:
    return {one.name: select(when[one.name], one.values, faults) for one in features if one.name in when}


def _statement(node: Node | None, shipped: Segmentation | None, faults: Faults) -> str:
    if node is None:
        return shipped.statement if shipped else ""
    said, known = _text(node, faults), sorted(catalog.load("statements"))
    if said and said not in known:
        faults.add(node, f"unknown statement '{said}'", hint=did_you_mean(said, known))
    return said


def _text(node: Node | None, faults: Faults) -> str:
    if node is None:
        return ""
    if not isinstance(node.value, str) or not node.value.strip():
        faults.add(node, "not a text", allowed="words")
        return ""
    return node.value
