"""Telling how far a run is: a bar a stage at a terminal, a line a stage elsewhere."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO

from tqdm import tqdm

from sweep_dask.dataflow.events import Listener
from sweep_dask.printable import printable


def counted(count: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


class Progress(Listener):
    """Progress of one run, written to `stream` (standard error by default).

    Parameters
    ----------
    bars
        Whether to draw bars; None: at a terminal. Without bars every stage is a line.
    """

    def __init__(self, bars: bool | None = None, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self._has_bars = self.stream.isatty() if bars is None else bars
        self._bars: dict[str, tqdm[Any]] = {}

    def on_stage_start(self, stage: str, tasks: int, unit: str) -> None:
        """Draw its bar."""
        if self._has_bars:
            self._bars[stage] = tqdm(
                total=tasks, desc=stage, unit=f" {unit}", file=self.stream, leave=False
            )

    def on_stage_growth(self, stage: str, tasks: int) -> None:
        """Make its bar longer."""
        bar = self._bars.get(stage)
        if bar is not None and bar.total is not None:
            bar.total += tasks

    def on_task_end(self, stage: str) -> None:
        """Move its bar."""
        if stage in self._bars:
            self._bars[stage].update()

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """Put a line in the place of its bar."""
        if stage in self._bars:
            self._bars.pop(stage).close()
        try:
            tqdm.write(printable(f"{stage:<36} {outcome:<56} {seconds:8.1f} s"), file=self.stream)
        except OSError:  # who read our messages has gone; the run goes on
            self.stream = io.StringIO()

    def on_end(self) -> None:
        """Remove bars that an error left open."""
        while self._bars:
            self._bars.popitem()[1].close()
