"""The runner: what ends a notebook is named, one failure stops no other, and nothing is left behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from small_notebooks import acting, alive

import loanpersona as lp
from loanpersona.core.errors import InputError, MachineError, ReportError
from loanpersona.core.words import phrase
from loanpersona.rendering import MOST_MEMORY, render_report, render_reports
from loanpersona.reports import parameters as parameters_room
from loanpersona.reports import run
from loanpersona.reports.kernel import MOST_KEPT
from loanpersona.simulation.generation import memory

ENDS = {
    "raises": ("raise ValueError('no\\nluck')", r"raises \(en\): cell 3 failed: ValueError: no; luck"),
    "stops": ("import sys; sys.exit(0)", r"stops \(en\): cell 3 stopped the notebook: SystemExit: 0"),
    "asks": ("input()", r"asks \(en\): cell 3 failed: StdinNotImplementedError: .*"),
    "leaves": ("os._exit(9)", r"leaves \(en\): cell 3: kernel left with exit code 9"),
    "killed": (
        "import signal; os.kill(os.getpid(), signal.SIGKILL)",
        r"killed \(en\): cell 3: kernel died of signal 9 \(SIGKILL, probably out of memory\)",
    ),
    "crashes": (
        "import signal; os.kill(os.getpid(), signal.SIGSEGV)",
        r"crashes \(en\): cell 3: kernel died of signal 11 \(SIGSEGV\)",
    ),
    "floods": ("while True: print('x' * 1_000_000)", r"floods \(en\): cell 3: put out more than 100 MB"),
}
"""What a cell does, and what is said of it."""
SOUND = {"good": "pass", "prints": "print('x' * 50_000_000)", "counts": "for i in range(300_000): print(i)"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of notebooks, taken for those that ship, with `temporary` for what is put away."""
    result = tmp_path_factory.mktemp("notebooks")
    (result / "temporary").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters_room, "_FOLDERS", (result,))
        patch.setattr(tempfile, "tempdir", str(result / "temporary"))
        yield result


@pytest.fixture(scope="module")
def batch(folder: Path) -> tuple[Path, list[Path], ReportError]:
    """One call for notebooks of which most fail: the folder, the pages told, and the error at the end."""
    names = {name: act for name, (act, _) in ENDS.items()} | SOUND
    for name, act in names.items():
        acting(folder / f"{name}.ipynb", act)
    told: list[Path] = []
    with pytest.raises(ReportError) as caught:
        render_reports(list(names), out=folder / "out", said=told.append)
    return folder / "out", told, caught.value


# What ended a notebook


def test_what_ended_each_notebook_is_said_in_a_line(batch: tuple[Path, list[Path], ReportError]) -> None:
    lines = sorted(str(batch[2]).splitlines())
    assert len(lines) == len(ENDS)
    for line, (_, said) in zip(lines, (ENDS[name] for name in sorted(ENDS)), strict=True):
        assert re.fullmatch(said, line), line
    assert batch[2].exit_code == 1


def test_one_failure_stops_no_other(batch: tuple[Path, list[Path], ReportError]) -> None:
    out, told, _ = batch
    pages = sorted(path.name for path in out.glob("*.html") if not path.name.startswith("index."))
    assert pages == sorted(f"{name}.article.n50.seed7.{lang}.html" for name in SOUND for lang in ("en", "zh"))
    assert sorted(path.name for path in told) == pages
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(row["file"] for row in manifest["reports"]) == pages


def test_what_failed_is_kept_as_far_as_it_ran(batch: tuple[Path, list[Path], ReportError]) -> None:
    out = batch[0]
    assert sorted(path.name for path in out.glob("*.ipynb")) == sorted(f"{name}.failed.ipynb" for name in ENDS)
    for path in out.glob("*.failed.ipynb"):
        kept = nbformat.read(path, as_version=4)
        assert "part in English" in str([cell.get("outputs") for cell in kept.cells]), path.name
        assert not kept.cells[-1].outputs
        assert not [part for part in (kept, *kept.cells) if "papermill" in part.metadata]
        assert path.stat().st_size < 1.1 * MOST_KEPT


def test_too_much_output_is_cut_with_a_note(batch: tuple[Path, list[Path], ReportError]) -> None:
    for name in ("prints", "counts"):
        for path in batch[0].glob(f"{name}.*.html"):
            assert MOST_KEPT < path.stat().st_size < 2_000_000
            note = phrase("report_cut", path.name.split(".")[-2])
            assert note in path.read_text(encoding="utf-8")
    assert "a page can hold" not in next(batch[0].glob("good.*.en.html")).read_text(encoding="utf-8")


def test_a_batch_leaves_no_folder_no_key_and_no_draft(
    folder: Path, batch: tuple[Path, list[Path], ReportError]
) -> None:
    assert list((folder / "temporary").iterdir()) == []
    assert [path for path in batch[0].iterdir() if path.name.startswith(".")] == []


def test_a_notebook_that_takes_too_long_is_ended_with_all_it_started(folder: Path) -> None:
    note = folder / "child"
    act = f"""
import subprocess, time
child = subprocess.Popen(["sleep", "300"])
Path({str(note)!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
while True: pass"""
    began = time.monotonic()
    with pytest.raises(ReportError, match=r"loops \(en\): cell 3: timed out after 8 s$"):
        render_report(acting(folder / "loops.ipynb", act), out=folder / "out", deadline=8)
    assert time.monotonic() - began < 8 + 5
    assert not any(map(alive, map(int, note.read_text(encoding="utf-8").split())))


