"""What happens while a command is at work, told to whoever listens.

Progress at the terminal, the log and the monitor are listeners; each hears of everything and needs
to know nothing of the others.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

from sweep_dask.dataflow.pace import Done, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


#: The unit of a stage of which nobody knows how long it takes.
STEP = "step"

_ONE = Done()


class Listener:
    """Hears of events in the thread in which they happen; a subclass answers those it cares for."""

    def on_start(self) -> None:
        """The command begins its work."""

    def on_stage_start(self, stage: str, pace: Pace) -> None:
        """A stage begins, of which `pace` tells from now on; several may go on at a time."""

    def on_stage_growth(self, stage: str, tasks: int) -> None:
        """It has so many tasks more than were told, or fewer if negative."""

    def on_task_end(self, stage: str) -> None:
        """One of its tasks is done, as its pace already knows."""

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """A stage is done; also one of which nobody saw the start."""

    def on_end(self) -> None:
        """The work has ended, however; stages may be open."""


class Events:
    """Hands every event on to listeners; as a context, from the start of the work to its end."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners
        self._began: dict[str, float] = {}
        self._paces: dict[str, Pace] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for listener in self._listeners:
                listener.on_start()
                stack.callback(listener.on_end)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @contextmanager
    def step(self, stage: str, outcome: str = "") -> Iterator[None]:
        """A stage of which nobody knows how long it takes."""
        self.start(stage)
        yield
        self.end(stage, outcome)

    def start(
        self,
        stage: str,
        tasks: int = 1,
        unit: str = STEP,
        work: int | None = None,
        *,
        has_to_wait: bool = False,
    ) -> None:
        """Begin a stage; its `work` is what the time of a task grows with, of all tasks."""
        self._began[stage] = time.perf_counter()
        pace = self._paces[stage] = Pace(tasks, unit, tasks if work is None else work, has_to_wait)
        for listener in self._listeners:
            listener.on_stage_start(stage, pace)

    def grow(self, stage: str, tasks: int) -> None:
        """So many tasks more than were told, for the same work."""
        if stage in self._paces:
            self._paces[stage].tasks += tasks
        for listener in self._listeners:
            listener.on_stage_growth(stage, tasks)

    def task_end(self, stage: str, done: Done = _ONE) -> None:
        """A task is done."""
        self._paces[stage].add(done)
        for listener in self._listeners:
            listener.on_task_end(stage)

    def end(self, stage: str, outcome: str, seconds: float | None = None) -> None:
        """End a stage; `seconds` override the measured time."""
        now = time.perf_counter()
        measured = now - self._began.pop(stage, now)
        for listener in self._listeners:
            listener.on_stage_end(stage, outcome, measured if seconds is None else seconds)
