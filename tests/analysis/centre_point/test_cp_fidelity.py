"""The score against the tape, worked out by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from cp_rows import BUY, SELL, Day
from framed import replay_partition
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.analysis.centre_point.fidelity import Matches, score_matches
from sweep_dask.analysis.centre_point.score import Confusion, Score, share

MILLISECOND = 1_000_000
FIELDS = ("buy_order_id", "sell_order_id", "quantity", "price_x2", "timestamp_ns")


def matches(*rows, both_passive=()):
    """Matches from (buy, sell, quantity, doubled price, time) rows."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return Matches(*columns, np.isin(np.arange(len(rows)), both_passive))


def score(tape, predicted, unknown=()):
    is_known = ~np.isin(np.arange(tape.quantity.size), unknown)
    result, on_tape, is_real = score_matches(tape, predicted, is_known)
    result.reachable = int(is_known.sum())
    return result, on_tape, is_real


ONE, TWO, THREE = (1, 2, 100, 6670, 50), (1, 3, 200, 6670, 50), (4, 2, 300, 6680, 60)


def test_a_score_by_hand():
    # Three on the tape, one of them with an order that is not there; two predicted, one rightly.
    tape = matches(ONE, TWO, THREE, both_passive=[1])
    result, on_tape, is_real = score(tape, matches(ONE, (1, 3, 199, 6670, 50)), unknown=[2])
    assert on_tape.tolist() == [True, False, False]
    assert is_real.tolist() == [True, False]
    assert result.as_json() == {
        "tape": 3,
        "predicted": 2,
        "hits": 1,
        "precision": 1 / 2,
        "recall": 1 / 3,
        "f1": 2 / 5,
        "reachable": 2,
        "reachable_recall": 1 / 2,
        "contested": 0,
        "contested_hits": 0,
        "contested_random": None,
        "quantity_precision": 100 / 299,
        "quantity_recall": 100 / 600,
        "within_1ms": {"precision": 1 / 2, "recall": 1 / 3, "f1": 2 / 5},
        "by_trigger": {
            "arrival": {
                "tape": 1, "predicted": 2, "hits": 1, "precision": 1 / 2, "recall": 1, "f1": 2 / 3
            },
            "both_passive": {
                "tape": 1, "predicted": 0, "hits": 0, "precision": None, "recall": 0, "f1": 0
            },
            "order_missing": {
                "tape": 1, "predicted": 0, "hits": 0, "precision": None, "recall": 0, "f1": 0
            },
        },
    }  # fmt: skip


@pytest.mark.parametrize("field", range(5), ids=FIELDS)
def test_a_hit_agrees_in_every_field(field):
    other = list(ONE)
    # Half a unit above 3335 is published as 3335; below it, it is not.
    other[field] -= 1
    result, on_tape, _ = score(matches(ONE), matches(other))
    assert not on_tape.any()
    assert result.all.hits == 0


@pytest.mark.parametrize(
    ("tape_x2", "predicted_x2", "hits"),
    [
        # 3337.5 is published as 3337, not as 3338; as it is, where the tape has half units.
        ([6674], [6675], 1),
        ([6676], [6675], 0),
        ([6675], [6675], 1),
        ([6675], [6674], 0),
        ([6674], [6676], 0),
        # Each has one partner, the exact one if there is one.
        ([6674], [6674, 6675], 1),
        ([6674, 6674], [6674, 6675], 2),
        ([6674, 6675], [6675, 6674], 2),
        ([6674, 6675], [6675, 6675], 2),
        ([6675, 6675], [6674, 6675], 1),
    ],
)
def test_a_predicted_price_agrees_with_its_truncation_on_the_tape(tape_x2, predicted_x2, hits):
    tape, predicted = (
        matches(*((1, 2, 100, price_x2, 50) for price_x2 in prices))
        for prices in (tape_x2, predicted_x2)
    )
    result, on_tape, is_real = score(tape, predicted)
    assert (result.all.hits, on_tape.sum(), is_real.sum()) == (hits, hits, hits)


def test_a_truncated_price_agrees_within_a_millisecond_too():
    tape = matches((1, 2, 100, 6674, 0), (1, 2, 100, 6676, 0))
    predicted = matches((1, 2, 100, 6675, MILLISECOND), (1, 2, 100, 6675, MILLISECOND))
    assert score(tape, predicted)[0].within_1ms.hits == 1


def test_ids_that_a_float_would_make_equal_are_different_orders():
    first = 7_904_794_000_123_498_601
    result, _, _ = score(matches((first, 2, 1, 2, 3)), matches((first + 1, 2, 1, 2, 3)))
    assert result.all.hits == 0


def test_of_two_equal_matches_one_prediction_hits_one():
    result, on_tape, is_real = score(matches(ONE, ONE), matches(ONE))
    assert (on_tape.sum(), is_real.sum(), result.all.hits) == (1, 1, 1)


def test_two_equal_predictions_of_one_match_are_one_hit():
    result, on_tape, is_real = score(matches(ONE), matches(ONE, ONE))
    assert (on_tape.sum(), is_real.sum()) == (1, 1)
    assert result.all == Confusion(1, 2, 1)
    assert result.within_1ms == Confusion(1, 2, 1)


def test_nothing_predicted_and_nothing_on_the_tape():
    nothing = score(matches(), matches())[0].as_json()
    assert nothing["tape"] == nothing["predicted"] == nothing["hits"] == 0
    shares = ("precision", "recall", "f1", "reachable_recall", "quantity_precision")
    assert [nothing[name] for name in shares] == [None] * 5


