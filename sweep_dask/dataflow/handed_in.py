"""A client that a program hands in, for whatever cluster it has."""

from __future__ import annotations

from distributed import Client, get_client

from sweep_dask.errors import UsageError

__all__ = ["Client", "handed_in"]

#: The word for the client that is active.
CURRENT = "current"


def handed_in(client: object) -> Client:
    """The client that is meant, if a run can work beside it.

    Parameters
    ----------
    client
        A `distributed.Client`, or `"current"`: the one that Dask itself would use.

    Raises
    ------
    UsageError
        It is none, is asynchronous, or is not connected.
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
