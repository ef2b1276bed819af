"""The plan refuses what does not fit before it runs."""

import pytest
from ingesting import row_range
from running import invoke

from sweep_dask.errors import ResourceError
from sweep_dask.memory import BASE_PROCESS_BYTES
from sweep_dask.storage.frames import ROW_GROUP_ROWS
from sweep_dask.storage.partition_index import PartitionSource
from sweep_dask.study.needs import (
    PARTITION_BYTES_PER_ROW,
    projected_partition_task_bytes,
    projected_rollup_task_bytes,
    require_partitions_fit,
)

DAY = 20_000


def partition(security, **rows):
    ranges = {table: row_range(rows.get(table, 0)) for table in PARTITION_BYTES_PER_ROW}
    return PartitionSource(DAY, security, ranges)


@pytest.mark.parametrize("table", PARTITION_BYTES_PER_ROW)
def test_rows_of_every_table_count(table):
    expected = BASE_PROCESS_BYTES + 1_000 * PARTITION_BYTES_PER_ROW[table]
    assert projected_partition_task_bytes({table: 1_000}) == expected


def test_a_partition_of_few_orders_and_many_quotes_is_refused():
    partitions = [partition(1, orders=1_000), partition(2, orders=2, nbbo=3_000_000)]
    with pytest.raises(ResourceError) as caught:
        require_partitions_fit(partitions, 750 * 1024**2)
    assert caught.value.where is not None
    assert caught.value.where.endswith("/2")
    assert "3,000,000 nbbo rows" in caught.value.what


def test_the_largest_partition_fits_to_the_byte():
    small, large = partition(1, orders=1_000), partition(2, orders=1_000, nbbo=10)
    needed_bytes = projected_partition_task_bytes(large.rows)
    assert needed_bytes > projected_partition_task_bytes(small.rows)
    require_partitions_fit([small, large], needed_bytes)
    with pytest.raises(ResourceError):
        require_partitions_fit([small, large], needed_bytes - 1)


def test_roll_ups_take_as_much_as_a_row_group_of_sweeps():
    of_sample, most = projected_rollup_task_bytes(13_842), projected_rollup_task_bytes(10**9)
    assert of_sample == BASE_PROCESS_BYTES
    assert most == projected_rollup_task_bytes(ROW_GROUP_ROWS) > BASE_PROCESS_BYTES


@pytest.mark.parametrize("limit", ["302MiB", "380MiB"])
def test_a_limit_that_workers_would_die_of_is_refused_by_plan_and_run_alike(plain_input, limit):
    """At the first they die of their imports, at the second of the roll-ups."""
    for command in ("plan", "run"):
        done = invoke(command, plain_input, "--memory-limit", limit)
        assert done.exit_code == 4, done.output
        assert "needs about" in done.stderr
