"""The tape as matches of the dark book, and who is seen on it to be preferenced."""

from __future__ import annotations

import numpy as np
import pytest
from cp_rows import (
    AUCTION,
    BUY,
    CLOSE_NS,
    CONTINUOUS,
    DARK,
    FIRST_ID,
    LIT,
    OPEN_NS,
    PREFERENCED,
    SELL,
    SWEEP,
    Day,
    numbers,
)
from framed import read_tape, run_scenario

from sweep_dask.analysis.centre_point.inputs import learn_opt_ins
from sweep_dask.analysis.centre_point.tape import NEEDED, UNKNOWN, dark_matches

#: Of one order that trades with nobody here: what matches there were does not depend on it.
LOG = Day().enter(9, 100, BUY, 1, 3330).partition().log


def matches_of(day, continuous=CONTINUOUS):
    """Matches as (time, buy, sell, quantity, doubled price, source, aggressor, both passive)."""
    recorded = dark_matches(read_tape(day.trades, LOG), continuous)

    def number(ids):
        return np.where(ids == UNKNOWN, 0, ids - FIRST_ID).tolist()

    return list(
        zip(
            recorded.timestamp_ns.tolist(),
            number(recorded.buy_order_id),
            number(recorded.sell_order_id),
            recorded.quantity.tolist(),
            recorded.price_x2.tolist(),
            recorded.deal_source.tolist(),
            number(recorded.aggressor_id),
            recorded.both_passive.tolist(),
            strict=True,
        )
    )


def test_two_rows_are_one_match():
    day = Day().trade(200, (1, 2, 60, 3335, DARK, SELL), (3, 4, 50, 3337.5, PREFERENCED, BUY))
    day.trade(300, (5, 6, 40, 3335, 48, 0))
    assert matches_of(day) == [
        (200, 1, 2, 60, 6670, DARK, 2, False),
        (200, 3, 4, 50, 6675, PREFERENCED, 3, False),
        (300, 5, 6, 40, 6670, 48, 0, True),
    ]


def test_matches_come_in_the_order_of_execution_whatever_their_groups_are_called():
    day = Day().trade(200, (1, 2, 60, 3335)).trade(300, (3, 4, 50, 3335))
    for trade in day.trade_rows:
        trade["matchgroupid"] = -trade["matchgroupid"]
    assert [match[0] for match in matches_of(day)] == [200, 300]


def test_a_match_with_one_row_has_one_unknown_order():
    day = Day().trade(200, (1, None, 60, 3335, DARK, BUY), (None, 2, 50, 3335, DARK, BUY))
    assert matches_of(day) == [
        (200, 1, 0, 60, 6670, DARK, 1, False),
        # The incoming buy has no row: who it was is not known.
        (200, 0, 2, 50, 6670, DARK, 0, True),
    ]


@pytest.mark.parametrize("source", [46, 47, 48, 49, 50, 51, 52])
def test_dark_deal_sources(source):
    assert len(matches_of(Day().trade(200, (1, 2, 60, 3335, source)))) == 1


@pytest.mark.parametrize("source", [LIT, 44, AUCTION, 45, 0, 90])
def test_other_deal_sources(source):
    assert matches_of(Day().trade(200, (1, 2, 60, 3335, source))) == []


@pytest.mark.parametrize(
    ("at", "counts"),
    [(OPEN_NS, 0), (OPEN_NS + 1, 1), (CLOSE_NS - 1, 1), (CLOSE_NS, 0)],
)
def test_only_continuous_trading_counts(at, counts):
    assert len(matches_of(Day().trade(at, (1, 2, 60, 3335)))) == counts


@pytest.mark.parametrize("missing", NEEDED)
def test_without_these_columns_dark_is_not_told_from_lit(missing):
    trades = Day().trade(200, (1, 2, 60, 3335)).trades
    assert read_tape(trades, LOG) is not None
    assert read_tape(trades.drop(columns=missing), LOG) is None


def exact_x2(*quotes, price=502, source=DARK, other=None):
    """Doubled exact prices of trades at one published price, each with a quote on its row."""
    day = Day().trade(200, *((1, None, 60, price, source) for _ in quotes))
    if other is not None:
        day.trade(300, (1, None, 60, other, DARK))
        quotes = (*quotes, (None, None))
    for row, (bid, offer) in zip(day.trade_rows, quotes, strict=True):
        row |= {"nationalbidpricesnapshot": bid, "nationalofferpricesnapshot": offer}
    return read_tape(day.trades, LOG).exact_x2.tolist()


def test_a_truncated_midpoint_is_known_exactly_by_the_quote_on_the_row():
    # 502 was 502.5 between 500 and 505. It was not the midpoint of the other quotes.
    quotes = [(500, 505), (495, 505), (500, 504), (505, 500), (None, 505), (0, 1005)]
    assert exact_x2(*quotes) == [1005, 1004, 1004, 1004, 1004, 1004]


