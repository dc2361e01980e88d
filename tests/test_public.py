"""The public face: which names there are, what loading them costs, how they read, and how the code is cut."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

import loanpersona as lp
from loanpersona.core.errors import MANY, did_you_mean

mpl.use("agg")

PACKAGE = Path(lp.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = [
    "Book",
    "InputError",
    "LoanpersonaError",
    "MachineError",
    "Persona",
    "PersonaWarning",
    "Population",
    "ReportError",
    "assumptions",
    "chapter",
    "charts",
    "check_claims",
    "check_parameters",
    "claims",
    "credit",
    "estimates",
    "finding",
    "frames",
    "generate",
    "habits",
    "in_words",
    "labels",
    "ledger",
    "load_persona",
    "load_population",
    "needs",
    "plot",
    "profile",
    "render_report",
    "render_reports",
    "sample",
    "segments",
    "show",
    "tables",
]
HEAVY = {"matplotlib", "seaborn", "sklearn", "papermill", "nbconvert"}


def test_the_public_names_are_exactly_these() -> None:
    assert sorted(lp.__all__) == PUBLIC
    assert dir(lp) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_leads_somewhere_and_is_found_twice(name: str) -> None:
    assert getattr(lp, name) is getattr(lp, name)
    assert getattr(lp, name).__doc__


def test_no_room_behind_the_face_is_shown_even_once_it_is_loaded() -> None:
    hidden = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    for name in PUBLIC:
        getattr(lp, name)
    assert (hidden - {"charts", "claims", "estimates", "labels", "tables"}) & set(dir(lp)) == set()
    assert {"simulation", "core", "cli"} <= hidden


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'loanpersona' has no attribute 'genrate'"):
        _ = lp.genrate  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "room", ["charts", "credit", "estimates", "habits", "labels", "needs", "profile", "segments", "tables"]
)
def test_a_public_room_shows_what_it_offers_and_no_more(room: str) -> None:
    shown = dir(getattr(lp, room))
    assert shown == sorted(getattr(lp, room).__all__)
    assert not [name for name in shown if name in {"np", "pd", "Any", "annotations"} or name.startswith("_")]


@pytest.mark.parametrize("lang", lp.labels.LANGUAGES)
def test_the_dictionary_of_results_has_a_row_for_each_frame_in_words(lang: str) -> None:
    frames = lp.frames(lang).set_index("frame")
    rooms = (lp.profile, lp.habits, lp.needs, lp.segments, lp.credit)
    made = {name: getattr(room, name) for room in rooms for name in dir(room)}
    declared = [one.declaration.name for one in made.values() if hasattr(one, "declaration")]
    assert sorted(frames.index) == sorted(declared)
    assert not frames["title"].isin(frames.index).any()
    assert frames["title"].is_unique
    assert frames.loc["credit.loan_outcomes", "estimate"] == ""
    assert frames.loc["habits.limit_use", "title"] == {"en": "How limits are used", "zh": "额度的使用情况"}[lang]


@pytest.mark.parametrize("lang", ["fr", None, ["en"]])
def test_the_dictionary_of_results_refuses_an_unknown_language(lang: Any) -> None:
    with pytest.raises(lp.InputError, match="unknown language"):
        lp.frames(lang)


def loaded(code: str) -> set[str]:
    """The packages loaded after some code, in a Python of its own."""
    script = f"{code}\nimport sys; print(' '.join({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import loanpersona") & (HEAVY | {"numpy", "pandas", "scipy"}) == set()


def test_drawing_borrowers_loads_no_charts_and_no_reports() -> None:
    result = loaded("import loanpersona as lp; lp.generate(lp.load_persona(), n=10).users; lp.profile.shares")
    assert "pandas" in result
    assert result & HEAVY == set()


def test_the_code_of_the_design_works_as_printed() -> None:
    persona = lp.load_persona("article")
    population = lp.generate(persona, n=20_000, seed=7)
    scenario = persona.replace({"sex.shares": {"male": 0.5, "female": 0.5}})
    age = lp.profile.shares(population, of="age_band")
    ax = lp.plot(age, lang="zh")
    plt.close(ax.figure)

    assert len(population.users) == len(population.truth) == 20_000
    assert {"low", "share", "high"} <= set(age.columns)
    assert "年龄" in ax.get_title(loc="left")
    assert lp.generate(scenario, n=20_000, seed=7).users["sex"].eq("male").mean() == pytest.approx(0.5, abs=0.015)
    assert list(lp.generate(persona, n=10, seed=7, tables=("users",)).tables) == ["users"]
    assert lp.load_persona("evidence") != persona


def shown() -> dict[str, Any]:
    """What a user sees at the end of a cell, made anew at every call."""
    persona = lp.load_persona("article")
    return {
        "persona": persona,
        "population": lp.generate(persona, n=100, seed=7),
        "basis": persona.basis("sex"),
    }


@pytest.mark.parametrize("name", ["persona", "population"])
def test_a_repr_is_one_short_line(name: str) -> None:
    text = repr(shown()[name])
    assert len(text) <= 120
    assert "\n" not in text


@pytest.mark.parametrize("name", ["persona", "population", "basis"])
def test_nothing_shown_differs_from_one_run_to_the_next_or_holds_an_address(name: str) -> None:
    first, second = shown()[name], shown()[name]
    assert first is not second
    faces = [
        repr,
        *(getattr(type(first), face) for face in ("_repr_html_", "_repr_mimebundle_") if hasattr(first, face)),
    ]
    assert len(faces) == 2
    for face in faces:
        assert face(first) == face(second)
        assert not re.search(r"0x[0-9a-f]{6,}|object at", str(face(first)))


def test_a_population_says_that_it_is_synthetic_and_how_it_was_made() -> None:
    population = shown()["population"]
    words, metadata = population._repr_mimebundle_()
    assert "SYNTHETIC" in words["text/html"]
    assert population.digest in words["text/html"]
    assert metadata == {"loanpersona": population.made}
    assert population.made == {
        "synthetic": "SYNTHETIC: drawn from a persona file; no row is a real person",
        "persona": "article",
        "persona_digest": lp.load_persona("article").digest,
        "n": 100,
        "seed": 7,
        "assumptions": lp.assumptions().stated(),
        "digest": population.digest,
    }


def test_a_table_that_was_not_made_is_named() -> None:
    with pytest.raises(lp.InputError, match=r"^tables: truth was not made, or was left out\. Known: users\. "):
        _ = lp.generate(lp.load_persona(), n=5, tables=["users"]).truth


@pytest.mark.parametrize(
    ("error", "code"), [(lp.LoanpersonaError, 1), (lp.InputError, 2), (lp.ReportError, 1), (lp.MachineError, 3)]
)
def test_every_error_is_of_one_family_and_has_its_exit_code(error: type[lp.LoanpersonaError], code: int) -> None:
    assert issubclass(error, lp.LoanpersonaError)
    assert error.exit_code == code
    assert error("first", "second")._render_traceback_()[0].startswith(f"{error.__name__}: ")


def test_an_input_error_carries_one_line_a_fault() -> None:
    error = lp.InputError("a.yaml:3: one", "a.yaml:7: two")
    assert str(error).splitlines() == list(error.faults) == ["a.yaml:3: one", "a.yaml:7: two"]


def test_a_hint_names_the_nearest_word_and_not_too_many_others() -> None:
    assert did_you_mean("femal", ["male", "female"]) == "Did you mean 'female'? Known: male, female."
    assert did_you_mean("xyz", ["male", "female"]) == "Known: male, female."
    assert did_you_mean("x", []) == "Known: none."
    many = [f"word{number:02}" for number in range(MANY + 1)]
    assert did_you_mean("xyz", many) == f"Known: {', '.join(many[:MANY])}, …."


# How the code is cut


def parsed() -> Iterator[tuple[str, ast.Module]]:
    for path in SOURCES:
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(body: list[ast.stmt], where: str) -> Iterator[tuple[str, Definition]]:
    """Functions, classes and methods, not what is defined inside a function."""
    for node in body:
        if isinstance(node, Definition):
            yield f"{where}:{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{where}:{node.name}")


def length(function: ast.AST) -> int:
    """The lines of a function without its docstring."""
    first = function.body[0]  # type: ignore[attr-defined]
    docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    lines = function.end_lineno - function.lineno + 1  # type: ignore[attr-defined]
    return lines - (first.end_lineno - first.lineno + 1 if docstring else 0)


def test_there_is_code_to_look_at() -> None:
    assert len(SOURCES) > 30
    assert sum(1 for where, tree in parsed() for _ in definitions(tree.body, where)) > 200


def test_every_public_function_class_and_module_has_a_docstring() -> None:
    missing = [where for where, tree in parsed() if ast.get_docstring(tree) is None]
    for where, tree in parsed():
        for name, node in definitions(tree.body, where):
            if not any(part.startswith("_") for part in name.split(":")[1:]) and ast.get_docstring(node) is None:
                missing.append(name)
    assert missing == []


def test_no_function_is_longer_than_forty_lines() -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = {
        f"{where}:{node.name}": length(node)
        for where, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, functions) and length(node) >= 40
    }
    assert long == {}


def test_no_module_is_longer_than_350_lines() -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: count for name, count in lines.items() if count >= 350} == {}


def test_no_module_is_called_after_no_idea() -> None:
    assert {path.stem for path in SOURCES} & {"utils", "util", "helpers", "misc", "common"} == set()
