"""Let a command die at a named point, as by SIGKILL: a process of its own that just is no more."""

from __future__ import annotations

import os
import traceback
from unittest import mock

from sweep_dask.storage import no_follow, result_folder
from sweep_dask.storage.result_folder import ResultFolder
from sweep_dask.study import run
from sweep_dask.study.workspace import Workspace

#: Of the child that dies at its point, of one that comes to its end, of one that raises.
DIED, ENDED, RAISED = 9, 0, 1

#: Name of a point to the owner and name of a function; the process dies before its k-th call.
POINTS = {
    "a partition is placed": (ResultFolder, "place_partition"),
    "a file or folder is moved": (result_folder, "move_to"),
    "a file is removed": (no_follow, "remove_file"),
    "tables are combined": (run, "write_tables"),
    "roll-ups are made": (run, "write_answer"),
    "what tables replace is removed": (ResultFolder, "remove"),
    "logs are settled": (run, "staged_logs"),
    "the report is placed": (run, "place_report"),
    "a manifest is written": (Workspace, "write_manifest"),
}


def dies(work, point, call) -> bool:
    """Whether `work` in a child of this process came to the k-th call of a point, and died there.

    Nothing is cleaned up: the child's buffers, locks and folders stay as they are at that moment.
    """
    child = os.fork()
    if child == 0:
        os._exit(_work(work, point, call))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (DIED, ENDED), f"the command failed instead ({code})"
    return code == DIED


def _work(work, point, call):
    owner, name = POINTS[point]
    really, calls = getattr(owner, name), []

    def fatal(*arguments, **named):
        calls.append(name)
        if len(calls) == call:
            os._exit(DIED)
        return really(*arguments, **named)

    try:
        with mock.patch.object(owner, name, fatal):
            work()
    except BaseException:  # noqa: BLE001  nothing may go on in the child
        traceback.print_exc()
        return RAISED
    return ENDED
