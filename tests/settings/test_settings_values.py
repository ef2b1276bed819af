"""What is accepted, what is not, and what the error names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sweep_dask.settings import COMMAND_LINE


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        ("workers", "2", 2),
        ("workers", 2, 2),
        ("workers", "auto", None),
        ("blocksize", 65536, 65_536),
        ("blocksize", 1e6, 1_000_000),
        ("memory_limit", "2GiB", 2 * 1024**3),
        ("enable_parallel", False, False),
        ("dates", "2024-09-06, 2024-09-05", ("2024-09-06", "2024-09-05")),
        ("dates", [date(2024, 9, 5), "2024-09-05"], ("2024-09-05",)),  # a value counts once
        ("securities", "110621,85603", (110621, 85603)),
        ("securities", 1234567890123456789, (1234567890123456789,)),  # 19 digits stay exact
        ("models", ("time-priority",), ("time-priority",)),
        ("models", ("centre-point", "centre-point"), ("centre-point",)),
        ("scenarios", ("dark-only", "dual-post"), ("dark-only", "dual-post")),
        ("trading_day", "calendar", "calendar"),
        ("on_bad_rows", "fail", "fail"),
        ("max_bad_fraction", "0", 0.0),  # no bad row at all is a choice
        ("max_bad_fraction", 1, 1.0),
        ("dashboard_address", "0.0.0.0:80", "0.0.0.0:80"),
        ("dashboard_address", ":8790", "127.0.0.1:8790"),  # never all interfaces by accident
        ("dashboard_address", "[::1]:8787", "[::1]:8787"),
        ("scheduler_file", "s.json", Path("s.json")),
        ("output", Path("x"), Path("x")),
    ],
)
def test_accepted(load, name, given_value, value):
    settings = load(**{name: given_value})
    assert getattr(settings, name) == value
    assert settings.sources[name] == COMMAND_LINE


@pytest.mark.parametrize(
    ("name", "flag", "value", "accepted"),
    [
        ("workers", "--workers", "two", "a whole number, or auto"),
        ("workers", "--workers", 2.5, "a whole number"),
        ("workers", "--workers", True, "a whole number"),  # bool is an int in Python only
        ("chunk_size", "--chunk-size", "9" * 400, "a whole number up to"),
        ("memory_limit_gb", "memory_limit_gb", 1e300, "a number above zero, below"),
        ("memory_limit", "--memory-limit", "1e300", "a size above zero"),
        ("worker_wait_seconds", "worker_wait_seconds", 10**12, "a whole number of seconds"),
        ("blocksize", "--blocksize", "64 Kib per block", "a size above zero"),
        ("blocksize", "--blocksize", "-5", "a size above zero"),
        ("blocksize", "--blocksize", "1e999", "a size above zero"),
        ("memory_limit", "--memory-limit", True, "a size above zero"),
        ("memory_limit", "--memory-limit", float("inf"), "a size above zero"),
        ("memory_limit", "--memory-limit", "0.5", "a size above zero"),  # half a byte is none
        ("enable_parallel", "--no-parallel", "maybe", "true or false"),
        ("dates", "--dates", "2024-13-01", "dates as 2024-09-05"),
        ("dates", "--dates", "20240905", "dates as 2024-09-05"),  # a partition is not named so
        ("dates", "--dates", "2024-09-05,", "dates as 2024-09-05"),
        ("dates", "--dates", [], "dates as 2024-09-05"),
        ("dates", "--dates", datetime(2024, 9, 5, tzinfo=UTC), "dates as 2024-09-05"),
        ("securities", "--securities", "110621;85603", "order book ids or tickers"),
        ("models", "--model", "pro-rata", "accepted: time-priority"),
        ("scenarios", "--scenario", "dual post", "as-entered, dual-post, rest-dark, dark-only"),
        ("scenarios", "--scenario", "dark_only", "did you mean dark-only?"),
        ("scenarios", "--scenario", "", "as-entered"),
        ("trading_day", "--trading-day", "evening", "session or calendar"),
        ("on_bad_rows", "--on-bad-rows", "ignore", "quarantine or fail"),
        ("max_bad_fraction", "--max-bad-fraction", "5", "a fraction from 0 to 1"),
        ("max_bad_fraction", "--max-bad-fraction", "nan", "a fraction from 0 to 1"),
        ("dashboard_address", "--dashboard-address", "localhost", "HOST:PORT"),
        ("dashboard_address", "--dashboard-address", "localhost:70000", "HOST:PORT"),
        ("dashboard_address", "--dashboard-address", "::1:8787", "[::1]:8787"),
        ("scheduler", "--scheduler", " ", "text that is not empty"),
        ("output", "--output", "", "text that is not empty"),
        ("config", "--config", "gone.yaml", "an existing file"),
        ("columns", "columns", {"orders": "order_id"}, "a mapping of a column"),
    ],
)
def test_bad_value_on_the_command_line_names_option_value_and_what_is_accepted(
    usage_error, name, flag, value, accepted
):
    error = usage_error(**{name: value})
    assert error.what.startswith(f"{flag} ")
    assert error.where == "command line"
    assert error.value == value
    assert accepted in (error.cure or "")


def test_unknown_option_suggests_the_nearest(usage_error):
    assert "did you mean workers?" in str(usage_error(worker=2))


def test_a_repeated_option_is_shown_as_it_was_typed(usage_error):
    error = usage_error(scenarios=("dualpost",))
    assert str(error).splitlines()[:3] == [
        "--scenario cannot be 'dualpost'.",
        "  where: command line",
        "  value: 'dualpost'",
    ]
