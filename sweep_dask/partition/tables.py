"""The combined tables: what they are called, what is in them, and the files they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.analysis.centre_point.choices import DEFAULT_CHOICES, Choices
from sweep_dask.analysis.centre_point.match_table import MATCH_COLUMNS
from sweep_dask.analysis.centre_point.order_checks import LEFT_OUT_COLUMNS
from sweep_dask.analysis.centre_point.sweep_outcomes import SWEEP_FILL_COLUMNS, SWEEP_SUMMARY
from sweep_dask.analysis.metrics.choice_sums import SENSITIVITY_COLUMNS
from sweep_dask.analysis.metrics.sweep_table import SWEEP_TABLE
from sweep_dask.analysis.time_priority.model import output_columns
from sweep_dask.locations import location_of
from sweep_dask.schema import ORDERS, Kind
from sweep_dask.storage.combine import (
    ResultFile,
    Rows,
    combined,
    keyed,
    keyed_schema,
    result_schema,
)
from sweep_dask.terms.arms import CENTRE_POINT, TIME_PRIORITY, Arm, arms_of
from sweep_dask.terms.files import (
    LEFT_OUT,
    MATCHES,
    ORDER_SUMMARY,
    SENSITIVITY,
    SWEEP_FILLS,
    SWEEP_METRICS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from sweep_dask.analysis.tables import Schema
    from sweep_dask.storage.layout import OutputLayout, Partition

#: Types of the kinds of input columns in a frame (`schema.Kind`).
_PANDAS_TYPES = {Kind.INTEGER: "Int64", Kind.PRICE: "float64", Kind.TEXT: "str"}

#: Files of each scenario and their columns.
SCENARIO_TABLES = {
    MATCHES: MATCH_COLUMNS,
    ORDER_SUMMARY: SWEEP_SUMMARY,
    SWEEP_FILLS: SWEEP_FILL_COLUMNS,
}

#: Ahead of the names of Centre Point tables.
_OF_BOOK = "centre_point_"


def table_name(stem: str) -> str:
    """The combined table of files of the Centre Point model."""
    return f"{_OF_BOOK}{stem}"


class TablesSpec(NamedTuple):
    """What decides which tables there are and which columns they have."""

    models: tuple[str, ...]
    scenarios: tuple[str, ...]
    """In the order of rows."""
    order_columns: tuple[str, ...]
    """Of the input's orders, over all partitions."""
    choices: Choices = DEFAULT_CHOICES

    @property
    def arms(self) -> list[Arm]:
        """Of the sweeps, in their order."""
        return arms_of(self.models, self.scenarios)


@dataclass(frozen=True)
class CombinedTable:
    """A table of all partitions: a folder in `tables/` with a file a piece."""

    name: str
    columns: Schema
    model: str | None = None
    """None if every row of the files says so itself, and its scenario."""
    scenarios: tuple[str | None, ...] = (None,)
    """Of which a partition has files, in the order of rows."""

    @cached_property
    def schema(self) -> pa.Schema:
        """Types of its columns."""
        return keyed_schema(self.columns, self.model)

    @cached_property
    def result_schema(self) -> pa.Schema:
        """Types of its columns without those that tell the partition and model."""
        return result_schema(self.columns)

    def rows(self, layout: OutputLayout, partitions: Iterable[Partition]) -> Rows:
        """What the files of partitions give, in their order."""
        return combined(self._files(layout, partitions), self.columns, self.model)

    def paths(self, layout: OutputLayout, partitions: Iterable[Partition]) -> list[Path]:
        """These files."""
        return [location_of(file.path) for file in self._files(layout, partitions)]

    def keyed(self, rows: pa.Table, partition: Partition, scenario: str | None) -> pa.Table:
        """Rows of a partition as they are in the table; other columns are left out."""
        kept = self.schema if self.model is None else self.result_schema
        return keyed(rows, ResultFile(*partition, "", scenario), self.model, kept)

    def _files(self, layout: OutputLayout, partitions: Iterable[Partition]) -> Iterator[ResultFile]:
        for key in partitions:
            yield from self._files_of(layout, key)

    def _files_of(self, layout: OutputLayout, partition: Partition) -> list[ResultFile]:
        folder = layout.outputs(*partition)
        if self.model == TIME_PRIORITY:
            return [ResultFile(*partition, str(folder / f"{self.name}.csv"))]
        if self.model is None:
            return [ResultFile(*partition, str(folder / f"{self.name}.parquet"))]
        folder = layout.centre_point(*partition)
        name = f"{self.name.removeprefix(_OF_BOOK)}.parquet"
        return [
            ResultFile(*partition, str(folder / (scenario or "") / name), scenario)
            for scenario in self.scenarios
        ]


def combined_tables(spec: TablesSpec) -> list[CombinedTable]:
    """The tables of some models."""
    tables = [CombinedTable(SWEEP_METRICS, SWEEP_TABLE)]
    if TIME_PRIORITY in spec.models:
        kinds = [_PANDAS_TYPES[ORDERS.column(name).kind] for name in spec.order_columns]
        of_model = output_columns(spec.order_columns, kinds)
        tables += [CombinedTable(*item, TIME_PRIORITY) for item in of_model.items()]
    if CENTRE_POINT in spec.models:
        tables += [
            CombinedTable(table_name(stem), columns, CENTRE_POINT, spec.scenarios)
            for stem, columns in SCENARIO_TABLES.items()
        ]
        tables.append(CombinedTable(table_name(LEFT_OUT), LEFT_OUT_COLUMNS, CENTRE_POINT))
        tables.append(CombinedTable(SENSITIVITY, SENSITIVITY_COLUMNS))
    return tables
