"""The folder of somebody who follows the documentation: small markets, whole, foreign and bad."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from running import run_here

from sweep_dask.sample import MarketParameters
from sweep_dask.sample.synthetic_market import write_market

PARAMETERS = MarketParameters(securities=(110621, 85603), events=120)
#: Names of the same market in the pages.
MARKETS = ("market", "path/to/market", "data/raw")
_MISSING = str(-(2**63))
_NS = 10**9

Row = dict[str, str]


def make_reader_folder(folder: Path) -> None:
    """Fill an empty folder: markets, `results` of a run, and what goes wrong elsewhere."""
    for name in MARKETS:
        write_market(folder / name, PARAMETERS)
    run_here(folder / "market", folder / "results", enable_parallel=False)
    _foreign(folder / "market", folder / "my-data")
    _of_a_broker(folder / "market", folder / "broker")
    for name, spoil in SPOILED.items():
        if name in _NEED_MANY_ROWS:
            write_market(folder / name, replace(PARAMETERS, events=1_000))
        else:
            shutil.copytree(folder / "market", folder / name)
        spoil(folder / name)
    shutil.copytree(folder / "results", folder / "tampered")
    with (folder / "tampered" / "tables" / "rollups" / "verdicts.parquet").open("ab") as stream:
        stream.write(b"more")
    (folder / "misspelt.yaml").write_text("system: {wokers: 2}\n", encoding="utf-8")
    (folder / "mine" / "outputs").mkdir(parents=True)
    (folder / "mine" / "outputs" / "notes.csv").write_text("mine\n", encoding="utf-8")


def change(file: Path, changed: Callable[[int, Row], Row], delimiter: str = ",") -> None:
    """Write a CSV file again with every row changed; the first one says the columns."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [changed(number, row) for number, row in enumerate(csv.DictReader(stream))]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _foreign(market: Path, folder: Path) -> None:
    """The market as `docs/quick_start.md` has it: other names, semicolons, ISO times, dollars."""
    names = {"order_id": "OrderNo", "timestamp": "EventTime", "security_code": "Code"}
    names |= {"price": "LimitPrice"}
    times = {"timestamp", "tradetime", "creationtime"}

    def written(column: str, cell: str) -> str:
        if cell in ("", _MISSING):
            return cell
        if column in times or (column == "tradedate" and cell.isdigit()):
            return _iso(int(cell))
        return str(Decimal(cell) / 1000) if _is_price(column) else cell

    for table in ("orders", "trades", "nbbo"):
        shutil.copytree(market / table, folder / table)
        renamed = names if table == "orders" else {}
        change(
            folder / table / f"{table}.csv",
            lambda _, row, renamed=renamed: {
                renamed.get(name, name): written(name, cell) for name, cell in row.items()
            },
            delimiter=";",
        )


def _of_a_broker(market: Path, folder: Path) -> None:
    """The market as `docs/your-data.md` has it: flat files, words for sides, local times."""
    folder.mkdir()
    orders, trades = folder / "Orders_2024-10.csv", folder / "Trades_2024-10.csv"
    names = {"order_id": "ClOrdID", "security_code": "Instrument", "timestamp": "TransactTime"}
    words = {"1": "BUY", "2": "SELL"}

    def written(row: Row) -> Row:
        local = _iso(int(row["timestamp"]))[:29].replace("T", " ")
        prices = {
            name: f"{Decimal(cell) / 1000:.4f}".replace(".", ",")
            for name, cell in row.items()
            if _is_price(name) and cell not in ("", _MISSING)
        }
        counts = {name: f"{row[name]}.0" for name in ("quantity", "leavesquantity")}
        row = row | prices | counts | {"timestamp": local, "side": words[row["side"]]}
        return {names.get(name, name): cell for name, cell in row.items()} | {"Desk": "7"}

    shutil.copy(market / "orders" / "orders.csv", orders)
    shutil.copy(market / "trades" / "trades.csv", trades)
    shutil.copy(market / "nbbo" / "nbbo.csv", folder / "nbbo_2024-10.csv")
    change(orders, lambda _, row: written(row), delimiter=";")
    columns = ("sequence", "tradetime", "securitycode", "orderid", "tradeprice", "quantity")
    columns += ("dealsource", "matchgroupid", "side", "participantid", "passiveaggressive")
    change(trades, lambda _, row: {name: row[name] for name in columns})
    trades.write_text(trades.read_text("utf-8").split("\n", 1)[1], "utf-8")


def _is_price(column: str) -> bool:
    return column.endswith(("bid", "offer", "price", "snapshot"))


def _iso(time_ns: int) -> str:
    seconds, rest_ns = divmod(time_ns, _NS)
    local = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo("Australia/Sydney"))
    text = local.isoformat()
    return f"{text[:19]}.{rest_ns:09}{text[19:]}"


def _in_orders(changed: Callable[[int, Row], Row]) -> Callable[[Path], None]:
    return lambda folder: change(folder / "orders" / "orders.csv", changed)


def _scaled(row: Row, by: int) -> Row:
    return {
        name: str(Decimal(cell) / by) if _is_price(name) and cell not in ("", _MISSING) else cell
        for name, cell in row.items()
    }


def _without_leaves(_: int, row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name != "leavesquantity"}


def _through_double(_: int, row: Row) -> Row:
    return row | {"order_id": str(int(float(row["order_id"])))}


def _lit_only(folder: Path) -> None:
    change(folder / "orders" / "orders.csv", lambda _, row: row | {"exchangeordertype": "0"})
    change(folder / "trades" / "trades.csv", lambda _, row: row | {"dealsource": "1"})


def _cut_off(folder: Path) -> None:
    whole = folder / "orders" / "orders.csv"
    packed = gzip.compress(whole.read_bytes())
    (folder / "orders" / "orders.csv.gz").write_bytes(packed[: len(packed) // 2])
    whole.unlink()


def _with_semicolons(folder: Path) -> None:
    change(folder / "orders" / "orders.csv", lambda _, row: row, delimiter=";")


#: A few rows prove nothing about units and ids.
_NEED_MANY_ROWS = ("cents-in-quotes", "spreadsheet")

#: Folder -> what is wrong in it.
SPOILED: dict[str, Callable[[Path], object]] = {
    "no-trades": lambda folder: shutil.rmtree(folder / "trades"),
    "no-leaves": _in_orders(_without_leaves),
    "other-files": lambda folder: (folder / "orders" / "notes.docx").write_text("notes"),
    "cut-off": _cut_off,
    "semicolons": _with_semicolons,
    "dollars": _in_orders(lambda _, row: _scaled(row, 1000)),
    "cents-in-quotes": lambda folder: change(
        folder / "nbbo" / "nbbo.csv", lambda _, row: _scaled(row, 10)
    ),
    "spreadsheet": _in_orders(_through_double),
    "bad-times": _in_orders(
        lambda number, row: row | ({} if number % 10 else {"timestamp": "yesterday"})
    ),
    "lit-only": _lit_only,
}
