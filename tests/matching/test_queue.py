"""The tree over who rests: equal to a list that is searched from its start, and logarithmic."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from sweep_dask.matching.book import ANY, DARK, NOBODY, open_book
from sweep_dask.matching.book_ref import BookOwner, book_of, lacks_room, make_room, reference_to
from sweep_dask.matching.events import Style
from sweep_dask.matching.queue import (
    EVERYONE,
    NOT_ADOPTING,
    Question,
    bit_of,
    class_of,
    leave,
    next_order,
    rest,
    show,
)
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL

TICKS = np.array([[0, 10]])
#: The largest MAQ of each class, the last of which has none.
BOUNDS = [0, 2**8, 2**12, 2**16, 2**62]
MAQS = [0, 1, *BOUNDS[1:4], *(bound + 1 for bound in BOUNDS[1:4])]


@njit
def _resting(book, order):
    owner = BookOwner(*book)
    ref = reference_to(owner)
    if lacks_room(ref, order):
        make_room(ref, order)
    rest(ref, order)
    found = book_of(owner)
    return found.orders, found.tree


@njit
def _change(book, order, leaves):
    owner = BookOwner(*book)
    ref = reference_to(owner)
    if leaves:
        show(ref, order)
    else:
        leave(ref, order)
    return book_of(owner)


@njit
def _found(book, question):
    """Numbers of the orders that a question finds, one after the other."""
    owner, numbers, order = BookOwner(*book), [0 for _ in range(0)], NOBODY
    while True:
        order = next_order(reference_to(owner), question, order)
        if order < 0:
            return numbers
        numbers.append(order)


@njit
def _class_and_bit(maq, participant):
    return class_of(maq), bit_of(participant)


def who_is(order):
    """The bits of an order's participant, and of those who do not adopt."""
    _, bit = _class_and_bit(0, order["participant"])
    return bit if order["adopts"] else bit | NOT_ADOPTING


class Pair:
    """A book whose orders rest and leave, and the list of those that rest, by time."""

    def __init__(self, *, has_time_priority=True, priority_seed=None):
        rules = Rules(time_priority=has_time_priority)
        self.book = open_book(rules, *TICKS.T, priority_seed=priority_seed)
        self.has_time_priority = has_time_priority
        self.listed = []

    def rest(self, order, **terms):
        if order >= self.book.orders.size:
            self.book = self.book._replace(orders=np.resize(self.book.orders, 2 * order))
        record = self.book.orders[order]
        for name, value in ({"leaves": 1, "is_alive": 1, "side": BUY, "rests": 0} | terms).items():
            record[name] = value
        orders, tree = _resting(self.book, order)
        self.book = self.book._replace(orders=orders, tree=tree)
        self.listed.append(order)

    def change(self, order, **terms):
        for name, value in terms.items():
            self.book.orders[order][name] = value
        _change(self.book, order, int(self.book.orders[order]["leaves"]))
        self.listed = [number for number in self.listed if self.book.orders[number]["leaves"]]

    def expected(self, question):
        """The same orders as the tree finds: a class of MAQs is all that it tells apart."""
        found = []
        for number in self.listed:
            order = self.book.orders[number]
            if (
                order["side"] == question.side + 1
                and order["maq"] <= BOUNDS[question.column]
                and (question.style == ANY or order["style"] >= Style.DARK_LIMIT)
                and order["reach_x2"] >= question.reach_x2
                and who_is(order) & question.participants
            ):
                found.append(number)
        if not self.has_time_priority:
            found.sort(key=lambda number: -self.book.orders[number]["reach_x2"])
        return found


terms = st.fixed_dictionaries(
    {
        "side": st.sampled_from([BUY, SELL]),
        "reach_x2": st.integers(-4, 4),
        "maq": st.sampled_from(MAQS),
        "style": st.sampled_from(list(Style)),
        "participant": st.sampled_from([-1, 0, 5, 63, 64]),
        "adopts": st.booleans(),
    }
)
questions = st.builds(
    Question,
    st.integers(0, 1),
    st.integers(0, ANY),
    st.sampled_from([ANY, DARK]),
    st.integers(-5, 5),
    st.sampled_from([EVERYONE, NOT_ADOPTING, 1, 1 << 5, 1 << 62]),
)
#: To come, to change or to leave: what is drawn for the last two says which of those that rest.
happenings = st.lists(
    st.tuples(st.sampled_from(["come", "come", "change", "leave"]), st.integers(0, 99), terms),
    max_size=60,
)


