"""The answer of an output folder: combined tables and roll-ups of all partitions it covers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.metrics.lines import CENTRE_POINT, lines_of
from sweep_dask.analysis.time_priority import MODEL as TIME_PRIORITY
from sweep_dask.dataflow.book import in_order
from sweep_dask.dataflow.rollups import ROLLUPS, write_rollups
from sweep_dask.dataflow.tables import (
    CombinedTable,
    centre_point_tables,
    combine_tables,
    sweep_table,
    time_priority_tables,
)
from sweep_dask.schema import ORDERS
from sweep_dask.storage.layout import OutputLayout, Partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributed import Client

    from sweep_dask.analysis.metrics.lines import Line


def answer_files(layout: OutputLayout, document: Mapping[str, Any]) -> list[str]:
    """Names of all files of an answer, whether they are there or not."""
    tables = [layout.tables / f"{table.name}.parquet" for table in answer_tables(layout, document)]
    rollups = [layout.rollups / f"{name}.parquet" for name in ROLLUPS]
    return [layout.relative(path) for path in (*tables, *rollups)]


def write_tables(
    client: Client | None, layout: OutputLayout, staging: OutputLayout, document: Mapping[str, Any]
) -> Mapping[str, str]:
    """Write `tables/*.parquet` below `staging`; returns path to digest.

    Parameters
    ----------
    document
        A manifest: its partitions, models and scenarios.
    """
    return combine_tables(client, staging, answer_tables(layout, document))


def write_all_rollups(
    client: Client | None, layout: OutputLayout, staging: OutputLayout, document: Mapping[str, Any]
) -> Mapping[str, str]:
    """Write `tables/rollups/*.parquet` below `staging` from the sweeps of the partitions."""
    return write_rollups(client, staging, sweep_files(layout, document), answer_lines(document))


def sweep_files(layout: OutputLayout, document: Mapping[str, Any]) -> list[Path]:
    """The sweeps of each partition that a manifest covers, in the order of the table."""
    return [Path(file.path) for file in sweep_table(layout, _covered(document)).files]


def answer_lines(document: Mapping[str, Any]) -> list[Line]:
    """The lines of a manifest's table of sweeps, in their order."""
    return lines_of(*_asked(document))


def _asked(document: Mapping[str, Any]) -> tuple[list[str], tuple[str, ...]]:
    """Models and scenarios."""
    settings = document["settings"]
    return settings["models"]["value"], in_order(settings["scenarios"]["value"])


def answer_tables(layout: OutputLayout, document: Mapping[str, Any]) -> list[CombinedTable]:
    """The combined tables of a manifest, and the files of partitions they are made of."""
    models, scenarios = _asked(document)
    covered = _covered(document)
    tables = [sweep_table(layout, covered)]
    if TIME_PRIORITY in models:
        tables += time_priority_tables(layout, covered, _order_columns(document))
    if CENTRE_POINT in models:
        tables += centre_point_tables(layout, covered, scenarios)
    return tables


def _covered(document: Mapping[str, Any]) -> list[Partition]:
    return [Partition(p["date"], p["security"]) for p in document["partitions"] if p["covered"]]


def _order_columns(document: Mapping[str, Any]) -> list[str]:
    """Columns of the orders over all runs, in the order of the schema."""
    runs = (document, *document.get("earlier_runs", ()))
    found = {name for run in runs for name in run.get("order_columns", ())}
    # The first manifests do not say it; a column that no part has is empty.
    return [column.name for column in ORDERS.columns if column.name in found or not found]
