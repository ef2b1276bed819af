"""What holds in every synthetic market, whoever its orders traded with."""

import numpy as np
import pandas as pd

from sweep_dask.market.order_codes import CENTRE_POINT_BITS, SWEEP
from sweep_dask.sample.population import PARTICIPANTS
from sweep_dask.schema import MISSING_INTEGER, NBBO, ORDERS, TRADES

DARK_SOURCES = (46, 47, 48)
LIT_SOURCES = (1, 44)
WITH_HALF_TICK = (1, 4, 6)
DARK_LIMITS = (3, 4)


def is_centre_point(orders):
    return orders["exchangeordertype"] & CENTRE_POINT_BITS != 0


def tick(price):
    """Distance to the next price up in 0.1 cent: the table in the rules, not the generator's."""
    return np.select([price < 100, price < 2_000], [1, 5], 10)


def states_at_trades(market, sources):
    """Each known leg of these trades with the order as the transaction left it."""
    legs = market.trades[market.trades["dealsource"].isin(sources)].sort_values("sequence")
    orders = market.orders.sort_values("sequence").drop(columns=["participantid", "side"])
    rows = pd.merge_asof(
        legs,
        orders.rename(columns={"order_id": "orderid", "quantity": "order_quantity"}),
        on="sequence",
        by="orderid",
    )
    return rows[rows["price"].notna()].astype({"price": "int64", "midtick": "int64"})


def test_headers_are_those_of_the_extracts(market):
    for table, frame in ((ORDERS, market.orders), (TRADES, market.trades), (NBBO, market.nbbo)):
        assert list(frame.columns) == [column.name for column in table.columns]


def test_session_and_reference_lines_begin_with_a_blank(market):
    # So do those of the real extracts, header included.
    for path in (market.folder / "session/session.csv", market.folder / "reference/ob.csv"):
        assert all(line.startswith(" ") for line in path.read_text().splitlines())


def test_as_many_rows_as_asked_for(market, parameters):
    rows = market.orders[is_centre_point(market.orders)]
    dates = pd.to_datetime(rows["timestamp"], utc=True).dt.tz_convert("Australia/Sydney").dt.date
    counts = rows.groupby([dates, "security_code"]).size()
    assert len(counts) == len(parameters.dates) * len(parameters.securities)
    # One transaction may go beyond the number, by the resting orders that it fills in part.
    assert (counts - parameters.events).abs().max() <= 25
    lit_share = 1 - len(rows) / len(market.orders)
    assert abs(lit_share - parameters.lit_fraction) < 0.01


def test_order_ids_have_19_digits_and_lose_them_in_a_float(market):
    ids = market.orders["order_id"].drop_duplicates()
    assert (ids.astype(str).str.len() == 19).all()
    assert (ids.astype("float64").astype("int64") != ids).mean() > 0.9


def test_an_order_lives_on_one_date_in_one_security(market):
    local = pd.to_datetime(market.orders["timestamp"], utc=True).dt.tz_convert("Australia/Sydney")
    homes = market.orders[["order_id", "security_code"]].assign(date=local.dt.date)
    assert homes.drop_duplicates()["order_id"].is_unique


def test_orders_and_trades_share_one_counter_that_ascends_with_time(market):
    orders = market.orders[["sequence", "timestamp"]]
    trades = market.trades[["sequence", "tradetime"]].set_axis(["sequence", "timestamp"], axis=1)
    both = pd.concat([orders, trades]).sort_values("sequence")
    assert both["sequence"].is_unique
    assert both["timestamp"].is_monotonic_increasing
    for table in (market.orders, market.trades):
        assert table["sequence"].is_monotonic_increasing
        assert (table["row_num"] == np.arange(1, len(table) + 1)).all()


def test_trades_come_after_the_order_rows_of_their_transaction(market):
    last_row = market.orders.groupby(["security_code", "timestamp"])["sequence"].max()
    first_trade = market.trades.groupby(["securitycode", "tradetime"])["sequence"].min()
    first_trade.index.names = last_row.index.names
    both = pd.concat([last_row, first_trade], axis=1, keys=["row", "trade"]).dropna()
    assert len(both) == len(first_trade)
    assert (both["row"] < both["trade"]).all()


