"""Recorded lit fills of sweeps in one flow, and what is free where adopters no longer have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.sweep_outcomes import sweeps_of
from sweep_dask.matching.adopting import LitAccess
from sweep_dask.matching.events import Decision, EventKind
from sweep_dask.terms.deal_sources import LIT_BOOK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray

#: Fills that an order does not have if it adopts.
_LOST = (Decision.AS_RECORDED, Decision.IDLE_AS_RECORDED)
_NOBODY = -1


class LitFills:
    """Those of one flow, in which adopters do certain things in the lit book."""

    def __init__(self, partition: PartitionInput, flow: OrderFlow, lit_access: LitAccess) -> None:
        tape, events = partition.tape, flow.events
        at = np.flatnonzero(events["kind"] == EventKind.REDUCE)
        if tape is None:
            at = at[:0]
        else:
            is_lit = np.isin(tape.deal_source[flow.source[at]], LIT_BOOK)
            at = at[is_lit & sweeps_of(partition)[events["order"][at]]]
        self._event, self._order = at, events["order"][at]
        self._quantity = events["quantity"][at]
        self._is_lost = np.isin(events["decision"][at], _LOST)
        self._price_x2, self._came_in = np.zeros_like(at), np.zeros(at.size, dtype=bool)
        self._other = np.full_like(at, _NOBODY)
        if tape is not None:
            trade = flow.source[at]
            self._price_x2, self._came_in = tape.exact_x2[trade], tape.is_aggressor[trade]
            self._other = _other_order(tape)[trade]
        # Whether one who adopts is still there to fill the other side of each.
        needed = np.where(self._came_in, LitAccess.RESTS, LitAccess.TAKES)
        self._other_may_stay = (needed & lit_access) != 0

    def are_freed(self, adopts: BoolArray, applied: IntArray) -> bool:
        """Whether any of them is not had in full by one that adopts, and is there for others.

        Parameters
        ----------
        adopts
            bool[orders].
        applied
            int64[events of the flow], see `BookResult`.
        """
        is_missing = self._is_lost | (applied[self._event] < self._quantity)
        return bool((is_missing & adopts[self._order] & self._is_free(adopts)).any())

    def to_others(self, adopts: BoolArray, events: NDArray[np.void]) -> NDArray[np.void]:
        """The events of the flow, in which what adopters do not have is given to others."""
        changed, is_free = events.copy(), self._is_free(adopts)
        changed["limit_x2"][self._event] = self._price_x2
        changed["trades"][self._event] = is_free & self._came_in
        changed["rests"][self._event] = is_free & ~self._came_in
        changed["kind"][self.lost_by(adopts)] = EventKind.FREE
        return changed

    def lost_by(self, adopts: BoolArray) -> IntArray:
        """int64, positions of the events that do not happen because their order adopts."""
        lost: IntArray = self._event[self._is_lost & adopts[self._order]]
        return lost

    def _is_free(self, adopts: BoolArray) -> BoolArray:
        """Whether the other side of each is still there, were it not had."""
        is_gone = (self._other >= 0) & adopts[self._other] & ~self._other_may_stay
        free: BoolArray = ~is_gone
        return free


def _other_order(tape: Tape) -> IntArray:
    """int64[trades], the order of the other row of the same match, if it is known."""
    known = np.flatnonzero(tape.is_known)
    by_match = known[np.argsort(tape.match[known], kind="stable")]
    one, next_one = by_match[:-1], by_match[1:]
    is_pair = tape.match[one] == tape.match[next_one]
    other = np.full(tape.match.size, _NOBODY, dtype=np.int64)
    other[one[is_pair]] = tape.order[next_one[is_pair]]
    other[next_one[is_pair]] = tape.order[one[is_pair]]
    return other
