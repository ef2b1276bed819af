"""Six partitions through the time-priority model, equal to the tables published with it."""

import pytest
from framed import simulate_partition
from golden_tables import (
    OUTPUT_TABLES,
    PARTITIONS,
    PROCESSED_TABLES,
    assert_like_golden,
    golden_input,
    golden_output,
    golden_processed,
    require_golden,
)


@pytest.mark.parametrize(("date", "security"), PARTITIONS)
def test_a_partition_equals_its_golden_tables(date, security):
    require_golden()
    result = simulate_partition(**golden_input(date, security), security=security)
    assert tuple(result.outputs) == OUTPUT_TABLES
    assert tuple(result.processed) == PROCESSED_TABLES
    for name, table in result.outputs.items():
        assert_like_golden(table, golden_output(date, security, name), name)
    for name, table in result.processed.items():
        assert_like_golden(table, golden_processed(date, security, name), name)
    assert result.match_count == len(golden_output(date, security, "simulation_match_details"))
    assert sorted(result.stage_seconds) == [3, 6, 7, 8, 9, 10, 11]


def test_published_price_columns_are_whole_numbers():
    require_golden()
    date, security = PARTITIONS[0]
    metrics = simulate_partition(**golden_input(date, security), security=security).outputs[
        "orders_with_simulated_metrics"
    ]
    for name in ("price", "national_bid", "national_offer", "bid", "offer"):
        assert metrics[name].dtype == "int64"
