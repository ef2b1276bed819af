"""Whole markets: the sample of the package, the real morning beside the checkout, random ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from framed import read_partition

import sweep_dask.sample
from sweep_dask.analysis.centre_point.inputs import BookSettings
from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.market.sessions import Window

SAMPLE = Path(sweep_dask.sample.__file__).parent / "market"
SAMPLE_SECURITY = 210011
MORNING = Path(__file__).parents[3] / ".." / "shared" / "data" / "drr_20240905_morning"
MORNING_SECURITY = 110621


class Tables(NamedTuple):
    """The input of one partition, rows in engine order."""

    orders: pd.DataFrame
    trades: pd.DataFrame
    quotes: pd.DataFrame
    continuous: tuple[Window, ...]

    def until(self, time_ns):
        """What was known at a time: all rows stamped then or before."""
        return self._replace(
            orders=self.orders[self.orders.timestamp <= time_ns],
            trades=self.trades[self.trades.tradetime <= time_ns],
            quotes=self.quotes[self.quotes.timestamp <= time_ns],
        )

    def partition(self, settings=None):
        return read_partition(*self, settings or BookSettings())


@cache
def sample_day():
    """The first day of one security of the sample market."""
    session = pd.read_csv(SAMPLE / "session" / "session.csv.gz")
    session = session[session.OrderBookId == SAMPLE_SECURITY].sort_values("Timestamp")
    opens_ns = int(session.Timestamp[session.Name == "OPEN"].iloc[0])
    closes_ns = int(session.Timestamp[session.Name == "PRE_CSPA"].iloc[0])
    ends_ns = int(session.Timestamp[session.Name == "CLOSE"].iloc[0])
    tables = _read(SAMPLE, ".csv.gz", SAMPLE_SECURITY, (Window(opens_ns, closes_ns),))
    return tables.until(ends_ns)


@cache
def _morning():
    session = pd.read_csv(MORNING / "session" / "session.csv", skipinitialspace=True)
    times = dict(zip(session.Name, session.Timestamp, strict=True))
    return _read(MORNING, ".csv", MORNING_SECURITY, (Window(times["OPEN"], times["PRE_CSPA"]),))


def morning():
    """The real morning; the test is skipped where it is not."""
    if not MORNING.is_dir():
        pytest.skip(f"the real morning is not there: {MORNING}")
    return _morning()


def _read(folder, suffix, security, continuous):
    orders, trades, quotes = (
        pd.concat(
            [pd.read_csv(path) for path in sorted((folder / table).glob(f"*{suffix}"))],
            ignore_index=True,
        )
        for table in ("orders", "trades", "nbbo")
    )
    is_dark = (orders.exchangeordertype & CENTRE_POINT_BITS) != 0
    orders = orders[(orders.security_code == security) & is_dark]
    trades = trades[trades.securitycode == security]
    quotes = quotes[quotes.orderbookid == security]
    return Tables(
        orders.sort_values(["sequence", "order_id"], ignore_index=True),
        trades.sort_values(["sequence", "orderid"], ignore_index=True),
        quotes.sort_values(["timestamp", "sequence"], ignore_index=True),
        continuous,
    )


def cut_times(tables, count, seed):
    """Some moments of continuous trading at which something happened to an order."""
    times = tables.orders.timestamp.to_numpy(np.int64)
    times = np.unique(times[times > tables.continuous[0].open_ns])
    return np.sort(np.random.default_rng(seed).choice(times, count, replace=False)).tolist()
