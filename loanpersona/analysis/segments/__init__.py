"""How a lender segments its users: by process, lifecycle and quality (3.1a to 3.1c), as tidy frames.

The rules stand in `catalog/segments.yaml`; a file of one's own takes their place. Every function takes frames with
the columns of `tables.yaml` that it names, generated or a lender's own, and returns a new frame with 95 % intervals.
Each raises InputError where there are no rows, or a column is missing or of another form.
"""

from __future__ import annotations

from loanpersona.analysis.membership import lifecycle, lifecycle_rules, process, quality, quality_rules, retiered
from loanpersona.analysis.segment_reader import rules
from loanpersona.analysis.segment_rules import Rules, Segmentation
from loanpersona.analysis.segments.cluster_validation import cluster_agreement, cluster_stability
from loanpersona.analysis.segments.clustering import choice_of_k, cluster_profiles, clusters
from loanpersona.analysis.segments.crossing import crossed, crossed_approved, segmented
from loanpersona.analysis.segments.migration import (
    lifecycle_by_month,
    lifecycle_mix,
    time_in_segment,
    transitions,
    weight_of_segments,
)
from loanpersona.analysis.segments.onboarding import (
    first_drawdown,
    funnel,
    leak_needs,
    leaks,
    process_mix,
    returns,
    time_to_first_loan,
)
from loanpersona.analysis.segments.recency import rfm, rfm_cells
from loanpersona.analysis.snapshot import standing

__all__ = [
    "Rules",
    "Segmentation",
    "choice_of_k",
    "cluster_agreement",
    "cluster_profiles",
    "cluster_stability",
    "clusters",
    "crossed",
    "crossed_approved",
    "first_drawdown",
    "funnel",
    "leak_needs",
    "leaks",
    "lifecycle",
    "lifecycle_by_month",
    "lifecycle_mix",
    "lifecycle_rules",
    "process",
    "process_mix",
    "quality",
    "quality_rules",
    "retiered",
    "returns",
    "rfm",
    "rfm_cells",
    "rules",
    "segmented",
    "standing",
    "time_in_segment",
    "time_to_first_loan",
    "transitions",
    "weight_of_segments",
]


def __dir__() -> list[str]:
    return sorted(__all__)
