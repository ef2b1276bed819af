"""What takes and gives Arrow tables, for tests that look at frames: the same names."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pyarrow as pa

from sweep_dask.analysis import tables
from sweep_dask.analysis.centre_point import (
    inputs,
    order_checks,
    replay,
    scenarios,
    sweep_outcomes,
    tape,
)
from sweep_dask.analysis.metrics import (
    comparison,
    partition_sweeps,
    sweep_table,
)
from sweep_dask.analysis.metrics import (
    populations as labelled,
)
from sweep_dask.analysis.metrics import (
    sweep_metrics as measured,
)
from sweep_dask.analysis.rollups import tables as rolled_up
from sweep_dask.analysis.tables import ARROW_TYPES
from sweep_dask.analysis.time_priority import model, states, statistics
from sweep_dask.schema import NBBO, TRADES, Kind
from sweep_dask.storage import combine
from sweep_dask.storage.frames import to_frame

_TYPES = {Kind.INTEGER: pa.int64(), Kind.PRICE: pa.float64(), Kind.TEXT: pa.string()}


def to_table(frame, unknown="string"):
    """An Arrow table without an index; a column without any value and type is of `unknown`."""
    return pa.table({name: _to_column(column, unknown) for name, column in frame.items()})


def _to_column(series, unknown):
    column = pa.array(series.values, from_pandas=True)
    if pa.types.is_null(column.type):
        return column.cast(unknown)
    if pa.types.is_dictionary(column.type):
        return column.cast(ARROW_TYPES["category"])
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def to_category(series):
    """A category of pandas as one of Arrow, whatever type its codes and texts have."""
    return pa.array(series.array).cast(ARROW_TYPES["category"])


def _rows_or_none(frame):
    return None if frame is None else to_table(frame, "int64")


def _rows_of(frame, table):
    """The rows, or none at all of the same columns."""
    if frame is not None:
        return to_table(frame)
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table.columns]).empty_table()


def table(columns, values):
    return to_frame(tables.table(columns, values))


def simulate_partition(orders, trades, nbbo, security):
    result = model.simulate_partition(
        to_table(orders), _rows_of(trades, TRADES), _rows_of(nbbo, NBBO), security
    )
    return replace(
        result,
        processed={name: to_frame(rows) for name, rows in result.processed.items()},
        outputs={name: to_frame(rows) for name, rows in result.outputs.items()},
    )


def order_states(orders, rows):
    found = states.order_states(to_table(orders), rows)
    return states.OrderStates(to_frame(found.first), to_frame(found.last))


def statistical_tests(sweeps):
    return to_frame(statistics.statistical_tests(to_table(sweeps)))


def read_partition(orders, trades, nbbo, continuous, settings):
    rows = (to_table(orders), _rows_or_none(trades), _rows_or_none(nbbo))
    return inputs.read_partition(*rows, continuous, settings)


def read_tape(trades, log):
    return tape.read_tape(_rows_or_none(trades), log)


def left_out_table(*arguments):
    return to_frame(order_checks.left_out_table(*arguments))


def scenario_results(partition, names, *key):
    """Results with frames in place of tables, and `sweep_fills`, a frame of their fills."""
    for result in scenarios.Scenarios(partition).results(names, *key):
        frames = {name: to_frame(getattr(result, name)) for name in ("matches", "order_summary")}
        framed = replace(result, **frames)
        fills = sweep_outcomes.sweep_fills(partition.log, result.fills, *key)
        yield SimpleNamespace(**vars(framed), sweep_fills=to_frame(fills))


def run_scenario(partition, name, *arguments):
    return next(scenario_results(partition, [name], *arguments))


def replay_partition(*arguments, **options):
    result = replay.replay_partition(*arguments, **options)
    return replace(result, matches=to_frame(result.matches), misses=to_frame(result.misses))


def read_sweeps(partition, nbbo, *arguments):
    return partition_sweeps.read_sweeps(partition, to_table(nbbo), *arguments)


def sweep_tables(*arguments, **options):
    yield from map(to_frame, sweep_table.sweep_tables(*arguments, **options))


def sweep_metrics(sweeps, fills, quotes, **options):
    measure = measured.SweepMeasure(sweeps, quotes, **options)
    return table(measured.SWEEP_METRIC_COLUMNS, measure.of(fills))


def populations(*arguments):
    return to_frame(labelled.populations(*arguments))


def differences(real, simulated):
    return to_frame(comparison.differences(real, simulated))


def arrival_cost_parts(real, simulated):
    return to_frame(comparison.arrival_cost_parts(real, simulated))


def tables_of(summary, lines):
    return {name: to_frame(rows) for name, rows in rolled_up.tables_of(summary, lines).items()}


def csv_bytes(frame, **options):
    return combine.csv_bytes(to_table(frame), **options)


def as_read(frame, schema, **options):
    return combine.as_read(to_table(frame), schema, **options)
