"""A client of somebody's scheduler. Its replies are unpickled: it is trusted like code."""

from __future__ import annotations

import json
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distributed import Client
from distributed.utils import silence_logging_cmgr
from distributed.versions import VersionMismatchWarning

from sweep_dask.dataflow.scheduler_greeting import require_greeting
from sweep_dask.dataflow.scheduler_security import secured
from sweep_dask.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_dask.settings import Settings

#: How long a remote scheduler may take to answer (contract).
CONNECT_SECONDS = 30

#: Far above what a scheduler writes about itself.
_FILE_CHARACTERS = 1 << 20


@contextmanager
def remote_cluster(settings: Settings) -> Iterator[Client]:
    """A client of the scheduler that the settings name.

    Raises
    ------
    ResourceError
        It does not answer, or does not let this client in.
    UsageError
        What an encrypted connection needs is missing or cannot be used.
    """
    client = _connected(settings)
    # A scheduler that goes away is reported by us, once.
    with (
        silence_logging_cmgr(logging.CRITICAL),
        silence_logging_cmgr(logging.CRITICAL, root="distributed.client"),
        client,
    ):
        yield client


def _connected(settings: Settings) -> Client:
    address, security = secured(settings, _scheduler_address(settings))
    try:
        require_greeting(address, security, CONNECT_SECONDS)
        with warnings.catch_warnings():
            # Versions are compared by us, with all that matters here.
            warnings.simplefilter("ignore", VersionMismatchWarning)
            return Client(address, timeout=CONNECT_SECONDS, security=security)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise ResourceError(
            f"The Dask scheduler did not answer within {CONNECT_SECONDS} s.",
            where=address,
            value=str(error) or type(error).__name__,
            cure="Check the address and that the scheduler runs, "
            "or leave --scheduler out to use this machine.",
        ) from error


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
