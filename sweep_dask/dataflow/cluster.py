"""Where tasks run: our own LocalCluster, somebody's scheduler, or this process."""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import dask
from distributed import Client
from distributed.security import Security
from distributed.utils import silence_logging_cmgr

from sweep_dask.dataflow.local_cluster import local_cluster
from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.system_config import SystemConfig, format_bytes
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sweep_dask.settings import Settings

logger = logging.getLogger(__name__)

#: How long a remote scheduler may take to answer (contract).
CONNECT_SECONDS = 30


class Workers(NamedTuple):
    """Where tasks run."""

    client: Client | None
    """None: in this process, with Dask's synchronous scheduler."""
    task_memory_bytes: int
    """Memory a task may use, on the worker that has least."""
    dashboard: str | None = None
    """Link to it."""


@contextmanager
def open_cluster(
    settings: Settings, system: SystemConfig, scratch: Path, needed_bytes: int
) -> Iterator[Workers]:
    """The workers the settings ask for.

    Parameters
    ----------
    system
        Gives the number of workers and the memory limit of a `LocalCluster`.
    scratch
        Folder for what workers write beside their results.
    needed_bytes
        Memory of the largest task; a remote worker with less is refused.

    Raises
    ------
    ResourceError
        The scheduler cannot be reached in time, or its workers cannot do the work.
    """
    assert system.memory_limit_bytes is not None
    if not settings.enable_parallel:
        yield Workers(None, system.memory_limit_bytes)
        return
    scratch.mkdir(parents=True, exist_ok=True)
    # Dask would make a folder of its own in the temporary folder of the machine, whose name
    # everybody knows and can put a link under.
    with dask.config.set({"temporary-directory": str(scratch)}):
        if settings.scheduler is not None or settings.scheduler_file is not None:
            with _remote(settings) as client:
                task_memory_bytes = check_workers(client, scratch, needed_bytes)
                yield Workers(client, task_memory_bytes, client.dashboard_link)
        else:
            with local_cluster(settings, system, scratch) as (client, link):
                yield Workers(client, system.memory_limit_bytes, link)


@contextmanager
def _remote(settings: Settings) -> Iterator[Client]:
    address = _scheduler_address(settings)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, security=_security(settings))
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        raise ResourceError(
            f"The Dask scheduler did not answer within {CONNECT_SECONDS} s.",
            where=address,
            value=str(error) or type(error).__name__,
            cure="Check the address and that the scheduler runs, "
            "or leave --scheduler out to use this machine.",
        ) from error
    # A scheduler that goes away is reported by us, once.
    with (
        silence_logging_cmgr(logging.CRITICAL),
        silence_logging_cmgr(logging.CRITICAL, root="distributed.client"),
        client,
    ):
        yield client


def _scheduler_address(settings: Settings) -> str:
    """The address given, or the one in the file; Dask itself would wait for a file forever."""
    file = settings.scheduler_file
    if file is None:
        assert settings.scheduler is not None
        return settings.scheduler
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ResourceError(
            "The scheduler file does not hold the address of a scheduler.",
            where=str(file),
            value=str(error),
            cure="Name the file that `dask scheduler --scheduler-file FILE` has written.",
        ) from error


def _security(settings: Settings) -> Security | None:
    files = (settings.tls_ca_file, settings.tls_cert, settings.tls_key)
    if not any(files):
        return None
    for file in files:
        if file is not None and not file.is_file():
            raise UsageError(
                "A certificate or key of the cluster is not there.",
                where=str(file),
                cure="Correct --tls-ca-file, --tls-cert or --tls-key.",
            )
    return Security(
        tls_ca_file=settings.tls_ca_file and str(settings.tls_ca_file),
        tls_client_cert=settings.tls_cert and str(settings.tls_cert),
        tls_client_key=settings.tls_key and str(settings.tls_key),
        require_encryption=True,
    )


def check_workers(client: Client, scratch: Path, needed_bytes: int) -> int:
    """Refuse workers that would fail later: none, another version, no memory, other files.

    Returns
    -------
    int
        Memory a task may use: what the smallest worker has for each of its threads.

    Raises
    ------
    ResourceError
        Names the workers and the cure.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    probe = scratch / f"probe-{uuid.uuid4().hex}"
    probe.write_text("", encoding="utf-8")
    workers = client.run(_describe_worker(str(probe)))
    if not workers:
        raise ResourceError(
            "The Dask scheduler has no workers.",
            where=client.scheduler.address,
            cure=f"Start some: dask worker {client.scheduler.address}",
        )
    versions = {address: found["version"] for address, found in workers.items()}
    _refuse(
        {a: v or "not installed" for a, v in versions.items() if v != VERSION},
        f"Workers do not run sweep_dask {VERSION}, as this client does.",
        f"Install sweep-dask=={VERSION} on every worker.",
    )
    _refuse(
        {a: "not visible" for a, found in workers.items() if not found["sees_output"]},
        f"Workers do not see the output folder {scratch.parent}.",
        "Use a folder on a file system that client and workers share, under the same path.",
    )
    task_memory = {a: found["memory_limit"] // found["threads"] for a, found in workers.items()}
    _refuse(
        {
            address: f"{format_bytes(size_bytes)} for each thread"
            for address, size_bytes in task_memory.items()
            if size_bytes < needed_bytes
        },
        f"Workers have less memory than the largest task needs ({format_bytes(needed_bytes)}).",
        "Give workers more memory or fewer threads, or make blocks smaller with --blocksize.",
    )
    return int(min(task_memory.values()))


def _describe_worker(probe: str) -> Any:
    """A function that travels whole: a worker may not have this package at all."""

    def describe(dask_worker: Any) -> dict[str, Any]:
        import os

        from distributed import system

        try:
            from sweep_dask import version

            installed = version.VERSION
        except ImportError:
            installed = None
        return {
            "version": installed,
            # A worker without a limit has the machine's memory.
            "memory_limit": dask_worker.memory_manager.memory_limit or system.MEMORY_LIMIT,
            "threads": dask_worker.state.nthreads,
            "sees_output": os.path.exists(probe),  # noqa: PTH110  no more imports than needed
        }

    return describe


def _refuse(failing: dict[str, str], what: str, cure: str) -> None:
    if failing:
        where = ", ".join(f"{address} ({found})" for address, found in sorted(failing.items()))
        raise ResourceError(what, where=where, cure=cure)
