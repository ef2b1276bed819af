"""The command line as a process that something happens to, at a moment of a named phase."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from trials import HANGS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[1]

#: The phases of a run in their order, each with what the program prints at its end.
PHASES = {
    "starting": "Dashboard:",
    "ingest": "extract orders",
    "partitions": "] partitions",
    "tables": "combine tables",
    "roll-ups": "roll up sweeps",
    "report": None,
}
WORKING = ("ingest", "partitions", "tables", "roll-ups")

#: Far above what a run takes; only a hang lasts longer.
PATIENCE_SECONDS = 600
#: What is left of a cluster ends by itself when its scheduler is gone, if it ends by itself.
GRACE_SECONDS = 30


class Process:
    """A run of the program: what it prints with the time of each line, and its family."""

    def __init__(self, arguments: Sequence[str], cwd: Path) -> None:
        self.began = time.monotonic()
        self.lines: list[tuple[float, str]] = []
        self.family: set[psutil.Process] = set()
        self._printed = threading.Condition()
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "sweep_dask", *arguments],
            cwd=cwd,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.driver = psutil.Process(self._popen.pid)
        self.family.add(self.driver)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            with self._printed:
                text = line.decode(errors="replace")
                self.lines.append((time.monotonic() - self.began, text))
                self._printed.notify_all()
        with self._printed:
            self._printed.notify_all()

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(line for _, line in self.lines)

    def has_ended(self) -> bool:
        """Whether the driver has."""
        return self._popen.poll() is not None

    def wait(self) -> int:
        """The exit code; negative after a signal. A run that hangs is killed: `HANGS`."""
        try:
            return self._popen.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return HANGS
        finally:
            self._popen.kill()
            self._reader.join(GRACE_SECONDS)

    def wait_seconds(self, seconds: float) -> None:
        """Let it go on for a time, or to its end."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)

    def wait_for(self, phase: str) -> None:
        """Let it go on to the begin of a phase, or to its end."""
        position = list(self.phases).index(phase)
        if position == 0:
            return
        marker = list(self.phases.values())[position - 1]
        with self._printed:
            self._printed.wait_for(
                lambda: self.has_ended() or any(marker in line for _, line in self.lines),
                PATIENCE_SECONDS,
            )

    def phase(self) -> str:
        """The one it is in by what it has printed."""
        printed = self.text
        passed = sum(marker in printed for marker in self.phases.values() if marker)
        return list(self.phases)[passed]

    def workers(self) -> list[psutil.Process]:
        """Its worker processes that live, and whatever else it started is remembered."""
        with suppress(psutil.Error):
            children = self.driver.children(recursive=True)
            self.family.update(children)
            return [child for child in children if _is_worker(child)]
        return []

    def signal_driver(self, number: signal.Signals) -> bool:
        """Send a signal to the driver alone; whether it still ran."""
        self.workers()
        return _send(self.driver, number)

    def interrupt(self, draw: random.Random) -> bool:  # noqa: ARG002
        """Send SIGINT to all of its processes, as a terminal does; whether the driver still ran."""
        self.workers()
        is_running = not self.has_ended()
        if is_running:  # and not waited for: its number is still its own
            os.killpg(self.driver.pid, signal.SIGINT)
        return is_running

    def kill_worker(self, draw: random.Random) -> bool:
        """End one worker at once, waiting for one to be there; whether there was one."""
        deadline = time.monotonic() + GRACE_SECONDS
        while not (found := self.workers()):
            if self.has_ended() or time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return _send(draw.choice(found), signal.SIGKILL)

    def remaining(self) -> int:
        """How many of the family outlive the driver for too long; they are ended."""
        _, alive = psutil.wait_procs(self.family, timeout=GRACE_SECONDS)
        self.end()
        return len(alive)

    def end(self) -> None:
        """End all of the family that still runs, by id."""
        self.workers()
        for process in self.family:
            _send(process, signal.SIGKILL)


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWEEP_", "DASK_"))}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any("spawn_main" in word for word in process.cmdline())
    return False


def _send(process: psutil.Process, number: signal.Signals) -> bool:
    with suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE:
            process.send_signal(number)
            return True
    return False


def phase_seconds(process: Process) -> dict[str, float]:
    """How long each phase of a run lasted that nothing happened to."""
    seconds, before = {}, 0.0
    for phase, marker in process.phases.items():
        ends = [at for at, line in process.lines if marker is None or marker in line]
        seconds[phase] = max((ends[0] if marker else ends[-1]) - before, 0.0)
        before += seconds[phase]
    return seconds


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Callable[[], None]]:
    """A disk of its own at `folder`; calling what is given fills it, which ends with the context.

    Raises
    ------
    PermissionError
        Nobody but root mounts disks.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        raise PermissionError("no disk could be mounted")
    try:
        yield lambda: _fill(folder / "filler")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(path: Path) -> None:
    """Write until the disk has no byte left."""
    with suppress(OSError), path.open("wb", buffering=0) as stream:
        for piece in (1 << 16, 1 << 10, 1):
            with suppress(OSError):
                while stream.write(bytes(piece)):
                    pass
