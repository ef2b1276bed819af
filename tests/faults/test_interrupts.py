"""Ctrl-C, SIGTERM and a closed terminal: nothing is lost, nothing is left running or said raw."""

import json
import os
import shlex
import signal
from contextlib import suppress

import pytest
from faults.held_runs import PATCHED, PROGRAM, held
from running import children_of, is_alive, result_files, run_here, run_program, started, wait_until

#: As `nohup` starts a program.
NOHUP = ("-c", f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {PATCHED[1]}")


def ended(process, family):
    """Exit code, standard output and error, when no process of the run is left."""
    output, errors = process.communicate(timeout=60)
    wait_until(lambda: not any(map(is_alive, family)))
    assert "Traceback" not in (errors or "")
    return process.returncode, output, errors


def press_ctrl_c(pid):
    """A terminal sends SIGINT to every process of the group."""
    os.killpg(os.getpgid(pid), signal.SIGINT)


def ask_to_end(pid):
    """A supervisor sends SIGTERM to the process it started."""
    os.kill(pid, signal.SIGTERM)


def hang_up(pid):
    """What a closed terminal sends to every process of the group."""
    os.killpg(os.getpgid(pid), signal.SIGHUP)


def is_in_order(folder):
    """Whether an interrupted run has left a folder that says so, and nothing half done."""
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert not list(folder.glob(".scratch*"))
    assert not (folder / "processed/2024-10-07/101/receipt.json").exists()
    return True


def goes_on(plain_input, plain_result, cwd):
    """The same run finishes, here; the states of its partitions."""
    again = run_here(plain_input, cwd / "out", enable_parallel=False)
    assert again.exit_code == 0
    assert result_files(again.output) == result_files(plain_result.output)
    return [partition["state"] for partition in again.manifest["partitions"]]


def to_go_on(output):
    """The arguments of the command that the end of an interrupted run tells."""
    *_, told, command = output.splitlines()
    assert told.startswith("To go on")
    _, run, arguments = command.partition(" run ")
    return shlex.split(run + arguments)


WAYS = {
    # One worker takes one date after the other.
    "ctrl-c": (PROGRAM, ["--workers", "1"], press_ctrl_c),
    "sigterm": (PROGRAM, ["--workers", "1"], ask_to_end),
    "ctrl-c, no cluster": (PATCHED, ["--no-parallel"], press_ctrl_c),
    "sighup, no cluster": (PATCHED, ["--no-parallel"], hang_up),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_an_interrupted_run_resumes(plain_input, plain_result, tmp_path, way):
    program, options, send = WAYS[way]
    arguments = [plain_input, "-o", "out", *options]
    with held(program, arguments, tmp_path) as process:
        family = children_of(process)
        send(process.pid)
        code, output, errors = ended(process, family)
    assert code == 130, errors
    assert is_in_order(tmp_path / "out")
    done = run_program(*to_go_on(output), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    states = [partition["state"] for partition in json.loads(done.stdout)["partitions"]]
    assert states == ["kept", "kept", "computed", "computed"]
    assert result_files(tmp_path / "out") == result_files(plain_result.output)


@pytest.mark.slow
def test_a_closed_terminal(plain_input, plain_result, tmp_path):
    """Not the signal alone: whatever is written fails from then on."""
    arguments = [plain_input, "-o", "out", "--workers", "1", "--no-progress"]
    ours, its = os.openpty()
    try:
        with held(PROGRAM, arguments, tmp_path, its) as process:
            os.close(its)
            family = children_of(process)
            os.close(ours)
            ours = None
            code, *_ = ended(process, family)
    finally:
        if ours is not None:
            os.close(ours)
    assert code == 130
    assert is_in_order(tmp_path / "out")
    assert goes_on(plain_input, plain_result, tmp_path) == ["kept", "kept", "computed", "computed"]


@pytest.mark.slow
@pytest.mark.parametrize("send", [press_ctrl_c, ask_to_end])
def test_three_signals_end_at_once(plain_input, plain_result, tmp_path, send):
    arguments = [plain_input, "-o", "out", "--workers", "1"]
    with held(PROGRAM, arguments, tmp_path) as process:
        family = children_of(process)
        for _ in range(3):
            with suppress(ProcessLookupError):  # it may have ended
                send(process.pid)
        code, _, errors = ended(process, family)
    assert code == 130, errors
    # Of signals that wait at the same time the system makes one, after which the run ends in order.
    assert "Interrupted." in errors or "Warning: interrupted; " in errors
    assert "leaked" not in errors
    # What was not cleared is cleared by the next one.
    goes_on(plain_input, plain_result, tmp_path)
    assert not list((tmp_path / "out").glob(".scratch*"))


@pytest.mark.slow
def test_a_run_that_is_not_to_hear_of_its_terminal(plain_input, plain_result, tmp_path):
    with held(NOHUP, [plain_input, "-o", "out", "--workers", "1"], tmp_path) as process:
        hang_up(process.pid)
        (tmp_path / "marks/go").touch()
        code, _, errors = ended(process, children_of(process))
    assert code == 0, errors
    assert result_files(tmp_path / "out") == result_files(plain_result.output)


@pytest.mark.slow
@pytest.mark.parametrize("send", [press_ctrl_c, ask_to_end, hang_up])
def test_signals_while_workers_start(plain_input, tmp_path, send):
    command = [*PROGRAM, "run", plain_input, "-o", "out", "--workers", "2"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with started(command, tmp_path, TMPDIR=str(temporary)) as process:
        # The first is multiprocessing's own.
        family = wait_until(lambda: children_of(process)[1:], process)
        send(process.pid)
        code, _, errors = ended(process, family)
    assert code == 130, errors
    *before, last = errors.splitlines()
    assert last.startswith(f"Interrupted. To go on: python -m sweep_dask run {plain_input} -o out")
    assert not any(line.startswith(("Error", "Warning", "Traceback")) for line in before)
    assert not (tmp_path / "out").exists()
    assert list(temporary.iterdir()) == []


COMPILED = """
import ctypes, signal
from threading import Event
from typing import NamedTuple
import numba, numpy as np
from sweep_dask.cli import ending

class Book(NamedTuple):
    orders: np.ndarray

send = ctypes.CDLL(None)["raise"]
send.argtypes = [ctypes.c_int]

@numba.njit
def grown(book, number):
    if number:
        send(number)
    return book

book = grown(Book(np.zeros(3)), 0)
ending._answer_signals(ending._interrupt)
try:
    grown(book, int(signal.SIGTERM))  # which nobody who starts this has it ignore
    Event().wait()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_signal_within_compiled_code(tmp_path):
    """It comes when Numba makes a tuple of the result, which does not stand an error."""
    done = run_program(cwd=tmp_path, program=("-c", COMPILED))
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")
