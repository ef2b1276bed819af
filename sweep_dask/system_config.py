"""What this machine, or the container it pretends to be, has; and the sizes that follow from it.

The smallest candidate wins: a container may show 64 CPUs and grant two. The page reads from the
answer to its parts: the configuration, its detection, the sizing rules, the control groups.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

GIB = 1024**3

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

#: Share of the available memory one run may take; the rest is the operating system's.
WHOLE_RUN_PERCENT = 90

#: A worker process before its first block: interpreter, Dask, pandas, pyarrow, compiled kernels.
#: An estimate on the safe side, to be kept above what a benchmark measures.
BASE_PROCESS_BYTES = 300 * 1024**2

#: Memory a block task holds at its peak, per byte of its block: the text, its columns, a sorted
#: copy and the encoded file. An estimate on the safe side, like the base.
BLOCK_MEMORY_FACTOR = 6

#: Smaller derived blocks would spend more on tasks than on rows; a user may still ask for them.
MINIMUM_BLOCKSIZE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Candidate:
    """One source that was asked for the number of CPUs or for the available memory."""

    name: str
    value: float | None
    """CPUs or bytes; None: the source sets no limit, does not exist here, or failed."""
    winner: bool = False
    """Whether this is the smallest value of all candidates (the first of equals)."""
    where: str | None = None
    """The control group that sets the limit."""


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

    @property
    def available_memory_bytes(self) -> int:
        """The available memory, exactly (a division by 1024**3 loses no bit)."""
        return round(self.available_memory_gb * GIB)

    def reasons(self) -> tuple[str, str]:
        """Two lines, CPU and memory: every candidate and what came of them."""
        cpus = _listed(self.cpu_candidates, lambda cpus: f"{round(cpus, 2)}")
        memory = _listed(self.memory_candidates, format_bytes)
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
        width = max(map(len, lines)) + 1
        aligned = [f"  {label + ':':<{width}} {value}" for label, value in lines.items()]
        return "\n".join(["System Configuration", *aligned])


def format_bytes(size_bytes: float) -> str:
    """A size for people: `1536` becomes `1.50 KiB`."""
    size, units = float(size_bytes), iter(("bytes", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while abs(size) >= 1024 and unit != "TiB":
        size, unit = size / 1024, next(units)
    return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.2f} {unit}"


def _bytes_or_auto(size_bytes: int | None) -> str:
    return "auto" if size_bytes is None else format_bytes(size_bytes)


def _listed(candidates: tuple[Candidate, ...], show: Callable[[float], str]) -> str:
    return ", ".join(
        f"{candidate.name} {'none' if candidate.value is None else show(candidate.value)}"
        for candidate in candidates
    )


# --- detection ------------------------------------------------------------------------------


class _DetectionError(Exception):
    """A source that is there and cannot be read or understood."""


_Reading = tuple[float | None, str | None]
"""A candidate's value and where it was found."""


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
    failures: list[str] = []
    cpus = _candidates(_cpu_sources(root), failures)
    memory = _candidates(_memory_sources(root), failures)
    cpu_count = max(1, int(_smallest(cpus, default=1)))
    available_bytes = int(_smallest(memory, default=DEFAULT_AVAILABLE_BYTES))
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


def _candidates(
    sources: dict[str, Callable[[], _Reading]], failures: list[str]
) -> tuple[Candidate, ...]:
    readings: dict[str, _Reading] = {}
    for name, read in sources.items():
        try:
            readings[name] = read()
        except _DetectionError as error:
            failures.append(f"{name}: {error}")
            readings[name] = (None, None)
    known = {name: value for name, (value, _) in readings.items() if value is not None}
    winner = min(known, key=lambda name: known[name], default=None)
    return tuple(
        Candidate(name, value, name == winner, where) for name, (value, where) in readings.items()
    )


def _smallest(candidates: tuple[Candidate, ...], default: int) -> float:
    return min((found.value for found in candidates if found.value is not None), default=default)


def _cpu_sources(root: Path) -> dict[str, Callable[[], _Reading]]:
    return {
        "os.cpu_count": _cpus_of_machine,
        "affinity": _cpus_of_affinity,
        "cgroup quota": lambda: _tightest(_cpu_quota, root),
    }


def _memory_sources(root: Path) -> dict[str, Callable[[], _Reading]]:
    return {
        "psutil available": _memory_of_machine,
        "cgroup limit - usage": lambda: _tightest(_memory_left, root),
    }


def _cpus_of_machine() -> _Reading:
    cpus = os.cpu_count()
    if cpus is None:
        raise _DetectionError("the number of CPUs is unknown")
    return cpus, None


