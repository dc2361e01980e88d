"""Folders that appear whole or not at all: when a disk is full, a process is killed or the power is cut."""

from __future__ import annotations

import errno
import math
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loanpersona.core.errors import InputError, MachineError

_FULL = {errno.ENOSPC, errno.EDQUOT}


def check_folder(folder: Path, own: Callable[[Path], Iterable[str]], needed: Callable[[], int] | None = None) -> None:
    """Raise before any work is done if `folder` cannot be written, or holds files that are not our `own`."""
    if "\0" in str(folder):
        raise InputError("folder: holds the invisible character U+0000. Remove it.")
    try:
        folder.resolve()
    except RuntimeError:  # what Python before 3.13 says of such a link; later it is an error of the system
        raise MachineError(f"{folder}: cannot be written (a link that leads back to itself).") from None
    with said(folder, needed):
        if folder.exists() and not folder.is_dir():
            raise MachineError(f"{folder}: is a file. Allowed: a folder, new or with an earlier population in it.")
        if folder.resolve() == Path.cwd():  # it would be renamed away under the feet of whoever stands in it
            raise InputError(f"{folder}: is the current folder. Allowed: a folder below it, or elsewhere.")
        if folder.is_dir():
            _check_inside(folder, own)
        parent = folder.resolve().parent
        parent.mkdir(parents=True, exist_ok=True)
        probe = parent / f".{folder.name}.{os.getpid()}.probe"
        probe.touch()
        probe.unlink()
        if folder.is_dir() and not os.access(folder, os.W_OK):  # it could be renamed away, but not emptied afterwards
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _check_inside(folder: Path, own: Callable[[Path], Iterable[str]]) -> None:
    others = sorted({path.name for path in folder.iterdir()} - set(own(folder)))
    if others:
        raise InputError(
            f"{folder}: holds other files ({', '.join(others[:3])}). "
            "Allowed: a new or empty folder, or one with an earlier population and nothing else."
        )


@contextmanager
def said(folder: Path, needed: Callable[[], int] | None = None) -> Iterator[None]:
    """Turn what the machine refuses into one line that names the place, and the bytes `needed` if space ran out."""
    try:
        yield
    except OSError as error:
        need = _need(needed) if needed and error.errno in _FULL else ""
        raise MachineError(f"{folder}: cannot be written ({error.strerror or error}){need}.") from None


def _need(needed: Callable[[], int]) -> str:
    """The bytes needed, in words; nothing where they cannot be counted on such a machine."""
    with suppress(OSError, MemoryError):
        return f": needs about {math.ceil(needed() / 1e5) / 10:,.1f} MB"
    return ""


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` that takes its place when the block ends well, and vanishes otherwise."""
    folder = folder.resolve()  # what a link leads to is replaced, not the link
    _sweep(folder)
    partial = folder.parent / f".{folder.name}.{os.getpid()}.partial"
    earlier = partial.with_suffix(".earlier")
    partial.mkdir(parents=True)
    try:
        yield partial
        for path in partial.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        _settle(partial)
        if folder.exists():
            folder.rename(earlier)
        partial.rename(folder)
        _settle(folder.parent)
    except BaseException:
        if earlier.exists() and not folder.exists():
            earlier.rename(folder)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if folder.exists():  # otherwise the earlier one could not be brought back, and is all there is
            shutil.rmtree(earlier, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Have the names in a folder written down, so that they survive a power cut; not every system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def set_aside(folder: Path) -> Path | None:
    """Where the earlier `folder` lies if whoever was replacing it was killed between taking and giving its place."""
    with suppress(OSError, ValueError, RuntimeError):  # where a path leads nowhere, reading from it says so
        if not folder.exists():
            return next((path for path, _ in _left_beside(folder.resolve()) if path.suffix == ".earlier"), None)
    return None


def _sweep(folder: Path) -> None:
    """Take away what killed processes left beside a folder, and bring back the folder if one had set it aside."""
    for path, process in _left_beside(folder):
        if _lives(process):
            continue
        if path.suffix == ".earlier" and not folder.exists():
            path.rename(folder)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _left_beside(folder: Path) -> list[tuple[Path, int]]:
    """The hidden folders beside a folder in which it is or was replaced, each with its process."""
    form = re.compile(rf"\.{re.escape(folder.name)}\.(\d{{1,9}})\.(?:partial|earlier|probe)")
    try:
        beside = sorted(folder.parent.iterdir())
    except OSError:  # a folder may be written to by those who may not look into it
        return []
    result = [(path, form.fullmatch(path.name)) for path in beside]
    return [(path, int(match[1])) for path, match in result if match]


def _lives(process: int) -> bool:
    if process == os.getpid():
        return False  # left by an earlier process of our number, as in a container where every first process is 1
    if os.name == "nt":
        return True  # to ask there is to interrupt, so leftovers stay
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it lives, and is somebody else's
    return True
