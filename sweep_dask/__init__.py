"""Had ASX Centre Point sweep orders been matched differently, what would have filled?

`run` does everything, `load` gives back what an earlier run left, `plan` says beforehand what a
run would do, and `replay` scores the Centre Point book against the trades that really happened.
Parts are imported when they are first used, so that for instance `sweep_dask.matching` can be used
without Dask.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from sweep_dask.settings import Settings
    from sweep_dask.study.api import plan, replay, run
    from sweep_dask.study.replay import ReplayResult
    from sweep_dask.study.results import RunResult, load
    from sweep_dask.system_config import SystemConfig

__all__ = [
    "ReplayResult",
    "RunResult",
    "Settings",
    "SystemConfig",
    "__version__",
    "load",
    "plan",
    "replay",
    "run",
]

__version__ = VERSION

_HOMES = {
    "ReplayResult": "sweep_dask.study.replay",
    "RunResult": "sweep_dask.study.results",
    "Settings": "sweep_dask.settings",
    "SystemConfig": "sweep_dask.system_config",
    "load": "sweep_dask.study.results",
    "plan": "sweep_dask.study.api",
    "replay": "sweep_dask.study.api",
    "run": "sweep_dask.study.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
