"""How partitions are packed into tasks."""

from hypothesis import given
from hypothesis import strategies as st
from ingesting import row_range

from sweep_dask.dataflow.simulate import pack
from sweep_dask.partition import PartitionJob
from sweep_dask.storage.catalogue import PartitionSource


def job(security, rows):
    ranges = {"orders": row_range(rows), "trades": row_range(0), "nbbo": row_range(0)}
    return PartitionJob(PartitionSource(20_000, security, ranges), "out", "scratch", {})


def rows_of(bins):
    return [[part.source.rows["orders"] for part in parts] for parts in bins]


def test_large_partitions_stay_alone_and_small_ones_share():
    jobs = [job(number, rows) for number, rows in enumerate([3, 250, 40, 5, 60, 100])]
    # 250 is more than a bin by itself, 100 a whole one; 60 + 40 fill one; the rest is left.
    assert rows_of(pack(jobs, bin_rows=100)) == [[250], [100], [60, 40], [5, 3]]


def test_partitions_of_equal_size_go_by_security():
    bins = pack([job(3, 10), job(1, 10), job(2, 10)], bin_rows=20)
    assert [[part.source.security for part in parts] for parts in bins] == [[1, 2], [3]]


def test_nothing_to_pack():
    assert pack([]) == []


@given(st.lists(st.integers(1, 300), max_size=40), st.integers(1, 200))
def test_every_partition_is_in_one_bin_and_bins_are_full_or_last(sizes, bin_rows):
    jobs = [job(security, rows) for security, rows in enumerate(sizes)]
    bins = pack(jobs, bin_rows)
    packed = [part.source.security for parts in bins for part in parts]
    assert sorted(packed) == list(range(len(sizes)))
    for parts in rows_of(bins):
        assert sum(parts) <= bin_rows or len(parts) == 1
    flat = [rows for parts in rows_of(bins) for rows in parts]
    assert flat == sorted(flat, reverse=True)
