"""An input that changes while a run reads it: noticed whenever and however, and named."""

from __future__ import annotations

import gzip
import os
import pickle
from dataclasses import replace as replace_fields

import fsspec
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from markets import order_text, plain_market, trade_text
from running import invoke, result_files, run_here

from sweep_dask.storage import ingest as block_ingest
from sweep_dask.storage import inputs
from sweep_dask.storage.address import InputAddresses
from sweep_dask.storage.inputs import discover, require_unchanged
from sweep_dask.storage.raw_files import InputChangedError, input_digest, open_raw
from sweep_dask.study import reading


def as_csv(text):
    return text


def as_parquet(text):
    sink = pa.BufferOutputStream()
    pq.write_table(pacsv.read_csv(pa.BufferReader(text)), sink, row_group_size=10)
    return bytes(sink.getvalue())


PACKERS = {"csv": as_csv, "csv.gz": gzip.compress, "parquet": as_parquet}


def grow(path):
    with path.open("ab") as stream:
        stream.write(path.read_bytes()[-200:])


def cut_to_half(path):
    os.truncate(path, path.stat().st_size // 2)


def replace(path):
    """By a file of the same size and times, as a copy that keeps them leaves it."""
    status = path.stat()
    other = path.with_name(".arriving")
    other.write_bytes(path.read_bytes()[::-1])
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def overwrite(path):
    """In its place, with the same size and times."""
    status = path.stat()
    with path.open("r+b") as stream:
        stream.seek(-5, os.SEEK_END)
        stream.write(b"5")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(path):
    path.unlink()


def add_another(path):
    path.with_name(f"new-{path.name}").write_bytes(path.read_bytes())


CHANGES = {
    grow: "was changed",
    cut_to_half: "was changed",
    replace: "was changed",
    overwrite: "was changed",
    remove: "is gone",
    add_another: "is new",
}


def before_ingest(monkeypatch, change):
    _first(monkeypatch, reading, "ingest", change)


def between_two_chunks(monkeypatch, change):
    _first(monkeypatch, block_ingest, "validate_chunk", change)


def after_ingest(monkeypatch, change):
    _first(monkeypatch, reading, "_input_digests", change)


def after_the_digests(monkeypatch, change):
    _first(monkeypatch, reading, "require_unchanged", change)


def _first(monkeypatch, module, name, change):
    """Let the change happen just before a function is called for the first time."""
    function = getattr(module, name)

    def called(*arguments, **named):
        monkeypatch.setattr(module, name, function)
        change()
        return function(*arguments, **named)

    monkeypatch.setattr(module, name, called)


MOMENTS = (before_ingest, between_two_chunks, after_ingest, after_the_digests)


@pytest.fixture
def market(tmp_path):
    return plain_market(sweeps=2).write(tmp_path / "in")


def packed(market, ending):
    plain = market / "orders/orders.csv"
    path = plain.with_name(f"orders.{ending}")
    data = PACKERS[ending](plain.read_bytes())
    plain.unlink()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("ending", PACKERS)
def test_a_change_ends_the_run(market, tmp_path, monkeypatch, ending, change, moment):
    path = packed(market, ending)
    moment(monkeypatch, lambda: change(path))
    with pytest.raises(InputChangedError) as caught:
        run_here(market, tmp_path / "out", enable_parallel=False, blocksize=1_500)
    named = f"new-{path.name}" if change is add_another else path.name
    assert f"orders/{named} {CHANGES[change]}" in str(caught.value)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "fact"), [(cut_to_half, "was changed"), (remove, "was removed")]
)
def test_a_change_before_a_file_is_opened(market, monkeypatch, change, fact):
    """Also a command that reads no more than headers and samples says what is wrong."""
    _first(monkeypatch, inputs, "read_header", lambda: change(market / "orders/orders.csv"))
    done = invoke("plan", market)
    assert done.exit_code == 3
    assert f"orders/orders.csv {fact} during the run." in done.stderr


