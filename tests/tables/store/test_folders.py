"""A folder is whole or as it was: on a full disk, a read-only one, and after a kill at any moment."""

from __future__ import annotations

import builtins
import errno
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.tables import store
from loanpersona.tables.store import folders

SMALL = 1_024  # bytes that a test's disk takes at a time, so that small tables need many writes
SPACE = os.strerror(errno.ENOSPC)


SOME = ("users", "loans", "truth")  # every step of writing six tables would be twice as many


@pytest.fixture(scope="module")
def old(article: lp.Persona) -> lp.Population:
    return lp.generate(article, n=30, seed=4, tables=SOME)


@pytest.fixture(scope="module")
def new(article: lp.Persona) -> lp.Population:
    return lp.generate(article, n=60, seed=5, tables=SOME)


@pytest.fixture
def folder(old: lp.Population, tmp_path: Path) -> Path:
    """A folder with an earlier population and nothing beside it."""
    return old.save(tmp_path / "people")


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail(number: int) -> Callable[..., Any]:
    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return failing


# A full disk


class Disk:
    """Stands before the disk, counts what is asked of it, and has no space left from one step on.

    Renaming works again after it failed once, as it needs no space.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, full_at: int, code: int = errno.ENOSPC) -> None:
        self.full_at, self.code = full_at, code
        self.steps: list[str] = []
        for module in (io, builtins):
            monkeypatch.setattr(module, "open", self.opened(open))
        for place, name in ((os, "fsync"), (Path, "rename"), (Path, "mkdir"), (Path, "touch")):
            monkeypatch.setattr(place, name, self.counted(name, getattr(place, name)))

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.full_at or (len(self.steps) > self.full_at > 0 and name != "rename"):
            raise OSError(self.code, os.strerror(self.code))

    def counted(self, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **settings: Any) -> Any:
            self.step(name)
            return plain(*arguments, **settings)

        return call

    def opened(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        step = self.step

        class Raw(io.FileIO):
            def write(self, data: Any, /) -> int:
                step("write")
                return super().write(data[:SMALL])

        def call(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **settings: Any) -> Any:
            if not set(mode) & set("wax"):
                return plain(file, mode, buffering, *rest, **settings)
            step("open")
            written = io.BufferedWriter(Raw(file, mode.strip("bt")))
            return written if "b" in mode else io.TextIOWrapper(written, *rest, **settings)

        return call


def attempts(tmp_path: Path, made: lp.Population, format: str) -> Iterator[tuple[list[str], Path]]:
    """Save with the disk full at its first step, its second, and so on to the last, and yield the steps that were."""
    folder = tmp_path / "people"
    with pytest.MonkeyPatch.context() as patched:
        whole = Disk(patched, full_at=0)
        made.save(tmp_path / "elsewhere", format=format)
    shutil.rmtree(tmp_path / "elsewhere")
    assert whole.steps.count("write") > 20
    assert {"open", "fsync", "rename", "mkdir", "touch"} < set(whole.steps)
    for number in range(1, len(whole.steps) + 2):  # over an earlier population there is one renaming more
        with pytest.MonkeyPatch.context() as patched:
            disk = Disk(patched, full_at=number)
            said = ""
            try:
                made.save(folder, format=format)
            except lp.MachineError as error:
                said = str(error)
        if said:
            assert re.fullmatch(rf"{folder}: cannot be written \({SPACE}\): needs about 0\.1 MB\.", said)
            disk.steps.append("refused")
        yield disk.steps, folder


@pytest.mark.parametrize("format", store.FORMATS)
def test_a_disk_that_is_full_at_any_step_leaves_the_earlier_population_whole(
    format: str, folder: Path, old: lp.Population, new: lp.Population
) -> None:
    before = files(folder.parent)
    finished = []
    for number, (steps, _) in enumerate(attempts(folder.parent, new, format), start=1):
        assert names(folder.parent) == ["people"], steps
        if steps[-1] == "refused":
            assert files(folder.parent) == before, steps
        else:
            finished.append(steps[number - 1])
            assert lp.load_population(folder).digest == new.digest
            shutil.rmtree(folder)
            old.save(folder)
            before = files(folder.parent)
    assert finished == ["fsync", "fsync"], "only noting the names of two folders may fail unnoticed"


@pytest.mark.parametrize("format", store.FORMATS)
def test_a_disk_that_is_full_at_any_step_leaves_nothing_where_nothing_was(
    format: str, tmp_path: Path, new: lp.Population
) -> None:
    for steps, folder in attempts(tmp_path, new, format):
        assert names(tmp_path) == ([] if steps[-1] == "refused" else ["people"]), steps
        shutil.rmtree(folder, ignore_errors=True)


def test_an_exceeded_quota_names_the_space_needed_too(
    folder: Path, new: lp.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Disk(patched, full_at=9, code=errno.EDQUOT)
        with pytest.raises(lp.MachineError, match=r"people: cannot be written \(.+\): needs about 0\.1 MB\.$"):
            new.save(folder)


@pytest.mark.parametrize("format", store.FORMATS)
def test_the_space_said_to_be_needed_is_about_what_the_files_take(
    format: str, population: lp.Population, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail(errno.ENOSPC))
        with pytest.raises(lp.MachineError) as caught:
            population.save(tmp_path / "people", format=format)
    [said] = re.findall(r"needs about ([\d.]+) MB", str(caught.value))
    taken = sum(path.stat().st_size for path in population.save(tmp_path / "people", format=format).iterdir())
    assert 0.8 < float(said) * 1e6 / taken < 1.6


def test_an_earlier_population_that_cannot_be_brought_back_is_not_taken_away(
    folder: Path, old: lp.Population, new: lp.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def only_aside(self: Path, target: Path) -> Path:
        return rename(self, target) if self == folder else fail(errno.EIO)()

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", only_aside)
        with pytest.raises(lp.MachineError):
            new.save(folder)
    [earlier] = folder.parent.iterdir()
    assert lp.load_population(earlier).digest == old.digest
    assert lp.load_population(new.save(folder)).digest == new.digest
    assert names(folder.parent) == ["people"]


# A folder that cannot be written


@pytest.mark.parametrize(("place", "step"), [(Path, "touch"), (Path, "mkdir")])
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_place_that_cannot_be_written_is_refused_before_anybody_is_drawn(
    place: object,
    step: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "far" / "people"
    monkeypatch.setattr("loanpersona.simulation.generation.generate", fail(errno.EIO))
    monkeypatch.setattr(place, step, fail(code))
    with pytest.raises(SystemExit, match="3"):
        main(["generate", "--n", "5", "--out", str(out)])
    assert capsys.readouterr().err == f"{out}: cannot be written ({os.strerror(code)}).\n"
    assert files(tmp_path) == {}


def test_a_read_only_folder_is_not_replaced(folder: Path, new: lp.Population, monkeypatch: pytest.MonkeyPatch) -> None:
    before, allowed = files(folder.parent), os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder and allowed(path, mode))
    with pytest.raises(lp.MachineError, match=rf"^{folder}: cannot be written \({os.strerror(errno.EACCES)}\)\.$"):
        new.save(folder)
    assert files(folder.parent) == before


@pytest.mark.parametrize("format", store.FORMATS)
def test_a_place_that_is_removed_while_it_is_written_is_named(
    format: str, new: lp.Population, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "far"
    way, step = {"csv": (pd.DataFrame, "to_csv"), "parquet": (pq.ParquetWriter, "write_table")}[format]
    write = getattr(way, step)

    def once_removed(*arguments: Any, **settings: Any) -> None:
        write(*arguments, **settings)
        shutil.rmtree(place, ignore_errors=True)

    monkeypatch.setattr(way, step, once_removed)
    with pytest.raises(lp.MachineError, match=rf"^{place}/people: cannot be written \(.+\)\.$") as caught:
        new.save(place / "people", format=format)
    assert len(str(caught.value).splitlines()) == 1
    assert names(tmp_path) == []


# A kill


KILLED = """
import itertools, os, shutil, signal, sys
from pathlib import Path
import loanpersona as lp

