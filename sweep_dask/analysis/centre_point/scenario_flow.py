"""The events of one scenario, replayed as often as there are sets of sweeps that adopt it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.order_log import sweeps_of
from sweep_dask.analysis.centre_point.own_quotes import OwnQuotes
from sweep_dask.matching.adopting import Adopting, LitAccess, Pairs
from sweep_dask.matching.events import Decision, EventKind
from sweep_dask.terms.choices import Switch
from sweep_dask.terms.deal_sources import LIT_BOOK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.tape import Tape
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult


#: Pairs that a switch keeps apart.
_APART: dict[Switch | None, Pairs] = {
    Switch.AMONG_ADOPTERS: Pairs.ADOPTERS,
    Switch.OWN_ORDERS: Pairs.OF_ONE,
}


class ReplayInput(NamedTuple):
    """What the book is given in one replay."""

    events: NDArray[np.void]
    happening: IntArray
    """int64, positions of the events that happen."""
    adopting: Adopting


class ScenarioFlow:
    """Events of one scenario, of which some happen only if their order adopts it, or not.

    `lit_access`: what orders that adopt do in the lit book.
    """

    def __init__(
        self,
        partition: PartitionInput,
        flow: OrderFlow,
        lit_access: LitAccess = LitAccess.TAKES | LitAccess.RESTS,
    ) -> None:
        self.flow = flow
        self._lit_access = lit_access
        self._partition = partition
        decision = flow.events["decision"]
        self._happens = decision == Decision.ANY
        self._open = np.flatnonzero(~self._happens)
        self._order, decision = flow.events["order"][self._open], decision[self._open]
        is_idle = decision == Decision.IDLE
        self._if_adopted = (decision == Decision.ADOPTED) | is_idle
        self._if_not = decision == Decision.AS_RECORDED
        self._is_idle = is_idle | (decision == Decision.IDLE_AS_RECORDED)

    def run(self, adopts: BoolArray, switch: Switch | None = None) -> BookResult:
        """Put the events through the book where some sweeps, bool[orders], adopt the scenario.

        What becomes of sweeps that could and do not is not told. `switch` is an assumption that is
        put the other way.
        """
        given = self.replay_input(adopts, switch)
        flow = replace(self.flow, events=given.events)
        return self._partition.run(flow, happening=given.happening, adopting=given.adopting)

    def replay_input(self, adopts: BoolArray, switch: Switch | None) -> ReplayInput:
        """What `run` gives to the book."""
        adopters, events = self._adopters(adopts), self.flow.events
        adopting = Adopting(adopters, _APART.get(switch, Pairs.NONE))
        happening, decides = self._happens.copy(), adopts[self._order]
        happens = np.where(decides, self._if_adopted, self._if_not)
        if switch is Switch.FREED_LIT_LIQUIDITY and adopters.any():
            events = self._lit_fills.to_others(adopters, events)
            happens |= self._is_idle & ~decides
            happening |= events["kind"] == EventKind.FREE
            adopting = adopting._replace(lit_access=self._lit_access)
        if switch is Switch.OWN_QUOTES and self._makes_no_quotes:
            events = self._own_quotes.without(adopters, events)
        happening[self._open] |= happens
        return ReplayInput(events, np.flatnonzero(happening), adopting)

    def may_matter(self, switch: Switch, adopts: BoolArray, result: BookResult) -> bool:
        """Whether a switch may change a replay; if not, it changes nothing at all of it.

        `adopts`, bool[orders], and `result` are those of the replay without the switch.
        """
        adopters = self._adopters(adopts)
        if not adopters.any():
            return False
        if switch is Switch.OWN_QUOTES:
            return self._makes_no_quotes and self._own_quotes.are_owed_to(adopters)
        if switch is Switch.FREED_LIT_LIQUIDITY:
            return self._lit_fills.are_freed(adopters, result.applied)
        return bool(result.met & _APART[switch])

    @cached_property
    def _own_quotes(self) -> OwnQuotes:
        return OwnQuotes(self._partition, self.flow)

    @cached_property
    def _lit_fills(self) -> LitFills:
        return LitFills(self._partition, self.flow, self._lit_access)

    @property
    def _makes_no_quotes(self) -> bool:
        """Whether sweeps that adopt do not rest in the lit book."""
        return LitAccess.RESTS not in self._lit_access

    def _adopters(self, adopts: BoolArray) -> BoolArray:
        """bool[orders], who adopts: nobody does where nothing follows from it."""
        return adopts if self._open.size else np.zeros_like(adopts)


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
            at = at[is_lit & sweeps_of(partition.log)[events["order"][at]]]
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

        `adopts`: bool[orders]; `applied`: int64[events of the flow], see `BookResult`.
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
