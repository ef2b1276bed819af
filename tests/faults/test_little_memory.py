"""Runs with little memory: refused with the reason, or they come to their end."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from running import PATIENCE_SECONDS, program_environment, result_files, run_program

from sweep_dask.memory import MINIMUM_BLOCKSIZE_BYTES, projected_block_task_bytes
from sweep_dask.resource_limits import _groups

pytestmark = pytest.mark.slow

LIMITS = {"memory.max": "memory.current", "memory.limit_in_bytes": "memory.usage_in_bytes"}


def group_of_this_process():
    """Files that say how much memory the control group of this process may use, and uses."""
    for group in _groups(Path("/")):
        for limit, used in LIMITS.items():
            if (group / limit).exists():
                return group / limit, group / used
    return pytest.skip("no control group says how much memory this process may use")


def in_a_small_group(folder, command, limit_bytes):
    """Run a command that sees a control group of this size; no process outside sees it.

    The kernel does not hold it to the limit; the cluster does so with its workers.
    """
    binds = []
    for file, number in zip(group_of_this_process(), (limit_bytes, 0), strict=True):
        shown = folder / file.name
        shown.write_text(f"{number}\n")
        binds.append(shlex.join(["mount", "--bind", str(shown), str(file)]))
    script = " && ".join([*binds, f"exec {shlex.join(map(str, command))}"])
    alone = ["unshare", "--mount", "sh", "-c"]
    may = os.geteuid() == 0 and subprocess.run([*alone, "true"], check=False).returncode == 0
    if not may:
        pytest.skip("a control group of another size needs the right to mount")
    return subprocess.run(
        [*alone, script],
        cwd=folder,
        env=program_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_a_container_of_500_mb_is_refused_with_the_reason(plain_input, tmp_path):
    command = [sys.executable, "-m", "sweep_dask", "run", plain_input, "-o", "out"]
    done = in_a_small_group(tmp_path, command, 500_000_000)
    assert done.returncode == 4, done.stderr
    assert "in a worker whose memory limit is 429.15 MiB" in done.stderr
    assert "free memory on this machine" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_least_memory_that_is_accepted_is_enough(plain_input, plain_result, tmp_path):
    limit_bytes = projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES)
    limited = ("--workers", "1", "--memory-limit", f"{limit_bytes}")
    done = run_program("run", plain_input, "-o", "out", *limited, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "worker died" not in done.stderr
    assert result_files(tmp_path / "out") == result_files(plain_result.output)
