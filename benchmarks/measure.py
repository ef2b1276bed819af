"""What the benchmarks share: the machine, child processes and their memory, medians."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def describe_machine() -> str:
    """CPU, cores, memory and versions, for the line that says where a number was measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            s.split(":", 1)[1].strip()
            for s in cpuinfo.read_text().splitlines()
            if "model name" in s
        ]
        model = names[0] if names else model
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {memory_gib:.0f} GiB, Python {platform.python_version()}"


def run_json(arguments: Sequence[str]) -> dict[str, object]:
    """Run `python ARGUMENTS` and read the JSON document it prints; its messages pass through."""
    done = subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def own_peak_bytes() -> int:
    """Highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sweep-dask-bench-") as folder:
        yield Path(folder)
