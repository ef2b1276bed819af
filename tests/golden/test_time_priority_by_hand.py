"""One small market worked out by hand: four sweeps, eight other orders, three quotes."""

from math import nan, sqrt

import pytest
from framed import simulate_partition
from hand_made import SECURITY, at, event, order_id, order_rows, quote_rows, trade_rows
from markets import BUY, CANCELLED, SELL, SHORT_BLOCK, SHORT_SWEEP, SWEEP, TRADED

# Sweeps are numbered from 1, other orders from 10.
ORDERS = order_rows(
    event(10, 140, SELL, 900),
    event(1, 150, BUY, 1000, kind=SWEEP),
    event(11, 150, SELL, 300),
    event(12, 200, BUY, 800),
    event(13, 310, SELL, 200, quotes=(998.0, 1000.0)),
    event(14, 350, SELL, 600, quotes=(nan, 1000.0)),
    event(2, 440, BUY, 250, kind=SWEEP),
    event(15, 450, SELL, 700, kind=SHORT_BLOCK),
    event(3, 455, SELL, 400, kind=SWEEP),
    event(16, 456, SELL, 500, kind=SHORT_SWEEP),
    event(17, 460, SELL, 100),
    event(3, 470, SELL, 400, kind=SWEEP, reason=TRADED, leaves=250, traded=150),
    event(3, 472, SELL, 400, kind=SWEEP, reason=TRADED, leaves=0, traded=400),
    event(4, 495, SELL, 60, kind=SWEEP),
    event(1, 500, BUY, 1000, kind=SWEEP, reason=CANCELLED),
    event(18, 501, BUY, 80),
    event(4, 500, SELL, 60, kind=SWEEP, reason=CANCELLED),
)
QUOTES = quote_rows((100, 1000, 1001), (300, 1002, nan), (400, 1010, 1020))
TRADES = trade_rows((3, 470, 150, 1000), (3, 472, 250, 1002), (16, 456, 1, 999))


@pytest.fixture(scope="module")
def result():
    return simulate_partition(ORDERS, TRADES, QUOTES, SECURITY)


def test_matches(result):
    expected = [
        # 10 rests since before sweep 1 arrived: ignored. 11 arrives in the same instant: the window
        # is closed. The quote of second 100 still stands: 1000.5.
        (11, 1, 150, 300, 1000.5),
        # 12 buys too. 13 meets a quote without an offer: the quotes on the order count, 999.
        (13, 1, 310, 200, 999.0),
        # 14 has no offer of its own either: no price, passed over. 15 is the third contra; sweep 1
        # has 500 left of 1000.
        (15, 1, 450, 500, 1015.0),
        # Sweep 1 took 500 of the 700 of order 15; 200 remain for sweep 2.
        (15, 2, 450, 200, 1015.0),
        # Sweep 3 is a contra with its entry quantity of 400, though it traded for real; 16 is of a
        # type the model does not know; 17 comes too late for the 50 that sweep 2 needs.
        (3, 2, 455, 50, 1015.0),
        # 18 buys after sweep 4 was cancelled: outside its window.
    ]
    details = result.outputs["simulation_match_details"]
    assert list(details.itertuples(index=False, name=None)) == [
        (order_id(contra), order_id(sweep), at(second), quantity, price, SECURITY)
        for contra, sweep, second, quantity, price in expected
    ]


def test_order_summary(result):
    expected = [
        # Filled by three contras: 300 + 200 + 500.
        (1, 150, BUY, 1000, 1000, 0, 1.0, 3),
        # Never ended, so its window lasts to the last event; 200 + 50.
        (2, 440, BUY, 250, 250, 0, 1.0, 2),
        # Filled for real: nothing is left to match.
        (3, 455, SELL, 0, 0, 0, 0.0, 0),
        # No buyer arrives between seconds 495 and 500.
        (4, 495, SELL, 60, 0, 60, 0.0, 0),
    ]
    summary = result.outputs["simulation_order_summary"]
    assert list(summary.itertuples(index=False, name=None)) == [
        (order_id(sweep), at(second), *rest, SECURITY) for sweep, second, *rest in expected
    ]


def test_windows(result):
    windows = result.processed["last_execution_time"].set_index("orderid")
    # Cancelled at second 500.
    assert tuple(windows.loc[order_id(1)]) == (at(150), at(500))
    # No row ends it: the greatest timestamp of the partition.
    assert tuple(windows.loc[order_id(2)]) == (at(440), at(501))
    # The trade that leaves 250 does not end it, the one that leaves nothing does.
    assert tuple(windows.loc[order_id(3)]) == (at(455), at(472))


def test_an_order_type_unknown_to_the_model_appears_nowhere(result):
    assert order_id(16) not in set(result.processed["orders_after_matching"]["order_id"])
    assert order_id(16) not in set(result.processed["cp_trades_aggregated"]["orderid"])


def test_aggregated_trades(result):
    (row,) = result.processed["cp_trades_aggregated"].to_dict("records")
    assert row["orderid"] == order_id(3)
    assert row["total_quantity_filled"] == 400
    assert row["num_trades"] == 2
    assert (row["first_trade_time"], row["last_trade_time"]) == (at(470), at(472))
    assert row["execution_duration_sec"] == 2.0
    # Plain mean of 1000 and 1002; (150 x 1000 + 250 x 1002) / 400.
    assert row["avg_execution_price"] == 1001.0
    assert row["vwap"] == 1001.25


