"""Sizes in bytes: as people write them, what processes take, and what follows for blocks."""

from __future__ import annotations

import sys

from sweep_dask.errors import ResourceError

GIB = 1024**3

#: Share of the available memory one run may take; the rest is the operating system's.
WHOLE_RUN_PERCENT = 90

#: A worker process beside the rows of its task: interpreter, Dask, pandas, pyarrow, compiled
#: kernels, and what earlier tasks have left in the allocator. One worker that goes through the
#: built-in sample has 341 MiB after ingest, 366 after both models, 406 after the combined tables
#: and 442 to 457 after the roll-ups; 5 % are added.
BASE_PROCESS_BYTES = 480 * 1024**2

#: Memory a block task holds at its peak, per byte of its block: the columns of its rows, a part of
#: which is put in order at a time. Rows as in the extracts, all of them kept, take 2; cells of one
#: digit would take nearly 4.
BLOCK_MEMORY_FACTOR = 4

#: A worker that could not hold a block of this size would spend its time on starting tasks.
COMFORTABLE_BLOCKSIZE_BYTES = 16 * 1024**2

#: Smaller derived blocks would spend more on tasks than on rows; a user may still ask for them.
MINIMUM_BLOCKSIZE_BYTES = 64 * 1024


#: Multiples a size may be written in; case does not matter, `B` may be left out.
_BYTE_UNITS = {"": 1, "b": 1} | {
    prefix + infix + suffix: base**power
    for power, prefix in enumerate("kmgtp", start=1)
    for infix, base in (("", 1000), ("i", 1024))
    for suffix in ("", "b")
}


def parse_bytes(text: float | str) -> int:
    """A size in bytes, read as `dask.utils.parse_bytes` reads it: `64KiB`, `1.5 GB`, `1e6`, `MB`.

    Raises
    ------
    ValueError
        It is no finite number with a unit of bytes.
    """
    if isinstance(text, int | float):
        return int(text)
    number = text.replace(" ", "")
    if not any(character.isdigit() for character in number):
        number = "1" + number
    end = len(number)
    while end and number[end - 1].isalpha():
        end -= 1
    unit = number[end:].lower()
    if unit not in _BYTE_UNITS:
        raise ValueError(f"{number[end:]!r} is no unit of bytes")
    try:
        return int(float(number[:end]) * _BYTE_UNITS[unit])
    except OverflowError as error:
        raise ValueError("a finite size") from error


def format_bytes(size_bytes: float) -> str:
    """A size for people: `1536` becomes `1.50 KiB`."""
    size, units = float(size_bytes), iter(("bytes", "KiB", "MiB", "GiB", "TiB"))
    unit = next(units)
    while abs(size) >= 1024 and unit != "TiB":
        size, unit = size / 1024, next(units)
    return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.2f} {unit}"


def peak_memory_bytes() -> int:
    """Highest resident memory of this process so far."""
    import resource

    unit_bytes = 1 if sys.platform == "darwin" else 1024  # getrusage(2) of macOS and of Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes


def memory_bytes() -> int:
    """Resident memory of this process now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def whole_run_limit(available_bytes: int, memory_limit_gb: float | None = None) -> int:
    """Bytes all workers together may use: the setting (GiB), else 90 % of what is available."""
    if memory_limit_gb is not None:
        return int(memory_limit_gb * GIB)
    return available_bytes * WHOLE_RUN_PERCENT // 100


def memory_limit_per_worker(whole_run_limit_bytes: int, workers: int) -> int:
    """Bytes one of `workers` processes may use."""
    return whole_run_limit_bytes // workers


def workers_that_fit(workers: int, whole_run_limit_bytes: int) -> int:
    """`workers`, or fewer where many CPUs share little memory; at least one.

    Each can then hold a block of `COMFORTABLE_BLOCKSIZE_BYTES`.
    """
    needed_bytes = projected_block_task_bytes(COMFORTABLE_BLOCKSIZE_BYTES)
    return max(1, min(workers, whole_run_limit_bytes // needed_bytes))


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

    Raises
    ------
    ResourceError
        The limit cannot take even a block of `MINIMUM_BLOCKSIZE_BYTES`.
    """
    require_block_fits(MINIMUM_BLOCKSIZE_BYTES, memory_limit_bytes)
    fitting_bytes = (memory_limit_bytes - BASE_PROCESS_BYTES) // BLOCK_MEMORY_FACTOR
    wanted_bytes = int(chunk_size * bytes_per_row)
    return max(MINIMUM_BLOCKSIZE_BYTES, min(wanted_bytes, fitting_bytes))
