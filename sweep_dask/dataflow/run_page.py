"""A page of our own on the dashboard of our own cluster: partitions, rows, rejects, time left."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from distributed.diagnostics.task_stream import TaskStreamPlugin
from tornado.web import RequestHandler

if TYPE_CHECKING:
    from distributed import Client
    from distributed.scheduler import Scheduler

    from sweep_dask.dataflow.run_status import RunStatus

#: Where it is, and what it asks for once a second.
PATH = "/sweep"


def add_run_page(client: Client, status: RunStatus) -> None:
    """Serve the page, if the scheduler is of this process; nothing is left on somebody else's.

    Dask's own task stream is on record from then on, not only from when somebody first looks.
    """
    if client.cluster is not None:
        client.sync(_add, client.cluster.scheduler, status)


async def _add(scheduler: Scheduler, status: RunStatus) -> None:
    # In the thread of the server, whose rules are no affair of others.
    pages = [(PATH, _Page), (f"{PATH}.json", _Numbers, {"status": status})]
    scheduler.http_application.add_handlers(r".*$", pages)
    scheduler.add_plugin(TaskStreamPlugin(scheduler))


class _Page(RequestHandler):
    def get(self) -> None:
        page = files("sweep_dask.dataflow").joinpath("run_page.html")
        self.finish(page.read_text(encoding="utf-8"))


class _Numbers(RequestHandler):
    def initialize(self, status: RunStatus) -> None:
        self._status = status

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(self._status.as_json())
