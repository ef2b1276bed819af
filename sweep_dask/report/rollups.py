"""The roll-ups of a run, from `tables/rollups/`: small tables, whatever the number of sweeps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sweep_dask.storage.parquet_files import read_parquet
from sweep_dask.terms.arms import ARMS, REAL, Arm
from sweep_dask.terms.choices import BOOK, INTERVALS
from sweep_dask.terms.dimensions import ALL, DIMENSIONS, HEADLINE_POPULATION, OF_TAPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Row = dict[str, Any]

#: Of each segment the page shows a few sums only.
_SEGMENT_COLUMNS = [
    *("segment", "model", "scenario", "n_sweeps", "quantity", "filled_quantity"),
    *("shortfall_paper_value_aud", "implementation_shortfall_aud"),
]


@dataclass(frozen=True)
class Rollups:
    """What a run found; a row is a mapping of columns, None where a number is missing."""

    by_all: Sequence[Row]
    """All populations, the sweeps of each together."""
    segments: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """By dimension, of the headline population."""
    comparisons: Sequence[Row] = ()
    """All sweeps of the headline population."""
    averages: Sequence[Row] = ()
    distributions: Sequence[Row] = ()
    unfilled: Sequence[Row] = ()
    by_choice: Sequence[Row] = ()
    robustness: Sequence[Row] = ()
    verdicts: Sequence[Row] = ()
    example: Row | None = None

    @property
    def arms(self) -> list[Arm]:
        """The arms of the run, in their order."""
        present = {arm_of(row) for row in self.by_all}
        return [arm for arm in ARMS if arm in present]

    def total(self, arm: Arm, population: str = HEADLINE_POPULATION) -> Row | None:
        """The sums of an arm; None without sweeps."""
        for row in self.by_all:
            if row["population"] == population and arm_of(row) == arm and row["n_sweeps"]:
                return row
        return None

    def compared(self, reference: Arm, arm: Arm, metric: str) -> Row | None:
        """The comparison of an arm in one metric; None if there is none."""
        for row in self.comparisons:
            if is_pair(row, reference, arm) and row["metric"] == metric:
                return row
        return None

    def effects(self, metric: str) -> list[Row]:
        """The effects on a metric under every choice, with intervals by security-days."""
        return [row for row in self._effects(metric, INTERVALS[0]) if not row["switch"]]

    def switched(self, metric: str) -> list[Row]:
        """The effects on it with an assumption put the other way."""
        return [row for row in self._effects(metric, INTERVALS[0]) if row["switch"]]

    def with_book_errors(self, metric: str) -> list[Row]:
        """The effects on it with the book's own error in effect and interval."""
        return self._effects(metric, INTERVALS[BOOK])

    def _effects(self, metric: str, interval: str) -> list[Row]:
        return [
            row
            for row in self.robustness
            if row["metric"] == metric and row["interval"] == interval
        ]


def without_tape(rollups: Rollups) -> Rollups:
    """Only what compares one Centre Point simulation with another.

    Time priority goes too: its fills are the real ones and what it matches of the rest.
    """
    totals = [row for row in rollups.by_all if row["population"] != OF_TAPE]
    segments = {
        name: _of_scenarios(rows)
        for name, rows in rollups.segments.items()
        if not DIMENSIONS[name].is_of_tape
    }
    return replace(
        rollups,
        by_all=_of_scenarios(totals),
        segments=segments,
        comparisons=_against_scenarios(rollups.comparisons),
        averages=_against_scenarios(rollups.averages),
        distributions=_of_scenarios(rollups.distributions),
        by_choice=(),
        robustness=(),
        verdicts=(),
        example=None,
    )


def _of_scenarios(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if arm_of(row).scenario]


def _against_scenarios(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["reference"] != REAL.name]


def arm_of(row: Mapping[str, Any]) -> Arm:
    """The arm that a row is about."""
    return Arm(row["model"], row["scenario"])


def is_pair(row: Mapping[str, Any], reference: Arm, arm: Arm) -> bool:
    """Whether a row compares these two arms."""
    return bool(row["reference"] == reference.name and arm_of(row) == arm)


def read_rollups(folder: Path) -> Rollups:
    """Read what the page shows.

    Raises
    ------
    OSError, pyarrow.ArrowException
        A file is missing or cannot be read.
    """
    headline = {"population": HEADLINE_POPULATION}
    examples = read_rows(folder / "example_sweep.parquet")
    return Rollups(
        by_all=read_rows(folder / "by_all.parquet"),
        segments={
            name: read_rows(folder / f"by_{name}.parquet", headline, _SEGMENT_COLUMNS)
            for name in DIMENSIONS
        },
        comparisons=read_rows(folder / "comparisons.parquet", headline | {"dimension": ALL}),
        averages=read_rows(folder / "averages.parquet", headline),
        distributions=read_rows(folder / "distributions.parquet", headline),
        unfilled=read_rows(folder / "unfilled.parquet", headline),
        by_choice=read_rows(folder / "by_choice.parquet"),
        robustness=read_rows(folder / "robustness.parquet"),
        verdicts=read_rows(folder / "verdicts.parquet"),
        example=examples[0] if examples else None,
    )


def read_rows(
    path: Path,
    conditions: Mapping[str, Any] | None = None,
    columns: list[str] | None = None,
) -> list[Row]:
    """The rows of a small table, or those of it that have these values."""
    chosen = [(name, "==", value) for name, value in (conditions or {}).items()]
    table = read_parquet(path, columns, chosen or None)
    return [_without_nan(row) for row in table.to_pylist()]


def _without_nan(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
    }
