"""Running tasks on a cluster or in this process: the same graph, results as they come.

`gather` and `gather_sum` are for those who do not know Dask: plain functions and their arguments.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import InvalidStateError
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

import dask
from dask import delayed
from distributed import span
from distributed.client import CancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from sweep_dask.dataflow.progress import counted
from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from dask.delayed import Delayed
    from distributed import Client, Future

    from sweep_dask.dataflow.cluster import Workers


Result = TypeVar("Result")
Addend = TypeVar("Addend")

#: Called with the position of a task in the list, and its result or why there is none.
OnResult = Callable[[int, Any], None]
OnLost = Callable[[int, str], None]

#: In Dask's configuration, where `open_cluster` puts the setting: how long there may be no worker.
WORKER_WAIT_SECONDS = "sweep-dask.worker-wait-seconds"

#: Tasks that the scheduler has at a time of those that are submitted one by one, some for each
#: worker of a large cluster, and results that workers keep (a piece's take up to 0.5 MB).
SUBMITTED_TASKS = 2_000
HELD_RESULTS = 250

#: How often workers are counted while nothing else happens.
_LOOK_SECONDS = 1.0


class TaskLostError(ResourceError):
    """Workers died over a task, again and again."""


def gather(
    workers: Workers,
    function: Callable[..., Result],
    arguments: Iterable[tuple[Any, ...]],
    what: str | Sequence[str],
    cure: str | None = None,
) -> list[Result]:
    """Call a function on workers, once for each tuple of arguments; the results in their order.

    `function`: importable by name; called again with the same arguments, it does the same.
    `arguments`: of a call; taken as they are needed.
    `what`, `cure`: for the error: what the calls are, or each of them; and what helps.
    Raises ResourceError: `TaskLostError`, or as of `run_tasks`.
    """
    results: dict[int, Result] = {}
    task = delayed(function, pure=False, traverse=False)
    group = new_group(function.__name__)
    tasks = (task(*given, dask_key_name=(group, n)) for n, given in enumerate(arguments))
    lost = _raising(what, cure)
    run_tasks(workers.client, tasks, results.__setitem__, lost, first_ones_first=True)
    return [result for _, result in sorted(results.items())]


def gather_sum(
    workers: Workers,
    read: Callable[[Any], Addend],
    sources: Iterable[Any],
    add: Callable[[Sequence[Addend]], Addend],
    fan_in: int,
    what: str,
    cure: str | None = None,
) -> Addend:
    """Read addends and add them up on workers, `fan_in` at a time.

    Parameters and errors as of `gather`.
    """
    group = new_group(read.__name__)
    sums = [delayed(read)(source, dask_key_name=(group, n)) for n, source in enumerate(sources)]
    while len(sums) > 1:
        group = new_group(add.__name__)
        sums = [
            delayed(add)(sums[first : first + fan_in], dask_key_name=(group, first))
            for first in range(0, len(sums), fan_in)
        ]
    results: dict[int, Addend] = {}
    run_tasks(workers.client, sums, results.__setitem__, _raising(what, cure))
    return add([*results.values()])


def _raising(what: str | Sequence[str], cure: str | None) -> OnLost:
    def lost(position: int, reason: str) -> None:
        task = what if isinstance(what, str) else what[position]
        raise TaskLostError(f"{task} failed: {reason}.", cure=cure)

    return lost


def stage_span(stage: str) -> AbstractContextManager[str]:
    """Tasks that are submitted meanwhile belong to this stage, within one that is open."""
    return cast("AbstractContextManager[str]", span(stage))


def new_group(kind: str) -> str:
    """The name of a group of tasks of this kind, which pages show without the rest.

    The key of a task is a pair of it and a position: the scheduler keeps something of each group.
    """
    return f"{kind}-{uuid4().hex}"


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
    tasks: Iterable[Delayed],
    on_result: OnResult,
    on_lost: OnLost,
    *,
    first_ones_first: bool = False,
) -> None:
    """Compute tasks and hand over each result as it arrives.

    `client`: None computes in this process with Dask's synchronous scheduler.
    `on_result`, `on_lost`: one is called with the position of each task: with its result; or why
    there is none, if its worker died again and again.
    `first_ones_first`: whether the order of the tasks is their priority. That costs a call for each
    of them, so their graphs should be small; then the scheduler and workers hold no more of them
    however many there are.
    Raises ResourceError: the connection to the scheduler was lost, or there has been no worker for
    too long.
    """
    if client is None:
        for position, task in enumerate(tasks):
            on_result(position, _computed_here(task))
        return
    watch = _Watch(client)
    submitted = _one_by_one if first_ones_first else _together
    for position, future in submitted(_Futures(client, watch), tasks):
        try:
            result = _fetched(future, watch)
        except KilledWorker as error:
            times = counted(error.allowed_failures + 1, "time")
            reason = f"its worker died {times} over it; most often the memory limit was too low"
            on_lost(position, reason)
        except (CancelledError, CommClosedError) as error:
            raise ResourceError(
                "The connection to the Dask scheduler was lost.",
                where=str(client.scheduler_info().get("address") or "scheduler"),
                value=(str(error) or type(error).__name__).splitlines()[0],
                cure="Start it again; the same command keeps the partitions that are finished.",
            ) from error
        else:
            on_result(position, result)


def _fetched(future: Future, watch: _Watch) -> Any:
    """The result of a task that is done; if workers end with it, it may have to be done again."""
    seconds = _LOOK_SECONDS
    while True:
        try:
            return future.result(timeout=seconds)
        except TimeoutError:
            if future.status == "error":  # the task's own: a file system that does not answer
                raise
            watch.look()
            # What only takes long to arrive is not begun again and again.
            seconds = 2 * seconds if future.done() else _LOOK_SECONDS


def _together(futures: _Futures, tasks: Iterable[Delayed]) -> Iterator[tuple[int, Future]]:
    """Tasks as they are done, each with its position."""
    # To the end: the dashboard counts what is in memory.
    held = futures.client.compute(list(tasks))
    for position, future in enumerate(held):
        futures.add(position, future)
    while futures:
        yield futures.next()


def _one_by_one(futures: _Futures, tasks: Iterable[Delayed]) -> Iterator[tuple[int, Future]]:
    """The same, with no more than some of them, and of their results, on the cluster at a time."""
    # For the dashboard: all tasks of a run that is not large.
    held: deque[Future] = deque(maxlen=HELD_RESULTS)
    waiting = enumerate(tasks)

    def submit(count: int) -> None:
        for position, task in islice(waiting, count):
            futures.add(position, futures.client.compute(task, priority=-position))

    submit(SUBMITTED_TASKS)
    while futures:
        position, future = futures.next()
        submit(1)
        held.append(future)
        yield position, future


class _Futures:
    """Tasks that are submitted, as they are done, as long as there are workers to do them."""

    def __init__(self, client: Client, watch: _Watch) -> None:
        self.client = client
        self._positions: dict[Future, int] = {}
        self._done: SimpleQueue[Future] = SimpleQueue()
        self._watch = watch

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, position: int, future: Future) -> None:
        self._positions[future] = position
        future.add_done_callback(self._done.put)

    def next(self) -> tuple[int, Future]:
        """One that is done and was not handed over before."""
        while True:
            try:
                future = self._done.get(timeout=_LOOK_SECONDS)
            except Empty:
                self._watch.look()
            else:
                self._watch.worker_seen()
                return self._positions.pop(future), future


class _Watch:
    """Ends what would wait for ever: tasks without a worker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._patience_seconds = float(dask.config.get(WORKER_WAIT_SECONDS, 60))
        self._alone_since: float | None = None

    def worker_seen(self) -> None:
        """There is a worker, or was a moment ago."""
        self._alone_since = None

    def look(self) -> None:
        """Count workers; raises if there has been none from one look to the next for too long."""
        now = time.monotonic()
        if self._client.scheduler_info(n_workers=0)["n_workers"]:
            self.worker_seen()
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > self._patience_seconds:
            raise ResourceError(
                f"There has been no worker for {self._patience_seconds:.0f} s.",
                where=str(self._client.scheduler.address),
                cure="Workers that end by themselves mostly lack memory: raise --memory-limit or "
                "use fewer --workers; on a cluster, start some. The same command keeps the "
                "partitions that are finished (cluster.worker_wait_seconds sets the time).",
            )
