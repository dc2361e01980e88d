"""The chart room: `plot_<frame>(frame, *, ax=None, lang="en")` draws a frame of the analysis room.

Every chart shows intervals, carries alt text (`alt`) and the mark that the data are synthetic.
"""

from __future__ import annotations

from loanpersona.core.extras import need

need("charts")

from loanpersona.charts.credit.risk_score import (
    plot_calibration,
    plot_discrimination,
    plot_ks_curve,
    plot_roc,
    plot_score_distribution,
    plot_score_stability,
)
from loanpersona.charts.credit.scorecards import (
    plot_approval_ratios,
    plot_cost_of_leaving_out,
    plot_information_value,
    plot_score_comparison,
    plot_score_correlation,
    plot_scorecard,
    plot_scorecard_stability,
)
from loanpersona.charts.style import alt, show

__all__ = [
    "alt",
    "plot_approval_ratios",
    "plot_calibration",
    "plot_cost_of_leaving_out",
    "plot_discrimination",
    "plot_information_value",
    "plot_ks_curve",
    "plot_roc",
    "plot_score_comparison",
    "plot_score_correlation",
    "plot_score_distribution",
    "plot_score_stability",
    "plot_scorecard",
    "plot_scorecard_stability",
    "show",
]


def __dir__() -> list[str]:
    return sorted(__all__)
