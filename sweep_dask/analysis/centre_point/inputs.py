"""Everything the book needs of one partition, read once and used by replay and scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.choices import lots
from sweep_dask.analysis.centre_point.order_checks import LeftOut, find_left_out
from sweep_dask.analysis.centre_point.order_log import (
    OrderLog,
    QuoteSource,
    read_order_log,
    sweeps_of,
)
from sweep_dask.analysis.centre_point.tape import Tape, read_tape
from sweep_dask.analysis.tables import BoolArray, IntArray, prices, whole_numbers
from sweep_dask.market.ticks import DEFAULT_TICKS, TickTable
from sweep_dask.matching.centre_point import BookResult, run_book
from sweep_dask.matching.events import EVENT, EventKind
from sweep_dask.matching.rules import Rules
from sweep_dask.terms.deal_sources import BLOCK_PREFERENCED, CENTRE_POINT_PREFERENCED
from sweep_dask.terms.units import PRICE_X2_PER_AUD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.market.sessions import Window
    from sweep_dask.matching.adopting import Adopting


@dataclass(frozen=True)
class MarketEvents:
    """Events that concern no order; the arrays have one element an event, in any order."""

    events: NDArray[np.void]
    timestamp_ns: IntArray
    is_known_later: BoolArray
    """bool, whether an order event of the very same time does not know of it yet."""

    def with_others(self, *others: MarketEvents) -> MarketEvents:
        """These events and others."""
        parts = (vars(one).values() for one in (self, *others))
        return MarketEvents(*map(np.concatenate, zip(*parts, strict=True)))


def quotes_of_file(nbbo: pa.Table | None) -> MarketEvents:
    """Moves of the national quote: rows of `schema.NBBO` by timestamp, from which on each holds."""
    if nbbo is None or not len(nbbo):
        return _empty()
    bid, offer = whole_units(prices(nbbo, "bidprice")), whole_units(prices(nbbo, "offerprice"))
    return _moves(bid, offer, whole_numbers(nbbo, "timestamp"), is_known_later=False)


def quotes_of_rows(log: OrderLog) -> MarketEvents:
    """Moves of the quote as order rows tell them: each shows it as the event of its time left it.

    Of several rows of one time the last counts; a row without a quote says nothing.
    """
    rows = np.flatnonzero((log.bid > 0) | (log.offer > 0))
    if not rows.size:
        return _empty()
    is_last = np.append(log.timestamp_ns[rows[1:]] != log.timestamp_ns[rows[:-1]], True)
    rows = rows[is_last]
    return _moves(log.bid[rows], log.offer[rows], log.timestamp_ns[rows], is_known_later=True)


def _moves(
    bid: IntArray, offer: IntArray, timestamp_ns: IntArray, *, is_known_later: bool
) -> MarketEvents:
    """The quotes that differ from the one before."""
    moves = np.ones(bid.size, dtype=bool)
    moves[1:] = (np.diff(bid) != 0) | (np.diff(offer) != 0)
    events = np.zeros(int(moves.sum()), dtype=EVENT)
    events["kind"] = EventKind.QUOTE
    events["bid"], events["offer"] = bid[moves], offer[moves]
    return MarketEvents(events, timestamp_ns[moves], np.full(events.size, is_known_later))


def whole_units(values: NDArray[np.float64]) -> IntArray:
    """Quotes as whole price units, 0 where there is none or where it is none of the market's."""
    usable = (values > 0) & (values % 1 == 0)
    return np.where(usable, values, 0).astype(np.int64)


def _sessions(continuous: Sequence[Window]) -> MarketEvents:
    """What happens at the very moment of the opening belongs to the auction."""
    events = np.zeros(2 * len(continuous), dtype=EVENT)
    events["kind"] = EventKind.SESSION
    events["quantity"] = np.tile([1, 0], len(continuous))
    times = np.array(continuous, dtype=np.int64).reshape(-1)
    return MarketEvents(events, times, events["quantity"] == 1)


def learn_opt_ins(log: OrderLog, tape: Tape | None) -> MarketEvents:
    """When it is first seen of a participant and kind of order, a sweep or not; later events know.

    No file says who has opted in to preferencing, for some or all orders; a participant whose
    incoming order traded with deal source 46 or 51 has.
    """
    if tape is None:
        return _empty()
    preferenced = np.isin(tape.deal_source, (CENTRE_POINT_PREFERENCED, BLOCK_PREFERENCED))
    rows = np.flatnonzero(preferenced & tape.is_aggressor & tape.is_known)
    is_sweep = sweeps_of(log)[tape.order[rows]]
    seen = np.stack((tape.participant[rows], is_sweep.astype(np.int64)), axis=1)
    first = np.sort(np.unique(seen, axis=0, return_index=True)[1])
    events = np.zeros(first.size, dtype=EVENT)
    events["kind"] = EventKind.OPT_IN
    events["participant"], events["is_sweep"] = tape.participant[rows[first]], is_sweep[first]
    return MarketEvents(events, tape.timestamp_ns[rows[first]], np.ones(first.size, dtype=bool))


def _empty() -> MarketEvents:
    return MarketEvents(np.zeros(0, EVENT), np.zeros(0, np.int64), np.zeros(0, bool))


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
    opt_ins = learn_opt_ins(log, tape) if learns else _empty()
    is_national = source is QuoteSource.NATIONAL
    quotes = quotes_of_file(nbbo) if is_national else quotes_of_rows(log)
    market = quotes.with_others(_sessions(continuous), opt_ins)
    return PartitionInput(log, tape, left_out, is_in, market, continuous, settings)
