"""The order in which tasks run is nobody's business: it changes no byte of the results."""

from __future__ import annotations

import random
import sys

import dask.local
import pytest
from running import result_files, run_here

from sweep_dask.dataflow import rollups


class Shuffled:
    """Dask's synchronous scheduler, with the order drawn from a seed wherever there is a choice."""

    def __init__(self, seed):
        self._draw = random.Random(seed)
        self.moved_tasks = 0
        self.moved_keys = 0

    def run_tasks(self, client, tasks, on_result, on_lost, **_):
        """Stands for `execute.run_tasks`: the tasks in any order."""
        assert client is None
        places = self._draw.sample(range(len(tasks)), len(tasks))
        self.moved_tasks += places != sorted(places)
        for position in places:
            on_result(position, tasks[position].compute(scheduler="synchronous"))

    def order(self, graph, *_, **__):
        """Stands for `dask.order.order`: within a task, whatever is ready in any order."""
        self.moved_keys += len(graph) > 1
        return {key: self._draw.random() for key in graph}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_tasks_changes_no_byte(seed, plain_input, plain_result, tmp_path, monkeypatch):
    shuffled = Shuffled(seed)
    for name, module in list(sys.modules.items()):
        if name.startswith("sweep_dask.") and hasattr(module, "run_tasks"):
            monkeypatch.setattr(module, "run_tasks", shuffled.run_tasks)
    monkeypatch.setattr(dask.local, "order", shuffled.order)
    # The sweeps of each partition by themselves, so that there is something to add up.
    monkeypatch.setattr(rollups, "_TASK_BYTES", 1)
    done = run_here(plain_input, tmp_path / "out", enable_parallel=False, blocksize=700)
    assert (shuffled.moved_tasks > 2, shuffled.moved_keys > 0) == (True, True)
    assert done.exit_code == 0
    assert result_files(done.output) == result_files(plain_result.output)
