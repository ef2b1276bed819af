"""How far a stage is, how fast it goes, and how long it still takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


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
