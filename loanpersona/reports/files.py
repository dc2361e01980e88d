"""Writing so that a reader never sees half a file, and saying in one line what the machine refused."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loanpersona.core.errors import MachineError

_PROBE = bytes(64 * 1024)  # a full disk often still has room for an empty file


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """Give a temporary folder inside `out`, gone afterwards whatever happens.

    Raises `MachineError` at once if `out` cannot be made or written, so that nobody waits for a kernel
    first, and later if the space runs out while the notebook runs.
    """
    with saying_where(out):
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".rendering-", dir=out, ignore_cleanup_errors=True) as folder:
            _write(Path(folder) / "probe", _PROBE)
            yield Path(folder)


def publish(path: Path, content: bytes) -> None:
    """Put a whole file in its place at once; an earlier one stays until then, and stays if this fails."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with saying_where(path):
        try:
            draft.unlink(missing_ok=True)
            _write(draft, content)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


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


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:  # x: never through a link somebody left there
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
