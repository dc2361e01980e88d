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
from loanpersona.charts.segments.clusters import (
    plot_choice_of_k,
    plot_cluster_agreement,
    plot_cluster_profiles,
    plot_cluster_stability,
    plot_crossed,
    plot_crossed_approved,
)
from loanpersona.charts.segments.funnel import (
    plot_first_drawdown,
    plot_funnel,
    plot_leak_needs,
    plot_leaks,
    plot_process_mix,
    plot_returns,
    plot_time_to_first_loan,
)
from loanpersona.charts.segments.migration import (
    plot_lifecycle_by_month,
    plot_lifecycle_mix,
    plot_rfm_cells,
    plot_time_in_segment,
    plot_transitions,
    plot_weight_of_segments,
)
from loanpersona.charts.style import alt, show

__all__ = [
    "alt",
    "plot_approval_ratios",
    "plot_calibration",
    "plot_choice_of_k",
    "plot_cluster_agreement",
    "plot_cluster_profiles",
    "plot_cluster_stability",
    "plot_cost_of_leaving_out",
    "plot_crossed",
    "plot_crossed_approved",
    "plot_discrimination",
    "plot_first_drawdown",
    "plot_funnel",
    "plot_information_value",
    "plot_ks_curve",
    "plot_leak_needs",
    "plot_leaks",
    "plot_lifecycle_by_month",
    "plot_lifecycle_mix",
    "plot_process_mix",
    "plot_returns",
    "plot_rfm_cells",
    "plot_roc",
    "plot_score_comparison",
    "plot_score_correlation",
    "plot_score_distribution",
    "plot_score_stability",
    "plot_scorecard",
    "plot_scorecard_stability",
    "plot_time_in_segment",
    "plot_time_to_first_loan",
    "plot_transitions",
    "plot_weight_of_segments",
    "show",
]


def __dir__() -> list[str]:
    return sorted(__all__)
