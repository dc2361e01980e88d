"""What the core installs without: the extras of `pyproject.toml`, and the packages of each that the code imports."""

from __future__ import annotations

from importlib.util import find_spec

from loanpersona.core.errors import MachineError

EXTRAS: dict[str, tuple[str, ...]] = {
    "charts": ("matplotlib", "seaborn"),
    "lab": ("IPython", "jinja2"),
    "learn": ("sklearn",),
    "reports": (
        "bs4",
        "fontTools",
        "ipykernel",
        "jinja2",
        "jupyter_client",
        "nbclient",
        "nbconvert",
        "nbformat",
        "nh3",
        "papermill",
        "traitlets",
    ),
}


def install(extra: str) -> str:
    """The command that installs an extra.

    >>> install("charts")
    'pip install "loanpersona[charts]"'
    """
    return f'pip install "loanpersona[{extra}]"'


def need(extra: str) -> None:
    """Raise MachineError, in one line with the command to install it, where a package of an extra is absent."""
    absent = [package for package in EXTRAS[extra] if find_spec(package) is None]
    if absent:
        raise MachineError(f"{', '.join(absent)}: not installed. Hint: {install(extra)}")
