"""The order in which tasks run is nobody's business: it changes no byte of the results."""

from __future__ import annotations

import random
import sys

import pytest
from running import result_files, run_here

from sweep_dask.study import jobs


class Shuffled:
    """Dask's synchronous scheduler, with the order of tasks drawn from a seed."""

    def __init__(self, seed):
        self._draw = random.Random(seed)
        self.moved_tasks = 0

    def run_tasks(self, client, tasks, on_result, on_lost, **_):
        """Stands for `execute.run_tasks`: the tasks in any order."""
        assert client is None
        tasks = list(tasks)
        positions = self._draw.sample(range(len(tasks)), len(tasks))
        self.moved_tasks += positions != sorted(positions)
        for position in positions:
            on_result(position, tasks[position].compute(scheduler="synchronous"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_tasks_changes_no_byte(seed, plain_input, plain_result, tmp_path, monkeypatch):
    shuffled = Shuffled(seed)
    for name, module in list(sys.modules.items()):
        if name.startswith("sweep_dask.") and hasattr(module, "run_tasks"):
            monkeypatch.setattr(module, "run_tasks", shuffled.run_tasks)
    # Each partition is a task of its own.
    monkeypatch.setattr(jobs, "PIECE_ROWS", 1)
    done = run_here(plain_input, tmp_path / "out", enable_parallel=False, blocksize=700)
    assert shuffled.moved_tasks > 2
    assert done.exit_code == 0
    assert result_files(done.output) == result_files(plain_result.output)
