"""The disk space of a run, against what it takes, and against what there is."""

import pytest
from object_stores import in_memory
from running import result_files

from sweep_dask.errors import ResourceError
from sweep_dask.settings import load_settings
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.study.needs import DiskSpace, projected_disk_space, require_room
from sweep_dask.study.plan import make_plan

NEEDED = DiskSpace(scratch_bytes=700, results_bytes=300)


@pytest.fixture
def has_free(monkeypatch):
    """Lets the disk have so many bytes left."""

    def set_free(free_bytes):
        monkeypatch.setattr("sweep_dask.study.needs.free_disk_bytes", lambda _: free_bytes)

    return set_free


def test_results_of_a_run_stay_within_what_was_projected(plain_input, plain_result, tmp_path):
    plan = make_plan(load_settings({}, {}, tmp_path), str(plain_input))
    taken_bytes = sum(
        (plain_result.output / name).stat().st_size for name in result_files(plain_result.output)
    )
    assert taken_bytes <= plan.disk.results_bytes


def test_of_a_selection_only_scratch_is_projected():
    whole, part = projected_disk_space(10**9), projected_disk_space(10**9, is_part=True)
    assert part.scratch_bytes == whole.scratch_bytes
    assert part.results_bytes == projected_disk_space(0).results_bytes


def test_a_disk_with_just_enough_passes_and_a_byte_less_is_refused(tmp_path, has_free):
    has_free(1_000)
    require_room(OutputLayout(tmp_path), None, NEEDED)
    has_free(999)
    with pytest.raises(ResourceError, match="takes about 1000 bytes of disk") as caught:
        require_room(OutputLayout(tmp_path), None, NEEDED)
    assert caught.value.where == str(tmp_path)


def test_results_that_are_there_count_as_room(tmp_path, has_free):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "old.parquet").write_bytes(bytes(100_000))
    has_free(700)
    require_room(OutputLayout(tmp_path), None, NEEDED)
    has_free(699)
    with pytest.raises(ResourceError):
        require_room(OutputLayout(tmp_path), None, NEEDED)


def test_scratch_elsewhere_has_a_disk_of_its_own(tmp_path, monkeypatch):
    free = {tmp_path / "out": 300, tmp_path / "fast": 700}
    monkeypatch.setattr("sweep_dask.study.needs.free_disk_bytes", free.__getitem__)
    monkeypatch.setattr("sweep_dask.study.needs.device", list(free).index)
    layout = OutputLayout(tmp_path / "out")
    require_room(layout, tmp_path / "fast", NEEDED)
    free[tmp_path / "fast"] = 699
    with pytest.raises(ResourceError, match="700 bytes of disk while it runs") as caught:
        require_room(layout, tmp_path / "fast", NEEDED)
    assert "--scratch" in caught.value.cure
    require_room(layout, in_memory(), NEEDED)
    free |= {tmp_path / "out": 299, tmp_path / "fast": 700}
    with pytest.raises(ResourceError, match="takes about 300 bytes"):
        require_room(layout, tmp_path / "fast", NEEDED)
    require_room(OutputLayout(in_memory()), tmp_path / "fast", NEEDED)


def test_scratch_elsewhere_on_the_same_disk_takes_of_the_same_room(tmp_path, has_free):
    layout = OutputLayout(tmp_path / "out")
    has_free(1_000)
    require_room(layout, tmp_path / "not" / "made" / "yet", NEEDED)
    has_free(999)
    with pytest.raises(ResourceError, match="takes about 1000 bytes"):
        require_room(layout, tmp_path / "not" / "made" / "yet", NEEDED)
