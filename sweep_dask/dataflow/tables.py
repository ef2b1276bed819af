"""Combined tables, a task a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dask import delayed

from sweep_dask.analysis.time_priority import MODEL, output_columns
from sweep_dask.dataflow.execute import run_tasks
from sweep_dask.errors import ResourceError
from sweep_dask.storage.combine import ResultFile, combine_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distributed import Client

    from sweep_dask.partition import PartitionSummary
    from sweep_dask.storage.layout import OutputLayout
    from sweep_dask.storage.merge import TableColumns

#: Types of the kinds of input columns in a frame (`schema.Kind`).
_PANDAS_TYPES = {"integer": "Int64", "price": "float64", "text": "str"}


def combine_tables(
    client: Client | None,
    layout: OutputLayout,
    partitions: Sequence[PartitionSummary],
    order_columns: TableColumns,
) -> Mapping[str, str]:
    """Write `tables/*.parquet` from the results of finished partitions.

    Parameters
    ----------
    partitions
        Ascending by date and security, which becomes the order of rows.

    Returns
    -------
    mapping
        Path below the output folder to digest.
    """
    digests: dict[str, str] = {}
    tables = output_columns(order_columns.names, [_PANDAS_TYPES[t] for t in order_columns.types])
    names = list(tables)

    def done(position: int, digest: str) -> None:
        digests[f"tables/{names[position]}.parquet"] = digest

    def lost(position: int, reason: str) -> None:
        raise ResourceError(
            f"Combining the table {names[position]} failed: {reason}.",
            cure="Raise --memory-limit; the results of the partitions are complete.",
        )

    tasks = [
        delayed(combine_results, pure=False, traverse=False)(
            str(layout.tables / f"{name}.parquet"),
            [
                ResultFile(
                    p.date, p.security, str(layout.outputs(p.date, p.security) / f"{name}.csv")
                )
                for p in partitions
            ],
            columns,
            MODEL,
        )
        for name, columns in tables.items()
    ]
    run_tasks(client, tasks, done, lost)
    return dict(sorted(digests.items()))
