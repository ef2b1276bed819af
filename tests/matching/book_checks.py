"""What must hold of every fill of a Centre Point book, whatever the market.

The checks look at events and fills only, through a `Ledger`; they share no code with either book.
A rule that a market has switched off is not checked in it. Checks of a fill are asked before it is
written down, checks of an event after its last fill.
"""

from sweep_dask.matching.events import EventKind, Route, Style, Validity
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL

BOOKING, PREFERENCED, PLAIN, PREFERENCE_ONLY = 48, 46, 47, 49
BLOCK, BLOCK_PREFERENCED, BLOCK_PREFERENCE_ONLY = 50, 51, 52

#: Events after which resting orders meet.
MOVES = EventKind.QUOTE, EventKind.SESSION


def no_order_fills_beyond_its_size(ledger, fill, buy, sell):
    assert (buy.side, sell.side) == (BUY, SELL)
    assert 0 < fill["quantity"] <= min(buy.leaves, sell.leaves)
    for account in (buy, sell):
        assert account.is_alive
        assert account is ledger.incoming or account.place


def the_price_is_the_one_of_the_rule(ledger, fill, buy, sell):
    bid, offer = ledger.trade_quote
    price_x2 = int(fill["price_x2"])
    if fill["route"] == Route.BLOCK:
        contra = _other(ledger.incoming, buy, sell)
        assert price_x2 == _block_price_x2(ledger.market.ticks, contra)
        assert price_x2 <= 2 * bid if contra is buy else price_x2 >= 2 * offer
        assert fill["quantity"] * price_x2 >= ledger.market.block_min_value
    elif fill["route"] == Route.ON_TICK:
        assert 2 * bid < price_x2 < 2 * offer
        assert price_x2 in {2 * price for price in _on_tick_prices(ledger.market.ticks, offer)}
    else:
        assert price_x2 == bid + offer


def _on_tick_prices(ticks, most):
    ends = [begin for begin, _ in ticks[1:]] + [most + 1]
    rows = zip(ticks, ends, strict=True)
    return {price for (begin, tick), end in rows for price in range(begin, end, tick)}


def _block_price_x2(ticks, account):
    """The least generous on-tick price that the limit of an order allows."""
    prices = _on_tick_prices(ticks, account.limit_x2 + 100)
    allowed = [2 * price for price in prices if account.accepts(2 * price)]
    return max(allowed) if account.side == BUY else min(allowed)


def both_limits_allow_the_price(ledger, fill, buy, sell):
    if ledger.rules.limit_test:
        assert sell.limit_x2 <= fill["price_x2"] <= buy.limit_x2


def both_styles_trade_there(ledger, fill, buy, sell):
    """At on-tick prices dark limits alone, outside the quote blocks alone, and some sweeps."""
    lowest = {Route.ON_TICK: Style.DARK_LIMIT, Route.BLOCK: Style.ANY_PRICE_BLOCK}
    style = lowest.get(fill["route"], Style.MIDPOINT)
    sweeps_may = ledger.rules.sweep_on_tick or fill["route"] == Route.BLOCK
    for account in (buy, sell):
        is_sweep = account is ledger.incoming and account.is_sweep
        assert account.style >= style or (is_sweep and sweeps_may)


def the_market_is_open(ledger, fill, buy, sell):
    bid, offer = ledger.trade_quote
    assert min(bid, offer) > 0
    assert ledger.is_continuous or not ledger.rules.continuous_only
    assert bid < offer or not ledger.rules.normal_quote


def each_fill_reaches_a_single_fill_minimum(ledger, fill, buy, sell):
    """Of those in force: a minimum larger than what is left is none."""
    for account in (buy, sell):
        assert not account.single_fill or fill["quantity"] >= account.minimum


def the_fills_of_an_event_reach_each_minimum(ledger):
    for account in ledger.accounts.values():
        is_enough = account.filled >= account.minimum_at_start
        assert account.single_fill or account.filled == 0 or is_enough


def fill_or_kill_is_whole_or_nothing(ledger):
    order = ledger.incoming
    if order and order.validity == Validity.FILL_OR_KILL and ledger.rules.immediate:
        assert order.filled in (0, order.leaves_at_start)


def preference_only_stays_at_home(ledger, fill, buy, sell):
    if buy.preference_only or sell.preference_only:
        assert buy.participant == sell.participant
        assert fill["aggressor"] != 0


def the_deal_source_tells_how_they_met(ledger, fill, buy, sell):
    is_block = fill["route"] == Route.BLOCK
    plain, preferenced = (BLOCK, BLOCK_PREFERENCED) if is_block else (PLAIN, PREFERENCED)
    is_own, source = buy.participant == sell.participant, fill["deal_source"]
    if ledger.rules.crossing_key and is_own and buy.crossing_key == sell.crossing_key != 0:
        assert source == BOOKING
    elif buy.preference_only or sell.preference_only:
        assert source == (BLOCK_PREFERENCE_ONLY if is_block else PREFERENCE_ONLY)
    elif source == preferenced:
        assert is_own
        assert fill["aggressor"] != 0
        assert _is_preferenced(ledger)
    else:
        assert source == plain
        assert fill["route"] != Route.OWN


