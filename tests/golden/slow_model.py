"""The time-priority model once more, slowly: dictionaries and loops, written from the model's page.

Reads raw CSV files with the csv module and shares no line with the package it checks; only dates
by calendar. Rows that cannot be read and repeats are passed over, as the contract says.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from slow_tables import tables_of_partition

#: Order types are sums of bits; the model knows five of them by their codes.
CENTRE_POINT_BITS = 64 | 256 | 2048 | 4096
CENTRE_POINT_CODES = {64, 256, 2048, 4096, 4098}
SWEEP_CODE = 2048
ENDING_REASONS = {1, 9, 10, 20, 23, 24, 25, 26, 27, 34, 35, 41, 42, 43, 51}
MISSING = "-9223372036854775808"

_PRICE_COLUMNS = {
    *("price", "national_bid", "national_offer", "bid", "offer"),
    *("tradeprice", "nationalbidpricesnapshot", "nationalofferpricesnapshot"),
    *("bidprice", "offerprice"),
}
_TEXT_COLUMNS = {
    *("timevaliditydecoded", "tradedate"),
    *("dealsourcedecoded", "exchangeinfo", "sidedecoded"),
}


def slow_tables(folder: Path):
    """(date, security) to name to list of rows, for the partitions of the files in `folder`."""
    return {key: _tables(key, rows) for key, rows in stored_rows(folder).items()}


def stored_rows(folder: Path):
    """Likewise, the rows that the tables are made of, in engine order."""
    orders = _read(folder / "orders" / "orders.csv", ("order_id", "sequence"))
    orders = [row for row in orders if row["exchangeordertype"] & CENTRE_POINT_BITS]
    trades = _read(folder / "trades" / "trades.csv", ("orderid", "sequence"))
    quotes = _read(folder / "nbbo" / "nbbo.csv", None)
    keys = sorted({(_date(row["timestamp"]), row["security_code"]) for row in orders})
    return {key: _rows(key, orders, trades, quotes) for key in keys}


def _rows(key, orders, trades, quotes):
    ours = [r for r in orders if (_date(r["timestamp"]), r["security_code"]) == key]
    ours = [row | {"date": key[0]} for row in sorted(ours, key=lambda row: row["sequence"])]
    ids = {row["order_id"] for row in ours}
    fills = [r for r in trades if (_date(r["tradetime"]), r["securitycode"]) == key]
    fills = sorted((r for r in fills if r["orderid"] in ids), key=lambda r: r["sequence"])
    book = [r for r in quotes if (_date(r["timestamp"]), r["orderbookid"]) == key]
    book.sort(key=lambda row: (row["timestamp"], row["sequence"]))
    return {"cp_orders_filtered": ours, "cp_trades_matched": fills, "nbbo": book}


def _tables(key, rows):
    orders, trades, book = rows.values()
    ours = [row for row in orders if row["exchangeordertype"] in CENTRE_POINT_CODES]
    ids = {row["order_id"] for row in ours}
    fills = [row for row in trades if row["orderid"] in ids]
    first, last = _states(ours)
    windows = _windows(ours)
    summary, matches = simulate(first, last, windows, book, key[1])
    model = tables_of_partition(last, summary, matches, fills)
    return model | {
        "orders_before_matching": list(first.values()),
        "orders_after_matching": list(last.values()),
        "last_execution_time": [
            {"orderid": o, "first_execution_time": a, "last_execution_time": b}
            for o, (a, b) in windows.items()
        ],
    }


def _read(path, identity):
    """Rows with integers and prices; broken rows and later repeats are left out."""
    rows, seen = [], set()
    with path.open(newline="", encoding="utf-8") as stream:
        for texts in csv.DictReader(stream):
            key = tuple(texts[name] for name in identity) if identity else len(rows)
            if key in seen:
                continue
            try:
                rows.append({name: _value(name, text) for name, text in texts.items()})
            except ValueError:
                continue
            seen.add(key)
    return rows


def _value(name, text):
    if name in _TEXT_COLUMNS:
        return text
    if text in {"", MISSING}:
        return None
    if name not in _PRICE_COLUMNS:
        return int(text)
    price = float(text)
    return int(price) if price.is_integer() else price


def _date(time_ns):
    # Whole seconds: a float of nanoseconds would round.
    moment = dt.datetime.fromtimestamp(time_ns // 10**9, tz=ZoneInfo("Australia/Sydney"))
    return moment.date().isoformat()


def _states(orders):
    """Stage 5: per order and column the first and the last value there is."""
    first, last = {}, {}
    for row in sorted(orders, key=lambda row: (row["timestamp"], row["sequence"])):
        for states, replace in ((first, False), (last, True)):
            state = states.setdefault(row["order_id"], dict.fromkeys(row))
            for name, value in row.items():
                if value is not None and (replace or state[name] is None):
                    state[name] = value
    return dict(sorted(first.items())), dict(sorted(last.items()))


def _windows(orders):
    """Stage 6."""
    closing = max(row["timestamp"] for row in orders)
    windows = {}
    for order_id in sorted({row["order_id"] for row in orders}):
        rows = [row for row in orders if row["order_id"] == order_id]
        ends = [
            row["timestamp"]
            for row in rows
            if row["changereason"] in ENDING_REASONS
            or (row["changereason"] == 3 and row["leavesquantity"] == 0)
        ]
        windows[order_id] = (min(r["timestamp"] for r in rows), max(ends, default=closing))
    return windows


def simulate(first, last, windows, quotes, security):
    """Stage 7: summary rows in sweep order, match rows in creation order."""

    def arrival(order_id):
        return first[order_id]["timestamp"], first[order_id]["sequence"]

    by_arrival = sorted(first, key=arrival)
    remaining = {order_id: row["quantity"] for order_id, row in first.items()}
    summary, matches = [], []
    for sweep in by_arrival:
        if last[sweep]["exchangeordertype"] != SWEEP_CODE:
            continue
        available = left = last[sweep]["leavesquantity"]
        begin, end = windows[sweep]
        count = 0
        for contra in by_arrival:
            time_ns = first[contra]["timestamp"]
            if left <= 0 or not begin <= time_ns <= end:
                continue
            if contra == sweep or first[contra]["side"] == first[sweep]["side"]:
                continue
            price = _price(first[contra], quotes)
            if remaining[contra] <= 0 or price is None:
                continue
            quantity = min(left, remaining[contra])
            left -= quantity
            remaining[contra] -= quantity
            count += 1
            matches.append(
                {
                    "incoming_orderid": contra,
                    "sweep_orderid": sweep,
                    "timestamp": time_ns,
                    "matched_quantity": quantity,
                    "price": price,
                    "orderbookid": security,
                }
            )
        summary.append(
            {
                "orderid": sweep,
                "timestamp": first[sweep]["timestamp"],
                "side": first[sweep]["side"],
                "quantity": available,
                "matched_quantity": available - left,
                "remaining_quantity": max(left, 0),
                "fill_ratio": (available - left) / available if available > 0 else 0.0,
                "num_matches": count,
                "orderbookid": security,
            }
        )
    return summary, matches


def _price(contra, quotes):
    """Middle of the last quote before the contra, else of the contra's own quotes."""
    standing = [row for row in quotes if row["timestamp"] <= contra["timestamp"]]
    bid, offer = None, None
    if standing:
        bid, offer = standing[-1]["bidprice"], standing[-1]["offerprice"]
    if bid is None or offer is None:
        bid, offer = contra["bid"], contra["offer"]
    return None if bid is None or offer is None else (bid + offer) / 2


def write_expected(source: Path, target: Path):
    """Store what this model makes of `source`."""
    for (date, security), tables in slow_tables(source).items():
        folder = target / date / str(security)
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            write_table(folder / f"{name}.csv", rows)


def write_table(path, rows):
    """Rows as CSV; None is an empty cell, a table without rows an empty file."""
    columns = list(rows[0]) if rows else []
    with path.open("w", newline="", encoding="utf-8") as stream:
        if columns:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
