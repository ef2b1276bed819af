"""The market that comes with the package."""

import gzip

from sweep_dask.market.order_codes import CENTRE_POINT_BITS
from sweep_dask.sample import SAMPLE_PARAMETERS, sample_market_path
from sweep_dask.sample.synthetic_market import write_market


def test_it_is_what_the_generator_makes(tmp_path):
    # Text, not bytes: compressed bytes depend on the version of zlib.
    write_market(tmp_path / "again", SAMPLE_PARAMETERS)
    shipped = sample_market_path()
    names = sorted(path.relative_to(shipped) for path in shipped.rglob("*.csv.gz"))
    assert names == sorted(
        path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.csv.gz")
    )
    for name in names:
        again = gzip.decompress((tmp_path / "again" / name).read_bytes())
        assert gzip.decompress((shipped / name).read_bytes()) == again, name


def test_it_is_small():
    files = [path for path in sample_market_path().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 750_000


def test_its_answer_is_interesting(read_market):
    market = read_market(sample_market_path(), "csv.gz")
    last = market.orders.groupby("order_id").last()
    sweeps = last[last["exchangeordertype"] == 2_048]
    is_filled = sweeps["leavesquantity"] == 0
    has_traded = sweeps["totalmatchedquantity"] > 0
    # All three groups of the comparison, each with enough sweeps to say something.
    assert is_filled.sum() > 300
    assert (~is_filled & has_traded).sum() > 15
    assert (~is_filled & ~has_traded).sum() > 300
    left = sweeps["leavesquantity"][~is_filled]
    assert ((left <= 500).sum() > 50) & ((left > 2_000).sum() > 50)
    assert left.between(501, 2_000).sum() > 50
    assert {66, 2_050, 4_098} <= set(last["exchangeordertype"])
    assert (market.nbbo["bidprice"] >= market.nbbo["offerprice"]).any()


def test_it_has_two_dates_three_securities_and_truncated_prices(read_market):
    market = read_market(sample_market_path(), "csv.gz")
    orders = market.orders[market.orders["exchangeordertype"] & CENTRE_POINT_BITS != 0]
    assert orders["security_code"].nunique() == 3
    assert market.session["TradeDate"].nunique() == 2
    # Midpoints that end in half a unit are published without it.
    quote = market.trades[["nationalbidpricesnapshot", "nationalofferpricesnapshot"]]
    assert (quote.sum(axis=1) == 2 * market.trades["tradeprice"] + 1).sum() > 100
    assert market.trades["tradeprice"].dtype == "int64"
    assert not market.orders.duplicated(["order_id", "sequence"]).any()
