"""A resting order takes, as the quote moves; R7, R17."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.matching.compiled import kernel
from sweep_dask.matching.fills import undo
from sweep_dask.matching.walk import Walk, fill_inside

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book
    from sweep_dask.matching.quotes import Quote


@kernel
def take(book: Book, order: int, quote: Quote, walk: Walk, contra_leaves: int) -> bool:
    """Let a resting order walk prices, undone if its minimum is not met; whether it traded.

    No contras have more than `contra_leaves` together.
    """
    taker, state = book.orders[order], book.state[0]
    if walk.above + 1 >= walk.below or taker.maq > contra_leaves:
        return False
    needed = 0 if taker.single_fill else taker.maq
    first, before = state.fills, taker.leaves
    fill_inside(book, order, quote, walk)
    if before - taker.leaves < needed:
        undo(book, first)
        state.fills = first
    return bool(state.fills > first)
