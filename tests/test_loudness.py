"""How much a command says, in which colour, and to whom it shows the report."""

import json
import os
import pty
import re
import sys
from contextlib import suppress

import pytest
from running import invoke, program_environment, run_program

from sweep_dask.cli import main, terminal


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def at_terminal(*arguments, **variables):
    """What the program writes to a terminal of 80 columns: in a copy of this process."""
    child, ours = pty.fork()
    if child == 0:
        environment = program_environment(**{"TERM": "xterm", **variables})
        os.environ.clear()
        os.environ.update(environment)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode) for number, mode in enumerate("rww")
        )
        try:
            main([str(argument) for argument in arguments], "sweep_dask")
        finally:
            os._exit(0)
    written = b""
    with suppress(OSError):  # the terminal is closed when the process has ended
        while part := os.read(ours, 1 << 16):
            written += part
    os.close(ours)
    os.waitpid(child, 0)
    return written.decode()


# --- loudness -----------------------------------------------------------------------------------


def test_a_quiet_run_says_nothing(plain_input, tmp_path):
    done = invoke("run", plain_input, "-o", "out", "--no-parallel", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / "out/report.html").exists()


def test_a_quiet_command_still_tells_errors():
    done = invoke("plan", "nowhere", "-q", SWEEP_WORKERS="several")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith("Error: The input folder does not exist.")


def test_a_quiet_command_prints_its_document(plain_input):
    done = invoke("plan", plain_input, "--json", "-q")
    assert json.loads(done.stdout)["expected_partitions"] == 4
    assert done.stderr == ""


def test_a_verbose_run_shows_what_the_log_tells(plain_input, monkeypatch):
    def fail(*arguments):
        raise ArithmeticError("no such luck")

    monkeypatch.setattr("sweep_dask.partition.run.simulate_partition", fail)
    run = ("run", plain_input, "-o", "out", "--no-parallel", "--model", "time-priority")
    usual, loud, quiet = invoke(*run), invoke(*run, "--verbose"), invoke(*run, "--quiet")
    assert {done.exit_code for done in (usual, loud, quiet)} == {1}
    assert "\nInfo: Traceback" in loud.stderr
    assert "Traceback" not in usual.output + loud.stdout + quiet.output
    # A line for each stage, not two.
    assert usual.stderr.count("extract orders") == loud.stderr.count("extract orders") == 1
    failed = [line for line in quiet.stderr.splitlines() if not line.startswith(" ")]
    assert len(failed) == 4
    assert all(line.startswith("Error: partition ") for line in failed)


#: The program on a machine that does not say how much memory it has.
WITHOUT_MEMORY = """
from sweep_dask import system_config
def fail():
    raise system_config.DetectionError("no answer")
system_config._memory_of_machine = fail
from sweep_dask.cli import main
main()
"""
ODD = "psutil available: no answer; using defaults"


@pytest.mark.parametrize("command", ["plan", "run", "replay"])
def test_what_is_odd_about_the_machine_is_said_once(plain_input, tmp_path, command):
    arguments = (command, plain_input, "--no-parallel", "--no-progress")
    done = run_program(*arguments, cwd=tmp_path, program=("-c", WITHOUT_MEMORY))
    assert done.returncode == 0
    assert done.stderr.splitlines().count(f"Warning: {ODD}") == done.stderr.count(ODD) == 1


def test_warnings_are_told_as_is_asked_for(plain_input, tmp_path):
    program = ("-c", WITHOUT_MEMORY)
    quiet = run_program("plan", plain_input, "-q", cwd=tmp_path, program=program)
    assert quiet.stderr == ""
    arguments = ("plan", plain_input, "--log-format", "json")
    done = run_program(*arguments, cwd=tmp_path, program=program)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["message"] for line in lines if line["level"] == "warning"] == [ODD]
    told = run_program("doctor", plain_input, cwd=tmp_path, program=program)
    assert (ODD in told.stdout, told.stderr) == (True, "")


# --- interrupted --------------------------------------------------------------------------------


def test_an_interrupted_run_names_the_command_that_goes_on(plain_input, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("sweep_dask.study.run.simulate", interrupt)
    done = invoke("run", plain_input, "-o", "two words", "--no-parallel", "--fresh")
    assert done.exit_code == 130
    assert done.stdout.splitlines()[-1] == f"  sweep run {plain_input} -o 'two words' --no-parallel"


# --- colour -------------------------------------------------------------------------------------

COLOURED = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_a_terminal_has_colour_unless_it_is_not_wanted(variables, is_coloured):
    for command in ("doctor", "plan"):
        written = at_terminal(command, "nowhere", **variables)
        assert bool(COLOURED.search(written)) is is_coloured, written


def test_a_pipe_has_none_even_if_it_is_wanted(tmp_path):
    done = run_program("doctor", "nowhere", cwd=tmp_path, FORCE_COLOR="1")
    assert done.returncode == 4
    assert not COLOURED.search(done.stdout + done.stderr)


# --- the report in a browser ----------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    """The addresses that a browser was given."""
    addresses = []
    monkeypatch.setattr(terminal.webbrowser, "open", lambda it: addresses.append(it) or True)
    return addresses


def test_open_shows_the_report(plain_input, opened, tmp_path):
    done = invoke("run", plain_input, "-o", "out", "--no-parallel", "--open", DISPLAY=":0")
    assert done.exit_code == 0
    assert opened == [(tmp_path / "out/report.html").as_uri()]


def test_without_a_display_it_says_where_the_report_is(opened, monkeypatch, capsys, tmp_path):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(terminal.sys, "platform", "linux")
    terminal.open_report(tmp_path / "report.html")
    assert opened == []
    assert str(tmp_path / "report.html") in capsys.readouterr().err
