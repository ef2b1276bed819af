"""The output folder of a run: one run at a time, and nothing of it left behind."""

import pytest

from sweep_dask.dataflow.workspace import workspace
from sweep_dask.errors import UsageError
from sweep_dask.storage.layout import OutputLayout


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_ends(tmp_path):
    layout = OutputLayout(tmp_path / "results")
    with (
        workspace(layout),
        pytest.raises(UsageError, match="Another run is working"),
        workspace(layout),
    ):
        pass
    with workspace(layout):
        assert layout.scratch.is_dir()


def test_the_refused_run_leaves_the_scratch_of_the_first_alone(tmp_path):
    layout = OutputLayout(tmp_path)
    with workspace(layout):
        spilled = layout.scratch / "0000000-00000.arrow"
        spilled.write_text("rows", encoding="utf-8")
        with pytest.raises(UsageError), workspace(layout):
            pass
        assert spilled.read_text(encoding="utf-8") == "rows"


def test_a_new_folder_that_stays_empty_is_removed(tmp_path):
    layout = OutputLayout(tmp_path / "results")
    with workspace(layout):
        pass
    assert not layout.root.exists()


def test_what_a_killed_run_left_is_cleared(tmp_path):
    layout = OutputLayout(tmp_path)
    layout.tables.mkdir()
    half_written = layout.tables / ".sweep_group_summary.parquet.123.tmp"
    half_written.write_text("half", encoding="utf-8")
    layout.scratch.mkdir()
    (layout.scratch / "old").write_text("spill", encoding="utf-8")
    with workspace(layout):
        assert list(layout.scratch.iterdir()) == []
        assert not half_written.exists()
    assert not layout.scratch.exists()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"), workspace(OutputLayout(file / "x")):
        pass
