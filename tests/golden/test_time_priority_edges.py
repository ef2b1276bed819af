"""Partitions in which something is missing, empty or odd."""

import numpy as np
import pandas as pd
import pytest
from framed import simulate_partition
from hand_made import SECURITY, at, event, order_id, order_rows, quote_rows, trade_rows
from markets import BUY, CANCELLED, CENTRE_POINT, SELL, SHORT_SWEEP, SWEEP

from sweep_dask.terms.stages import STAGES

QUOTES = quote_rows((0, 1000, 1002))
A_SWEEP = event(1, 10, BUY, 100, kind=SWEEP)
A_CONTRA = event(10, 20, SELL, 40)


def simulate(*events, trades=None, nbbo=QUOTES):
    return simulate_partition(order_rows(*events), trades, nbbo, SECURITY)


def types(result):
    tables = result.processed | result.outputs
    return {(name, c): str(t) for name, table in tables.items() for c, t in table.dtypes.items()}


def test_no_rows_at_all_gives_every_table_its_header_and_types():
    full = simulate(
        A_SWEEP, A_CONTRA, event(2, 30, SELL, 5, kind=SWEEP), trades=trade_rows((1, 15, 5, 1000))
    )
    for empty in (simulate(), simulate(event(1, 10, BUY, 100, kind=SHORT_SWEEP))):
        assert all(table.empty for table in (empty.processed | empty.outputs).values())
        price_types = {"price", "bid", "offer"}  # whole or not is a matter of the values
        expected = {key: kind for key, kind in types(full).items() if key[1] not in price_types}
        actual = {key: kind for key, kind in types(empty).items() if key[1] not in price_types}
        assert actual == expected


def test_without_sweeps_orders_are_kept_and_nothing_is_compared():
    result = simulate(A_CONTRA, trades=trade_rows((10, 25, 5, 1000)))
    assert (result.order_count, result.sweep_count, result.match_count) == (1, 0, 0)
    assert len(result.outputs["orders_with_simulated_metrics"]) == 1
    assert len(result.processed["cp_trades_aggregated"]) == 1
    assert result.outputs["sweep_order_comparison"].empty
    # The trade is not a sweep's: there is no trade level to compare.
    assert result.outputs["trade_level_comparison"].empty
    assert result.outputs["trade_accuracy_summary"].empty


@pytest.mark.parametrize("trades", [None, trade_rows()])
def test_without_trades_the_trade_tables_are_headers(trades):
    result = simulate(A_SWEEP, A_CONTRA, trades=trades)
    assert result.match_count == 1
    for name in ("trade_level_comparison", "trade_accuracy_summary"):
        assert result.outputs[name].empty
        assert len(result.outputs[name].columns) > 10
    assert result.processed["cp_trades_aggregated"].empty
    assert result.outputs["sweep_order_comparison"]["real_num_matches"].tolist() == [0.0]


@pytest.mark.parametrize("nbbo", [None, quote_rows(), quote_rows((21, 1000, 1002))])
def test_without_an_earlier_quote_the_quotes_on_the_order_count(nbbo):
    quoted = event(10, 20, SELL, 40, quotes=(1003.0, 1003.5))
    result = simulate(A_SWEEP, quoted, A_CONTRA | {"order_id": order_id(11)}, nbbo=nbbo)
    # The second contra has no quotes and is passed over.
    assert result.outputs["simulation_match_details"]["price"].tolist() == [1003.25]


def test_a_single_row():
    result = simulate(A_SWEEP)
    assert result.outputs["simulation_order_summary"]["remaining_quantity"].tolist() == [100]
    assert result.outputs["sweep_statistical_tests"].empty
    assert len(result.outputs["sweep_group_summary"]) == 1
    # One value has no n-1 deviation.
    assert result.outputs["sweep_size_analysis"]["real_std_matched"].isna().all()


def test_orders_of_one_side_only_match_nothing():
    result = simulate(A_SWEEP, event(2, 11, BUY, 50, kind=SWEEP), event(12, 12, BUY, 10))
    assert result.match_count == 0


def test_nothing_or_less_than_nothing_available():
    negative = event(2, 11, BUY, 50, kind=SWEEP, leaves=-5)
    result = simulate(event(1, 10, BUY, 100, kind=SWEEP, leaves=0), negative, A_CONTRA)
    summary = result.outputs["simulation_order_summary"]
    assert summary["quantity"].tolist() == [0, -5]
    assert summary["remaining_quantity"].tolist() == [0, 0]
    assert summary["fill_ratio"].tolist() == [0.0, 0.0]
    assert result.match_count == 0


