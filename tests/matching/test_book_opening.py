"""A book is opened for the limits and the participants it will meet, and says so if it was not."""

import numpy as np
import pytest

from sweep_dask.errors import SweepError
from sweep_dask.matching.centre_point import apply_event, open_book
from sweep_dask.matching.events import BUY, EVENT, EventKind
from sweep_dask.matching.rules import Rules


def open_small_book(**options):
    return open_book(np.array([6700, 6680]), Rules(), np.array([0]), np.array([10]), **options)


def event(**fields):
    record = np.zeros(1, EVENT)
    for name, value in fields.items():
        record[name] = value
    return record[0]


def entry(**fields):
    return event(
        **{"kind": EventKind.ENTER, "side": BUY, "quantity": 5, "limit_x2": 6680, "rests": 1}
        | fields
    )


@pytest.mark.parametrize(
    "kind", [EventKind.ENTER, EventKind.AMEND, EventKind.POST, EventKind.STATE]
)
def test_unknown_limit_is_named(kind):
    with pytest.raises(SweepError, match="limit") as error:
        apply_event(open_small_book(), entry(kind=kind, limit_x2=6690, order=3), 7)
    assert error.value.value == 6690
    assert error.value.where == "event 7, order 3"


@pytest.mark.parametrize(
    "message",
    [event(kind=EventKind.OPT_IN, participant=8), entry(preference_only=1, participant=8)],
)
def test_unknown_own_queue_is_named(message):
    with pytest.raises(SweepError, match="participant") as error:
        apply_event(open_small_book(participants=[7]), message, 2)
    assert error.value.value == 8
    apply_event(open_small_book(participants=[8]), message, 2)


def test_order_numbers_and_orders_may_be_as_many_as_they_like():
    book = open_small_book()
    for position in range(300):
        book = apply_event(book, entry(order=40 * position), position)
    resting = np.flatnonzero(book.orders["rests"])
    assert resting.tolist() == list(range(0, 12_000, 40))
