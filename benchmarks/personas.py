"""Reading a persona and making it ready for drawing, against parsing its bytes and calling erfc as often, in one run.

Ratios of one run count; the seconds beside the bounds are for information. Run `python benchmarks/personas.py`.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml
from timing import medians, one_core, seconds

from loanpersona.core import catalog
from loanpersona.core.strict_yaml import Faults
from loanpersona.persona import reader
from loanpersona.persona.calibration import calibrate
from loanpersona.persona.model import Persona, Shape
from loanpersona.persona.resolver import load_persona, resolve
from loanpersona.simulation.users import samplers

ROUNDS = 7
FILE = catalog.persona_files()["article"]

LOAD = "import loanpersona as lp; persona = lp.load_persona(sys.argv[1])"
DRAW = "; lp.generate(persona, n=1)"
NEW_PROCESS = """
import sys, time, numpy, pandas
start = time.perf_counter()
{}
print(time.perf_counter() - start)
"""


def first(line: str) -> float:
    """What a line takes in a process of its own; its imports count, but for numpy and pandas."""
    command = [sys.executable, "-c", NEW_PROCESS.format(line), str(FILE)]
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


def main() -> None:
    """Print medians and ratios of interleaved rounds; each group begins with its floor."""
    one_core()
    laws = [sampler.conditional for sampler in samplers(resolved()).values()]
    edges = sum(found.thresholds.size for found in laws if isinstance(found.variable.law, Shape))
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
            "first load_persona": lambda: first(LOAD),
            "… and generate": lambda: first(LOAD + DRAW),
        }
        median = medians(reading | compiling, ROUNDS)
    print(f"persona article, one core, median of {ROUNDS} interleaved rounds; first: in a process of its own")
    for group in (reading, compiling):
        floor = next(iter(group))
        for name in group:
            print(f"  {name:18} {median[name] * 1e3:9.1f} ms {median[name] / median[floor]:8.2f} × {floor}")
    first_use = median["… and generate"]
    print(
        f"bounds: a file validated within 0.2 s: {median['load_persona']:.3f}; "
        f"that and made ready to draw on first use, imports too, within 0.2 + 0.3 s: {first_use:.3f}"
    )


if __name__ == "__main__":
    main()
