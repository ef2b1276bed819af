"""A preload of workers: `distributed.chaos` ends the first few soon, each in another way."""

from __future__ import annotations

import os
import random
from pathlib import Path

from distributed.chaos import KillWorker

MODES = ("sys.exit", "segfault", "graceful")


class _NotedDeath(KillWorker):
    def _note(self):
        (Path(os.environ["CHAOS_FOLDER"]) / self.mode).touch()

    def sys_exit(self):
        self._note()
        super().sys_exit()

    def segfault(self):
        self._note()
        super().segfault()

    def graceful(self):
        self._note()
        super().graceful()


async def dask_setup(worker):
    """Let its end come at a moment that its number draws; later workers live."""
    number = _number(Path(os.environ["CHAOS_FOLDER"]))
    if number < len(MODES):
        random.seed(number)
        await worker.plugin_add(_NotedDeath(delay="500 ms", mode=MODES[number]))


def _number(folder: Path) -> int:
    number = 0
    while True:
        try:
            (folder / str(number)).touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return number
