"""Events per second of the Centre Point book, and how its steps grow with the orders resting.

    python benchmarks/bench_book.py

The stream is a synthetic day: orders arrive, a fifth are amended, all that did not fill are
cancelled, and the quote moves every twenty events. A tenth of the orders have a minimum quantity,
half of those a single-fill one; a third of the participants are opted in. The crowds rest on one
side, with limits and minimum quantities that keep most of them from trading, while small orders
arrive on the other side and the quote moves. All times are CPU times of one core.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from measure import describe_machine

from sweep_dask.matching.centre_point import BookResult, run_book
from sweep_dask.matching.events import EVENT, EventKind, Style
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNS = 3
EVENTS = 1_000_000
TICK_FROM, TICK = np.array([0, 100, 2000]), np.array([1, 5, 10])
#: Prices are in 0.1 cent; the quote stays within 10 ticks of this one.
MIDDLE = 3300
PARTICIPANTS, OPTED_IN = 30, range(10)


def main() -> None:
    """Measure and print."""
    print(f"machine: {describe_machine()}")
    began = time.process_time()
    run_book(_stream(1_000, 100), Rules(), TICK_FROM, TICK)
    print(f"compiled or loaded in {time.process_time() - began:.0f} s")
    for resting in (500, 5_000):
        _measure_speed(resting)
    _measure_parts(500)
    for name in ("limits", "limits and minima"):
        for resting in (1_000, 10_000, 100_000):
            _measure_steps(name, resting, has_minima=name != "limits")


def _measure_speed(resting: int) -> None:
    events = _stream(EVENTS, resting)
    spent, result = _timed(events, Rules())
    print(
        f"stream, {resting:>5,} resting: {events.size / spent / 1e6:5.2f} M events/s, "
        f"{result.steps / events.size:6.1f} steps an event, {result.fills.size:,} fills"
    )


def _measure_parts(resting: int) -> None:
    """Where the time goes: the queue alone, and what arrivals and quote moves add to it."""
    events = _stream(EVENTS, resting)
    everything, _ = _timed(events, Rules())
    still, _ = _timed(events, Rules().without("quote-moves"))
    events["trades"] = 0
    queue, _ = _timed(events, Rules().without("quote-moves"))
    parts = {"queue": queue, "arrivals": still - queue, "quote moves": everything - still}
    shares = ", ".join(f"{name} {spent / EVENTS * 1e9:.0f} ns" for name, spent in parts.items())
    print(f"of {everything / EVENTS * 1e9:.0f} ns an event: {shares}")


def _timed(events: NDArray[np.void], rules: Rules) -> tuple[float, BookResult]:
    """Median CPU seconds of a few runs, and what came of them."""
    seconds = []
    for _ in range(RUNS):
        began = time.process_time()
        result = run_book(events, rules, TICK_FROM, TICK, OPTED_IN)
        seconds.append(time.process_time() - began)
    return statistics.median(seconds), result


def _measure_steps(name: str, resting: int, *, has_minima: bool) -> None:
    """Steps of small orders and quote moves against a crowd of sells, less those of the crowd."""
    crowd, small = _crowd(resting, has_minima=has_minima), _small_orders(2_000, first=resting)
    # Events without effect, so that the limits, and what the crowd costs, are the same.
    idle = small.copy()
    idle["kind"] = EventKind.AMEND
    before = run_book(np.concatenate((crowd, idle)), Rules(), TICK_FROM, TICK, OPTED_IN).steps
    result = run_book(np.concatenate((crowd, small)), Rules(), TICK_FROM, TICK, OPTED_IN)
    print(
        f"crowd with {name:<17} {resting:>7,} resting: {before / resting:5.1f} steps an order "
        f"of it, {(result.steps - before) / small.size:6.1f} an event after it, "
        f"{result.fills.size:,} fills"
    )


def _stream(count: int, resting: int) -> NDArray[np.void]:
    """A day of about `count` events with about `resting` orders in the book at a time."""
    random = np.random.default_rng(7)
    orders = int(count * 0.95 / 2.2)
    entered = np.sort(random.uniform(0, count, orders))
    left = entered + random.exponential(resting * count / orders, orders)
    amended = np.flatnonzero(random.random(orders) < 0.2)
    quotes = np.arange(0, count, 20)
    bid = MIDDLE + 10 * np.abs((np.cumsum(random.integers(-1, 2, quotes.size)) % 40) - 20)
    moves = np.zeros(quotes.size, EVENT)
    moves["kind"], moves["bid"] = EventKind.QUOTE, bid
    moves["offer"] = bid + 10 * random.integers(1, 3, quotes.size)
    entries = _orders(random, bid[np.searchsorted(quotes, entered, side="right") - 1])
    changes = entries[amended]
    changes["kind"], changes["keeps_place"] = EventKind.AMEND, random.random(amended.size) < 0.5
    changes["quantity"] = -random.integers(1, 50, amended.size)
    exits = np.zeros(orders, EVENT)
    exits["kind"], exits["order"] = EventKind.CANCEL, entries["order"]
    when = random.uniform(entered[amended], left[amended])
    events = np.concatenate((_opening(), moves, entries, changes, exits))
    times = np.concatenate(([-1], quotes, entered, when, left))
    return events[np.argsort(times, kind="stable")]


def _opening() -> NDArray[np.void]:
    opening = np.zeros(1, EVENT)
    opening["kind"], opening["quantity"] = EventKind.SESSION, 1
    return opening


def _orders(random: np.random.Generator, bid: NDArray[np.int64]) -> NDArray[np.void]:
    """Orders whose limits lie within a hundred half ticks of the bid, a few beyond the midpoint."""
    count = bid.size
    orders = np.zeros(count, EVENT)
    orders["kind"], orders["trades"], orders["rests"] = EventKind.ENTER, 1, 1
    orders["order"] = np.arange(count)
    orders["side"] = side = random.integers(BUY, SELL + 1, count)
    away = random.integers(-3, 97, count)
    orders["limit_x2"] = np.where(side == BUY, 2 * bid - 10 * away, 2 * bid + 10 * (away + 2))
    orders["price"] = orders["limit_x2"] // 2
    orders["quantity"] = random.integers(1, 1_000, count)
    orders["style"] = np.where(random.random(count) < 0.1, Style.DARK_LIMIT, Style.MIDPOINT)
    has_minimum = random.random(count) < 0.1
    orders["minimum_quantity"] = np.where(has_minimum, orders["quantity"] // 2, 0)
    orders["single_fill"] = has_minimum & (random.random(count) < 0.5)
    orders["participant"] = random.integers(0, PARTICIPANTS, count)
    return orders


def _crowd(count: int, *, has_minima: bool) -> NDArray[np.void]:
    """A quote, and sells of which few may trade with a small order at its midpoint."""
    random = np.random.default_rng(8)
    sells = _orders(random, np.full(count, MIDDLE))
    sells["side"] = SELL
    # Half of the limits are beyond the midpoint, half of the minima large.
    away = random.integers(-100, 100, count) if has_minima else random.integers(3, 200, count)
    sells["limit_x2"] = 2 * MIDDLE + 10 * away
    sells["quantity"] = 10_000
    eligible = away <= 2
    minimum = random.integers(100, 10_000, count)
    sells["minimum_quantity"] = np.where(eligible | (random.random(count) < 0.5), minimum, 0)
    if not has_minima:
        sells["minimum_quantity"] = 0
    sells["single_fill"] = random.random(count) < 0.5
    quote = np.zeros(1, EVENT)
    quote["kind"], quote["bid"], quote["offer"] = EventKind.QUOTE, MIDDLE, MIDDLE + 10
    return np.concatenate((_opening(), quote, sells))


def _small_orders(count: int, first: int) -> NDArray[np.void]:
    """Buys of few shares that come, find nothing, and leave; the quote moves up and down."""
    random = np.random.default_rng(9)
    buys = _orders(random, np.full(count, MIDDLE))
    buys["side"], buys["limit_x2"] = BUY, 2 * MIDDLE + 10 * random.integers(0, 5, count)
    buys["quantity"] = random.integers(1, 50, count)
    buys["minimum_quantity"] = 0
    buys["order"] += first
    exits = np.zeros(count, EVENT)
    exits["kind"], exits["order"] = EventKind.CANCEL, buys["order"]
    moves = np.zeros(count, EVENT)
    moves["kind"], moves["bid"] = EventKind.QUOTE, MIDDLE + 10 * random.integers(-2, 1, count)
    moves["offer"] = moves["bid"] + 10
    return np.column_stack((buys, moves, exits)).ravel()


if __name__ == "__main__":
    main()
