"""The notebooks: their form, their two languages, what they cite, and that their cells only call the library."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest

import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.core import catalog
from loanpersona.core.words import LANGUAGES
from loanpersona.reports import declared_parameters, notebook_names

mpl.use("agg")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
STATEMENT = re.compile(r"\*\*(\d\.\d[a-z]|4[a-c])\*\*")
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


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/notebooks.py, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    assert {"persona", "n", "seed", "lang"} <= declared.keys()
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


# Charts


def shown(cell: Any) -> list[ast.Call]:
    """The calls of `lp.show` in a cell."""
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) == "lp.show"]


def frame_of(call: ast.Call) -> str:
    """The frame that a call of `lp.show` shows, such as `needs.reasons`."""
    first = call.args[0]
    return ast.unparse(first.func if isinstance(first, ast.Call) else first).removeprefix("lp.")


@every_notebook
def test_charts_are_shown_in_the_language_of_the_notebook_and_are_frames_of_the_rooms(name: str) -> None:
    calls = [call for cell in code(name) for call in shown(cell)]
    assert len(calls) > 5
    assert {frame_of(call) for call in calls} <= declarations().keys()
    for call in calls:
        assert {one.arg: ast.unparse(one.value) for one in call.keywords}["lang"] == "lang"


@every_notebook
def test_every_picture_has_an_alt_text_in_the_language_of_the_notebook(name: str) -> None:
    for cell in code(name):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) == len(shown(cell)), cell.id
        for picture in pictures:
            alt = picture.metadata["image/png"]["alt"]
            assert alt.startswith("Chart: ")
            assert alt.endswith("Synthetic data.")
            assert not CJK.search(alt)
            assert not picture.data.keys() & {"image/svg+xml", "text/html"}


def test_the_pictures_of_the_profile_notebook_say_what_its_charts_say_today() -> None:
    defaults = {name: parameter.default for name, parameter in declared_parameters(NOTEBOOKS["01_profile"]).items()}
    people = lp.generate(lp.load_persona(defaults["persona"]), n=defaults["n"], seed=defaults["seed"])
    for cell in code("01_profile"):
        for call in shown(cell) if "solution" not in tags(cell) else ():
            frame, *book = (eval(ast.unparse(one), {"lp": lp, "population": people}) for one in call.args)
            asked = {one.arg: ast.literal_eval(one.value) for one in call.keywords if one.arg != "lang"}
            ax = lp.plot(frame(*book, **asked) if callable(frame) else frame, lang=defaults["lang"])
            plt.close(ax.figure)
            [picture] = [output for output in cell.outputs if "image/png" in output.get("data", {})]
            assert picture.metadata["image/png"]["alt"] == lp.charts.alt(ax), cell.id


@every_notebook
def test_what_is_shown_speaks_the_language_of_the_notebook(name: str) -> None:
    # The passport of the population and the names of sources are the same in both languages.
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
        for shape in (r"^#+ ?\d*", STATEMENT.pattern, r"^\d\. ", r"`\w+`"):
            result = [re.findall(shape, text, flags=re.MULTILINE) for text in (english, chinese)]
            assert result[0] == result[1], english[:60]


def sections(name: str) -> dict[str, str]:
    """The English prose of each numbered section, by its number."""
    english = "\n".join(cell.source for cell in prose(name) if spoken(cell) == {"lang-en"})
    parts = re.split(r"^## ", english, flags=re.MULTILINE)[1:]
    return {result[1]: part for part in parts if (result := re.match(r"(\d+) ", part))}


@every_notebook
def test_numbered_sections_follow_one_another_and_cite_statements_that_exist(name: str) -> None:
    result = sections(name)
    assert list(result) == [str(number) for number in range(1, len(result) + 1)]
    known = catalog.load("statements")
    for number, text in result.items():
        cited = STATEMENT.findall(text)
        # the last section draws the others together
        assert cited or number == str(len(result)), number
        assert set(cited) <= known.keys(), number


def test_the_profile_notebook_cites_every_statement_of_the_profile() -> None:
    wanted = {key for key in catalog.load("statements") if re.match(r"1\.[123]", key)}
    assert wanted == {f"1.{part}{letter}" for part in "123" for letter in "abcd"}
    cited = [key for text in sections("01_profile").values() for key in STATEMENT.findall(text)]
    assert sorted(cited) == sorted(wanted)


@pytest.mark.parametrize(("name", "chapter"), [("02_habits", "1.4"), ("03_needs", "2.")])
def test_a_notebook_cites_every_statement_of_its_chapter_and_says_what_is_read_back(name: str, chapter: str) -> None:
    cited = [key for text in sections(name).values() for key in STATEMENT.findall(text)]
    assert sorted(cited) == sorted(key for key in catalog.load("statements") if key.startswith(chapter))
    last = list(sections(name).values())[-1]
    assert "Read back" in last
    assert "None of it shows the article to be true of the world" in last


@every_notebook
def test_the_numbers_of_every_section_have_their_basis_shown(name: str) -> None:
    stated = [cell.source for cell in code(name) if cell.source.startswith("who.basis(")]
    assert len(stated) == len(sections(name)) - 1
    assert all(source.endswith(", lang=lang)") for source in stated)


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
    first, second = (cell.source for cell in prose(name)[:2])
    assert "made up" in first
    assert "虚构" in second
