"""A small synthetic market, made once."""

import pandas as pd
import pytest

from sweep_dask.sample import MarketParameters
from sweep_dask.sample.synthetic_market import write_market

PARAMETERS = MarketParameters(seed=7, events=1_500)


class Market:
    """The files of one market as tables."""

    def __init__(self, folder, suffix="csv"):
        self.folder = folder
        self.orders = pd.read_csv(folder / "orders" / f"orders.{suffix}")
        self.trades = pd.read_csv(folder / "trades" / f"trades.{suffix}")
        self.nbbo = pd.read_csv(folder / "nbbo" / f"nbbo.{suffix}")
        self.session = pd.read_csv(folder / "session" / f"session.{suffix}", skipinitialspace=True)


@pytest.fixture(scope="session")
def parameters():
    return PARAMETERS


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic") / "market"
    write_market(folder, PARAMETERS)
    return Market(folder)


@pytest.fixture(scope="session")
def read_market():
    return Market
