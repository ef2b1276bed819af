"""Files and folders, as the objects of a store: moved, looked up, locked, read in parts."""

import hashlib
import json
import socket

import numpy as np
import psutil
import pyarrow as pa
import pytest
from object_stores import in_memory

from sweep_dask.errors import UsageError
from sweep_dask.locations import is_object, location_of
from sweep_dask.schema import NBBO
from sweep_dask.storage import no_follow, objects, spill
from sweep_dask.storage.atomic import file_digest, write_atomically, write_bytes
from sweep_dask.storage.folder_lock import FolderLostError, lock_folder
from sweep_dask.storage.spill import SpilledRows, index_of, write_batch

SECOND = 10**9


@pytest.fixture
def root():
    return in_memory()


def test_a_text_without_a_scheme_is_a_path_of_this_machine():
    assert not is_object(location_of("results/s3:x"))
    assert not is_object(location_of("./s3:/x"))
    assert location_of("file:///data/out") == location_of("/data/out")
    assert str(location_of("memory://out/of/it/")) == "memory://out/of/it"


@pytest.mark.parametrize("text", ["https://host/out", "ftp://host/out", "s3://", "nonsense://x"])
def test_other_urls_are_refused(text):
    with pytest.raises(UsageError, match="no place for results"):
        location_of(text)


@pytest.mark.parametrize(
    "text", ["s3:/SECRET/out", "gs:/SECRET", "file:/SECRET", "file://SECRET/out", "file://SECRET"]
)
def test_a_slash_too_few_makes_no_folder(text):
    with pytest.raises(UsageError, match="no place for results") as caught:
        location_of(text)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_text_is_not_the_current_folder(text):
    with pytest.raises(UsageError, match="No folder is named"):
        location_of(text)


@pytest.mark.parametrize(
    "text", ["s3://KEY:SECRET@bucket/out", "s3://b/SECRET?x", "s3://b/SECRET*"]
)
def test_credentials_and_patterns_do_not_belong_into_an_address(text):
    with pytest.raises(UsageError, match="has none of") as caught:
        location_of(text)
    assert "SECRET" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(location_of.__globals__["OBJECT_STORES"], "gs", "no_such_package")
    with pytest.raises(UsageError) as caught:
        location_of("gs://bucket/out")
    assert caught.value.value == "no_such_package"
    assert "sweep-dask[gcs]" in caught.value.cure


def test_what_fails_while_it_is_written_is_not_there(root):
    def half(path):
        path.write_bytes(b"half")
        raise ValueError

    with pytest.raises(ValueError):
        write_atomically(root / "file", half)
    assert no_follow.files_below(root) == set()


def test_digest_and_bytes_are_those_of_the_object(root):
    write_bytes(root / "a" / "file", b"body")
    assert no_follow.read_regular(root / "a" / "file") == b"body"
    assert file_digest(root / "a" / "file") == f"sha256:{hashlib.sha256(b'body').hexdigest()}"


@pytest.mark.parametrize("from_store", [True, False], ids=["from a store", "from a folder"])
@pytest.mark.parametrize("to_store", [True, False], ids=["to a store", "to a folder"])
def test_files_are_moved_whatever_they_come_from_and_go_to(tmp_path, from_store, to_store):
    source = in_memory() if from_store else tmp_path / "source"
    target = in_memory() if to_store else tmp_path / "target"
    names = ["a/b/file", "a/other"]
    for folder in (source, target):
        if not is_object(folder):
            (folder / "a" / "b").mkdir(parents=True)
    for name in (*names, "a/stays"):
        write_bytes(source / name, name.encode())
    write_bytes(target / "a" / "other", b"before")
    no_follow.move_to(source, target, names)
    assert no_follow.files_below(source) == {"a/stays"}
    assert no_follow.files_below(target) == set(names)
    assert no_follow.read_regular(target / "a" / "other") == b"a/other"


@pytest.mark.parametrize("from_store", [True, False], ids=["from a store", "from a folder"])
@pytest.mark.parametrize("to_store", [True, False], ids=["to a store", "to a folder"])
def test_a_file_is_copied_whatever_it_comes_from_and_goes_to(tmp_path, from_store, to_store):
    source = (in_memory() if from_store else tmp_path) / "source"
    target = (in_memory() if to_store else tmp_path) / "target"
    write_bytes(source, b"body")
    no_follow.copy_file(source, target)
    assert no_follow.read_regular(source) == no_follow.read_regular(target) == b"body"


def test_a_folder_comes_out_of_a_store_whole(root, tmp_path):
    for name in ("part/a/one", "part/two"):
        write_bytes(root / name, name.encode())
    no_follow.move_to(root, tmp_path, ["part"])
    assert no_follow.files_below(tmp_path) == {"part/a/one", "part/two"}
    assert no_follow.files_below(root) == set()


def test_kinds_are_told_of_all_names_at_once(root):
    write_bytes(root / "a" / "b" / "file", b"")
    write_bytes(root / "top", b"")
    kind_of = no_follow.kinds_of(root, ["a/b/file", "a/b", "a/none", "none/at/all", "top"])
    found = [kind_of(name) for name in ("a/b/file", "a/b", "a/none", "none/at/all", "top")]
    assert found == ["file", "directory", None, None, "file"]
    assert found == [
        no_follow.kind_at(root, name)
        for name in ("a/b/file", "a/b", "a/none", "none/at/all", "top")
    ]


def test_files_are_removed_and_those_that_were_there_told(root):
    write_bytes(root / "a" / "file", b"")
    write_bytes(root / "b", b"")
    assert no_follow.remove_files(root, ["a/file", "a/none"]) == ["a/file"]
    assert no_follow.files_below(root) == {"b"}
    no_follow.remove_tree(root)
    no_follow.remove_tree(root)
    assert no_follow.files_below(root) == set()


