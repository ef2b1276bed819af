"""The priority queue: equal to a list that is searched from its start, and logarithmic."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from sweep_dask.matching.arena import NO_ORDER_MAQ
from sweep_dask.matching.priority_queue import (
    insert,
    new_queue,
    oldest,
    order_count,
    remove,
    total_leaves,
    total_leaves_without_maq,
    update,
)

ANY_MAQ = NO_ORDER_MAQ - 1
#: A rank below that of any order.
FIRST = -1
#: Rows that end with -1 where an order belongs to fewer variants.
VARIANT_SETS = np.array([[0, -1, -1], [0, 2, -1], [1, -1, -1], [0, 1, 2]])


class NaiveQueue:
    """The same orders in a list in the order of their time."""

    def __init__(self):
        self.orders = []

    def insert(self, variants, classes, level, order, rank, maq, leaves):
        self.orders.append([set(variants) - {-1}, classes, level, order, rank, maq, leaves])

    def update(self, index, maq, leaves):
        self.orders[index][5:] = [maq, leaves]

    def oldest(self, variant, k, most_maq, least_leaves, after_rank):
        for variants, _, level, order, rank, maq, leaves in self.orders:
            if (
                variant in variants
                and level <= k
                and rank > after_rank
                and maq <= most_maq
                and leaves >= least_leaves
            ):
                return order
        return -1

    def totals(self, order_class, k):
        """Shares, shares of orders without MAQ and orders, of a class at levels up to k."""
        found = [row for row in self.orders if row[1] >> order_class & 1 and row[2] <= k]
        return (
            sum(row[6] for row in found),
            sum(row[6] for row in found if row[5] == 0),
            len(found),
        )


def totals(queue, order_class, k):
    return (
        total_leaves(queue, order_class, k),
        total_leaves_without_maq(queue, order_class, k),
        order_count(queue, order_class, k),
    )


def resting(*orders, levels=8):
    """A queue of one variant and class with orders of (level, maq, leaves), numbered from 0."""
    queue = new_queue(levels, 1, 1)
    for order, (level, maq, leaves) in enumerate(orders):
        queue = insert(queue, np.array([0]), 1, level, order, order, maq, leaves)
    return queue


def check_random_operations(seed, operations, levels, most_resting):
    """Do the same to both queues, and ask both the same after every operation."""
    random = np.random.default_rng(seed)
    queue, naive = new_queue(levels, 3, 2), NaiveQueue()
    rank = 0
    for _ in range(operations):
        maq, leaves = int(random.choice([0, 0, 5, 9])), int(random.integers(1, 20))
        deed = random.random()
        if not naive.orders or (deed < 0.6 and len(naive.orders) < most_resting):
            rank += int(random.integers(1, 1 << 40))
            variants, classes = VARIANT_SETS[random.integers(4)], int(random.integers(4))
            level, order = int(random.integers(1, levels + 1)), int(random.integers(1 << 60))
            queue = insert(queue, variants, classes, level, order, rank, maq, leaves)
            naive.insert(variants, classes, level, order, rank, maq, leaves)
        else:
            index = int(random.integers(len(naive.orders)))
            variants, classes, level, _, old_rank, *_ = naive.orders[index]
            if deed < 0.8:
                update(queue, np.array(sorted(variants)), classes, level, old_rank, maq, leaves)
                naive.update(index, maq, leaves)
            else:
                remove(queue, np.array(sorted(variants)), classes, level, old_rank)
                del naive.orders[index]
        after_rank = int(random.choice([FIRST, rank // 2, rank]))
        question = (
            int(random.integers(3)),
            int(random.integers(levels + 1)),
            int(random.choice([0, 4, 5, ANY_MAQ])),
            int(random.choice([0, 1, 7, 19])),
            after_rank,
        )
        assert oldest(queue, *question) == naive.oldest(*question)
        order_class, k = int(random.integers(2)), int(random.integers(levels + 1))
        assert totals(queue, order_class, k) == naive.totals(order_class, k)


# Without a deadline: the first example compiles.
@settings(deadline=None)
@given(seed=st.integers(0, 2**32), levels=st.integers(1, 9), most_resting=st.integers(1, 40))
def test_equals_the_naive_queue(seed, levels, most_resting):
    check_random_operations(seed, 120, levels, most_resting)


# Few resting orders, so that segments are compacted in place; many, so that the arena grows.
@pytest.mark.parametrize("most_resting", [5, 60, 700])
def test_equals_the_naive_queue_through_compaction_and_growth(most_resting):
    check_random_operations(most_resting, 6000, 13, most_resting)


def test_an_empty_queue_has_no_order():
    queue = new_queue(8, 1, 1)
    assert oldest(queue, 0, 8, ANY_MAQ, 0, FIRST) == -1
    assert totals(queue, 0, 8) == (0, 0, 0)


def test_no_level_is_up_to_zero():
    assert oldest(resting((1, 0, 10)), 0, 0, ANY_MAQ, 0, FIRST) == -1


def test_time_counts_and_not_the_limit():
    queue = resting((7, 0, 10), (1, 0, 10), (4, 0, 10))
    assert oldest(queue, 0, 8, ANY_MAQ, 0, FIRST) == 0
    assert oldest(queue, 0, 6, ANY_MAQ, 0, FIRST) == 1
    assert oldest(queue, 0, 6, ANY_MAQ, 0, 1) == 2
    assert oldest(queue, 0, 6, ANY_MAQ, 0, 2) == -1


def test_one_order_must_have_both_the_maq_and_the_leaves():
    queue = resting((3, 50, 90), (3, 0, 10), (3, 20, 60))
    assert oldest(queue, 0, 3, 30, 60, FIRST) == 2
    assert oldest(queue, 0, 3, 10, 60, FIRST) == -1


def test_a_fill_that_resets_the_maq_keeps_the_place():
    queue = resting((2, 50, 90), (2, 0, 10))
    assert oldest(queue, 0, 2, 0, 0, FIRST) == 1
    update(queue, np.array([0]), 1, 2, 0, 0, 40)
    assert oldest(queue, 0, 2, 0, 0, FIRST) == 0
    assert totals(queue, 0, 2) == (50, 50, 2)


def test_a_removed_order_leaves_nothing_behind():
    queue = resting((2, 0, 90))
    remove(queue, np.array([0]), 1, 2, 0)
    assert oldest(queue, 0, 8, NO_ORDER_MAQ, 0, FIRST) == -1
    assert totals(queue, 0, 8) == (0, 0, 0)


def test_an_order_is_found_in_its_variants_and_counted_in_its_classes_only():
    queue = new_queue(4, 3, 3)
    queue = insert(queue, np.array([2, 0, -1]), 0b101, 1, 77, 0, 0, 10)
    assert [oldest(queue, v, 4, ANY_MAQ, 0, FIRST) for v in range(3)] == [77, -1, 77]
    assert [order_count(queue, c, 4) for c in range(3)] == [1, 0, 1]


def test_the_room_of_removed_orders_is_used_again():
    queue = resting(*[(1, 0, 10)] * 3)
    rows = queue.tree.shape[0]
    for order in range(3, 5000):
        queue = insert(queue, np.array([0]), 1, 1, order, order, 0, 10)
        remove(queue, np.array([0]), 1, 1, order - 3)
    assert queue.tree.shape[0] == rows
    assert oldest(queue, 0, 8, ANY_MAQ, 0, FIRST) == 4997


@njit
def _filled(queue, variants, level, maq, leaves):
    for order in range(level.size):
        queue = insert(queue, variants, 1, level[order], order, order, maq[order], leaves[order])
    return queue


@njit
def _ask(queue, k, most_maq, least_leaves, after_rank):
    """The answers, and the steps of the most expensive question."""
    answers = np.empty(k.size, np.int64)
    most_steps = 0
    for index in range(k.size):
        before = queue.steps[0]
        answers[index] = oldest(
            queue, 0, k[index], most_maq[index], least_leaves, after_rank[index]
        )
        most_steps = max(most_steps, queue.steps[0] - before)
    return answers, most_steps


@njit
def _emptied(queue, variants, level, ranks):
    for rank in ranks:
        remove(queue, variants, 1, level[rank], rank)


LEVELS = 256


def mixed_book(orders):
    """Random limits and MAQs, such that nearly no order suits by both."""
    random = np.random.default_rng(orders)
    level = random.integers(1, LEVELS + 1, orders)
    small_maq = random.integers(0, 100, orders)
    # The generous limits come with a large MAQ: who passes by one fails by the other.
    maq = np.where(level <= LEVELS // 2, 1_000 + small_maq, small_maq)
    # A few suit both ways, wherever they are in time.
    maq[random.integers(0, orders, 3)] = 0
    leaves = 2_000 + random.integers(0, 1_000, orders)
    return level, maq, leaves


@pytest.mark.parametrize("orders", [1_000, 10_000, 100_000])
def test_a_question_costs_logarithmic_steps_though_nearly_no_order_suits(orders):
    level, maq, leaves = mixed_book(orders)
    queue = _filled(new_queue(LEVELS, 1, 1), np.array([0]), level, maq, leaves)
    random = np.random.default_rng(1)
    k = random.integers(1, LEVELS + 1, 400)
    most_maq = random.integers(0, 150, 400)
    after_rank = random.integers(-orders, orders, 400)
    answers, most_steps = _ask(queue, k, most_maq, 1, after_rank)
    for index in range(400):
        suits = (level <= k[index]) & (maq <= most_maq[index])
        suits[: max(after_rank[index] + 1, 0)] = False
        assert answers[index] == (suits.argmax() if suits.any() else -1)
    # Per Fenwick node: a search for the rank, and a way up and down the segment.
    assert most_steps <= 2 * log2(LEVELS) * log2(orders)


@pytest.mark.parametrize("orders", [1_000, 10_000, 100_000])
def test_coming_and_going_costs_logarithmic_steps(orders):
    level, maq, leaves = mixed_book(orders)
    queue = _filled(new_queue(LEVELS, 1, 1), np.array([0]), level, maq, leaves)
    per_insert = queue.steps[0] / orders
    _emptied(queue, np.array([0]), level, np.random.default_rng(2).permutation(orders))
    per_remove = queue.steps[0] / orders - per_insert
    assert totals(queue, 0, LEVELS) == (0, 0, 0)
    assert per_insert <= 1.5 * log2(LEVELS) * log2(orders)
    assert per_remove <= 1.5 * log2(LEVELS) * log2(orders)
