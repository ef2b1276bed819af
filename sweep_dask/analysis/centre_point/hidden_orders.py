"""What was predicted of orders that rested in the dark, beside what really became of them.

Everything can be added over partitions; means, shares and medians are taken at the very end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.score import Counts, share
from sweep_dask.analysis.rollups.spreads import lengthened, shortened
from sweep_dask.terms.score import OUTCOMES

if TYPE_CHECKING:
    from sweep_dask.analysis.tables import BoolArray, IntArray

_NS_PER_SECOND = 1e9


class OrderFills(NamedTuple):
    """What each of some orders filled while it rested; int64[orders]."""

    quantity: IntArray
    """Shares."""
    first_ns: IntArray
    """ns from its arrival to its first fill; any value if it has none."""


@dataclass
class Times(Counts):
    """Times, each kept within 0.4 %: see `rollups.spreads`."""

    counts: Counter[int] = field(default_factory=Counter)
    """How many of each shortened time."""

    @classmethod
    def of(cls, times_ns: IntArray) -> Times:
        """Count them."""
        return cls(Counter(shortened(times_ns / _NS_PER_SECOND).tolist()))

    def median(self) -> float | None:
        """In seconds; None of none."""
        bins = np.sort(np.fromiter(self.counts.elements(), np.int64, self.counts.total()))
        if not bins.size:
            return None
        position = (bins.size - 1) / 2
        middle = lengthened(bins[[floor(position), ceil(position)]])
        return float(middle.mean())


@dataclass
class Outcome(Counts):
    """The orders of one of `OUTCOMES`, and their shares."""

    orders: int = 0
    predicted_quantity: int = 0
    real_quantity: int = 0


@dataclass
class Reliability(Counts):
    """Predicted and real fills until some moment of each order's life."""

    outcomes: dict[str, Outcome] = field(
        default_factory=lambda: {name: Outcome() for name in OUTCOMES}
    )
    squares: Counter[str] = field(default_factory=Counter)
    """Sums over orders of the square of the shares `predicted` and `real`, and of `both`."""
    uncancelled_right: int = 0
    """Orders of which it is right that they fill if, and only if, nobody has cancelled them."""
    predicted_times: Times = field(default_factory=Times)
    real_times: Times = field(default_factory=Times)

    @classmethod
    def of(cls, predicted: OrderFills, real: OrderFills, is_cancelled: BoolArray) -> Reliability:
        """Count orders, one element each; `is_cancelled`: whether the record has it so by then."""
        foretold, filled = predicted.quantity > 0, real.quantity > 0
        cells = (foretold & filled, foretold & ~filled, ~foretold & filled, ~foretold & ~filled)
        return cls(
            {
                name: Outcome(
                    int(cell.sum()),
                    int(predicted.quantity[cell].sum()),
                    int(real.quantity[cell].sum()),
                )
                for name, cell in zip(OUTCOMES, cells, strict=True)
            },
            Counter(
                predicted=_product(predicted.quantity, predicted.quantity),
                real=_product(real.quantity, real.quantity),
                both=_product(predicted.quantity, real.quantity),
            ),
            int((is_cancelled != filled).sum()),
            Times.of(predicted.first_ns[foretold]),
            Times.of(real.first_ns[filled]),
        )

    def as_json(self) -> dict[str, Any]:
        """Numbers are not rounded; a share of nothing is null."""
        cells = [self.outcomes[name] for name in OUTCOMES]
        both, only, missed, neither = (cell.orders for cell in cells)
        orders = both + only + missed + neither
        predicted = sum(cell.predicted_quantity for cell in cells)
        real = sum(cell.real_quantity for cell in cells)
        return {
            "any_fill": {name: vars(self.outcomes[name]) for name in OUTCOMES},
            "right_share": share(both + neither, orders),
            "uncancelled_right_share": share(self.uncancelled_right, orders),
            "real_share": share(both + missed, orders),
            "real_share_where_predicted": share(both, both + only),
            "real_share_where_not_predicted": share(missed, missed + neither),
            "predicted_quantity": predicted,
            "real_quantity": real,
            "mean_error_quantity": share(predicted - real, orders),
            "quantity_correlation": self._correlation(orders, predicted, real),
            "predicted_median_seconds": self.predicted_times.median(),
            "real_median_seconds": self.real_times.median(),
        }

    def _correlation(self, orders: int, predicted: int, real: int) -> float | None:
        """Pearson's, of the filled quantities; None where one of them never varies."""
        # Of whole numbers, so that nothing is lost before the root.
        spread_predicted = orders * self.squares["predicted"] - predicted**2
        spread_real = orders * self.squares["real"] - real**2
        together = orders * self.squares["both"] - predicted * real
        return share(together, sqrt(spread_predicted) * sqrt(spread_real))


@dataclass
class HiddenOrders(Counts):
    """All orders that were hidden and predicted, by how long they are asked about."""

    by_lifetime: dict[str, Reliability] = field(default_factory=dict)
    random_priority: dict[str, Reliability] = field(default_factory=dict)
    """The same predicted by a book in which lots rank the orders."""

    @property
    def orders(self) -> int:
        """How many there are."""
        for reliability in self.by_lifetime.values():
            return sum(outcome.orders for outcome in reliability.outcomes.values())
        return 0

    def as_json(self) -> dict[str, Any]:
        """As in `fidelity.json`."""
        by_lot = self.random_priority.items()
        return {
            "orders": self.orders,
            "until": {name: found.as_json() for name, found in self.by_lifetime.items()},
            "random_priority": {"until": {name: found.as_json() for name, found in by_lot}},
        }


def _product(one: IntArray, other: IntArray) -> int:
    """The sum of products, as Python's number: they may be more than an int64 holds."""
    return int(np.dot(one.astype(object), other.astype(object))) if one.size else 0
