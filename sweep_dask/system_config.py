"""What this machine, or the container it pretends to be, has; and the sizes that follow from it.

The smallest candidate wins: a container may show 64 CPUs and grant two. The page reads from the
answer to its parts: the configuration, its detection, the sizing rules.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sweep_dask.memory import GIB, format_bytes
from sweep_dask.resource_limits import (
    Candidate,
    DetectionError,
    Reading,
    ask,
    cpu_quota,
    listed,
    memory_left,
    smallest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

MINIMUM_WORKERS = 1
MINIMUM_CHUNK_ROWS = 1_000

#: Used after any failure to detect.
DEFAULT_WORKERS = 1
DEFAULT_CHUNK_ROWS = 100_000

#: Sizing rule of the chunk: a twentieth of the available memory, at one KiB a row.
CHUNK_MEMORY_PERCENT = 5
CHUNK_ROW_BYTES = 1_024
SMALLEST_DERIVED_CHUNK_ROWS = 10_000
LARGEST_DERIVED_CHUNK_ROWS = 500_000

#: The available memory from which the sizing rule gives `DEFAULT_CHUNK_ROWS` (1.91 GiB).
DEFAULT_AVAILABLE_BYTES = DEFAULT_CHUNK_ROWS * CHUNK_ROW_BYTES * 100 // CHUNK_MEMORY_PERCENT

#: More processes than this compete for the disk; the sizing rule's upper end.
LARGEST_DERIVED_WORKERS = 16


@dataclass(frozen=True)
class SystemConfig:
    """The machine and the sizes derived from it; `str()` is the block at the start of a run."""

    cpu_count: int
    num_workers: int
    available_memory_gb: float
    """GiB (bytes / 1024**3), as the sizing rules count."""
    chunk_size: int
    """Rows."""
    enable_parallel: bool
    """More than one worker. It is shown; it does not decide whether a cluster is started."""
    memory_limit_bytes: int | None = None
    """Per worker; None until it is derived."""
    blocksize_bytes: int | None = None
    """None until rows of the input have been measured."""
    defaults_used: bool = False
    """Whether detection failed and `DEFAULT_WORKERS` and `DEFAULT_CHUNK_ROWS` stand in."""
    cpu_candidates: tuple[Candidate, ...] = ()
    memory_candidates: tuple[Candidate, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of_workers(
        cls, workers: int, threads: int, memory_bytes: int, chunk_size: int | None = None
    ) -> Self:
        """What the workers of a cluster have together; `chunk_size` overrides the derived rows."""
        return cls(
            cpu_count=threads,
            num_workers=workers,
            available_memory_gb=memory_bytes / GIB,
            chunk_size=chunk_size or _calculate_optimal_chunk_size(memory_bytes),
            enable_parallel=workers > 1,
        )

    @property
    def available_memory_bytes(self) -> int:
        """The available memory, exactly (a division by 1024**3 loses no bit)."""
        return round(self.available_memory_gb * GIB)

    def reasons(self) -> tuple[str, str]:
        """Two lines, CPU and memory: every candidate and what came of them."""
        cpus = listed(self.cpu_candidates, lambda cpus: f"{round(cpus, 2)}")
        memory = listed(self.memory_candidates, format_bytes)
        return (
            f"CPU: {cpus} -> {self.cpu_count}",
            f"Memory: {memory} -> {format_bytes(self.available_memory_bytes)}",
        )

    def __str__(self) -> str:
        lines = {
            "CPU Cores": f"{self.cpu_count}",
            "Workers": f"{self.num_workers}",
            "Available Memory": f"{self.available_memory_gb:.2f} GB",
            "Chunk Size": f"{self.chunk_size:,} rows",
            "Parallel Processing": "Enabled" if self.enable_parallel else "Disabled",
            "Memory Limit per Worker": _bytes_or_auto(self.memory_limit_bytes),
            "Blocksize": _bytes_or_auto(self.blocksize_bytes),
        }
        return opening_block(lines)


def opening_block(lines: Mapping[str, str]) -> str:
    """The block at the start of a run: a line for each label."""
    width = max(map(len, lines)) + 1
    aligned = [f"  {label + ':':<{width}} {value}" for label, value in lines.items()]
    return "\n".join(["System Configuration", *aligned])


def _bytes_or_auto(size_bytes: int | None) -> str:
    return "auto" if size_bytes is None else format_bytes(size_bytes)


# --- detection ------------------------------------------------------------------------------


def get_config_with_overrides(
    workers: int | None = None, chunk_size: int | None = None, *, root: Path = Path("/")
) -> SystemConfig:
    """The configuration from the arguments, then the environment, then detection.

    `SWEEP_WORKERS` and `SWEEP_CHUNK_SIZE` (rows) are read when the argument is None. A variable
    that is no whole number is ignored with a warning; see `detect_system_config` for the rest.
    """
    warnings: list[str] = []
    if workers is None:
        workers = _integer_variable("SWEEP_WORKERS", warnings)
    if chunk_size is None:
        chunk_size = _integer_variable("SWEEP_CHUNK_SIZE", warnings)
    return _detect(workers, chunk_size, root, warnings)


def detect_system_config(
    override_workers: int | None = None,
    override_chunk_size: int | None = None,
    *,
    root: Path = Path("/"),
) -> SystemConfig:
    """What this process may use, and the workers and chunk size that follow.

    Never raises: after any failure to detect there is a warning, `defaults_used` is set, and
    what is not overridden is `DEFAULT_WORKERS` and `DEFAULT_CHUNK_ROWS`. An override below its
    minimum is raised to it, with a warning. Warnings are logged and kept in the result.

    Parameters
    ----------
    override_workers, override_chunk_size
        Take the place of the derived number of workers and rows of a chunk.
    root
        Where `proc` and `sys` are found; another folder than `/` is of use to tests.
    """
    return _detect(override_workers, override_chunk_size, root, [])


def _detect(
    workers: int | None, chunk_size: int | None, root: Path, warnings: list[str]
) -> SystemConfig:
    cpus, cpu_failures = ask(_cpu_sources(root))
    memory, memory_failures = ask(_memory_sources(root))
    failures = cpu_failures + memory_failures
    cpu_count = max(1, int(smallest(cpus, default=1)))
    available_bytes = int(smallest(memory, default=DEFAULT_AVAILABLE_BYTES))
    if failures:
        # A limit may have been missed, so the available memory may be less than it seems.
        available_bytes = min(available_bytes, DEFAULT_AVAILABLE_BYTES)
        optimal_workers, optimal_chunk_size = DEFAULT_WORKERS, DEFAULT_CHUNK_ROWS
        warnings += [f"{failure}; using defaults" for failure in failures]
    else:
        optimal_workers = _calculate_optimal_workers(cpu_count)
        optimal_chunk_size = _calculate_optimal_chunk_size(available_bytes)
    num_workers = _at_least(MINIMUM_WORKERS, "workers", workers, optimal_workers, warnings)
    rows = _at_least(MINIMUM_CHUNK_ROWS, "chunk_size", chunk_size, optimal_chunk_size, warnings)
    for warning in warnings:
        logger.warning(warning)
    return SystemConfig(
        cpu_count=cpu_count,
        num_workers=num_workers,
        available_memory_gb=available_bytes / GIB,
        chunk_size=rows,
        enable_parallel=num_workers > 1,
        defaults_used=bool(failures),
        cpu_candidates=cpus,
        memory_candidates=memory,
        warnings=tuple(warnings),
    )


def _integer_variable(variable: str, warnings: list[str]) -> int | None:
    text = os.environ.get(variable, "").strip()
    if text.casefold() in {"", "auto"}:
        return None
    try:
        return int(text)
    except ValueError:
        warnings.append(f"{variable}={text!r} is ignored; accepted: a whole number, or auto")
        return None


def _at_least(
    minimum: int, name: str, override: int | None, derived: int, warnings: list[str]
) -> int:
    if override is None:
        return derived
    if override < minimum:
        warnings.append(f"{name} {override} is below the minimum; using {minimum:,}")
    return max(override, minimum)


def _cpu_sources(root: Path) -> dict[str, Callable[[], Reading]]:
    return {
        "os.cpu_count": _cpus_of_machine,
        "affinity": _cpus_of_affinity,
        "cgroup quota": partial(cpu_quota, root),
    }


def _memory_sources(root: Path) -> dict[str, Callable[[], Reading]]:
    return {
        "psutil available": _memory_of_machine,
        "cgroup limit - usage": partial(memory_left, root),
    }


def _cpus_of_machine() -> Reading:
    cpus = os.cpu_count()
    if cpus is None:
        raise DetectionError("the number of CPUs is unknown")
    return cpus, None


def _cpus_of_affinity() -> Reading:
    if not hasattr(os, "sched_getaffinity"):  # macOS and Windows have none
        return None, None
    try:
        return len(os.sched_getaffinity(0)), None
    except OSError as error:
        raise DetectionError(f"cannot be read: {error}") from error


def _memory_of_machine() -> Reading:
    # Imported here: a machine on which psutil does not work still runs, with the defaults.
    try:
        import psutil
    except ImportError as error:
        raise DetectionError(f"psutil cannot be imported: {error}") from error
    try:
        return int(psutil.virtual_memory().available), None
    except Exception as error:
        raise DetectionError(f"psutil failed: {error!r}") from error


# --- sizing rules ---------------------------------------------------------------------------


def _calculate_optimal_workers(cpu_count: int) -> int:
    """Workers for a number of CPUs: one or two are left to the scheduler and the user."""
    if cpu_count <= 2:
        return 1
    if cpu_count <= 4:
        return cpu_count - 1
    return min(cpu_count - 2, LARGEST_DERIVED_WORKERS)


def worker_reason(cpu_count: int, limit_bytes: int) -> str:
    """Why there are so many workers, if nobody has set their number."""
    if cpu_count == 2:
        return "of 2 CPUs one is left free; --workers 2 uses both"
    return f"from {cpu_count} CPUs and {format_bytes(limit_bytes)} for the run"


def _calculate_optimal_chunk_size(available_bytes: int) -> int:
    """Rows of a chunk for the available memory."""
    rows = int(available_bytes) * CHUNK_MEMORY_PERCENT // (100 * CHUNK_ROW_BYTES)
    return max(SMALLEST_DERIVED_CHUNK_ROWS, min(rows, LARGEST_DERIVED_CHUNK_ROWS))
