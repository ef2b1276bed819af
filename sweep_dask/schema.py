"""Every input table: its columns, their kinds, and the names they go by.

Column names are those of the exchange extracts; units and meanings follow the extract's data
dictionary. Prices are in 0.1 cent (A$0.001), times in nanoseconds since the epoch (UTC),
quantities in shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What the exchange writes for "no value" (Java's Long.MIN_VALUE).
MISSING_INTEGER = -(2**63)

#: Shares; more than any order has, as there are companies without as many. A million orders of that
#: size are 10**16 shares, one at 10,000 dollars is worth 2 * 10**17 (times the doubled price): sums
#: over a day, and over many, stay within 64 bits.
LARGEST_QUANTITY = 10**10

#: Prices are below it: A$100,000, far above that of any share. What is larger stands for no price,
#: or is a mistake; a thousand million shares at it are worth 2 * 10**17 (times the doubled price).
PRICE_LIMIT = 10**8

#: Columns of instants, where they are integers.
_TIMES = {"timestamp", "tradetime", "tradedate", "creationtime"}


class Kind(Enum):
    """How the cells of a column are read."""

    INTEGER = "integer"
    PRICE = "price"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """One column of an input table."""

    name: str
    """The name it has in every table this package writes."""
    kind: Kind
    required: bool
    """Whether a file without this column cannot be used. A required integer may not be blank."""
    aliases: tuple[str, ...] = ()
    """Other names accepted in a header, besides `name` (case, blanks and `_` do not matter)."""
    minimum: int = MISSING_INTEGER + 1
    """Smallest number that can be meant."""
    maximum: int = 2**63 - 1
    """Largest number that can be meant."""

    @property
    def is_time(self) -> bool:
        """Whether the cells are instants."""
        return self.kind is Kind.INTEGER and self.name.casefold() in _TIMES


@dataclass(frozen=True)
class Table:
    """One input table, a sub-folder of the input folder."""

    name: str
    required: bool
    """Whether the input is unusable without it."""
    columns: tuple[Column, ...]
    time: str
    """The column that decides the date of a row (int64 ns UTC)."""
    security: str | None
    """The order book id, for tables that are partitioned by security."""
    engine_order: tuple[str, ...]
    """Columns that put rows in engine order; later ones break ties. Absent ones are skipped."""
    identity: tuple[str, ...] = ()
    """Columns that make two rows repeats of each other; empty: rows are never compared."""
    order_type: str | None = None
    """The column whose bits say whether a row concerns Centre Point; null: every row does."""
    keeps_other_columns: bool = False
    """Whether columns not listed here are carried along as text."""

    def column(self, name: str) -> Column:
        """The column called `name`; a KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def in_order(self, columns: Iterable[Column]) -> list[Column]:
        """Columns of files of this table as the extract has them, then others by name.

        Everything written has them so, whatever their order in a file.
        """
        place = {column.name: number for number, column in enumerate(self.columns)}
        return sorted(columns, key=lambda c: (place.get(c.name, len(place)), c.name))

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Names of all columns of one kind, in the order of the extract."""
        return tuple(column.name for column in self.columns if column.kind is kind)


#: The extracts name the order book id differently in every table.
_SECURITY_NAMES = ("security_code", "securitycode", "orderbookid")
_ALIASES = dict.fromkeys(_SECURITY_NAMES, _SECURITY_NAMES)

#: Order book ids are 32-bit in the exchange's protocol. Quantities cannot be negative, except what
#: is left of an order, which the simulation takes as nothing then. Orders beyond `LARGEST_QUANTITY`
#: are found later, as all of their rows go. A time outside this century is one in another unit
#: (seconds, micro- or milliseconds).
_SECURITY_RANGE = (0, 2**31 - 1)
_QUANTITY_RANGE = (0, 2**63 - 1)
_TRADED_RANGE = (0, LARGEST_QUANTITY)
#: A quote below zero, such as -1, is none; nothing is ordered or traded at such a price.
_QUOTE_RANGE = (1 - PRICE_LIMIT, PRICE_LIMIT - 1)
_PRICE_RANGE = (0, PRICE_LIMIT - 1)
_TIME_RANGE_NS = (946_684_800_000_000_000, 4_102_444_800_000_000_000)
_RANGES = {
    **dict.fromkeys(_SECURITY_NAMES, _SECURITY_RANGE),
    **dict.fromkeys(("quantity", "totalmatchedquantity"), _QUANTITY_RANGE),
    **dict.fromkeys(("timestamp", "tradetime", "TradeDate"), _TIME_RANGE_NS),
    **dict.fromkeys(("price", "tradeprice"), _PRICE_RANGE),
    "side": (BUY, SELL),
}


def _table_columns(
    order: str,
    *,
    required: str,
    prices: str = "",
    texts: str = "",
    **ranges: tuple[int, int],
) -> tuple[Column, ...]:
    """Columns in the extract's order; what is neither price nor text is an integer."""
    kinds = dict.fromkeys(prices.split(), Kind.PRICE) | dict.fromkeys(texts.split(), Kind.TEXT)
    ranges = dict.fromkeys(prices.split(), _QUOTE_RANGE) | _RANGES | ranges
    needed = set(required.split())
    return tuple(
        Column(
            name,
            kinds.get(name, Kind.INTEGER),
            name in needed,
            _ALIASES.get(name, ()),
            *ranges.get(name, ()),
        )
        for name in order.split()
    )


