"""Which kinds of pairs two orders are, and whether they are kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_dask.compiled import kernel
from sweep_dask.matching.adopting import Pairs

if TYPE_CHECKING:
    from sweep_dask.matching.book import Book

_ADOPTERS, _OF_ONE = int(Pairs.ADOPTERS), int(Pairs.OF_ONE)


@kernel
def pairs_of(one: Any, other: Any) -> int:
    """Return the kinds of pairs that two orders are."""
    if not one.adopts | other.adopts:
        return 0
    is_of_one = one.participant == other.participant and one.participant >= 0
    return int((one.adopts & other.adopts) * _ADOPTERS | is_of_one * _OF_ONE)


@kernel
def are_apart(book: Book, one: Any, other: Any) -> bool:
    """Whether two orders are kept apart."""
    apart = book.state[0].apart
    return bool(apart and apart & pairs_of(one, other))
