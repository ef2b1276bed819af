"""Combined tables, a task a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dask import delayed

from sweep_dask.analysis.centre_point.match_table import LEFT_OUT, MATCHES
from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_FILLS, SWEEP_SUMMARY
from sweep_dask.analysis.metrics.lines import CENTRE_POINT
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY
from sweep_dask.analysis.time_priority import output_columns
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.partition.centre_point import LEFT_OUT as LEFT_OUT_FILE
from sweep_dask.partition.sweeps import SWEEP_METRICS_FILE
from sweep_dask.schema import ORDERS, Kind
from sweep_dask.storage.combine import (
    ResultFile,
    Rows,
    combine_results,
    combined,
    concatenate,
    concatenated,
    holds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dask.delayed import Delayed
    from distributed import Client

    from sweep_dask.analysis.tables import Schema
    from sweep_dask.storage.layout import OutputLayout, Partition

#: Types of the kinds of input columns in a frame (`schema.Kind`).
_PANDAS_TYPES = {Kind.INTEGER: "Int64", Kind.PRICE: "float64", Kind.TEXT: "str"}

#: Columns of the files of each scenario (`partition.centre_point.SCENARIO_TABLES`).
_SCENARIO_COLUMNS = {
    "matches": MATCHES,
    "order_summary": SWEEP_SUMMARY,
    "sweep_fills": SWEEP_FILLS,
}


#: The combined table of sweeps, in `tables/`.
SWEEPS_FILE = f"{SWEEP_METRICS_FILE}.parquet"


class CombinedTable(NamedTuple):
    """One file in `tables/` and what it is made of."""

    name: str
    columns: Schema
    model: str | None
    """None if every row of the files says so itself, and its scenario."""
    files: list[ResultFile]
    """In the order of rows."""

    def rows(self) -> Rows:
        """What it holds."""
        if self.model is None:
            return concatenated(self._paths, self.columns)
        return combined(self.files, self.columns, self.model)

    def is_in(self, path: Path) -> bool:
        """Whether a file holds just that.

        Raises
        ------
        OSError, pyarrow.ArrowException
            It is damaged, or one of the files that the table is made of is.
        """
        return holds(path, self.rows())

    def task(self, target: str) -> Delayed:
        """Write it; the result is the digest of the file."""
        if self.model is None:
            put_together = delayed(concatenate, pure=False, traverse=False)
            return put_together(target, self._paths, self.columns)
        combine = delayed(combine_results, pure=False, traverse=False)
        return combine(target, self.files, self.columns, self.model)

    @property
    def _paths(self) -> list[str]:
        return [file.path for file in self.files]


def combine_tables(
    client: Client | None, staging: OutputLayout, tables: Sequence[CombinedTable]
) -> Mapping[str, str]:
    """Write `tables/*.parquet` below `staging`; returns path to digest."""
    digests: dict[str, str] = {}

    def done(position: int, digest: str) -> None:
        digests[f"tables/{tables[position].name}.parquet"] = digest

    def lost(position: int, reason: str) -> None:
        raise ResourceError(
            f"Combining the table {tables[position].name} failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    staging.tables.mkdir(exist_ok=True)
    tasks = [table.task(str(staging.tables / f"{table.name}.parquet")) for table in tables]
    run_tasks(client, tasks, done, lost)
    return dict(sorted(digests.items()))


def time_priority_tables(
    layout: OutputLayout, partitions: Sequence[Partition], order_columns: Sequence[str]
) -> list[CombinedTable]:
    """The nine tables of the time-priority model.

    Parameters
    ----------
    partitions
        Ascending by date and security, which becomes the order of rows.
    order_columns
        Of the input's orders, over all partitions.
    """
    kinds = [_PANDAS_TYPES[ORDERS.column(name).kind] for name in order_columns]
    tables = [
        CombinedTable(name, columns, TIME_PRIORITY, [])
        for name, columns in output_columns(order_columns, kinds).items()
    ]
    for partition in partitions:
        folder = layout.outputs(partition.date, partition.security)
        for table in tables:
            table.files.append(_file(partition, folder / f"{table.name}.csv"))
    return tables


def centre_point_tables(
    layout: OutputLayout, partitions: Sequence[Partition], scenarios: Sequence[str]
) -> list[CombinedTable]:
    """The tables of the Centre Point model; rows by date, security and scenario.

    Parameters
    ----------
    partitions
        Ascending by date and security.
    scenarios
        In the order of rows.
    """
    of_scenarios = {
        stem: CombinedTable(f"centre_point_{stem}", columns, CENTRE_POINT, [])
        for stem, columns in _SCENARIO_COLUMNS.items()
    }
    left_out = CombinedTable(f"centre_point_{LEFT_OUT_FILE}", LEFT_OUT, CENTRE_POINT, [])
    for partition in partitions:
        folder = layout.centre_point(partition.date, partition.security)
        left_out.files.append(_file(partition, folder / f"{LEFT_OUT_FILE}.parquet"))
        for scenario in scenarios:
            for stem, table in of_scenarios.items():
                path = folder / scenario / f"{stem}.parquet"
                table.files.append(_file(partition, path, scenario))
    return [*of_scenarios.values(), left_out]


def sweep_table(layout: OutputLayout, partitions: Sequence[Partition]) -> CombinedTable:
    """The metrics of every sweep in every line, by date and security."""
    name = SWEEP_METRICS_FILE
    files = [
        _file(partition, layout.outputs(partition.date, partition.security) / f"{name}.parquet")
        for partition in partitions
    ]
    return CombinedTable(name, SWEEP_TABLE, None, files)


def _file(partition: Partition, path: Path, scenario: str | None = None) -> ResultFile:
    return ResultFile(partition.date, partition.security, str(path), scenario)