def test_metrics_of_a_sweep_that_is_also_a_contra(result):
    metrics = result.outputs["orders_with_simulated_metrics"].set_index("orderid")
    as_both = metrics.loc[order_id(3)]
    # Nothing as a sweep; as a contra 50 at 1015.
    assert as_both["simulated_matched_quantity"] == 0
    assert as_both["simulated_fill_status"] == "Unfilled"
    assert as_both["simulated_total_value"] == 50 * 1015.0
    assert as_both["simulated_avg_price"] == 1015.0
    # 500 + 200, both at 1015.
    assert metrics.loc[order_id(15), "simulated_total_value"] == 700 * 1015.0
    # All of the last quantity of 250.
    assert metrics.loc[order_id(2), "simulated_fill_status"] == "Fully Filled"


def test_sweep_order_comparison(result):
    comparison = result.outputs["sweep_order_comparison"].set_index("orderid")
    filled_for_real = comparison.loc[order_id(3)]
    # No leaves quantity; 400 of 400 traded in two trades; nothing available is unfilled.
    assert filled_for_real["group"] == "Group 1 (Fully Filled)"
    assert filled_for_real["real_fill_ratio"] == 1.0
    assert filled_for_real["real_num_matches"] == 2.0
    assert filled_for_real["matched_quantity_diff"] == -400
    assert filled_for_real["real_fill_status"] == "Fully Filled"
    assert filled_for_real["simulated_fill_status"] == "Unfilled"
    # 1000 shares are medium, 250, 0 and 60 small.
    assert comparison["size_category"].tolist() == ["Medium", "Small", "Small", "Small"]


def test_summaries(result):
    groups = result.outputs["sweep_group_summary"].set_index("group")
    # Sweeps 1, 2 and 4 never traded; sweep 1 arrives first.
    assert groups.index.tolist() == ["Group 3 (Unfilled)", "Group 1 (Fully Filled)"]
    assert groups["num_orders"].tolist() == [3, 1]
    assert groups["simulated_total_matched"].tolist() == [1250, 0]
    # Sweeps 1 and 2 fill more than for real, sweep 4 the same.
    assert groups.loc["Group 3 (Unfilled)", "pct_sim_better"] == pytest.approx(200 / 3)
    sizes = result.outputs["sweep_size_analysis"].set_index("size_category")
    assert sizes.index.tolist() == ["Small", "Medium"]
    assert sizes["quantity_range"].tolist() == ["0 - 250", "1000 - 1000"]
    # 250, -400 and 0: the middle one.
    assert sizes.loc["Small", "median_quantity_diff"] == 0.0


def test_trade_level_comparison(result):
    trades = result.outputs["trade_level_comparison"].set_index("orderid")
    # Sweep 4 neither traded nor matched.
    assert trades.index.tolist() == [order_id(1), order_id(2), order_id(3)]
    real = trades.loc[order_id(3)]
    # Deviation of 1000 and 1002 with n-1; two seconds between two trades.
    assert real["price_std_dev"] == pytest.approx(sqrt(2))
    assert real["avg_time_between_trades"] == 2.0
    assert real["quantity_accuracy_pct"] == 0.0
    assert real["price_error_pct"] == 100.0
    # Only the duration earns points: 10 x (1 - 2/10).
    assert real["accuracy_score"] == pytest.approx(8.0)
    simulated = trades.loc[order_id(1)]
    # Quantity, price (no real one, no error) and count earn all; 300 s of duration nothing.
    assert simulated["accuracy_score"] == pytest.approx(90.0)
    assert simulated["match_status"] == "POOR_MATCH"
    assert simulated["sim_execution_duration_sec"] == 300.0


def test_missing_times_are_null_and_others_keep_every_digit(result):
    trades = result.outputs["trade_level_comparison"].set_index("orderid")
    assert trades["first_trade_time"].isna().tolist() == [True, True, False]
    assert trades["sim_last_match_time"].isna().tolist() == [False, False, True]
    assert trades["last_trade_time"].dropna().tolist() == [at(472)]
    assert trades["sim_first_match_time"].dropna().tolist() == [at(150), at(450)]


def test_trade_accuracy_summary(result):
    (row,) = result.outputs["trade_accuracy_summary"].to_dict("records")
    assert (row["total_orders"], row["poor_matches"]) == (3, 3)
    assert (row["orders_with_real_trades"], row["orders_with_sim_matches"]) == (1, 2)
    # 1250 simulated shares for 400 real ones, five matches for two trades.
    assert row["quantity_match_rate_pct"] == 312.5
    assert row["trade_count_match_rate_pct"] == 250.0
    # Durations: 300 and 5 seconds longer, 2 seconds shorter.
    assert row["median_time_diff_sec"] == 5.0


def test_counts(result):
    assert (result.order_count, result.sweep_count, result.match_count) == (12, 4, 5)
    assert result.step_count > 0
