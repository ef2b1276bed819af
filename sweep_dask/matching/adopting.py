"""Some orders adopt another way to act; what the book may do about them, where it is asked to.

Without being asked it does nothing: it only notes which kinds of pairs its matches were.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.compiled import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sweep_dask.matching.book import Book


class Pairs(IntFlag):
    """Kinds of pairs of orders."""

    NONE = 0
    ADOPTERS = 1
    """Both adopt."""
    OF_ONE = 2
    """Both are of the same participant, who is known, and one of them at least adopts."""


class LitAccess(IntFlag):
    """What an order does in the lit book."""

    NONE = 0
    TAKES = 1
    """Where it comes in, or is amended, it takes what it reaches."""
    RESTS = 2
    """What is left of it rests there."""


class Adopting(NamedTuple):
    """Who adopts, and what follows from it in the book."""

    adopts: NDArray[np.bool_]
    """bool[orders]; orders beyond them do not adopt."""
    apart: Pairs = Pairs.NONE
    """Pairs of these kinds do not match."""
    lit_access: LitAccess | None = None
    """What those that adopt do in the lit book, where what they free there is given to others (see
    `freed`); None: it is given to nobody. Every order has to be one of `adopts` then."""


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
