"""The Centre Point model of one partition: every scenario, and the orders left out of the book."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.inputs import PartitionInput, read_partition
from sweep_dask.analysis.centre_point.order_checks import left_out_table
from sweep_dask.analysis.centre_point.order_log import QuoteSource, read_order_log
from sweep_dask.analysis.centre_point.scenarios import ScenarioResult, Scenarios
from sweep_dask.analysis.centre_point.sweep_outcomes import sweep_fills
from sweep_dask.analysis.metrics.choice_replays import under_choices
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.tables import empty_table, whole_numbers
from sweep_dask.errors import InputError
from sweep_dask.partition.tables import table_name
from sweep_dask.terms.arms import CENTRE_POINT, TAPE, Arm
from sweep_dask.terms.files import LEFT_OUT, MATCHES, ORDER_SUMMARY, SENSITIVITY, SWEEP_FILLS
from sweep_dask.terms.reasons import (
    NEVER_CONTINUOUS,
    NO_QUOTE_MOVES,
    NO_QUOTES,
    NO_SESSION_ROWS,
    NO_TAPE,
    NO_TRADES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.sweep_table import Outcome
    from sweep_dask.analysis.tables import IntArray
    from sweep_dask.partition.job import PartitionJob
    from sweep_dask.partition.piece import PieceTables, StagedFiles
    from sweep_dask.partition.rows import ContinuousTrading
    from sweep_dask.storage.merge import MergedRows

#: What `centre_point_seconds` calls the reading of rows and the checks of orders.
READING = "check orders"
#: And the replays under every choice.
COMPARING = "other choices"
#: And what comes after the scenarios.
MEASURING, SCORING = "measure sweeps", "score against tape"


def read_input(
    job: PartitionJob, merged: Mapping[str, MergedRows], trading: ContinuousTrading
) -> PartitionInput:
    """The partition as the book sees it.

    Raises InputError: the exchange's own quote is asked for, and the input has only the national
    one.
    """
    trades = merged["trades"].rows
    partition = read_partition(
        merged["orders"].rows,
        # Without any, what orders say of their fills is not contradicted: it cannot be checked.
        trades if len(trades) else None,
        merged["nbbo"].rows,
        trading.windows,
        job.centre_point.book,
    )
    if job.centre_point.book.quote_source is QuoteSource.EXCHANGE:
        _require_own_quotes(job, merged, partition.log)
    return partition


def _require_own_quotes(job: PartitionJob, merged: Mapping[str, MergedRows], log: OrderLog) -> None:
    if _has_quotes(log):
        return
    orders = merged["orders"].rows
    if merged["nbbo"].count or _has_quotes(read_order_log(orders, job.centre_point.book.ticks)):
        raise InputError(
            "No order row has the exchange's own best bid or offer; the input has the national "
            "quote only.",
            where=f"columns bid and offer of the orders of {job.source.security} on "
            f"{job.source.date}",
            cure="give an extract in which these columns are filled, or set "
            "`centre_point: {quote_source: national}`",
        )


def _has_quotes(log: OrderLog) -> bool:
    return bool(np.any(log.bid) or np.any(log.offer))


def input_gaps(
    partition: PartitionInput, merged: Mapping[str, MergedRows], trading: ContinuousTrading
) -> list[str]:
    """What the input leaves open, keys of `GAPS`."""
    has_own = _has_quotes(partition.log)
    is_national = partition.settings.quote_source is QuoteSource.NATIONAL
    # Those of the exchange's own quote are told by the rows of orders.
    has_moves = merged["nbbo"].count > 0 if is_national else has_own
    gaps = {
        NO_SESSION_ROWS: not trading.is_recorded,
        NEVER_CONTINUOUS: not trading.windows,
        NO_QUOTES: not has_moves and not has_own,
        NO_QUOTE_MOVES: not has_moves and has_own,
        NO_TRADES: not merged["trades"].count,
        NO_TAPE: merged["trades"].count > 0 and partition.tape is None,
    }
    return [gap for gap, is_there in gaps.items() if is_there]


@dataclass(frozen=True)
class ScenariosRun:
    """What the scenarios of a partition gave besides files."""

    outcomes: dict[Arm, Outcome] = field(default_factory=dict)
    """What became of the sweeps under the answer's own choice, by arm."""
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    """See `job.CentrePointOutcome.scenarios`."""
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """By part of the model."""


