"""Where an order is in an output folder, and what is read of it there: rows and fills."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sweep_dask.analysis.centre_point.tape import NEEDED, UNKNOWN, exact_prices_x2
from sweep_dask.analysis.tables import prices, whole_numbers_or
from sweep_dask.errors import InputError
from sweep_dask.storage.parquet_files import is_among, open_parquet, readable_by_arrow, rows_with
from sweep_dask.storage.receipts import finished_partitions
from sweep_dask.terms.deal_sources import DARK
from sweep_dask.terms.files import ROW_FILES, SWEEP_FILLS
from sweep_dask.terms.score import RESTING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from sweep_dask.storage.layout import OutputLayout, Partition


class Files:
    """Reads results of an output folder.

    Every method raises `InputError` for a file that is there and cannot be read, or that is
    required and not there.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.layout = layout

    def rows(
        self,
        path: Path,
        column: str,
        values: Collection[int],
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """The rows with one of some numbers in a column; see `storage.parquet_files.rows_with`."""
        with self._refusing(path):
            return rows_with(path, column, values, columns)

    def rows_if_there(self, path: Path, column: str, values: Collection[int]) -> pa.Table | None:
        """The same; None without the file."""
        return self.rows(path, column, values) if path.exists() else None

    def columns(self, path: Path, names: Sequence[str]) -> pa.Table:
        """All rows, of these columns those that the file has."""
        with self._refusing(path), open_parquet(path) as file:
            return file.read(columns=[name for name in names if name in file.schema_arrow.names])

    def csv_rows(self, path: Path, column: str, value: int) -> pa.Table:
        """The rows of a CSV file with a number in a column."""
        with self._refusing(path):
            rows = pacsv.read_csv(readable_by_arrow(path))
            if not len(rows):
                return rows
            return rows.filter(is_among(rows[column], (value,)))

    @contextmanager
    def _refusing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException, LookupError) as error:
            raise InputError(
                "A file of the order's partition is missing or cannot be read.",
                where=str(path),
                cure=f"`sweep-dask verify {self.layout.root}` says what else is wrong; the run's "
                "own command makes it again. If a run is at work there, ask again.",
            ) from error


#: The column of ids in the files of order rows.
ORDER_ID = "order_id"


def order_rows(layout: OutputLayout, partition: Partition) -> Path:
    """The file with the rows of a partition's orders."""
    return layout.processed(*partition) / f"{ROW_FILES['orders']}.parquet"


def partitions_with(files: Files, order_id: int) -> list[Partition]:
    """The partitions that have rows of an order; several if it stayed for days.

    Raises
    ------
    InputError
        The rows of a partition cannot be read.
    """
    return [
        partition
        for partition in finished_partitions(files.layout)
        if len(files.rows(order_rows(files.layout, partition), ORDER_ID, (order_id,), [ORDER_ID]))
    ]


def values(rows: pa.Table, name: str) -> list[Any]:
    """A column, None where there is no value; all None without the column."""
    return rows[name].to_pylist() if name in rows.column_names else [None] * len(rows)


def doubled(price: float | None) -> int | None:
    """A price in the unit of the input as a doubled whole number; prices are multiples of a half.

    NaN and 0 are no price.
    """
    return round(2 * price) if price is not None and price > 0 else None


_TRADE_COLUMNS = (
    *("sequence", "tradetime", "orderid", "dealsource", "matchgroupid", "passiveaggressive"),
    *("nationalbidpricesnapshot", "nationalofferpricesnapshot", "tradeprice", "quantity", "side"),
)
_ROLES = {1: "incoming", 0: "resting"}
_NEITHER = "neither"


class FoundFill(NamedTuple):
    """A fill as its file has it; what it means for the order is found later."""

    time_ns: int
    quantity: int
    price_x2: int
    venue: str
    deal_source: int | None = None
    role: str | None = None
    contra_order_id: int | None = None