# --- the lock -------------------------------------------------------------------------------------


def owner(**changed):
    process = psutil.Process()
    found = {"host": socket.gethostname(), "process": process.pid, "started": process.create_time()}
    return json.dumps({"sweep_dask": "x", "token": "other", **found, **changed}).encode()


def test_one_at_a_time_holds_a_place(root):
    with lock_folder(root) as lock:
        lock.require_held()
        with pytest.raises(UsageError, match="Another run is working"), lock_folder(root):
            pass
        lock.require_held()
    assert no_follow.files_below(root) == set()


@pytest.mark.parametrize("changed", [{}, {"host": "elsewhere", "started": 0.0}])
def test_a_lock_of_a_process_that_may_live_is_kept(root, changed):
    write_bytes(root / ".lock", owner(**changed))
    with pytest.raises(UsageError, match="Another run is working") as caught, lock_folder(root):
        pass
    assert "remove .lock there" in caught.value.cure
    assert no_follow.read_regular(root / ".lock") == owner(**changed)


def test_a_lock_of_a_dead_process_of_this_machine_is_taken_over(root):
    write_bytes(root / ".lock", owner(started=0.0))
    with lock_folder(root) as lock:
        lock.require_held()


def test_what_is_no_lock_of_ours_is_left_alone(root):
    write_bytes(root / ".lock", b"somebody's")
    with pytest.raises(UsageError, match="Something stands where results belong"):
        lock_folder(root).__enter__()
    assert no_follow.read_regular(root / ".lock") == b"somebody's"


def test_a_lock_that_somebody_took_is_noticed_and_left_to_them(root):
    with lock_folder(root) as lock:
        write_bytes(root / ".lock", owner())
        with pytest.raises(FolderLostError):
            lock.require_held()
    assert no_follow.read_regular(root / ".lock") == owner()


def test_of_two_who_find_a_dead_lock_one_has_it(root, monkeypatch):
    """The other one has taken it over between the look and the removal of the first."""
    write_bytes(root / ".lock", owner(started=0.0))
    really = objects.remove

    def slow(path):
        really(path)
        write_bytes(path, owner())

    monkeypatch.setattr(objects, "remove", slow)
    with pytest.raises(UsageError, match="Another run is working"), lock_folder(root):
        pass
    assert no_follow.read_regular(root / ".lock") == owner()


def test_a_store_that_refuses_says_so_with_its_cure(root, monkeypatch):
    def refuse(path, data):
        raise PermissionError(13, "Access Denied", str(path))

    monkeypatch.setattr(objects, "create", refuse)
    with pytest.raises(UsageError, match="cannot be written") as caught, lock_folder(root):
        pass
    assert "credentials" in caught.value.cure


# --- spilled rows ---------------------------------------------------------------------------------


def quotes(rows):
    """Of 40 securities, at random."""
    random = np.random.default_rng(7)
    return pa.table(
        {
            "timestamp": np.sort(random.integers(0, 10**5, rows)) * SECOND,
            "orderbookid": random.integers(0, 40, rows) ** 2 // 40,
            "bidprice": random.integers(0, 10**6, rows),
        }
    )


@pytest.mark.parametrize("held_bytes", [0, 1 << 20], ids=["through a file", "held"])
@pytest.mark.parametrize("at_a_time", [1, 1 << 25])
def test_ranges_of_a_store_are_those_of_a_folder(
    root, tmp_path, monkeypatch, held_bytes, at_a_time
):
    monkeypatch.setattr(spill, "_HELD_BYTES", held_bytes)
    monkeypatch.setattr(spill, "_FETCHED_BYTES", at_a_time)
    monkeypatch.setattr(spill, "_RECORD_BATCH_ROWS", 70)  # a partition has up to several of them
    rows = quotes(1_000)
    index = write_batch(tmp_path, 3, 1, NBBO, rows)
    assert np.array_equal(index, write_batch(root, 3, 1, NBBO, rows))
    assert index["rows"].sum() == 1_000
    assert index["rows"].max() > 70
    for chosen in (index, index[::2], index[:1], index[:0]):
        here, there = SpilledRows(tmp_path, chosen), SpilledRows(root, chosen)
        for _ in range(2):
            tables = list(there.tables())
            assert tables == list(here.tables())
            assert [len(table) for table in tables] == chosen["rows"].tolist()
    # In file order within a partition.
    (first,) = SpilledRows(tmp_path, index[:1]).tables()
    expected = rows.filter(pa.compute.equal(rows["orderbookid"], int(index["security"][0])))
    assert first["bidprice"].to_pylist() == expected["bidprice"].to_pylist()[: len(first)]


def test_no_other_bytes_of_a_spill_file_are_fetched(root, monkeypatch):
    index = write_batch(root, 0, 0, NBBO, quotes(1_000))
    asked = []
    really = spill.read_ranges

    def noted(ranges):
        asked.extend(ranges)
        return really(ranges)

    monkeypatch.setattr(spill, "read_ranges", noted)
    list(SpilledRows(root, index[5:8]).tables())
    assert sum(end - start for _, start, end in asked) == index["bytes"][5:8].sum()
    whole = objects.sizes_below(root)["0000000-00000.arrow"]
    assert index["bytes"].sum() == whole


def test_an_index_travels_as_a_frame(root):
    index = write_batch(root, 0, 0, NBBO, quotes(100))
    assert np.array_equal(index_of([spill.index_frame([index])]), index)