@pytest.mark.slow
def test_workers_notice_a_change(market, tmp_path, monkeypatch):
    before_ingest(monkeypatch, lambda: overwrite(market / "orders/orders.csv"))
    with pytest.raises(InputChangedError, match="The input changed during the run") as caught:
        run_here(market, tmp_path / "out", workers=2, blocksize=1_500, models="time-priority")
    assert isinstance(caught.value.__context__, InputChangedError)
    assert caught.value.__context__.what == "orders/orders.csv was changed during the run."


def test_every_changed_file_is_named(market, tmp_path, monkeypatch):
    def change():
        grow(market / "orders/orders.csv")
        remove(market / "trades/trades.csv")
        add_another(market / "nbbo/nbbo.csv")

    before_ingest(monkeypatch, change)
    done = invoke("run", market, "-o", tmp_path / "out", "--no-parallel", "--no-progress")
    assert done.exit_code == 3
    assert "The input changed during the run." in done.stderr
    for fact in ("orders/orders.csv was changed", "trades/trades.csv is gone", "new-nbbo.csv is n"):
        assert fact in done.stderr


def test_earlier_results_stay(market, tmp_path, monkeypatch):
    output = tmp_path / "out"
    run_here(market, output, enable_parallel=False)
    before = result_files(output), (output / "manifest.json").read_bytes()
    after_ingest(monkeypatch, lambda: cut_to_half(market / "orders/orders.csv"))
    with pytest.raises(InputChangedError):
        run_here(market, output, enable_parallel=False)
    assert (result_files(output), (output / "manifest.json").read_bytes()) == before


def test_reading_and_listing_are_no_changes(market, tmp_path):
    found = discover(InputAddresses.of(str(market)))
    digests = [input_digest(file) for file in found.files]
    require_unchanged(found)
    again = discover(InputAddresses.of(str(market)))
    assert again.files == found.files
    assert [input_digest(file) for file in again.files] == digests


def test_a_file_seen_from_another_machine_is_the_same(market):
    """Workers may know it by another inode; to the client that is another file."""
    found = discover(InputAddresses.of(str(market)))
    file, *_ = found.files
    elsewhere = replace_fields(file, version=file.version._replace(inode=1))
    assert input_digest(elsewhere) == input_digest(file)
    with pytest.raises(InputChangedError, match=r"orders/orders\.csv was changed"):
        require_unchanged(replace_fields(found, files=(elsewhere,)))


@pytest.fixture
def remote():
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe({"/far/orders/a.csv": order_text({}), "/far/trades/t.csv": trade_text({})})
    yield filesystem
    filesystem.rm("/far", recursive=True)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda fs: fs.pipe("/far/orders/a.csv", order_text({}, {})), "orders/a.csv was changed"),
        (lambda fs: fs.pipe("/far/orders/a.csv", order_text({"side": 2})), "a.csv was changed"),
        (lambda fs: fs.pipe("/far/orders/a.csv", order_text({})[:-20]), "a.csv was changed"),
        (lambda fs: fs.pipe("/far/nbbo/q.csv", b"new"), "nbbo/q.csv is new"),
        (lambda fs: fs.rm("/far/orders/a.csv"), r"orders/a\.csv is gone"),
        (lambda fs: fs.mv("/far/orders/a.csv", "/far/orders/b.csv"), "orders/a.csv is gone"),
    ],
)
def test_files_of_other_file_systems(remote, change, fact):
    found = discover(InputAddresses.of("memory://far"))
    require_unchanged(found)
    change(remote)
    with pytest.raises(InputChangedError, match=fact):
        require_unchanged(found)


def test_a_file_that_changes_while_it_is_open(remote):
    file = discover(InputAddresses.of("memory://far")).files[0]
    with pytest.raises(InputChangedError, match=r"orders/a\.csv was changed"), open_raw(file):
        remote.pipe("/far/orders/a.csv", order_text({"side": 2}))
    with pytest.raises(InputChangedError, match=r"orders/a\.csv was changed"):
        input_digest(file)


def test_the_error_travels():
    error = InputChangedError("a was changed", where="a")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (InputChangedError, str(error))
