"""What a machine has and lacks for this package."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from loanpersona.core import catalog
from loanpersona.tables import store


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is good, what was found, and the cure if not."""

    name: str
    good: bool
    found: str
    cure: str = ""


def findings() -> list[Finding]:
    """Versions, kernel, typeface, notebooks and cores of this machine.

    >>> {"python", "kernel", "typeface", "cores"} <= {finding.name for finding in findings()}
    True
    """
    cure = "Install it into this environment with pip."
    packages = [Finding(name, found != "not installed", found, cure) for name, found in store.versions().items()]
    return [*packages, _kernel(), _typeface(), _notebooks(), Finding("cores", True, str(os.cpu_count() or "unknown"))]


def _kernel() -> Finding:
    try:
        found = version("ipykernel")
    except PackageNotFoundError:
        return Finding("kernel", False, "ipykernel is not installed", "Install it into this environment with pip.")
    return Finding("kernel", True, f"ipykernel {found} of {sys.executable}")


def _typeface() -> Finding:
    from matplotlib import font_manager

    path = catalog.font_file()
    try:
        found = font_manager.get_font(str(path)).family_name
    except (OSError, RuntimeError):
        return Finding("typeface", False, f"{path.name} cannot be read", "Install the package again.")
    return Finding("typeface", True, f"{found}, shipped with the package")


def _notebooks() -> Finding:
    from loanpersona.reports import notebook_names

    names = notebook_names()
    return Finding("notebooks", bool(names), ", ".join(names) or "none", "Install the package again.")
