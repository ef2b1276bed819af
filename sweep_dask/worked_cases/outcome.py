"""The result of a case in the form in which cases state what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.terms.sides import SIDE_NAMES
from sweep_dask.worked_cases.exchange import Exchange
from sweep_dask.worked_cases.steps import take_steps

if TYPE_CHECKING:
    from sweep_dask.worked_cases.engines import Engine
    from sweep_dask.worked_cases.format import Case
    from sweep_dask.worked_cases.history import Trade
    from sweep_dask.worked_cases.live_order import LiveOrder

#: From twice a price in 0.1 cent to cents x 10,000: exact, so nothing is truncated (2.7).
_EXTENDED_PER_PRICE_X2 = 500


def run_case(case: Case, engine: type[Engine]) -> Exchange:
    """The exchange after all steps of a case."""
    exchange = Exchange(case, engine)
    take_steps(exchange)
    return exchange


def already_trading(case: Case, engine: type[Engine]) -> str:
    """Which resting orders would trade without any event; the format asks that none could."""
    exchange = Exchange(case, engine)
    fills = exchange.dark.move_quote(case.quote.bid, case.quote.offer)
    return ", ".join(f"{fill.buy.id} with {fill.sell.id}" for fill in fills)


def outcome(exchange: Exchange) -> dict[str, Any]:
    """The result as JSON values.

    Returns
    -------
    dict
        `id`, `trades` ([buy, sell, quantity, price_x2, deal source]), `leaves`, `rules` (those
        behind each trade, in the order of the trades), `unfilled`; and the optional fields of the
        case format. Names of orders in mappings are texts.
    """
    case, history = exchange.case, exchange.history
    trades = history.trades
    orders = [order for order in exchange.orders.values() if order.terms is not None]
    accepted = [order for order in orders if order.terms and not order.terms.is_plain]
    result: dict[str, Any] = {
        "id": case.id,
        "trades": [[t.buy, t.sell, t.quantity, t.price_x2, t.deal_source] for t in trades],
        "leaves": {str(order.id): order.leaves for order in accepted},
        "rules": [", ".join(trade.rules) for trade in trades],
        "unfilled": {str(o.id): exchange.why_unfilled(o) for o in orders if o.leaves},
        **_of_trades(trades),
        "maq": {str(order.id): _minimum(order) for order in accepted if order.ever_had_maq},
        "rejected": list(history.rejected),
        "cancelled": [list(row) for row in history.cancelled],
        "lit_resting": {
            str(o.id): [o.leaves, o.lit_price]
            for o in accepted
            if o.lit_price and o.terms and o.terms.is_sweep
        },
        "nbbo_end": [exchange.quote.bid or None, exchange.quote.offer or None],
    }
    return result | _where_it_applies(exchange, orders)


def _of_trades(trades: list[Trade]) -> dict[str, list[Any]]:
    """One item a trade."""
    return {
        "trade_t": [trade.t for trade in trades],
        "both_passive": [trade.is_both_passive for trade in trades],
        "published": [trade.price_x2 // 2 for trade in trades],
        "extended": [trade.price_x2 * _EXTENDED_PER_PRICE_X2 for trade in trades],
    }


def _where_it_applies(exchange: Exchange, orders: list[LiveOrder]) -> dict[str, Any]:
    """What only cases with a lit book, an auction or an iceberg have."""
    found: dict[str, Any] = {}
    if exchange.case.lit is not None:
        lit = [o for o in exchange.orders.values() if o.terms is None or o.terms.is_plain]
        found["lit_leaves"] = {str(order.id): order.leaves for order in lit}
    if exchange.history.auction_orders is not None:
        found["auction_orders"] = [
            [order, SIDE_NAMES[side], quantity, price]
            for order, side, quantity, price in exchange.history.auction_orders
        ]
    icebergs = [order for order in orders if order.terms and order.terms.display is not None]
    if icebergs:
        found["display"] = {str(order.id): order.shown for order in icebergs}
    return found


def _minimum(order: LiveOrder) -> int:
    """The minimum in force; a sweep that rests lit alone has it until less than it is left."""
    return order.maq if order.maq <= order.leaves else 0
