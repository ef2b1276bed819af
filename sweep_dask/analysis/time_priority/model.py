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

from sweep_dask.analysis.tables import Schema, whole_numbers
from sweep_dask.analysis.time_priority.fills import aggregate_trades, trade_totals
from sweep_dask.analysis.time_priority.order_comparison import (
    SIMULATED_METRICS,
    SWEEP_GROUP_SUMMARY,
    SWEEP_ORDER_COMPARISON,
    SWEEP_SIZE_ANALYSIS,
    group_summary,
    orders_with_simulated_metrics,
    size_analysis,
    sweep_order_comparison,
)
from sweep_dask.analysis.time_priority.simulation import (
    MATCH_DETAIL_COLUMNS,
    ORDER_SUMMARY_COLUMNS,
    simulate_sweeps,
)
from sweep_dask.analysis.time_priority.states import (
    execution_windows,
    order_states,
    rows_by_order,
    select_orders,
    sweep_groups,
)
from sweep_dask.analysis.time_priority.statistics import SWEEP_STATISTICAL_TESTS, statistical_tests
from sweep_dask.analysis.time_priority.trade_comparison import (
    TRADE_ACCURACY_SUMMARY,
    TRADE_LEVEL_COMPARISON,
    trade_accuracy_summary,
    trade_level_comparison,
)
from sweep_dask.market.order_codes import TIME_PRIORITY_TYPES
from sweep_dask.terms.files import (
    EXECUTION_WINDOWS,
    ORDERS_AFTER,
    ORDERS_BEFORE,
    TIME_PRIORITY_TABLES,
    TRADES_AGGREGATED,
)
from sweep_dask.terms.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What the comparison looks at in the last state of a sweep.
_COMPARED = ["order_id", "quantity", "leavesquantity", "totalmatchedquantity"]


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
        tables = (
            summary,
            details,
            metrics,
            comparison,
            group_summary(comparison),
            statistical_tests(comparison),
            size_analysis(comparison),
            trade_comparison,
            trade_accuracy_summary(trade_comparison),
        )
    return PartitionResult(
        processed={
            TRADES_AGGREGATED: aggregated,
            ORDERS_BEFORE: states.first,
            ORDERS_AFTER: states.last,
            EXECUTION_WINDOWS: windows,
        },
        outputs=dict(zip(TIME_PRIORITY_TABLES, tables, strict=True)),
        order_count=len(states.last),
        sweep_count=len(summary),
        match_count=len(details),
        step_count=simulation.steps,
        stage_seconds=clock.seconds,
    )


def output_columns(order_columns: Sequence[str], order_types: Sequence[str]) -> dict[str, Schema]:
    """Columns and types of the nine result tables, by file stem, in the order of the contract.

    `order_columns` and `order_types`: of the orders in this input, as pandas names types.
    """
    orders = dict(zip(order_columns, order_types, strict=True))
    last = {"orderid": orders.pop("order_id"), **orders, "date": "str"}
    columns: tuple[Schema, ...] = (
        ORDER_SUMMARY_COLUMNS,
        MATCH_DETAIL_COLUMNS,
        {**last, **SIMULATED_METRICS},
        SWEEP_ORDER_COMPARISON,
        SWEEP_GROUP_SUMMARY,
        SWEEP_STATISTICAL_TESTS,
        SWEEP_SIZE_ANALYSIS,
        TRADE_LEVEL_COMPARISON,
        TRADE_ACCURACY_SUMMARY,
    )
    return dict(zip(TIME_PRIORITY_TABLES, columns, strict=True))


def _orders_of_the_model(orders: pa.Table) -> pa.Table:
    known = np.isin(whole_numbers(orders, "exchangeordertype"), TIME_PRIORITY_TYPES)
    return orders if known.all() else orders.filter(pa.array(known))
