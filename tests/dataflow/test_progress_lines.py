"""Progress: bars at a terminal, a line for each finished stage anywhere."""

import io

import pytest

from sweep_dask.dataflow.progress import Progress, stage_label


class Terminal(io.StringIO):
    def isatty(self):
        return True


def go_through(progress):
    label = stage_label(8)
    progress.start(label, 2, "partitions")
    progress.advance(label)
    progress.advance(label)
    progress.finish(label, "2 partitions", seconds=1.25)
    progress.close()
    return progress.stream.getvalue()


def test_a_pipe_gets_a_line_a_stage():
    text = go_through(Progress(stream=io.StringIO()))
    assert text.split() == [
        "[8/11]",
        "simulate",
        "sweep",
        "matching",
        "2",
        "partitions",
        "1.2",
        "s",
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
    progress.start("a", 3, "blocks")
    progress.close()
    progress.close()  # a second time does nothing
