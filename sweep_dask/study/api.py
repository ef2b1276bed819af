"""`sweep_dask.run`, `sweep_dask.replay` and `sweep_dask.plan`: for Python programs."""

from __future__ import annotations

import os
import sys
from multiprocessing import current_process
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_dask.settings import load_settings
from sweep_dask.study import replay as replaying
from sweep_dask.study import run as pipeline
from sweep_dask.study.plan import choose_input, make_plan

if TYPE_CHECKING:
    from sweep_dask.settings import Settings
    from sweep_dask.study.plan import Plan
    from sweep_dask.study.replay import ReplayResult
    from sweep_dask.study.results import RunResult


def run(input: str | Path | None = None, **settings: object) -> RunResult:  # noqa: A002  contract
    """Run the whole pipeline.

    Parameters
    ----------
    input
        Folder with `orders/` and `trades/`, or an fsspec URL; None means `data/raw` or, where
        that does not exist, the built-in sample market.
    settings
        Fields of `Settings`, such as `output="results"`, `workers=2`, `enable_parallel=False`.
        They take the place of the command line: environment variables and `config.yaml` fill in
        the rest.

    Raises
    ------
    SweepError
        The run cannot be done; the message says what, where, and the cure.
    """
    folder, is_sample = choose_input(None if input is None else str(input))
    loaded = _loaded(settings)
    return pipeline.run(loaded, folder, is_sample=is_sample)


def replay(
    input: str | Path | None = None,  # noqa: A002  contract
    *,
    ablations: bool = True,
    **settings: object,
) -> ReplayResult:
    """Replay the recorded orders through the Centre Point book and score it against the tape.

    Parameters
    ----------
    input, settings
        As of `run`; results go to the folder `replay` in the output folder.
    ablations
        Whether everything is replayed once more without each rule.

    Raises
    ------
    SweepError
        The replay cannot be done; the message says what, where, and the cure.
    """
    folder, is_sample = choose_input(None if input is None else str(input))
    loaded = _loaded(settings)
    return replaying.replay(loaded, folder, is_sample=is_sample, ablations=ablations)


def plan(input: str | Path | None = None, **settings: object) -> Plan:  # noqa: A002  contract
    """Say what `run` with the same arguments would do; writes nothing.

    Raises
    ------
    SweepError
        The run could not be done.
    """
    folder, is_sample = choose_input(None if input is None else str(input))
    loaded = load_settings(settings, os.environ, Path.cwd())
    return make_plan(loaded, folder, is_sample=is_sample)


def _loaded(settings: dict[str, object]) -> Settings:
    """The settings, for what may start workers."""
    loaded = load_settings(settings, os.environ, Path.cwd())
    if loaded.has_own_workers and getattr(current_process(), "_inheriting", False):
        # A worker runs the main program again, which is to define things only. Its client tells.
        sys.exit('A run is to be started under `if __name__ == "__main__":`.')
    return loaded
