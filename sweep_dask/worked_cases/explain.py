"""A case told step by step: for someone who learns the rules."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from sweep_dask.terms.rules import SECTIONS
from sweep_dask.terms.sides import BUY, SELL, SIDE_NAMES
from sweep_dask.worked_cases.exchange import Trade
from sweep_dask.worked_cases.rules_behind import LIT_RULE
from sweep_dask.worked_cases.wording import deal_source_text, order_text, price_text, quote_text

if TYPE_CHECKING:
    from sweep_dask.worked_cases.exchange import Exchange
    from sweep_dask.worked_cases.format import Case

_WIDTH = 98


def explain(exchange: Exchange) -> str:
    """The books before, each step with the rule behind each trade, and what is left and why."""
    case = exchange.case
    lines = [*_heading(case), *_before(case)]
    t = None
    for entry in exchange.history.entries:
        head = f"t={entry.t}  " if entry.t != t else "     "
        t = entry.t
        if isinstance(entry, Trade):
            lines += _trade(entry)
        elif entry.is_detail:
            lines += _wrapped(entry.text, "       ")
        else:
            lines += _wrapped(head + entry.text, "")
    if not exchange.history.trades:
        lines.append("No trades.")
    lines += _left(exchange)
    return "\n".join(lines)


def _heading(case: Case) -> list[str]:
    title = ": ".join(part for part in (case.id, case.title) if part)
    lines = [title, "=" * len(title)]
    if case.source:
        reading = " (a reading that no source states)" if case.is_inferred else ""
        lines.append(f"Source: {case.source}{reading}")
    if case.rules:
        lines.append(f"About rules: {', '.join(case.rules)}")
    if case.note:
        lines += _wrapped(f"Note: {case.note}", "")
    return lines


def _before(case: Case) -> list[str]:
    ticks = ", ".join(
        str(tick) if not start else f"{tick} from {start}" for start, tick in case.ticks.rows
    )
    quote = quote_text(case.quote.bid, case.quote.offer)
    lines = ["", f"Before: {case.state.name}, quote {quote}, tick {ticks} (prices in 0.1 cent)"]
    if case.preferencing:
        lines.append(f"  preferencing: {', '.join(map(str, case.preferencing))}")
    if case.block_min_value_aud is not None:
        lines.append(f"  least block value: A${case.block_min_value_aud:,}")
    for terms in case.resting:
        lines += _wrapped(f"{terms.id}: {order_text(terms)}", "  ")
    bids = sorted((o for o in case.lit or () if o.side == BUY), key=lambda order: -order.price)
    asks = sorted((o for o in case.lit or () if o.side == SELL), key=lambda order: order.price)
    for lit in (*bids, *asks):
        lines.append(f"  {lit.id}: lit {SIDE_NAMES[lit.side]} {lit.quantity:,} @ {lit.price}")
    return [*lines, ""]


def _trade(trade: Trade) -> list[str]:
    who = " (neither is incoming)" if trade.is_both_passive else ""
    orders = f"{trade.buy} buys {trade.quantity:,} from {trade.sell}"
    source = deal_source_text(trade.deal_source)
    lines = [f"       TRADE {orders} at {price_text(trade.price_x2)}{who}: {source}"]
    for rule in trade.rules:
        words = "price, then time" if rule == LIT_RULE else SECTIONS[rule]
        lines.append(f"             {rule:<5} {words}")
    return lines


def _left(exchange: Exchange) -> list[str]:
    lines = ["", f"After: {exchange.state}, quote {_quote(exchange)}"]
    if exchange.history.auction_orders is not None:
        lines.append("  (the auction itself is not run)")
        for name, side, quantity, price in exchange.history.auction_orders:
            lines.append(f"  in the auction: {name} {SIDE_NAMES[side]} {quantity:,} @ {price}")
    for order in exchange.orders.values():
        if order.terms is None or not order.leaves:
            continue
        state = "cancelled" if order.is_gone else "left"
        minimum = f", minimum {order.maq:,}" if order.maq else ""
        text = f"{order.id}: {order.leaves:,} {state}{minimum}; {exchange.why_unfilled(order)}"
        lines += _wrapped(text, "  ")
    filled = [str(o.id) for o in exchange.orders.values() if o.terms and not o.leaves]
    return [*lines, f"  filled: {', '.join(filled)}"] if filled else lines


def _quote(exchange: Exchange) -> str:
    return quote_text(exchange.quote.bid, exchange.quote.offer)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "    ")
