"""Events of a command and who listens: bars at a terminal, a line for each finished stage."""

import io
from contextlib import suppress

import pytest

from sweep_dask.dataflow.events import Events, Listener
from sweep_dask.dataflow.progress import Progress
from sweep_dask.terms.stages import numbered


class Terminal(io.StringIO):
    def isatty(self):
        return True


def go_through(progress):
    stage = numbered(8)
    with Events(progress) as events:
        events.start(stage, 2, "partitions")
        events.task_end(stage)
        events.task_end(stage)
        events.end(stage, "2 partitions", seconds=1.25)
    return progress.stream.getvalue()


def test_a_pipe_gets_a_line_a_stage():
    text = go_through(Progress(stream=io.StringIO()))
    assert text.split() == [
        *("[8/11]", "simulate", "sweep", "matching"),
        *("2", "partitions", "1.2", "s"),
    ]
    assert text.endswith("\n")


def test_a_terminal_gets_bars_and_the_line_stays():
    text = go_through(Progress(stream=Terminal()))
    assert "\r" in text
    assert "2 partitions" in text.splitlines()[-1]


@pytest.mark.parametrize(("bars", "stream"), [(False, Terminal()), (True, io.StringIO())])
def test_settings_overrule_the_terminal(bars, stream):
    assert ("\r" in go_through(Progress(bars=bars, stream=stream))) == bars


def test_an_error_closes_open_bars():
    progress = Progress(bars=True, stream=io.StringIO())
    with suppress(KeyboardInterrupt), Events(progress) as events:
        events.start("a", 3, "blocks")
        drawn = progress.stream.getvalue()
        raise KeyboardInterrupt
    assert "a: " in drawn.split("\r")[-1]
    # Blanks over the bar, and the next text begins where it did.
    closed = progress.stream.getvalue().removeprefix(drawn)
    assert closed.strip() == ""
    assert closed.endswith("\r")


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
