"""Whether client, scheduler and workers run the same versions, and who does not."""

from __future__ import annotations

import inspect
import logging
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import sweep_dask
from sweep_dask.errors import ResourceError
from sweep_dask.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distributed import Client

logger = logging.getLogger(__name__)

#: A function of ours travels as byte code, in messages of Dask's: with others, none can be asked.
TRAVELS_BY = ("Python", "dask", "distributed")
OURS = "sweep_dask"
#: What else tasks, and the answers to them, are made of. Versions mostly understand each other, but
#: equal bytes are promised for equal versions only.
SIMILAR = (
    *("cloudpickle", "fsspec", "msgpack", "numba", "numpy", "pandas", "psutil", "pyarrow"),
    *("scipy", "tornado"),
)

SCHEDULER = "scheduler"
_NOT_THERE = "not installed"
_CURE = "Use the same versions everywhere, such as one container image for all."
#: How many workers of one version are named.
_NAMED = 3

#: Package to version, of the client, of `SCHEDULER` and, by address, of workers.
Versions = dict[str, str]


class Difference(NamedTuple):
    """A version that is not the client's, and who runs it."""

    package: str
    here: str
    there: str
    where: str

    @property
    def is_refused(self) -> bool:
        """Whether nothing can be done there, or a task might understand something else."""
        return self.package not in SIMILAR or self.there == _NOT_THERE


def require_same_versions(client: Client) -> None:
    """Refuse a scheduler or workers that could not do the work; warn of other differences.

    Raises ResourceError: a table of what is different, and where.
    """
    here, there = versions_of(client)
    different = differences(here, there)
    if not any(difference.package in TRAVELS_BY for difference in different):
        for who, version in _versions_of_ours(client).items():
            there[who][OURS] = version or _NOT_THERE
        different = differences({**here, OURS: VERSION}, there)
    if any(difference.is_refused for difference in different):
        raise ResourceError(
            "\n".join(["The cluster does not run what this client runs:", *as_table(different)]),
            where=str(client.scheduler.address),
            cure=_CURE,
        )
    if different:
        logger.warning(
            "the cluster has other versions than this client, so that results may differ in their "
            "bytes:\n%s",
            "\n".join(as_table(different)),
        )


def versions_of(client: Client) -> tuple[Versions, dict[str, Versions]]:
    """Of the client, and of the scheduler and each worker: as they say without code of ours."""
    answers = client.get_versions(packages=list(SIMILAR))
    there = {SCHEDULER: answers["scheduler"], **answers["workers"]}
    return _named(answers["client"]), {who: _named(answer) for who, answer in there.items()}


def _named(answer: Mapping[str, Any]) -> Versions:
    packages = answer["packages"]
    # The part that decides about byte code.
    python = ".".join(str(packages["python"]).split(".")[:2])
    others = (name for name in (*TRAVELS_BY, *SIMILAR) if name != "Python")
    return {"Python": python} | {name: packages.get(name) or _NOT_THERE for name in others}


def _versions_of_ours(client: Client) -> dict[str, str | None]:
    """Of the code that would run, which need not be what is installed."""
    ask = _ask_for_ours()
    return {SCHEDULER: client.run_on_scheduler(ask), **client.run(ask)}


def _ask_for_ours() -> Any:
    """A function that travels whole: there may be no such package where it runs."""

    def ask() -> str | None:
        try:
            from sweep_dask import version
        except ImportError:
            return None
        return str(version.VERSION)

    return ask


def differences(here: Versions, there: Mapping[str, Versions]) -> list[Difference]:
    """Every version that is not the client's: by package as in `here`, then by version."""
    workers = len(there.keys() - {SCHEDULER})
    different: list[Difference] = []
    for package, own in here.items():
        others = {who: versions.get(package, _NOT_THERE) for who, versions in there.items()}
        for other in sorted({*others.values()} - {own}):
            holders = [who for who, version in others.items() if version == other]
            different.append(Difference(package, own, other, _where(holders, workers)))
    return different


def _where(holders: Sequence[str], workers: int) -> str:
    """`scheduler`, `2 of 8 workers (tcp://…, tcp://…)`; no more than some of them are named."""
    theirs = sorted(who for who in holders if who != SCHEDULER)
    parts = [SCHEDULER] if SCHEDULER in holders else []
    if theirs:
        named = ", ".join(theirs[:_NAMED]) + ", …" * (len(theirs) > _NAMED)
        parts.append(f"{len(theirs)} of {workers} worker{'s' * (workers != 1)} ({named})")
    return ", ".join(parts)


def as_table(found: Iterable[Difference]) -> list[str]:
    """Lines of a table: package, version here, version there, and where that is."""
    rows = [("package", "here", "there", "where"), *found]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def require_same_code(client: Client) -> None:
    """Refuse workers that are copies of a process which had imported this package from elsewhere.

    A program may have started it before, from another path or deaf to PYTHONPATH.
    """
    ours = inspect.getfile(sweep_dask)
    places = client.run(inspect.getfile, sweep_dask, on_error="ignore").values()
    if other := sorted({*places} - {ours}):
        raise ResourceError(
            "Workers of the local cluster do not run the code that this program runs.",
            where=ours,
            value=", ".join(other),
            cure="Name its folder in PYTHONPATH when the program starts, or install it there; "
            "--no-parallel needs no workers.",
        )
