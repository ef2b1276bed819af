"""Are there quantities that no order has?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_dask.analysis.data_checks.findings import WARNING, Finding
from sweep_dask.market.order_codes import LARGEST_QUANTITY

if TYPE_CHECKING:
    from sweep_dask.analysis.data_checks.tally import Tally


def check_quantities(tally: Tally) -> list[Finding]:
    """A finding if rows of orders have quantities for which their orders are left out."""
    count = tally.of("orders", "too-large")
    if not count:
        return []
    return [
        Finding(
            "quantity_too_large",
            WARNING,
            f"In {count:,} order rows leavesquantity or totalmatchedquantity is beyond "
            f"{LARGEST_QUANTITY:,}. Their orders are left out of the Centre Point book.",
            "Quantities are shares; no order has as many.",
            "See whether quantities are shares, and whether columns are what their names say.",
            "orders",
            {"rows": count},
        )
    ]
