"""Runs in which one partition waits, so that something can be done to them meanwhile."""

import os
from contextlib import contextmanager
from pathlib import Path

from running import ROOT, started, wait_until

HELD_PARTITIONS = Path(__file__).with_name("held_partitions.py")

PROGRAM = ("-m", "sweep_dask")
#: The same program with the partition held in its own process.
PATCHED = ("-c", "import held_partitions; from sweep_dask.cli import main; main()")


def holding(marks, by="waiting", partition="2024-10-07/101", **variables):
    """What the environment says to hold a partition; makes the folder of marks.

    Partitions run by date and security, so two are finished when this one is reached.
    """
    marks.mkdir()
    return {
        "HELD_PARTITION": partition,
        "HELD_BY": by,
        "HELD_FOLDER": str(marks),
        "DASK_DISTRIBUTED__WORKER__PRELOAD": str(HELD_PARTITIONS),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELD_PARTITIONS.parent)]),
    } | variables


def reached(marks, process):
    """Wait until the partition is; the id of the process that runs it."""
    mark = marks / "reached"
    return int(wait_until(lambda: mark.exists() and mark.read_text(), process))


@contextmanager
def held(program, arguments, cwd, terminal=None, marks="marks"):
    """A run that waits in the held partition until the file `go` is among its marks."""
    variables = holding(cwd / marks)
    with started([*program, "run", *arguments], cwd, terminal, **variables) as process:
        reached(cwd / marks, process)
        yield process
