"""The words of report and index page in both languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from loanpersona.core import catalog
from loanpersona.core.words import label

TEMPLATES = Path(__file__).resolve().parent / "template"

# What a screen reader needs to pick its voice: zh alone leaves the script open.
HTML_LANGUAGE = {"en": "en", "zh": "zh-Hans"}
PAGES = "LOANPERSONA_PAGES"
"""The environment variable by which a kernel knows that pages in both languages are made of what it shows."""
MIME = "application/vnd.loanpersona.page+json"
"""The kind of output that holds a part of a page in each language."""
SOLUTION = "solution"
"""The tag of cells with answers, which no page shows; they are not even run for one."""
_PREFIX = "report_"


@cache
def words(lang: str) -> dict[str, str]:
    """The words of one language by key."""
    keys = [key for key in catalog.load("labels") if key.startswith(_PREFIX)]
    return {key.removeprefix(_PREFIX): label(key, lang) for key in keys}
