"""Small raw markets for tests: rows as dictionaries, files as the exchange extracts them.

`order_text` and its like make files of the columns that must be there; `RawMarket` has all columns.
"""

from __future__ import annotations

import gzip
from pathlib import Path

SECOND = 10**9
#: 10:00 in Sydney on 2024-10-04 (UTC+10) and on 2024-10-07 (UTC+11: clocks changed between), and
#: 7 ns that a float would lose.
OPENING_NS = {
    "2024-10-04": 1_728_000_000 * SECOND + 7,
    "2024-10-07": 1_728_255_600 * SECOND + 7,
}
#: The first of them.
OPENS_NS = OPENING_NS["2024-10-04"]
#: Ids have 19 digits; a float would make neighbours one.
FIRST_ID = 7_904_794_000_123_498_601

BUY, SELL = 1, 2
LIT, CENTRE_POINT, CROSSING, SWEEP, BLOCK = 0, 64, 256, 2048, 4096
SHORT_CENTRE_POINT, SHORT_SWEEP, SHORT_BLOCK = 66, 2050, 4098
NEW, CANCELLED, TRADED = 6, 1, 3

#: A row of each file, with the columns that it must have.
ORDER = {
    "order_id": FIRST_ID,
    "timestamp": OPENS_NS,
    "security_code": 501,
    "price": 1000,
    "side": 1,
    "changereason": 6,
    "quantity": 100,
    "leavesquantity": 100,
    "exchangeordertype": 64,
    "bid": 1000,
    "offer": 1010,
    "sequence": 1,
    "totalmatchedquantity": 0,
}
TRADE = {
    "sequence": 1,
    "tradetime": OPENS_NS,
    "securitycode": 501,
    "orderid": FIRST_ID,
    "tradeprice": 1005,
    "quantity": 10,
}
QUOTE = {"bidprice": 1000, "offerprice": 1010, "orderbookid": 501, "timestamp": OPENS_NS}


