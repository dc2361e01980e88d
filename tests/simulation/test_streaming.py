"""Straight to disk: the same population as in memory, in bounded memory, and nothing left when it fails."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import loanpersona as lp
from loanpersona.simulation import generation, streaming, users
from loanpersona.tables import store

FORMATS = store.FORMATS


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one circle, as small as they get."""
    monkeypatch.setattr(users, "BLOCK", users.CIRCLE)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stream(persona: lp.Persona, folder: Path, n: int = 2_500, **more: Any) -> store.Saving:
    return streaming.stream(persona, folder, n=n, seed=7, **more)


def test_parts_in_a_row_are_the_population(article: lp.Persona, small_blocks: None) -> None:
    del small_blocks
    whole = lp.generate(article, n=2_500, seed=7)
    parts = list(generation.parts(article, n=2_500, seed=7))
    assert [len(part["users"]) for part in parts] == [1_024, 1_024, 452]
    for name, frame in whole.tables.items():
        joined = pd.concat([part[name] for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(joined, frame, check_exact=True)
    [only] = generation.parts(article, n=5, seed=7, tables=["truth"])
    assert list(only) == ["truth"]


def test_parts_are_refused_before_the_first(article: lp.Persona) -> None:
    with pytest.raises(lp.InputError) as caught:
        generation.parts(article, n=0, seed=-1, tables=["people"])
    assert [fault.partition(" ")[0] for fault in caught.value.faults] == ["n", "seed", "tables:"]


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_streamed_is_what_is_generated_and_saved(
    format: str, article: lp.Persona, small_blocks: None, tmp_path: Path
) -> None:
    del small_blocks
    whole = lp.generate(article, n=2_500, seed=7)
    whole.save(tmp_path / "whole", format=format)
    saved = stream(article, tmp_path / "parts", format=format)
    loaded = lp.load_population(tmp_path / "parts")
    assert saved.digest == loaded.digest == whole.digest
    assert loaded.made == whole.made
    for name, frame in whole.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[name], frame, check_exact=True)
    one, other = (files(tmp_path / name) for name in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert {name for name in one if one[name] == other[name]} >= {"dictionary.md", "datasheet.md"}
    assert format == "parquet" or one == other


@pytest.mark.parametrize("format", FORMATS)
def test_a_block_that_finds_no_space_names_the_need_of_all(
    format: str, article: lp.Persona, small_blocks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small_blocks
    way, step = {"csv": (pd.DataFrame, "to_csv"), "parquet": (pq.ParquetWriter, "write_table")}[format]
    plain, writes, most = getattr(way, step), [0], [10**9]

    def counted(*arguments: Any, **settings: Any) -> None:
        writes[0] += 1
        if writes[0] > most[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        plain(*arguments, **settings)

    monkeypatch.setattr(way, step, counted)
    stream(article, tmp_path / "people", n=10, format=format)
    before = files(tmp_path)
    writes[0], most[0] = 0, writes[0]  # a first block finds space, the second does not
    with pytest.raises(lp.MachineError, match=r"people: cannot be written \(.+\): needs about [0-9.]+ MB\.$"):
        stream(article, tmp_path / "people", format=format)
    assert writes[0] == most[0] + 1
    assert files(tmp_path) == before


def test_more_people_than_the_disk_holds_are_refused_before_the_start(
    article: lp.Persona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 2**20

    monkeypatch.setattr(streaming.shutil, "disk_usage", lambda _: Usage)
    said = rf"^n = 1,000,000: needs about 0 GiB in {tmp_path}/people, there are 0 free\. Take a smaller n\.$"
    with pytest.raises(lp.MachineError, match=said):
        stream(article, tmp_path / "people", n=1_000_000)
    assert files(tmp_path) == {}
    assert stream(article, tmp_path / "people", n=2_000).rows["truth"] == 2_000


MEMORY = """
import resource, sys
from pathlib import Path
import loanpersona as lp
from loanpersona.simulation import users
from loanpersona.simulation.streaming import stream

users.BLOCK = 20_000
stream(lp.load_persona("article"), Path(sys.argv[1]), n=int(sys.argv[2]), seed=7)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise there")
def test_memory_does_not_grow_with_the_number_of_borrowers(tmp_path: Path) -> None:
    used = [
        int(
            subprocess.run(
                [sys.executable, "-c", MEMORY, str(tmp_path / n), n], check=True, capture_output=True, text=True
            ).stdout
        )
        for n in ("40000", "500000")
    ]
    assert used[1] - used[0] < 14_000, "KiB: the whole population would take 48,000 more"


# On a terminal


def typed(*arguments: str, terminal: bool) -> tuple[int, str]:
    """How a command ends and what it says on stderr, which is a terminal or a pipe."""
    import pty

    reading, writing = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "loanpersona", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=writing) as process:
        os.close(writing)
        said = b"".join(_read(reading))
    os.close(reading)
    return process.returncode, said.decode()


def _read(reading: int) -> Iterator[bytes]:
    while True:
        try:
            some = os.read(reading, 1_000)
        except OSError:  # the other end of a terminal was closed
            return
        if not some:
            return
        yield some


@pytest.mark.skipif(os.name == "nt", reason="no such terminals there")
def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    command = ["generate", "--n", "140000", "--out", str(tmp_path / "people")]
    code, said = typed(*command, terminal=True)
    assert code == 0
    assert "users" in said
    assert re.search(r"50%.*100%", said, flags=re.DOTALL)
    assert typed(*command, terminal=False) == (0, "")
    assert lp.load_population(tmp_path / "people").n == 140_000


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_ctrl_c_between_blocks_leaves_the_earlier_population(article: lp.Persona, tmp_path: Path) -> None:
    stream(article, tmp_path / "people", n=10)
    before = files(tmp_path)
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from loanpersona.cli import main; main()"
    )
    command = [sys.executable, "-c", script, "generate", "--n", "20000000", "--out", str(tmp_path / "people")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        patience = time.monotonic() + 30
        while not _written(tmp_path) and time.monotonic() < patience:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.split()) == (130, "", ["interrupted"])
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["people"]


def _written(place: Path) -> bool:
    """Whether a first block stands in the folder that is to be."""
    return any(path.stat().st_size > 100_000 for path in place.glob(".people.*.partial/*"))