def test_columns_with_gaps_keep_their_type_and_the_value_that_was_known():
    rows = order_rows(
        A_SWEEP, event(1, 11, BUY, 100, kind=SWEEP), event(1, 12, BUY, 100, kind=SWEEP), A_CONTRA
    )
    rows["participantid"] = pd.array([None, 7, 8, None], dtype="Int64")
    rows["crossingkey"] = pd.array([None, order_id(5), None, None], dtype="Int64")
    rows["price"] = [np.nan, 1000.5, np.nan, np.nan]
    rows["timevaliditydecoded"] = pd.Series(["Day", None, None, None], dtype="str")
    result = simulate_partition(rows, None, QUOTES, SECURITY)
    first = result.processed["orders_before_matching"]
    last = result.processed["orders_after_matching"]
    # Order 1: first and last known value; order 10 has none.
    assert first["participantid"].tolist() == [7, pd.NA]
    assert last["participantid"].tolist() == [8, pd.NA]
    assert last["crossingkey"].dtype == "Int64"
    assert last.loc[0, "crossingkey"] == order_id(5)
    assert first.loc[0, "price"] == last.loc[0, "price"] == 1000.5
    assert last.loc[0, "timevaliditydecoded"] == "Day"
    assert last["timevaliditydecoded"].isna().tolist() == [False, True]
    # Half ticks stay what they are in the published table.
    assert result.outputs["orders_with_simulated_metrics"]["price"].dtype == "float64"


def test_required_columns_may_be_nullable_integers():
    rows = order_rows(A_SWEEP, A_CONTRA, event(1, 30, BUY, 100, kind=SWEEP, reason=CANCELLED))
    nullable = rows.astype(dict.fromkeys(rows.columns[rows.dtypes == "int64"], "Int64"))
    trades = trade_rows((1, 15, 5, 1000)).astype({"orderid": "Int64", "quantity": "Int64"})
    plain = simulate_partition(rows, trades, QUOTES, SECURITY)
    result = simulate_partition(nullable, trades, QUOTES, SECURITY)
    for name, table in plain.outputs.items():
        pd.testing.assert_frame_equal(result.outputs[name], table, check_dtype=False)
    assert result.match_count == 1


def test_neighbouring_ids_stay_apart():
    # A float would not tell these two 19-digit ids from each other.
    result = simulate(
        A_SWEEP, event(2, 11, BUY, 100, kind=SWEEP), trades=trade_rows((2, 15, 5, 1000))
    )
    comparison = result.outputs["sweep_order_comparison"]
    assert comparison["orderid"].tolist() == [order_id(1), order_id(2)]
    assert comparison["real_num_matches"].tolist() == [0.0, 1.0]
    assert result.outputs["trade_level_comparison"]["orderid"].tolist() == [order_id(2)]


def test_rows_in_any_order_give_the_same_result():
    rows = order_rows(A_SWEEP, A_CONTRA, event(11, 20, SELL, 80), event(1, 25, BUY, 90, kind=SWEEP))
    forward = simulate_partition(rows, None, QUOTES, SECURITY)
    backward = simulate_partition(rows[::-1], None, QUOTES, SECURITY)
    for name, table in forward.outputs.items():
        pd.testing.assert_frame_equal(backward.outputs[name], table)
    # Orders 10 and 11 arrive in the same instant: the lower sequence is first.
    matched = forward.outputs["simulation_match_details"]["matched_quantity"]
    assert matched.tolist() == [40, 50]


def test_an_order_that_changes_side_and_type_has_its_first_side_and_last_type():
    rows = (
        event(1, 10, BUY, 100, kind=CENTRE_POINT),
        A_CONTRA,
        event(1, 30, SELL, 100, kind=SWEEP),
    )
    result = simulate(*rows)
    assert result.outputs["simulation_order_summary"]["side"].tolist() == [BUY]
    assert result.outputs["simulation_match_details"]["timestamp"].tolist() == [at(20)]


def test_the_stages_have_names():
    assert len(STAGES) == 11
    assert set(simulate(A_SWEEP).stage_seconds) == {3, 6, 7, 8, 9, 10, 11}
