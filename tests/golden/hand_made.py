"""Hand-made rows of one partition, with only the columns a file must have."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markets import CENTRE_POINT, FIRST_ID, NEW, OPENS_NS, ORDER, SECOND

SECURITY = 900
DATE = "2024-10-04"


def order_id(number):
    return FIRST_ID + number


def at(second):
    return OPENS_NS + second * SECOND


def event(
    number,
    second,
    side,
    quantity,
    *,
    kind=CENTRE_POINT,
    reason=NEW,
    leaves=None,
    traded=0,
    quotes=(np.nan, np.nan),
):
    """One row of the order called `number`; its sequence is given by `order_rows`."""
    return ORDER | {
        "order_id": order_id(number),
        "timestamp": at(second),
        "security_code": SECURITY,
        "side": side,
        "changereason": reason,
        "quantity": quantity,
        "leavesquantity": quantity if leaves is None else leaves,
        "exchangeordertype": kind,
        "bid": quotes[0],
        "offer": quotes[1],
        "totalmatchedquantity": traded,
    }


def order_rows(*events):
    """A table of orders in engine order, which is the order of the arguments."""
    columns = list(ORDER)
    rows = pd.DataFrame(list(events), columns=columns)
    whole = dict.fromkeys(columns, "int64") | dict.fromkeys(("price", "bid", "offer"), "float64")
    return rows.astype(whole).assign(sequence=np.arange(len(rows)), date=DATE)


def trade_rows(*trades):
    """A table of trades from (number, second, quantity, price)."""
    rows = pd.DataFrame(
        {
            "sequence": range(len(trades)),
            "tradetime": [at(second) for _, second, _, _ in trades],
            "securitycode": SECURITY,
            "orderid": [order_id(number) for number, _, _, _ in trades],
            "tradeprice": [float(price) for _, _, _, price in trades],
            "quantity": [quantity for _, _, quantity, _ in trades],
            "date": DATE,
        }
    )
    return rows.astype({"tradetime": "int64", "orderid": "int64", "quantity": "int64"})


def quote_rows(*quotes):
    """A table of quotes from (second, bid, offer)."""
    return pd.DataFrame(
        {
            "bidprice": [float(bid) for _, bid, _ in quotes],
            "offerprice": [float(offer) for _, _, offer in quotes],
            "orderbookid": SECURITY,
            "timestamp": [at(second) for second, _, _ in quotes],
            "date": DATE,
        }
    ).astype({"timestamp": "int64"})
