"""The events of one scenario, replayed as often as there are sets of sweeps that adopt it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.own_quotes import OwnQuotes
from sweep_dask.analysis.centre_point.switches import Switch
from sweep_dask.matching.adopting import Adopting, LitAccess, Pairs
from sweep_dask.matching.events import Decision

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult

#: Pairs that a switch keeps apart.
_APART: dict[Switch | None, Pairs] = {
    Switch.AMONG_ADOPTERS: Pairs.ADOPTERS,
    Switch.OWN_ORDERS: Pairs.OF_ONE,
}


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
        self._rests_lit = LitAccess.RESTS in lit_access
        self._partition = partition
        decision = flow.events["decision"]
        self._happens = decision == Decision.ANY
        self._open = np.flatnonzero(~self._happens)
        self._order = flow.events["order"][self._open]
        self._if_adopted = decision[self._open] == Decision.ADOPTED

    def run(self, adopts: BoolArray, switch: Switch | None = None) -> BookResult:
        """Put the events through the book where some sweeps, bool[orders], adopt the scenario.

        What becomes of sweeps that could and do not is not told.

        Parameters
        ----------
        switch
            An assumption that is put the other way; None: none is.
        """
        adopters, flow = self._adopters(adopts), self.flow
        if switch is Switch.OWN_QUOTES and not self._rests_lit:
            flow = replace(flow, events=self._own_quotes.without(adopters, flow.events))
        adopting = Adopting(adopters, _APART.get(switch, Pairs.NONE))
        return self._partition.run(flow, happening=self._happening(adopts), adopting=adopting)

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
            return not self._rests_lit and self._own_quotes.are_owed_to(adopters)
        return bool(result.met & _APART[switch])

    @cached_property
    def _own_quotes(self) -> OwnQuotes:
        return OwnQuotes(self._partition, self.flow)

    def _happening(self, adopts: BoolArray) -> IntArray:
        happens = self._happens.copy()
        happens[self._open] = adopts[self._order] == self._if_adopted
        return np.flatnonzero(happens)

    def _adopters(self, adopts: BoolArray) -> BoolArray:
        """bool[orders], who adopts: nobody does where nothing follows from it."""
        return adopts if self._open.size else np.zeros_like(adopts)
