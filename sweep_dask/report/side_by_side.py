"""The same sweeps on the tape, under time priority and in each scenario of the Centre Point book.

The tables are read a partition at a time, and only sums are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sweep_dask.analysis.centre_point.scenarios import AS_ENTERED, SCENARIOS
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY
from sweep_dask.report.durations import Durations
from sweep_dask.report.partition_rows import MISSING, PartitionRows, partitions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep_dask.analysis.tables import BoolArray, IntArray

TAPE = "tape"

#: Lines of the table: name and what it stands for.
LABELS = {
    TAPE: "Tape",
    TIME_PRIORITY: "Time priority",
    **{name: name.replace("-", " ").capitalize() for name in SCENARIOS},
}

_SUMMARY = (
    *("scenario", "order_id", "entry_timestamp", "quantity", "is_affected"),
    *("unfilled_quantity", "unfilled_reason", "first_fill_timestamp"),
    *("dark_arrival_quantity", "dark_resting_quantity"),
    *("lit_arrival_quantity", "lit_resting_quantity"),
    *("real_dark_quantity", "real_lit_quantity", "real_first_fill_timestamp"),
)
_COMPARISON = ("model", "orderid", "available_quantity", "simulated_matched_quantity")
_MATCHES = ("sweep_orderid", "timestamp")


@dataclass
class OutcomeLine:
    """What the compared sweeps got, on the tape or in one simulation."""

    filled_sweeps: int = 0
    """Sweeps with any fill."""
    filled: int = 0
    """Shares, in the dark and in the lit book together."""
    dark: int = 0
    lit: int = 0
    first_fill: Durations = field(default_factory=Durations)
    """From the entry to the first fill, of sweeps with any fill."""

    def add(self, dark: IntArray, lit: IntArray, wait_ns: IntArray) -> None:
        """Add sweeps, by element; `wait_ns` of those with a fill."""
        filled = dark + lit
        self.filled_sweeps += int(np.count_nonzero(filled))
        self.filled += int(filled.sum())
        self.dark += int(dark.sum())
        self.lit += int(lit.sum())
        self.first_fill.add(wait_ns)


@dataclass
class Unfilled:
    """Sweeps with something left for one reason, and what they had left."""

    sweeps: int = 0
    shares: int = 0


@dataclass
class SideBySide:
    """The comparison of a run; everything is about the same sweeps, `compared` of them."""

    lines: dict[str, OutcomeLine]
    """By name of `LABELS`, in its order."""
    sweeps: int = 0
    """Sweeps in the Centre Point book."""
    shared: int = 0
    """Of these, known to the time-priority model too, if the run has it."""
    compared: int = 0
    """Of these, with a limit and entered in continuous trading: scenarios may change them."""
    quantity: int = 0
    """Shares that could be filled: entered, and all recorded increases."""
    left_over: int = 0
    """Shares left after the last real event, all that the time-priority model matches."""
    unfilled: dict[str, dict[str, Unfilled]] = field(default_factory=dict)
    """By scenario and reason."""

    @property
    def tape(self) -> OutcomeLine:
        """What really happened."""
        return self.lines[TAPE]

    @property
    def time_priority(self) -> OutcomeLine | None:
        """None if the run has no time-priority model."""
        return self.lines.get(TIME_PRIORITY)

    @property
    def scenarios(self) -> dict[str, OutcomeLine]:
        """The scenarios that were run."""
        return {name: line for name, line in self.lines.items() if name in SCENARIOS}

    @property
    def baseline(self) -> str:
        """What the other scenarios are measured against: the book with nothing changed."""
        return AS_ENTERED if AS_ENTERED in self.lines else TAPE

    @property
    def reasons(self) -> set[str]:
        """Reasons that occur in any scenario."""
        return {reason for counts in self.unfilled.values() for reason in counts}


def read_side_by_side(tables: Path, *, with_time_priority: bool) -> SideBySide:
    """Sum up `centre_point_order_summary.parquet` and the tables of the time-priority model.

    Parameters
    ----------
    with_time_priority
        Whether the run has that model; without it no sweep is left out for being unknown to it.
    """
    book = partitions(tables / "centre_point_order_summary.parquet", _SUMMARY)
    model = _TimePriority(tables) if with_time_priority else None
    result = SideBySide({TAPE: OutcomeLine()} | ({TIME_PRIORITY: OutcomeLine()} if model else {}))
    for key, rows in book:
        by_scenario = {str(name): frame for name, frame in rows.groupby("scenario", sort=False)}
        sweeps = next(iter(by_scenario.values()))
        order_id = _integers(sweeps, "order_id")
        simulated = None if model is None else model.rows(key, order_id)
        shared = np.ones(order_id.size, dtype=bool) if simulated is None else simulated.is_known
        chosen = shared & sweeps["is_affected"].to_numpy(dtype=bool)
        result.sweeps += order_id.size
        result.shared += int(shared.sum())
        _add_tape(result, sweeps[chosen])
        if simulated is not None:
            _add_time_priority(result, simulated, chosen, _integers(sweeps, "entry_timestamp"))
        _add_scenarios(result, by_scenario, order_id[chosen])
    result.lines = {name: result.lines[name] for name in LABELS if name in result.lines}
    return result


def _add_tape(result: SideBySide, sweeps: pd.DataFrame) -> None:
    """The tape's numbers are the same in every scenario: take those of one."""
    result.compared += len(sweeps)
    result.quantity += int(_integers(sweeps, "quantity").sum())
    result.tape.add(
        _integers(sweeps, "real_dark_quantity"),
        _integers(sweeps, "real_lit_quantity"),
        _waits(sweeps, "real_first_fill_timestamp"),
    )


