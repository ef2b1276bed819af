"""The cluster a run starts by itself: as configured, on this machine alone, and gone afterwards."""

import csv
import socket
import urllib.request
from dataclasses import dataclass, field

import psutil
import pytest
from distributed import Client
from running import result_files

from sweep_dask.dataflow.dashboard import free_port
from sweep_dask.settings import load_settings
from sweep_dask.study.run import run

MEMORY_LIMIT = 1_500_000_000

#: Where Dask puts its scratch folder unless it is told another place.
DASK_SCRATCH = "dask-scratch-space"


@dataclass
class Seen:
    """What a run looked like from inside, just before its work began."""

    taken_port: int = 0
    lines: list = field(default_factory=list)
    workers: dict = field(default_factory=dict)
    listening: set = field(default_factory=set)
    processes: list = field(default_factory=list)
    page: str = ""
    page_status: int = 0
    scratch: list = field(default_factory=list)

    @property
    def link(self):
        return self.lines[0].removeprefix("Dashboard: ")


def connections_of(process):
    if hasattr(process, "net_connections"):
        return process.net_connections(kind="inet")
    return process.connections(kind="inet")  # as psutil before 6 calls it


def listening_sockets():
    me = psutil.Process()
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in [me, *me.children(recursive=True)]
        for connection in connections_of(process)
        if connection.status == psutil.CONN_LISTEN
    }


@pytest.fixture(scope="module")
def run_seen(plain_input, tmp_path_factory):
    output = tmp_path_factory.mktemp("local-cluster") / "output"
    before_sockets, before_processes = listening_sockets(), psutil.Process().children()
    seen = Seen()

    def look(line):
        seen.lines.append(line)
        if not line.startswith("Dashboard"):
            return
        seen.workers = Client.current().scheduler_info()["workers"]
        seen.listening = listening_sockets() - before_sockets
        children = psutil.Process().children(recursive=True)
        seen.processes = [child for child in children if child not in before_processes]
        with urllib.request.urlopen(seen.link) as answer:
            seen.page, seen.page_status = answer.read().decode(), answer.status
        seen.scratch = list(output.glob(".scratch-*/dask/*"))

    with socket.create_server(("127.0.0.1", 0)) as taken:
        seen.taken_port = taken.getsockname()[1]
        before_sockets.add(("127.0.0.1", seen.taken_port))
        given = {
            "output": str(output),
            "workers": "2",
            "memory_limit": str(MEMORY_LIMIT),
            "dashboard_address": f"127.0.0.1:{seen.taken_port}",
        }
        result = run(load_settings(given, {}, output.parent), str(plain_input), announce=look)
    return seen, result


def test_results_equal_those_without_a_cluster(run_seen, plain_result):
    assert result_files(run_seen[1].output) == result_files(plain_result.output)


def test_workers_are_as_configured(run_seen):
    workers = run_seen[0].workers.values()
    assert len(workers) == 2
    assert {worker["nthreads"] for worker in workers} == {1}
    assert {worker["memory_limit"] for worker in workers} == {MEMORY_LIMIT}


def test_everything_listens_on_this_machine_alone(run_seen):
    # The scheduler, its dashboard, two nannies, two workers.
    assert len(run_seen[0].listening) >= 6
    assert {address for address, _ in run_seen[0].listening} == {"127.0.0.1"}


def test_dashboard_shows_real_pages(run_seen):
    seen, _ = run_seen
    assert seen.page_status == 200
    assert "<html" in seen.page
    assert "bokeh" in seen.page.lower()
    assert "Dask needs bokeh" not in seen.page


def test_a_taken_port_gives_way_to_the_next_free_one(run_seen):
    seen, _ = run_seen
    port = int(seen.link.split(":")[2].split("/")[0])
    assert port != seen.taken_port
    assert ("127.0.0.1", port) in seen.listening


def test_scratch_lies_in_the_output_folder_and_is_gone(run_seen):
    seen, result = run_seen
    assert seen.scratch
    for worker in seen.workers.values():
        assert worker["local_directory"].startswith(f"{result.output}/.scratch-")
    assert not list(result.output.glob(".scratch*"))


def test_opening_lines_are_dashboard_then_configuration(run_seen):
    dashboard, page, block = run_seen[0].lines
    assert dashboard.startswith("Dashboard: http://127.0.0.1:")
    assert page == f"This run:  {run_seen[0].link.replace('/status', '/sweep')}"
    assert block.startswith("System Configuration\n")
    assert "1.40 GiB" in block


def test_the_resource_log_calls_workers_as_dask_does_and_helpers_what_they_are(run_seen):
    with (run_seen[1].output / "logs/resources.csv").open(newline="") as stream:
        names = {row["process"] for row in csv.DictReader(stream)}
    assert {"client", "forkserver", "worker-0", "worker-1"} <= names
    assert {f"worker-{worker['name']}" for worker in run_seen[0].workers.values()} == {
        name for name in names if name.startswith("worker-")
    }


def test_no_worker_is_left(run_seen):
    left = [process for process in run_seen[0].processes if process.is_running()]
    # Python's own helper, and the process that workers are copies of, live as long as this one.
    for process in left:
        command = "".join(process.cmdline())
        assert "resource_tracker" in command or "forkserver" in command
    assert len(left) <= 2


@pytest.mark.slow
def test_a_second_run_leaves_no_process_either(run_seen, plain_input, tmp_path):
    before = set(psutil.Process().children(recursive=True))
    settings = load_settings({"output": str(tmp_path / "o"), "workers": "1"}, {}, tmp_path)
    assert run(settings, str(plain_input)).exit_code == 0
    assert set(psutil.Process().children(recursive=True)) <= before


def test_free_port_is_the_wanted_one_or_a_later_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < free_port("127.0.0.1", port) or free_port("127.0.0.1", port) == 0
    assert free_port("127.0.0.1", port) == port