def _cpus_of_affinity() -> _Reading:
    if not hasattr(os, "sched_getaffinity"):  # macOS and Windows have none
        return None, None
    try:
        return len(os.sched_getaffinity(0)), None
    except OSError as error:
        raise _DetectionError(f"cannot be read: {error}") from error


def _memory_of_machine() -> _Reading:
    # Imported here: a machine on which psutil does not work still runs, with the defaults.
    try:
        import psutil
    except ImportError as error:
        raise _DetectionError(f"psutil cannot be imported: {error}") from error
    try:
        return int(psutil.virtual_memory().available), None
    except Exception as error:
        raise _DetectionError(f"psutil failed: {error!r}") from error


# --- sizing rules ---------------------------------------------------------------------------


def _calculate_optimal_workers(cpu_count: int) -> int:
    """Workers for a number of CPUs: one or two are left to the scheduler and the user."""
    if cpu_count <= 2:
        return 1
    if cpu_count <= 4:
        return cpu_count - 1
    return min(cpu_count - 2, LARGEST_DERIVED_WORKERS)


def _calculate_optimal_chunk_size(available_bytes: int) -> int:
    """Rows of a chunk for the available memory."""
    rows = int(available_bytes) * CHUNK_MEMORY_PERCENT // (100 * CHUNK_ROW_BYTES)
    return max(SMALLEST_DERIVED_CHUNK_ROWS, min(rows, LARGEST_DERIVED_CHUNK_ROWS))


def whole_run_limit(available_bytes: int, memory_limit_gb: float | None = None) -> int:
    """Bytes all workers together may use: the setting (GiB), else 90 % of what is available."""
    if memory_limit_gb is not None:
        return int(memory_limit_gb * GIB)
    return available_bytes * WHOLE_RUN_PERCENT // 100


def memory_limit_per_worker(whole_run_limit_bytes: int, workers: int) -> int:
    """Bytes one of `workers` processes may use."""
    return whole_run_limit_bytes // workers


def projected_block_task_bytes(blocksize_bytes: int) -> int:
    """Memory of a worker process at the peak of reading one block, in bytes."""
    return BASE_PROCESS_BYTES + BLOCK_MEMORY_FACTOR * blocksize_bytes


def require_block_fits(blocksize_bytes: int, memory_limit_bytes: int) -> None:
    """Refuse a block whose task would not fit a worker's memory limit.

    Raises
    ------
    ResourceError
        The projected memory is above the limit.
    """
    projected_bytes = projected_block_task_bytes(blocksize_bytes)
    if projected_bytes > memory_limit_bytes:
        raise ResourceError(
            f"Reading a block of {format_bytes(blocksize_bytes)} needs about "
            f"{format_bytes(projected_bytes)} in a worker whose memory limit is "
            f"{format_bytes(memory_limit_bytes)}.",
            where="memory limit per worker",
            value=memory_limit_bytes,
            cure="use fewer workers (--workers), raise --memory-limit or "
            "performance.memory_limit_gb, or free memory on this machine",
        )


def derive_blocksize(chunk_size: int, bytes_per_row: float, memory_limit_bytes: int) -> int:
    """Bytes of a block that holds `chunk_size` rows and fits the memory limit of a worker.

    Parameters
    ----------
    chunk_size
        Rows.
    bytes_per_row
        As measured on the input.
    memory_limit_bytes
        Per worker.

    Raises
    ------
    ResourceError
        The limit cannot take even a block of `MINIMUM_BLOCKSIZE_BYTES`.
    """
    require_block_fits(MINIMUM_BLOCKSIZE_BYTES, memory_limit_bytes)
    fitting_bytes = (memory_limit_bytes - BASE_PROCESS_BYTES) // BLOCK_MEMORY_FACTOR
    wanted_bytes = int(chunk_size * bytes_per_row)
    return max(MINIMUM_BLOCKSIZE_BYTES, min(wanted_bytes, fitting_bytes))


# --- control groups (proc(5), cgroups(7), the kernel's cgroup-v1 and cgroup-v2 pages) -------

#: From here on a v1 limit means "none": the kernel writes the greatest page-aligned int64.
_NO_LIMIT = 2**62

#: The controllers that matter; v2 has one hierarchy for all, written as an empty name.
_UNIFIED = ""
_CONTROLLERS = {_UNIFIED, "cpu", "memory"}


@dataclass(frozen=True)
class _Mount:
    """A control group hierarchy, or the part of one below `root`, mounted at `point`."""

    controllers: frozenset[str]
    root: PurePosixPath
    point: Path


def _tightest(read: Callable[[Path], float | None], root: Path) -> _Reading:
    """The smallest value over every level of every group this process is in."""
    found = [(value, str(group)) for group in _groups(root) if (value := read(group)) is not None]
    return min(found, default=(None, None))


