"""Writing so that a reader never sees half a file, and saying in one line what the machine refused.

Whatever is not finished lies in a folder that its process holds by a lock of the operating system. The lock goes
when the process does, however it ends, so that the next one can tell what was left from what is in use.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from loanpersona.core.errors import MachineError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows knows no such lock: there leftovers stay
    fcntl = None

_PREFIX = ".rendering-"
_PROBE = bytes(64 * 1024)  # a full disk often still has room for an empty file


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """Give a folder for what a run needs, keys of kernels too, gone afterwards whatever happens.

    Raises `MachineError` at once if `out` cannot be made or written, so that nobody waits for a kernel first. The
    folder lies where temporary files do: not every place for reports can keep a key from others.
    """
    with saying_where(out):
        out.mkdir(parents=True, exist_ok=True)
        with own_folder(out) as folder:
            _write(folder / "probe", _PROBE)
    with own_folder(Path(tempfile.gettempdir())) as folder:
        yield folder


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder that is gone afterwards; those that killed processes left here go first."""
    _sweep(parent)
    folder, hold = _claimed(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if hold is not None:
            os.close(hold)


def publish(path: Path, content: bytes) -> None:
    """Put a whole file in its place at once; an earlier one stays until then, and stays if this fails."""
    with saying_where(path), own_folder(path.parent) as folder:
        _write(folder / path.name, content)
        os.replace(folder / path.name, path)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time read and rewrite a file of a folder, or two at once would lose a change.

    The lock is on the folder itself, so that nothing is left behind.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def saying_where(path: Path) -> Iterator[None]:
    """Turn whatever the operating system refuses into a `MachineError` of one line with the path."""
    try:
        yield
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise MachineError(
            f"{path}: cannot write: {reason}. Hint: choose a folder you may write to, with free space."
        ) from fault


def _claimed(parent: Path) -> tuple[Path, int | None]:
    """A new folder and the hold on it; another process may sweep it before it is held."""
    for _ in range(3):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        hold = _hold(folder)
        if hold is not None and folder.is_dir():
            return folder, hold
        if hold is not None:
            os.close(hold)
    return folder, None  # no lock on this file system; then nothing is swept there either


def _hold(folder: Path) -> int | None:
    """Hold a folder until this process ends; nothing where another process does, or it is gone."""
    if fcntl is None:
        return None
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        return handle
    return None


def _sweep(parent: Path) -> None:
    """Take away what processes left that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        hold = _hold(folder)
        if hold is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(hold)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
