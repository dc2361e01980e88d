"""The texts beside the package say what is so: their code runs, their commands, files and words exist."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from packaging.requirements import Requirement
from PIL import Image

import loanpersona as lp
from loanpersona import cli, exits
from loanpersona.analysis.frame import declarations
from loanpersona.core import catalog
from loanpersona.reports import declared_parameters, notebook_names

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")
TEXTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (*READMES, "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md")
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PICTURES = {"docs/age_pyramid.png": "en", "docs/age_pyramid.zh.png": "zh"}
PAGES = ("docs/one_page.png", "docs/one_page.zh.png")
"""The head of the page `00_article`, photographed in a browser."""
SAME = "the same name"
PRINTED = {
    "README.md": ("Sex: Assumed", "Age band", "Synthetic data"),
    "README.zh.md": ("性别：假设", "年龄段", "合成数据"),
}
"""What the tour prints, in the language of its text."""
LINE_LIMIT, PICTURE_LIMIT = 180, 80_000


def blocks(name: str, language: str = r"\w+") -> list[tuple[str, str]]:
    """The fenced blocks of a text: language and content."""
    return re.findall(rf"^```({language})\n(.*?)^```$", TEXTS[name], flags=re.MULTILINE | re.DOTALL)


def contents(name: str, language: str) -> list[str]:
    result = [content for _, content in blocks(name, language)]
    assert result, f"{name} holds no {language} block"
    return result


def prose(name: str) -> str:
    """A text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", TEXTS[name], flags=re.MULTILINE | re.DOTALL)


