"""Pages on paper: printed by whichever Chromium is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from loanpersona.core.errors import MachineError
from loanpersona.reports.files import own_folder, publish, saying_where

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
"""The names by which a Chromium goes."""
_PATIENCE = 120.0
_SWITCHES = ("--headless", "--disable-gpu", "--disable-background-networking", "--no-pdf-header-footer")


def find_chromium() -> str:
    """Return the path of an installed Chromium; raise `MachineError`, in one line, where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise MachineError(f"--pdf: no Chromium found. Hint: install one that goes by {', '.join(NAMES)}.")
    return found


def print_pdf(page: Path, chromium: str) -> Path:
    """Print a page beside itself and return the PDF; raise `MachineError` if nothing comes of it.

    The browser gets a folder of its own: no window or setting of its user's is touched.
    """
    target = page.with_suffix(".pdf")
    with saying_where(target), own_folder(page.parent) as folder:
        made = folder / target.name
        # In a container everybody is root, and there Chromium starts without its sandbox only.
        rooted = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        places = [f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}", page.resolve().as_uri()]
        command = [chromium, *_SWITCHES, *rooted, *places]
        try:
            subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True)
            publish(target, made.read_bytes())
        except (subprocess.SubprocessError, FileNotFoundError) as fault:
            raise MachineError(f"{target}: {chromium} did not print the page: {type(fault).__name__}.") from fault
    return target
