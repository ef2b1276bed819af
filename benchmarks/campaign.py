"""What happens to a run that is killed, and to one whose disk is full: docs/reliability.md.

    python benchmarks/campaign.py [--kills 200] [--fills 2] [--seed 1] [--events 1500]
                                  [--securities 4] [--workers 2] [--jobs 1] [--keep FOLDER]
                                  [--minutes N] [--write docs/reliability.md]

Makes a small market and an undisturbed run of it. Then, again and again: a run of the real command
line, something done to it at a moment drawn within a phase, and the same command once more, whose
results are compared with the undisturbed ones byte by byte. Half of the kills hit the driver, in
each phase in turn, every other time of a run without a cluster; the others a worker that starts,
one that works, or a worker and the driver. The disk (a small one, mounted for this; needs root)
becomes full in each phase.

Ends with 1 if anything was lost, differed, or was told as a defect; what was printed is kept then.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from disturbed import PHASES, WITH_CLUSTER, WORKING, Process, phase_seconds, small_disk
from measure import describe_machine, scratch_folder
from trials import Trial, Undisturbed, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: A user's file in the output folder: a run has no business with it.
FOREIGN = "notes.txt"


_PAGE = """# Reliability

A line is so many runs of the command line to which something was done, at a moment drawn within a
phase, each followed by the same command once more. Its results are compared with those of a run
that nothing happened to. Processes are ended by SIGKILL; the disk that is full is a real one.

`python benchmarks/campaign.py {command}` on {today}; {machine}; a synthetic market of {rows},
{files} files of results, {workers} workers.{notes}

{table}

*Outcome* is how the run ended that met the fault: done (exit code 0), partial (1), resources (4);
one that was through when its moment came *ended before*. *Unsound* counts folders of which `verify`
complains after the same command, or in which a file of the user's was touched; *told badly*
messages with a traceback or the word defect; *left* processes that outlived their run by half a
minute.
"""


@dataclass(frozen=True)
class Fault:
    """What is done to a run in which phase; `hit` returns whether there was something to hit."""

    name: str
    phase: str
    hit: Callable[[Process, random.Random], bool]
    has_cluster: bool = True


def main() -> None:
    """Run the campaign; print, and if asked write, its table."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    kept = arguments.keep or Path(tempfile.mkdtemp(prefix="sweep-dask-campaign-"))
    with scratch_folder() as folder, ExitStack() as ending:
        campaign = Campaign(folder, arguments, ending)
        trials = []
        for number, trial in enumerate(campaign.trials(), start=1):
            print(f"{number:4}  {trial}", file=sys.stderr, flush=True)
            trials.append(trial)
            if trial.problems():
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{number:04}.txt").write_text(trial.printed, encoding="utf-8")
    page = _page(arguments, campaign, trials)
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")
    bad = [trial for trial in trials if trial.problems()]
    if bad:
        sys.exit(f"{len(bad)} of {len(trials)} went wrong; what they printed: {kept}")


def _stop(number: int, frame: object) -> None:  # noqa: ARG001
    sys.exit(128 + number)  # and what was started ends on the way out