# The first example compiles.
@given(st.booleans(), happenings, st.lists(questions, min_size=1, max_size=5))
def test_the_tree_finds_what_a_list_has(has_time_priority, happenings, questions):
    pair = Pair(has_time_priority=has_time_priority)
    for number, (what, which, values) in enumerate(happenings):
        if what == "come" or not pair.listed:
            pair.rest(number, **values)
            continue
        order = pair.listed[which % len(pair.listed)]
        if what == "leave":
            pair.change(order, leaves=0)
        else:
            # A side never changes.
            pair.change(order, **(values | {"side": int(pair.book.orders[order]["side"])}))
    for question in questions:
        assert list(_found(pair.book, question)) == pair.expected(question)


@pytest.mark.parametrize(
    ("has_time_priority", "expected"), [(True, [0, 1, 2, 3, 4]), (False, [4, 1, 2, 0, 3])]
)
def test_time_alone_ranks_or_the_better_limit_first(has_time_priority, expected):
    pair = Pair(has_time_priority=has_time_priority)
    for order, reach_x2 in enumerate([1, 2, 2, 1, 3]):
        pair.rest(order, reach_x2=reach_x2)
    assert list(_found(pair.book, Question(0, ANY, ANY, 1, EVERYONE))) == expected


def test_by_lot_every_order_is_first_about_equally_often():
    firsts = np.zeros(4)
    for seed in range(2_000):
        pair = Pair(has_time_priority=False, priority_seed=seed)
        for order in range(4):
            pair.rest(order, reach_x2=order)
        found = list(_found(pair.book, Question(0, ANY, ANY, 0, EVERYONE)))
        assert sorted(found) == [0, 1, 2, 3]
        firsts[found[0]] += 1
    # Four standard deviations of a binomial of 2,000 with a quarter.
    assert (np.abs(firsts - 500) < 4 * np.sqrt(2_000 * 3 / 16)).all()


@pytest.mark.parametrize("maq", MAQS)
def test_a_class_holds_all_smaller_minima(maq):
    column, _ = _class_and_bit(maq, 0)
    assert BOUNDS[column] >= maq
    assert column == 0 or BOUNDS[column - 1] < maq


def test_places_are_kept_as_the_tree_grows_and_is_packed():
    pair = Pair()
    for order in range(1_000):
        pair.rest(order)
        if order % 3:
            pair.change(order, leaves=0)
    everybody = Question(0, ANY, ANY, -5, EVERYONE)
    assert list(_found(pair.book, everybody)) == list(range(0, 1_000, 3))


@pytest.mark.parametrize("orders", [1_000, 10_000, 100_000])
def test_coming_and_going_costs_logarithmic_steps(orders):
    random = np.random.default_rng(orders)
    book = _crowd(orders, random.integers(-(10**6), 10**6, orders))
    coming = int(book.state[0]["steps"]) / orders
    _leave_all(book, random.permutation(orders))
    going = int(book.state[0]["steps"]) / orders - coming
    assert list(_found(book, Question(0, ANY, ANY, -(10**6), EVERYONE))) == []
    assert coming <= 2 * log2(orders)
    assert going <= 2 * log2(orders)


@njit
def _leave_all(book, orders):
    owner = BookOwner(*book)
    ref = reference_to(owner)
    for order in orders:
        leave(ref, order)
    return book_of(owner)


@njit
def _come_all(book, reach_x2):
    owner = BookOwner(*book)
    ref = reference_to(owner)
    for order in range(reach_x2.size):
        if lacks_room(ref, order):
            make_room(ref, order)
        slot = ref.orders[order]
        slot.side, slot.leaves, slot.is_alive, slot.reach_x2 = 1, 1, 1, reach_x2[order]
        rest(ref, order)
    found = book_of(owner)
    return found.orders, found.tree


def _crowd(orders, reach_x2):
    book = open_book(Rules(), *TICKS.T)
    found, tree = _come_all(book, reach_x2)
    assert found.size >= orders
    return book._replace(orders=found, tree=tree)


@pytest.mark.parametrize("orders", [1_000, 10_000, 100_000])
def test_a_question_costs_logarithmic_steps(orders):
    """Whether the only one that reaches so far is among the first, the last, or not there."""
    reach_x2 = np.random.default_rng(orders).integers(-100, 0, orders)
    for place in (0, orders // 3, orders - 1):
        reach_x2[place] = 7
        book = _crowd(orders, reach_x2)
        before = int(book.state[0]["steps"])
        assert list(_found(book, Question(0, ANY, ANY, 7, EVERYONE))) == [place]
        assert list(_found(book, Question(0, ANY, ANY, 8, EVERYONE))) == []
        assert int(book.state[0]["steps"]) - before <= 4 * log2(orders) + 8
        reach_x2[place] = -1
