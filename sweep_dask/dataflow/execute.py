"""Running tasks on a cluster or in this process: the same graph, results as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from distributed import Client, as_completed
from distributed.scheduler import KilledWorker

if TYPE_CHECKING:
    from dask.delayed import Delayed

#: What a task's failure looks like to the caller: its place in the list, and the exception.
OnResult = Callable[[int, Any], None]
OnLost = Callable[[int, str], None]


def run_tasks(
    client: Client | None, tasks: Sequence[Delayed], on_result: OnResult, on_lost: OnLost
) -> None:
    """Compute tasks, the first ones first, and hand over each result as it arrives.

    Parameters
    ----------
    client
        None computes in this process with Dask's synchronous scheduler.
    on_result
        Called with the position of the task and its result.
    on_lost
        Called with the position of a task whose worker died again and again, and why.
    """
    if client is None:
        for position, task in enumerate(tasks):
            on_result(position, task.compute(scheduler="synchronous"))
        return
    # One priority a task: a cluster would otherwise order tasks by their keys. Futures are held to
    # the end, their results are small: the dashboard counts what is done by what is in memory.
    futures = {
        client.compute(task, priority=-position): position for position, task in enumerate(tasks)
    }
    for future in as_completed(futures):
        position = futures[future]
        try:
            result = future.result()
        except KilledWorker as error:
            on_lost(position, _explain(error))
        else:
            on_result(position, result)


def _explain(error: KilledWorker) -> str:
    return (
        f"its worker died {error.allowed_failures + 1} times over it; "
        "most often the memory limit was too low"
    )
