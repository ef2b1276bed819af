"""The Centre Point book behind a face: one event in, its fills out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from sweep_dask.matching.reference.centre_point import ReferenceBook
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    from sweep_dask.matching.reference.orders import Fill
    from sweep_dask.worked_cases.format import Case


class Engine(Protocol):
    """A Centre Point book."""

    def __init__(self, case: Case) -> None: ...

    def apply(self, event: np.void) -> list[Fill]:
        """Apply one `events.EVENT`; its fills in the order of execution."""
        ...

    def minimum(self, number: int) -> int:
        """The minimum acceptable quantity now in force of an order that has entered."""
        ...


class ReferenceEngine:
    """The slow, obvious book that the compiled one is tested against."""

    def __init__(self, case: Case) -> None:
        self._book = ReferenceBook(
            Rules(), case.ticks.rows, case.preferencing, block_min_value(case)
        )

    def apply(self, event: np.void) -> list[Fill]:
        """Apply one event."""
        fills, _ = self._book.apply(event)
        return fills

    def minimum(self, number: int) -> int:
        """The minimum now in force."""
        return self._book.orders[number].minimum_quantity


#: What `match` uses. Compiling the other takes some seconds on a new machine, which a case of ten
#: orders does not repay; the tests hold the two equal.
SHIPPED_ENGINE: type[Engine] = ReferenceEngine


def own_participant(number: int) -> int:
    """A participant that nobody else is, for an order of that number that names none."""
    return -1 - number


def block_min_value(case: Case) -> int | None:
    """The least value of a block, as quantity times doubled price; None: there are no blocks."""
    value = case.block_min_value_aud
    return None if value is None else int(np.ceil(value * PRICE_X2_PER_AUD))
