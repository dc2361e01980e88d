"""The templates of pages and of their parts; what is filled in is escaped, except what is HTML already."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from loanpersona.reports.words import HTML_LANGUAGE, TEMPLATES, words

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, lang: str, **values: Any) -> str:
    """A template with the words of a language and these values."""
    shared = {"lang": HTML_LANGUAGE[lang], "word": words(lang)}
    return _environment().get_template(template).render(**shared, **values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
