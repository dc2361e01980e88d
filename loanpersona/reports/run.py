"""Run a notebook with papermill and find out what really happened.

Papermill's word cannot be taken for it: after a dead kernel the notebook it leaves says "completed" for
every cell, and after `sys.exit(0)` in a cell papermill returns as if all were well. So success is read
from the cells themselves: each one ran, in order, without an error.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loanpersona.core.errors import MachineError, ReportError

if TYPE_CHECKING:
    from nbformat import NotebookNode

# ipykernel warns about unencrypted TCP on every start; encrypted it is silent, and as fast.
_ENCRYPTED = {"KernelManager": {"transport_encryption": "auto"}}
# Silent about its own end and about the debugger: neither is news to whoever reads a report.
_KERNEL = ["-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_notebook(source: Path, parameters: Mapping[str, Any], work: Path) -> NotebookNode:
    """Return the notebook run with these parameters in a kernel of this very Python.

    `work` is a folder for the draft. Raises `ReportError` if a cell fails, kills the kernel or is never
    reached; raises `MachineError` if no kernel starts.
    """
    draft = work / "draft.ipynb"
    died = _execute(source, draft, parameters)
    import nbformat

    notebook = nbformat.read(draft, as_version=4)
    problem = _problem(notebook.cells, died)
    if problem:
        raise ReportError(f"{source.stem} ({parameters['lang']}): {problem}")
    return notebook


def _execute(source: Path, draft: Path, parameters: Mapping[str, Any]) -> bool:
    """Run the notebook into the draft and say whether the kernel died on the way."""
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook
    from traitlets.config import Config

    # Without any handler Python prints papermill's errors to stderr, beside the one line we raise.
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    try:
        execute_notebook(
            *(_as_format(path) for path in (source, draft)),
            dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            config=Config(_ENCRYPTED),
            kernel_manager_class=_kernel_of_this_python(),
        )
    except PapermillExecutionError:
        return False  # the cells tell it better
    except DeadKernelError:
        return True
    except RuntimeError as fault:  # nbclient's way to say that the kernel never answered
        raise MachineError(f"no kernel: {fault}. Hint: try `python -m ipykernel --version`.") from fault
    return False


def _as_format(path: Path) -> str:
    """Write a path so that papermill, which takes paths as format strings, reads it as it is."""
    return str(path.resolve()).replace("{", "{{").replace("}", "}}")


def _kernel_of_this_python() -> type:
    """Return a kernel manager that asks no list of kernels, where 'python3' may be some other Python."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class KernelOfThisPython(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(argv=[sys.executable, *_KERNEL], display_name="Python 3", language="python")

    return KernelOfThisPython


def _problem(cells: list[NotebookNode], died: bool) -> str | None:
    """Say what kept the notebook from running whole, or nothing; cells are counted as JupyterLab does."""
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    injected = [_is_injected(cell) for cell in code]
    numbers = [place - sum(injected[:place]) for place in range(1, len(code) + 1)]
    if died:
        started = [number for number, cell in zip(numbers, code, strict=True) if _was_started(cell)]
        return f"kernel died in cell {started[-1] if started else 1}, probably out of memory"
    for place, (number, cell) in enumerate(zip(numbers, code, strict=True), start=1):
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is not None:
            return f"cell {number} {_last_words(error)}"
        if cell.execution_count != place:
            return f"cell {number} was not run"
    return None


def _is_injected(cell: NotebookNode) -> bool:
    return "injected-parameters" in cell.metadata.get("tags", [])


def _was_started(cell: NotebookNode) -> bool:
    return cell.metadata.get("papermill", {}).get("start_time") is not None


def _last_words(error: NotebookNode) -> str:
    """Tell an error output in one line, several lines of message joined."""
    verb = "stopped the notebook" if error.ename == "SystemExit" else "failed"
    message = "; ".join(line.strip() for line in _COLOUR.sub("", error.evalue).splitlines() if line.strip())
    return f"{verb}: {error.ename}: {message[:300]}".rstrip(": ")
