"""The core works alone, and whoever wants more than it has is told the name of the extra."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import loanpersona as lp
from loanpersona import doctor
from loanpersona.analysis.frame import declarations
from loanpersona.core import extras
from loanpersona.core.errors import MachineError
from loanpersona.reports import update_index

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OF_MODULE = {module: {canonicalize_name(name) for name in names}
             for module, names in metadata.packages_distributions().items()}  # fmt: skip
LEARNED = {
    "segments.clusters",
    "segments.cluster_agreement",
    "segments.cluster_profiles",
    "segments.cluster_validation",
    "credit.rank_correlation",
}
CHARTS = {"lp.charts", "loanpersona.charts", "loanpersona.charts.style"}
REPORTS = {"render_report", "render_reports", "update_index"}


def named(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def closure(names: set[str]) -> set[str]:
    """Packages and all that they need here."""
    result: set[str] = set()
    while more := names - result:
        result |= more
        lines = [Requirement(line) for name in more for line in metadata.requires(name) or []]
        names = {
            canonicalize_name(line.name) for line in lines if not line.marker or line.marker.evaluate({"extra": ""})
        }
    return result


def outside() -> list[str]:
    """Every module of this environment that an install of the core would not bring."""
    brought = closure(named(PROJECT["dependencies"])) | {"loanpersona"}
    return sorted(module for module, names in OF_MODULE.items() if not names & brought)


def third_parties() -> set[str]:
    """What the package imports that is neither its own nor Python's, wherever the import stands."""
    result: set[str] = set()
    for path in (ROOT / "loanpersona").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                result |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                result.add(node.module.partition(".")[0])
    return result - sys.stdlib_module_names - {"loanpersona"}


@pytest.fixture(scope="module")
def came() -> dict[str, str]:
    """What came of every use of the core, with nothing else in reach."""
    command = [sys.executable, str(ROOT / "tests" / "support" / "core.py"), *outside()]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    result: dict[str, str] = json.loads(run.stdout.splitlines()[-1])
    return result


def test_all_that_an_extra_brings_is_out_of_reach_and_nothing_of_the_core() -> None:
    hidden = set(outside())
    assert {package for packages in extras.EXTRAS.values() for package in packages} <= hidden
    assert not hidden & {"numpy", "pandas", "pyarrow", "scipy", "yaml", "click", "holidays", "dateutil"}


def test_the_core_draws_saves_and_loads_alone(came: dict[str, str]) -> None:
    assert len({came[name] for name in ("digest", "saved as parquet", "saved as csv")}) == 1


def test_the_core_makes_every_frame_alone_but_those_that_learn(came: dict[str, str]) -> None:
    frames = {name: result for name, result in came.items() if name.split(".")[0] in {"profile", "habits", "needs",
                                                                                 "segments", "credit"}}  # fmt: skip
    assert len(frames) > 50
    assert {name for name, result in frames.items() if result != "DataFrame"} == LEARNED


def test_every_command_but_report_runs_with_the_core_alone(came: dict[str, str]) -> None:
    codes = {
        name.removeprefix("loanpersona "): result for name, result in came.items() if name.startswith("loanpersona ")
    }
    assert codes.pop("report") == str(MachineError.exit_code)
    assert set(codes.values()) == {"0"}
    assert len(codes) >= 4


@pytest.mark.parametrize(("extra", "doors"), [("charts", CHARTS), ("learn", LEARNED), ("reports", REPORTS)])
def test_what_an_absent_extra_would_give_says_its_name(came: dict[str, str], extra: str, doors: set[str]) -> None:
    absent = ", ".join(extras.EXTRAS[extra])
    said = f'MachineError: {absent}: not installed. Hint: pip install "loanpersona[{extra}]"'
    assert {door: came[door] for door in doors} == dict.fromkeys(doors, said)


POPULATION = lp.generate(lp.load_persona("article"), n=3_000, seed=7)
DOORS: dict[str, list[Callable[[], Any]]] = {
    "charts": [lambda: import_module("loanpersona.charts")],
    "lab": [lambda: lp.show(lp.profile.shares(POPULATION, of="sex"))],
    "learn": [lambda name=name: declarations()[name].call(POPULATION) for name in sorted(LEARNED)],
    "reports": [lambda: update_index("nowhere"), lambda: lp.render_report("01_profile", out="nowhere", n=50)],
}


@pytest.mark.parametrize(
    ("extra", "package"), [(extra, package) for extra, packages in extras.EXTRAS.items() for package in packages]
)
def test_one_absent_package_of_an_extra_is_named_in_one_line(
    extra: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    if extra == "charts":
        monkeypatch.delitem(sys.modules, "loanpersona.charts", raising=False)
    for door in DOORS[extra]:
        with pytest.raises(MachineError) as caught:
            door()
        assert str(caught.value) == f'{package}: not installed. Hint: pip install "loanpersona[{extra}]"'


def test_whatever_is_imported_belongs_to_the_core_or_to_an_extra_that_is_asked_for() -> None:
    core, by_extra = named(PROJECT["dependencies"]), extras.EXTRAS
    asked_for = {package for packages in by_extra.values() for package in packages}
    imported = {module for module in third_parties() if not OF_MODULE[module] & core}
    assert imported | {"ipykernel"} == asked_for  # the kernel is run, not imported
    for extra, packages in by_extra.items():
        brought = named(PROJECT["optional-dependencies"][extra])
        assert [package for package in packages if not OF_MODULE[package] & brought] == []


def test_everything_that_the_core_brings_is_imported() -> None:
    imported = {name for module in third_parties() for name in OF_MODULE[module]}
    assert named(PROJECT["dependencies"]) - imported == set()


def test_the_doctor_tells_an_absent_extra_from_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"numpy": "not installed", "matplotlib": "not installed", "pandas": "3.0"}
    monkeypatch.setattr(doctor.store, "versions", lambda: versions)
    numpy, matplotlib, pandas, *_ = doctor.findings()
    assert [row.mark for row in (numpy, matplotlib, pandas)] == ["MISSING", "absent", "ok"]
    assert matplotlib.result == 'not installed. Hint: pip install "loanpersona[charts]"'
