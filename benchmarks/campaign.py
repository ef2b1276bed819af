"""What happens to a run that is killed, and to one whose disk is full: docs/reliability.md.

    python benchmarks/campaign.py [--kills 200] [--signals 40] [--fills 2] [--fuzz 2500] [--seed 1]
                                  [--events 1500] [--securities 4] [--workers 2] [--jobs 1]
                                  [--minutes N] [--keep FOLDER] [--write docs/reliability.md]

Makes a small market and an undisturbed run of it. Then, again and again: a run of the real command
line, something done to it at a moment drawn within a phase, files of a user's put among what it
left, sometimes another command, and the same command once more, whose results are compared with
the undisturbed ones byte by byte. Half of the kills hit the driver, in each phase in turn, every
other time of a run without a cluster; the others a worker that starts, one that works, or a worker
and the driver. Signals ask the driver, or as Ctrl-C does all of its processes, to end. The disk (a
small one, mounted for this; needs root) becomes full in each phase. What comes after the run's end
does not count, and is tried again.

Ends with 1 if anything was lost, differed, or was told as a defect; what was printed is kept then.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from disturbed import PHASES, ROOT, WORKING, Process, phase_seconds, small_disk
from measure import describe_machine, scratch_folder
from trials import Trial, Undisturbed, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: How often a fault that came too late is tried again.
_ROUNDS = 20

#: A user's file in the output folder, and some among results: a run has no business with them.
FOREIGN = "notes.txt"
FOREIGN_AMONG_RESULTS = ("tables/my_prices.parquet", "outputs/{date}/mine.csv")

#: What a user may do before the same command again, each with the output folder; mostly nothing.
BETWEEN = ((), (), ("verify",), ("report",))

_PAGE = """# Reliability

A line is so many runs of the command line to which something was done, at a moment drawn within a
phase, each followed by the same command once more. Its results are compared with those of a run
that nothing happened to. Processes are killed by SIGKILL, and asked to end by SIGTERM or Ctrl-C
(SIGINT to all of them); the disk that is full is a real one. Before the same command, files of a
user's are put among the results, and every other time `verify` or `report` comes first.

`{command}` on {today}; {machine}; a synthetic market of {rows}, {files} files of results, {workers}
workers: {hits} runs hit.{notes}

{table}

*Times* counts the runs that were hit, and *too late* those that were through before, which others
replaced. *Outcome* is how the run ended that was hit: done (exit code 0), partial (1), resources
(4), interrupted (130). *Unsound* counts folders of which `verify` complains after the same command,
or in which a file of the user's was touched; *told badly* messages with a traceback or the word
defect, and exit codes that are none of the documented ones; *left* processes that outlived their
run by half a minute.
{fuzz}"""


@dataclass(frozen=True)
class Fault:
    """What is done to a run in which phase; `hit` returns whether there was something to hit."""

    name: str
    phase: str
    hit: Callable[[Process, random.Random], bool]
    has_cluster: bool = True
    ends_driver: bool = True
    """Whether a run that is through in spite of it was not hit."""


def main() -> None:
    """Run the campaign; print, and if asked write, its table."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    kept = arguments.keep or Path(tempfile.mkdtemp(prefix="sweep-dask-campaign-"))
    fuzz = _fuzz(arguments.fuzz)  # first: a hang costs no trials
    with scratch_folder() as folder, ExitStack() as ending:
        campaign = Campaign(folder, arguments, ending)
        trials = []
        for number, trial in enumerate(campaign.trials(), start=1):
            print(f"{number:4}  {trial}", file=sys.stderr, flush=True)
            trials.append(trial)
            if trial.problems():
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{number:04}.txt").write_text(trial.printed, encoding="utf-8")
    page = _page(arguments, campaign, trials, fuzz.stdout)
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")
    bad = [trial for trial in trials if trial.problems()]
    if bad:
        sys.exit(f"{len(bad)} of {len(trials)} went wrong; what they printed: {kept}")
    sys.exit(fuzz.returncode)


def _stop(number: int, frame: object) -> None:  # noqa: ARG001
    sys.exit(128 + number)  # and what was started ends on the way out


