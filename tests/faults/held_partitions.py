"""Makes one partition wait or end its process; loaded into workers as a Dask preload.

The environment says what happens: `HELD_FOLDER` is where marks are left, `HELD_PARTITION` the
partition (`date/security`), `HELD_BY` one of `waiting` (until the file `go` is there), `dying`
(each time) and `dying-once`.
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
    if f"{orders['date'].iat[0]}/{security}" == os.environ["HELD_PARTITION"]:
        is_first = not (folder / "reached").exists()
        (folder / "reached").write_text(str(os.getpid()))
        _hold(os.environ["HELD_BY"], folder, is_first=is_first)
    return _simulate(orders, trades, nbbo, security)


def _hold(manner, folder, *, is_first):
    if manner == "dying" or (manner == "dying-once" and is_first):
        os.kill(os.getpid(), signal.SIGKILL)
    while manner == "waiting" and not (folder / "go").exists():
        time.sleep(0.02)


sweep_dask.partition.run.simulate_partition = held_simulate
