"""Results on S3, over HTTP: workers that share no folder, and no more bytes than are needed."""

import re
from contextlib import ExitStack

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from distributed import Client
from object_stores import BUCKET, in_memory, result_objects, run_there, s3_server
from running import PATIENCE_SECONDS, result_files, run_program, started, wait_until
from schedulers import WORKER, address_in, remote_cluster

from sweep_dask.errors import ResourceError
from sweep_dask.explain.explanation import explain
from sweep_dask.locations import location_of
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.storage.no_follow import files_below
from sweep_dask.storage.objects import sizes_below, upload, upload_folder
from sweep_dask.storage.parquet_files import read_parquet, rows_with
from sweep_dask.study.results import load
from sweep_dask.study.verify import verify_output

pytestmark = pytest.mark.slow

#: It writes half as many objects.
MODEL = ("--model", "time-priority")
_IN_PLACE = re.compile(r"processed/.*/receipt\.json").fullmatch


@pytest.fixture(scope="module")
def store():
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def there(store, plain_input):
    """A run on a cluster of this machine, everything on S3; not to be changed."""
    upload_folder(plain_input, location_of(f"s3://{BUCKET}/market"))
    store.requests.clear()
    output = location_of(f"s3://{BUCKET}/there/output")
    assert run_there(f"s3://{BUCKET}/market", output, workers=2).exit_code == 0
    return output


def test_results_are_the_same_bytes_as_in_a_folder(there, plain_result):
    assert result_objects(there) == result_files(plain_result.output)
    assert not [name for name in files_below(there) if name.startswith(".")]
    assert {"logs/run.log", "logs/resources.csv", "report.html"} <= files_below(there)


def test_of_spilled_rows_ranges_are_fetched_and_no_byte_of_another_partition(there, store):
    """Those of trades twice, as no session row tells when trading opened."""
    written, fetched = (store.of(method, ".arrow") for method in ("PUT", "GET"))
    assert len(written) == 3
    assert all(request.range for request in fetched)
    ranges = {(request.path, request.range): request.bytes for request in fetched}
    assert len(ranges) == 4 * len(written)
    assert sum(ranges.values()) == sum(request.bytes for request in written)
    assert len(fetched) == len(ranges) + 4


def test_a_second_run_over_http_keeps_everything(there, store, plain_result):
    result = run_there(f"s3://{BUCKET}/market", there, workers=2)
    assert {entry["state"] for entry in result.manifest["partitions"]} == {"kept"}
    assert result_objects(there) == result_files(plain_result.output)


def test_verify_and_api_read_what_is_there(there, store, plain_result):
    assert verify_output(OutputLayout(there))[1] == []
    result = load(str(there))
    assert result.tables == plain_result.tables
    assert result.table("sweep_metrics").equals(plain_result.table("sweep_metrics"))


def test_of_a_file_only_columns_and_row_groups_that_are_needed_travel(store, tmp_path):
    numbers = np.random.default_rng(1).integers(0, 2**60, (20, 20_000))
    table = pa.table([np.arange(20_000), *numbers], names=["id", *map(str, range(20))])
    pq.write_table(table, tmp_path / "file", row_group_size=1_000)
    path = location_of(f"s3://{BUCKET}/parts/file.parquet")
    upload(tmp_path / "file", path)
    whole_bytes = sizes_below(path.parent)["file.parquet"]
    for read, most in {
        lambda: read_parquet(path, ["7"]): 0.1,
        lambda: rows_with(path, "id", (12_345,)): 0.1,
        lambda: read_parquet(path, ["7"], pc.field("id") == 12_345): 0.05,
    }.items():
        store.requests.clear()
        assert len(read()) in (1, 20_000)
        assert 0 < sum(r.bytes for r in store.of("GET", "file.parquet")) < most * whole_bytes


def test_an_order_is_explained_without_fetching_whole_files(there, store, plain_result):
    order_id = int(plain_result.table("sweep_metrics")["order_id"].iloc[0])
    store.requests.clear()
    explain(OutputLayout(there), order_id)
    fetched = store.of("GET", ".parquet")
    assert fetched
    assert all(request.range for request in fetched)


