"""Reading a persona, making it ready for drawing and changing it, against the floor of each, in one run.

Ratios of one run count; the seconds beside the bounds are for information. Run `python benchmarks/personas.py`.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from timing import medians, one_core, seconds

from loanpersona.core import catalog
from loanpersona.core.strict_yaml import Faults
from loanpersona.persona import reader
from loanpersona.persona.calibration import calibrate
from loanpersona.persona.model import Persona, Shape
from loanpersona.persona.resolver import load_persona, resolve
from loanpersona.simulation.users import sampler, samplers

ROUNDS = 7
FILE = catalog.persona_files()["article"]

PANDAS = "import numpy, pandas"
LOAD = "import loanpersona as lp; persona = lp.load_persona(sys.argv[1])"
DRAW = "; lp.generate(persona, n=1)"
NEW_PROCESS = """
import sys, time
{}
start = time.process_time()
{}
print(time.process_time() - start)
"""
# The one changes the variable that most others rest on.
CHANGES = (
    {"age_years.bands": {"20..24": 0.25, "25..39": 0.5, "40..59": 0.25}},
    {"sex.shares": {"male": 0.5, "female": 0.5}},
)


def first(line: str, before: str = PANDAS) -> float:
    """The CPU time of a line in a process of its own; its imports count, but for what is imported before."""
    command = [sys.executable, "-c", NEW_PROCESS.format(before, line), str(FILE)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def events() -> None:
    """The floor of reading: libyaml goes through the same bytes."""
    for _ in yaml.parse(FILE.read_bytes(), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        pass


def erfc(times: int) -> None:
    """The floor of calibrating: one call for each edge of a distribution in each cell."""
    for i in range(times):
        math.erfc(i / times)


def resolved() -> Persona:
    """Read and checked, by the part of loading that does so."""
    return resolve(reader.document(FILE))


def calibrated(persona: Persona) -> object:
    """Calibrated once more, by the part of loading that does so."""
    return calibrate(persona.variables, persona.document.child("variables").value, Faults())


def fresh(work: Callable[[Persona], object]) -> float:
    """What some work takes for a persona that is met for the first time."""
    persona = resolved()
    samplers.cache_clear()
    sampler.cache_clear()
    return seconds(lambda: work(persona))


def again(work: Callable[[Persona], object]) -> float:
    """The same for a persona that equals one met before."""
    work(resolved())
    persona = resolved()
    return seconds(lambda: work(persona))


def loaded(folder: Path) -> float:
    """What a user waits for at a file that is new."""
    path = folder / f"{len(list(folder.iterdir()))}.yaml"
    path.write_bytes(FILE.read_bytes())
    return seconds(lambda: load_persona(path))


def changed(persona: Persona, change: Mapping[str, object]) -> float:
    """The CPU time of changing a persona."""
    start = time.process_time()
    persona.replace(change)
    return time.process_time() - start


def main() -> None:
    """Print medians and ratios of interleaved rounds; each group begins with its floor."""
    one_core()
    laws = [each.conditional for each in samplers(resolved()).values()]
    edges = sum(result.thresholds.size for result in laws if isinstance(result.variable.law, Shape))
    with tempfile.TemporaryDirectory() as folder:
        reading = {
            "parse the bytes": lambda: seconds(events),
            "resolve": lambda: seconds(resolved),
            "load_persona": lambda: loaded(Path(folder)),
        }
        compiling = {
            f"{edges:,} × erfc": lambda: seconds(lambda: erfc(edges)),
            "calibrate": lambda: fresh(calibrated),
            "make samplers": lambda: fresh(samplers),
            "samplers again": lambda: again(samplers),
        }
        persona = resolved()
        starting = {
            "import pandas": lambda: first(PANDAS, before=""),
            "first load_persona": lambda: first(LOAD),
            "… and generate": lambda: first(LOAD + DRAW),
            "replace age": lambda: changed(persona, CHANGES[0]),
            "replace sex": lambda: changed(persona, CHANGES[1]),
        }
        median = medians(reading | compiling | starting, ROUNDS)
    print(f"persona article, one core, median of {ROUNDS} interleaved rounds; below pandas: CPU time")
    for group in (reading, compiling, starting):
        floor = next(iter(group))
        for name in group:
            print(f"  {name:18} {median[name] * 1e3:9.1f} ms {median[name] / median[floor]:8.2f} × {floor}")
    first_use = median["… and generate"]
    print(
        f"bounds: a file validated within 0.2 s: {median['load_persona']:.3f}; "
        f"that and made ready to draw on first use, imports too, within 0.2 + 0.3 s: {first_use:.3f}"
    )
    print(
        f"bounds: first loaded within 0.18 s: {median['first load_persona']:.3f}; "
        f"changed within 0.06 s: {median['replace age']:.3f}"
    )


if __name__ == "__main__":
    main()
