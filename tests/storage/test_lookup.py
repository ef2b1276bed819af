"""A few rows of a file, found by its bounds: the same as by reading all of it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep_dask.storage.parquet_files import bounds, numbers_between, rows_with

#: Neighbours that a float cannot tell apart.
BASE = 7_904_794_000_123_498_600
NUMBERS = st.lists(st.integers(BASE, BASE + 30), max_size=40)


def write(path, numbers, **options):
    columns = {"id": pa.array(numbers, pa.int64()), "row": pa.array(range(len(numbers)))}
    pq.write_table(pa.table(columns), path, **options)
    return path


@given(NUMBERS, st.sets(st.integers(BASE - 2, BASE + 32), max_size=4), st.booleans())
def test_rows_are_those_of_the_whole_file(tmp_path_factory, numbers, values, has_bounds):
    path = tmp_path_factory.getbasetemp() / "numbers.parquet"
    write(path, numbers, row_group_size=3, write_statistics=has_bounds)
    found = rows_with(path, "id", values, ["row", "absent"])
    assert found.column_names == ["row"]
    expected = [row for row, number in enumerate(numbers) if number in values]
    assert found["row"].to_pylist() == expected
    low, high = BASE + 5, BASE + 12
    assert numbers_between(path, "id", low, high) == {n for n in numbers if low <= n <= high}
    known = (min(numbers), max(numbers)) if numbers and has_bounds else None
    assert bounds(path, "id") == known


def test_parts_whose_bounds_leave_no_room_are_not_read(tmp_path, monkeypatch):
    path = write(tmp_path / "a.parquet", list(range(100)), row_group_size=10)
    read, asked = pq.ParquetFile.read_row_groups, []

    def noting(self, groups, **options):
        asked.append(groups)
        return read(self, groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", noting)
    assert rows_with(path, "id", (35, 71))["row"].to_pylist() == [35, 71]
    assert len(rows_with(path, "id", (500,))) == 0
    assert asked == [[3, 7], []]


def test_a_column_that_is_not_there(tmp_path):
    path = write(tmp_path / "a.parquet", [1])
    with pytest.raises(LookupError, match="other"):
        rows_with(path, "other", (1,))
