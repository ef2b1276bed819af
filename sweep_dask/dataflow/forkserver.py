"""The process that workers are copies of: it imports what tasks need, once and early.

Importing takes longer than all else between the start of a program and its first task. Python's
fork server does it beside the client, which meanwhile imports and plans, and a worker, also one
that takes the place of a dead one, is there at once.
"""

from __future__ import annotations

import multiprocessing
import os
from contextlib import contextmanager
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from sweep_dask.dataflow.interrupts import interrupts_wait

if TYPE_CHECKING:
    from collections.abc import Iterator

METHOD = "forkserver"
#: What tasks are.
_IMPORTED = [
    *("distributed", "sweep_dask.dataflow.ingest", "sweep_dask.dataflow.simulate"),
    "sweep_dask.dataflow.rollups",
]
#: No process imports from the current folder, where each that begins as `python -c` would look
#: first: what lies there is data. The others are what Dask has for workers (its
#: `distributed.nanny.pre-spawn-environ`): they count only for a process that begins.
_ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def start_importing() -> bool:
    """Start the process, if there is none yet; whether the system can.

    It ends when this one does, however that is.
    """
    if METHOD not in multiprocessing.get_all_start_methods():
        return False
    multiprocessing.get_context(METHOD).set_forkserver_preload(_IMPORTED)
    with environment_of_workers(), interrupts_wait():
        forkserver.ensure_running()
    return True


@contextmanager
def environment_of_workers() -> Iterator[None]:
    """What processes that start meanwhile find in their environment, unless it says otherwise."""
    added = {name: value for name, value in _ENVIRONMENT.items() if not os.environ.get(name)}
    os.environ |= added
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