ORDERS = Table(
    name="orders",
    required=True,
    columns=_table_columns(
        "order_id exchange timestamp security_code price side changereason orderstatus quantity "
        "leavesquantity ordertype exchangeordertype national_bid national_offer bid offer "
        "participantid preferenceonly midtick singlefillminimumquantity minimumquantity sequence "
        "crossingkey totalmatchedquantity shortsellquantity triggercondition "
        "timevaliditydecoded row_num timevalidity",
        required="order_id timestamp security_code price side changereason quantity "
        "leavesquantity exchangeordertype bid offer sequence totalmatchedquantity",
        prices="price national_bid national_offer bid offer",
        texts="timevaliditydecoded",
    ),
    time="timestamp",
    security="security_code",
    engine_order=("sequence", "order_id"),
    identity=("order_id", "sequence"),
    order_type="exchangeordertype",
)

TRADES = Table(
    name="trades",
    required=True,
    columns=_table_columns(
        "EXCHANGE sequence tradedate tradetime securitycode orderid dealsource "
        "dealsourcedecoded exchangeinfo matchgroupid nationalbidpricesnapshot "
        "nationalofferpricesnapshot tradeprice quantity side sidedecoded participantid "
        "passiveaggressive row_num",
        required="sequence tradetime securitycode orderid tradeprice quantity",
        prices="nationalbidpricesnapshot nationalofferpricesnapshot tradeprice",
        texts="tradedate dealsourcedecoded exchangeinfo sidedecoded",
        quantity=_TRADED_RANGE,
    ),
    time="tradetime",
    security="securitycode",
    engine_order=("sequence", "orderid"),
    identity=("orderid", "sequence"),
)

NBBO = Table(
    name="nbbo",
    required=False,
    columns=_table_columns(
        "partition sequence tradedate bidprice creationtime offerprice orderbookid timestamp "
        "userid runid",
        required="bidprice offerprice orderbookid timestamp",
        prices="bidprice offerprice",
    ),
    time="timestamp",
    security="orderbookid",
    engine_order=("timestamp", "sequence"),
)

SESSION = Table(
    name="session",
    required=False,
    columns=_table_columns(
        "Partition Sequence TradeDate Id Level MatchingType Name OrderBookId Timestamp Type "
        "isEndOfTrading",
        required="TradeDate",
        texts="Name",
    ),
    time="TradeDate",
    security="OrderBookId",
    engine_order=("OrderBookId", "Timestamp", "Sequence"),
    keeps_other_columns=True,
)

REFERENCE = Table(
    name="reference",
    required=False,
    columns=_table_columns(
        "Sequence TradeDate DecimalsInPrice Id MarketId", required="TradeDate Id"
    ),
    time="TradeDate",
    security=None,
    engine_order=("Sequence", "Id"),
    keeps_other_columns=True,
)

PARTICIPANTS = Table(
    name="participants",
    required=False,
    columns=_table_columns("Sequence TradeDate Id", required="TradeDate Id"),
    time="TradeDate",
    security=None,
    engine_order=("Sequence", "Id"),
    keeps_other_columns=True,
)

TABLES = (ORDERS, TRADES, NBBO, SESSION, REFERENCE, PARTICIPANTS)

BY_NAME = {table.name: table for table in TABLES}
