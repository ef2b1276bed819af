"""An order during a case: its terms, what is left of it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep_dask.worked_cases.format import OrderId, Terms

#: Number in the dark book of an order that is not there.
NOT_DARK = -1


@dataclass(eq=False)
class LiveOrder:
    """One quantity, wherever the order rests: a fill in one book is a fill in the other."""

    id: OrderId
    side: int
    leaves: int
    terms: Terms | None
    """None: an order of the lit book at the beginning."""
    number: int = NOT_DARK
    """In the dark book; an order that arrives again there gets a new one."""
    limit_x2: int = 0
    """Twice the limit in the dark."""
    maq: int = 0
    """The minimum now in force: 0 once less than it was left; 7.4."""
    ever_had_maq: bool = False
    rests_in_dark: bool = False
    lit_price: int = 0
    """0: it does not rest in the lit book."""
    shown: int = 0
    """What the lit book shows of it."""
    is_gone: bool = False
    """Cancelled, purged or filled."""
    unfilled: str = ""
    """Why something is left, said when it was cancelled."""

    @property
    def is_in_dark(self) -> bool:
        """Whether the dark book knows it."""
        return self.number != NOT_DARK

    @property
    def display(self) -> int:
        """The most that is shown at a time."""
        display = self.terms.display if self.terms else None
        return self.leaves if display is None else display
