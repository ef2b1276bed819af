"""Running the program in tests: in this process, or as a process of its own that surely ends."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import termios
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from click.testing import CliRunner

from sweep_dask.cli import main
from sweep_dask.settings import load_settings
from sweep_dask.study.replay import replay
from sweep_dask.study.run import run
from sweep_dask.text_blocks import as_text

ROOT = Path(__file__).parents[1]

#: Result folders whose bytes may not depend on workers, blocks or chance.
RESULT_FOLDERS = ("processed", "outputs", "tables", "rejects")
SCORE = "fidelity.json"

#: Far above what anything here takes; only a hang lasts longer.
PATIENCE_SECONDS = 120


def run_here(folder, output, **settings):
    """`run` in this process, deaf to the environment and to any config.yaml."""
    given = {"output": str(output), "progress": False, **settings}
    return run(load_settings(given, {}, output.parent), str(folder))


def replay_here(folder, output, *, ablations=True, **settings):
    """`replay` in this process, likewise."""
    given = {"output": str(output), "progress": False, **settings}
    return replay(load_settings(given, {}, output.parent), str(folder), ablations=ablations)


def invoke(*arguments, **environment):
    """The command line in this process; standard output and standard error apart."""
    return CliRunner(env=environment).invoke(main, [str(argument) for argument in arguments])


def as_printed(blocks):
    """Blocks as the terminal shows them, on very long lines."""
    return as_text(blocks, 1_000)


def program_environment(**variables):
    """This environment without settings of ours or Dask's, and with this checkout."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWEEP_", "DASK_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | variables


def run_program(*arguments, cwd, program=("-m", "sweep_dask"), **variables):
    """Run the command line to its end; returns the completed process with its texts."""
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        cwd=cwd,
        env=program_environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def started(command, cwd, terminal=None, **variables):
    """A process in a session of its own; all that are left of it are ended by id in any case.

    Its output is in pipes; or at a terminal, given by the number of its file.
    """
    streams = ("stdout", "stderr") if terminal is None else ("stdin", "stdout", "stderr")
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=program_environment(**variables),
        **dict.fromkeys(streams, subprocess.PIPE if terminal is None else terminal),
        text=True,
        start_new_session=True,
        preexec_fn=lambda: _begin(at_terminal=terminal is not None),  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        while left := [member for member in psutil.process_iter() if _is_left(member, process.pid)]:
            for member in left:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
        process.communicate()


def _begin(*, at_terminal):
    """As from a shell in front: who is in the background or under `nohup` is deaf to these."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if at_terminal:  # that of the new session: closing it is what SIGHUP is for
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _is_left(member, session):
    """Whether it is alive and of the session, also if who started it is gone."""
    try:
        return os.getsid(member.pid) == session and is_alive(member)
    except ProcessLookupError:
        return False


def children_of(process):
    """Live processes below `process`, which may have ended."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def is_alive(process):
    """Whether a process still runs; one that waits to be asked for its exit code does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, process=None):
    """Look again and again until `condition()` is true; fail if `process` ends before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)
    return found


def result_files(output):
    """Path below `output` to digest, for every file of results."""
    found = [path for folder in RESULT_FOLDERS for path in sorted((output / folder).rglob("*"))]
    return {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (*found, output / SCORE)
        if path.is_file()
    }