def _cpu_quota(group: Path) -> float | None:
    """CPUs a group may use: quota over period, in microseconds. v2 has both in `cpu.max`."""
    numbers = _numbers(group / "cpu.max") or (
        _numbers(group / "cpu.cfs_quota_us") + _numbers(group / "cpu.cfs_period_us")
    )
    match numbers:
        case [int(quota), int(period)] if period > 0:
            return quota / period
    return None


def _memory_left(group: Path) -> int | None:
    """Bytes a group may still take.

    Above `memory.high` a group is slowed to a halt instead of killed, so it counts as a limit.
    File cache that has not been used lately is given back before anything is killed, so it does
    not count as usage (as in `docker stats` and the working set of Kubernetes).
    """
    limits = [
        limit
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes")
        for limit in _numbers(group / name)
        if limit is not None
    ]
    if not limits:
        return None
    used = _numbers(group / "memory.current") or _numbers(group / "memory.usage_in_bytes") or [0]
    needed_bytes = max(0, (used[0] or 0) - _reclaimable_bytes(group))
    return max(0, min(limits) - needed_bytes)


def _reclaimable_bytes(group: Path) -> int:
    """Inactive file cache; v1 has the sum over the groups below under a name of its own."""
    text = _read(group / "memory.stat") or ""
    fields: dict[str, str] = dict(re.findall(r"^(\w+) (\d+)$", text, flags=re.MULTILINE))
    if text and "inactive_file" not in fields:
        raise _DetectionError(f"{group / 'memory.stat'} has no inactive_file")
    return int(fields.get("total_inactive_file", fields.get("inactive_file", 0)))


def _groups(root: Path) -> Iterator[Path]:
    """Folders of every group this process is in, each followed by its parents."""
    mounts = _mounts(root)
    for controllers, path in _memberships(root):
        hierarchy = [mount for mount in mounts if mount.controllers & controllers]
        holding = [mount for mount in hierarchy if path.is_relative_to(mount.root)]
        # A namespace can hide where the group lies below the mount; its top is what is left.
        for mount in holding or hierarchy[:1]:
            inside = path.relative_to(mount.root) if holding else PurePosixPath()
            yield from _upwards(mount.point, inside)


def _upwards(top: Path, inside: PurePosixPath) -> Iterator[Path]:
    if ".." in inside.parts:  # the group lies outside the namespace of this process
        inside = PurePosixPath()
    for level in (inside, *inside.parents):
        yield top / level
        if level == PurePosixPath():
            return


def _memberships(root: Path) -> list[tuple[frozenset[str], PurePosixPath]]:
    """Lines of `/proc/self/cgroup`: `4:cpu,cpuacct:/a/b` in v1, `0::/a/b` in v2."""
    file = root / "proc/self/cgroup"
    found = []
    for line in (_read(file) or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            raise _DetectionError(f"{file} has the line {line!r}")
        controllers = frozenset(parts[1].split(",")) & _CONTROLLERS
        if controllers:
            found.append((controllers, PurePosixPath(parts[2])))
    return found


def _mounts(root: Path) -> list[_Mount]:
    """Lines of `/proc/self/mountinfo` whose file system is cgroup or cgroup2.

    `31 23 0:28 /root /mount/point options tags - cgroup source rw,cpu,cpuacct`
    """
    file = root / "proc/self/mountinfo"
    found = []
    for line in (_read(file) or "").splitlines():
        mount, separator, system = line.partition(" - ")
        places, kinds = mount.split(" "), system.split(" ")
        if not separator or len(places) < 6 or len(kinds) < 3:
            raise _DetectionError(f"{file} has the line {line!r}")
        if kinds[0] in {"cgroup", "cgroup2"}:
            names = {_UNIFIED} if kinds[0] == "cgroup2" else set(kinds[2].split(","))
            point = root / _unescaped(places[4]).lstrip("/")
            found.append(_Mount(frozenset(names), PurePosixPath(_unescaped(places[3])), point))
    return found


def _unescaped(text: str) -> str:
    """A path of mountinfo, where blanks and the like are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def _numbers(file: Path) -> list[int | None]:
    """The numbers in a file, None for "no limit"; an empty list if there is no such file."""
    numbers: list[int | None] = []
    for word in (_read(file) or "").split():
        try:
            number = _NO_LIMIT if word == "max" else int(word)
        except ValueError as error:
            raise _DetectionError(f"{file} has {word!r} where a number should be") from error
        numbers.append(number if 0 <= number < _NO_LIMIT else None)
    return numbers


def _read(file: Path) -> str | None:
    """The text of a file; None if it does not exist, which is no failure."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _DetectionError(f"{file} cannot be read: {error.strerror or error}") from error
