"""Telling how far a run is: a bar a stage at a terminal, a line a stage elsewhere."""

from __future__ import annotations

import io
import logging
import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from tqdm import tqdm

from sweep_dask.printable import printable
from sweep_dask.terms.stages import STAGES

logger = logging.getLogger(__name__)


def counted(count: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def stage_label(stage: int) -> str:
    """`[8/11] simulate sweep matching`."""
    return f"[{stage}/{len(STAGES)}] {STAGES[stage - 1]}"


@dataclass
class _Step:
    began: float
    bar: tqdm[Any] | None


@dataclass
class Progress:
    """Progress of one run, written to `stream` (standard error by default)."""

    bars: bool | None = None
    """Whether to draw bars; None: at a terminal. Without bars every step is a line."""
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _steps: dict[str, _Step] = field(default_factory=dict)

    def start(self, label: str, total: int, unit: str) -> None:
        """Begin a step of `total` units of work."""
        bar = None
        if self.bars if self.bars is not None else self.stream.isatty():
            bar = tqdm(total=total, desc=label, unit=f" {unit}", file=self.stream, leave=False)
        self._steps[label] = _Step(time.perf_counter(), bar)

    def expect(self, label: str, more: int) -> None:
        """So many units more than were told."""
        bar = self._steps[label].bar
        if bar is not None and bar.total is not None:
            bar.total += more

    def advance(self, label: str, units: int = 1) -> None:
        """Report units done."""
        bar = self._steps[label].bar
        if bar is not None:
            bar.update(units)

    def finish(self, label: str, outcome: str = "", seconds: float | None = None) -> None:
        """End a step and print its line; `seconds` overrides the measured time."""
        step = self._steps.pop(label)
        if step.bar is not None:
            step.bar.close()
        self.line(label, outcome, time.perf_counter() - step.began if seconds is None else seconds)

    def line(self, label: str, outcome: str, seconds: float) -> None:
        """A line for something that has no step of its own."""
        try:
            tqdm.write(printable(f"{label:<36} {outcome:<56} {seconds:8.1f} s"), file=self.stream)
        except OSError:  # who read our messages has gone; the run goes on
            self.stream = io.StringIO()
        logger.info("%s: %s, %.3f s", label, outcome, seconds)

    def close(self) -> None:
        """Remove bars that an error left open."""
        for step in self._steps.values():
            if step.bar is not None:
                step.bar.close()
        self._steps.clear()