def test_workers_without_a_common_folder_do_it(store, there, time_priority_result, tmp_path):
    """Each in a folder of its own, with a temporary folder of its own; so is the client."""
    with ExitStack() as stack:
        file = stack.enter_context(remote_cluster(tmp_path, 0))
        folders = [tmp_path / name for name in ("worker-0", "worker-1", "client")]
        for folder in folders:
            (folder / "tmp").mkdir(parents=True)
        for folder in folders[:2]:
            worker = [*WORKER, "--scheduler-file", file, "--no-dashboard", "--no-nanny"]
            stack.enter_context(started(worker, folder, TMPDIR=str(folder / "tmp")))
        with Client(address_in(file)) as client:
            client.wait_for_workers(2, timeout=PATIENCE_SECONDS)
        output = f"s3://{BUCKET}/apart/output"
        done = run_program(
            *("run", f"s3://{BUCKET}/market", "-o", output, *MODEL, "--scheduler-file", file),
            cwd=folders[2],
            TMPDIR=str(folders[2] / "tmp"),
        )
        assert done.returncode == 0, done.stderr
        left = [path for folder in folders for path in (folder / "tmp").rglob("sweep-dask-*")]
    assert left == []
    assert result_objects(location_of(output)) == result_files(time_priority_result.output)


def test_workers_without_credentials_are_told_of(store, plain_input, tmp_path):
    none = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    home = {"HOME": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)}
    with remote_cluster(tmp_path, 1, **none, **home) as file:
        done = run_program(
            *("run", plain_input, "-o", f"s3://{BUCKET}/told", "--scheduler-file", file),
            cwd=tmp_path,
        )
    assert done.returncode == 4
    assert "NoCredentialsError" in done.stderr
    assert "Give the workers" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_of_this_process_is_not_for_workers(plain_input):
    output = in_memory()
    with pytest.raises(ResourceError, match="do not see the folder memory://") as caught:
        run_there(plain_input, output, workers=1)
    assert "FileNotFoundError" in caught.value.where
    assert files_below(output) == set()


def test_a_killed_run_is_gone_on_with_by_the_same_command(
    store, plain_input, time_priority_result, tmp_path
):
    """Its lock and its scratch are there still; what it put in place is kept, or made again."""
    output = location_of(f"s3://{BUCKET}/killed/output")
    command = ["-m", "sweep_dask", "run", plain_input, "-o", output, "--no-parallel", *MODEL]
    with started(command, tmp_path) as process:
        wait_until(lambda: any(map(_IN_PLACE, files_below(output))), process)
        process.kill()
        process.wait()
    assert ".lock" in files_below(output)
    assert (
        run_there(plain_input, output, enable_parallel=False, models="time-priority").exit_code == 0
    )
    assert result_objects(output) == result_files(time_priority_result.output)
    assert not [name for name in files_below(output) if name.startswith(".")]


@pytest.mark.parametrize("flag", ["--output", "--scratch"])
def test_a_bucket_that_is_not_there_is_told_of(store, plain_input, tmp_path, flag):
    done = run_program(
        *("run", plain_input, "--no-parallel", flag, "s3://no-such-bucket/output"), cwd=tmp_path
    )
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Check that the bucket is there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bucket_that_is_read_only_is_told_of(store, plain_input, tmp_path):
    store.refused_methods = {"PUT", "DELETE", "POST"}
    try:
        done = run_program(
            *("run", plain_input, "--no-parallel", "-o", f"s3://{BUCKET}/locked"), cwd=tmp_path
        )
    finally:
        store.refused_methods = set()
    assert done.returncode == 2
    assert "Access Denied" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_credentials_are_told_of(store, plain_input, tmp_path):
    done = run_program(
        *("run", plain_input, "--no-parallel", "-o", f"s3://{BUCKET}/out"),
        cwd=tmp_path,
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
        AWS_EC2_METADATA_DISABLED="true",
        HOME=str(tmp_path),
        NUMBA_CACHE_DIR=str(tmp_path),
    )
    assert done.returncode == 2
    assert "credentials" in done.stderr
    assert "Traceback" not in done.stderr
