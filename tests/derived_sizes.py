"""Sizes that follow from CPUs and available memory by the rules, for pages that list them."""

from __future__ import annotations

from typing import NamedTuple

from sweep_dask.memory import (
    derive_blocksize,
    memory_limit_per_worker,
    whole_run_limit,
    workers_that_fit,
)
from sweep_dask.system_config import _calculate_optimal_chunk_size, _calculate_optimal_workers

#: As the pages say.
BYTES_PER_ROW = 150


class DerivedSizes(NamedTuple):
    """What a run derives where nothing is set."""

    workers: int
    wanted_workers: int
    """Before memory makes them fewer."""
    run_bytes: int
    worker_bytes: int
    chunk_rows: int
    blocksize_bytes: int


def derived_sizes(cpus: int, available_bytes: int) -> DerivedSizes:
    """The sizes for so many CPUs and so much available memory."""
    run_bytes = whole_run_limit(available_bytes)
    wanted = _calculate_optimal_workers(cpus)
    workers = workers_that_fit(wanted, run_bytes)
    worker_bytes = memory_limit_per_worker(run_bytes, workers)
    rows = _calculate_optimal_chunk_size(available_bytes)
    blocksize_bytes = derive_blocksize(rows, BYTES_PER_ROW, worker_bytes)
    return DerivedSizes(workers, wanted, run_bytes, worker_bytes, rows, blocksize_bytes)