def tape_fills(files: Files, partition: Partition, order_id: int) -> list[FoundFill] | None:
    """What really filled, by engine order; the contra is known if it is in the output, too.

    None if that is not known: there are no trades, or none that tell dark from lit.
    """
    path = files.layout.processed(*partition) / f"{ROW_FILES['trades']}.parquet"
    # A partition without trades has no such file.
    if not path.exists():
        return None
    trades = files.columns(path, _TRADE_COLUMNS)
    if any(name not in trades.column_names for name in NEEDED):
        return None
    # Whether the tape tells half units shows in all its rows.
    deal_source = whole_numbers_or(trades, "dealsource", UNKNOWN)
    published_x2 = np.rint(2 * np.nan_to_num(prices(trades, "tradeprice"))).astype(np.int64)
    exact_x2 = exact_prices_x2(trades, published_x2, deal_source)
    is_own = is_among(trades["orderid"], (order_id,))
    own, others = trades.filter(is_own), trades.filter(pc.invert(is_own))
    own_x2 = exact_x2[np.asarray(is_own)].tolist()
    contras = _by_match(others, set(values(own, "matchgroupid")) - {None})
    columns = ("tradetime", "quantity", "dealsource", "passiveaggressive", "matchgroupid")
    found = zip(own_x2, *(values(own, name) for name in columns), strict=True)
    return [
        FoundFill(
            time_ns,
            quantity,
            price_x2,
            "dark" if source in DARK else "lit",
            source,
            _tape_role(passive_aggressive, contras.get(match)),
            contras[match][0] if match in contras else None,
        )
        for price_x2, time_ns, quantity, source, passive_aggressive, match in found
    ]


def _by_match(
    others: pa.Table, matches: Collection[int]
) -> dict[int | None, tuple[int, int | None]]:
    """The other side of each match: its order, and whether it was the incoming one."""
    if "matchgroupid" not in others.column_names or not matches:
        return {}
    rows = others.filter(is_among(others["matchgroupid"], matches))
    sides = zip(values(rows, "orderid"), values(rows, "passiveaggressive"), strict=True)
    return dict(zip(values(rows, "matchgroupid"), sides, strict=True))


def _tape_role(passive_aggressive: int | None, contra: tuple[int, int | None] | None) -> str | None:
    is_passive_too = contra is not None and contra[1] == 0
    if passive_aggressive == 0 and is_passive_too:
        return _NEITHER
    return _ROLES.get(passive_aggressive) if passive_aggressive is not None else None


def time_priority_fills(
    files: Files, partition: Partition, order_id: int, column: str
) -> list[FoundFill] | None:
    """Matches of the time-priority model; None if it was not run.

    `column`: that of the order, `sweep_orderid`, or `incoming_orderid` of what it gave.
    """
    path = files.layout.outputs(*partition) / "simulation_match_details.csv"
    if not path.exists():
        return None
    rows = files.csv_rows(path, column, order_id)
    is_sweep = column == "sweep_orderid"
    names = ("timestamp", "matched_quantity", "price")
    contra = "incoming_orderid" if is_sweep else "sweep_orderid"
    role = _ROLES[0] if is_sweep else _ROLES[1]
    return [
        FoundFill(time_ns, quantity, doubled(price) or 0, "dark", None, role, other)
        for time_ns, quantity, price, other in zip(
            *(values(rows, name) for name in names), values(rows, contra), strict=True
        )
    ]


def scenario_fills(
    files: Files, partition: Partition, scenario: str, order_id: int, looks_ns: Iterable[int]
) -> list[FoundFill]:
    """What a sweep fills in the replay in which it is one of those that change, by time.

    What fills at `looks_ns`, when it arrived or was amended, it met itself.
    """
    path = files.layout.centre_point(*partition) / scenario / f"{SWEEP_FILLS}.parquet"
    rows = files.rows(path, "order_id", (order_id,))
    looks = set(looks_ns)
    names = ("timestamp", "quantity", "price_x2", "venue", "deal_source", "contra_order_id")
    found = zip(*(rows[name].to_pylist() for name in (*names, "event")), strict=True)
    return [
        FoundFill(
            time_ns,
            quantity,
            price_x2,
            venue,
            source,
            _NEITHER if event == RESTING else _ROLES[int(time_ns in looks)],
            other,
        )
        for time_ns, quantity, price_x2, venue, source, other, event in found
    ]


def scenario_matches(
    files: Files, partition: Partition, scenario: str, order_id: int
) -> list[FoundFill]:
    """Dark matches of an order that is no sweep, where all sweeps change and wait to the close."""
    path = files.layout.centre_point(*partition) / scenario / "matches.parquet"
    found: list[FoundFill] = []
    buy, sell = "buy_order_id", "sell_order_id"
    for side, own, other in ((1, buy, sell), (2, sell, buy)):
        rows = files.rows(path, own, (order_id,))
        for row in rows.to_pylist():
            role = _NEITHER if row["aggressor"] == 0 else _ROLES[int(row["aggressor"] == side)]
            found.append(
                FoundFill(
                    row["timestamp"],
                    row["quantity"],
                    row["price_x2"],
                    "dark",
                    row["deal_source"],
                    role,
                    row[other],
                )
            )
    return found
