"""Ended in the middle, by Ctrl-C or worse: the kernel goes, its keys go, and the next run finds no trace."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_notebooks import acting, alive

from loanpersona.core.errors import MachineError
from loanpersona.rendering import render_report
from loanpersona.reports import files

# Started in the background, a shell may have told the child to ignore Ctrl-C: take it back first.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from loanpersona.cli import main; main()"
)


@dataclass
class Started:
    """A report that is being made: its process, its kernel, and where it writes."""

    process: subprocess.Popen[str]
    kernel: int
    temporary: Path
    out: Path


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Started]]:
    """Starts a report whose third cell takes for ever, and waits until it has come there."""
    begun: list[subprocess.Popen[str]] = []

    def started() -> Started:
        folder = tmp_path_factory.mktemp("interrupted")
        temporary, note = folder / "temporary", folder / "kernel"
        temporary.mkdir()
        act = f"Path({str(note)!r}).write_text(str(os.getpid()))\nwhile True: pass"
        slow = acting(folder / "slow.ipynb", act)
        given = ["report", str(slow), "--n", "50", "--out", str(folder / "out")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        places = {**os.environ, "TMPDIR": str(temporary)}
        process = subprocess.Popen([sys.executable, "-c", COMMAND, *given], env=places, **pipes)
        begun.append(process)
        patience = time.monotonic() + 60
        while not (note.is_file() and note.read_text(encoding="utf-8")):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < patience
            time.sleep(0.02)
        return Started(process, int(note.read_text(encoding="utf-8")), temporary, folder / "out")

    yield started
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("signals", "code"), [(["SIGINT"], 130), (["SIGINT"] * 2, 130), (["SIGTERM"], 143)])
def test_an_interrupted_report_leaves_within_five_seconds_and_leaves_nothing(
    start: Callable[[], Started], signals: list[str], code: int
) -> None:
    started = start()
    [key] = started.temporary.rglob("kernel.json")
    assert key.stat().st_mode & 0o077 == 0  # while it runs nobody else may read it
    for name in signals:
        started.process.send_signal(signal.Signals[name])
        time.sleep(0.05)
    _, said = started.process.communicate(timeout=5)
    assert (started.process.returncode, said.split()) == (code, ["interrupted"])
    assert not alive(started.kernel)
    assert list(started.temporary.iterdir()) == []
    assert list(started.out.iterdir()) == []


def test_what_a_killed_report_left_is_swept_at_the_next_start(
    start: Callable[[], Started], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start()
    started.process.kill()
    started.process.communicate()
    patience = time.monotonic() + 5
    while alive(started.kernel):
        assert time.monotonic() < patience
        time.sleep(0.1)
    assert list(started.temporary.rglob("kernel.json"))  # nobody was left to take it away
    monkeypatch.setattr(files.tempfile, "tempdir", str(started.temporary))
    render_report(acting(started.out.parent / "quick.ipynb"), out=started.out)
    assert list(started.temporary.iterdir()) == []
    assert [path.name for path in started.out.iterdir() if path.name.startswith(".")] == []


def test_what_another_process_is_using_is_not_swept(tmp_path: Path) -> None:
    with files.own_folder(tmp_path) as used:
        (used / "key").write_text("secret", encoding="utf-8")
        other = (
            f"from pathlib import Path; from loanpersona.reports import files; files._sweep(Path({str(tmp_path)!r}))"
        )
        subprocess.run([sys.executable, "-c", other], check=True)
        assert (used / "key").is_file()
    assert list(tmp_path.iterdir()) == []


def test_a_draft_of_a_killed_process_is_no_page_and_goes_with_the_next(tmp_path: Path) -> None:
    killed = (
        "import os; from pathlib import Path; from loanpersona.reports import files;"
        "files.os.replace = lambda *_: os.kill(os.getpid(), 9);"
        f"files.publish(Path({str(tmp_path / 'page.html')!r}), b'whole')"
    )
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "page.html").exists()
    assert len(list(tmp_path.iterdir())) == 1
    files.publish(tmp_path / "page.html", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_disk_that_fills_up_while_cells_run_is_the_fault_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files._write

    def no_page(path: Path, content: bytes) -> None:
        if path.suffix == ".html":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    monkeypatch.setattr(files, "_write", no_page)
    with pytest.raises(MachineError, match=r"\.en\.html: cannot write: No space left on device"):
        render_report(acting(tmp_path / "one.ipynb"), out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