there = Path(sys.argv[1])
made = lp.generate(lp.load_persona("article"), n=60, seed=5, tables=("users", "loans", "truth"))
changes = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}

def save(folder, left):
    def die(event, arguments):
        nonlocal left
        if event in changes or (event == "open" and "people" in str(arguments[0])):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(die)
    made.save(folder)

for number in itertools.count():
    shutil.copytree(there / "people", there / str(number) / "people")
    if process := os.fork():
        ended = os.waitpid(process, 0)[1]
        if os.WIFEXITED(ended):
            sys.exit(os.WEXITSTATUS(ended))
        assert os.WTERMSIG(ended) == signal.SIGKILL
    else:
        save(there / str(number) / "people", number)
        os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such kill on this system")
def test_a_kill_before_any_change_on_disk_leaves_one_population_whole_and_the_next_save_tidies_up(
    folder: Path, old: lp.Population, new: lp.Population, article: lp.Persona
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(folder.parent)], check=True, timeout=60)
    third = lp.generate(article, n=10, seed=6, tables=("users",))
    result = []
    for number in range(len(names(folder.parent)) - 1):
        place = folder.parent / str(number)
        left = place / "people"
        if left.exists():
            result.append({old.digest: "old", new.digest: "new"}[lp.load_population(left).digest])
        else:
            result.append("aside")
            [earlier] = place.glob(".people.*.earlier")
            with pytest.raises(lp.InputError, match=rf"^{left}: missing: .+ lies in {earlier}\. Save again") as caught:
                lp.load_population(left)
            assert len(caught.value.faults) == 1
            assert lp.load_population(earlier).digest == old.digest
        assert lp.load_population(third.save(left)).digest == third.digest
        assert names(place) == ["people"]
    assert len(result) > 20
    assert result == sorted(result, key=["old", "aside", "new"].index)
    assert set(result) == {"old", "aside", "new"}