def _is_preferenced(ledger):
    order = ledger.incoming
    return ledger.rules.preferencing and (order.participant, order.is_sweep) in ledger.opted_in


def only_the_incoming_order_is_aggressive(ledger, fill, buy, sell):
    assert (fill["route"] == Route.QUOTE_MOVE) <= (ledger.kind in MOVES)
    if ledger.kind in MOVES or ledger.incoming not in (buy, sell):
        assert fill["aggressor"] == 0
    else:
        assert fill["aggressor"] == ledger.incoming.side


def own_orders_come_before_others(ledger, fill, buy, sell):
    """A stranger is met only when no own order is left that would surely do; R11."""
    if fill["aggressor"] == 0 or not _is_preferenced(ledger):
        return
    taker, contra = ledger.incoming, _other(ledger.incoming, buy, sell)
    if contra.participant == taker.participant or (taker.single_fill and taker.minimum_at_start):
        return
    for own in ledger.resting(contra.side):
        is_choice = own.participant == taker.participant and own.minimum_at_start == 0
        assert not (is_choice and _would_do(ledger, own, fill, taker))


def preferenced_fills_come_first(ledger):
    for order in ((PREFERENCED, PLAIN), (BLOCK_PREFERENCED, BLOCK)):
        sources = [int(fill["deal_source"]) for fill in ledger.fills if fill["aggressor"]]
        sources = [source for source in sources if source in order]
        assert sources == sorted(sources, key=order.index)


def _would_do(ledger, resting, fill, taker):
    """Whether a taker could surely have met an order where a fill inside the quote was made."""
    style = Style.DARK_LIMIT if fill["route"] == Route.ON_TICK else Style.MIDPOINT
    accepts = resting.accepts(fill["price_x2"]) or not ledger.rules.limit_test
    is_small = taker.single_fill and min(taker.leaves, resting.leaves) < taker.minimum
    is_inside = fill["route"] != Route.BLOCK and resting.style >= style
    return is_inside and accepts and resting.minimum == 0 and not is_small


def time_ranks(ledger, fill, buy, sell):
    """Nobody is filled while an older order that would surely do waits; R4."""
    if not ledger.rules.time_priority:
        return
    for account, other in ((buy, sell), (sell, buy)):
        taker = _whose_turn(ledger, fill, account, other)
        if taker is None or account.place is None:
            continue
        is_own = fill["aggressor"] and account.participant == taker.participant
        for older in ledger.resting(account.side):
            if older.place >= account.place:
                break
            is_choice = older is not ledger.incoming and not older.preference_only
            if is_own and older.participant != taker.participant:
                continue
            assert not (is_choice and _would_do(ledger, older, fill, taker))


def _whose_turn(ledger, fill, account, other):
    """Who chose `account`, if that is certain, else None."""
    if fill["aggressor"]:
        return other if other is ledger.incoming else None
    if fill["route"] == Route.COMPLETION:
        return ledger.incoming
    if account.minimum_at_start or other.minimum_at_start:
        return None
    is_walk = fill["route"] == Route.ON_TICK
    return None if is_walk and account.place > other.place else other


def nothing_agrees_after_a_move(ledger):
    """Resting orders trade until nothing more can; R17. The rules must be those of the exchange."""
    bid, offer = ledger.quote
    is_open = ledger.is_continuous and 0 < bid < offer
    if ledger.kind not in MOVES or not is_open or ledger.rules != Rules() or ledger.is_prediction:
        return
    sides = [
        [
            account
            for account in ledger.resting(side)
            if account.accepts(bid + offer) and not account.minimum and not account.preference_only
        ]
        for side in (BUY, SELL)
    ]
    assert not all(sides)


def _other(order, buy, sell):
    return sell if order is buy else buy


CHECKS_OF_A_FILL = (
    no_order_fills_beyond_its_size,
    the_price_is_the_one_of_the_rule,
    both_limits_allow_the_price,
    both_styles_trade_there,
    the_market_is_open,
    each_fill_reaches_a_single_fill_minimum,
    preference_only_stays_at_home,
    the_deal_source_tells_how_they_met,
    only_the_incoming_order_is_aggressive,
    own_orders_come_before_others,
    time_ranks,
)
CHECKS_OF_AN_EVENT = (
    the_fills_of_an_event_reach_each_minimum,
    fill_or_kill_is_whole_or_nothing,
    preferenced_fills_come_first,
    nothing_agrees_after_a_move,
)
