"""Which populations a sweep belongs to: labels beside its metrics.

Labels go by the real outcome, so that a sweep is in the same population in every scenario. Each
depends on the sweep and its partition alone: partitions can be labelled apart and stacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.metrics.marketability import marketability
from sweep_dask.analysis.metrics.parents import parents
from sweep_dask.analysis.metrics.quotes import spread_ticks
from sweep_dask.analysis.metrics.sweep_metrics import outcome
from sweep_dask.analysis.size_classes import size_category
from sweep_dask.analysis.tables import category, constant, schema, table
from sweep_dask.market.order_types import SHORT_SELL
from sweep_dask.market.sessions import is_continuous
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.market.trading_day import sydney_local_ns
from sweep_dask.terms.dimensions import HOURS, WIDE_TICKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.metrics.fill_sums import FillSums
    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.market.sessions import Window
    from sweep_dask.market.ticks import TickTable

#: Column -> type; a label that is not known is null.
POPULATIONS = schema(
    "date:str security:int32 participant:Int64 is_continuous:bool has_residual:bool "
    "is_short_sell:bool real_outcome:category size_class:category hour:category "
    "spread_class:category marketability:category parent_id:int64 added_quantity:int64"
)

_NS_PER_HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class SweepFacts:
    """What no metric says of the sweeps of one partition, in the order of their metrics."""

    date: str
    security: int
    participant: IntArray
    """int[sweeps], -1 if unknown."""
    order_type: IntArray
    """int[sweeps], exchange order type bits."""
    continuous: Sequence[Window]
    """Stretches of continuous trading."""


def populations(real: FillSums, facts: SweepFacts, ticks: TickTable = DEFAULT_TICKS) -> pa.Table:
    """The labels of each sweep, to stand beside its metrics; columns `POPULATIONS`.

    Parameters
    ----------
    real
        All that the sweeps really filled.
    """
    sweeps, filled = real.sweeps, real.quantity
    size, quantity = sweeps.size, sweeps.quantity
    spread = spread_ticks(sweeps.arrival_bid, sweeps.arrival_offer, ticks)
    columns: dict[str, Any] = {
        "date": constant(facts.date, size),
        "security": np.full(size, facts.security),
        "participant": pa.array(facts.participant, mask=facts.participant < 0),
        "is_continuous": is_continuous(sweeps.arrival_ns, facts.continuous),
        "has_residual": real.quantity_where(real.waited_ns == 0) < quantity,
        "is_short_sell": (facts.order_type & SHORT_SELL) != 0,
        "real_outcome": outcome(filled, quantity),
        "size_class": size_category(quantity),
        "hour": category("hour", _sydney_hour(sweeps.arrival_ns)),
        "spread_class": _spread_class(spread),
        "marketability": marketability(sweeps),
        **parents(sweeps, facts.participant, filled),
    }
    return table(POPULATIONS, columns)


def _sydney_hour(arrival_ns: IntArray) -> IntArray:
    return sydney_local_ns(arrival_ns) // _NS_PER_HOUR % len(HOURS)


def _spread_class(ticks: FloatArray) -> pa.Array:
    """The class of a spread in ticks; one off the tick table belongs to the wider class."""
    is_known = ~np.isnan(ticks)
    steps = np.ceil(np.where(is_known, ticks, 1)).clip(1, WIDE_TICKS).astype(np.int64)
    return category("spread_class", np.where(is_known, steps - 1, -1))
