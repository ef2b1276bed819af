"""A book that is open takes whatever comes: it grows, and knows nothing in advance."""

import numpy as np

from sweep_dask.matching.book import open_book
from sweep_dask.matching.centre_point import apply_event
from sweep_dask.matching.events import EVENT, EventKind, Validity
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.sides import BUY, SELL


def open_small_book():
    return open_book(Rules(), np.array([0]), np.array([10]))


def entry(**fields):
    record = np.zeros(1, EVENT)
    given = {"kind": EventKind.ENTER, "side": BUY, "quantity": 5, "limit_x2": 6680, "rests": 1}
    for name, value in (given | fields).items():
        record[name] = value
    return record[0]


def test_order_numbers_and_orders_may_be_as_many_as_they_like():
    book = open_small_book()
    for position in range(300):
        book = apply_event(book, entry(order=40 * position), position)
    resting = np.flatnonzero(book.orders["rests"])
    assert resting.tolist() == list(range(0, 12_000, 40))


def test_the_room_of_orders_that_left_is_used_again():
    book = open_small_book()
    for order in range(5_000):
        book = apply_event(book, entry(order=order, side=SELL if order % 3 else BUY), order)
        if order >= 10:
            leaving = entry(order=order - 10, kind=EventKind.CANCEL)
            book = apply_event(book, leaving, order)
    assert np.flatnonzero(book.orders["rests"]).tolist() == list(range(4_990, 5_000))
    assert book.tree.shape == open_small_book().tree.shape


def test_any_number_of_participants_may_opt_in():
    book = open_small_book()
    for participant in range(100):
        opting = entry(kind=EventKind.OPT_IN, participant=-participant, is_sweep=participant % 2)
        book = apply_event(book, opting, participant)
        book = apply_event(book, opting, participant)
    known = book.opted_in[: int(book.state[0]["participants"])]
    assert known.tolist() == [[-who, 1 + who % 2] for who in range(100)]


def test_an_order_that_does_not_stay_leaves_no_trace():
    book = open_small_book()
    before = book.tree.copy()
    book = apply_event(book, entry(validity=Validity.FILL_AND_KILL), 0)
    assert (book.tree == before).all()
