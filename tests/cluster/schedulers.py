"""Dask schedulers and workers as processes of their own, as an operator would start them."""

import json
from contextlib import ExitStack, contextmanager

from distributed import Client
from distributed.security import Security
from running import PATIENCE_SECONDS, started, wait_until

_SCHEDULER = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
WORKER = ["-m", "distributed.cli.dask_worker", "--host", "127.0.0.1", "--nthreads", "1"]


@contextmanager
def remote_cluster(folder, workers, *worker_options, tls=None, **worker_variables):
    """A scheduler with workers, all on this machine; yields its file, which holds its address.

    With certificates in `tls`, they speak TLS.
    """
    encrypted = tls.for_dask if tls else []
    file = folder / "scheduler.json"
    dashboard = ["--dashboard-address", "127.0.0.1:0"]
    with ExitStack() as stack:
        scheduler = [*_SCHEDULER, *dashboard, *encrypted, "--scheduler-file", file]
        process = stack.enter_context(started(scheduler, folder))
        for number in range(workers):  # each waits for the file
            named = ["--scheduler-file", file, "--name", number, "--no-dashboard", "--no-nanny"]
            worker = [*WORKER, *named, *encrypted, *worker_options]
            stack.enter_context(started(worker, folder, **worker_variables))
        wait_until(lambda: file.exists() and file.stat().st_size, process)
        if workers:
            options = {"security": _client(tls), "timeout": PATIENCE_SECONDS}
            with Client(address_in(file), **options) as client:
                client.wait_for_workers(workers, timeout=PATIENCE_SECONDS)
        yield file


def _client(tls):
    files = {"tls_client_cert": tls.cert, "tls_client_key": tls.key} if tls else {}
    return Security(tls_ca_file=tls.ca_file, **files) if tls else None


def address_in(file):
    return json.loads(file.read_text())["address"]
