"""Dask schedulers and workers as processes of their own, as an operator would start them."""

import json
from contextlib import ExitStack, contextmanager

from distributed import Client
from running import PATIENCE_SECONDS, started, wait_until

_SCHEDULER = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
_WORKER = ["-m", "distributed.cli.dask_worker", "--host", "127.0.0.1", "--nthreads", "1"]


@contextmanager
def remote_cluster(folder, workers, *worker_options, **worker_variables):
    """A scheduler with workers, all on this machine; yields its file, which holds its address."""
    file = folder / "scheduler.json"
    dashboard = ["--dashboard-address", "127.0.0.1:0"]
    with ExitStack() as stack:
        scheduler = [*_SCHEDULER, *dashboard, "--scheduler-file", file]
        process = stack.enter_context(started(scheduler, folder))
        wait_until(lambda: file.exists() and file.stat().st_size, process)
        for number in range(workers):
            options = ["--scheduler-file", file, "--name", number, "--no-dashboard", "--no-nanny"]
            stack.enter_context(
                started([*_WORKER, *options, *worker_options], folder, **worker_variables)
            )
        if workers:
            with Client(address_in(file), timeout=PATIENCE_SECONDS) as client:
                client.wait_for_workers(workers, timeout=PATIENCE_SECONDS)
        yield file


def address_in(file):
    return json.loads(file.read_text())["address"]
