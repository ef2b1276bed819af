"""Which metrics roll-ups tell of, by number."""

from __future__ import annotations

from sweep_dask.analysis.metrics.comparison import COMPARED

#: The metrics that are compared, in the order of all tables; a metric's number is its place here.
METRICS = tuple(COMPARED)
#: Those that are told by segment.
HEADLINE = (
    "fill_ratio",
    "far_touch_improvement_bps",
    "arrival_cost_bps",
    "implementation_shortfall_bps",
    "completed_shortfall_bps",
    "effective_spread_bps",
    "time_to_first_fill_seconds",
    "mean_time_to_fill_seconds",
)
