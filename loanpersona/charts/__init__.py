"""The chart room: `plot_<frame>(frame, *, ax=None, lang="en")` draws a frame of the analysis room.

Every chart shows intervals, carries alt text (`alt`) and the mark that the data are synthetic.
"""

from __future__ import annotations

from loanpersona.core.extras import need

need("charts")

from loanpersona.charts.style import alt, show

__all__ = [
    "alt",
    "show",
]


def __dir__() -> list[str]:
    return sorted(__all__)
