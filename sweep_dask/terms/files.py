"""File stems of results and names of tables."""

from __future__ import annotations

#: Of a partition's rows of each input table, in `processed/`.
ROW_FILES = {"orders": "cp_orders_filtered", "trades": "cp_trades_matched", "nbbo": "nbbo"}

#: What the time-priority model leaves there.
TRADES_AGGREGATED = "cp_trades_aggregated"
ORDERS_BEFORE = "orders_before_matching"
ORDERS_AFTER = "orders_after_matching"
EXECUTION_WINDOWS = "last_execution_time"

#: The nine tables of the time-priority model, in the order of the contract.
TIME_PRIORITY_TABLES = (
    "simulation_order_summary",
    "simulation_match_details",
    "orders_with_simulated_metrics",
    "sweep_order_comparison",
    "sweep_group_summary",
    "sweep_statistical_tests",
    "sweep_size_analysis",
    "trade_level_comparison",
    "trade_accuracy_summary",
)
MATCH_DETAILS = TIME_PRIORITY_TABLES[1]

#: Of each scenario.
MATCHES, ORDER_SUMMARY, SWEEP_FILLS = "matches", "order_summary", "sweep_fills"
#: Orders left out of the book, the metrics of every sweep in every arm, and sums of them under
#: every choice that the answer depends on.
LEFT_OUT = "left_out"
SWEEP_METRICS = "sweep_metrics"
SENSITIVITY = "sensitivity"
#: Of a replay.
REPLAY_MATCHES = "replay_matches"

#: How well the book reproduces the tape: the score of a run, or of a replay.
FIDELITY = "fidelity.json"
#: What a finished partition left.
RECEIPT = "receipt.json"