def test_a_share_of_nothing_is_no_number():
    assert share(0, 0) is None
    assert share(0, 5) == 0
    missed = score(matches(ONE), matches())[0].as_json()
    assert (missed["precision"], missed["recall"], missed["f1"]) == (None, 0, 0)


# --- a millisecond of tolerance -------------------------------------------------------------------


def at(*times_ns):
    return matches(*((1, 2, 100, 6670, time_ns) for time_ns in times_ns))


@pytest.mark.parametrize(
    ("tape_ns", "predicted_ns", "hits"),
    [
        ([0], [MILLISECOND], 1),
        ([MILLISECOND], [0], 1),
        ([0], [MILLISECOND + 1], 0),
        ([MILLISECOND + 1], [0], 0),
        # The one prediction between two matches serves one of them.
        ([0, MILLISECOND], [MILLISECOND // 2], 1),
        # The first takes the first, so that the second has one left.
        ([0, MILLISECOND], [MILLISECOND, 0], 2),
        ([0, 2 * MILLISECOND], [MILLISECOND, 3 * MILLISECOND], 2),
        ([5, 5], [5, 6], 2),
    ],
)
def test_times_may_differ_by_a_millisecond(tape_ns, predicted_ns, hits):
    result, _, _ = score(at(*tape_ns), at(*predicted_ns))
    assert result.within_1ms.hits == hits


@given(
    st.lists(st.integers(0, 8), max_size=5),
    st.lists(st.integers(0, 8), max_size=5),
)
def test_as_many_are_paired_as_can_be(tape_times, predicted_times):
    # In thirds of a millisecond: three apart is within, four is not.
    third = MILLISECOND // 3
    result, _, _ = score(
        at(*(third * t for t in tape_times)), at(*(third * t for t in predicted_times))
    )
    few, many = sorted((tape_times, predicted_times), key=len)
    most = max(
        sum(abs(one - other) <= 3 for one, other in zip(few, chosen, strict=True))
        for chosen in permutations(many, len(few))
    )
    assert result.within_1ms.hits == most


#: Small numbers, which are often equal; doubled prices without half units.
BAG_ROWS = st.tuples(*[st.integers(1, 2)] * 3, st.sampled_from([2, 4]), st.integers(1, 2))


@given(
    st.lists(BAG_ROWS, max_size=12),
    st.lists(BAG_ROWS, max_size=12),
)
def test_hits_are_the_common_part_of_two_bags(tape_rows, predicted_rows):
    result, on_tape, is_real = score(matches(*tape_rows), matches(*predicted_rows))
    common = sum(min(tape_rows.count(row), predicted_rows.count(row)) for row in set(tape_rows))
    assert on_tape.sum() == is_real.sum() == result.all.hits == common


# --- many partitions ------------------------------------------------------------------------------


def test_counts_are_added_and_shares_taken_at_the_end():
    one = score(matches(ONE, TWO), matches(ONE), unknown=[1])[0]
    other = score(matches(THREE), matches(THREE, TWO))[0]
    one.contested, one.contested_hits, one.contested_random = 1, 1, 0.5
    other.contested, other.contested_hits, other.contested_random = 2, 1, 0.25
    one.add(other)
    both = one.as_json()
    assert (both["tape"], both["predicted"], both["hits"]) == (3, 3, 2)
    assert both["f1"] == 2 / 3
    assert (both["reachable"], both["reachable_recall"]) == (2, 1.0)
    assert (both["contested"], both["contested_hits"]) == (3, 2)
    assert both["contested_random"] == 0.75 / 3
    assert both["by_trigger"]["order_missing"]["tape"] == 1
    assert both["quantity_recall"] == 400 / 600


def test_what_is_added_stays_as_it_is():
    total, one = Score(), score(matches(ONE), matches(ONE))[0]
    total.add(one)
    total.add(one)
    assert (total.all, one.all) == (Confusion(2, 2, 2), Confusion(1, 1, 1))


# --- a replay by hand -----------------------------------------------------------------------------


def test_a_replay_by_hand():
    # Sell 3 takes the older buy 1 and then buy 2; on the tape it took 2 first.
    day = Day().enter(1, 200, BUY, 50, 3340).enter(2, 201, BUY, 50, 3340)
    day.enter(3, 300, SELL, 60, 3330, rows=1)
    day.trade(300, (2, 3, 50, 3335, 47, SELL), (1, 3, 10, 3335, 47, SELL))
    # Sell 4 takes what is left of buy 1, and a stranger sells to buy 5.
    day.enter(4, 400, SELL, 40, 3330, rows=1).trade(400, (1, 4, 40, 3335, 47, SELL))
    day.enter(5, 500, BUY, 30, 3340).trade(600, (5, 99, 30, 3335, 47, SELL))
    result = replay_partition(day.partition(), "", 0, ablations=False)
    resync, free = result.scores["resync"], result.scores["free"]
    # Resync knows before 4 that 40 of buy 1 are left; free thinks that 40 of buy 2 are.
    assert resync.all == Confusion(tape=4, predicted=3, hits=1)
    assert free.all == Confusion(tape=4, predicted=3, hits=0)
    assert (resync.reachable, resync.by_trigger["order_missing"].tape) == (3, 1)
    # One contested arrival, of the two shares in two orders, one in part: it goes last.
    assert (resync.contested, resync.contested_hits, resync.contested_random) == (1, 0, 1 / 2)
    assert result.matches["mode"].tolist() == ["resync"] * 3 + ["free"] * 3
    assert result.misses.cause.tolist() == ["other", "other", "order_not_in_input"]
