"""What a run would do, worked out before anything runs: pure but for reading samples of files."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
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
from sweep_dask.sample import sample_market_path
from sweep_dask.schema import TABLES
from sweep_dask.settings import Settings, require_known_columns, require_known_tables
from sweep_dask.storage.blocks import Block, cut_file
from sweep_dask.storage.inputs import Inputs, open_inputs
from sweep_dask.study.book import book_settings
from sweep_dask.study.needs import (
    DiskSpace,
    Sample,
    projected_disk_space,
    projected_partition_task_bytes,
    projected_rollup_task_bytes,
    sample_orders,
    tight_rollups,
)
from sweep_dask.study.selection import with_security_ids
from sweep_dask.system_config import SystemConfig, detect_system_config, worker_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.inputs import BookSettings
    from sweep_dask.dataflow.remote_cluster import RemoteCluster
    from sweep_dask.dataflow.remote_workers import RemoteWorkers
    from sweep_dask.storage.address import InputAddresses


logger = logging.getLogger(__name__)

#: Where a user's raw files lie unless said otherwise (contract).
DEFAULT_INPUT = Path("data/raw")


@dataclass(frozen=True)
class Plan:
    """Everything a run needs to know beforehand."""

    input: InputAddresses
    is_sample: bool
    """Whether the input is the built-in sample market."""
    settings: Settings
    book: BookSettings
    """The Centre Point book; how large a block has to be is each security's own."""
    system: SystemConfig
    """With workers, chunk size, memory limit and blocksize resolved; of somebody's cluster, what
    its workers have together."""
    remote: RemoteWorkers | None
    """The workers of somebody's cluster; None: ours, or none."""
    inputs: Inputs
    blocks: tuple[Block, ...]
    sample: Sample
    reasons: dict[str, str]
    """Derived setting to why it has its value."""
    block_task_bytes: int
    """Projected peak memory of a worker that reads a block."""
    partition_task_bytes: int
    """Projected peak memory of a worker that merges and runs a partition of average size."""
    rollup_task_bytes: int
    """Projected peak memory of a worker that rolls up sweeps."""
    disk: DiskSpace
    """Projected disk space of the run."""
    warnings: tuple[str, ...]

    @property
    def new_warnings(self) -> tuple[str, ...]:
        """Those not told yet: what is odd about settings or the machine is, by who finds it."""
        told = {*self.settings.warnings, *self.system.warnings}
        return tuple(warning for warning in self.warnings if warning not in told)

    @property
    def derived(self) -> dict[str, int]:
        """Settings that follow from machine and input unless they are set; sizes in bytes."""
        memory_limit, blocksize = self.system.memory_limit_bytes, self.system.blocksize_bytes
        assert memory_limit is not None
        assert blocksize is not None
        return {
            "workers": self.system.num_workers,
            "memory_limit": memory_limit,
            "chunk_size": self.system.chunk_size,
            "blocksize": blocksize,
        }

    @property
    def total_bytes(self) -> int:
        """Projected peak memory of all workers together."""
        at_a_time = self.remote.threads if self.remote else self.system.num_workers
        return at_a_time * self.task_bytes

    @property
    def task_bytes(self) -> int:
        """Projected peak memory of the largest task."""
        return max(self.block_task_bytes, self.partition_task_bytes, self.rollup_task_bytes)


def choose_input(given: Sequence[str]) -> tuple[Sequence[str], bool]:
    """What to take as INPUT, and whether it is the built-in sample market."""
    if given:
        return given, False
    if DEFAULT_INPUT.is_dir():
        return [str(DEFAULT_INPUT)], False
    return [str(sample_market_path())], True