def run_scenarios(
    job: PartitionJob,
    staged: StagedFiles,
    partition: PartitionInput,
    partition_sweeps: PartitionSweeps,
    tables: PieceTables,
) -> ScenariosRun:
    """Run and write scenarios one after the other, and what comes of them under every choice."""
    began = perf_counter()
    date, security = key = staged.key
    folder = staged.layout.centre_point(*key)
    left_out = left_out_table(partition.log, partition.left_out, date, security)
    staged.write_table(folder / f"{LEFT_OUT}.parquet", left_out)
    tables.add(table_name(LEFT_OUT), left_out, key)
    seconds = {READING: -began + (began := perf_counter())}
    totals: dict[str, dict[str, int]] = {}
    counts = dict.fromkeys(("events", "steps", "matches"), 0)
    names, choices = job.centre_point.scenarios, job.centre_point.choices
    scenarios = Scenarios(partition, choices.may_change(partition.log.participant_of_order))

    def write(scenario: str, name: str, rows: pa.Table) -> None:
        staged.write_table(folder / scenario / f"{name}.parquet", rows)
        tables.add(table_name(name), rows, key, scenario)

    for name, result in zip(names, scenarios.results(names, date, security), strict=True):
        write(name, MATCHES, result.matches)
        write(name, ORDER_SUMMARY, result.order_summary)
        totals.setdefault(TAPE, _tape_totals(result.order_summary))
        totals[name] = _scenario_totals(result)
        counts["events"] += result.event_count
        counts["steps"] += result.step_count
        counts["matches"] += len(result.matches)
        seconds[name] = -began + (began := perf_counter())
    under = under_choices(scenarios, partition_sweeps, choices, names, job.centre_point.fees)
    for name, answer in under.answers.items():
        write(name, SWEEP_FILLS, sweep_fills(partition.log, answer.fills, date, security))
    rows = pa.concat_tables([empty_table(SENSITIVITY_COLUMNS), *under.sums])
    staged.write_table(staged.layout.outputs(*key) / f"{SENSITIVITY}.parquet", rows)
    tables.add(SENSITIVITY, rows, key)
    seconds[COMPARING] = perf_counter() - began
    return ScenariosRun(
        {Arm(CENTRE_POINT, name): answer.outcome for name, answer in under.answers.items()},
        totals,
        {
            "centre_point_orders": int(partition.is_in.sum()),
            **{f"centre_point_{name}": count for name, count in counts.items()},
        },
        seconds,
    )


def _scenario_totals(result: ScenarioResult) -> dict[str, int]:
    sweeps = result.order_summary
    return _totals(
        sweeps,
        whole_numbers(sweeps, "dark_arrival_quantity")
        + whole_numbers(sweeps, "dark_resting_quantity"),
        whole_numbers(sweeps, "lit_arrival_quantity")
        + whole_numbers(sweeps, "lit_resting_quantity"),
        whole_numbers(sweeps, "unfilled_quantity"),
    )


def _tape_totals(sweeps: pa.Table) -> dict[str, int]:
    filled = whole_numbers(sweeps, "real_filled_quantity")
    return _totals(
        sweeps,
        whole_numbers(sweeps, "real_dark_quantity"),
        whole_numbers(sweeps, "real_lit_quantity"),
        np.maximum(whole_numbers(sweeps, "quantity") - filled, 0),
    )


def _totals(sweeps: pa.Table, dark: IntArray, lit: IntArray, unfilled: IntArray) -> dict[str, int]:
    return {
        "sweeps": len(sweeps),
        "quantity": int(whole_numbers(sweeps, "quantity").sum()),
        "dark": int(dark.sum()),
        "lit": int(lit.sum()),
        "unfilled": int(unfilled.sum()),
    }
