"""What trading costs beside the price: a fee in each book, in basis points of what is traded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep_dask.analysis.tables import FloatArray, IntArray


class Fees(NamedTuple):
    """In basis points of the traded value, 0 or above; the same for all arms, sides and sizes."""

    dark_bps: float = 0.0
    """Of what trades in the dark book."""
    lit_bps: float = 0.0
    """Of what trades in the lit book."""

    @property
    def are_paid(self) -> bool:
        """Whether there is any."""
        return any(self)

    def paid(self, dark_value: IntArray, lit_value: IntArray) -> FloatArray:
        """float64[n], the fees for values traded in either book, in their unit."""
        fees: FloatArray = (self.dark_bps * dark_value + self.lit_bps * lit_value) / BPS
        return fees

    def paid_lit(self, value: IntArray | FloatArray) -> FloatArray:
        """float64[n], the fees for values traded in the lit book, in their unit."""
        fees: FloatArray = self.lit_bps * value / BPS
        return fees


NO_FEES = Fees()


def fees_of(settings: Mapping[str, Any]) -> Fees:
    """Fees from values of settings by name; an earlier version did not have any."""
    return Fees(*(float(settings.get(name, 0.0)) for name in ("dark_fee_bps", "lit_fee_bps")))