@pytest.mark.parametrize("source", [LIT, AUCTION, 50, 51, 52])
def test_no_midpoint_is_sought_where_trades_are_not_at_it(source):
    assert exact_x2((500, 505), source=source) == [1004]


def test_a_tape_with_half_units_is_not_truncated():
    assert exact_x2((500, 505), other=507.5) == [1004, 1015]


def test_without_quotes_on_its_rows_the_tape_has_published_prices_only():
    tape = read_tape(Day().trade(200, (1, None, 60, 502)).trades, LOG)
    assert tape.exact_x2.tolist() == tape.price_x2.tolist() == [1004]


def test_without_trades_there_is_no_tape():
    assert read_tape(None, LOG) is None


# --- preferencing ---------------------------------------------------------------------------------


def opt_ins(day):
    partition = day.partition()
    learned = learn_opt_ins(partition.log, partition.tape)
    return list(
        zip(
            learned.timestamp_ns.tolist(),
            learned.events["participant"].tolist(),
            learned.events["is_sweep"].tolist(),
            strict=True,
        )
    )


def resting_buys(*participants):
    day = Day()
    for number, participant in enumerate(participants, 1):
        day.enter(number, 200, BUY, 100, 3340, participantid=participant)
    return day


def test_the_incoming_side_of_a_preferenced_trade_has_opted_in():
    day = resting_buys(67).enter(2, 300, SELL, 10, 3330, participantid=67)
    day.trade(300, (1, 2, 10, 3335, PREFERENCED, SELL))
    assert opt_ins(day) == [(300, 67, False)]


def test_sweeps_and_other_orders_are_seen_apart_and_each_the_first_time():
    day = resting_buys(67)
    for number, at, order_type in [(2, 300, SWEEP), (3, 400, SWEEP), (4, 500, 64), (5, 600, 4096)]:
        day.enter(number, at, SELL, 10, 3330, participantid=67, exchangeordertype=order_type)
        day.trade(at, (1, number, 10, 3335, PREFERENCED, SELL))
    assert opt_ins(day) == [(300, 67, True), (500, 67, False)]


def test_a_preferenced_block_shows_it_too_and_other_trades_do_not():
    day = resting_buys(67)
    for number, at, source in [(2, 300, DARK), (3, 400, 48), (4, 500, 50), (5, 600, 51)]:
        day.enter(number, at, SELL, 10, 3330, participantid=67)
        day.trade(at, (1, number, 10, 3335, source, SELL))
    assert opt_ins(day) == [(600, 67, False)]


def test_without_a_tape_nobody_is_seen_to_opt_in():
    partition = resting_buys(67).partition()
    assert learn_opt_ins(partition.log, None).events.size == 0


def preferenced_day():
    """Order 4 sells to its own 2 first, if 67 is known to be preferenced."""
    day = resting_buys(45, 67).enter(4, 400, SELL, 50, 3330, participantid=67)
    return day.enter(5, 500, SELL, 50, 3330, participantid=67)


def first_buyers(day, **settings):
    matches = run_scenario(day.partition(**settings), "as-entered", "", 0).matches
    return [(match[1], match[5]) for match in numbers(matches)]


def test_learned_opt_ins_rank_later_arrivals_only():
    day = preferenced_day()
    day.order_rows = [row for row in day.order_rows if row["timestamp"] < 500]
    day.trade(400, (2, 4, 50, 3335, PREFERENCED, SELL))
    day.enter(5, 500, SELL, 50, 3330, participantid=67)
    assert first_buyers(day) == [(1, DARK), (2, PREFERENCED)]


def test_participants_given_are_preferenced_from_the_beginning():
    day = preferenced_day()
    assert first_buyers(day, preferencing=(67,)) == [(2, PREFERENCED), (2, PREFERENCED)]
    assert first_buyers(day, preferencing=(45,)) == [(1, DARK), (1, DARK)]


def test_nobody_given_is_not_the_same_as_learning():
    day = preferenced_day()
    day.order_rows = [row for row in day.order_rows if row["timestamp"] < 500]
    day.trade(400, (2, 4, 50, 3335, PREFERENCED, SELL))
    day.enter(5, 500, SELL, 50, 3330, participantid=67)
    assert first_buyers(day, preferencing=()) == [(1, DARK), (1, DARK)]


def test_rows_without_a_group_are_no_match_of_each_other():
    day = Day().trade(200, (1, 2, 60, 3335)).trade(300, (3, 4, 50, 3335))
    for trade in day.trade_rows:
        trade["matchgroupid"] = None
    assert [match[0] for match in matches_of(day)] == [200, 200, 300, 300]
