"""What each order got out of its fills, real trades and simulated matches alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sweep_dask.analysis.tables import FloatArray, IntArray, schema, table

#: Nanoseconds in a second.
NS_PER_SECOND = 1e9

FILL_TOTALS = schema(
    "orderid:int64 fills:int64 quantity:int64 vwap:float64 mean_price:float64 "
    "price_std:float64 first_ns:int64 last_ns:int64 duration_sec:float64"
)


def fill_totals(
    order_id: IntArray, time_ns: IntArray, quantity: IntArray, price: FloatArray
) -> pd.DataFrame:
    """One row per order that has a fill, ascending by order id.

    `vwap` is weighted by quantity (missing when that sums to zero), `mean_price` is the plain mean
    over fills, `price_std` the n-1 deviation, 0 for one fill. A fill without a price counts in
    none of the three. All arguments have one element per fill.
    """
    fills = pd.DataFrame({"time_ns": time_ns, "quantity": quantity, "price": price})
    fills["value"] = quantity * price
    fills["priced_quantity"] = np.where(np.isnan(price), 0, quantity)
    per_order = fills.groupby(order_id, sort=True)
    first_ns, last_ns = per_order["time_ns"].min(), per_order["time_ns"].max()
    weight = per_order["priced_quantity"].sum()
    return table(
        FILL_TOTALS,
        {
            "orderid": first_ns.index,
            "fills": per_order.size(),
            "quantity": per_order["quantity"].sum(),
            "vwap": per_order["value"].sum() / weight.where(weight > 0),
            "mean_price": per_order["price"].mean(),
            "price_std": per_order["price"].std().fillna(0.0),
            "first_ns": first_ns,
            "last_ns": last_ns,
            "duration_sec": (last_ns - first_ns) / NS_PER_SECOND,
        },
    )
