"""Run notebooks with papermill, two at a time, and find out what really happened.

Papermill's word cannot be taken for it: after a dead kernel its notebook says "completed" for every cell, and after
`sys.exit(0)` in a cell it returns as if all were well. So success is read from the cells themselves: each one ran, in
order, without an error.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from loanpersona.core.errors import LoanpersonaError, MachineError, ReportError
from loanpersona.reports.files import own_folder
from loanpersona.reports.words import MIME, SOLUTION

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from loanpersona.reports.kernel import Kernel

WORKERS = 2
"""Notebooks that run at once."""
DEADLINE = 1_800.0
"""Seconds that a notebook may take."""
_PATIENCE = 3.0  # seconds for a worker to put away a kernel that was killed
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Task:
    """A notebook to run, and the languages in which its pages are wanted."""

    source: Path
    values: Mapping[str, Any]
    langs: Sequence[str]
    rests_on: str = ""
    """The fingerprint of all else that its numbers rest on; without one it is run even if its pages are there."""


@dataclass(frozen=True)
class Ran:
    """What came of a notebook in one language: how far it ran, and the fault if there was one."""

    lang: str
    notebook: NotebookNode | None
    fault: LoanpersonaError | None = None


class Workers:
    """Two that run notebooks. Whoever leaves them, by an exception too, leaves no kernel behind."""

    def __init__(self, tasks: Sequence[Task], work: Path, deadline: float) -> None:
        """Take notebooks to run, a folder for what their kernels need, and the seconds that each may take."""
        # The largest first: else one worker is left with it when the other is done.
        self._count = len(tasks)
        self._waiting = deque(sorted(tasks, key=lambda task: -task.source.stat().st_size))
        self._work, self._deadline = work, deadline
        self._done: SimpleQueue[tuple[Task, list[Ran] | BaseException]] = SimpleQueue()
        self._kernels: list[Kernel] = []
        self._stopped = False
        # Daemons: were one stuck, the process would end all the same.
        self._threads = [Thread(target=self._labour, daemon=True) for _ in range(min(WORKERS, len(tasks)))]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        for kernel in self._kernels:
            kernel.end("interrupted")
        for thread in self._threads:
            thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[tuple[Task, list[Ran]]]:
        """What came of each task, as soon as it is known, whether or not others failed."""
        for _ in range(self._count):
            task, result = self._done.get()
            if isinstance(result, BaseException):
                raise result
            yield task, result

    def _labour(self) -> None:
        while self._waiting and not self._stopped:
            task = self._waiting.popleft()
            try:
                self._done.put((task, self._in_every_language(task)))
            except BaseException as fault:  # a fault of ours: raised where somebody listens
                self._done.put((task, fault))
        with suppress(RuntimeError):  # what nbclient opened in this thread, if it came so far
            asyncio.get_event_loop().close()

    def _in_every_language(self, task: Task) -> list[Ran]:
        """Run it once if what it shows is there in both languages, otherwise once for each."""
        first, *others = task.langs
        ran = self._once(task, first)
        if ran.fault is not None:
            return [ran]
        if _speaks_all(ran.notebook):
            return [ran, *(replace(ran, lang=lang) for lang in others)]
        return [ran, *(self._once(task, lang) for lang in others)]

    def _once(self, task: Task, lang: str) -> Ran:
        from loanpersona.reports.kernel import Kernel

        with own_folder(self._work) as folder:
            kernel = Kernel(folder, self._deadline)
            self._kernels.append(kernel)
            if self._stopped:
                kernel.end("interrupted")
            return _run(task.source, {**task.values, "lang": lang}, kernel)


def _run(source: Path, values: Mapping[str, Any], kernel: Kernel) -> Ran:
    """Run a notebook in a kernel and say what happened."""
    lang = str(values["lang"])
    died = _execute(source, values, kernel)
    if isinstance(died, MachineError):
        return Ran(lang, None, died)
    assert kernel.notebook is not None
    problem = _problem(kernel.notebook.cells, _how(kernel) if died else "")
    fault = ReportError(f"{source.stem} ({lang}): {problem}") if problem else None
    return Ran(lang, kernel.notebook, fault)


def _execute(source: Path, values: Mapping[str, Any], kernel: Kernel) -> bool | MachineError:
    """Run the cells and say whether the kernel died on the way, or what kept it from starting."""
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    from loanpersona.reports.kernel import ENGINE

    # Without any handler Python prints papermill's errors to stderr, beside the one line we raise.
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    given: dict[str, Any] = {"engine_name": ENGINE, "kernel_name": "python3", "language": "python"}
    try:
        execute_notebook(_as_format(source), None, dict(values), progress_bar=False, kernel=kernel, **given)
    except PapermillExecutionError:
        return False  # the cells tell it better
    except DeadKernelError:
        return True
    except (OSError, RuntimeError) as fault:  # nbclient's way, too, to say that the kernel never answered
        if kernel.ended and kernel.notebook is not None:
            return True
        return MachineError(f"no kernel: {fault}. Hint: try `python -m ipykernel --version`.")
    return False


def _as_format(path: Path) -> str:
    """Write a path so that papermill, which takes paths as format strings, reads it as it is."""
    return str(path.resolve()).replace("{", "{{").replace("}", "}}")


def _how(kernel: Kernel) -> str:
    """Say what ended a kernel."""
    if kernel.ended:
        return kernel.ended
    code = kernel.code
    if code is None or code >= 0:
        return f"kernel left with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
    memory = ", probably out of memory" if name == "SIGKILL" else ""
    return f"kernel died of signal {-code} ({name}{memory})"


def _speaks_all(notebook: NotebookNode | None) -> bool:
    """Tell whether everything that a page can show of a notebook is there in every language."""
    outputs = [output for _, cell in _run_cells(notebook.cells if notebook else []) for output in cell.outputs]
    return all(MIME in output.get("data", {}) or "loanpersona" in output.get("metadata", {}) for output in outputs)


def _problem(cells: list[NotebookNode], died: str) -> str | None:
    """Say what kept the notebook from running whole, or nothing."""
    if died:
        started = [number for number, cell in _run_cells(cells) if _was_started(cell)]
        return f"cell {started[-1] if started else 1}: {died}"
    for place, (number, cell) in enumerate(_run_cells(cells), start=1):
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is not None:
            return f"cell {number} {_last_words(error)}"
        if cell.execution_count != place:
            return f"cell {number} was not run"
    return None


def _run_cells(cells: list[NotebookNode]) -> list[tuple[int, NotebookNode]]:
    """The cells that are run, each with its number as JupyterLab counts them, where there are no injected ones."""
    result, number = [], 0
    for cell in cells:
        if cell.cell_type == "code" and cell.source.strip():
            tags = cell.metadata.get("tags", [])
            number += "injected-parameters" not in tags
            result += [(number, cell)] if SOLUTION not in tags else []
    return result


def _was_started(cell: NotebookNode) -> bool:
    return cell.metadata.get("papermill", {}).get("start_time") is not None


def _last_words(error: NotebookNode) -> str:
    """Tell an error output in one line, several lines of message joined."""
    verb = "stopped the notebook" if error.ename == "SystemExit" else "failed"
    message = "; ".join(line.strip() for line in _COLOUR.sub("", error.evalue).splitlines() if line.strip())
    return f"{verb}: {error.ename}: {message[:300]}".rstrip(": ")
