"""Everything the book needs of one partition, read once and used by replay and scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.choices import lots
from sweep_dask.analysis.centre_point.market_events import (
    MarketEvents,
    market_events,
    quotes_of_file,
    quotes_of_rows,
)
from sweep_dask.analysis.centre_point.order_checks import LeftOut, find_left_out
from sweep_dask.analysis.centre_point.order_log import OrderLog, QuoteSource, read_order_log
from sweep_dask.analysis.centre_point.preferencing import OptIns, learn_opt_ins
from sweep_dask.analysis.centre_point.tape import Tape, read_tape
from sweep_dask.market.ticks import DEFAULT_TICKS, TickTable
from sweep_dask.matching.centre_point import BookResult, run_book
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.market.sessions import Window
    from sweep_dask.matching.adopting import Adopting


@dataclass(frozen=True)
class BookSettings:
    """What no input file says about the market."""

    rules: Rules = field(default_factory=Rules)
    ticks: TickTable = DEFAULT_TICKS
    preferencing: tuple[int, ...] | None = None
    """Participants opted in; None: learned from the past of the tape."""
    quote_source: QuoteSource = QuoteSource.NATIONAL
    block_min_value_aud: float | None = None
    """Smallest trade of the block phase; None: there is no block phase."""

    @property
    def block_min_value_x2(self) -> int | None:
        """The same as quantity times doubled price."""
        aud = self.block_min_value_aud
        return None if aud is None else round(aud * PRICE_X2_PER_AUD)


@dataclass(frozen=True)
class PartitionInput:
    """One partition as the book sees it."""

    log: OrderLog
    tape: Tape | None
    """None if there are no trades, or if their columns cannot tell dark from lit."""
    left_out: LeftOut
    is_in: BoolArray
    """bool[orders], False for those left out."""
    market: MarketEvents
    continuous: tuple[Window, ...]
    settings: BookSettings
    priority_seed: int | None = None
    """Of the lots that rank the orders; None: the rules do."""

    def under(self, rules: Rules) -> PartitionInput:
        """The same partition with other rules."""
        log = self.log.with_half_tick(is_on=rules.half_tick)
        return replace(self, log=log, settings=replace(self.settings, rules=rules))

    def with_random_priority(self) -> PartitionInput:
        """The same partition in a book in which lots rank the orders: what rules are measured by.

        Lots are others in each partition: where they are unlucky once, they are not everywhere.
        """
        seed = int(lots(self.log.order_id[:1], seed=0).sum())
        without = self.under(self.settings.rules.without("time_priority"))
        return replace(without, priority_seed=seed)

    def run(
        self,
        flow: OrderFlow,
        *,
        happening: IntArray | None = None,
        keeps_fills: bool = True,
        adopting: Adopting | None = None,
    ) -> BookResult:
        """Put events through the book; see `run_book`."""
        return run_book(
            flow.events,
            self.settings.rules,
            *self.settings.ticks.arrays,
            preferencing=self.settings.preferencing or (),
            block_min_value=self.settings.block_min_value_x2,
            happening=happening,
            keeps_fills=keeps_fills,
            priority_seed=self.priority_seed,
            adopting=adopting,
        )


def read_partition(
    orders: pa.Table,
    trades: pa.Table | None,
    nbbo: pa.Table | None,
    continuous: tuple[Window, ...],
    settings: BookSettings,
) -> PartitionInput:
    """Columns, checks and market events of one partition.

    Parameters
    ----------
    orders, trades, nbbo
        Columns of `schema`, rows in engine order. Quotes are those of `nbbo`, which are the
        national ones, or else of the order rows alone.
    continuous
        Stretches of continuous trading.
    """
    source = settings.quote_source
    log = read_order_log(orders, settings.ticks, source)
    log = log.with_half_tick(is_on=settings.rules.half_tick)
    tape = read_tape(trades, log)
    left_out = find_left_out(log, tape)
    is_in = np.ones(log.order_id.size, dtype=bool)
    is_in[left_out.order] = False
    learns = settings.preferencing is None
    opt_ins = learn_opt_ins(log, tape) if learns else OptIns.none()
    is_national = source is QuoteSource.NATIONAL
    quotes = quotes_of_file(nbbo) if is_national else quotes_of_rows(log)
    market = market_events(quotes, continuous, opt_ins)
    return PartitionInput(log, tape, left_out, is_in, market, continuous, settings)