def test_a_match_is_two_rows_buy_first(market):
    buys, sells = market.trades[::2], market.trades[1::2]
    assert (buys["side"] == 1).all()
    assert (sells["side"] == 2).all()
    assert (sells["sequence"].to_numpy() == buys["sequence"].to_numpy() + 1).all()
    for column in ("matchgroupid", "quantity", "tradeprice", "tradetime", "dealsource"):
        assert (buys[column].to_numpy() == sells[column].to_numpy()).all()
    assert buys["matchgroupid"].is_unique
    assert (buys["passiveaggressive"].to_numpy() + sells["passiveaggressive"].to_numpy() <= 1).all()


def test_an_incoming_order_has_an_image_before_and_after_matching(market):
    # Before: reason 6, status 2 (not in the book). After: resting, traded, or killed.
    groups = market.orders.groupby("order_id")
    first, second = groups.nth(0), groups.nth(1)
    assert (first["changereason"] == 6).all()
    assert (first["orderstatus"] == 2).all()
    assert (first["totalmatchedquantity"] == 0).all()
    assert len(first) == len(second)
    assert set(second["changereason"]) == {3, 6, 9}
    assert (
        first.set_index("order_id")["timestamp"] == second.set_index("order_id")["timestamp"]
    ).all()


def test_every_fill_has_its_trades_and_every_known_leg_its_fill(market):
    orders = market.orders
    matched = orders.groupby("order_id")["totalmatchedquantity"]
    rises = orders.assign(rise=matched.diff().fillna(orders["totalmatchedquantity"]))
    assert ((rises["rise"] > 0) == (rises["changereason"] == 3)).all()
    fills = rises[rises["rise"] > 0].set_index(["order_id", "timestamp"])["rise"]
    known = market.trades[market.trades["orderid"].isin(orders["order_id"])]
    traded = known.groupby(["orderid", "tradetime"])["quantity"].sum()
    traded.index.names = fills.index.names
    pd.testing.assert_series_equal(
        fills.sort_index(), traded.sort_index(), check_names=False, check_dtype=False
    )
    assert len(known) < len(market.trades)  # real tapes name orders that no extract holds


def test_quantity_is_what_is_left_and_what_has_traded_unless_amended(market):
    orders = market.orders
    was_amended = (orders["changereason"] == 5).groupby(orders["order_id"]).transform("any")
    untouched = orders[~was_amended]
    total = untouched["leavesquantity"] + untouched["totalmatchedquantity"]
    assert (untouched["quantity"] == total).all()
    assert (orders["leavesquantity"] >= 0).all()


def test_dark_trades_are_at_the_midpoint_within_both_limits(market):
    rows = states_at_trades(market, DARK_SOURCES)
    assert len(rows) == market.trades["dealsource"].isin(DARK_SOURCES).sum()
    bid, offer = rows["nationalbidpricesnapshot"], rows["nationalofferpricesnapshot"]
    assert (bid < offer).all()
    # The price on the tape is truncated: 6.5 is published as 6 (section 24.4).
    is_midpoint = rows["tradeprice"] == (bid + offer) // 2
    price_x2 = np.where(is_midpoint, bid + offer, 2 * rows["tradeprice"])
    # Two dark limit orders also meet on tick inside the spread.
    elsewhere = rows[~is_midpoint]
    assert elsewhere["midtick"].isin(DARK_LIMITS).all()
    assert (elsewhere["tradeprice"] > elsewhere["nationalbidpricesnapshot"]).all()
    assert (elsewhere["tradeprice"] < elsewhere["nationalofferpricesnapshot"]).all()
    assert (elsewhere["tradeprice"] % tick(elsewhere["tradeprice"]) == 0).all()
    half_x2 = np.where(rows["midtick"].isin(WITH_HALF_TICK), 1, 0)
    buy_limit_x2 = 2 * rows["price"] + half_x2 * tick(rows["price"])
    sell_limit_x2 = 2 * rows["price"] - half_x2 * tick(rows["price"] - 1)
    is_buy = rows["side"] == 1
    assert (price_x2 <= buy_limit_x2)[is_buy].all()
    assert (price_x2 >= sell_limit_x2)[~is_buy].all()


