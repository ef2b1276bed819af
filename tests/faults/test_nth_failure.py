"""One change of files fails, whichever: it is said, and the same command then makes it good."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.nth_failure import KINDS, NthFailure, failing
from markets import plain_market
from running import invoke, result_files

SEED = 9
#: Of some hundred steps, for each kind of fault and of folder.
SAMPLE = 3

FIRST_DATE, LAST_DATE = "2024-10-04", "2024-10-07"
#: Files of the user, in a new folder and between results.
FOREIGN = ("notes.txt", ".draft.tmp")
FOREIGN_BETWEEN = (
    "tables/my_prices.parquet",
    f"outputs/{LAST_DATE}/101/notes.md",
    "processed/2023-01-01/research.csv",
)


@dataclass
class Case:
    """A folder before a command, what an undisturbed one leaves there, and its steps."""

    market: Path
    before: Path
    expected: dict[str, str]
    steps: int

    def run(self, output, **settings):
        return run(self.market, output, **settings)


def run(market, output, *more):
    """The program in this process, nothing besides it touching the folder at the same time."""
    quiet = ("--no-parallel", "--no-monitor", "--no-progress", "--model", "time-priority")
    return invoke("run", market, "--output", output, *quiet, *more)


def plant(output, names):
    for name in names:
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {name}")


def results(output):
    return {n: d for n, d in result_files(output).items() if n not in FOREIGN_BETWEEN}


@pytest.fixture(scope="module", params=["a new folder", "a folder with results of a day"])
def case(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nth")
    market = plain_market(securities=(101,), sweeps=2).write(folder / "input")
    assert run(market, folder / "whole").exit_code == 0
    before = folder / "before"
    before.mkdir()
    plant(before, FOREIGN)
    if request.param != "a new folder":
        assert run(market, before, "--dates", FIRST_DATE).exit_code == 0
        plant(before, FOREIGN_BETWEEN)
    counted = folder / "counted"
    shutil.copytree(before, counted)
    with failing(NthFailure(counted)) as fault:
        assert run(market, counted).exit_code == 0
    assert results(counted) == result_files(folder / "whole")
    return Case(market, before, result_files(folder / "whole"), fault.steps)


def chosen(steps, kind, request):
    if request.config.getoption("--every-fault"):
        return range(1, steps + 1)
    return sorted(random.Random(f"{SEED} {kind}").sample(range(1, steps + 1), min(SAMPLE, steps)))


@pytest.mark.slow
@pytest.mark.timeout(7200)  # with --every-fault
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_that_fails_once_costs_nothing(kind, case, request, tmp_path):
    assert case.steps > 50
    wrong = []
    for nth in chosen(case.steps, kind, request):
        output = tmp_path / "out"
        shutil.copytree(case.before, output)
        with failing(NthFailure(output, kind, nth)) as fault:
            done = run(case.market, output)
        found = [*first(done, output, case), *again(output, case)]
        wrong += [f"{fault.failed}: {it}" for it in found]
        shutil.rmtree(output)
    assert not wrong, "\n".join(wrong)


def first(done, output, case):
    """What is wrong with the run that met the fault."""
    if "Traceback" in done.stderr or "a defect" in done.stderr:
        yield f"is told as a defect: {done.stderr[-500:]}"
    if done.exit_code not in (0, 1, 4):
        yield f"ends with {done.exit_code}: {done.stderr[-500:]}"
    if done.exit_code == 0 and results(output) != case.expected:
        yield "ends with 0, and results are missing or wrong"
    yield from touched(output, case, "by the run with the fault")


def again(output, case):
    """What is wrong after the same command, undisturbed."""
    done = run(case.market, output)
    if done.exit_code != 0:
        yield f"the same command ends with {done.exit_code}: {done.stderr[-500:]}"
    if results(output) != case.expected:
        yield "the same command does not make it good"
    left = {path.name for path in output.rglob(".*")} - set(FOREIGN)
    if left - {".lock"}:
        yield f"left behind: {sorted(left)}"
    yield from touched(output, case, "by the same command")
    for name in FOREIGN_BETWEEN:
        (output / name).unlink(missing_ok=True)
    verified = invoke("verify", output)
    if verified.exit_code != 0:
        yield f"verify ends with {verified.exit_code}: {verified.output[-500:]}"


def touched(output, case, by):
    """Files of the user that are not as they were."""
    for name in (*FOREIGN, *FOREIGN_BETWEEN):
        before, after = case.before / name, output / name
        if before.exists() and not (after.exists() and after.read_bytes() == before.read_bytes()):
            yield f"{name} changed or gone {by}"
