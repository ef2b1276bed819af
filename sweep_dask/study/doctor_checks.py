"""What `doctor` looks at, one function for each; each yields what it finds, or raises."""

from __future__ import annotations

import logging
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

from sweep_dask.dataflow.progress import counted
from sweep_dask.locations import is_object
from sweep_dask.memory import (
    MINIMUM_BLOCKSIZE_BYTES,
    format_bytes,
    projected_block_task_bytes,
    whole_run_limit,
)
from sweep_dask.storage.layout import OutputLayout
from sweep_dask.system_config import SystemConfig, detect_system_config
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from sweep_dask.dataflow.remote_cluster import RemoteCluster
    from sweep_dask.resource_limits import Candidate
    from sweep_dask.settings import Settings
    from sweep_dask.study.plan import Plan

logger = logging.getLogger(__name__)

OK, WARNING, ERROR = "ok", "warning", "error"

#: Packages that a run imports, and that have to be the same on a cluster or are often missing.
PACKAGES = ("dask", "distributed", "bokeh", "numpy", "numba", "pandas", "pyarrow", "scipy")
#: Hours by which Sydney is ahead of UTC, before and after its clocks changed on 6 October 2024.
_SYDNEY_HOURS = {(2024, 10, 4): 10, (2024, 10, 7): 11}


class Check(NamedTuple):
    """One thing that was looked at."""

    about: str
    state: str
    """`ok`, `warning` or `error`."""
    found: str
    cure: str | None = None


# --- this machine ---------------------------------------------------------------------------------


def versions() -> Iterator[Check]:
    """Packages that can be imported."""
    python = ".".join(map(str, sys.version_info[:3]))
    versions = [f"sweep_dask {VERSION}, Python {python}"]
    for name in PACKAGES:
        try:
            import_module(name)
            versions.append(f"{name} {version(name)}")
        except (ImportError, PackageNotFoundError) as error:
            cure = f"Install it in this environment: {sys.executable} -m pip install {name}"
            yield Check("versions", ERROR, f"{name} cannot be imported: {error}", cure)
    yield Check("versions", OK, ", ".join(versions))


def time_zones() -> Iterator[Check]:
    """Data on Sydney, whose clocks change."""
    import datetime as dt
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    zone, cure = "Australia/Sydney", "Install the data: pip install --upgrade tzdata"
    try:
        sydney = ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        yield Check("time zones", ERROR, f"there are no data on {zone}", cure)
        return
    offsets = [dt.datetime(*day, tzinfo=sydney).utcoffset() for day in _SYDNEY_HOURS]
    if offsets == [dt.timedelta(hours=hours) for hours in _SYDNEY_HOURS.values()]:
        yield Check("time zones", OK, f"{zone} is known, with its change on 6 October 2024")
    else:
        yield Check("time zones", ERROR, f"the data on {zone} are wrong for October 2024", cure)


def compiled_code() -> Iterator[Check]:
    """Whether the first run has to compile."""
    from sweep_dask.partition.ahead import is_compiled

    if is_compiled(book=True):
        yield Check("compiled code", OK, "is there")
        return
    cure = "Nothing has to be done: the first run compiles, once, for about a minute."
    yield Check("compiled code", WARNING, "is not there yet", cure)


def machine(settings: Settings) -> Iterator[Check]:
    """CPUs and memory: who was asked, and whose answer counts."""
    system = detect_system_config()
    yield _detected("CPU", system.reasons()[0], system.cpu_candidates, system)
    memory = _detected("memory", system.reasons()[1], system.memory_candidates, system)
    least_bytes = projected_block_task_bytes(MINIMUM_BLOCKSIZE_BYTES)
    limit_bytes = whole_run_limit(system.available_memory_bytes, settings.memory_limit_gb)
    if limit_bytes < least_bytes:
        text = f"{memory.found}; a run may use {format_bytes(limit_bytes)} of it, and the smallest "
        text += f"takes {format_bytes(least_bytes)}"
        cure = "Free memory, or give the container or the run (performance.memory_limit_gb) more."
        memory = Check("memory", ERROR, text, cure)
    yield memory


def _detected(
    about: str, reason: str, candidates: Sequence[Candidate], system: SystemConfig
) -> Check:
    """What was asked, and who won."""
    winner = next((one for one in candidates if one.winner), None)
    by = f" ({winner.name}{f' of {winner.where}' if winner.where else ''})" if winner else ""
    text = reason.partition(": ")[2] + by
    if not system.defaults_used:
        return Check(about, OK, text)
    cure = "Set --workers, --chunk-size and --memory-limit, which are defaults now."
    return Check(about, WARNING, f"{text}; not every source could be asked", cure)