def csv_text(rows, columns=None) -> bytes:
    """Dictionaries as CSV; None is an empty cell."""
    columns = columns or list(rows[0])
    lines = [",".join(columns)]
    lines += [",".join("" if row[c] is None else str(row[c]) for c in columns) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def order_text(*changes) -> bytes:
    """An order file whose rows differ from `ORDER` as told."""
    return csv_text([ORDER | change for change in changes], list(ORDER | changes[0]))


def trade_text(*changes) -> bytes:
    return csv_text([TRADE | change for change in changes], list(TRADE))


def quote_text(*changes) -> bytes:
    return csv_text([QUOTE | change for change in changes], list(QUOTE | changes[0]))


def write_files(folder: Path, files) -> str:
    """Write `table/file` to bytes, and an order and a trade file unless there are some."""
    needed = {"orders": order_text({}), "trades": trade_text({"orderid": 1})}
    for table, text in needed.items():
        if not any(name.startswith(f"{table}/") for name in files):
            files = files | {f"{table}/needed.csv": text}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(folder)


_ORDER_COLUMNS = (
    "order_id exchange timestamp security_code price side changereason orderstatus quantity "
    "leavesquantity ordertype exchangeordertype national_bid national_offer bid offer "
    "participantid preferenceonly midtick singlefillminimumquantity minimumquantity sequence "
    "crossingkey totalmatchedquantity shortsellquantity triggercondition timevaliditydecoded "
    "row_num timevalidity"
)
_TRADE_COLUMNS = (
    "EXCHANGE sequence tradedate tradetime securitycode orderid dealsource dealsourcedecoded "
    "exchangeinfo matchgroupid nationalbidpricesnapshot nationalofferpricesnapshot tradeprice "
    "quantity side sidedecoded participantid passiveaggressive row_num"
)
_QUOTE_COLUMNS = (
    "partition sequence tradedate bidprice creationtime offerprice orderbookid timestamp userid "
    "runid"
)
_SESSION_COLUMNS = (
    "Partition Sequence TradeDate Id Level MatchingType Name OrderBookId Timestamp Type "
    "isEndOfTrading"
)
COLUMNS = {
    "orders": _ORDER_COLUMNS.split(),
    "trades": _TRADE_COLUMNS.split(),
    "nbbo": _QUOTE_COLUMNS.split(),
    "session": _SESSION_COLUMNS.split(),
    "reference": ["Sequence", "TradeDate", "Name", "DecimalsInPrice", "Id", "MarketId"],
    "participants": ["Sequence", "TradeDate", "ParticipantName", "Id"],
}


class RawMarket:
    """Rows of all tables in the order of their files; events are numbered as they are added."""

    def __init__(self):
        self.rows = {table: [] for table in COLUMNS}
        self._sequence = 1_000

    def order(self, order_id, time_ns, security, side, quantity, **fields):
        """One event of an order; returns its row, which can still be changed."""
        row = {
            **dict.fromkeys(COLUMNS["orders"], 0),
            "order_id": order_id,
            "exchange": 3,
            "timestamp": time_ns,
            "security_code": security,
            "price": 1000,
            "side": side,
            "changereason": NEW,
            "quantity": quantity,
            "leavesquantity": quantity,
            "exchangeordertype": CENTRE_POINT,
            "national_bid": 1000,
            "national_offer": 1010,
            "bid": 1000,
            "offer": 1010,
            "participantid": 51,
            "sequence": self._next_sequence(),
            "timevaliditydecoded": "Rest of Day",
            "row_num": len(self.rows["orders"]) + 1,
            "timevalidity": 256,
        }
        self.rows["orders"].append(row | fields)
        return self.rows["orders"][-1]

    def trade(self, order_id, time_ns, security, side, quantity, price, **fields):
        row = {
            **dict.fromkeys(COLUMNS["trades"], 0),
            "EXCHANGE": 3,
            "sequence": self._next_sequence(),
            "tradedate": "2024-10-04",
            "tradetime": time_ns,
            "securitycode": security,
            "orderid": order_id,
            "dealsource": 47,
            "dealsourcedecoded": "Centre Point",
            "exchangeinfo": "ON Market",
            "matchgroupid": FIRST_ID,
            "tradeprice": price,
            "quantity": quantity,
            "side": side,
            "sidedecoded": "Buy" if side == BUY else "Sell",
            "participantid": 51,
            "row_num": len(self.rows["trades"]) + 1,
        }
        self.rows["trades"].append(row | fields)

    def quote(self, time_ns, security, bid, offer, **fields):
        row = {
            **dict.fromkeys(COLUMNS["nbbo"], 1),
            "sequence": self._next_sequence(),
            "bidprice": bid,
            "offerprice": offer,
            "orderbookid": security,
            "timestamp": time_ns,
        }
        self.rows["nbbo"].append(row | fields)

    def add(self, table, **fields):
        """A row of session, reference or participants."""
        self.rows[table].append(dict.fromkeys(COLUMNS[table], 1) | fields)

    def write(self, folder):
        """Write one CSV file for each table that has rows; returns the folder."""
        for table, rows in self.rows.items():
            if rows:
                write_rows(folder / table / f"{table}.csv", rows, COLUMNS[table])
        return folder

    def _next_sequence(self):
        self._sequence += 1
        return self._sequence


def write_rows(path: Path, rows, columns):
    """Write dictionaries as CSV, in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(rows, columns))


def compress(path: Path) -> Path:
    """Replace a file by its gzip form, equal for equal content."""
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    return packed


def plain_market(securities=(101, 102), dates=tuple(OPENING_NS), sweeps=4):
    """A market without oddities: in every partition each sweep meets three contras.

    Sweep `k` of a partition wants 100 (k + 1) shares; its contras offer 60 each, so it fills up to
    180 shares. Every second sweep has traded 10 shares for real.
    """
    market = RawMarket()
    next_id = FIRST_ID
    for date in dates:
        for security in securities:
            opening_ns = OPENING_NS[date]
            market.quote(opening_ns, security, 1000, 1010)
            for sweep in range(sweeps):
                next_id += 10
                _add_sweep(market, next_id, opening_ns + 60 * sweep * SECOND, security, sweep)
    return market


def _add_sweep(market, sweep_id, arrival_ns, security, number):
    quantity = 100 * (number + 1)
    traded = 10 * (number % 2)
    sweep = {"exchangeordertype": SWEEP, "totalmatchedquantity": traded}
    market.order(sweep_id, arrival_ns, security, BUY, quantity, **sweep)
    for contra in range(1, 4):
        market.order(sweep_id + contra, arrival_ns + contra * SECOND, security, SELL, 60)
    if traded:
        market.trade(sweep_id, arrival_ns + 4 * SECOND, security, BUY, traded, 1005)
    ended = sweep | {"changereason": CANCELLED, "leavesquantity": quantity - traded}
    market.order(sweep_id, arrival_ns + 30 * SECOND, security, BUY, quantity, **ended)
