"""What happens while a command is at work, how fast it goes, told to whoever listens.

Progress at the terminal, the log and the monitor are listeners; each hears of everything and needs
to know nothing of the others.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

#: The unit of a stage of which nobody knows how long it takes.
STEP = "step"


class Done(NamedTuple):
    """What a task has done."""

    work: int = 1
    """How much of the stage's work it was, in what that is counted in."""
    rows: int = 0
    rejected: int = 0
    """Rows that could not be read."""
    is_kept: bool = False
    """Whether an earlier run had done it: that tells nothing of the pace."""


@dataclass
class Pace:
    """A stage that is going on.

    The clock runs from its start; or, where its tasks wait for those of other stages, from the end
    of the first one on, without what that did.
    """

    tasks: int
    unit: str
    work: int
    """Of all tasks: rows, bytes, or simply tasks; the more of it, the longer."""
    has_to_wait: bool = False
    """Whether its tasks wait for those of other stages."""
    clock: Callable[[], float] = time.perf_counter
    done: int = 0
    rows: int = 0
    rejected: int = 0
    work_left: int = 0
    _began: float | None = None
    _work_before: int = 0
    _done_before: int = 0
    _rows_before: int = 0

    def __post_init__(self) -> None:
        self.work_left = self.work
        if not self.has_to_wait:
            self._began = self.clock()

    def add(self, done: Done) -> None:
        """A task is done."""
        self.done += 1
        self.rows += done.rows
        self.rejected += done.rejected
        self.work_left -= done.work
        if done.is_kept:
            self.work -= done.work
            self._done_before += 1
            self._rows_before += done.rows
        elif self._began is None:
            self._began = self.clock()
            self._work_before += done.work
            self._done_before += 1
            self._rows_before += done.rows

    @property
    def _seconds(self) -> float:
        return 0.0 if self._began is None else self.clock() - self._began

    @property
    def tasks_per_second(self) -> float | None:
        """None: nobody knows yet."""
        return self._rate(self.done - self._done_before)

    @property
    def rows_per_second(self) -> float | None:
        """None: nobody knows yet, or the stage has no rows."""
        return self._rate(self.rows - self._rows_before)

    @property
    def seconds_left(self) -> float | None:
        """By the work that is left, at the pace so far; None: nobody knows yet."""
        rate = self._rate(self.work - self.work_left - self._work_before)
        return None if rate is None else max(0, self.work_left) / rate

    def _rate(self, amount: int) -> float | None:
        seconds = self._seconds
        return amount / seconds if amount > 0 and seconds > 0 else None

    def brief(self, room: int) -> str:
        """`1.2/s, 34k rows/s, 0:12 left`, or its end that takes at most `room` characters."""
        parts = []
        if (tasks := self.tasks_per_second) is not None:
            parts.append(f"{tasks:.1f}/s")
        if (rows := self.rows_per_second) is not None:
            parts.append(f"{rows / 1_000:,.0f}k rows/s")
        if (left := self.seconds_left) is not None:
            parts.append(f"{duration(left)} left")
        while parts and len(", ".join(parts)) > room:
            del parts[0]
        return ", ".join(parts)

    def __str__(self) -> str:
        """`1.2 partitions/s, 34,000 rows/s, 0:12 left`, as far as it is known."""
        parts = []
        if (tasks := self.tasks_per_second) is not None:
            parts.append(f"{tasks:.{0 if tasks >= 10 else 1}f} {self.unit}/s")
        if (rows := self.rows_per_second) is not None:
            parts.append(f"{rows:,.0f} rows/s")
        if (left := self.seconds_left) is not None:
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """`0:05`, `12:34` or `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


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
