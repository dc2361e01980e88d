"""The hidden table left out of a population that is handed out: nothing else changes, and the rest of it works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lives import unstated

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.simulation import streaming, users
from loanpersona.tables import store

OBSERVED = ["users", "applications", "loans", "instalments", "signals"]
N, SEED = 2_500, 3
FORMATS = store.FORMATS


@pytest.fixture(scope="module")
def small(article: lp.Persona) -> lp.Population:
    return lp.generate(article, n=N, seed=SEED)


@pytest.fixture(params=FORMATS)
def folders(request: pytest.FixtureRequest, small: lp.Population, tmp_path: Path) -> tuple[Path, Path]:
    """The population saved with its hidden table, and without."""
    whole = small.save(tmp_path / "whole", format=request.param)
    return whole, small.without_truth().save(tmp_path / "rest", format=request.param)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stated(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def lines(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text(encoding="utf-8").splitlines()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[Any, list[str], list[str]]:
    """How a command ends, and the lines it prints as output and as errors."""
    with pytest.raises(SystemExit) as left:
        main(["generate", "--n", str(N), "--seed", str(SEED), *arguments])
    said = capsys.readouterr()
    return left.value.code, said.out.splitlines(), said.err.splitlines()


# What is left out, and what is not


def test_the_files_of_all_other_tables_are_the_same_to_the_byte(folders: tuple[Path, Path]) -> None:
    whole, rest = map(files, folders)
    [gone] = whole.keys() - rest.keys()
    assert gone.startswith("truth.")
    assert rest.keys() < whole.keys()
    assert {name for name in rest if rest[name] != whole[name]} == {"dictionary.md", "datasheet.md", "manifest.json"}


def test_the_dictionary_lacks_the_rows_of_the_hidden_table_and_no_other(folders: tuple[Path, Path]) -> None:
    whole, rest = (lines(folder, "dictionary.md") for folder in folders)
    assert rest == [line for line in whole if not line.startswith("| truth")]
    assert len(whole) - len(rest) == 9
    assert "hidden" not in "\n".join(rest)


def test_the_datasheet_says_what_was_left_out_and_who_can_make_it_again(folders: tuple[Path, Path]) -> None:
    whole, rest = (lines(folder, "datasheet.md") for folder in folders)
    changed = [(old, new) for old, new in zip(whole, rest, strict=True) if old != new]
    (_, digest), (_, english), (_, chinese) = changed
    assert digest == f"| digest 摘要 | `{stated(folders[1])['digest']}` |"
    assert "was left out of this folder; whoever knows persona and seed, which stand above, can make it" in english
    assert "知道上列画像与种子的人可以重新生成" in chinese
    assert "teacher" not in english


def test_the_manifest_differs_in_digests_and_in_the_hidden_table_alone(folders: tuple[Path, Path]) -> None:
    whole, rest = map(stated, folders)
    assert whole["tables"].pop("truth")["hidden"]
    assert whole["tables"] == rest["tables"]
    assert {key for key in whole if whole[key] != rest[key]} == {"digest", "texts", "sha256"}
    said = json.dumps(rest)
    assert [name for name in lp.tables.table("truth").columns if f'"{name}"' in said] == ["user_id"]
    assert "truth" not in said


def test_the_digest_is_that_of_the_tables_that_are_left(folders: tuple[Path, Path], small: lp.Population) -> None:
    rest = small.without_truth()
    assert rest.digest == lp.load_population(folders[1]).digest == stated(folders[1])["digest"]
    assert rest.digest == lp.generate(lp.load_persona(), n=N, seed=SEED, tables=OBSERVED).digest != small.digest
    again = lp.load_population(folders[0]).without_truth()
    assert again.made == rest.made == {**small.made, "digest": rest.digest}


def test_a_population_keeps_its_hidden_table_when_it_gives_one_without(small: lp.Population) -> None:
    rest = small.without_truth()
    assert list(rest.tables) == OBSERVED == list(small.tables)[:-1]
    assert all(rest.tables[name] is small.tables[name] for name in OBSERVED)
    assert len(small.truth) == N
    assert [schema.name for schema in rest.schemas] == OBSERVED
    assert rest.without_truth().digest == rest.digest


def test_nothing_but_the_hidden_table_cannot_be_left_without(article: lp.Persona) -> None:
    with pytest.raises(
        lp.InputError, match=r"^tables: truth: nothing else was made\. Allowed: some other table too\.$"
    ):
        lp.generate(article, n=5, tables=["truth"]).without_truth()


# What still works


def test_who_asks_for_the_hidden_table_is_told_how_it_is_made(folders: tuple[Path, Path]) -> None:
    loaded = lp.load_population(folders[1])
    with pytest.raises(lp.InputError) as caught:
        _ = loaded.truth
    assert str(caught.value) == (
        "tables: truth was not made, or was left out. Known: users, applications, loans, instalments, signals. "
        "Hint: generate makes it from the persona article with n = 2500 and seed = 3."
    )
    assert "truth" not in repr(loaded)


def test_the_hint_leads_to_the_very_table(folders: tuple[Path, Path], small: lp.Population) -> None:
    loaded = lp.load_population(folders[1])
    made = lp.generate(lp.load_persona(loaded.persona), n=loaded.n, seed=loaded.seed, tables=["truth"])
    pd.testing.assert_frame_equal(made.truth, small.truth, check_exact=True)


def test_analyses_of_what_a_lender_sees_give_the_same(folders: tuple[Path, Path]) -> None:
    whole, rest = map(lp.load_population, folders)
    for made in (lambda p: lp.profile.shares(p, of="age_band"), lp.habits.limit_use):
        pd.testing.assert_frame_equal(made(rest), made(whole), check_exact=True)


def test_an_earlier_population_with_its_hidden_table_is_replaced_whole(small: lp.Population, tmp_path: Path) -> None:
    small.save(tmp_path / "people")
    small.without_truth().save(tmp_path / "people")
    assert not list((tmp_path / "people").glob("truth*"))
    assert list(lp.load_population(tmp_path / "people").tables) == OBSERVED


# On the command line


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_what_python_does_block_by_block(
    format: str,
    small: lp.Population,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(users, "BLOCK", users.CIRCLE)
    ways = {"whole": (), "rest": ("--without-truth",)}
    ended = {name: run(capsys, "--out", str(tmp_path / name), "--format", format, *way) for name, way in ways.items()}
    assert [(code, err) for code, _, err in ended.values()] == [(0, []), (0, [])]
    whole, rest = (files(tmp_path / name) for name in ways)
    assert {name for name in whole if rest.get(name) != whole[name]} == {
        f"truth.{format}",
        "dictionary.md",
        "datasheet.md",
        "manifest.json",
    }
    out = [line.replace("/whole", "/rest") for line in ended["whole"][1] if not line.startswith(("truth", "digest"))]
    digest = small.without_truth().digest
    assert ended["rest"][1] == [*out[:-1], f"digest {digest}", out[-1]]
    assert lp.load_population(tmp_path / "rest").digest == digest
    by_python = small.without_truth().save(tmp_path / "python", format=format)
    assert format == "parquet" or files(by_python) == rest


def test_with_tables_named_it_holds_where_none_of_them_is_hidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "people")
    code, _, err = run(capsys, "--without-truth", "--tables", "users, truth", "--tables", "loons", "--out", out)
    assert code == 2
    unknown, hidden = err
    assert unknown.startswith("tables: loons: unknown table. Did you mean 'loans'?")
    assert hidden == "tables: truth: left out by --without-truth. Allowed: one of the two."
    assert list(tmp_path.iterdir()) == []
    assert run(capsys, "--without-truth", "--tables", "loans", "--out", out)[0] == 0
    assert list(lp.load_population(out).tables) == ["loans"]


def test_a_persona_without_a_window_leaves_its_people_alone(article: lp.Persona, tmp_path: Path) -> None:
    bare = unstated(article, "window", "calendar")
    assert streaming.observed(bare) == ["users"]
    assert streaming.observed(article) == OBSERVED
    saved = streaming.stream(bare, tmp_path / "people", n=10, seed=SEED, tables=streaming.observed(bare))
    assert saved.digest == lp.generate(bare, n=10, seed=SEED).without_truth().digest


def test_the_help_says_who_can_make_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--help")
    assert "Whoever knows persona and seed, which the folder names, can make it again." in " ".join(
        " ".join(out).split()
    )
