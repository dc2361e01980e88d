"""Golden populations: the published digests hold however one cuts, and the matrix tells when they do not."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import golden
import pytest
from cases import CASES

import loanpersona as lp
from loanpersona.core.strict_yaml import plain
from loanpersona.persona.model import Given, Shape, Shares
from loanpersona.persona.reader import LAWS
from loanpersona.simulation import users

ROOT = Path(__file__).parents[2]
EVERY_LAW = CASES / "valid" / "every_law.yaml"


@pytest.fixture
def matrix() -> ModuleType:
    spec = importlib.util.spec_from_file_location("matrix_tool", ROOT / "tools" / "matrix.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.mark.parametrize("population", golden.published(), ids=lambda population: population.persona)
def test_the_people_of_a_golden_population_never_change(population: golden.Golden) -> None:
    with golden.in_blocks(3):
        assert population.drawn() == population.digest


def test_three_populations_are_published_one_with_a_huge_seed() -> None:
    published = golden.published()
    assert [p.persona for p in published] == ["article", "evidence", "cases/valid/every_law.yaml"]
    assert max(p.seed for p in published) == 2**128 - 1


def test_the_persona_of_every_law_uses_each_of_them() -> None:
    persona = lp.load_persona(EVERY_LAW)
    laws = [variable.law for variable in persona.variables.values()]
    blocks = plain(persona.document)["variables"].values()
    assert {key for block in blocks for key in block} > {*LAWS, "odds", "where", "times", "plus", "given", "hidden"}
    assert {type(law) for law in laws} == {Shares, Given, Shape}
    assert {variable.type for variable in persona.variables.values()} >= {"bool", "category", "int64", "float64"}


@pytest.mark.parametrize("count", [1, 3, 64])
def test_a_cut_holds_everybody_once_and_in_no_order(count: int) -> None:
    blocks = golden.cut(100_000, count)
    assert len(blocks) == count
    assert sorted(i for start, stop in blocks for i in range(start, stop)) == list(range(100_000))
    assert count == 1 or blocks != sorted(blocks)


def test_a_population_is_really_drawn_in_the_blocks_of_a_cut(
    article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, drawn, draw = lp.generate(article, n=10_000, seed=7).digest, [], users.draw
    monkeypatch.setattr(users, "draw", lambda *asked: (drawn.append(asked[2:4]), draw(*asked))[1])
    with golden.in_blocks(8):
        assert lp.generate(article, n=10_000, seed=7).digest == whole
    assert drawn == golden.cut(10_000, 8)


# The matrix


def test_the_oldest_packages_are_the_lower_bounds_and_the_newest_the_pins(matrix: ModuleType) -> None:
    bounds = ["holidays >=0.60", "numpy >=1.26,<3", "pandas >=2.2", "pyyaml >=6.0.1", "scipy >=1.13,<2"]
    project = f"[project]\ndependencies = {bounds}\n"
    oldest = matrix.wanted("oldest", project, Path("pins"))
    assert oldest == ["holidays==0.60", "numpy==1.26", "pandas==2.2", "pyyaml==6.0.1", "scipy==1.13"]
    newest = matrix.wanted("newest", project, Path("pins"))
    assert newest == ["--no-compile", "-e", str(ROOT), "-c", "pins"]


def stand_in(folder: Path, *lines: str) -> Path:
    """A program that prints these lines, whatever it is asked."""
    path = folder / "python3.11"
    path.write_text(f"#!{sys.executable}\nprint({chr(10).join(lines)!r})\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_an_interpreter_that_leads_nowhere_is_passed_over(
    matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "other").mkdir()
    broken, other, right = (
        stand_in(tmp_path / "broken"),
        stand_in(tmp_path / "other", "3.10"),
        stand_in(tmp_path, "3.11"),
    )
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    monkeypatch.setattr(
        matrix, "candidates", lambda *_: ["", str(broken), str(tmp_path / "none"), str(other), str(right)]
    )
    assert matrix.interpreter("3.11", "python3") == str(right)


def test_an_interpreter_that_is_not_there_is_skipped_with_one_line(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(matrix, "candidates", lambda *_: [])
    assert matrix.checked("3.13", "newest", "python3") is None
    assert capsys.readouterr().out == (
        "Python 3.13 with the newest packages: skipped, there is no python3.13 here that can make environments.\n"
    )


@pytest.fixture
def drawn(matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bool]:
    """Checks a cell whose interpreter prints what it is told."""
    monkeypatch.setattr(matrix, "interpreter", lambda *_: "python")
    monkeypatch.setattr(matrix, "check_versions", lambda *_: "as asked for")
    monkeypatch.setattr(sys, "argv", ["matrix.py"])
    monkeypatch.setattr(matrix, "CELLS", (("3.11", "newest"),))
    monkeypatch.setattr(matrix, "core", lambda _: [])

    def check(line: str) -> int:
        monkeypatch.setattr(matrix, "environment", lambda *_: stand_in(tmp_path, line))
        return matrix.main()

    return check


def test_a_digest_that_differs_is_named_and_fails(
    drawn: Callable[[str], int], matrix: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn("article abc abc") == 0
    assert capsys.readouterr().out.count(": same\n") == len(matrix.SETTINGS) + 1
    assert drawn("article abd abc") == 1
    said = "  Python 3.11 with the newest packages: hash seed 2: article: abd, published is abc\n"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("came", "taken", "told"),
    [
        ({"habits.hours": "DataFrame", "segments.clusters": "MachineError: sklearn: not installed."}, 450, []),
        ({"saved as csv": "bb"}, 450, ["saved as csv: bb"]),
        ({"habits.hours": "InputError: loans: no rows."}, 450, ["habits.hours: InputError: loans: no rows."]),
        ({}, 451, ["core: 451 MB. Allowed: 450."]),
    ],
)
def test_a_core_that_fails_or_takes_too_much_is_told(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch, came: dict[str, str], taken: int, told: list[str]
) -> None:
    whole = {"digest": "aa", "saved as parquet": "aa", "saved as csv": "aa", **came}
    monkeypatch.setattr(matrix, "output", lambda *_, **__: f"made\n{json.dumps(whole)}")
    monkeypatch.setattr(matrix, "megabytes", lambda _: taken)
    assert matrix.core(Path("venv/bin/python")) == told


def test_packages_of_another_version_than_asked_for_stop_the_matrix(
    matrix: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "wanted", lambda *_: ["numpy==1.26", "pandas==2.2"])
    for result in ("numpy 1.26.0 pandas 2.2", "numpy 1.26 pandas 2.2.0"):
        monkeypatch.setattr(matrix, "output", lambda *_, result=result: result)
        assert matrix.check_versions(Path("python"), "oldest") == result
    monkeypatch.setattr(matrix, "output", lambda *_: "numpy 1.26.4 pandas 2.2.0")
    with pytest.raises(SystemExit, match=r"^numpy==1\.26 was asked for, but this runs: numpy 1\.26\.4"):
        matrix.check_versions(Path("python"), "oldest")
