"""The corpus of persona files: what is valid, and what each fault of the catalogue looks like to a user.

`cases/invalid/NN-….yaml` states on its first lines what the program must say, without the name of the file; NN is
the row of the catalogue of faults. A first line `# note: …` in `cases/valid` is what must be remarked.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cases import CASES

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.core import catalog

VALID = sorted((CASES / "valid").glob("*.yaml"))
INVALID = sorted((CASES / "invalid").glob("*.yaml"))
BEYOND = {line for line in (CASES / "beyond_the_schema.txt").read_text(encoding="utf-8").splitlines() if line}
# Row 1 is about files that are not there, row 3 about what the parser of YAML words its own way, row 6 about text
# that is a fault only as a number (row 7); 26 and 27 are about hazards, which no block takes yet.
ROWS = {2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25}


def stem(path: Path) -> str:
    return path.stem


def load(path: Path) -> lp.Persona:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lp.PersonaWarning)
        return lp.load_persona(path)


def stated(path: Path) -> list[str]:
    """The faults that a file says it has, as a user must see them."""
    result = []
    for line in path.read_bytes().decode("utf-8", errors="replace").splitlines():
        if not re.match(r"# (\d+: |not UTF-8)", line):
            break
        result.append(f"{path.name}:{line.removeprefix('# ') if line[2].isdigit() else line[1:]}")
    return result


def test_the_corpus_is_there_and_covers_the_rows_of_the_catalogue() -> None:
    assert len(VALID) >= 10
    assert len(INVALID) >= 190
    rows = {int(path.name[:2]) for path in (*VALID, *INVALID) if path.name[:2].isdigit()}
    assert rows == ROWS


@pytest.mark.parametrize("path", INVALID, ids=stem)
def test_an_invalid_file_is_refused_with_the_faults_it_states(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = stated(path)
    assert expected
    with pytest.raises(SystemExit) as left:
        main(["describe", str(path)])
    result = capsys.readouterr()
    assert left.value.code == 2
    assert result.out == ""
    assert result.err.splitlines() == expected


@pytest.mark.parametrize("path", VALID, ids=stem)
def test_a_valid_file_loads_and_what_looks_like_a_slip_is_remarked(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    notes = [f"{path.name}:{line.removeprefix('# note: ')}" for line in lines if line.startswith("# note: ")]
    with warnings.catch_warnings(record=True) as remarked:
        warnings.simplefilter("always")
        persona = lp.load_persona(path)
    assert [str(warning.message) for warning in remarked] == list(persona.notes) == notes
    with pytest.raises(SystemExit) as left:
        main(["digest", str(path), "--n", "50"])
    assert left.value.code == 0
    assert capsys.readouterr().err.splitlines() == [f"note: {note}" for note in notes]


# There and back

EVERY = [*catalog.persona_files().values(), *VALID]


@pytest.mark.parametrize("path", EVERY, ids=stem)
def test_a_resolved_persona_reads_back_as_itself_and_resolving_again_changes_nothing(
    path: Path, tmp_path: Path
) -> None:
    persona = load(path)
    written = tmp_path / path.name
    written.write_text(persona.to_yaml(), encoding="utf-8")
    again = load(written)
    assert again == persona
    assert again.digest == persona.digest
    assert again.to_yaml() == persona.to_yaml()
    assert "extends" not in again.to_yaml()
    assert {name: c.thresholds.tolist() for name, c in again.conditionals.items()} == {
        name: c.thresholds.tolist() for name, c in persona.conditionals.items()
    }


def test_the_digest_ignores_layout_and_comments_and_nothing_else(tiny_text: str, tmp_path: Path) -> None:
    def digest(text: str) -> str:
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        return load(tmp_path / "x.yaml").digest

    laid_out = "# a comment\n" + tiny_text.replace(
        "{male: 0.6, female: 0.4}", "\n      female: 0.40 # few\n      male: 6e-1"
    )
    assert digest(laid_out) == digest(tiny_text)
    for old, new in (
        ("0.6, female: 0.4", "0.7, female: 0.3"),
        ("Tiny", "Tinier"),
        ("1.2a", "1.2b"),
        ("0.24", "0.2"),
        ("male: 3", "male: 4"),
        ("easy to work by hand", "why not"),
    ):
        assert digest(tiny_text.replace(old, new, 1)) != digest(tiny_text), new
    rule = "rules:\n  r: {never: {sex: male, age_years: 20}, basis: stated, source: 1.2a}\n"
    zero = tiny_text.replace("age_years: 20..24}, multiply: {male: 3}", "age_years: 20..24}, multiply: {male: 0}")
    assert digest(zero + rule) != digest(zero)


# The schema for editors

SCHEMA: dict[str, Any] = lp.Persona.schema()


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: true and 0.5 are no texts, yes and 20:30 are."""


Core.yaml_implicit_resolvers = {}
for tag, pattern in {
    "null": r"~|null|",
    "bool": r"true|false",
    "int": r"[-+]?[0-9]+",
    "float": r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?",
}.items():
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^({pattern})$"), None)
Core.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def keyed(value: Any) -> Any:
    """Keys as JSON has them."""
    if isinstance(value, dict):
        return {str(key): keyed(inner) for key, inner in value.items()}
    return [keyed(inner) for inner in value] if isinstance(value, list) else value


def accepted(path: Path) -> bool:
    """Whether an editor that knows the schema finds nothing wrong."""
    try:
        content = keyed(yaml.load(path.read_text(encoding="utf-8-sig"), Core))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        return False
    return bool(jsonschema.Draft7Validator(SCHEMA).is_valid(content))


def test_the_schema_is_one_and_is_the_file_that_ships() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    shipped = (catalog.FOLDER / "persona.schema.json").read_text(encoding="utf-8")
    assert yaml.safe_load(shipped) == SCHEMA


@pytest.mark.parametrize("path", catalog.persona_files().values(), ids=stem)
def test_a_shipped_persona_names_the_schema_for_editors(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == catalog.FOLDER / "persona.schema.json"


@pytest.mark.parametrize("path", EVERY, ids=stem)
def test_the_schema_accepts_what_the_program_accepts(path: Path) -> None:
    content = keyed(yaml.load(path.read_text(encoding="utf-8-sig"), Core))
    assert [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(content)] == []


def test_the_schema_tells_every_fault_but_those_it_is_known_not_to() -> None:
    assert {path.name for path in INVALID if accepted(path)} == BEYOND


def test_the_schema_offers_the_levels_of_every_standard_column() -> None:
    blocks = SCHEMA["properties"]["variables"]["properties"]
    for name, (_, column) in lp.tables.stated().items():
        if column.levels and not column.open:
            assert blocks[name]["properties"]["shares"]["propertyNames"] == {"enum": list(column.levels)}
