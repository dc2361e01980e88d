"""The sample population of the repository: made again byte for byte, small, described and marked as synthetic."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import loanpersona as lp
from loanpersona.tables import store

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
CJK = re.compile("[\u4e00-\u9fff]")
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample made again with the numbers of tools/sample.py."""
    spec = importlib.util.spec_from_file_location("sample_tool", ROOT / "tools" / "sample.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.SAMPLE == SAMPLE
    population = lp.generate(lp.load_persona("article"), n=tool.N, seed=tool.SEED)
    return population.save(tmp_path_factory.mktemp("sample") / "again", format="csv")


def manifest(folder: Path) -> dict[str, Any]:
    stated: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return stated


def read(name: str) -> str:
    return (SAMPLE / name).read_text(encoding="utf-8")


def test_the_sample_holds_these_files_and_no_other() -> None:
    expected = sorted(
        [*(f"{name}.csv" for name in lp.tables.names()), "datasheet.md", "dictionary.md", "manifest.json"]
    )
    assert sorted(path.name for path in SAMPLE.iterdir()) == expected


@pytest.mark.parametrize("name", [*(f"{name}.csv" for name in lp.tables.names()), "dictionary.md", "datasheet.md"])
def test_made_again_a_file_is_the_same_to_the_byte(again: Path, name: str) -> None:
    assert (again / name).read_bytes() == (SAMPLE / name).read_bytes()


def test_made_again_the_manifest_differs_in_nothing_but_versions(again: Path) -> None:
    ours, theirs = manifest(SAMPLE), manifest(again)
    ours_made, theirs_made = ours.pop("versions"), theirs.pop("versions")
    assert ours_made.keys() == theirs_made.keys() == store.versions().keys()
    assert (ours.pop("sha256") == theirs.pop("sha256")) == (ours_made == theirs_made)
    assert ours == theirs


def test_the_sample_loads_and_has_the_digest_it_states() -> None:
    population = lp.load_population(SAMPLE)
    assert population.digest == manifest(SAMPLE)["digest"]
    assert (population.persona, population.n, population.seed) == ("article", 2_000, 7)
    assert population.persona_digest == lp.load_persona("article").digest
    assert len(population.users) == len(population.truth) == 2_000


def test_the_sample_needs_nothing_but_pandas_to_be_read() -> None:
    people = pd.read_csv(SAMPLE / "users.csv", parse_dates=["registered_at"])
    assert people["user_id"].tolist() == list(range(2_000))
    assert lp.profile.shares(users=people, of="sex")["k"].sum() == 2_000


def test_the_sample_is_small() -> None:
    assert 0 < sum(path.stat().st_size for path in SAMPLE.iterdir()) < MOST_BYTES


@pytest.mark.parametrize("name", ["dictionary.md", "datasheet.md", "manifest.json"])
def test_every_text_says_that_the_people_are_made_up(name: str) -> None:
    assert store.SYNTHETIC in read(name)
    assert "SYNTHETIC" in store.SYNTHETIC


def test_the_dictionary_describes_every_column_in_both_languages() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in read("dictionary.md").splitlines()
        if line.startswith("| ")
    ]
    head, *described = rows
    population = lp.load_population(SAMPLE)
    columns = [(name, column) for name, frame in population.tables.items() for column in frame]
    assert [(row[0].removesuffix(" (hidden)"), row[1]) for row in described] == columns
    for row in described:
        result = dict(zip(head, row, strict=True))
        assert result["label"], row
        assert result["meaning"], row
        assert CJK.search(result["名称"]), row
        assert CJK.search(result["含义"]), row
        assert not CJK.search(result["label"] + result["meaning"]), row
        assert (result["table"] == "truth (hidden)") == result["table"].startswith("truth"), row


@pytest.mark.parametrize(
    "heading", ["Purpose 用途", "Not for 不适用于", "How it was made 生成方式", "Files 文件", "Known gaps 已知不足"]
)
def test_the_datasheet_says_it_in_both_languages(heading: str) -> None:
    [section] = re.findall(rf"^## {heading}\n(.+)\n(.+)$", read("datasheet.md"), flags=re.MULTILINE)
    english, chinese = section
    assert not CJK.search(english)
    assert CJK.search(chinese)


def test_the_datasheet_names_what_the_sample_was_made_from() -> None:
    made = manifest(SAMPLE)
    rows = re.findall(r"^\| [a-z]+ \S+ \| (.+) \|$", read("datasheet.md"), flags=re.MULTILINE)
    assert rows == [made["persona"], str(made["n"]), str(made["seed"]), f"`{made['digest']}`"]
    assert "{" not in read("datasheet.md")