class Campaign:
    """A market, what an undisturbed run makes of it, and runs that are disturbed."""

    def __init__(self, folder: Path, arguments: argparse.Namespace, ending: ExitStack) -> None:
        self._folder = folder
        self._ending = ending
        self._arguments = arguments
        self._deadline = time.monotonic() + 60 * arguments.minutes
        self._numbers = itertools.count()
        self.notes: list[str] = []
        size = ["--securities", str(arguments.securities), "--events", str(arguments.events)]
        self._do("synth", str(folder / "market"), *size, "--seed", str(arguments.seed))
        self._run(folder / "undisturbed")  # compiles what is not yet compiled
        shutil.rmtree(folder / "undisturbed")
        self._seconds = {True: phase_seconds(self._run(folder / "undisturbed"))}
        alone = self._start(folder / "alone", has_cluster=False)
        self._seconds[False] = phase_seconds(_checked(alone))
        self.undisturbed = Undisturbed(folder / "undisturbed")
        date = min(path.name for path in (folder / "undisturbed" / "outputs").iterdir())
        self._foreign = [name.format(date=date) for name in FOREIGN_AMONG_RESULTS]

    def trials(self) -> Iterator[Trial]:
        """As they end: kills at the same time, as many as there are jobs."""
        kills = itertools.islice(_kills(), self._arguments.kills)
        faults = [*kills, *itertools.islice(_signals(), self._arguments.signals)]
        self._drawing("order").shuffle(faults)  # a campaign that is cut short has some of each
        yield from self._until_hit(faults)
        try:
            with small_disk(self._folder / "disk", self._disk_bytes()) as fill:
                for phase in PHASES:
                    for number in range(self._arguments.fills):
                        fault, disk = _disk_full(phase, fill), self._folder / "disk" / "out"
                        yield self._try(fault, disk, self._drawing(f"{phase} {number}"))
        except PermissionError as error:
            self.notes.append(f"The disk was not filled: {error}.")

    def _until_hit(self, pending: Sequence[Fault]) -> Iterator[Trial]:
        """A trial of each; those that came too late are tried again, at another moment."""
        with ThreadPoolExecutor(self._arguments.jobs) as pool:
            for _ in range(_ROUNDS):
                numbers = list(itertools.islice(self._numbers, len(pending)))
                missed = []
                for fault, trial in zip(
                    pending, pool.map(self._kill, numbers, pending), strict=True
                ):
                    if trial is not None:
                        yield trial
                        missed += [fault] * (not trial.was_hit)
                pending = missed

    def _drawing(self, trial: str) -> random.Random:
        """Numbers of one trial, whatever others draw at the same time."""
        return random.Random(f"{self._arguments.seed} {trial}")

    def _kill(self, number: int, fault: Fault) -> Trial | None:
        if time.monotonic() > self._deadline:
            return None
        return self._try(fault, self._folder / f"out-{number}", self._drawing(f"kill {number}"))

    def _try(self, fault: Fault, output: Path, draw: random.Random) -> Trial:
        output.mkdir()
        foreign = {FOREIGN: b"mine"}
        _put(output, foreign)
        disturbed, phase = self._disturbed(fault, output, draw)
        (output.parent / "filler").unlink(missing_ok=True)
        if (output / "manifest.json").exists():  # without one the results are a stranger's
            foreign |= dict.fromkeys(self._foreign, b"mine too")
            _put(output, foreign)
        done = [disturbed]
        if between := draw.choice(BETWEEN):
            done.append(self._do(*between, str(output), check=False))
        done.append(self._start(output, has_cluster=fault.has_cluster))
        done[-1].wait()
        is_foreign_kept = _taken(output, foreign) == foreign
        done.append(self._do("verify", str(output), check=False))
        codes = [process.wait() for process in done]
        trial = Trial(
            fault=fault.name,
            phase=phase or fault.phase,
            was_hit=phase is not None,
            code=codes[0],
            between_code=codes[1] if between else None,
            resumed_code=codes[-2],
            verified_code=codes[-1],
            rows_lost=self.undisturbed.rows_lost(output),
            bytes_differing=self.undisturbed.bytes_differing(output),
            processes_left=sum(process.remaining() for process in done),
            is_foreign_kept=is_foreign_kept,
            printed="\n---\n".join(process.text for process in done),
        )
        shutil.rmtree(output)
        return trial

    def _disturbed(
        self, fault: Fault, output: Path, draw: random.Random
    ) -> tuple[Process, str | None]:
        """A run that met a fault, at its end, and in which phase it was hit; None: in none."""
        run = self._start(output, has_cluster=fault.has_cluster)
        run.wait_for(fault.phase)
        run.wait_seconds(draw.uniform(0, self._seconds[fault.has_cluster][fault.phase]))
        phase = run.phase()
        was_hit = fault.hit(run, draw)
        is_through = run.wait() == 0 and fault.ends_driver
        return run, phase if was_hit and not is_through else None

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
        if check:
            return _checked(process)
        process.wait()
        return process

    def _process(self, arguments: Sequence[str]) -> Process:
        """One that does not outlive the campaign."""
        process = Process(arguments, self._folder)
        self._ending.callback(process.end)
        return process


