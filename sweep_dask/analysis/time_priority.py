"""The time-priority model of one partition, from its rows to its nine tables.

Nothing is read or written here; storage stands around it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.comparison import (
    SWEEP_GROUP_SUMMARY,
    SWEEP_ORDER_COMPARISON,
    SWEEP_SIZE_ANALYSIS,
    group_summary,
    size_analysis,
    sweep_order_comparison,
)
from sweep_dask.analysis.groups import sweep_groups
from sweep_dask.analysis.simulated_metrics import SIMULATED_METRICS, orders_with_simulated_metrics
from sweep_dask.analysis.simulation import MATCH_DETAILS, ORDER_SUMMARY, simulate_sweeps
from sweep_dask.analysis.states import order_states, rows_by_order, select_orders
from sweep_dask.analysis.statistics import SWEEP_STATISTICAL_TESTS, statistical_tests
from sweep_dask.analysis.tables import Schema, whole_numbers
from sweep_dask.analysis.trade_accuracy import TRADE_ACCURACY_SUMMARY, trade_accuracy_summary
from sweep_dask.analysis.trade_comparison import TRADE_LEVEL_COMPARISON, trade_level_comparison
from sweep_dask.analysis.trades import aggregate_trades, trade_totals
from sweep_dask.analysis.windows import execution_windows
from sweep_dask.market.order_types import TIME_PRIORITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: As the tables call it.
MODEL = "time-priority"

#: What the comparison looks at in the last state of a sweep.
_COMPARED = ["order_id", "quantity", "leavesquantity", "totalmatchedquantity"]

#: The stages of the time-priority model, the first is number 1. Stages 1, 2, 4 and 5 are ingest.
STAGES = (
    "extract orders",
    "extract trades",
    "aggregate trades",
    "extract NBBO",
    "extract reference data",
    "order states",
    "execution times",
    "simulate sweep matching",
    "simulated metrics",
    "classify order groups",
    "compare real with simulated",
)


@dataclass(frozen=True)
class PartitionResult:
    """Everything the time-priority model makes of one partition."""

    processed: dict[str, pa.Table]
    """Intermediate tables by file stem: states, windows and aggregated trades."""
    outputs: dict[str, pa.Table]
    """The nine result tables by file stem, in the order of the contract."""
    order_count: int
    sweep_count: int
    match_count: int
    step_count: int
    """What the matching cost, see `Matches.steps`."""
    stage_seconds: dict[int, float]
    """Wall time by number of stage (1 is the first of `STAGES`)."""


@dataclass
class _StageClock:
    seconds: dict[int, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = perf_counter()
        yield
        self.seconds[STAGES.index(name) + 1] = perf_counter() - begin


def simulate_partition(
    orders: pa.Table, trades: pa.Table, nbbo: pa.Table, security: int
) -> PartitionResult:
    """Run stages 3 and 6-11 of the time-priority model.

    Parameters
    ----------
    orders
        Columns of `schema.ORDERS` and `date`, any order of rows. Rows of order types that the
        model does not know (66, 2050) are left out.
    trades
        Columns of `schema.TRADES`; trades of other orders are left out.
    nbbo
        Columns of `schema.NBBO` by timestamp, then sequence.
    security
        The order book id, written beside every match.
    """
    clock = _StageClock()
    orders = _orders_of_the_model(orders)
    with clock.stage("aggregate trades"):
        totals = trade_totals(trades, whole_numbers(orders, "order_id"))
        aggregated = aggregate_trades(totals)
    with clock.stage("order states"):
        rows = rows_by_order(orders)
        states = order_states(orders, rows)
    with clock.stage("execution times"):
        windows = execution_windows(orders, rows)
    with clock.stage("simulate sweep matching"):
        simulation = simulate_sweeps(states, windows, nbbo, security)
        summary, details = simulation.order_summary, simulation.match_details
    with clock.stage("simulated metrics"):
        metrics = orders_with_simulated_metrics(states.last, summary, details)
    with clock.stage("classify order groups"):
        order_id = whole_numbers(summary, "orderid")
        sweeps = select_orders(states.last.select(_COMPARED), order_id)
        group = sweep_groups(sweeps)
    with clock.stage("compare real with simulated"):
        comparison = sweep_order_comparison(summary, sweeps, group, totals)
        sweep_trades = totals.chosen(np.isin(totals.order_id, order_id))
        trade_comparison = trade_level_comparison(sweep_trades, details)
        outputs = {
            "simulation_order_summary": summary,
            "simulation_match_details": details,
            "orders_with_simulated_metrics": metrics,
            "sweep_order_comparison": comparison,
            "sweep_group_summary": group_summary(comparison),
            "sweep_statistical_tests": statistical_tests(comparison),
            "sweep_size_analysis": size_analysis(comparison),
            "trade_level_comparison": trade_comparison,
            "trade_accuracy_summary": trade_accuracy_summary(trade_comparison),
        }
    return PartitionResult(
        processed={
            "cp_trades_aggregated": aggregated,
            "orders_before_matching": states.first,
            "orders_after_matching": states.last,
            "last_execution_time": windows,
        },
        outputs=outputs,
        order_count=len(states.last),
        sweep_count=len(summary),
        match_count=len(details),
        step_count=simulation.steps,
        stage_seconds=clock.seconds,
    )


def output_columns(order_columns: Sequence[str], order_types: Sequence[str]) -> dict[str, Schema]:
    """Columns and types of the nine result tables, by file stem, in the order of the contract.

    Parameters
    ----------
    order_columns, order_types
        Columns of the orders in this input and their pandas types.
    """
    orders = dict(zip(order_columns, order_types, strict=True))
    last = {"orderid": orders.pop("order_id"), **orders, "date": "str"}
    return {
        "simulation_order_summary": ORDER_SUMMARY,
        "simulation_match_details": MATCH_DETAILS,
        "orders_with_simulated_metrics": {**last, **SIMULATED_METRICS},
        "sweep_order_comparison": SWEEP_ORDER_COMPARISON,
        "sweep_group_summary": SWEEP_GROUP_SUMMARY,
        "sweep_statistical_tests": SWEEP_STATISTICAL_TESTS,
        "sweep_size_analysis": SWEEP_SIZE_ANALYSIS,
        "trade_level_comparison": TRADE_LEVEL_COMPARISON,
        "trade_accuracy_summary": TRADE_ACCURACY_SUMMARY,
    }


def _orders_of_the_model(orders: pa.Table) -> pa.Table:
    known = np.isin(whole_numbers(orders, "exchangeordertype"), TIME_PRIORITY_TYPES)
    return orders if known.all() else orders.filter(pa.array(known))
