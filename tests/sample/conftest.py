"""A small synthetic market, made once."""

import pandas as pd
import pytest

from sweep_dask.sample import MarketParameters
from sweep_dask.sample.synthetic_market import write_market

PARAMETERS = MarketParameters(seed=7, events=1_500)


class Market:
    """The files of one market as tables; prices stay text where they may end in .5."""

    def __init__(self, folder, suffix="csv"):
        self.folder = folder
        self.orders = pd.read_csv(folder / "orders" / f"orders.{suffix}")
        self.trades = pd.read_csv(folder / "trades" / f"trades.{suffix}", dtype={"tradeprice": str})
        self.nbbo = pd.read_csv(folder / "nbbo" / f"nbbo.{suffix}")
        self.session = pd.read_csv(folder / "session" / f"session.{suffix}", skipinitialspace=True)
        whole, _, half = self.trades["tradeprice"].str.partition(".").T.to_numpy()
        self.trades["price_x2"] = 2 * whole.astype("int64") + (half == "5")


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
