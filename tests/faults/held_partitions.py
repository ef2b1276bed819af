"""Makes one partition wait or end its process; loaded into workers as a Dask preload.

The environment says what happens: `HELD_FOLDER` is where marks are left, `HELD_PARTITION` the
partition (`date/security`, or `any`), `HELD_BY` one of `waiting` (until the file `go` is there),
`dying` (each time), `dying-once`, and `dying-for-good`, after which no worker can start.
"""

import os
import signal
import time
from pathlib import Path

import sweep_dask.partition.run

# Dask loads a preload twice, the second time over the first.
if sweep_dask.partition.run.simulate_partition.__name__ != "held_simulate":
    _simulate = sweep_dask.partition.run.simulate_partition


def held_simulate(orders, trades, nbbo, security):
    folder = Path(os.environ["HELD_FOLDER"])
    if os.environ["HELD_PARTITION"] in (f"{orders['date'][0].as_py()}/{security}", "any"):
        is_first = not (folder / "reached").exists()
        (folder / "reached").write_text(str(os.getpid()))
        _hold(os.environ["HELD_BY"], folder, is_first=is_first)
    return _simulate(orders, trades, nbbo, security)


def _hold(manner, folder, *, is_first):
    if manner in ("dying", "dying-for-good") or (manner == "dying-once" and is_first):
        os.kill(os.getpid(), signal.SIGKILL)
    while manner == "waiting" and not (folder / "go").exists():
        time.sleep(0.02)


sweep_dask.partition.run.simulate_partition = held_simulate

if (
    os.environ["HELD_BY"] == "dying-for-good"
    and (Path(os.environ["HELD_FOLDER"]) / "reached").exists()
):
    os.kill(os.getpid(), signal.SIGKILL)
