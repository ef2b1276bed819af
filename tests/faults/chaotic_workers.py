"""A preload of workers: `distributed.chaos` ends three of them at work, each in another way."""

from __future__ import annotations

import os
from pathlib import Path

from distributed.chaos import KillWorker

MODES = ("sys.exit", "segfault", "graceful")


class _DiesAtWork(KillWorker):
    """Ends its worker as a task begins, if not all of the modes have been used up by then."""

    async def setup(self, worker):
        self.worker = worker

    def transition(self, key, start, finish, **kwargs):
        if finish != "executing":
            return
        mode = _next_mode(Path(os.environ["CHAOS_FOLDER"]))
        if mode is not None:
            end = {"sys.exit": self.sys_exit, "segfault": self.segfault, "graceful": self.graceful}
            self.worker.loop.asyncio_loop.call_soon(end[mode])


async def dask_setup(worker):
    """Have each worker look, whenever a task begins, whether it is its turn."""
    await worker.plugin_add(_DiesAtWork())


def _next_mode(folder: Path) -> str | None:
    for mode in MODES:
        try:
            (folder / mode).touch(exist_ok=False)
        except FileExistsError:
            continue
        return mode
    return None
