"""What a run has done so far, for whoever asks while it works: a page, and Prometheus."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from distributed.diagnostics.task_stream import TaskStreamPlugin
from tornado.web import RequestHandler

from sweep_dask.dataflow.listeners import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client
    from distributed.scheduler import Scheduler

    from sweep_dask.dataflow.listeners import Pace


_PREFIX = "sweep_dask_"


@dataclass
class _Stage:
    began: float
    pace: Pace | None = None
    """None: nobody saw its start."""
    outcome: str | None = None
    """None: it is at work."""
    seconds: float = 0.0

    def as_json(self, name: str) -> dict[str, Any]:
        pace, is_open = self.pace, self.outcome is None
        return {
            "stage": name,
            "unit": "" if pace is None else pace.unit,
            "tasks": 0 if pace is None else pace.tasks,
            "done": 0 if pace is None else pace.done,
            "rows": 0 if pace is None else pace.rows,
            "rejected": 0 if pace is None else pace.rejected,
            "pace": str(pace) if pace is not None and is_open else "",
            "seconds_left": pace.seconds_left if pace is not None and is_open else None,
            "seconds": time.perf_counter() - self.began if is_open else self.seconds,
            "outcome": self.outcome,
        }


class RunStatus(Listener):
    """Written in the thread of the run, and read in others."""

    def __init__(self) -> None:
        self._stages: dict[str, _Stage] = {}

    def on_stage_start(self, stage: str, pace: Pace) -> None:
        """Note it."""
        self._stages[stage] = _Stage(time.perf_counter(), pace)

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """Note how it ended."""
        ended = self._stages.setdefault(stage, _Stage(time.perf_counter()))
        ended.outcome, ended.seconds = outcome, seconds

    def as_json(self) -> dict[str, Any]:
        """Partitions, rows that were read and rejected, and every stage in its order."""
        stages = [stage.as_json(name) for name, stage in list(self._stages.items())]
        partitions = [stage for stage in stages if stage["unit"] == "partitions"]
        blocks = [stage for stage in stages if stage["unit"] == "blocks"]
        return {
            "partitions": sum(stage["tasks"] for stage in partitions),
            "partitions_done": sum(stage["done"] for stage in partitions),
            "rows_read": sum(stage["rows"] for stage in blocks),
            "rows_rejected": sum(stage["rejected"] for stage in blocks),
            "stages": stages,
        }


class _Collector:
    def __init__(self, status: RunStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Any]:
        """The metrics, as `prometheus_client` asks for them."""
        from prometheus_client.core import GaugeMetricFamily

        status = self._status.as_json()
        for name, help_text in (
            ("partitions", "Partitions of the run, once they are known"),
            ("partitions_done", "Partitions that are done, kept ones included"),
            ("rows_read", "Rows read from the input"),
            ("rows_rejected", "Rows of the input that could not be read"),
        ):
            yield GaugeMetricFamily(_PREFIX + name, help_text, value=status[name])
        seconds = GaugeMetricFamily(
            f"{_PREFIX}stage_seconds", "Seconds of each stage so far", labels=["stage"]
        )
        for stage in status["stages"]:
            seconds.add_metric([stage["stage"]], stage["seconds"])
        yield seconds


@contextmanager
def told_to_prometheus(status: RunStatus) -> Iterator[None]:
    """Have `/metrics` of this process's dashboards tell of it, if `prometheus_client` is there.

    Of two runs at a time in a program, the first one is told of.
    """
    try:
        from prometheus_client import REGISTRY
    except ImportError:
        yield
        return
    collector = _Collector(status)
    with suppress(ValueError):
        REGISTRY.register(collector)
    try:
        yield
    finally:
        with suppress(KeyError):
            REGISTRY.unregister(collector)


#: Where it is, and what it asks for once a second.
PATH = "/sweep"


def add_run_page(client: Client, status: RunStatus) -> bool:
    """Serve the page, if the scheduler is of this process; nothing is left on somebody else's.

    Dask's own task stream is on record from then on, not only from when somebody first looks.

    Returns whether there is one.
    """
    if client.cluster is None:
        return False
    client.sync(_add, client.cluster.scheduler, status)
    return True


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
