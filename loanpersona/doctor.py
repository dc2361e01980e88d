"""What a machine has and lacks for this package."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from loanpersona.core import catalog
from loanpersona.core.extras import EXTRAS, install
from loanpersona.tables import store


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is good, what was found, and the cure if not, or what would add it."""

    name: str
    good: bool
    result: str
    cure: str = ""

    @property
    def mark(self) -> str:
        """The word before it; what an extra would add is absent, and nothing is amiss."""
        return "MISSING" if not self.good else "absent" if self.cure else "ok"


def findings() -> list[Finding]:
    """Versions, kernel, typeface, notebooks and cores of this machine.

    >>> {"python", "kernel", "typeface", "cores"} <= {finding.name for finding in findings()}
    True
    """
    packages = [_package(*result) for result in store.versions().items()]
    return [*packages, _kernel(), _typeface(), _notebooks(), Finding("cores", True, str(os.cpu_count() or "unknown"))]


def _package(name: str, result: str) -> Finding:
    if result != "not installed":
        return Finding(name, True, result)
    extra = next((extra for extra, packages in EXTRAS.items() if name in packages), None)
    return _absent(name, extra) if extra else Finding(name, False, result, "Install it into this environment with pip.")


def _absent(name: str, extra: str) -> Finding:
    return Finding(name, True, f"not installed. Hint: {install(extra)}", install(extra))


def _kernel() -> Finding:
    try:
        return Finding("kernel", True, f"ipykernel {version('ipykernel')} of {sys.executable}")
    except PackageNotFoundError:
        return _absent("kernel", "reports")


def _typeface() -> Finding:
    try:
        from matplotlib import font_manager
    except ModuleNotFoundError:
        return _absent("typeface", "charts")

    path = catalog.font_file()
    try:
        result = font_manager.get_font(str(path)).family_name
    except (OSError, RuntimeError):
        return Finding("typeface", False, f"{path.name} cannot be read", "Install the package again.")
    return Finding("typeface", True, f"{result}, shipped with the package")


def _notebooks() -> Finding:
    from loanpersona.reports import notebook_names

    if names := notebook_names():
        return Finding("notebooks", True, ", ".join(names))
    return Finding("notebooks", False, "none", "Install the package again.")
