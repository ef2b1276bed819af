"""Somebody's scheduler and its workers. Its replies are unpickled: it is trusted like code."""

from __future__ import annotations

import json
import logging
import warnings
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from distributed import Client, get_client
from distributed.diagnostics.task_stream import TaskStreamPlugin
from distributed.utils import silence_logging_cmgr
from distributed.versions import VersionMismatchWarning

from sweep_dask.dataflow.remote_workers import RemoteWorkers, survey, wait_for_workers
from sweep_dask.dataflow.scheduler_connection import require_greeting, secured
from sweep_dask.dataflow.versions import require_same_versions
from sweep_dask.errors import ResourceError, UsageError
from sweep_dask.settings import COMMAND_LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from sweep_dask.settings import Settings

__all__ = ["Client", "RemoteCluster", "handed_in", "remote_cluster", "scheduler_as_found"]

#: How long a remote scheduler may take to answer (contract).
CONNECT_SECONDS = 30

#: Far above what a scheduler writes about itself.
_FILE_CHARACTERS = 1 << 20

#: What the scheduler's own pages call this client.
_NAME = "sweep-dask"

#: The word for the client that is active.
CURRENT = "current"


@contextmanager
def remote_cluster(
    settings: Settings, theirs: Client | None, tell: Callable[[str], None]
) -> Iterator[RemoteCluster | None]:
    """The cluster that the settings, or a client, stand for; None: ours, or none.

    `theirs`: a client of the caller, to whose scheduler one of ours is connected beside it. It is
    neither changed nor closed.
    `tell`: receives a line about workers that are waited for.
    """
    if settings.has_own_workers or not settings.enable_parallel:
        if settings.sources["wait_for_workers"] == COMMAND_LINE:
            raise UsageError(
                "Workers are waited for on a running cluster, and none is named.",
                where="--wait-for-workers",
                value=settings.wait_for_workers,
                cure="name one with --scheduler or --scheduler-file; --workers says how many a "
                "local cluster has",
            )
        yield None
        return
    with RemoteCluster(settings, theirs, tell) as cluster:
        yield cluster


class RemoteCluster:
    """A running cluster, reached when it is first asked for something.

    What is done on it goes through a client of ours: when that is closed, the scheduler forgets
    all that it has wanted, whatever has become of it.
    """

    def __init__(
        self, settings: Settings, theirs: Client | None, tell: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._theirs = theirs
        self._tell = tell
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @cached_property
    def client(self) -> Client:
        """A client of ours.

        Raises ResourceError: the scheduler does not answer, or does not let this client in.
        Raises UsageError: what an encrypted connection needs is missing or cannot be used.
        """
        client = _connected(self._settings) if self._theirs is None else _beside(self._theirs)
        # A scheduler that goes away is reported by us, once.
        self._stack.enter_context(silence_logging_cmgr(logging.CRITICAL))
        quiet = silence_logging_cmgr(logging.CRITICAL, root="distributed.client")
        self._stack.enter_context(quiet)
        self._stack.enter_context(client)
        return client

    @cached_property
    def workers(self) -> RemoteWorkers:
        """Those that there are, once there are as many as were asked for.

        Raises ResourceError: there are too few, or they or the scheduler do not run what this
        client runs.
        """
        wanted, patience_seconds = (
            self._settings.wait_for_workers,
            self._settings.worker_wait_seconds,
        )
        wait_for_workers(self.client, wanted, patience_seconds, self._tell)
        require_same_versions(self.client)
        return survey(self.client)

    @property
    def dashboard(self) -> str | None:
        """Link to it; of a client made by a cluster object, the one that its users know."""
        link = (self._theirs or self.client).dashboard_link
        return str(link) if link else None


def _beside(theirs: Client) -> Client:
    """A client of the scheduler of another client."""
    address = str(theirs.scheduler.address)
    try:
        return _client(
            address,
            security=theirs.security,
            direct_to_workers=theirs.direct_to_workers,
        )
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise _no_answer(address, error, "Check that the cluster of this client runs.") from error


def _connected(settings: Settings) -> Client:
    address, security = secured(settings, _scheduler_address(settings))
    try:
        require_greeting(address, security, CONNECT_SECONDS)
        return _client(address, security=security)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        cure = "Check the address and that the scheduler runs, or leave --scheduler out to use "
        raise _no_answer(address, error, f"{cure}this machine.") from error


def _client(address: str, **options: Any) -> Client:
    with warnings.catch_warnings():
        # Versions are compared by us, with all that matters here.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name=_NAME, **options)


def _no_answer(address: str, error: Exception, cure: str) -> ResourceError:
    is_silence = isinstance(error, TimeoutError | ConnectionRefusedError)
    what = f"did not answer within {CONNECT_SECONDS} s" if is_silence else "cannot be reached"
    return ResourceError(
        f"The Dask scheduler {what}.",
        where=address,
        value=str(error) or type(error).__name__,
        cure=cure,
    )


def _scheduler_address(settings: Settings) -> str:
    """The address given, or the one in the file; Dask itself would wait for a file forever."""
    file = settings.scheduler_file
    if file is None:
        assert settings.scheduler is not None
        return settings.scheduler
    try:
        with file.open(encoding="utf-8") as stream:
            return str(json.loads(stream.read(_FILE_CHARACTERS))["address"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ResourceError(
            "The scheduler file does not hold the address of a scheduler.",
            where=str(file),
            value=str(error),
            cure="Name the file that `dask scheduler --scheduler-file FILE` has written.",
        ) from error


@contextmanager
def scheduler_as_found(client: Client, *, is_profiled: bool) -> Iterator[None]:
    """Remove from the scheduler what a profile puts there, unless it was there before."""
    if not is_profiled or client.run_on_scheduler(_has_task_stream):
        yield
        return
    try:
        yield
    finally:
        client.run_on_scheduler(_remove_task_stream)


def _has_task_stream(dask_scheduler: Any) -> bool:
    return TaskStreamPlugin.name in dask_scheduler.plugins


def _remove_task_stream(dask_scheduler: Any) -> None:
    if _has_task_stream(dask_scheduler):
        dask_scheduler.remove_plugin(name=TaskStreamPlugin.name)


def handed_in(client: object) -> Client:
    """The client that is meant, if a run can work beside it.

    `client`: a `distributed.Client`, or `"current"`: the one that Dask itself would use.
    Raises UsageError: it is none, is asynchronous, or is not connected.
    """
    if isinstance(client, str) and client == CURRENT:
        client = _current()
    if not isinstance(client, Client):
        raise UsageError(
            "This is no client of a Dask cluster.",
            where="client",
            value=client,
            cure='hand in a distributed.Client, or "current" for the one that is active',
        )
    if client.status != "running":
        raise UsageError(
            f"The client is not connected to its scheduler (it is {client.status}).",
            where="client",
            cure="make a new one with Client(…)",
        )
    if client.asynchronous:
        raise UsageError(
            "The client is in asynchronous mode, and a run would block its event loop.",
            where="client",
            cure="hand in a Client(…) without asynchronous=True, or let the run have a thread: "
            "await asyncio.to_thread(sweep_dask.run, …)",
        )
    return client


def _current() -> Client:
    try:
        return get_client()
    except ValueError as error:
        raise UsageError(
            "No client is active.",
            where='client="current"',
            cure="make one with distributed.Client(…) first, or leave client out for a cluster on "
            "this machine",
        ) from error
