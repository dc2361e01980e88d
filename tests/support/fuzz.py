"""Whatever is done to a persona file, it loads or says in lines what is wrong: no traceback, no hang, no bloat.

`python tests/support/fuzz.py [examples]` mutates the text, the structure and the bytes of the shipped personas. It
runs in a process of its own, because the most memory that a process ever held cannot be asked of a part of it.
"""

from __future__ import annotations

import random
import re
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loanpersona as lp
from loanpersona.core import catalog

FILES = {name: path.read_bytes() for name, path in catalog.persona_files().items()}
MOST_SECONDS, MOST_MEGABYTES = 10, 200
ODD = (
    "nan",
    "-1",
    "1e99",
    "60%",
    "０",
    "true",
    "''",
    "[1, 2]",
    "{a: 1}",
    "&a 1",
    "*a",
    "!!int 1",
    "1/3",
    "~",
    "0",
    "9" * 30,
    "20..10",
    "\u202e",
    "\t",
    "'",
    '"',
    "- x",
    "# x",
    "|",
    "? x",
    "\x00",
    "a: b: c",
    "1e-15",
    "1e15",
)


# Mutations of the text


def by_line(text: str, luck: random.Random) -> str:
    lines = text.split("\n")
    at, other = luck.randrange(len(lines)), luck.randrange(len(lines))
    kind = luck.choice(("delete", "double", "swap", "indent"))
    if kind == "delete":
        del lines[at]
    elif kind == "double":
        lines.insert(other, lines[at])
    elif kind == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = " " * luck.randrange(8) + lines[at].lstrip()
    return "\n".join(lines)


def by_word(text: str, luck: random.Random) -> str:
    spots = list(re.finditer(luck.choice((r"\d+(\.\d+)?", r"[a-z_]{3,}", r"[{}\[\],:]")), text))
    if not spots:
        return text
    spot = luck.choice(spots)
    return text[: spot.start()] + luck.choice((*ODD, luck.choice(spots)[0])) + text[spot.end() :]


def by_cut(text: str, luck: random.Random) -> str:
    return text[: luck.randrange(len(text))]


# Mutations of the structure


def nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    return [spot for key in keys for spot in ((tree, key), *nodes(tree[key]))]


def by_branch(text: str, luck: random.Random) -> str:
    try:
        tree = yaml.load(text, yaml.BaseLoader)
    except (yaml.YAMLError, ValueError):
        return text
    spots = nodes(tree)
    if not spots:
        return text
    (at, key), (other, there) = luck.choice(spots), luck.choice(spots)
    new = luck.choice((None, other[there], "x", "0.5", [], {}, [at[key]], {"x": at[key]}, "9" * 25))
    if new is None:
        del at[key]
    elif not holds(new, at):
        at[key] = new
    return yaml.dump(tree, allow_unicode=True, sort_keys=False)


def holds(tree: Any, part: Any) -> bool:
    """Whether a part stands inside a tree: put into the part, it would go round for ever."""
    return tree is part or any(at[key] is part for at, key in nodes(tree))


TEXTS: tuple[Callable[[str, random.Random], str], ...] = (by_line, by_word, by_word, by_cut, by_branch, by_branch)


def mutated(content: bytes, rounds: int, luck: random.Random) -> bytes:
    """The file after some mutations, the last of them perhaps of its bytes."""
    text = content.decode()
    for _ in range(rounds):
        text = luck.choice(TEXTS)(text, luck) or "x"
    result = bytearray(text.encode("utf-8", "surrogatepass"))
    if luck.random() < 0.25:
        at = luck.randrange(len(result))
        result[at : at + luck.randrange(3)] = luck.randbytes(luck.randrange(3))
    return bytes(result)


# What must hold


def megabytes() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def too_slow(*_: object) -> None:
    raise TimeoutError(f"not done after {MOST_SECONDS} s")


def check(content: bytes, folder: Path, at_first: float) -> None:
    """Load the file, or see that what is wrong with it is said in lines."""
    path = folder / "mutant.yaml"
    path.write_bytes(content)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    loaded, faults = {}, ()
    try:
        loaded = dict(lp.load_persona(path).conditionals)
    except lp.InputError as error:
        faults = error.faults
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert bool(loaded) != bool(faults)
    assert not any("\n" in fault or not fault for fault in faults)
    assert megabytes() - at_first < MOST_MEGABYTES, f"{megabytes() - at_first:.0f} MB more than a sound file needs"


def main() -> None:
    """Try as many mutants as asked for."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    fresh = examples > 300
    signal.signal(signal.SIGALRM, too_slow)
    warnings.simplefilter("ignore", lp.PersonaWarning)
    for name in FILES:
        assert lp.load_persona(name).conditionals
    at_first = megabytes()
    with tempfile.TemporaryDirectory() as folder:

        @settings(
            derandomize=not fresh,
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.sampled_from(sorted(FILES)), st.integers(1, 3), st.integers(0, 2**64))
        def try_one(name: str, rounds: int, seed: int) -> None:
            check(mutated(FILES[name], rounds, random.Random(seed)), Path(folder), at_first)

        try_one()
    print(
        f"{examples:,} mutants: each loads or says in lines what is wrong; "
        f"{megabytes() - at_first:.0f} MB more than a sound file needs"
    )


if __name__ == "__main__":
    main()
