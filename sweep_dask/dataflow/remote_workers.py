"""What workers that somebody else started must have, checked before anything runs on them."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from sweep_dask.errors import ResourceError
from sweep_dask.system_config import format_bytes
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from distributed import Client

logger = logging.getLogger(__name__)

#: Tasks travel as Python objects: the interpreter's byte code and Dask's own messages have to be
#: those of the client.
EXACT = ("python", "dask", "distributed")
#: Their objects travel too, or write the results. Versions mostly understand each other, but equal
#: bytes are promised for equal versions only.
SIMILAR = ("cloudpickle", "msgpack", "numpy", "pandas", "pyarrow")


def check_workers(client: Client, scratch: Path, needed_bytes: int) -> int:
    """Refuse workers that would fail later: none, other versions, no memory, other files.

    Returns
    -------
    int
        Memory a task may use: what the smallest worker has for each of its threads.

    Raises
    ------
    ResourceError
        Names the workers and the cure.
    """
    # Asked without a function of ours, which another Python might not even read.
    check_versions(client.get_versions(packages=["pyarrow"]))
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
    _check_package(client, workers)
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


def check_versions(found: Mapping[str, Any]) -> None:
    """Refuse a scheduler or workers whose Python or Dask is another; warn of other packages.

    Parameters
    ----------
    found
        As `Client.get_versions` gives them: of `client`, `scheduler` and, by address, `workers`.

    Raises
    ------
    ResourceError
        Names who has which version.
    """
    own = _versions(found["client"])
    others = {"scheduler": _versions(found["scheduler"])}
    others |= {address: _versions(worker) for address, worker in found["workers"].items()}
    for package in (*EXACT, *SIMILAR):
        other = {
            who: versions[package] or "not installed"
            for who, versions in others.items()
            if versions[package] != own[package]
        }
        if package in SIMILAR and None not in (versions[package] for versions in others.values()):
            _warn(package, own[package], other)
        else:
            name = "Python" if package == "python" else package
            _refuse(
                other,
                f"The cluster does not run {name} {own[package]}, as this client does.",
                "Use the same versions everywhere, such as one container image for all.",
            )


def _versions(found: Mapping[str, Any]) -> dict[str, str | None]:
    """By package; of Python the part that decides about byte code."""
    packages = found["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {name: packages.get(name) for name in (*EXACT, *SIMILAR)} | {"python": python}


def _warn(package: str, own: str | None, other: Mapping[str, str]) -> None:
    if other:
        logger.warning(
            "the cluster has another %s than this client (%s), so that results may differ in "
            "their bytes: %s",
            package,
            own,
            _listed(other),
        )


def _check_package(client: Client, workers: Mapping[str, Mapping[str, Any]]) -> None:
    """The scheduler reads the tasks as the workers do."""
    versions = {address: found["version"] for address, found in workers.items()}
    versions["scheduler"] = client.run_on_scheduler(_installed())
    _refuse(
        {
            who: version or "not installed"
            for who, version in versions.items()
            if version != VERSION
        },
        f"Workers or scheduler do not run sweep_dask {VERSION}, as this client does.",
        f"Install sweep-dask=={VERSION} on the scheduler and every worker.",
    )


def _installed() -> Any:
    """A function that travels whole: there may be no such package where it runs."""

    def installed() -> str | None:
        try:
            from sweep_dask import version
        except ImportError:
            return None
        return str(version.VERSION)

    return installed


def _describe_worker(probe: str) -> Any:
    """A function that travels whole, like the one before."""
    installed = _installed()

    def describe(dask_worker: Any) -> dict[str, Any]:
        import os

        import dask
        from distributed import system

        # A worker without a limit has the machine's memory. A nanny ends one before its limit.
        limit_bytes = dask_worker.memory_manager.memory_limit or system.MEMORY_LIMIT
        usable = dask.config.get("distributed.worker.memory.terminate") or 1.0
        return {
            "version": installed(),
            "memory_limit": int(limit_bytes * usable),
            "threads": dask_worker.state.nthreads,
            "sees_output": os.path.exists(probe),  # noqa: PTH110  no more imports than needed
        }

    return describe


def _refuse(failing: Mapping[str, str], what: str, cure: str) -> None:
    if failing:
        raise ResourceError(what, where=_listed(failing), cure=cure)


def _listed(found: Mapping[str, str]) -> str:
    return ", ".join(f"{who} ({what})" for who, what in sorted(found.items()))
