"""Running tasks on a cluster or in this process: the same graph, results as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from distributed import Client, as_completed
from distributed.client import CancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from dask.delayed import Delayed

#: What a task's failure looks like to the caller: its place in the list, and the exception.
OnResult = Callable[[int, Any], None]
OnLost = Callable[[int, str], None]


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
        The connection to the scheduler was lost.
    """
    if client is None:
        for position, task in enumerate(tasks):
            on_result(position, task.compute(scheduler="synchronous"))
        return
    submitted = (
        [client.compute(task, priority=-position) for position, task in enumerate(tasks)]
        if first_ones_first
        else client.compute(list(tasks))
    )
    # Futures are held to the end, their results are small: the dashboard counts what is done by
    # what is in memory.
    positions = {future: position for position, future in enumerate(submitted)}
    for future in as_completed(submitted):
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


def _explain(error: KilledWorker) -> str:
    return (
        f"its worker died {error.allowed_failures + 1} times over it; "
        "most often the memory limit was too low"
    )
