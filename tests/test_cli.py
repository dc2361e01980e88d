"""The command line: what it writes and prints, how it refuses, and that it leaves nothing half done behind."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import loanpersona as lp
from loanpersona.cli import cli, main
from loanpersona.reports import notebook_names
from loanpersona.tables import store

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def assert_refused(self, code: int, *faults: str) -> None:
        """Check that it failed with one line a fault and nothing else."""
        assert self.code == code
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == len(faults), self.err
        for line, fault in zip(lines, faults, strict=True):
            assert re.search(fault, line), (fault, line)


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert isinstance(left.value.code, int)
        return Ended(left.value.code, *capsys.readouterr())

    return command


def start(*arguments: str, python: tuple[str, ...] = ("-m", "loanpersona"), **settings: Any) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    return subprocess.Popen([sys.executable, *python, *arguments], **pipes)


def ended(process: subprocess.Popen[str]) -> Ended:
    with process:
        out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out or "", err)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What it does


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_generate_writes_a_population_and_prints_its_digest(run: Run, tmp_path: Path, format: str) -> None:
    out = tmp_path / "new" / "people"
    result = run("generate", "--n", "60", "--seed", "3", "--out", str(out), "--format", format)
    expected = lp.generate(lp.load_persona("article"), n=60, seed=3)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        *(f"{name}: {len(frame):,} rows, {frame.shape[1]} columns" for name, frame in expected.tables.items()),
        "SYNTHETIC: drawn from a persona file; no row is a real person",
        "persona article, n 60, seed 3",
        f"digest {expected.digest}",
        str(out),
    ]
    assert sorted(files(tmp_path)) == sorted(
        f"new/people/{name}"
        for name in (*(f"{t}.{format}" for t in lp.tables.names()), "datasheet.md", "dictionary.md", "manifest.json")
    )
    assert lp.load_population(out).digest == expected.digest


def test_a_command_of_its_own_process_does_the_same(tmp_path: Path) -> None:
    result = ended(
        start("generate", "--n", "60", "--seed", "3", "--persona", "evidence", "--out", str(tmp_path / "out"))
    )
    expected = lp.generate(lp.load_persona("evidence"), n=60, seed=3)
    assert (result.code, result.err) == (0, "")
    assert f"digest {expected.digest}\n" in result.out
    assert lp.load_population(tmp_path / "out").digest == expected.digest


@pytest.mark.parametrize("named", [["truth,users"], ["truth", "users"], ["truth, users,truth"]])
def test_only_the_tables_asked_for_are_made(run: Run, tmp_path: Path, named: list[str]) -> None:
    options = [word for each in named for word in ("--tables", each)]
    assert run("generate", "--n", "20", "--out", "both", *options).code == 0
    result = run("generate", "--n", "20", "--out", "one", "--tables", named[0].split(",")[0])
    assert result.out.splitlines()[0] == "truth: 20 rows, 9 columns"
    assert sorted(path.stem for path in (tmp_path / "both").glob("*.parquet")) == ["truth", "users"]
    assert [path.stem for path in (tmp_path / "one").glob("*.parquet")] == ["truth"]
    alone = lp.generate(lp.load_persona("article"), n=20, tables=["truth"])
    assert lp.load_population(tmp_path / "one").digest == alone.digest


def test_unknown_tables_are_told_with_all_other_faults(run: Run, tmp_path: Path) -> None:
    run("generate", "--n", "x", "--out", "x", "--tables", "thruth,loons").assert_refused(
        2, "^n = 'x'", "^tables: thruth: unknown table. Did you mean 'truth'", "^tables: loons: unknown table."
    )
    run("generate", "--out", "x", "--tables", "").assert_refused(2, "^tables: : unknown table. Known: users, app")
    assert list(tmp_path.iterdir()) == []


def test_generate_replaces_an_earlier_population(run: Run, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert run("generate", "--n", "20", "--seed", seed, "--out", "people", "--format", "csv").code == 0
    assert json.loads((tmp_path / "people/manifest.json").read_text(encoding="utf-8"))["seed"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["people"]


@pytest.mark.parametrize("n", ["1_000", " 1000 ", "1000"])
def test_digest_stands_alone_on_the_last_line(run: Run, n: str) -> None:
    result = run("digest", "article", "--n", n, "--seed", str(2**128 - 1))
    persona = lp.load_persona("article")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"persona article {persona.digest}, n 1000, seed {2**128 - 1}",
        lp.generate(persona, n=1000, seed=2**128 - 1).digest,
    ]


def test_a_persona_may_be_a_file(run: Run, tmp_path: Path) -> None:
    changed = tmp_path / "mine.yaml"
    changed.write_text(
        "persona: mine\nformat: 1\nextends: article\ntitle: {en: Mine, zh: 我的}\nabout: {en: Mine, zh: 我的}\n"
        "variables:\n  sex: {shares: {male: 0.5, female: 0.5}}\n",
        encoding="utf-8",
    )
    result = run("digest", str(changed), "--n", "50")
    assert result.code == 0
    assert result.out.splitlines()[-1] == lp.generate(lp.load_persona(changed), n=50).digest


def test_doctor_finds_this_environment_sound(run: Run) -> None:
    result = run("doctor")
    assert (result.code, result.err) == (0, "")
    rows = [line.split(maxsplit=2) for line in result.out.splitlines()]
    assert {row[0] for row in rows} == {"ok"}
    names = [row[1] for row in rows]
    assert names == [*store.versions(), "kernel", "typeface", "notebooks", "cores"]
    assert dict(zip(names, (row[2] for row in rows), strict=True))["notebooks"] == ", ".join(notebook_names())


def test_doctor_names_what_is_missing_and_the_cure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    there = store.versions()
    monkeypatch.setattr(store, "versions", lambda: {**there, "pyarrow": "not installed"})
    result = run("doctor")
    assert result.code == 3
    assert "MISSING  pyarrow" in result.out
    assert result.err.splitlines() == ["pyarrow: not installed. Install it into this environment with pip."]


def test_report_renders_each_notebook_in_each_language(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def render(names: list[str], *, said: Callable[[Path], object], **parameters: Any) -> None:
        asked.append((names, parameters))
        said(Path(parameters["out"]) / "a.html")

    monkeypatch.setattr("loanpersona.rendering.render_reports", render)
    result = run("report", "--n", "300", "--seed", "5", "--persona", "evidence", "--out", "there")
    usual = {"out": "there", "langs": ("en", "zh"), "pdf": False, "deadline": 1800.0}
    assert asked == [(notebook_names(), {**usual, "persona": "evidence", "n": 300, "seed": 5})]
    assert result.out.splitlines() == ["there/a.html", "there/index.html"]

    asked.clear()
    wishes = ["--lang", "zh", "--deadline", "60", "--assumptions", "recovery: 0.3", "--set", "sex.shares.male=0.5"]
    assert run("report", "01_profile", "--set", "sex.shares.female=0.5", *wishes).code == 0
    [(names, given)] = asked
    assert (list(names), list(given["langs"]), given["deadline"]) == (["01_profile"], ["zh"], 60.0)
    assert given["assumptions"] == "recovery: 0.3"
    assert given["changes"] == "sex.shares.female: 0.5\nsex.shares.male: 0.5"


def test_help_mentions_every_command_and_every_option(run: Run) -> None:
    assert set(cli.commands) == {"generate", "report", "describe", "digest", "check", "doctor"}
    whole = run("--help")
    assert whole.code == 0
    for name, command in cli.commands.items():
        assert re.search(rf"^  {name} +\S", whole.out, flags=re.MULTILINE)
        text = run(name, "--help")
        assert (text.code, text.err) == (0, "")
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        assert "--debug" in options
        for option in options:
            assert re.search(rf"{option}\b", text.out), (name, option)
        assert run(name, "-h").out == text.out
    for code in ("0 done", "1 a report failed", "2 the input was", "3 the machine", "130 interrupted", "143 ended"):
        assert code in re.sub(r"\s+", " ", whole.out)


def test_no_command_at_all_brings_the_help(run: Run) -> None:
    assert run() == run("--help")


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out == f"loanpersona {store.versions()['loanpersona']}\n"


def test_the_command_is_installed_under_its_name() -> None:
    [script] = entry_points(group="console_scripts", name="loanpersona")
    assert script.load() is main


# How it refuses


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["genrate"], r"genrate: unknown command\. Did you mean 'generate'\?"),
        (["xyz"], r"xyz: unknown command\. Known: generate, report, digest, describe, check, doctor\."),
        (["generate", "--sede", "7", "--out", "x"], r"'--sede'.*--seed.*See loanpersona --help\."),
        (["--sede"], r"'--sede'"),
        (["generate"], r"'--out'"),
        (["generate", "--out"], r"'--out'"),
        (["digest", "article", "more"], r"\(more\)\. See"),
        (
            ["generate", "--out", "x", "--format", "parqet"],
            r"^format = parqet: unknown format\. Did you mean 'parquet'",
        ),
        (["generate", "--out", ""], r"^out = '': no folder"),
        (["generate", "--out", "x", "--persona", "artcle"], r"^persona = artcle: unknown.*Did you mean 'article'"),
        (["digest", "evidense"], r"^persona = evidense: unknown.*Did you mean 'evidence'"),
        (["report", "--lang", "cn"], r"^lang = cn: unknown language\. .*Known: en, zh\."),
        (["report", "01_profil"], r"^01_profil: no such notebook\. Did you mean '01_profile'"),
        (["report", "--n", "0"], r"^n = 0: not a count"),
        (["report", "--out", " "], r"^out = '': no folder"),
        (["report", "--deadline", "soon"], r"^deadline = 'soon': not a count\. Allowed: a whole number from 1 to"),
    ],
)
def test_a_wrong_word_is_refused_with_a_hint(run: Run, tmp_path: Path, arguments: list[str], fault: str) -> None:
    run(*arguments).assert_refused(2, fault)
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    "n", ["abc", "1.5", "-1", "0", "1e30", "", "0x10", "--5", "1 0", "１０", "9" * 70, str(2**40 + 1)]
)
def test_an_n_that_is_no_count_is_refused_and_nothing_written(run: Run, tmp_path: Path, n: str) -> None:
    refused = run("generate", "--n", n, "--out", "x")
    refused.assert_refused(2, r"^n = .*: not a count\. Allowed: a whole number from 1 to 1,099,511,627,776\.$")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", ["abc", "1.5", "-1", "", "0x10", "--5", str(2**128), "9" * 70])
def test_a_seed_that_is_none_is_refused(run: Run, seed: str) -> None:
    run("digest", "--seed", seed).assert_refused(
        2, r"^seed = .*: not a seed\. Allowed: a whole number from 0 to 2\*\*128"
    )


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (None, [r"bad\.yaml.*no such file|unknown persona"]),
        ("", [r"^bad\.yaml:1: "]),
        ("a: [\n", [r"^bad\.yaml:2: not YAML"]),
        ("persona: bad\npersona: worse\n", [r"^bad\.yaml:2: persona.*stated twice, first in line 1"]),
        (
            "persona: Bad\nformat: 2\n",
            [
                "about: missing",
                "persona = Bad: not a name",
                "product: missing",
                "title: missing",
                "variables: missing",
                "format = 2: unknown format",
            ],
        ),
    ],
)
def test_the_faults_of_a_persona_file_are_told_line_by_line(
    run: Run, tmp_path: Path, content: str | None, faults: list[str]
) -> None:
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    before = files(tmp_path)
    run("generate", "--persona", str(path), "--out", "x").assert_refused(2, *faults)
    run("digest", str(path)).assert_refused(2, *faults)
    assert files(tmp_path) == before


def test_a_folder_is_no_persona(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    run("digest", str(tmp_path / "folder.yaml")).assert_refused(2, "is a directory. Allowed: a YAML file")


def test_all_faults_are_told_in_one_go(run: Run, tmp_path: Path) -> None:
    wrong = ["--n", "x", "--seed", "y", "--persona", "artcle"]
    shared = ["^persona = artcle", "^n = 'x'", "^seed = 'y'"]
    run("generate", *wrong, "--format", "xls", "--out", "").assert_refused(2, *shared, "^format = xls", "^out = ''")
    run("report", "nosuch", "--lang", "fr", "--lang", "fr", *wrong).assert_refused(
        2, *shared, "^nosuch: ", "^lang = fr"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_to_write_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    run("generate", "--n", "5", "--out", "taken").assert_refused(3, r"^taken: is a file\. Allowed: a folder")
    run("generate", "--n", "5", "--out", "taken/below").assert_refused(3, r"^taken/below: cannot be written")
    assert files(tmp_path) == {"taken": b"mine"}


def test_a_folder_with_other_files_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter.txt").write_text("mine", encoding="utf-8")
    run("generate", "--n", "5", "--out", "home").assert_refused(2, r"^home: holds other files \(letter\.txt\)")
    assert run("generate", "--n", "5", "--out", "people", "--format", "csv").code == 0
    (tmp_path / "people/notes.txt").write_text("mine", encoding="utf-8")
    before = files(tmp_path)
    run("generate", "--n", "6", "--out", "people").assert_refused(2, r"^people: holds other files \(notes\.txt\)")
    assert files(tmp_path) == before


def test_a_full_disk_leaves_the_earlier_population(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("generate", "--n", "5", "--out", "people", "--format", "csv").code == 0
    before = files(tmp_path)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    for out in ("people", "others"):
        ended = run("generate", "--n", "6", "--out", out, "--format", "csv")
        ended.assert_refused(3, rf"^{out}: cannot be written \({os.strerror(errno.ENOSPC)}\): needs about 0\.1 MB\.$")
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["people"]


def test_more_people_than_memory_are_refused_before_the_start(run: Run, tmp_path: Path) -> None:
    for command in (["digest"], ["generate", "--out", "x"]):
        refused = r"about [\d,]+ (applications|loans|instalments|signals) are to be expected\. Allowed: at most .* rows"
        run(*command, "--n", str(2**40)).assert_refused(2, *4 * [refused])
    assert list(tmp_path.iterdir()) == []


def test_more_people_than_a_report_can_hold_are_refused_before_a_kernel(run: Run, tmp_path: Path) -> None:
    refused = r"^n = 1,000,000,000: .* about [\d,.]+ GiB\. Allowed: at most 4 GiB in a report, which is n = [\d,]+ of"
    run("report", "--n", "1000000000").assert_refused(2, refused)
    assert list(tmp_path.iterdir()) == []


def test_running_out_of_memory_is_said_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("loanpersona.simulation.generation.generate", exhausted)
    run("digest").assert_refused(3, r"^not enough memory\. Take a smaller n\.$")


def test_debug_shows_the_traceback_and_keeps_the_exit_code(run: Run) -> None:
    plain, debugged = run("digest", "--n", "0"), run("digest", "--n", "0", "--debug")
    assert "Traceback" not in plain.err
    assert debugged.err.startswith("Traceback (most recent call last):")
    assert debugged.err.splitlines()[-1].endswith(plain.err.strip())
    assert debugged.code == plain.code == 2


# What happens around it


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_or_being_ended_leaves_nothing_behind(tmp_path: Path, end: signal.Signals, code: int) -> None:
    # Started in the background, a shell may have told the child to ignore the signal: take it back first.
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from loanpersona.cli import main; main()"
    )
    parent = tmp_path / "deep"
    process = start("generate", "--n", "10000000", "--out", str(parent / "people"), python=("-c", script))
    patience = time.monotonic() + 30
    while not parent.exists() and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.01)  # the folder above is made right before the drawing starts
    time.sleep(0.2)
    process.send_signal(end)
    result = ended(process)
    assert result.code == code, result.err
    assert result.err.split() == ["interrupted"]
    assert list(parent.iterdir()) == []


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    for arguments in (["--help"], ["digest", "--n", "10"]):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            result = ended(start(*arguments, stdout=writing))
        finally:
            os.close(writing)
        assert (result.code, result.err) == (0, "")


def test_an_output_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));from loanpersona.cli import main; main()"
    )
    with (tmp_path / "out.txt").open("w", encoding="utf-8") as out:
        result = ended(start("digest", "--n", "10", python=("-c", script), stdout=out))
    result.assert_refused(3, rf"^output: {os.strerror(errno.EFBIG)}\.$")


def test_an_output_that_is_cut_short_is_said_though_python_does_not_buffer(tmp_path: Path) -> None:
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from loanpersona.cli import main; main()"
    )
    for buffering in ("", "1"):
        with (tmp_path / "out.txt").open("w", encoding="utf-8") as out:
            places = {**os.environ, "PYTHONUNBUFFERED": buffering}
            result = ended(start("describe", python=("-c", script), stdout=out, env=places))
        result.assert_refused(3, rf"^output: {os.strerror(errno.EFBIG)}\.$")


CHINESE_OUT = ["generate", "--n", "5", "--out", "数据", "--format", "parquet"]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["digest", "没有.yaml"], 2), (CHINESE_OUT, 0), (["digest", "--help"], 0)]
)
@pytest.mark.parametrize(
    "settings",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONUTF8": "1", "PYTHONIOENCODING": "latin-1"},
    ],
    ids=["plain locale", "plain terminal"],
)
def test_a_place_without_chinese_is_no_reason_to_fail(
    tmp_path: Path, settings: dict[str, str], arguments: list[str], code: int
) -> None:
    process = start(*arguments, cwd=tmp_path, env={**os.environ, **settings}, encoding="utf-8")
    result = ended(process)
    assert result.code == code, result.err
    assert "Error" not in result.err
    if arguments == CHINESE_OUT:
        assert [path.name for path in tmp_path.iterdir()] == ["数据"]
        assert DIGEST.search((tmp_path / "数据" / "datasheet.md").read_text(encoding="utf-8"))
        assert result.out.splitlines()[-1] in {"数据", "??????", r"\u6570\u636e"}


def test_check_holds_a_population_against_the_article_and_writes_the_ledger(run: Run, tmp_path: Path) -> None:
    ended = run("check", "--n", "2000", "--json", "ledger.json")
    assert (ended.code, ended.err) == (0, "")
    assert "1.2a  Holds            70% men. Put in. Published: Agrees" in ended.out.splitlines()
    content = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert (content["persona"], content["n"], content["seed"], len(content["statements"])) == ("article", 2000, 7, 46)


def test_check_fails_where_the_article_contradicts_itself_and_only_there(run: Run) -> None:
    women = ("--n", "1000", "--set", "sex.shares={male: 0.3, female: 0.7}")
    assert run("check", *women).code == 0
    ended = run("check", *women, "--set", "persona=article")
    assert (ended.code, ended.err) == (1, "persona article contradicts 1.2a.\n")
