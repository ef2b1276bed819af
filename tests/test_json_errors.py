"""Errors of a command with `--json`: one document on standard output, and words beside it."""

import json
import signal
import threading

import pytest
from running import invoke, run_program

from sweep_dask import errors
from sweep_dask.cli.terminal import say_json
from sweep_dask.dataflow.interrupts import ENDING


def document_of(done, code):
    """The one document on standard output."""
    assert done.exit_code == code, done.output
    document = json.loads(done.stdout)
    assert document["exit_code"] == code
    assert set(document) == {"error", "exit_code"}
    assert set(document["error"]) == {"kind", "message", "where", "value", "cure"}
    return document["error"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", ["run", "plan", "replay"])
def test_an_input_that_is_not_there(command):
    done = invoke(command, "nowhere", "--json")
    error = document_of(done, 3)
    assert error["kind"] == "input"
    assert error["message"] == "The input folder does not exist."
    assert error["where"] == "nowhere"
    assert "Error: The input folder does not exist." in done.stderr


def test_a_value_that_cannot_be_used():
    error = document_of(invoke("config", "--workers", "two", "--json"), 2)
    assert error == {
        "kind": "usage",
        "message": "--workers cannot be 'two'.",
        "where": "command line",
        "value": "two",
        "cure": "accepted: a whole number, or auto",
    }


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("run", "--colour", "--json"), "sweep run"),
        (("run", "--json", "--workers"), "sweep"),
        (("simulate", "--json"), "sweep"),
        (("--colour", "run", "--json"), "sweep"),
        (("verify", "--json"), "sweep verify"),
        (("synth", "m", "--seed", "x", "--json"), "sweep synth"),
    ],
)
def test_what_click_refuses(arguments, where):
    done = invoke(*arguments)
    error = document_of(done, 2)
    assert error["kind"] == "usage"
    assert error["where"] == where
    assert error["cure"] == f"{where} --help shows what is accepted."
    assert error["message"] in done.stderr


def test_without_json_standard_output_stays_empty():
    for arguments in (("run", "--colour"), ("run", "nowhere")):
        assert invoke(*arguments).stdout == ""


def test_a_command_of_dask_does_the_same(tmp_path):
    program = ("-m", "dask", "sweep")
    done = run_program("run", "--colour", "--json", cwd=tmp_path, program=program)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["where"].endswith("dask sweep run")


def test_a_defect(monkeypatch):
    def fail(*args, **kwargs):
        raise ZeroDivisionError("never")

    monkeypatch.setattr("sweep_dask.study.plan.make_plan", fail)
    error = document_of(invoke("plan", "--json"), 70)
    assert error["kind"] == "internal"
    assert error["message"] == "ZeroDivisionError: never"
    assert "defect" in error["cure"]


def test_an_interrupt_before_there_is_a_result(tmp_path):
    """The handler ends the process: so it is one of its own."""
    program = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run in the background
import sweep_dask.study.plan
from sweep_dask.cli import main
sweep_dask.study.plan.make_plan = lambda *a, **b: os.kill(os.getpid(), signal.SIGINT)
main()
"""
    done = run_program("plan", "--json", cwd=tmp_path, program=("-c", program))
    assert done.returncode == 130
    document = json.loads(done.stdout)
    assert (document["error"]["kind"], document["exit_code"]) == ("interrupted", 130)
    assert done.stderr.splitlines()[-1] == "Interrupted. To start again: -c plan --json"


def test_a_program_that_calls_a_command_goes_on_as_before(monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    before = (threading.excepthook, *map(signal.getsignal, ENDING))
    assert invoke("config").exit_code == 0
    assert (threading.excepthook, *map(signal.getsignal, ENDING)) == before
    monkeypatch.setattr("sweep_dask.study.plan.make_plan", interrupt)
    assert invoke("plan").exit_code == 130
    assert (threading.excepthook, *map(signal.getsignal, ENDING)) == before


def test_values_that_json_does_not_know_are_written_as_text(capsys):
    say_json(errors.UsageError("no", value={3}).as_json())
    assert json.loads(capsys.readouterr().out)["error"]["value"] == "{3}"