def _add_scenarios(
    result: SideBySide, by_scenario: Mapping[str, pd.DataFrame], order_id: IntArray
) -> None:
    for name, rows in by_scenario.items():
        sweeps = rows[np.isin(_integers(rows, "order_id"), order_id)]
        result.lines.setdefault(name, OutcomeLine()).add(
            _integers(sweeps, "dark_arrival_quantity") + _integers(sweeps, "dark_resting_quantity"),
            _integers(sweeps, "lit_arrival_quantity") + _integers(sweeps, "lit_resting_quantity"),
            _waits(sweeps, "first_fill_timestamp"),
        )
        counts = result.unfilled.setdefault(name, {})
        left = sweeps[sweeps["unfilled_quantity"] > 0]
        for reason, rest in left.groupby("unfilled_reason"):
            count = counts.setdefault(str(reason), Unfilled())
            count.sweeps += len(rest)
            count.shares += int(_integers(rest, "unfilled_quantity").sum())


@dataclass(frozen=True)
class _Simulated:
    """What the time-priority model says of some sweeps, one element each."""

    is_known: BoolArray
    available: IntArray
    matched: IntArray
    first_match_ns: IntArray
    """`MISSING` without a match."""


class _TimePriority:
    """The tables of the time-priority model, read in step with those of the book."""

    def __init__(self, tables: Path) -> None:
        self._sweeps = PartitionRows(tables / "sweep_order_comparison.parquet", _COMPARISON)
        self._matches = PartitionRows(tables / "simulation_match_details.parquet", _MATCHES)

    def rows(self, key: tuple[str, int], order_id: IntArray) -> _Simulated:
        sweeps = self._sweeps.of(key)
        sweeps = sweeps[sweeps["model"] == TIME_PRIORITY]
        first = self._matches.of(key).groupby("sweep_orderid")["timestamp"].min()
        place = pd.Index(_integers(sweeps, "orderid")).get_indexer(pd.Index(order_id))
        return _Simulated(
            place >= 0,
            _taken(_integers(sweeps, "available_quantity"), place, 0),
            _taken(_integers(sweeps, "simulated_matched_quantity"), place, 0),
            _taken(first.to_numpy(np.int64), first.index.get_indexer(pd.Index(order_id)), MISSING),
        )


def _add_time_priority(
    result: SideBySide, simulated: _Simulated, chosen: BoolArray, entry_ns: IntArray
) -> None:
    has_match = chosen & (simulated.first_match_ns != MISSING)
    matched = simulated.matched[chosen]
    result.left_over += int(np.maximum(simulated.available[chosen], 0).sum())
    result.lines[TIME_PRIORITY].add(
        matched, np.zeros_like(matched), (simulated.first_match_ns - entry_ns)[has_match]
    )


def _taken(values: IntArray, place: IntArray, otherwise: int) -> IntArray:
    """The values at these places, and `otherwise` at place -1."""
    taken: IntArray = np.append(values, otherwise)[place]
    return taken


def _waits(sweeps: pd.DataFrame, name: str) -> IntArray:
    """From the entry to the time in a column, ns, of sweeps that have one."""
    time_ns, entry_ns = _integers(sweeps, name), _integers(sweeps, "entry_timestamp")
    waits_ns: IntArray = (time_ns - entry_ns)[time_ns != MISSING]
    return waits_ns


def _integers(rows: pd.DataFrame, name: str) -> IntArray:
    return rows[name].to_numpy(dtype=np.int64)