def make_plan(
    settings: Settings,
    folder: str | Sequence[str],
    *,
    is_sample: bool = False,
    cluster: RemoteCluster | None = None,
) -> Plan:
    """Open the input, look at the machine or the cluster, and size the run.

    Parameters
    ----------
    cluster
        Somebody's, if the run is to work there.

    Raises
    ------
    InputError
        The input cannot be used.
    UsageError
        The column mapping, the units, the delimiters, the securities or the rules to switch off
        name what does not exist, or the tick table is none.
    ResourceError
        No block fits the memory there is, or the cluster cannot do the work.
    """
    book = book_settings(settings)
    inputs = open_as_set(settings, folder)
    settings = with_security_ids(settings, inputs)
    sample = sample_orders(inputs)
    remote = None if cluster is None else cluster.workers
    system, reasons = sized(settings, sample.bytes_per_row, remote)
    assert system.blocksize_bytes is not None
    blocks = _cut(inputs, system.blocksize_bytes)
    rows_per_partition = sample.kept_rows / max(1, sample.partitions)
    rollup_bytes = projected_rollup_task_bytes(sample.kept_rows)
    return Plan(
        input=inputs.address,
        is_sample=is_sample,
        settings=settings,
        book=book,
        system=system,
        remote=remote,
        inputs=inputs,
        blocks=blocks,
        sample=sample,
        reasons=reasons,
        block_task_bytes=projected_block_task_bytes(_largest_block_bytes(blocks)),
        partition_task_bytes=projected_partition_task_bytes({"orders": int(rows_per_partition)}),
        rollup_task_bytes=rollup_bytes,
        disk=projected_disk_space(
            sample.kept_text_bytes, is_part=bool(settings.dates or settings.securities)
        ),
        warnings=(
            *settings.warnings,
            *system.warnings,
            *inputs.warnings,
            *tight_rollups(rollup_bytes, system),
        ),
    )


def open_as_set(settings: Settings, folder: str | Sequence[str]) -> Inputs:
    """Open the input as the settings say that it is written; errors as of `make_plan`."""
    known = {table.name: [column.name for column in table.columns] for table in TABLES}
    sources = settings.sources
    require_known_columns(settings.columns, known, "columns", sources["columns"])
    delimiters = settings.delimiters(known)
    require_known_tables("units", settings.units, known, sources["units"])
    require_known_tables("delimiter", delimiters, known, sources["delimiter"])
    require_known_tables("header", settings.header, known, sources["header"])
    return open_inputs(
        folder, settings.columns, settings.units, delimiters, settings.ignore, settings.header
    )


def _cut(inputs: Inputs, blocksize_bytes: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for file in inputs.readable:
        blocks += cut_file(file, inputs.headers[file.name], blocksize_bytes, len(blocks))
    return tuple(blocks)


def _largest_block_bytes(blocks: Sequence[Block]) -> int:
    """Most text a task holds at a time."""
    return max(
        (min(b.batch_bytes, b.file.bytes) if b.file.format == "csv" else b.batch_bytes)
        for b in blocks
    )


def sized(
    settings: Settings, bytes_per_row: float, remote: RemoteWorkers | None
) -> tuple[SystemConfig, dict[str, str]]:
    """Everything derived, and by the name of a setting why it has its value; see `make_plan`.

    Parameters
    ----------
    bytes_per_row
        As measured on the input.
    remote
        The workers of somebody's cluster; None: of this machine.
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
    used = {"chunk_size": system.chunk_size, "memory_limit": system.memory_limit_bytes}
    used["blocksize"] = blocksize
    if remote is None:  # a cluster has the workers that it has
        used["workers"] = system.num_workers
    given = [name for name, value in used.items() if getattr(settings, name) == value]
    reasons |= {name: f"set by {settings.sources[name]}" for name in given}
    return replace(system, blocksize_bytes=blocksize), reasons


def _on_machine(settings: Settings) -> tuple[SystemConfig, dict[str, str]]:
    system = detect_system_config(settings.workers, settings.chunk_size)
    if not settings.enable_parallel:
        system = replace(system, num_workers=1, enable_parallel=False)
    limit_bytes = whole_run_limit(system.available_memory_bytes, settings.memory_limit_gb)
    if settings.workers is None and settings.memory_limit is None:
        system = _with_workers_that_fit(system, limit_bytes)
    per_worker = settings.memory_limit or memory_limit_per_worker(limit_bytes, system.num_workers)
    reasons = {
        "workers": worker_reason(system.cpu_count, limit_bytes)
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
    logger.warning(warning)
    return replace(
        system,
        num_workers=fitting,
        enable_parallel=fitting > 1,
        warnings=(*system.warnings, warning),
    )