class Campaign:
    """A market, what an undisturbed run makes of it, and runs that are disturbed."""

    def __init__(self, folder: Path, arguments: argparse.Namespace, ending: ExitStack) -> None:
        self._folder = folder
        self._ending = ending
        self._arguments = arguments
        self._deadline = time.monotonic() + 60 * arguments.minutes
        self.notes: list[str] = []
        size = ["--securities", str(arguments.securities), "--events", str(arguments.events)]
        self._do("synth", str(folder / "market"), *size, "--seed", str(arguments.seed))
        self._run(folder / "undisturbed")  # compiles what is not yet compiled
        shutil.rmtree(folder / "undisturbed")
        self._seconds = {True: phase_seconds(self._run(folder / "undisturbed"))}
        alone = self._start(folder / "alone", has_cluster=False)
        self._seconds[False] = phase_seconds(_checked(alone))
        self.undisturbed = Undisturbed(folder / "undisturbed")

    def trials(self) -> Iterator[Trial]:
        """As they end: kills at the same time, as many as there are jobs."""
        with ThreadPoolExecutor(self._arguments.jobs) as pool:
            tried = pool.map(self._kill, *zip(*enumerate(self._kills()), strict=True))
            yield from (trial for trial in tried if trial is not None)
        try:
            with small_disk(self._folder / "disk", self._disk_bytes()) as fill:
                for phase in PHASES:
                    for number in range(self._arguments.fills):
                        fault, disk = _disk_full(phase, fill), self._folder / "disk" / "out"
                        yield self._try(fault, disk, self._drawing(f"{phase} {number}"))
        except PermissionError as error:
            self.notes.append(f"The disk was not filled: {error}.")

    def _kills(self) -> Iterator[Fault]:
        """In proportion, mixed, so that a campaign that is cut short has some of each."""
        drivers = [
            Fault("driver killed", phase, _driver, has_cluster=has_cluster)
            for phase in PHASES
            for has_cluster in (True, False)
            if has_cluster or phase != WITH_CLUSTER
        ]
        workers = [Fault("worker killed", phase, _worker) for phase in WORKING]
        both = [Fault("worker, then driver killed", phase, _both) for phase in PHASES]
        starting = Fault("worker killed while it starts", "starting", _worker)
        cycle = [*drivers, *workers, *workers, starting, starting, starting]
        for number in range(self._arguments.kills):
            turn, place = divmod(number, len(cycle))
            is_both = place == len(cycle) - 1
            yield both[turn % len(both)] if is_both else cycle[place]

    def _drawing(self, trial: str) -> random.Random:
        """Numbers of one trial, whatever others draw at the same time."""
        return random.Random(f"{self._arguments.seed} {trial}")

    def _kill(self, number: int, fault: Fault) -> Trial | None:
        if time.monotonic() > self._deadline:
            return None
        return self._try(fault, self._folder / f"out-{number}", self._drawing(f"kill {number}"))

    def _try(self, fault: Fault, output: Path, draw: random.Random) -> Trial:
        output.mkdir()
        (output / FOREIGN).write_text("mine", encoding="utf-8")
        disturbed = self._start(output, has_cluster=fault.has_cluster)
        disturbed.wait_for(fault.phase)
        disturbed.wait_seconds(draw.uniform(0, self._seconds[fault.has_cluster][fault.phase]))
        was_hit = fault.hit(disturbed, draw)
        code = disturbed.wait()
        (output.parent / "filler").unlink(missing_ok=True)
        resumed = self._start(output, has_cluster=fault.has_cluster)
        resumed_code = resumed.wait()
        verified = self._do("verify", str(output), check=False)
        trial = Trial(
            fault=fault.name,
            phase=fault.phase,
            was_hit=was_hit,
            code=code,
            resumed_code=resumed_code,
            verified_code=verified.wait(),
            rows_lost=self.undisturbed.rows_lost(output),
            bytes_differing=self.undisturbed.bytes_differing(output),
            processes_left=disturbed.remaining() + resumed.remaining(),
            is_foreign_kept=(output / FOREIGN).read_text(encoding="utf-8") == "mine",
            printed="\n---\n".join(it.text for it in (disturbed, resumed, verified)),
        )
        shutil.rmtree(output)
        return trial

    def _disk_bytes(self) -> int:
        """Room for what a run leaves and needs on the way, and little more."""
        files = self.undisturbed.folder.rglob("*")
        return 4 * sum(path.stat().st_size for path in files if path.is_file()) + (32 << 20)

    def _start(self, output: Path, *, has_cluster: bool = True) -> Process:
        where = ["--workers", str(self._arguments.workers)] if has_cluster else ["--no-parallel"]
        options = ["--output", str(output), "--no-progress", *where]
        return self._process(["run", str(self._folder / "market"), *options])

    def _run(self, output: Path) -> Process:
        return _checked(self._start(output))

    def _do(self, *arguments: str, check: bool = True) -> Process:
        process = self._process(arguments)
        return _checked(process) if check else process

    def _process(self, arguments: Sequence[str]) -> Process:
        """One that does not outlive the campaign."""
        process = Process(arguments, self._folder)
        self._ending.callback(process.end)
        return process


def _checked(process: Process) -> Process:
    if process.wait() != 0:
        sys.exit(f"An undisturbed command failed:\n{process.text}")
    return process


def _driver(run: Process, draw: random.Random) -> bool:  # noqa: ARG001
    return run.kill_driver()


def _worker(run: Process, draw: random.Random) -> bool:
    return run.kill_worker(draw)


def _both(run: Process, draw: random.Random) -> bool:
    is_hit = run.kill_worker(draw)
    run.wait_seconds(draw.uniform(0, 0.5))
    return run.kill_driver() or is_hit


def _disk_full(phase: str, fill: Callable[[], None]) -> Fault:
    def hit(run: Process, draw: random.Random) -> bool:  # noqa: ARG001
        fill()
        return not run.has_ended()

    return Fault("disk full", phase, hit)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--fills", type=int, default=2, help="times the disk is full, each phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1500)
    parser.add_argument("--securities", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1, help="trials at the same time")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no kills after these")
    parser.add_argument("--keep", type=Path, help="folder for what was printed when it went wrong")
    parser.add_argument("--write", type=Path, help="file for the page, besides standard output")
    return parser.parse_args()


def _page(arguments: argparse.Namespace, campaign: Campaign, trials: list[Trial]) -> str:
    return _PAGE.format(
        command=f"--kills {arguments.kills} --fills {arguments.fills} --seed {arguments.seed}",
        today=dt.datetime.now(dt.UTC).date().isoformat(),
        machine=describe_machine(),
        rows=f"{campaign.undisturbed.rows_read:,} rows",
        files=campaign.undisturbed.files,
        workers=arguments.workers,
        notes="".join(f" {note}" for note in campaign.notes),
        table=table(trials),
    )


if __name__ == "__main__":
    main()
