"""Running tasks on a cluster or in this process: the same graph, results as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import InvalidStateError
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import dask
from distributed.client import CancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from sweep_dask.dataflow.progress import counted
from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dask.delayed import Delayed
    from distributed import Client, Future

#: Called with the place of a task in the list, and its result or why there is none.
OnResult = Callable[[int, Any], None]
OnLost = Callable[[int, str], None]

#: In Dask's configuration, where `open_cluster` puts the setting: how long there may be no worker.
WORKER_WAIT_SECONDS = "sweep-dask.worker-wait-seconds"

#: How often workers are counted while nothing else happens.
_LOOK_SECONDS = 1.0


def _computed_here(task: Delayed) -> Any:
    try:
        return task.compute(scheduler="synchronous")
    except InvalidStateError as error:
        # An interrupt that came while Dask noted the result of a task.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise


def run_tasks(
    client: Client | None,
    tasks: Sequence[Delayed],
    on_result: OnResult,
    on_lost: OnLost,
    *,
    first_ones_first: bool = False,
) -> None:
    """Compute tasks and hand over each result as it arrives.

    Parameters
    ----------
    client
        None computes in this process with Dask's synchronous scheduler.
    on_result
        Called with the position of the task and its result.
    on_lost
        Called with the position of a task whose worker died again and again, and why.
    first_ones_first
        Whether the order of the tasks is their priority. That costs a call for each of them, so
        their graphs should be small.

    Raises
    ------
    ResourceError
        The connection to the scheduler was lost, or there has been no worker for too long.
    """
    if client is None:
        for position, task in enumerate(tasks):
            on_result(position, _computed_here(task))
        return
    submitted = (
        [client.compute(task, priority=-position) for position, task in enumerate(tasks)]
        if first_ones_first
        else client.compute(list(tasks))
    )
    # Futures are held to the end, their results are small: the dashboard counts what is done by
    # what is in memory.
    positions = {future: position for position, future in enumerate(submitted)}
    for future in _as_they_come(client, submitted):
        try:
            result = future.result()
        except KilledWorker as error:
            on_lost(positions[future], _explain(error))
        except (CancelledError, CommClosedError) as error:
            raise ResourceError(
                "The connection to the Dask scheduler was lost.",
                where=str(client.scheduler_info().get("address") or "scheduler"),
                value=(str(error) or type(error).__name__).splitlines()[0],
                cure="Start it again; the same command keeps the partitions that are finished.",
            ) from error
        else:
            on_result(positions[future], result)


def _as_they_come(client: Client, futures: Sequence[Future]) -> Iterator[Future]:
    """Futures as they are done, as long as there are workers to do them."""
    done: SimpleQueue[Future] = SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    watch = _Watch(client)
    for _ in futures:
        while True:
            try:
                future = done.get(timeout=_LOOK_SECONDS)
            except Empty:
                watch.look()
            else:
                break
        yield future


class _Watch:
    """Ends what would wait for ever: tasks without a worker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._patience_seconds = float(dask.config.get(WORKER_WAIT_SECONDS, 60))
        self._worker_seen = time.monotonic()

    def look(self) -> None:
        if self._client.scheduler_info(n_workers=0)["n_workers"]:
            self._worker_seen = time.monotonic()
        elif time.monotonic() - self._worker_seen > self._patience_seconds:
            raise ResourceError(
                f"There has been no worker for {self._patience_seconds:.0f} s.",
                where=str(self._client.scheduler.address),
                cure="Workers that end by themselves mostly lack memory: raise --memory-limit or "
                "use fewer --workers; on a cluster, start some. The same command keeps the "
                "partitions that are finished (cluster.worker_wait_seconds sets the time).",
            )


def _explain(error: KilledWorker) -> str:
    return (
        f"its worker died {counted(error.allowed_failures + 1, 'time')} over it; "
        "most often the memory limit was too low"
    )
