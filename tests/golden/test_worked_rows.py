"""Rows of the stored tables worked out with pen and paper from the rows of the stored input."""

import pytest
from small_market import SMALL
from small_tables import expected_table

DATE, SECURITY = "2024-10-04", 501
FIRST = 7_904_794_000_123_498_600


def rows_of(name, order, column="orderid"):
    table = expected_table(DATE, SECURITY, name)
    return table[table[column] == FIRST + order].to_dict("records")


def row_of(name, order):
    (row,) = rows_of(name, order)
    return row


def lines_of(table, *starts):
    """Lines of the stored input that begin so."""
    lines = (SMALL / "input" / table / f"{table}.csv").read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(starts)]


def test_a_sweep_and_its_two_contras():
    """Order 5 is a sweep to sell 900, of which 103 trade for real: 797 are left to match.

    Nothing ends it, so its window lasts to the last event of the day. It opens at 2.8 s; the first
    buyers in it are 26 at 63.1 s, who wants 500, and 20 at 180.0 s, who wants 400. The quote is
    that of 60 s, 1005 / 1015, with the midpoint 1010.
    """
    assert len(lines_of("orders", f"{FIRST + 5},")) == 3
    summary = row_of("simulation_order_summary", 5)
    # 900 - 103 = 797 = 500 + 297.
    assert (summary["quantity"], summary["matched_quantity"]) == (797, 500 + 297)
    assert (summary["fill_ratio"], summary["num_matches"]) == (1.0, 2)
    matches = rows_of("simulation_match_details", 5, "sweep_orderid")
    assert [
        (match["incoming_orderid"] - FIRST, match["matched_quantity"], match["price"])
        for match in matches
    ] == [(26, 500, 1010.0), (20, 297, 1010.0)]


def test_what_the_sweep_really_did():
    """3 shares at 1007.5 and, 9.14133492 s later, 100 at 1005."""
    real = row_of("cp_trades_aggregated", 5)
    assert (real["total_quantity_filled"], real["num_trades"]) == (103, 2)
    # (1007.5 + 1005) / 2 plainly; weighted (3 x 1007.5 + 100 x 1005) / 103 = 103522.5 / 103.
    assert real["avg_execution_price"] == 1006.25
    assert real["vwap"] == pytest.approx(103_522.5 / 103, rel=1e-12)
    # 31.744429982 s - 22.603095062 s.
    assert real["execution_duration_sec"] == pytest.approx(9.14133492, rel=1e-12)


def test_both_beside_each_other():
    compared = row_of("sweep_order_comparison", 5)
    # 797 are more than 500, at most 2000; something is left and something traded.
    assert compared["size_category"] == "Medium"
    assert compared["group"] == "Group 2 (Partially Filled)"
    assert compared["matched_quantity_diff"] == 797 - 103
    # For real of all 900, in the model of the 797.
    assert compared["real_fill_ratio"] == pytest.approx(103 / 900, rel=1e-12)
    assert compared["fill_ratio_diff"] == pytest.approx(797 / 900, rel=1e-12)
    by_trades = row_of("trade_level_comparison", 5)
    # Two prices 2.5 apart deviate by 2.5 / sqrt(2).
    assert by_trades["price_std_dev"] == pytest.approx(2.5 / 2**0.5, rel=1e-12)
    assert by_trades["quantity_accuracy_pct"] == pytest.approx(100 * 797 / 103, rel=1e-12)
    # 1010 - 1006.25 = 3.75, or 0.3727 % of 1006.25.
    assert by_trades["price_error_pct"] == pytest.approx(100 * 3.75 / 1006.25, rel=1e-12)
    # 40 for the quantity, 30 less 0.3727 % for the price, 20 for two trades and two matches; with
    # 107.7 s more of duration than for real, none of the last 10.
    expected = 40 + 30 * (1 - 3.75 / 1006.25) + 20
    assert by_trades["accuracy_score"] == pytest.approx(expected, rel=1e-9)


def test_a_sweep_late_in_the_evening():
    """300 to buy at half past eleven; three seconds later somebody sells 80.

    The last quote is the one of 420 s after the opening, 1005 / 1015.
    """
    summary = row_of("simulation_order_summary", 901)
    assert (summary["matched_quantity"], summary["remaining_quantity"]) == (80, 220)
    assert summary["fill_ratio"] == pytest.approx(80 / 300, rel=1e-12)
    (match,) = rows_of("simulation_match_details", 901, "sweep_orderid")
    assert (match["incoming_orderid"] - FIRST, match["price"]) == (902, 1010.0)
    assert match["timestamp"] - summary["timestamp"] == 3 * 10**9
