"""Columns in a file without a name: mapped as often as asked for, gone with their owner."""

import gc

import pyarrow as pa
import pytest

from sweep_dask.storage import merge
from sweep_dask.storage.merge import ColumnFile

IDS = [7_904_794_000_123_498_601, None, 3]
COLUMNS = {
    "id": pa.array(IDS, pa.int64()),
    "text": pa.array(["", None, "päivä"], pa.string()),
    "none": pa.nulls(3, pa.float64()),
}


@pytest.fixture(autouse=True, params=[0, merge.HELD_BYTES])
def held_bytes(request, monkeypatch):
    """Tables of all sizes in a file, and small ones in none."""
    monkeypatch.setattr(merge, "HELD_BYTES", request.param)


def written(folder, columns):
    file = ColumnFile(folder)
    for name, column in columns.items():
        file.add(pa.record_batch([column], [name]))
    return file


def test_columns_come_back_as_they_were_in_their_order(tmp_path):
    assert written(tmp_path, COLUMNS).read().equals(pa.table(COLUMNS))


def test_columns_of_a_batch_come_back_too(tmp_path):
    file = ColumnFile(tmp_path)
    file.add(pa.record_batch(list(COLUMNS.values()), list(COLUMNS)))
    assert file.read().equals(pa.table(COLUMNS))


def test_columns_without_rows_have_their_types(tmp_path):
    empty = {name: column[:0] for name, column in COLUMNS.items()}
    table = written(tmp_path, empty).read()
    assert table.schema == pa.table(COLUMNS).schema
    assert len(table) == 0


def test_reading_copies_nothing(tmp_path):
    file = written(tmp_path, {"id": pa.array(range(200_000))})
    before = pa.total_allocated_bytes()
    table = file.read()
    assert pa.total_allocated_bytes() - before < 10_000
    assert table["id"].num_chunks == 1


def test_a_column_outlives_its_file_and_no_name_is_left(tmp_path):
    column = written(tmp_path, COLUMNS).read()["id"]
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert column.to_pylist() == IDS


def test_a_folder_that_is_gone_ends_the_task(tmp_path):
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "gone", {"id": pa.array(range(200_000))})
