"""The chart room: `lp.plot` and `lp.show` draw any frame; here are the words and the size of what is drawn.

Every chart shows its intervals and bears alt text (`alt`) and, on made-up data, the mark that says so.
"""

from __future__ import annotations

from loanpersona.core.extras import need

need("charts")

from loanpersona.charts.layout import alt
from loanpersona.charts.style import theme
from loanpersona.charts.svg import Picture, picture, svg

__all__ = ["Picture", "alt", "picture", "svg", "theme"]


def __dir__() -> list[str]:
    return sorted(__all__)