def leave(folder: Path, process: int) -> None:
    """What three killed saves of a process leave beside a folder."""
    shutil.copytree(folder, folder.parent / f".people.{process}.earlier")
    (folder.parent / f".people.{process}.partial").mkdir()
    (folder.parent / f".people.{process}.partial" / "users.csv").write_text("half", encoding="utf-8")
    (folder.parent / f".people.{process}.probe").touch()


def test_what_killed_saves_left_is_swept_and_what_others_own_is_not(
    folder: Path, new: lp.Population, dead: int
) -> None:
    others = [
        f".people.{os.getppid()}.partial",
        ".people.x.partial",
        f".people.2.{dead}.partial",
        f".other.{dead}.partial",
        f".people.{dead}.kept",
        f"people.{dead}.partial",
    ]
    for name in others:
        (folder.parent / name).mkdir()
    for process in (dead, os.getpid()):
        leave(folder, process)
    new.save(folder)
    assert names(folder.parent) == sorted([*others, "people"])
    assert lp.load_population(folder).digest == new.digest


def test_a_population_set_aside_comes_back_even_if_the_next_save_fails(
    folder: Path, old: lp.Population, new: lp.Population, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.parent / f".people.{dead}.earlier")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail(errno.EIO))
        with pytest.raises(lp.MachineError):
            new.save(folder)
    assert lp.load_population(folder).digest == old.digest
    assert names(folder.parent) == ["people"]


def test_a_folder_that_never_was_is_not_said_to_be_set_aside(folder: Path, dead: int) -> None:
    (folder.parent / f".other.{dead}.earlier").mkdir()
    (folder.parent / "loop").symlink_to(folder.parent / "loop")
    for name in ("nobody", "far/people", "loop", "x" * 300, "a\0b"):
        missing = folder.parent / name
        with pytest.raises(lp.InputError, match=r"manifest\.json: (no such file|cannot be read)"):
            lp.load_population(missing)


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened there")
def test_the_names_are_written_down_before_and_after_the_swap(
    folder: Path, new: lp.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []
    fsync, rename = os.fsync, Path.rename

    def flushed(opened: int) -> None:
        done.append(os.fstat(opened).st_ino)
        fsync(opened)

    def renamed(self: Path, target: Path) -> Path:
        done.append(target.suffix)
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)
    new.save(folder)
    inside = {path.stat().st_ino for path in folder.iterdir()}
    assert set(done[: len(inside)]) == inside
    assert done[len(inside) :] == [folder.stat().st_ino, ".earlier", "", folder.parent.stat().st_ino]


def test_where_folders_cannot_be_flushed_a_population_is_saved_all_the_same(
    folder: Path, new: lp.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", fail(errno.EACCES))
    monkeypatch.setattr(folders.Path, "touch", lambda path: path.write_text(""))
    new.save(folder)
    monkeypatch.undo()
    assert lp.load_population(folder).digest == new.digest


def test_a_link_that_leads_back_to_itself_is_named(new: lp.Population, tmp_path: Path) -> None:
    (tmp_path / "people").symlink_to(tmp_path / "people")
    with pytest.raises(lp.MachineError, match=r"people: cannot be written \("):
        new.save(tmp_path / "people")
    with pytest.raises(lp.InputError, match=r"people/manifest\.json: "):
        lp.load_population(tmp_path / "people")
