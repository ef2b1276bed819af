"""How partitions are put together: what shares a task, and a file of each table."""

from hypothesis import given
from hypothesis import strategies as st
from ingesting import row_range

from sweep_dask.dataflow.simulate import largest_first
from sweep_dask.partition import PartitionJob
from sweep_dask.storage.layout import Partition
from sweep_dask.storage.partition_index import PartitionSource
from sweep_dask.storage.pieces import PIECE_ROWS, date_of_piece, pieces_of
from sweep_dask.study.jobs import piece_jobs

A, B = "2024-10-04", "2024-10-07"


def job(security, rows, day=20_000):
    ranges = {"orders": row_range(rows), "trades": row_range(7), "nbbo": row_range(0)}
    return PartitionJob(PartitionSource(day, security, ranges), "out", "scratch", {})


def rows_of(pieces):
    return [[part.source.rows["orders"] for part in piece.partitions] for piece in pieces]


def test_neighbours_share_a_piece_until_it_is_full():
    sizes = [3_000, 250_000, 40_000, 56_000, 5_000, 94_000]
    jobs = [job(number, rows) for number, rows in enumerate(sizes)]
    pieces = piece_jobs(jobs[::-1], 100_000)
    # 250,000 are more than a piece by itself; with what two partitions cost however small they
    # are, 40,000 + 56,000 fill one, and 5,000 + 94,000 are too many.
    assert rows_of(pieces) == [[3_000], [250_000], [40_000, 56_000], [5_000], [94_000]]
    assert rows_of(largest_first(pieces)) == [
        *([250_000], [40_000, 56_000], [94_000], [5_000], [3_000])
    ]


def test_small_partitions_of_one_date_are_work_for_many():
    pieces = piece_jobs([job(number, 20) for number in range(2_000)], PIECE_ROWS)
    assert {len(piece.partitions) for piece in pieces} <= {49, 40}
    assert len(pieces) == 41


def test_every_date_has_pieces_of_its_own():
    found = pieces_of({Partition(B, 1): 1, Partition(A, 2): 1, Partition(A, 1): 1})
    assert found == [(A, (1, 2)), (B, (1,))]
    assert [piece.name for piece in found] == [f"{A}-0000000001", f"{B}-0000000001"]
    assert [date_of_piece(piece.name) for piece in found] == [A, B]


def test_nothing_to_pack():
    assert pieces_of({}) == []


SIZES = st.dictionaries(
    st.builds(Partition, st.sampled_from([A, B]), st.integers(0, 2**31 - 1)),
    st.integers(0, 300),
    max_size=40,
)


@given(SIZES, st.integers(1, 200))
def test_every_partition_is_in_one_piece_and_no_piece_holds_too_much(sizes, piece_rows):
    found = pieces_of(sizes, piece_rows)
    assert [key for piece in found for key in piece.partitions] == sorted(sizes)
    for piece in found:
        rows = [sizes[key] for key in piece.partitions]
        assert sum(rows) <= piece_rows or len(rows) == 1
    # The order of names is that of rows.
    assert [piece.name for piece in found] == sorted(piece.name for piece in found)


@given(SIZES, st.integers(1, 200))
def test_pieces_of_a_date_do_not_depend_on_other_dates(sizes, piece_rows):
    of_a = {key: rows for key, rows in sizes.items() if key.date == A}
    found = [piece for piece in pieces_of(sizes, piece_rows) if piece.date == A]
    assert found == pieces_of(of_a, piece_rows)
