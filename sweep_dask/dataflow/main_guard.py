"""Programs that start a run wherever they are run: each worker of this machine does so again."""

from __future__ import annotations

import os
from multiprocessing import current_process

from sweep_dask.errors import ResourceError

#: Exit code of a worker that has come to a run while it ran the main program. Arbitrary; nothing
#: else in it ends so.
RAN_MAIN = 86


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
