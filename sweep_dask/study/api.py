"""`sweep_dask.run`, `sweep_dask.replay` and `sweep_dask.plan`: for Python programs."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep_dask.dataflow.forkserver import end_if_worker
from sweep_dask.dataflow.remote_cluster import handed_in, remote_cluster
from sweep_dask.errors import UsageError
from sweep_dask.settings import COMMAND_LINE, load_settings
from sweep_dask.study import replay as replaying
from sweep_dask.study import run as pipeline
from sweep_dask.study.plan import choose_input, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.dataflow.remote_cluster import Client
    from sweep_dask.settings import Settings
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.replay import ReplayResult
    from sweep_dask.study.results import RunResult

    Input = str | Path | Iterable[str | Path] | None

logger = logging.getLogger(__name__)

#: Settings that say where a run works, as a client does.
_WHERE = ("scheduler", "scheduler_file", "enable_parallel", "workers", "dashboard_address")


def run(
    input: Input = None,  # noqa: A002  contract
    *,
    client: Client | str | None = None,
    **settings: object,
) -> RunResult:
    """Run the whole pipeline.

    Ctrl-C ends it: partitions that are finished are kept, the same call goes on from there, and
    `KeyboardInterrupt` is raised when the output folder is in order.

    Parameters
    ----------
    input
        Folder with `orders/` and `trades/`, a file, a pattern, `"orders=PATH"`, or fsspec URLs of
        these; several in a list. None means `data/raw` or, where that does not exist, the
        built-in sample market.
    client
        A `distributed.Client` of the cluster that is to do the work, or `"current"` for the one
        that is active. It stays open, and nothing is left on its cluster. None: what the settings
        say, a cluster on this machine unless they name a scheduler.
    settings
        Fields of `Settings`, such as `output="results"`, `workers=2`, `enable_parallel=False`.
        They take the place of the command line: environment variables and `config.yaml` fill in
        the rest.

    Raises
    ------
    SweepError
        The run cannot be done; the message says what, where, and the cure.
    """
    folder, is_sample = choose_input(_given(input))
    loaded, theirs = _loaded("run", settings, client)
    result = pipeline.run(loaded, folder, is_sample=is_sample, client=theirs)
    if result.record.status == "interrupted":
        raise KeyboardInterrupt
    return result


def replay(
    input: Input = None,  # noqa: A002  contract
    *,
    ablations: bool = True,
    client: Client | str | None = None,
    **settings: object,
) -> ReplayResult:
    """Replay the recorded orders through the Centre Point book and score it against the tape.

    Parameters
    ----------
    input, client, settings
        As of `run`; results go to the folder `replay` in the output folder.
    ablations
        Whether everything is replayed once more without each rule.

    Raises
    ------
    SweepError
        The replay cannot be done; the message says what, where, and the cure.
    """
    folder, is_sample = choose_input(_given(input))
    loaded, theirs = _loaded("replay", settings, client)
    return replaying.replay(loaded, folder, is_sample=is_sample, ablations=ablations, client=theirs)


def plan(
    input: Input = None,  # noqa: A002  contract
    *,
    client: Client | str | None = None,
    **settings: object,
) -> Plan:
    """Say what `run` with the same arguments would do; writes nothing.

    Raises
    ------
    SweepError
        The run could not be done.
    """
    folder, is_sample = choose_input(_given(input))
    loaded, theirs = _with_client("plan", settings, client)
    with remote_cluster(loaded, theirs, logger.info) as cluster:
        return make_plan(loaded, folder, is_sample=is_sample, cluster=cluster)


def _given(input: Input) -> list[str]:  # noqa: A002  as above
    if input is None:
        return []
    return [str(input)] if isinstance(input, str | Path) else [str(one) for one in input]


def _loaded(
    called: str, settings: dict[str, object], client: Client | str | None
) -> tuple[Settings, Client | None]:
    """The settings, for what may start workers, and the client that is meant."""
    loaded, theirs = _with_client(called, settings, client)
    if loaded.has_own_workers:
        end_if_worker()
    return loaded, theirs


def _with_client(
    called: str, settings: dict[str, object], client: Client | str | None
) -> tuple[Settings, Client | None]:
    loaded = load_settings(settings, os.environ, Path.cwd(), f"sweep_dask.{called}(…)")
    for warning in loaded.warnings:
        logger.warning(warning)
    if client is None:
        return loaded, None
    theirs: Any = handed_in(client)
    for name in _WHERE:
        if loaded.sources[name] == COMMAND_LINE:
            raise UsageError(
                f"A client and {name} both say where the run works.",
                where=name,
                value=getattr(loaded, name),
                cure="give one of them; the cluster of a client has the workers that it has",
            )
    return loaded.on_cluster_of(str(theirs.scheduler.address)), theirs