def test_the_first_dark_fill_of_an_order_meets_its_minimum_quantity(market):
    # Later fills need not: the minimum becomes 0 once less than it is left.
    orders = market.orders
    was_amended = (orders["changereason"] == 5).groupby(orders["order_id"]).transform("any")
    first = orders[~was_amended].groupby("order_id").first()
    dark = market.trades[market.trades["dealsource"].isin(DARK_SOURCES)]
    first_fill = dark.groupby("orderid")["quantity"].first()
    by_event = dark.groupby(["orderid", "tradetime"], sort=True)["quantity"].sum()
    first_event = by_event.groupby("orderid").first()
    for several, quantity in ((1, first_fill), (2, first_event)):
        minimum = first["minimumquantity"][first["singlefillminimumquantity"] == several]
        both = pd.concat([minimum[minimum > 0], quantity], axis=1, join="inner")
        assert len(both) > 10
        assert (both["quantity"] >= both["minimumquantity"]).all()


def test_prices_are_truncated_where_the_tick_is_odd(market):
    # Below 2,000 the tick is 1 or 5: the midpoint of an odd spread ends in half a unit.
    dark = market.trades[market.trades["dealsource"].isin(DARK_SOURCES)]
    midpoint_x2 = dark["nationalbidpricesnapshot"] + dark["nationalofferpricesnapshot"]
    truncated = dark[(midpoint_x2 % 2 == 1) & (dark["tradeprice"] == midpoint_x2 // 2)]
    assert len(truncated) > 100
    assert (truncated["tradeprice"] < 2_000).all()


def test_lit_trades_are_within_the_limit_of_every_known_order(market):
    rows = states_at_trades(market, LIT_SOURCES)
    is_buy = rows["side"] == 1
    assert (rows["tradeprice"] <= rows["price"])[is_buy].all()
    assert (rows["tradeprice"] >= rows["price"])[~is_buy].all()


def test_deal_sources_say_who_met_whom(market):
    # 46 own orders of a preferencing participant, 48 the same client's orders, else 47.
    rows = states_at_trades(market, DARK_SOURCES)
    buys, sells = rows[rows["side"] == 1], rows[rows["side"] == 2]
    pairs = buys.merge(sells, on="matchgroupid", suffixes=("", "_sell"))
    is_own = pairs["participantid"] == pairs["participantid_sell"]
    same_key = (pairs["crossingkey"] == pairs["crossingkey_sell"]) & (pairs["crossingkey"] != 0)
    assert ((pairs["dealsource"] == 48) == (is_own & same_key)).all()
    preferencing = PARTICIPANTS[PARTICIPANTS[:, 2] == 1, 1]
    preferred = pairs[pairs["dealsource"] == 46]
    assert set(preferred["participantid"]) == set(preferencing)
    assert (preferred["participantid"] == preferred["participantid_sell"]).all()
    assert {46, 47, 48} == set(pairs["dealsource"])


def test_of_resting_sweeps_only_the_dual_posted_are_filled_in_the_dark(market):
    rows = states_at_trades(market, DARK_SOURCES)
    resting = rows[(rows["exchangeordertype"] & SWEEP != 0) & (rows["passiveaggressive"] == 0)]
    assert len(resting) > 0
    assert (resting["midtick"] == 1).all()


def test_all_order_types_and_both_sides_occur(market):
    orders = market.orders
    assert set(orders["exchangeordertype"]) >= {0, 2, 64, 66, 256, 2048, 2050, 4096, 4098}
    short = orders["exchangeordertype"] & 2 != 0
    assert (orders["side"][short] == 2).all()
    assert (orders["shortsellquantity"] == orders["leavesquantity"].where(short, 0)).all()
    assert set(orders["midtick"]) == {1, 2, 3, 4}
    assert (orders["minimumquantity"] > 0).any()
    assert set(orders["changereason"]) == {1, 3, 5, 6, 9, 24}


def test_nothing_is_left_after_the_purge(market):
    last = market.orders.groupby("order_id").last()
    assert ((last["orderstatus"] == 2) | (last["orderstatus"] == 4)).all()
    purged = last[last["changereason"] == 24]
    local = pd.to_datetime(purged["timestamp"], utc=True).dt.tz_convert("Australia/Sydney")
    assert set(local.dt.strftime("%H:%M:%S")) == {"18:50:00"}
    assert (purged["timevalidity"] == 16_640).all()
    assert (purged["timevaliditydecoded"] == "Purged Rest of Day").all()


def test_dark_orders_arrive_in_continuous_trading_only(market):
    orders = market.orders
    states = market.session.set_index(["OrderBookId", "Name", "TradeDate"])["Timestamp"]
    entries = orders[(orders["changereason"] == 6) & (orders["exchangeordertype"] & 4_160 != 0)]
    for trade_date in market.session["TradeDate"].unique():
        for security in orders["security_code"].unique():
            opening = states[security, "OPEN", trade_date]
            closing = states[security, "PRE_CSPA", trade_date]
            of_day = entries[
                (entries["security_code"] == security)
                & (entries["timestamp"] > trade_date - 10**14 // 2)
                & (entries["timestamp"] < trade_date + 10**14 // 2)
            ]
            assert len(of_day) > 0
            assert of_day["timestamp"].between(opening, closing).all()


def test_both_dates_open_at_ten_although_the_clocks_changed_between(market):
    opens = market.session[market.session["Name"] == "OPEN"]
    utc = pd.to_datetime(opens["Timestamp"], utc=True)
    local = utc.dt.tz_convert("Australia/Sydney")
    assert set(local.dt.strftime("%H")) == {"10"}
    assert set(local.dt.minute) <= set(range(10))
    assert set(utc.dt.strftime("%m-%d %H")) == {"10-04 00", "10-06 23"}


def test_order_rows_carry_the_quote_of_the_quote_file(market):
    orders = market.orders.sort_values("timestamp")
    quotes = market.nbbo.sort_values("timestamp")
    joined = pd.merge_asof(
        orders,
        quotes[["timestamp", "orderbookid", "bidprice", "offerprice"]],
        on="timestamp",
        left_by="security_code",
        right_by="orderbookid",
    )
    quoted = joined[(joined[["national_bid", "national_offer"]] != MISSING_INTEGER).all(axis=1)]
    # Orders filled because the quote moves through them trade just before it.
    assert (quoted["national_bid"] == quoted["bidprice"]).all()
    assert (quoted["national_offer"] == quoted["offerprice"]).all()
    assert (quoted["bid"] == quoted["national_bid"]).all()
    assert (market.nbbo["creationtime"] < market.nbbo["timestamp"]).all()


def test_some_quotes_are_one_sided_locked_or_wide(market):
    orders, nbbo = market.orders, market.nbbo
    one_sided = (orders[["national_bid", "national_offer"]] == MISSING_INTEGER).sum(axis=1)
    assert set(one_sided) == {0, 1}
    assert 0 < (one_sided == 1).sum() < 60
    spread_ticks = (nbbo["offerprice"] - nbbo["bidprice"]) // tick(nbbo["bidprice"])
    assert {0, 1, 2} <= set(spread_ticks)
    assert (spread_ticks == 1).mean() > 0.7


def test_no_resting_lit_order_stands_in_the_way_of_the_quote(market):
    rows = market.orders[
        (market.orders["orderstatus"] == 1)
        & (market.orders["exchangeordertype"] & 4_416 == 0)
        & (market.orders["national_bid"] < market.orders["national_offer"])
        & (market.orders["national_bid"] != MISSING_INTEGER)
        & (market.orders["changereason"] == 6)
        & ~market.orders["order_id"].isin(market.trades["orderid"])
    ]
    is_buy = rows["side"] == 1
    assert (rows["price"] <= rows["national_bid"])[is_buy].all()
    assert (rows["price"] >= rows["national_offer"])[~is_buy].all()


def test_securities_are_interleaved_in_one_file(market):
    changes = (market.orders["security_code"].diff() != 0).mean()
    assert changes > 0.2
