"""The files around the package: environments, lock, Makefile, tracked text, and who imports whom."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "loanpersona"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {name: [Requirement(r) for r in lines] for name, lines in PROJECT["optional-dependencies"].items()}
CORE = [Requirement(r) for r in PROJECT["dependencies"]]
# What make installs: the core and every extra but the one of the benchmarks, each package once.
DIRECT = list(dict.fromkeys(r for name, lines in {"": CORE, **EXTRAS}.items() if name != "bench"
                            for r in lines if r.name != "loanpersona"))  # fmt: skip
PEERS = EXTRAS["bench"]
LOCK = (ROOT / "constraints.txt").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

# The drawing of the house: the rooms in order, each knowing only those before it. Persona and simulation on one side,
# analysis, charts and reports on the other, never import one another: they meet in the tables.
ROOMS = ("core", "tables", "persona", "simulation", "estimates", "analysis", "claims", "charts", "reports")
MADE, SHOWN = {"persona", "simulation"}, {"analysis", "charts", "reports"}
DATA = {"catalog"}  # files without code, found by their place
DOORS = {"__init__", "__main__", "cli", "doctor", "exits", "rendering"}  # may import every room; no room imports them


def imported(source: str, package: list[str]) -> Iterator[str]:
    """Name what stands right below `loanpersona` in each import, for source that lives in `package`."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *filter(None, [node.module])])
            names = [f"{start}.{alias.name}" for alias in node.names]
        for name in names:
            top, *below = name.split(".")
            if top == "loanpersona":
                yield below[0] if below else "__init__"


def arrows() -> Iterator[tuple[str, str, str]]:
    """Yield (file, its room, imported room) for every import between two rooms."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        for target in imported(path.read_text(encoding="utf-8"), list(parts[:-1])):
            if parts[1] != target:
                yield "/".join(parts), parts[1], target


def allowed(source: str) -> set[str]:
    """The rooms that a room may import."""
    if source in DOORS:
        return {*ROOMS, *DOORS}
    apart = SHOWN if source in MADE else MADE if source in SHOWN else set()
    return set(ROOMS[: ROOMS.index(source)]) - apart


def test_every_import_follows_the_one_direction() -> None:
    assert [f"{file} imports {target}" for file, source, target in arrows() if target not in allowed(source)] == []


def test_the_drawing_shows_every_room_there_is_and_no_other() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == {*ROOMS, *DATA}
    assert {path.stem for path in PACKAGE.glob("*.py")} == DOORS
    assert not [path for room in DATA for path in (PACKAGE / room).rglob("*.py")]


def test_tests_mirror_the_house_and_import_no_test() -> None:
    folder = ROOT / "tests"
    stray = [
        path.relative_to(folder)
        for path in folder.rglob("*.py")
        if path.parent.name != "support" and not path.name.startswith(("test_", "conftest"))
    ]
    assert stray == []
    for path in folder.rglob("test_*.py"):
        *rooms, _ = path.relative_to(folder).parts
        assert (PACKAGE / Path(*rooms)).is_dir(), f"{path}: there is no such room"
        others = re.findall(r"^\s*(?:from|import) (test_\w+|conftest)\b", path.read_text(encoding="utf-8"), re.M)
        assert others == [], f"{path}: what two tests share stands in tests/support"


@pytest.mark.parametrize(
    "line",
    [
        "import loanpersona.simulation.chance",
        "from loanpersona.simulation import chance",
        "from loanpersona import simulation",
        "from .. import simulation",
        "from ..simulation.chance import draw",
        "def late():\n    from loanpersona import simulation",
    ],
)
def test_every_way_to_write_an_import_is_seen(line: str) -> None:
    assert list(imported(line, ["loanpersona", "charts"])) == ["simulation"]


def test_environment_yml_has_the_names_and_bounds_of_pyproject() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *packages, pip, pip_section = conda["dependencies"]
    python = Requirement(f"python {PROJECT['requires-python']}")
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    assert [str(Requirement(p)) for p in packages] == [str(r) for r in [python, *DIRECT]]
    assert (pip, pip_section) == ("pip", {"pip": ["-e ."]})


def test_what_the_benchmarks_compare_with_is_in_no_other_environment() -> None:
    peers = {canonicalize_name(peer.name) for peer in PEERS}
    assert peers == {"faker", "mimesis"}
    assert peers & {canonicalize_name(direct.name) for direct in DIRECT} == set()
    words = re.findall(r"[\w-]+", (ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert peers & {canonicalize_name(word) for word in words} == set()


@pytest.mark.parametrize("minor", ["3.11", "3.12", "3.13", "3.14"])
def test_constraints_pin_each_direct_dependency_once_and_within_its_bounds(minor: str) -> None:
    python = {"python_version": minor, "python_full_version": f"{minor}.9"}
    pins: dict[str, list[str]] = {}
    for pin in map(Requirement, LOCK.splitlines()):
        if pin.marker is None or pin.marker.evaluate(python):
            pins.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier))
    for direct in [*DIRECT, *PEERS]:
        [version] = pins[canonicalize_name(direct.name)]
        assert version.startswith("=="), direct
        assert direct.specifier.contains(version.removeprefix("==")), direct


@pytest.mark.parametrize("trace", ["://", "--index", "--find-links", "file:"])
def test_constraints_name_no_place_to_download_from(trace: str) -> None:
    assert trace not in LOCK


def test_no_other_lock_file_stands_in_the_repository() -> None:
    assert [p.name for p in ROOT.glob("*.lock")] + [p.name for p in ROOT.glob("pylock*.toml")] == []


def test_no_text_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    host = r"(?:pypi|pythonhosted|anaconda|artifactory)[.][a-z]|/pypi(?=/)|/simple(?=/)"
    place = r"(?<![\w.~])/(?:work|root|home|Users)/\w|\b[A-Z]:\\+Users\b"
    result = []
    for path in (ROOT / name for name in listed if (ROOT / name).is_file()):
        text = path.read_bytes().decode("utf-8", errors="ignore")
        result += [f"{path.relative_to(ROOT)}: {m[0]}" for m in re.finditer(f"{host}|{place}", text)]
    assert result == []


def make(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell, also when make itself runs the tests."""
    fresh = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *words], cwd=cwd, env=fresh, capture_output=True, text=True, check=False)