def spans(name: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`\n]+)`", prose(name))


def commands(name: str) -> list[tuple[list[str], list[str]]]:
    """Per command of the console blocks: its words after `loanpersona`, and the output shown below it."""
    result: list[tuple[list[str], list[str]]] = []
    for line in "".join(contents(name, "console")).splitlines():
        if line.startswith("$ "):
            program, *words = shlex.split(line[2:], comments=True)
            assert program == "loanpersona"
            result.append((words, []))
        else:
            result[-1][1].append(line)
    return result


def table(name: str, head: str) -> list[list[str]]:
    """The rows of the Markdown table whose first heading is `head`."""
    _, rest = TEXTS[name].split(f"| {head} |", maxsplit=1)
    rows = rest.split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder, and no window for charts."""
    plt.switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.mark.parametrize("name", READMES)
def test_the_tour_of_the_readme_runs(name: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, source = contents(name, "python")
    exec(compile(source, name, "exec"), {})
    assert sorted(path.name for path in empty_folder.iterdir()) == ["age.png", "people"]
    printed = capsys.readouterr().out
    for word in ("zhima_score", "borrowing_rate", *PRINTED[name]):
        assert word in printed


@pytest.mark.parametrize("name", READMES)
def test_the_first_lines_of_the_readme_print_what_is_shown_below_them(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = contents(name, "python")
    exec(compile(first, name, "exec"), {})
    [shown] = contents(name, "text")
    assert capsys.readouterr().out == shown
    assert len([line for line in first.splitlines() if line]) == 6


@pytest.mark.parametrize("name", READMES)
def test_the_commands_of_the_readme_run_and_print_what_is_shown(
    name: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del empty_folder
    for words, shown in commands(name):
        if words[0] == "report":
            continue
        with pytest.raises(SystemExit) as left:
            cli.main(words)
        assert left.value.code == 0, words
        printed = capsys.readouterr().out.splitlines()
        assert [line for line in shown if line not in printed] == [], words


@pytest.mark.parametrize("name", READMES)
def test_the_report_commands_of_the_readme_have_options_and_values_that_exist(name: str) -> None:
    reports = [words[1:] for words, _ in commands(name) if words[0] == "report"]
    assert reports
    for words in reports:
        given = cli.cli.commands["report"].make_context("report", list(words), **cli.CONTEXT).params
        assert set(given["notebooks"]) <= set(notebook_names())
        assert set(given["langs"]) <= set(lp.labels.LANGUAGES)
        assert lp.check_parameters(persona=given["persona"], n=int(given["n"]), seed=int(given["seed"]))


def test_every_command_there_is_stands_in_the_readme() -> None:
    assert {words[0] for words, _ in commands("README.md")} == set(cli.cli.commands)


@pytest.mark.parametrize(("name", "head"), [("README.md", "exit code"), ("README.zh.md", "退出码")])
def test_the_exit_codes_are_those_of_the_errors(name: str, head: str) -> None:
    rows = table(name, head)
    stated = {error.strip("`"): int(code) for code, _, error in rows if error}
    errors = (lp.ReportError, lp.InputError, lp.MachineError)
    assert stated == {error.__name__: error.exit_code for error in errors}
    assert {int(code) for code, _, error in rows if not error} == {0, exits.INTERRUPTED, exits.TERMINATED}


@pytest.mark.parametrize("name", TEXTS)
def test_every_make_target_and_variable_named_exists(name: str) -> None:
    shell = "\n".join([*spans(name), *(content for _, content in blocks(name, "sh"))])
    lines = [line for line in shell.splitlines() if line.startswith("make ")]
    variables = {variable for line in lines for variable in re.findall(r"\b([A-Z]+)=", line)}
    targets = {line.split()[1] for line in lines}
    assert targets - set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE)) == set()
    assert variables - set(re.findall(r"^([A-Z]+) \?=", MAKEFILE, flags=re.MULTILINE)) == set()
    if name in READMES:
        assert {"report", "test", "lab", "clean"} <= targets
        assert variables


@pytest.mark.parametrize("name", READMES)
def test_the_lines_for_machines_without_make_install_what_make_installs(name: str) -> None:
    options = re.search(r'-c constraints\.txt -e "[^"]+"', MAKEFILE)
    assert options
    assert TEXTS[name].count(f"python -m pip install {options[0]}") == 2
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    [activated] = re.findall(r"^conda activate (\w+)$", TEXTS[name], flags=re.MULTILINE)
    assert f"name: {activated}\n" in environment


@pytest.mark.parametrize("name", READMES)
def test_the_python_versions_named_are_those_that_make_accepts(name: str) -> None:
    [accepted] = re.findall(r"^ +([\d.|]+)\) ;;", MAKEFILE, flags=re.MULTILINE)
    assert re.findall(r"\b3\.\d\d\b", prose(name)) == accepted.split("|")


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_in_backticks_exists_or_is_made(name: str) -> None:
    kept_out = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    missing = []
    for span in spans(name):
        looks_so = re.fullmatch(r"[\w.][\w./-]*(/|\.(py|md|ya?ml|ipynb|toml|png|ttf|txt|csv))", span)
        made = any(fnmatch(span.split("/")[0] + "/", pattern) for pattern in kept_out)
        if looks_so and not made and not (ROOT / span).exists():
            missing.append(span)
    assert missing == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_to_a_file_of_the_repository(name: str) -> None:
    assert "://" not in TEXTS[name]
    targets = re.findall(r"\]\(([^)]+)\)", prose(name))
    assert [target for target in targets if not (ROOT / target).is_file()] == []
    assert len(targets) >= 5 or name not in READMES


def test_both_readmes_have_the_same_headings_tables_and_lists() -> None:
    outlines = [
        [re.match(r"#+|- |\||!", line)[0] for line in prose(name).splitlines() if re.match(r"#+ |- |\||!\[", line)]
        for name in READMES
    ]
    assert outlines[0] == outlines[1]
    assert outlines[0].count("##") >= 8


def test_both_readmes_have_the_same_code_but_for_comments_and_the_language_asked_for() -> None:
    def bare(language: str, content: str) -> str:
        if language == "python":
            return ast.dump(ast.parse(content)).replace("Constant(value='zh')", "Constant(value='en')")
        return "" if language == "text" else re.sub(r"\s+#.*", "", content)

    english, chinese = ([(lang, bare(lang, content)) for lang, content in blocks(name)] for name in READMES)
    assert english == chinese
    assert 'lang="zh"' not in TEXTS["README.md"]
    assert 'lang="en"' not in TEXTS["README.zh.md"]


@pytest.mark.parametrize("name", READMES)
def test_the_readme_is_short(name: str) -> None:
    assert len(TEXTS[name].splitlines()) <= LINE_LIMIT


def test_the_glossaries_hold_the_same_words_as_the_charts() -> None:
    english = {term: chinese for term, chinese, _ in table("README.md", "term")}
    assert english == {term: chinese for chinese, term, _ in table("README.zh.md", "中文")}
    labels = catalog.load("labels")
    known = {term: word for term in english if (word := labels.get(term.lower().replace(" ", "_")))}
    assert {term: english[term] for term in known} == {term: word["zh"] for term, word in known.items()}
    assert {"basis", "lift", "owner", "quality tier", "revolver"} <= known.keys()


@pytest.mark.parametrize("name", READMES)
def test_the_readme_names_the_notebook_and_its_parameters(name: str) -> None:
    listed = re.search(r"[(（](persona[^)）]+)[)）]", prose(name))
    assert listed
    assert re.split(r"[,，、\s]+", listed[1]) == list(declared_parameters("01_profile"))
    assert {f"notebooks/{notebook}.ipynb" for notebook in notebook_names()} <= set(spans(name))


@pytest.mark.parametrize("name", READMES)
def test_the_persona_of_the_readme_loads_and_does_what_it_says(name: str, tmp_path: Path) -> None:
    [text] = contents(name, "yaml")
    path = tmp_path / "persona.yaml"
    path.write_text(text, encoding="utf-8")
    women = lp.generate(lp.load_persona(path), n=2_000, seed=1).users["sex"].eq("female").mean()
    assert women == pytest.approx(0.5, abs=0.06)  # five standard errors


def test_the_variable_of_the_guide_appears_everywhere_and_changes_no_other_column(tmp_path: Path) -> None:
    [text] = [one for one in contents("CONTRIBUTING.md", "yaml") if one.startswith("persona:")]
    path = tmp_path / "persona.yaml"
    path.write_text(text, encoding="utf-8")
    persona = lp.load_persona(path)
    [name] = persona.variables.keys() - lp.load_persona("article").variables.keys()
    population = lp.generate(persona, n=2_000, seed=7)
    plain = lp.generate(lp.load_persona("article"), n=2_000, seed=7)
    assert population.users.drop(columns=name).equals(plain.users)
    assert population.truth.equals(plain.truth)
    shares = population.users[name].value_counts(normalize=True)
    stated = dict(zip(persona.variables[name].values, map(float, persona.variables[name].law.shares), strict=True))
    assert shares.to_dict() == pytest.approx(stated, abs=0.06)  # five standard errors
    for lang, word in dict(persona.variables[name].own_words)[name]:
        assert repr(persona.basis(name, lang=lang)).startswith(word + {"en": ": ", "zh": "："}[lang])
        assert word in (population.save(tmp_path / "people") / "dictionary.md").read_text(encoding="utf-8")


def test_the_pictures_are_what_the_guide_makes_of_the_persona(empty_folder: Path) -> None:
    (empty_folder / "docs").mkdir()
    [source] = [one for one in contents("CONTRIBUTING.md", "python") if one.startswith("import loanpersona")]
    exec(compile(source, "CONTRIBUTING.md", "exec"), {})
    for picture, lang in PICTURES.items():
        with Image.open(empty_folder / picture) as made, Image.open(ROOT / picture) as kept:
            said, wanted = (re.findall(r"[\w.%]+", image.info["Description"]) for image in (kept, made))
            assert said == wanted, f"make {picture} again"
            assert kept.size == made.size
        assert lp.labels.phrase("synthetic_mark", lang) in kept.info["Description"]


@pytest.mark.parametrize(("name", "picture"), list(zip(READMES, PAGES, strict=True)))
def test_the_picture_of_the_readme_is_small_and_has_words(name: str, picture: str) -> None:
    [(words, target)] = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", TEXTS[name])
    assert target == picture
    assert len(words) > 20
    assert (ROOT / picture).stat().st_size < PICTURE_LIMIT


def test_every_decision_takes_five_lines_at_most() -> None:
    decisions = re.split(r"^#+ .+$", TEXTS["DECISIONS.md"], flags=re.MULTILINE)
    sizes = [len([line for line in text.splitlines() if line.strip() and line[0] != "|"]) for text in decisions]
    assert max(sizes) <= 5
    assert len(sizes) > 30


def test_each_of_the_127_old_frames_is_gone_or_has_a_call_that_there_is() -> None:
    rows = table("DECISIONS.md", "room")
    old = [f"{room}.{name}" for room, before, _ in rows for name in re.findall(r"`(\w+)`", before)]
    assert len(old) == len(set(old)) == 127
    same = [f"{room}.{name}" for room, before, now in rows for name in re.findall(r"`(\w+)`", before) if now == SAME]
    calls = [ast.parse(call, mode="eval").body for row in rows for call in re.findall(r"`(\w+\.\w+\([^`]*\))`", row[2])]
    frames = declarations()
    assert [name for name in same if name not in frames] == []
    assert [row for row in rows if row[2] != SAME and "gone" not in row[2] and "(" not in row[2]] == []
    for call in calls:
        name, given = ast.unparse(call.func), {keyword.arg for keyword in call.keywords}
        room, _, function = name.partition(".")
        assert hasattr(getattr(lp, room), function), name
        assert name not in frames or given <= set(frames[name].arguments), ast.unparse(call)


def test_every_dependency_has_its_reason() -> None:
    _, reasons = TEXTS["DECISIONS.md"].split("\n# Dependencies\n")
    headings = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^## (.+)$", reasons, flags=re.MULTILINE))))
    declared = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    assert {Requirement(r).name for r in declared} - headings - {PROJECT["name"]} == set()
    assert len(declared) > 20


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    assert re.findall(r"^## (\S+)", TEXTS["CHANGELOG.md"], flags=re.MULTILINE)[0] == PROJECT["version"]
