"""Draw the golden populations with the oldest and newest packages, under every setting that must not matter.

The newest are what the core installs and no more: there all of the core is used, and what it took on disk is weighed.
Needs the standard library only. The environments stand in .venv-matrix/ and are kept; one whose packages should
be others is made anew. An interpreter that is not there is skipped, and a line says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-matrix"
CELLS = (("3.11", "oldest"), ("3.11", "newest"), ("3.13", "newest"), ("3.14", "newest"))
NEEDED = ("holidays", "numpy", "pandas", "pyyaml", "scipy")  # what a draw imports
MOST_MB, INSTALLER = 450, {"pip", "setuptools", "pkg_resources"}  # what the core may take, and what came before it
SETTINGS: dict[str, tuple[int, dict[str, str]]] = {
    "1 block": (1, {}),
    "3 blocks": (3, {}),
    "64 blocks": (64, {}),
    "hash seed 1": (3, {"PYTHONHASHSEED": "1"}),
    "hash seed 2": (3, {"PYTHONHASHSEED": "2"}),
    "time in Shanghai": (3, {"TZ": "Asia/Shanghai"}),
    "time in New York": (3, {"TZ": "America/New_York"}),
    "LC_ALL=C": (3, {"LC_ALL": "C", "PYTHONUTF8": "0"}),
}
# The processor features that numpy would pick its faster loops by here.
SIMD = """
import numpy as np
umath = (getattr(np, "_core", None) or np.core)._multiarray_umath
print(*(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)))
"""
VERSIONS = f"""
import platform
from importlib.metadata import version
print("Python", platform.python_version(), *(f"{{name}} {{version(name)}}" for name in {NEEDED}))
"""


def output(*command: str | Path, places: Mapping[str, str] | None = None) -> str:
    """What a command prints, run in a process of its own."""
    made = os.environ | {"PYTHONPATH": str(ROOT)} | dict(places or {})
    return subprocess.run(
        command, env=made, capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout.strip()


def candidates(minor: str, named: str) -> Iterator[str]:
    """Where an interpreter of that version may be, the likelier first."""
    yield from (shutil.which(f"python{minor}", path=place) or "" for place in os.get_exec_path())
    yield shutil.which(named) or ""
    yield sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(root.glob(f"versions/{minor}.*/bin/python")))


def interpreter(minor: str, named: str) -> str | None:
    """An interpreter of that version that runs and can make environments; None where there is none."""
    asked = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    for path in filter(None, candidates(minor, named)):
        try:
            if output(path, "-c", asked) == minor:
                return path
        except (OSError, subprocess.CalledProcessError):  # a stand-in that leads nowhere, or one without ensurepip
            continue
    return None


def wanted(age: str, project: str, constraints: Path) -> list[str]:
    """What pip is to install: the lower bounds of what a draw imports, or the core with its newest pins."""
    if age == "oldest":
        stated = tomllib.loads(project)["project"]["dependencies"]
        bounds = dict(re.match(r"([\w-]+) *>=([\d.]+)", line).groups() for line in stated)
        return [f"{name}=={bounds[name]}" for name in NEEDED]
    return ["--no-compile", "-e", str(ROOT), "-c", str(constraints)]


def environment(python: str, minor: str, age: str) -> Path:
    """The interpreter of the environment of a cell, made first unless it stands already."""
    folder, constraints = HOME / f"{minor}-{age}", ROOT / "constraints.txt"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = wanted(age, project, constraints)
    inside = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stated = hashlib.sha256(project.encode() + constraints.read_bytes()).hexdigest()
    said = f"{output(python, '-VV')}\n{packages}\n{stated}\n"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != said:
        print(f"Installing into {folder.relative_to(ROOT)} ...", flush=True)
        output(python, "-m", "venv", "--clear", folder)
        output(inside, "-m", "pip", "install", "--disable-pip-version-check", "-q", "--no-input", *packages)
        stamp.write_text(said, encoding="utf-8")  # last: without it an install was never finished
    return inside


def check_versions(python: Path, age: str) -> str:
    """The versions of an environment; raises where the oldest are not those asked for."""
    result = output(python, "-c", VERSIONS)
    for package in wanted(age, (ROOT / "pyproject.toml").read_text(encoding="utf-8"), Path()):
        name, equal, version = package.partition("==")
        if equal and not re.search(rf"\b{name} {re.escape(version)}(\.0)*( |$)", result):
            raise SystemExit(f"{package} was asked for, but this runs: {result}")
    return result


def differing(python: Path, setting: str, blocks: int, places: Mapping[str, str]) -> list[str]:
    """A line per golden population that comes out as another under a setting."""
    lines = output(python, ROOT / "tests" / "support" / "golden.py", str(blocks), places=places).splitlines()
    drawn = [line.split() for line in lines]
    assert drawn, "nothing was drawn"
    return [
        f"{setting}: {persona}: {result}, published is {stated}"
        for persona, result, stated in drawn
        if result != stated
    ]


def megabytes(folder: Path) -> int:
    """What the files of an environment take, in millions of bytes, without the installer's own."""
    files = (path for path in folder.rglob("*") if not INSTALLER & set(path.parts))
    return sum(path.lstat().st_size for path in files) // 1_000_000


def core(inside: Path) -> list[str]:
    """A line where the core alone has another digest, a frame that fails, or takes too much disk once it was used."""
    places = {"PYTHONDONTWRITEBYTECODE": ""}  # what Python keeps of the modules that were used is weighed too
    came = json.loads(output(inside, ROOT / "tests" / "support" / "core.py", places=places).splitlines()[-1])
    wrong = [f"{name}: {result}" for name, result in came.items() if result.startswith("InputError")]
    wrong += [f"{name}: {came[name]}" for name in ("saved as parquet", "saved as csv") if came[name] != came["digest"]]
    taken = megabytes(inside.parent.parent)
    print(f"  core alone, used: {taken} MB")
    return wrong + [f"core: {taken} MB. Allowed: {MOST_MB}."] * (taken > MOST_MB)


def checked(minor: str, age: str, named: str) -> bool | None:
    """Whether all golden populations are the same in a cell, None where it was skipped; prints what it did."""
    cell = f"Python {minor} with the {age} packages"
    python = interpreter(minor, named)
    if python is None:
        print(f"{cell}: skipped, there is no python{minor} here that can make environments.")
        return None
    inside = environment(python, minor, age)
    print(f"{cell}: {check_versions(inside, age)}", flush=True)
    features = output(inside, "-c", SIMD)
    slow = {f"without {features or 'nothing (no fast loops here)'}": (3, {"NPY_DISABLE_CPU_FEATURES": features})}
    wrong = []
    for setting, (blocks, places) in {**SETTINGS, **slow}.items():
        result = differing(inside, setting, blocks, places)
        print(f"  {setting}: {'DIFFERENT' if result else 'same'}", flush=True)
        wrong += result
    wrong += core(inside) if age == "newest" else []
    print("".join(f"  {cell}: {line}\n" for line in wrong), end="")
    return not wrong


def main() -> int:
    """Check every cell; 1 where anybody is somebody else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="python3", help="one more interpreter to try")
    named = parser.parse_args().python
    try:
        right = [checked(minor, age, named) for minor, age in CELLS]  # all of them, also after a wrong one
        print(f"{sum(result is not None for result in right)} of {len(CELLS)} environments drawn.")
        return 1 if False in right else 0
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip() or error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
