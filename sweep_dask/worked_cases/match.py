"""From the text of a case file to what `match` prints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.terms.sides import SIDE_NAMES
from sweep_dask.worked_cases.books import SHIPPED_ENGINE
from sweep_dask.worked_cases.document import read_document, select
from sweep_dask.worked_cases.exchange import Exchange
from sweep_dask.worked_cases.explain import explain
from sweep_dask.worked_cases.format import EXPECTED
from sweep_dask.worked_cases.read_case import read_case
from sweep_dask.worked_cases.steps import take_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep_dask.worked_cases.books import Engine, LiveOrder
    from sweep_dask.worked_cases.exchange import Trade
    from sweep_dask.worked_cases.format import Case


@dataclass(frozen=True)
class MatchedCase:
    """A case that was run."""

    exchange: Exchange
    result: dict[str, Any]
    differences: list[Difference]
    """From what it expects; empty also if it expects nothing."""

    already_trading: str
    """Which orders at the beginning could trade there and then; empty: none, as it should be."""

    @property
    def story(self) -> str:
        """All of it, for reading."""
        return explain(self.exchange)

    @property
    def verdict(self) -> str:
        """Whether it came out as it expects, with a paragraph for each difference."""
        case = self.exchange.case
        if case.expected is None:
            return f"{case.id}: has no `expected`, nothing to check"
        if not self.differences:
            return f"{case.id}: as expected"
        return "\n  ".join([f"{case.id}: differs", *map(str, self.differences)])

    def as_json(self, *, checks: bool) -> dict[str, Any]:
        """The result, with the differences if they are asked for."""
        found = [difference._asdict() for difference in self.differences]
        return self.result | ({"differences": found} if checks else {})


def holds_several(document: str) -> bool:
    """Whether a document is of the form `{"cases": [...]}`."""
    value = json.loads(document)
    return isinstance(value, dict) and "cases" in value


def match_cases(
    document: str, source: str, wanted: str | None, engine: type[Engine] = SHIPPED_ENGINE
) -> list[MatchedCase]:
    """Run the cases of a document, or the one of an id.

    Parameters
    ----------
    document, source
        The JSON text and what to call it in messages.
    wanted
        Id of a case; None: all.

    Raises
    ------
    InputError
        The document, or a case that is to be run, is not as the format asks.
    UsageError
        There is no case of that id.
    """
    raws = select(read_document(document, source), wanted)
    cases = [read_case(raw) for raw in raws]
    return [_match(case, engine) for case in cases]


def _match(case: Case, engine: type[Engine]) -> MatchedCase:
    exchange = run_case(case, engine)
    result = outcome(exchange)
    found = differences(case.expected or {}, result)
    return MatchedCase(exchange, result, found, already_trading(case, engine))


def as_json(matched: list[MatchedCase], *, checks: bool, is_list: bool) -> object:
    """The JSON document: one result, or a list of them."""
    results = [case.as_json(checks=checks) for case in matched]
    return results if is_list else results[0]


def told(matched: list[MatchedCase], *, checks: bool) -> str:
    """What is printed for people: verdicts if cases are checked, else the stories."""
    if not checks:
        return "\n\n".join(case.story for case in matched)
    return "\n".join([*(case.verdict for case in matched), summary(matched)])


def summary(matched: list[MatchedCase]) -> str:
    """The line after the verdicts."""
    checked = [case for case in matched if case.exchange.case.expected is not None]
    wrong = sum(bool(case.differences) for case in checked)
    return f"{len(checked) - wrong} of {len(checked)} cases came out as expected."


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
        # A sweep that rests lit alone has its minimum until less than it is left.
        "maq": {str(o.id): o.maq * (o.maq <= o.leaves) for o in accepted if o.ever_had_maq},
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


#: A change reason that no source states is null in a case; any reason will do.
_REASON = 2


class Difference(NamedTuple):
    """A field of `expected` that came out otherwise."""

    field: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return (
            f"{self.field}\n"
            f"    expected {json.dumps(self.expected)}\n"
            f"    got      {json.dumps(self.got)}"
        )


def differences(expected: Mapping[str, Any], result: Mapping[str, Any]) -> list[Difference]:
    """The fields present in `expected` whose values are not those of the result."""
    found = []
    for field, wanted in expected.items():
        got = result.get(field, EXPECTED[field]())
        if not _EQUAL.get(field, _same)(wanted, got):
            found.append(Difference(field, wanted, got))
    return found


def _same(wanted: Any, got: Any) -> bool:
    return bool(json.loads(json.dumps(got)) == wanted)


def _same_named(wanted: Any, got: Mapping[str, int]) -> bool:
    """For each order that is named; one that never had the quantity has 0 of it."""
    if not isinstance(wanted, dict):
        return False
    return all(got.get(order, 0) == quantity for order, quantity in wanted.items())


def _same_cancelled(wanted: Any, got: list[list[Any]]) -> bool:
    if not isinstance(wanted, list) or len(wanted) != len(got):
        return False
    return all(_same_cancellation(row, made) for row, made in zip(wanted, got, strict=True))


def _same_cancellation(row: Any, made: list[Any]) -> bool:
    is_row = isinstance(row, list) and len(row) == len(made)
    return is_row and row[:_REASON] == made[:_REASON] and row[_REASON] in (None, made[_REASON])


_EQUAL: dict[str, Callable[[Any, Any], bool]] = {
    "maq": _same_named,
    "display": _same_named,
    "cancelled": _same_cancelled,
}