# --- input and output -----------------------------------------------------------------------------


@dataclass
class Run:
    """What a run would be."""

    settings: Settings
    inputs: Sequence[str]
    stack: ExitStack
    """Closes what was opened."""
    cluster: RemoteCluster | None = None
    """Somebody's that can do the work."""
    plan: Plan | None = None
    """Once it is made."""


def input_files(run: Run) -> Iterator[Check]:
    """Whether the input can be opened, and its run fits; makes the plan."""
    from sweep_dask.study.plan import DEFAULT_INPUT, make_plan

    inputs = run.inputs or [str(DEFAULT_INPUT)] * DEFAULT_INPUT.is_dir()
    if not inputs:
        yield Check("input", OK, f"none was named, and there is no {DEFAULT_INPUT}")
        return
    run.plan = plan = make_plan(run.settings, inputs, cluster=run.cluster)
    size = format_bytes(plan.inputs.bytes)
    yield Check("input", OK, f"{plan.input}: {counted(len(plan.inputs.files), 'file')}, {size}")
    if run.cluster is not None:
        run.cluster.workers.require_memory(plan.task_bytes)
    for warning in plan.warnings:
        if warning not in run.settings.warnings:
            yield Check("input", WARNING, warning, "`check` and `plan` tell more.")


def output_folder(settings: Settings) -> Iterator[Check]:
    """Whether results can be written."""
    from sweep_dask.study.workspace import require_writable

    folder = settings.output.absolute()
    there = _nearest(folder)
    # As permissions alone do not tell.
    if is_object(folder):
        require_writable(folder)
    else:
        with tempfile.TemporaryFile(dir=there):
            pass
    will_be = "" if there == folder else ", which will be made"
    yield Check("output folder", OK, f"{folder}{will_be}; can be written")


def disk(run: Run) -> Iterator[Check]:
    """What is free, beside what the plan takes."""
    from sweep_dask.study.needs import free_disk_bytes, require_room

    folder = run.settings.output.absolute()
    if is_object(folder):
        yield Check("disk", OK, "none is needed for results in an object store")
        return
    free = f"{format_bytes(free_disk_bytes(folder))} are free"
    if run.plan is None:
        yield Check("disk", OK, f"{free}; what a run takes follows from its input")
        return
    require_room(OutputLayout(folder), run.settings.scratch, run.plan.disk)
    needed = format_bytes(run.plan.disk.total_bytes)
    yield Check("disk", OK, f"{free}, the run takes about {needed}")


# --- where tasks run ------------------------------------------------------------------------------


def cluster(run: Run) -> Iterator[Check]:
    """Whether the scheduler answers, versions are equal, and workers see the output folder."""
    from sweep_dask.dataflow.remote_cluster import remote_cluster
    from sweep_dask.dataflow.remote_workers import require_folders_seen

    cluster = run.stack.enter_context(remote_cluster(run.settings, None, logger.info))
    if cluster is None:
        own = "workers of this machine; none is named with --scheduler"
        yield Check("cluster", OK, own if run.settings.enable_parallel else "none: --no-parallel")
        return
    workers = cluster.workers  # of which versions are compared
    given = (run.settings.scratch, run.settings.output)
    require_folders_seen(cluster.client, *(_nearest(one) for one in given if one is not None))
    run.cluster = cluster
    text = ", ".join(f"{label.lower()} {text}" for label, text in workers.as_lines().items())
    yield Check("cluster", OK, f"{text}; versions are compared, dashboard {cluster.dashboard}")


def _nearest(folder: Path) -> Path:
    """The folder, or what is there of the way to it."""
    folder = folder.absolute()
    if is_object(folder):
        return folder
    return next(path for path in (folder, *folder.parents) if path.exists())


def dashboard(settings: Settings) -> Iterator[Check]:
    """Whether its port is free."""
    from sweep_dask.dataflow.dashboard import free_port

    if not settings.has_own_workers:
        yield Check("dashboard", OK, "none of ours")
        return
    host, _, port = settings.dashboard_address.rpartition(":")
    free = free_port(host.removeprefix("[").removesuffix("]"), int(port))
    if free == int(port):
        yield Check("dashboard", OK, f"{settings.dashboard_address} is free")
        return
    cure = "Open the address that the first line of a run says, or name another port with "
    cure += "--dashboard-address."
    instead = f"port {free or 'any free one'} would be taken instead"
    text = f"{settings.dashboard_address} is taken; {instead}"
    yield Check("dashboard", WARNING, text, cure)
