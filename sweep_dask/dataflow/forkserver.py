"""The process that workers are copies of: it imports what tasks need, once and early.

Importing takes longer than all else between the start of a program and its first task. Python's
fork server does it beside the client, which meanwhile imports and plans, and a worker, also one
that takes the place of a dead one, is there at once.

A worker first runs the main program again, which must not start another run then.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from functools import cache
from multiprocessing import current_process, forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sweep_dask.dataflow.interrupts import environment, interrupts_wait, signals_wait
from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

logger = logging.getLogger(__name__)

METHOD = "forkserver"
#: What tasks are; who hands in others names their modules.
_imported = ["distributed", "sweep_dask.dataflow.ingest", "sweep_dask.dataflow.simulate"]
#: No process imports from the current folder, where each that begins as `python -c` would look
#: first: what lies there is data. The others are what Dask has for workers (its
#: `distributed.nanny.pre-spawn-environ`): they count only for a process that begins. Its
#: `MALLOC_TRIM_THRESHOLD_` is left out: giving back every 64 KiB at once, and asking for it again,
#: took a fifth of the time of a partition.
_ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

#: Exit code of a worker that has come to a run while it ran the main program. Arbitrary; nothing
#: else in it ends so.
RAN_MAIN = 86


def start_importing(*tasks: str) -> bool:
    """Start the process, if there is none yet; whether there is one.

    It ends when this one does, however that is.

    `tasks`: modules that tasks need; for every start from now on.
    Raises ResourceError: it is that of the program from which this process was forked.
    """
    _imported.extend(name for name in tasks if name not in _imported)
    multiprocessing.get_context(METHOD).set_forkserver_preload(_imported)
    try:
        with environment_of_workers(), interrupts_wait():
            forkserver.ensure_running()
    except ChildProcessError as error:
        # Dask's threads were not forked with it: what waits for them would wait for ever.
        raise ResourceError(
            "A process that was forked from a program with workers cannot have workers itself.",
            where=f"process {os.getpid()}",
            cure="Start it with multiprocessing's spawn or forkserver; or let it run in one "
            "process (enable_parallel=False).",
        ) from error
    except OSError as error:  # the name of its socket is too long where the temporary folder's is
        logger.info("workers are not copies of one process: %s", error)
        return False
    return True


def stop_importing() -> None:
    """End the process if there is one, for a program that ends early.

    It would import to the end, and whoever reads what the program prints would wait for that.
    """
    pid = process_id()
    if pid is None:
        return
    # An error: it has ended, or is that of the program from which this one was forked.
    with suppress(OSError), signals_wait():
        if not os.waitpid(pid, os.WNOHANG)[0]:
            os.kill(pid, signal.SIGKILL)
            _server()._stop()


def process_id() -> int | None:
    """Of the process, if there is one."""
    return cast("int | None", _server()._forkserver_pid)


def _server() -> Any:
    """Python has no public way to it."""
    return forkserver._forkserver


def environment_of_workers() -> AbstractContextManager[None]:
    """What processes that start meanwhile find in their environment, unless it says otherwise."""
    given = {name: value for name in _ENVIRONMENT if (value := os.environ.get(name))}
    return environment(_ENVIRONMENT | given | {"PYTHONPATH": _import_path()})


@cache
def _import_path() -> str:
    """Where this process imports from, before Dask adds its own: workers are to run the same code.

    What lies in the current folder is code only if this package does.
    """
    ours, here = Path(__file__).parents[2], Path.cwd()
    folders = [name for name in sys.path if isinstance(name, str) and Path(name).absolute() != here]
    return os.pathsep.join(folders if str(ours) in folders else [str(ours), *folders])


class UnguardedProgramError(ResourceError, SystemExit):
    """A program without the line `if __name__ == "__main__":`.

    Uncaught it ends the program as `SystemExit` does, with its two lines and without a traceback:
    what is wrong is in the program.
    """

    def __init__(self) -> None:
        super().__init__(
            'This program starts its run outside `if __name__ == "__main__":`, and each worker '
            "runs the program again.",
            cure="Put the call under that line; enable_parallel=False needs no workers.",
        )
        self.code = str(self)

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), ())


def end_if_worker() -> None:
    """End a process that is to become a worker, if it has come here from the main program.

    Such a program is to define things only. Its client is told by the exit code, and tells.
    """
    if getattr(current_process(), "_inheriting", False):
        os._exit(RAN_MAIN)