def test_make_help_lists_exactly_the_targets_there_are() -> None:
    listed = re.findall(r"^  make ([\w-]+) +\S", make().stdout, flags=re.MULTILINE)
    [phony] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert listed == phony.split()
    for target in listed:
        assert make("--dry-run", target).returncode == 0, target


def test_every_script_the_makefile_runs_is_there() -> None:
    scripts = re.findall(r"(?:\w+/)+\w+\.py\b", MAKEFILE)
    assert scripts
    assert [s for s in scripts if not (ROOT / s).is_file()] == []


def copied(folder: Path) -> Path:
    """What make needs to install, in a folder of its own."""
    for name in ["Makefile", "pyproject.toml", "constraints.txt"]:
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.mark.parametrize(
    ("target", "installs"),
    [("setup", [".[dev]"]), ("test", [".[dev]"]), ("report", [".[dev]"]), ("bench", [".[dev]", ".[bench]"])],
)
def test_only_make_bench_installs_what_it_compares_with(target: str, installs: list[str], tmp_path: Path) -> None:
    run = make("--dry-run", target, cwd=copied(tmp_path))
    assert re.findall(r'pip install .* -c constraints\.txt -e "(.*)"', run.stdout) == installs
    for stamp in re.findall(r"^touch (.+)$", run.stdout, flags=re.MULTILINE):
        (tmp_path / stamp).parent.mkdir(exist_ok=True)
        (tmp_path / stamp).touch()
    assert "pip install" not in make("--dry-run", target, cwd=tmp_path).stdout


def test_dev_brings_every_extra_that_users_have_and_the_lock_pins_all() -> None:
    [own] = [r for r in EXTRAS["dev"] if r.name == "loanpersona"]
    assert own.extras == EXTRAS.keys() - {"dev", "bench"}
    [command] = re.findall(r"uv pip compile .*", MAKEFILE)
    assert re.findall(r"--extra (\w+)", command) == ["dev", "bench"]


def test_a_package_has_the_same_bounds_wherever_it_stands() -> None:
    names = [r.name for r in DIRECT]
    assert sorted(set(names)) == sorted(names)


def test_notebook_tools_and_tests_are_no_needs_of_the_core() -> None:
    core = {canonicalize_name(r.name) for r in CORE}
    for extra, names in {"lab": {"jupyterlab"}, "dev": {"nbval", "pytest"}, "reports": {"papermill", "nh3"}}.items():
        assert names <= {canonicalize_name(r.name) for r in EXTRAS[extra]}
        assert not names & core


@pytest.mark.parametrize("result", ["missing", "3.10", "3.15"])
def test_an_unfit_python_gets_one_line_of_advice(result: str, tmp_path: Path) -> None:
    python = copied(tmp_path) / "python"
    if result != "missing":
        python.write_text(f"#!/bin/sh\necho {result}\n", encoding="utf-8")
        python.chmod(0o755)
    advice, _ = make("report", f"PYTHON={python}", cwd=tmp_path).stderr.splitlines()
    assert f"{python} is {result}." in advice
    assert advice.endswith("make report PYTHON=python3.12")
    assert not (tmp_path / ".venv").exists()


def test_the_gate_is_executable_and_runs_the_tests_and_the_matrix() -> None:
    gate = ROOT / ".ci" / "run"
    assert os.access(gate, os.X_OK)
    assert gate.read_text(encoding="utf-8").splitlines()[-2:] == ["make test", "make test-matrix"]


def test_no_file_of_the_package_or_of_its_tests_is_left_out_of_git() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    git = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "loanpersona", "tests"]
    ignored = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [name for name in ignored if name.endswith((".py", ".yaml", ".j2", ".css", ".ipynb"))] == []
