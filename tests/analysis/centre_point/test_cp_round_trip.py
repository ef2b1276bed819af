"""A tape that the book itself has made is predicted to the last match, in both modes.

The rows are written as the exchange writes them: entries before matching, fill rows, trades,
expiries. Whatever the flow of events loses or adds on the way back would show as a miss.
"""

from __future__ import annotations

from functools import cache

from cp_random import traded_day
from cp_rows import FIRST_ID
from framed import replay_partition, run_scenario
from hypothesis import assume, given, settings
from hypothesis import strategies as st

#: Not learned from the tape: the book that makes it would have to know its future.
OPTED_IN = (1, 2)


def dark_trades(day, at):
    """What the book makes of the flow so far at a time."""
    partition = day.partition(preferencing=OPTED_IN)
    matches = run_scenario(partition, "as-entered", "", 0).matches
    return [
        (
            match.buy_order_id - FIRST_ID,
            match.sell_order_id - FIRST_ID,
            match.quantity,
            match.price_x2 / 2,
            match.deal_source,
            match.aggressor,
        )
        for match in matches[matches.timestamp == at].itertuples()
    ]


@cache
def day_of(seed):
    return traded_day(seed, dark_trades)


def test_the_markets_below_trade_in_every_way():
    trades = [trade for seed in range(20) for trade in day_of(seed).trade_rows]
    assert len(trades) > 100
    assert {trade["dealsource"] for trade in trades} == {46, 47, 48}
    assert {trade["tradeprice"] % 10 for trade in trades} == {0, 5}


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_a_replay_of_the_books_own_tape_is_exact(seed):
    day = day_of(seed)
    assume(day.trade_rows)
    partition = day.partition(preferencing=OPTED_IN)
    assert partition.left_out.counts() == {}
    result = replay_partition(partition, "", 0, ablations=False)
    matches = len(day.trade_rows) // 2
    for score in result.scores.values():
        assert (score.all.tape, score.all.predicted, score.all.hits) == (matches,) * 3
        assert score.contested_hits == score.contested
        assert score.contested_random <= score.contested
    assert result.misses.empty