def _checked(process: Process) -> Process:
    if process.wait() != 0:
        sys.exit(f"An undisturbed command failed:\n{process.text}")
    return process


def _put(output: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)


def _taken(output: Path, names: Iterable[str]) -> dict[str, bytes]:
    """What these files hold, those that are there; they are gone afterwards."""
    found = {name: (output / name).read_bytes() for name in names if (output / name).is_file()}
    for name in found:
        (output / name).unlink()
    return found


def _kills() -> Iterator[Fault]:
    """Half of them of the driver."""
    workers = [Fault("worker killed", phase, _worker, ends_driver=False) for phase in WORKING]
    start = Fault("worker killed while it starts", "starting", _worker, ends_driver=False)
    both = itertools.cycle(Fault("worker, then driver killed", phase, _both) for phase in PHASES)
    while True:
        yield from [*_of_driver("driver killed", _driver(signal.SIGKILL)), *workers, *workers]
        yield from (start, start, next(both))


def _signals() -> Iterator[Fault]:
    asked = _of_driver("driver told to end (SIGTERM)", _driver(signal.SIGTERM))
    typed = _of_driver("Ctrl-C", Process.interrupt)
    return itertools.cycle(fault for pair in zip(asked, typed, strict=True) for fault in pair)


def _of_driver(name: str, hit: Callable[[Process, random.Random], bool]) -> list[Fault]:
    """In each phase, with a cluster and without."""
    return [
        Fault(name, phase, hit, has_cluster=has_cluster)
        for phase in PHASES
        for has_cluster in (True, False)
    ]


def _driver(number: signal.Signals) -> Callable[[Process, random.Random], bool]:
    def hit(run: Process, draw: random.Random) -> bool:  # noqa: ARG001
        return run.signal_driver(number)

    return hit


def _worker(run: Process, draw: random.Random) -> bool:
    return run.kill_worker(draw)


def _both(run: Process, draw: random.Random) -> bool:
    is_hit = run.kill_worker(draw)
    run.wait_seconds(draw.uniform(0, 0.5))
    return run.signal_driver(signal.SIGKILL) and is_hit


def _disk_full(phase: str, fill: Callable[[], None]) -> Fault:
    def hit(run: Process, draw: random.Random) -> bool:  # noqa: ARG001
        fill()
        return not run.has_ended()

    return Fault("disk full", phase, hit, ends_driver=False)


def _fuzz(inputs: int) -> subprocess.CompletedProcess[str]:
    """Damaged files of every kind that is read; what it prints is a part of the page."""
    command = [sys.executable, "tests/storage/mutations.py", "--inputs", str(inputs)]
    return subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200, help="runs that are really hit")
    parser.add_argument("--signals", type=int, default=40, help="likewise")
    parser.add_argument("--fills", type=int, default=2, help="times the disk is full, each phase")
    parser.add_argument("--fuzz", type=int, default=2500, help="damaged files, besides; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1500)
    parser.add_argument("--securities", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1, help="trials at the same time")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no kills after these")
    parser.add_argument("--keep", type=Path, help="folder for what was printed when it went wrong")
    parser.add_argument("--write", type=Path, help="file for the page, besides standard output")
    return parser.parse_args()


def _page(arguments: argparse.Namespace, campaign: Campaign, trials: list[Trial], fuzz: str) -> str:
    return _PAGE.format(
        command=_command(arguments),
        today=dt.datetime.now(dt.UTC).date().isoformat(),
        machine=describe_machine(),
        rows=f"{campaign.undisturbed.rows_read:,} rows",
        files=campaign.undisturbed.files,
        workers=arguments.workers,
        hits=sum(trial.was_hit for trial in trials),
        notes="".join(f" {note}" for note in campaign.notes),
        table=table(trials),
        fuzz=fuzz and f"\n{fuzz}",
    )


def _command(arguments: argparse.Namespace) -> str:
    """What gives the page again; where its files went is nobody's concern."""
    options = {name: it for name, it in vars(arguments).items() if not isinstance(it, Path)}
    told = (f"--{name} {it}" for name, it in options.items() if it not in (None, float("inf")))
    return " ".join(["python benchmarks/campaign.py", *told])


if __name__ == "__main__":
    main()
