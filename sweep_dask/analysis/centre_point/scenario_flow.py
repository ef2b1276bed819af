"""The events of one scenario, replayed as often as there are sets of sweeps that adopt it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.lit_fills import LitFills
from sweep_dask.analysis.centre_point.own_quotes import OwnQuotes
from sweep_dask.matching.adopting import Adopting, LitAccess, Pairs
from sweep_dask.matching.events import Decision, EventKind
from sweep_dask.terms.choices import Switch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
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

    Parameters
    ----------
    lit_access
        What orders that adopt do in the lit book.
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

        What becomes of sweeps that could and do not is not told.

        Parameters
        ----------
        switch
            An assumption that is put the other way; None: none is.
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

        Parameters
        ----------
        adopts
            bool[orders], as in the replay.
        result
            Of the replay without the switch.
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
