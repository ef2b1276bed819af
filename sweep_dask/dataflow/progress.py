"""Telling how far a run is: what goes on moves at a terminal, a line a stage stays anywhere."""

from __future__ import annotations

import html
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from sweep_dask.dataflow.listeners import STEP, Listener
from sweep_dask.printable import JSON, JsonLines, printable, stage_record
from sweep_dask.text_blocks import has_colour

if TYPE_CHECKING:
    from rich.progress import Task, TaskID

    from sweep_dask.dataflow.listeners import Pace

#: Of the line of a finished stage, in columns.
_WIDTH = 80

#: Where a bar has room beside the numbers, in columns.
_WIDTH_FOR_BARS, _BAR_WIDTH = 100, 15

#: What turns, the time as 0:00:00, and the spaces between: what else a line of what goes on has.
_BESIDE = len("/ ") + len(" ") + len(" 0:00:00 ")

#: Drawn so often that what moves is seen to move; arbitrary.
_DRAWN_PER_SECOND = 4


def shown(bars: bool | None, log_format: str) -> Listener:
    """What shows stages at standard error, in one of the `LOG_FORMATS`."""
    return StageObjects(_Forgiving(sys.stderr)) if log_format == JSON else Progress(bars)


class StageObjects(Listener):
    """A JSON object at the end of each stage, for programs."""

    def __init__(self, stream: _Forgiving) -> None:
        self._stream = stream

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """Write it."""
        record = stage_record(stage, outcome, seconds)
        self._stream.write(JsonLines().format(record) + "\n")


def counted(count: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


class Progress(Listener):
    """Progress of one run, written to `stream` (standard error by default).

    Lines of finished stages come in the order in which the stages began.

    `bars`: whether to draw what goes on; None: at a terminal. Without, every stage is a line.
    """

    def __init__(self, bars: bool | None = None, stream: TextIO | None = None) -> None:
        stream = sys.stderr if stream is None else stream
        is_drawn = stream.isatty() and os.environ.get("TERM") != "dumb" if bars is None else bars
        self._console = _Console(
            file=cast("TextIO", _Forgiving(stream)),
            color_system="standard" if has_colour(stream) else None,
            force_terminal=is_drawn,
            legacy_windows=False,
        )
        self._bars = _bars(self._console, is_of_errors=stream is sys.stderr) if is_drawn else None
        self._lines: dict[str, str | None] = {}
        """By stage, in the order in which they began; None: it goes on."""
        self._drawn: dict[str, TaskID] = {}

    def on_stage_start(self, stage: str, pace: Pace) -> None:
        """Draw it."""
        self._lines[stage] = None
        if self._bars is not None:
            total = None if pace.unit == STEP else pace.tasks
            self._drawn[stage] = self._bars.add_task(printable(stage), total=total, pace=pace)
            self._bars.start()

    def on_stage_growth(self, stage: str, tasks: int) -> None:
        """Make its bar longer."""
        if self._bars is not None and stage in self._drawn:
            drawn = self._drawn[stage]
            total = self._bars.tasks[self._bars.task_ids.index(drawn)].total
            self._bars.update(drawn, total=(total or 0) + tasks)

    def on_task_end(self, stage: str) -> None:
        """Move its bar."""
        if self._bars is not None and stage in self._drawn:
            self._bars.advance(self._drawn[stage])

    def on_stage_end(self, stage: str, outcome: str, seconds: float) -> None:
        """Put a line in its place, after those of stages that began before."""
        self._erase(stage)
        text = f"{stage:<35}  {outcome} "
        self._lines[stage] = printable(text + f"{seconds:.1f} s".rjust(_WIDTH - len(text)))
        self._print(is_last=False)

    def on_end(self) -> None:
        """Remove what an error left open."""
        for stage in list(self._drawn):
            self._erase(stage)
        self._print(is_last=True)
        self._lines.clear()

    def _erase(self, stage: str) -> None:
        if self._bars is not None and stage in self._drawn:
            self._bars.remove_task(self._drawn.pop(stage))
            if not self._drawn:
                self._bars.stop()

    def _print(self, *, is_last: bool) -> None:
        for stage, line in list(self._lines.items()):
            if line is not None:
                self._console.print(Text(line), crop=False, overflow="ignore", no_wrap=True)
                del self._lines[stage]
            elif not is_last:
                return


def _bars(console: Console, *, is_of_errors: bool) -> Bars:
    """A line a stage: something that turns, its name, how much of it is done, and the time."""
    pace = _Pace()
    pace.bars = Bars(
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        _Done(),
        *([_Bar(bar_width=_BAR_WIDTH)] if console.width >= _WIDTH_FOR_BARS else []),
        TimeElapsedColumn(),
        pace,
        console=console,
        transient=True,
        refresh_per_second=_DRAWN_PER_SECOND,
        # What is written meanwhile goes above; standard output, to the same terminal alone.
        redirect_stdout=is_of_errors and sys.stdout.isatty(),
        redirect_stderr=is_of_errors,
    )
    return pace.bars


def _done(task: Task) -> str:
    """`2 of 6 partitions`; nothing where there is nothing to count."""
    if task.total is None:
        return ""
    return f"{task.completed:,.0f} of {task.total:,.0f} {task.fields['pace'].unit}"


class _Done(ProgressColumn):
    """How much of a stage is done."""

    def render(self, task: Task) -> Text:
        return Text(_done(task))


class _Bar(BarColumn):
    """Once there is something to show in it: an empty bar would stand still."""

    def render(self, task: Task) -> Any:
        return super().render(task) if task.total is not None and task.completed else Text()


class _Pace(ProgressColumn):
    """How fast it goes and what is left, once that is known, as far as a line has room.

    Ours: rich counts tasks, however large they are.
    """

    bars: Bars

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text()
        stages = self.bars.tasks  # one below the other, so that the longest takes the room
        names = max(len(stage.description) for stage in stages)
        numbers = max(len(_done(stage)) for stage in stages)
        bar = _BAR_WIDTH + 1 if self.bars.console.width >= _WIDTH_FOR_BARS else 0
        taken = _BESIDE + names + numbers + bar
        return Text(task.fields["pace"].brief(self.bars.console.width - taken))


class _Console(Console):
    """One that leaves the cursor alone: a run that is killed could not bring it back."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002  rich's name
        """Do nothing."""
        return False


class _Forgiving:
    """A stream whose reader may go away; the run goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


@dataclass(frozen=True, repr=False)
class _NotebookLine:
    text: str
    link: str | None

    def __repr__(self) -> str:
        return f"{self.text}{self.link or ''}"

    def _repr_html_(self) -> str:
        text = html.escape(self.text)
        if self.link is None:
            return text
        link = html.escape(self.link)
        return f'{text}<a href="{link}" target="_blank" rel="noopener">{link}</a>'


def show(text: str, link: str | None = None) -> None:
    """Show a line, and a link at its end, where IPython is active; nothing elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display(_NotebookLine(text, link))
