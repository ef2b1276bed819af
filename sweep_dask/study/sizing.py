"""How many workers, rows and bytes at a time: from the machine, or the cluster, and the input."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_dask.dataflow.progress import counted
from sweep_dask.memory import (
    MINIMUM_BLOCKSIZE_BYTES,
    derive_blocksize,
    format_bytes,
    memory_limit_per_worker,
    projected_block_task_bytes,
    require_block_fits,
    whole_run_limit,
    workers_that_fit,
)
from sweep_dask.system_config import SystemConfig, detect_system_config

if TYPE_CHECKING:
    from sweep_dask.dataflow.remote_workers import RemoteWorkers
    from sweep_dask.settings import Settings


def sized(
    settings: Settings, bytes_per_row: float, remote: RemoteWorkers | None
) -> tuple[SystemConfig, dict[str, str]]:
    """Everything derived, and by the name of a setting why it has its value.

    Parameters
    ----------
    bytes_per_row
        As measured on the input.
    remote
        The workers of somebody's cluster; None: of this machine.

    Raises
    ------
    ResourceError
        No block fits the memory there is.
    """
    system, reasons = _on_machine(settings) if remote is None else _on_cluster(settings, remote)
    assert system.memory_limit_bytes is not None
    blocksize = settings.blocksize
    if blocksize is None:
        blocksize = derive_blocksize(system.chunk_size, bytes_per_row, system.memory_limit_bytes)
    else:
        require_block_fits(blocksize, system.memory_limit_bytes)
    reasons["blocksize"] = (
        f"{system.chunk_size:,} rows of {bytes_per_row:.0f} bytes, "
        "reduced if a task would not fit the memory limit"
    )
    # What the user has set needs no derivation; a cluster has the workers that it has.
    given = {name for name in reasons if getattr(settings, name) is not None}
    given -= {"workers"} if remote else set()
    return replace(system, blocksize_bytes=blocksize), {
        name: f"set by {settings.sources[name]}" if name in given else reason
        for name, reason in reasons.items()
    }


def _on_machine(settings: Settings) -> tuple[SystemConfig, dict[str, str]]:
    system = detect_system_config(settings.workers, settings.chunk_size)
    if not settings.enable_parallel:
        system = replace(system, num_workers=1, enable_parallel=False)
    limit_bytes = whole_run_limit(system.available_memory_bytes, settings.memory_limit_gb)
    if settings.workers is None and settings.memory_limit is None:
        system = _with_workers_that_fit(system, limit_bytes)
    per_worker = settings.memory_limit or memory_limit_per_worker(limit_bytes, system.num_workers)
    reasons = {
        "workers": f"from {system.cpu_count} CPUs and {format_bytes(limit_bytes)} for the run"
        if settings.enable_parallel
        else "no cluster: this process alone",
        "chunk_size": f"from {format_bytes(system.available_memory_bytes)} of available memory",
        "memory_limit": f"{format_bytes(limit_bytes)} for the run "
        f"over {counted(system.num_workers, 'worker')}",
    }
    if system.defaults_used:
        reasons["workers"] = reasons["chunk_size"] = "default, as detection failed"
    return replace(system, memory_limit_bytes=per_worker), reasons


def _on_cluster(settings: Settings, remote: RemoteWorkers) -> tuple[SystemConfig, dict[str, str]]:
    # Told of the workers, not of this machine.
    remote.require_memory(projected_block_task_bytes(settings.blocksize or MINIMUM_BLOCKSIZE_BYTES))
    count, task_bytes = len(remote.by_address), remote.task_memory_bytes
    system = SystemConfig.of_workers(
        count, remote.threads, remote.memory_bytes, settings.chunk_size
    )
    reasons = {
        "workers": f"those of {remote.scheduler}",
        "chunk_size": f"from {format_bytes(remote.memory_bytes)} of all workers",
        "memory_limit": "what the smallest worker has for each of its threads",
    }
    limit_bytes = min(settings.memory_limit or task_bytes, task_bytes)
    return replace(system, memory_limit_bytes=limit_bytes), reasons


def _with_workers_that_fit(system: SystemConfig, limit_bytes: int) -> SystemConfig:
    """Fewer workers where many CPUs share little memory."""
    fitting = workers_that_fit(system.num_workers, limit_bytes)
    if fitting == system.num_workers:
        return system
    warning = (
        f"{system.num_workers} workers would share {format_bytes(limit_bytes)}; using {fitting}."
    )
    return replace(
        system,
        num_workers=fitting,
        enable_parallel=fitting > 1,
        warnings=(*system.warnings, warning),
    )
