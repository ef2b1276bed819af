"""The roll-ups of the sweeps of all partitions: computed by the workers, written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sweep_dask.analysis.rollups.comparisons import AVERAGE_PAIRS, COMPARISONS
from sweep_dask.analysis.rollups.dimensions import DIMENSIONS, Segments
from sweep_dask.analysis.rollups.example import EXAMPLE
from sweep_dask.analysis.rollups.labels import segments_of
from sweep_dask.analysis.rollups.quantiles import PERCENTILES, SEGMENT_QUANTILES
from sweep_dask.analysis.rollups.sums import LEVEL_SUMS, population_sums
from sweep_dask.analysis.rollups.tables import (
    all_averages,
    all_comparisons,
    all_distributions,
    by_dimension,
    size_bounds_table,
)
from sweep_dask.analysis.rollups.unfilled import LEVEL_REASONS, unfilled
from sweep_dask.analysis.tables import empty_table
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.dataflow.rollup_frames import label_frame, metric_frames, sum_frames
from sweep_dask.dataflow.sweep_frames import SweepTable
from sweep_dask.errors import ResourceError
from sweep_dask.storage.atomic import write_bytes
from sweep_dask.storage.frames import bytes_digest, parquet_bytes, to_table
from sweep_dask.storage.row_groups import row_group_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import dask.dataframe as dd
    from distributed import Client

    from sweep_dask.analysis.metrics.lines import Line
    from sweep_dask.storage.layout import OutputLayout

#: The combined table that is rolled up, in `tables/`.
SWEEPS_FILE = "sweep_metrics.parquet"

#: Names of all roll-ups.
ROLLUPS = (
    *(f"by_{dimension}" for dimension in DIMENSIONS),
    *("comparisons", "averages", "distributions", "unfilled", "size_bounds", "example_sweep"),
)

#: What is computed before the tables are put together, as if there were no sweeps.
_NOTHING = {
    "sums": LEVEL_SUMS,
    "reasons": LEVEL_REASONS,
    "comparisons": COMPARISONS,
    "spreads": SEGMENT_QUANTILES,
    "averages": AVERAGE_PAIRS,
    "percentiles": PERCENTILES,
    "example": EXAMPLE,
}


def write_rollups(
    client: Client | None, staging: OutputLayout, lines: Sequence[Line]
) -> dict[str, str]:
    """Write `tables/rollups/*.parquet` from `tables/sweep_metrics.parquet`, both below `staging`.

    Parameters
    ----------
    client
        None computes in this process.
    lines
        Those of the table, in their order.

    Returns
    -------
    dict[str, str]
        Path to digest.

    Raises
    ------
    ResourceError
        Workers died over it.
    """
    tables = rollups(client, staging.tables / SWEEPS_FILE, lines)
    staging.rollups.mkdir(exist_ok=True)
    digests = {}
    for name in sorted(tables):
        path = staging.rollups / f"{name}.parquet"
        body = parquet_bytes(to_table(tables[name]))
        write_bytes(path, body)
        digests[staging.relative(path)] = bytes_digest(body)
    return digests


def rollups(client: Client | None, path: Path, lines: Sequence[Line]) -> dict[str, pd.DataFrame]:
    """Every roll-up of a combined table, by its name."""
    sweeps = _sweep_table(path, lines)
    if not sum(sweeps.rows):
        none = {name: empty_table(columns) for name, columns in _NOTHING.items()}
        return _tables(none, sweeps, Segments())
    labels = _compute(client, {"labels": label_frame(sweeps)})["labels"]
    segments = segments_of(labels)
    found = _compute(client, metric_frames(sweeps, segments) | sum_frames(sweeps, segments))
    of_metrics = [found.pop("headlines"), found.pop("others")]
    return _tables(found | _joined(of_metrics), sweeps, segments)


def _joined(of_metrics: Sequence[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables in the cells of frames, put together by their names."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for frame in of_metrics:
        for name in frame.columns:
            tables.setdefault(name, []).extend(frame[name])
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def _sweep_table(path: Path, lines: Sequence[Line]) -> SweepTable:
    status = path.stat()
    rows = tuple(row_group_rows(path))
    return SweepTable(str(path), (status.st_size, status.st_mtime_ns), tuple(lines), rows)


def _tables(
    found: Mapping[str, pd.DataFrame], sweeps: SweepTable, segments: Segments
) -> dict[str, pd.DataFrame]:
    lines = sweeps.lines
    by = by_dimension(population_sums(found["sums"]), found["spreads"], lines, segments)
    return {
        **{f"by_{dimension}": table for dimension, table in by.items()},
        "comparisons": all_comparisons(found["comparisons"], lines, segments),
        "averages": all_averages(found["averages"], lines, segments),
        "distributions": all_distributions(found["percentiles"], lines, segments),
        "unfilled": unfilled(found["reasons"], lines),
        "size_bounds": size_bounds_table(segments),
        "example_sweep": found["example"],
    }


def _compute(client: Client | None, frames: Mapping[str, dd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The frames, each put together from its partitions in their order."""
    tasks = [(name, task) for name, frame in frames.items() for task in frame.to_delayed()]
    results: dict[int, pd.DataFrame] = {}

    def lost(position: int, reason: str) -> None:
        raise ResourceError(
            f"Rolling up the sweeps ({tasks[position][0].replace('_', ' ')}) failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    run_tasks(
        client,
        [task for _, task in tasks],
        results.__setitem__,
        lost,
        first_ones_first=True,
    )
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in frames}
    for position, (name, _) in enumerate(tasks):
        parts[name].append(results[position])
    return {name: pd.concat(part, ignore_index=True) for name, part in parts.items()}
