"""One notebook in one kernel: its own process group and folder, a deadline, a cap on what its cells put out.

Imported only when a notebook runs, because what it rests on takes its time to load.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from threading import Timer
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger
from traitlets.config import Config

from loanpersona.core.words import LANGUAGES
from loanpersona.reports.words import MIME, PAGES, SOLUTION, words

ENGINE = "loanpersona"
MOST_KEPT = 1_000_000
"""Characters of a cell that are kept; what comes then is left out, and a note says so."""
MOST_SENT = 100 * MOST_KEPT
"""Characters of a cell at which its notebook is ended."""

# ipykernel warns about unencrypted TCP on every start; encrypted it is silent, and as fast.
_ENCRYPTED = {"KernelManager": {"transport_encryption": "auto"}}
# Silent about its own end and about the debugger: neither is news to whoever reads a report.
_ARGUMENTS = ["-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]
_OUTPUTS = frozenset({"stream", "display_data", "execute_result", "update_display_data", "error"})


class Kernel(AsyncKernelManager):
    """A kernel of this very Python: no list of kernels is asked, where 'python3' may be some other Python."""

    notebook: nbformat.NotebookNode | None = None
    """What it runs, as far as it has come."""
    ended = ""
    """Why it was ended from here, if it was."""
    process: Popen[bytes] | None = None

    def __init__(self, folder: Path, deadline: float) -> None:
        super().__init__(connection_file=str(folder / "kernel.json"), config=Config(_ENCRYPTED))
        self.places = {"JUPYTER_RUNTIME_DIR": str(folder), "IPYTHONDIR": str(folder / "ipython"), PAGES: "1"}
        self._timer = Timer(deadline, self.end, [f"timed out after {deadline:g} s"])
        self._timer.daemon = True

    @property
    def kernel_spec(self) -> KernelSpec:
        """How it is started."""
        return KernelSpec(argv=[sys.executable, *_ARGUMENTS], display_name="Python 3", language="python")

    async def start_kernel(self, **settings: Any) -> None:  # type: ignore[override]
        """Start it in a session of its own, which makes it the head of a process group."""
        self._timer.start()
        await super().start_kernel(env=os.environ | self.places, **settings)
        assert self.provisioner is not None
        self.process = self.provisioner.process
        if self.ended:
            self.end(self.ended)

    def end(self, why: str) -> None:
        """Kill it and everything it started; the first reason counts."""
        self.ended = self.ended or why
        self._timer.cancel()
        if self.process is not None:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self.process.kill()

    @property
    def code(self) -> int | None:
        """How its process ended by itself: below zero by a signal; nothing while it runs or where it was ended."""
        return None if self.process is None or self.ended else self.process.poll()


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells, and lets no cell put out more than a page can hold."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._sent: Counter[int] = Counter()

    def process_message(self, message: dict[str, Any], cell: nbformat.NotebookNode, number: int) -> Any:
        """Take what a cell puts out, as far as there is room; the first that finds none leaves a note instead."""
        if message["msg_type"] in _OUTPUTS:
            before = self._sent[number]
            self._sent[number] += _size(message["content"])
            if self._sent[number] > MOST_SENT:
                self.km.end(f"put out more than {MOST_SENT // 1_000_000} MB")
            if self._sent[number] > MOST_KEPT:
                if before <= MOST_KEPT:
                    cell.outputs += [*_start(message, MOST_KEPT - before), _note()]
                if message["msg_type"] != "error":
                    return None
                message["content"] |= {"evalue": message["content"]["evalue"][:1000], "traceback": []}
        return super().process_message(message, cell, number)


def _size(content: dict[str, Any]) -> int:
    """About how many characters an output has."""
    parts = [*content.get("data", {}).values(), content.get("text", ""), *content.get("traceback", [])]
    return sum(len(part) if isinstance(part, str) else len(json.dumps(part)) for part in parts)


def _start(message: dict[str, Any], room: int) -> list[nbformat.NotebookNode]:
    """As much of an output as there is room for: of printed text its start, of anything else nothing."""
    if message["msg_type"] != "stream":
        return []
    content = message["content"]
    return [nbformat.v4.new_output("stream", name=content["name"], text=content["text"][:room])]


def _note() -> nbformat.NotebookNode:
    said = {lang: words(lang)["cut"] for lang in LANGUAGES}
    data = {MIME: {lang: f"<p>{text}</p>" for lang, text in said.items()}, "text/plain": " / ".join(said.values())}
    return nbformat.v4.new_output("display_data", data)


class _Engine(NBClientEngine):  # type: ignore[misc]
    """What papermill runs a notebook with, once parameters are written into it."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, *_: Any, kernel: Kernel, **__: Any) -> None:
        kernel.notebook = nb_man.nb
        # No page shows solutions. A kernel that is killed has nothing left to save; asked politely it takes longer.
        ways: dict[str, Any] = {"skip_cells_with_tag": SOLUTION, "shutdown_kernel": "immediate", "iopub_timeout": 60}
        client = _Client(nb_man, km=kernel, log=logger, **ways)
        try:
            client.execute(cleanup_kc=True)
        finally:
            kernel.end("")


papermill_engines.register(ENGINE, _Engine)
