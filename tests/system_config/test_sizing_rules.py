"""The sizes that follow from CPUs, memory and the width of a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask import system_config
from sweep_dask.errors import ResourceError
from sweep_dask.memory import (
    BASE_PROCESS_BYTES,
    BLOCK_MEMORY_FACTOR,
    GIB,
    MINIMUM_BLOCKSIZE_BYTES,
    derive_blocksize,
    format_bytes,
    memory_limit_per_worker,
    projected_block_task_bytes,
    require_block_fits,
    whole_run_limit,
)
from sweep_dask.settings import OPTIONS
from sweep_dask.system_config import (
    DEFAULT_AVAILABLE_BYTES,
    _calculate_optimal_chunk_size,
    _calculate_optimal_workers,
)

MIB = 1024**2


@pytest.mark.parametrize(
    ("cpus", "workers"),
    [(1, 1), (2, 1), (3, 2), (4, 3), (5, 3), (8, 6), (9, 7), (18, 16), (19, 16), (32, 16)],
)
def test_workers(cpus, workers):
    assert _calculate_optimal_workers(cpus) == workers


@pytest.mark.parametrize(
    ("available_bytes", "rows"),
    [
        (0, 10_000),
        (204_800_000, 10_000),  # 5 % of it is 10,000 KiB
        (4 * GIB, 209_715),
        (8 * GIB, 419_430),
        (10_239_999_999, 499_999),
        (10_240_000_000, 500_000),  # 9.54 GiB: the cap
        (64 * GIB, 500_000),
    ],
)
def test_chunk_size(available_bytes, rows):
    assert _calculate_optimal_chunk_size(available_bytes) == rows


def test_default_memory_is_what_the_rule_needs_for_the_default_rows():
    assert _calculate_optimal_chunk_size(DEFAULT_AVAILABLE_BYTES) == 100_000
    assert _calculate_optimal_chunk_size(DEFAULT_AVAILABLE_BYTES - 1) == 99_999


def test_whole_run_limit_is_the_setting_else_nine_tenths():
    assert whole_run_limit(1000) == 900
    assert whole_run_limit(1000, memory_limit_gb=1.5) == 1536 * MIB


def test_memory_limit_per_worker():
    assert memory_limit_per_worker(1001, 2) == 500


def test_blocksize_is_chunk_size_times_bytes_per_row():
    assert derive_blocksize(100_000, 230.5, 16 * GIB) == 23_050_000


def test_blocksize_is_reduced_until_its_task_fits():
    limit_bytes = BASE_PROCESS_BYTES + BLOCK_MEMORY_FACTOR * 10 * MIB
    assert derive_blocksize(500_000, 230, limit_bytes) == 10 * MIB


def test_derived_blocksize_has_a_floor():
    assert derive_blocksize(1_000, 10, GIB) == MINIMUM_BLOCKSIZE_BYTES


def test_a_limit_that_takes_no_block_is_an_error_with_numbers_and_a_cure():
    enough_bytes = projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES)
    assert derive_blocksize(100_000, 200, enough_bytes) == MINIMUM_BLOCKSIZE_BYTES
    with pytest.raises(ResourceError) as caught:
        derive_blocksize(100_000, 200, enough_bytes - 1)
    assert caught.value.exit_code == 4
    assert caught.value.value == enough_bytes - 1
    assert format_bytes(MINIMUM_BLOCKSIZE_BYTES) in str(caught.value)
    assert "--workers" in str(caught.value)


def test_a_block_the_user_asked_for_may_be_small_but_must_fit():
    require_block_fits(1_000, projected_block_task_bytes(1_000))
    with pytest.raises(ResourceError):
        require_block_fits(GIB, GIB)


@given(st.integers(1_000, 10**7), st.floats(1, 10_000), st.integers(BASE_PROCESS_BYTES, 2**40))
def test_a_derived_block_always_fits(chunk_size, bytes_per_row, memory_limit_bytes):
    try:
        blocksize_bytes = derive_blocksize(chunk_size, bytes_per_row, memory_limit_bytes)
    except ResourceError:
        assert projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES) > memory_limit_bytes
    else:
        assert blocksize_bytes >= MINIMUM_BLOCKSIZE_BYTES
        assert projected_block_task_bytes(blocksize_bytes) <= memory_limit_bytes


def test_minimum_values_are_those_of_the_settings():
    minimum = {option.name: option.minimum for option in OPTIONS}
    assert minimum["workers"] == system_config.MINIMUM_WORKERS
    assert minimum["chunk_size"] == system_config.MINIMUM_CHUNK_ROWS
