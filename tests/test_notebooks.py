"""The notebooks: their form, their two languages, what they cite, and that their cells only call the library."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import nbformat
import pytest

import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.core.words import LANGUAGES
from loanpersona.reports import declared_parameters, notebook_names
from loanpersona.reports.finding import chapter_named

mpl.use("agg")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def cells(name: str) -> list[Any]:
    result: list[Any] = nbformat.read(NOTEBOOKS[name], as_version=4).cells
    return result


def code(name: str) -> list[Any]:
    return [cell for cell in cells(name) if cell.cell_type == "code"]


def prose(name: str) -> list[Any]:
    return [cell for cell in cells(name) if cell.cell_type == "markdown"]


def tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def spoken(cell: Any) -> set[str]:
    return {tag for tag in tags(cell) if tag.startswith("lang-")}


def outputs(name: str) -> list[Any]:
    return [output for cell in code(name) for output in cell.outputs]


def script(name: str) -> ModuleType:
    """A script of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"{name}_tool", ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/notebooks.py."""
    return script("notebooks")


def test_the_notebooks_are_those_that_the_package_offers() -> None:
    assert list(NOTEBOOKS) == notebook_names()
    assert "01_profile" in NOTEBOOKS


# Form


@every_notebook
def test_a_notebook_is_valid_and_in_its_normal_form(name: str, tool: ModuleType) -> None:
    text = NOTEBOOKS[name].read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    once = nbformat.writes(tool.normal(nbformat.reads(text, as_version=4)))
    assert nbformat.writes(tool.normal(nbformat.reads(once, as_version=4))) == once
    assert text.rstrip("\n") == once


def test_the_normal_form_drops_what_differs_between_runs(tool: ModuleType) -> None:
    cell = nbformat.v4.new_code_cell("1", execution_count=3, metadata={"tags": ["x"], "papermill": {}, "execution": {}})
    notebook = nbformat.v4.new_notebook(
        cells=[cell, nbformat.v4.new_markdown_cell("a")],
        metadata={"kernelspec": {"name": "mine", "display_name": "Mine"}, "papermill": {"start_time": "now"}},
    )
    normal = tool.normal(notebook)
    assert [one.id for one in normal.cells] == ["cell-01", "cell-02"]
    assert [dict(one.metadata) for one in normal.cells] == [{"tags": ["x"]}, {}]
    assert set(normal.metadata) == {"kernelspec", "language_info"}
    assert normal.metadata.kernelspec.name == "python3"
    assert normal.cells[0].execution_count == 3


@every_notebook
def test_the_kernel_is_python3_and_nothing_tells_of_one_machine(name: str) -> None:
    metadata = nbformat.read(NOTEBOOKS[name], as_version=4).metadata
    assert metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    # letters of a picture may spell an address by chance
    text = re.sub(r'"image/png": "[^"]*"', "", NOTEBOOKS[name].read_text(encoding="utf-8"))
    assert re.findall(r'"papermill"|ipykernel_\d|0x[0-9a-f]{8,}|(?<![\w.~])/(?:home|root|Users|work|tmp)/', text) == []


@every_notebook
def test_every_code_cell_was_run_in_order_and_none_failed(name: str) -> None:
    assert [cell.execution_count for cell in code(name)] == list(range(1, len(code(name)) + 1))
    assert {output.output_type for output in outputs(name)} <= {"execute_result", "display_data"}


@every_notebook
def test_the_first_code_cell_declares_the_parameters_and_no_other_does(name: str) -> None:
    first, *rest = code(name)
    assert tags(first) == {"parameters"}
    assert not any("parameters" in tags(cell) for cell in rest)
    declared = declared_parameters(NOTEBOOKS[name])
    assert {"persona", "changes", "n", "seed", "assumptions", "lang"} <= declared.keys()
    assert len(first.source.splitlines()) == len(declared)
    for line, parameter in zip(first.source.splitlines(), declared.values(), strict=True):
        assert re.fullmatch(r"\w+: (int|str|float|bool) = .+  # \S.*", line)
        assert parameter.help
    assert declared["lang"].default == "en"


@every_notebook
def test_cells_only_call_the_library(name: str) -> None:
    for cell in code(name):
        assert not re.search(r"\bdef |\blambda\b|\bgroupby\b|^[%!]", cell.source, flags=re.MULTILINE), cell.id
        assert not any(line.rstrip().endswith(";") for line in cell.source.splitlines()), cell.id
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.ImportFrom | ast.For | ast.If | ast.ListComp), cell.id
            if isinstance(node, ast.Import):
                assert [(one.name, one.asname) for one in node.names] == [("loanpersona", "lp")], cell.id


# What cells show

SHOWS = {"lp.chapter", "lp.finding", "lp.ledger", "lp.show"}
CHAPTERS = {"01_profile": "profile", "02_habits": "habits", "03_needs": "needs", "04_segments": "segments"}
MOST = {"profile": 6, "habits": 7, "needs": 6, "segments": 8}
every_chapter = pytest.mark.parametrize(("name", "chapter"), CHAPTERS.items())


def calls(cell: Any) -> list[ast.Call]:
    """The calls in a cell that show something of the library, in order."""
    found = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func) in SHOWS]


def shown(name: str, what: str, *, solutions: bool = False) -> list[ast.Call]:
    """The calls of one kind in a notebook, such as `lp.finding`."""
    asked = [cell for cell in code(name) if solutions or "solution" not in tags(cell)]
    return [call for cell in asked for call in calls(cell) if ast.unparse(call.func) == what]


@every_chapter
def test_a_chapter_shows_its_head_and_then_its_findings_in_order(name: str, chapter: str) -> None:
    [head] = shown(name, "lp.chapter")
    assert ast.literal_eval(head.args[1]) == chapter
    known = [one.id for one in chapter_named(chapter).findings]
    assert [ast.literal_eval(call.args[1]) for call in shown(name, "lp.finding")] == known
    assert 1 <= len(known) <= MOST[chapter]


@every_chapter
def test_frames_beside_the_findings_stand_in_the_appendix_and_are_frames_of_the_rooms(name: str, chapter: str) -> None:
    del chapter
    for cell in code(name):
        frames = [ast.unparse(call.args[0]).removeprefix("lp.") for call in calls(cell) if "show" in ast.unparse(call)]
        frames = [one for one in frames if "." in one]
        assert set(frames) <= declarations().keys(), cell.id
        if frames:
            assert tags(cell) & {"appendix", "solution"}, cell.id


@every_notebook
def test_everything_is_shown_in_the_language_of_the_notebook(name: str) -> None:
    for cell in code(name):
        for call in calls(cell):
            assert {one.arg: ast.unparse(one.value) for one in call.keywords}["lang"] == "lang", cell.id


@every_notebook
def test_every_picture_has_an_alt_text_in_the_language_of_the_notebook(name: str) -> None:
    for cell in code(name):
        for picture in (one for one in cell.outputs if "image/png" in one.get("data", {})):
            alt = picture.metadata["image/png"]["alt"]
            assert alt.startswith("Chart: ")
            assert alt.endswith("Synthetic data.")
            assert not CJK.search(alt)
            assert not picture.data.keys() & {"image/svg+xml", "text/html"}


def test_the_headlines_of_the_habits_notebook_are_what_its_findings_say_today() -> None:
    defaults = {name: parameter.default for name, parameter in declared_parameters(NOTEBOOKS["02_habits"]).items()}
    people = lp.generate(lp.load_persona(defaults["persona"]), n=defaults["n"], seed=defaults["seed"])
    said = "".join(str(output.data.get("text/html", "")) for output in outputs("02_habits"))
    for call in shown("02_habits", "lp.finding"):
        assert lp.finding(people, ast.literal_eval(call.args[1])).headline in said


@every_notebook
def test_what_is_shown_speaks_the_language_of_the_notebook(name: str) -> None:
    texts = [str(output.data.get(kind, "")) for output in outputs(name) for kind in ("text/plain", "text/html")]
    assert [text for text in texts if CJK.search(text)] == []


# Prose


@every_notebook
def test_prose_stands_in_pairs_of_english_and_chinese(name: str) -> None:
    result = cells(name)
    for position, cell in enumerate(result):
        if cell.cell_type == "markdown":
            assert len(spoken(cell)) == 1, cell.id
            assert spoken(cell) <= {f"lang-{lang}" for lang in LANGUAGES}, cell.id
            if spoken(cell) == {"lang-en"}:
                other = result[position + 1]
                assert spoken(other) == {"lang-zh"}, cell.id
                assert tags(other) - spoken(other) == tags(cell) - spoken(cell), cell.id
    assert [spoken(cell) for cell in prose(name)] == [{"lang-en"}, {"lang-zh"}] * (len(prose(name)) // 2)


@every_notebook
def test_each_language_is_written_in_itself(name: str) -> None:
    for cell in prose(name):
        assert bool(CJK.search(cell.source)) == (spoken(cell) == {"lang-zh"}), cell.id


def twins(name: str) -> list[tuple[str, str]]:
    sources = [cell.source for cell in prose(name)]
    return list(zip(sources[::2], sources[1::2], strict=True))


@every_notebook
def test_both_languages_have_the_same_headings_statements_and_lists(name: str) -> None:
    for english, chinese in twins(name):
        for shape in (r"^#+ ?\d*", r"\b\d\.\d[a-z]\b", r"^\d\. ", r"`\w+`"):
            result = [re.findall(shape, text, flags=re.MULTILINE) for text in (english, chinese)]
            assert result[0] == result[1], english[:60]


@every_notebook
def test_every_question_has_its_solution(name: str) -> None:
    [questions] = [cell.source for cell in prose(name) if cell.source.startswith("## Questions for students")]
    asked = re.findall(r"^(\d)\. ", questions, flags=re.MULTILINE)
    assert asked == ["1", "2", "3"]
    solved = [cell for cell in cells(name) if "solution" in tags(cell)]
    for lang, pattern in (("en", r"^\*Solution (\d)\.\*"), ("zh", r"^\*\*解答 (\d)。\*\*")):
        answers = [re.match(pattern, cell.source) for cell in solved if spoken(cell) == {f"lang-{lang}"}]
        assert [answer[1] for answer in answers if answer] == asked
    assert len([cell for cell in solved if cell.cell_type == "code"]) >= len(asked)
    # whoever takes the solutions out takes out the end of the notebook
    assert cells(name)[-len(solved) :] == solved


@every_notebook
def test_the_reader_is_told_that_everybody_is_made_up(name: str) -> None:
    population = code(name)[1].outputs[0].data["text/html"]
    assert "synthetic users" in population
    assert "made up" in population


# Copies


@pytest.fixture(scope="module")
def copies() -> ModuleType:
    """tools/copies.py, which is a script and no package."""
    return script("copies")


@every_notebook
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_copy_holds_one_language_and_a_students_copy_no_solution(
    name: str, lang: str, copies: ModuleType, tmp_path: Path
) -> None:
    whole = cells(name)
    for solutions in (False, True):
        path = copies.write_copy(NOTEBOOKS[name], tmp_path / str(solutions), lang, solutions=solutions)
        copy = nbformat.read(path, as_version=4)
        nbformat.validate(copy)
        other = [cell for cell in whole if spoken(cell) <= {f"lang-{lang}"}]
        wanted = [cell for cell in other if solutions or "solution" not in tags(cell)]
        assert [cell.id for cell in copy.cells] == [cell.id for cell in wanted]
        assert not any(cell.get("outputs") for cell in copy.cells)
        assert f'lang: str = "{lang}"' in copy.cells[0].source
        assert any("solution" in tags(cell) for cell in copy.cells) == solutions


def test_copies_are_written_per_reader_and_language(
    copies: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["copies.py", "--out", str(tmp_path)])
    copies.main()
    made = sorted(str(path.relative_to(tmp_path).parent) for path in tmp_path.rglob("01_profile.ipynb"))
    assert made == ["students/en", "students/zh", "teachers/en", "teachers/zh"]