def test_no_kernel_at_all_is_the_fault_of_the_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(folder / "nowhere"))
    acting(folder / "one.ipynb")
    with pytest.raises(MachineError, match=r"^no kernel: .*No such file.*\. Hint: try `python -m ipykernel"):
        render_reports(["one"], out=folder / "none")
    assert [path.name for path in (folder / "none").iterdir()] == []


def test_answers_are_not_run_for_a_page_but_counted(folder: Path) -> None:
    path = acting(folder / "answers.ipynb", "raise ValueError('first')")
    notebook = nbformat.read(path, as_version=4)
    answer = nbformat.v4.new_code_cell("raise ValueError('answer')", metadata={"tags": ["solution"]})
    notebook.cells.insert(3, answer)
    nbformat.write(notebook, path)
    with pytest.raises(ReportError, match=r"answers \(en\): cell 4 failed: ValueError: first$"):
        render_report(path, out=folder / "out")


# One run, two languages


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ran: list[str] = []
    once = run._execute
    monkeypatch.setattr(run, "_execute", lambda *given: (ran.append(given[1]["lang"]), once(*given))[1])
    return ran


def test_a_notebook_that_shows_itself_in_both_languages_is_run_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = count_runs(monkeypatch)
    pages = render_reports([acting(folder / "both.ipynb")], out=folder / "out")
    assert ran == ["en"]
    assert [path.suffixes[-2] for path in pages] == [".en", ".zh"]
    assert "Words." in pages[0].read_text(encoding="utf-8")
    assert "文字。" in pages[1].read_text(encoding="utf-8")


def test_a_notebook_that_shows_itself_in_one_language_is_run_for_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = count_runs(monkeypatch)
    own = acting(folder / "single.ipynb", "print('this is ' + lang)")
    pages = render_reports([own], out=folder / "out")
    assert ran == ["en", "zh"]
    for path, said in zip(pages, ("this is en", "this is zh"), strict=True):
        assert said in path.read_text(encoding="utf-8")


def test_a_page_that_is_there_is_made_again_only_where_something_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = count_runs(monkeypatch)
    acting(folder / "again.ipynb")
    first = render_reports(["again"], out=folder / "out")
    assert render_reports(["again"], out=folder / "out") == first
    assert ran == ["en"]
    first[1].write_bytes(b"changed by somebody")
    render_reports(["again"], out=folder / "out")
    assert ran == ["en", "zh"]  # the other page is whole
    assert "文字。" in first[1].read_text(encoding="utf-8")
    acting(folder / "again.ipynb", "1")
    acting(folder / "next.ipynb")
    render_reports(["again"], out=folder / "out", langs=["en"])
    assert ran == ["en", "zh", "en"]
    render_reports(["again", "next"], out=folder / "out", langs=["en"])
    assert ran == ["en", "zh", "en", "en", "en"]  # the first now leads to the second


def test_what_a_report_assumes_reaches_its_notebook_and_its_name(folder: Path) -> None:
    told = acting(folder / "assuming.ipynb", "assert assumptions == 'recovery: 0.3'")
    notebook = nbformat.read(told, as_version=4)
    notebook.cells[2].source += "\nassumptions: str = ''"
    nbformat.write(notebook, told)
    given = {"out": folder / "out", "lang": "en"}
    with pytest.raises(InputError, match=r"^assumptions:1: recvery: .*Did you mean 'recovery'"):
        render_report(told, assumptions="recvery: 0.3", **given)
    page = render_report(told, assumptions="recovery: 0.3", **given)
    assert re.fullmatch(r"assuming\.article\.n50\.seed7\.[0-9a-f]{8}\.en\.html", page.name)


def test_a_population_too_large_for_a_report_is_refused_before_a_kernel(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))
    with pytest.raises(InputError, match=r"at most 4 GiB in a report, which is n = ([\d,]+) of this persona\.$") as it:
        render_report(acting(folder / "large.ipynb"), out=folder / "large", n=10**9)
    most = int(str(it.value).rpartition("n = ")[2].partition(" ")[0].replace(",", ""))
    article = lp.load_persona("article")
    assert memory(article, most) <= MOST_MEMORY < memory(article, most + 2)
    assert not (folder / "large").exists()


def test_what_a_population_takes_is_told_about_right() -> None:
    article = lp.load_persona("article")
    drawn = lp.generate(article, n=20_000).tables.values()
    assert 0.5 < sum(frame.memory_usage(index=False).sum() for frame in drawn) / memory(article, 20_000) < 1.5


def test_papermill_by_hand_still_runs_a_notebook_that_ships(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "notebooks" / "01_profile.ipynb"
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(source), "out.ipynb", "-p", "n", "3000"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    ran = [cell for cell in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells if cell.cell_type == "code"]
    assert "n = 3000" in ran[1].source
    assert [cell.execution_count for cell in ran] == list(range(1, len(ran) + 1))
    assert not [output for cell in ran for output in cell.outputs if output.output_type in ("stream", "error")]


def test_a_notebook_of_ones_own_is_always_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = count_runs(monkeypatch)
    own = acting(folder / "temporary" / "own.ipynb")
    for _ in range(2):
        render_report(own, out=folder / "out")
    own.unlink()
    assert ran == ["en", "en"]
