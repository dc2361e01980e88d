"""What the package knows, as data: YAML files found by their name, nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from loanpersona.core import strict_yaml

FOLDER = Path(__file__).parents[1] / "catalog"


@cache
def load(name: str) -> dict[str, Any]:
    """The words of a catalog file as plain dicts, lists and strings; callers must not change them."""
    content = strict_yaml.plain(strict_yaml.read(FOLDER / f"{name}.yaml"))
    assert isinstance(content, dict)
    return content


def persona_files() -> dict[str, Path]:
    """The personas that ship with the package, by name."""
    return {path.stem: path for path in sorted((FOLDER / "personas").glob("*.yaml"))}


def font_file() -> Path:
    """The Chinese typeface of the charts (SIL Open Font Licence)."""
    return FOLDER / "fonts" / "LoanpersonaSansSC-Regular.ttf"
