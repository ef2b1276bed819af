"""What kinds of orders are called."""

from __future__ import annotations

from sweep_dask.market.order_types import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    CENTRE_POINT_CROSSING,
    SHORT_SELL,
    SWEEP,
)

_KINDS = {
    SWEEP: "sweep",
    CENTRE_POINT: "dark order",
    CENTRE_POINT_BLOCK: "dark block order",
    CENTRE_POINT_CROSSING: "crossing order",
}


def kind_of(order_type: int) -> str:
    """`sweep`, `dark order`, `dark block order, short sale`, ..."""
    kind = next((word for bit, word in _KINDS.items() if order_type & bit), "lit order")
    return f"{kind}, short sale" if order_type & SHORT_SELL else kind
