"""Events of a command and who listens: bars at a terminal, a line for each finished stage."""

import io
from contextlib import suppress

import pytest
from rich.console import Console

from sweep_dask.dataflow.listeners import Done, Events, Listener
from sweep_dask.dataflow.progress import Progress
from sweep_dask.terms.stages import numbered


class Terminal(io.StringIO):
    def isatty(self):
        return True


def go_through(stream, bars=None):
    stage = numbered(8)
    with Events(Progress(bars, stream)) as events:
        events.start(stage, 2, "partitions")
        events.task_end(stage)
        events.task_end(stage)
        events.end(stage, "2 partitions", seconds=1.25)
    return stream.getvalue()


def test_a_pipe_gets_a_line_a_stage():
    text = go_through(io.StringIO())
    assert text.split() == [
        *("[8/11]", "simulate", "sweep", "matching"),
        *("2", "partitions", "1.2", "s"),
    ]
    assert text.endswith("\n")


def test_a_terminal_gets_bars_and_the_line_stays():
    text = go_through(Terminal())
    assert "\r" in text
    assert text.splitlines()[-1].endswith("1.2 s")
    assert "2 partitions" in text.splitlines()[-1]


def test_lines_come_in_the_order_in_which_stages_began():
    stream = io.StringIO()
    progress = Progress(stream=stream)
    with suppress(KeyboardInterrupt), Events(progress) as events:
        for stage in ("a", "b", "c", "d"):
            events.start(stage, 1, "blocks")
        events.end("b", "")
        assert stream.getvalue() == ""
        events.end("a", "")
        assert [line[0] for line in stream.getvalue().splitlines()] == ["a", "b"]
        events.end("d", "")
        raise KeyboardInterrupt
    # What is known at an early end is told.
    assert [line[0] for line in stream.getvalue().splitlines()] == ["a", "b", "d"]


def test_of_a_step_nobody_says_how_much_of_it_is_done():
    stream = io.StringIO()
    progress = Progress(bars=True, stream=stream)
    with Events(progress) as events, events.step("wait for the book", "it is there"):
        pass
    text = stream.getvalue()
    assert "wait for the book" in text
    assert "0:00:00" in text
    assert " of " not in text
    assert "%" not in text


def test_lines_fit_eighty_columns():
    stream = io.StringIO()
    progress = Progress(stream=stream)
    with Events(progress) as events:
        for read in ("5,433", "8,254,330", "18,254,330"):
            events.end(numbered(5), f"{read} of {read} rows kept", seconds=12.3)
        for stage in (*map(numbered, range(6, 12)), "[centre-point] score against tape"):
            events.end(stage, "in all tasks", seconds=2_345.6)
    assert {len(line) for line in stream.getvalue().splitlines()} == {80}


@pytest.mark.parametrize(("width", "shown"), [(80, 1), (92, 2), (120, 3)])
def test_what_goes_on_takes_a_line_a_stage(width, shown):
    """Ten thousand blocks and seven digits: what has no room is left out, the time left last."""
    progress, clock = Progress(bars=True, stream=io.StringIO()), iter(range(0, 10**7, 1_800))
    bars = progress._bars
    bars.console.width = width
    with Events(progress) as events:
        for number in (1, 5):
            events.start(numbered(number), 12_000, "blocks")
            pace = bars.tasks[-1].fields["pace"]
            pace.clock, pace._began = clock.__next__, 0
            events.task_end(numbered(number), Done(1, 2_345_678_000))
        console = Console(file=io.StringIO(), width=width)
        console.print(bars.get_renderable())
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 2
    assert all("blocks" in line and line.rstrip().endswith(" left") for line in lines)
    assert [len(line.split("0:00:00")[1].split(", ")) for line in lines] == [shown, shown]


class Gone(io.StringIO):
    """Its reader has gone."""

    def write(self, *text):
        raise BrokenPipeError

    flush = write


@pytest.mark.parametrize("bars", [True, False])
def test_a_reader_that_goes_away_ends_nothing(bars):
    with Events(Progress(bars, Gone())) as events, events.step("a"):
        events.end("b", "")


@pytest.mark.parametrize(("bars", "stream"), [(False, Terminal()), (True, io.StringIO())])
def test_settings_overrule_the_terminal(bars, stream):
    assert ("\r" in go_through(stream, bars)) == bars


def test_an_error_closes_open_bars():
    stream = io.StringIO()
    progress = Progress(bars=True, stream=stream)
    with suppress(KeyboardInterrupt), Events(progress) as events:
        events.start("a", 3, "blocks")
        events.grow("a", 2)
        assert [task.total for task in progress._bars.tasks] == [5]
        raise KeyboardInterrupt
    assert progress._drawn == {}


class Heard(Listener):
    """Writes down what it hears, and fails if told to when the work begins."""

    def __init__(self, heard, name, *, fails=False):
        self.heard, self.name, self.fails = heard, name, fails

    def on_start(self):
        if self.fails:
            raise OSError(self.name)
        self.heard.append(f"{self.name} begins")

    def on_stage_growth(self, stage, tasks):
        self.heard.append(f"{self.name}: {stage} {tasks:+}")

    def on_end(self):
        self.heard.append(f"{self.name} ends")


def test_everyone_hears_of_everything_and_the_last_to_begin_ends_first():
    heard = []
    with Events(Heard(heard, "log"), Heard(heard, "bars")) as events:
        events.grow("a", -1)
    said = ["log begins", "bars begins", "log: a -1", "bars: a -1", "bars ends", "log ends"]
    assert heard == said


def test_who_has_begun_is_ended_where_another_cannot_begin():
    heard = []
    with (
        pytest.raises(OSError, match="monitor"),
        Events(Heard(heard, "log"), Heard(heard, "monitor", fails=True), Heard(heard, "bars")),
    ):
        pytest.fail("the work does not begin")
    assert heard == ["log begins", "log ends"]
