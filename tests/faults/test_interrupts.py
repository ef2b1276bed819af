"""Ctrl-C and SIGTERM in the middle of partitions: nothing is lost, nothing is left running."""

import json
import os
import signal
from pathlib import Path

import pytest
from running import ROOT, children_of, is_alive, result_files, run_program, started, wait_until

HELD_PARTITIONS = Path(__file__).with_name("held_partitions.py")
PROGRAM = ("-m", "sweep_dask")
#: The same program with the partition held in its own process.
PATCHED = ("-c", "import held_partitions; from sweep_dask.cli import main; main()")

#: Partitions run by date and security, so two are finished when this one is reached.
HELD = {"HELD_PARTITION": "2024-10-07/101", "HELD_BY": "waiting"}


def interrupt(program, arguments, cwd, send):
    """Run until the held partition, send the signal; exit code and standard error.

    Returns when no process of the run is left.
    """
    marks = cwd / "marks"
    marks.mkdir()
    held = {
        **HELD,
        "HELD_FOLDER": str(marks),
        "DASK_DISTRIBUTED__WORKER__PRELOAD": str(HELD_PARTITIONS),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELD_PARTITIONS.parent)]),
    }
    with started([*program, "run", *arguments], cwd, **held) as process:
        wait_until((marks / "reached").exists, process)
        family = children_of(process)
        send(process.pid)
        _, errors = process.communicate(timeout=60)
        wait_until(lambda: not any(map(is_alive, family)))
        return process.returncode, errors


def press_ctrl_c(pid):
    """A terminal sends SIGINT to every process of the group."""
    os.killpg(os.getpgid(pid), signal.SIGINT)


def ask_to_end(pid):
    """A supervisor sends SIGTERM to the process it started."""
    os.kill(pid, signal.SIGTERM)


MODES = {"cluster": (PROGRAM, ["--workers", "2"]), "no cluster": (PATCHED, ["--no-parallel"])}


@pytest.mark.slow
@pytest.mark.parametrize("send", [press_ctrl_c, ask_to_end])
@pytest.mark.parametrize("mode", MODES)
def test_an_interrupted_run_resumes(plain_input, plain_result, tmp_path, mode, send):
    program, options = MODES[mode]
    arguments = [plain_input, "-o", "out", *options]
    code, errors = interrupt(program, arguments, tmp_path, send)
    assert code == 130, errors
    assert "Traceback" not in errors
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert not (tmp_path / "out/.scratch").exists()
    assert not (tmp_path / "out/processed/2024-10-07/101/receipt.json").exists()

    again = run_program("run", *arguments, "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    states = [partition["state"] for partition in json.loads(again.stdout)["partitions"]]
    assert states == ["kept", "kept", "computed", "computed"]
    assert result_files(tmp_path / "out") == result_files(plain_result.output)


@pytest.mark.slow
def test_ctrl_c_while_workers_start(plain_input, tmp_path):
    command = [*PROGRAM, "run", plain_input, "-o", "out", "--workers", "2"]
    with started(command, tmp_path) as process:
        family = wait_until(lambda: children_of(process), process)
        press_ctrl_c(process.pid)
        _, errors = process.communicate(timeout=60)
        wait_until(lambda: not any(map(is_alive, family)))
    assert process.returncode == 130, errors
    assert errors == "Interrupted.\n"
    assert not (tmp_path / "out").exists()
